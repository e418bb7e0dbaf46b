"""Site: tells the hub who is registered here, from where it stopped, however long the line was away.

Off until the head of the unit switches it on: giving the Department of Health who a unit's patients are rests on the
unit's own decision about the legal basis (Law 91/2025/QH15, articles 17 and 19).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Any, Protocol

from django.db import close_old_connections, connection, transaction

from lienthong import records
from lienthong.access import audit
from lienthong.exchange import alerts, space
from lienthong.exchange.client import Answered, Hub, HubRefused, NoLine
from lienthong.exchange.problems import hub_fault
from lienthong.exchange.trust import entering
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.identity import feed, leaving, problems
from lienthong.identity.following import facility_of
from lienthong.identity.models import Feed, NotTold

log = logging.getLogger(__name__)

LOOK = 5.0
"""Seconds between looks."""
LONGEST_WAIT = 120.0
"""Seconds between attempts while the hub is away."""
STEP = 100
"""Arrivals told in one call."""
_NAME = "hub"
_FHIR = {"Content-Type": "application/fhir+json", "Prefer": "return=minimal"}
_ASK_AGAIN = frozenset({400, 409, 412})
"""The number led to no Patient, or to several: the id is asked then."""

Resource = dict[str, Any]


class Calls(Protocol):
    """What is needed of :class:`lienthong.exchange.client.Hub`."""

    def call(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answered:
        """A call with a short answer."""
        ...


def state() -> Feed:
    """Whether the hub is told, and how far."""
    return Feed.objects.get_or_create(name=_NAME)[0]


def switch(on: bool, actor: audit.Actor) -> None:
    """Begins to tell the hub, from the first registration on, or stops."""
    with transaction.atomic():
        held = Feed.objects.select_for_update().get_or_create(name=_NAME)[0]
        held.on, held.by, held.at = on, actor.name[:150], clock.iso(clock.now())
        held.save()
        audit.record(actor, "identity-feed", page="identity/feed", detail={"on": on})


def refused(limit: int = 50) -> list[NotTold]:
    """Patients that the hub did not take, the newest first."""
    return list(NotTold.objects.order_by("-at")[:limit])


def run(stop: threading.Event) -> None:
    """Works until ``stop``; while the hub is away it waits longer each time."""
    hub, address, wait = None, "", LOOK
    while not stop.wait(wait):
        try:
            close_old_connections()
            if directory.nodes("hub") and state().on:
                if hub is None or address != entering.address():
                    address = entering.address()
                    hub = Hub(address) if address else None
                while hub is not None and not stop.is_set() and step(hub, address):
                    pass
            wait = LOOK
        except NoLine as error:
            wait = min(LONGEST_WAIT, max(2 * wait, error.wait))
        except HubRefused as error:
            log.warning("registrations: %s", error)
            wait = LONGEST_WAIT
        except Exception as error:
            wait = min(LONGEST_WAIT, 2 * wait)
            if space.disk_failed(error):
                log.error("registrations cannot be told: %s", error)
            else:
                log.exception("registrations")
        finally:
            connection.close()


def step(hub: Calls, address: str) -> int:
    """Tells the Patients of the next arrivals as they are now, and notes how far it is; returns how many arrivals it
    looked at.

    A kill at any moment means that some are told again, which changes nothing at the hub.

    Args:
        address: of the hub; another one than before is told everything.

    Raises:
        NoLine: the hub or the line cannot now; HubRefused: it takes nothing of this site.
    """
    held = state()
    if not held.on:
        return 0
    after = held.position if held.hub == address else 0
    arrivals = records.arrivals(after, STEP)
    if not arrivals:
        return 0
    told = _told([arrival.resources for arrival in arrivals]) + _removed(after, arrivals[-1].number)
    not_taken = _send(hub, told) if told else {}
    with transaction.atomic():
        NotTold.objects.filter(patient__in=[one["id"] for one in told]).delete()
        now = clock.iso(clock.now())
        NotTold.objects.bulk_create(NotTold(patient=id, at=now, problem=why) for id, why in not_taken.items())
        Feed.objects.filter(name=_NAME).update(
            position=arrivals[-1].number,
            hub=address,
            told=(held.told if held.hub == address else 0) + len(told) - len(not_taken),
            told_at=now,
        )
        if count := NotTold.objects.count():
            alerts.settle(problems.NOT_TOLD, {"": problems.not_told(count)})
        else:
            alerts.clear(problems.NOT_TOLD)
    return len(arrivals)


def _told(arrived: list[list[Resource]]) -> list[Resource]:
    """What is told of the Patients among what arrived: those that this unit registered and nothing protects."""
    refs = dict.fromkeys(f"Patient/{one['id']}" for some in arrived for one in some if _is_patient(one))
    here = directory.here()
    patients = [
        stored.resource
        for stored in records.read_many(list(refs)).values()
        if not stored.restricted and facility_of(stored.resource) == here
    ]
    patients.sort(key=lambda one: bool(leaving.replaced_by(one)))  # what takes their place is told first
    linked = {
        str(link.get("other", {}).get("reference", "")) for one in patients for link in one.get("link", ())
    }
    others = {ref: stored.resource for ref, stored in records.read_many(linked - {""}).items()}
    return [feed.minimal(feed.with_numbers(one, others, here), here) for one in patients]


def _is_patient(resource: Resource) -> bool:
    return bool(resource["resourceType"] == "Patient")


def _removed(after: int, until: int) -> list[Resource]:
    """Patients that were deleted with these arrivals, which bring nothing of them."""
    gone = records.removed("Patient", after, until)
    return [feed.removed(ref.removeprefix("Patient/"), directory.here()) for ref in gone]


def _send(hub: Calls, told: list[Resource]) -> dict[str, Resource]:
    """Puts Patients at the hub; those that it did not take, with what it said."""
    here = directory.here()
    found = _put(hub, [(feed.address_of(one, here), one) for one in told])
    again = [one for one, (status, _) in zip(told, found, strict=True) if status in _ASK_AGAIN]
    outcomes = {one["id"]: answer for one, answer in zip(told, found, strict=True)}
    if again:
        second = _put(hub, [(feed.by_id(one), one) for one in again])
        outcomes |= {one["id"]: answer for one, answer in zip(again, second, strict=True)}
    for status, _ in outcomes.values():
        if status >= 500:
            raise NoLine(hub_fault(status))
    return {id: outcome for id, (status, outcome) in outcomes.items() if status >= 400}


def _put(hub: Calls, entries: list[tuple[str, Resource]]) -> list[tuple[int, Resource]]:
    answer = hub.call("POST", "/fhir", feed.bundle(entries), _FHIR)
    try:
        return list(feed.answers(answer.data, len(entries)))
    except ValueError as error:
        raise NoLine(hub_fault(200)) from error
