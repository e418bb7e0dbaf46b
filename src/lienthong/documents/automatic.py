"""Site: publishes by itself what the head of the unit has switched on, when a stay has ended."""

from __future__ import annotations

import logging
import threading
from typing import Any

from django.db import close_old_connections, connection, transaction

from lienthong import records
from lienthong.access.audit import Actor, record, system
from lienthong.documents import kinds, problems, publishing
from lienthong.documents.models import Mode, Rule, Watched
from lienthong.exchange import space
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.records import elements
from lienthong.terminology import systems

log = logging.getLogger(__name__)

LOOK = 15.0
"""Seconds between looks."""
STEP = 25
_STAYS = ("IMP", "ACUTE", "NONAC", "SS")
_ENDED = "finished"
_HIS = "his-xml/"
_WHY = "publish"

Resource = dict[str, Any]


def rules() -> dict[str, Rule]:
    """The rule of each kind; without a row it is off."""
    rows = {rule.kind: rule for rule in Rule.objects.all()}
    return {kind: rows.get(kind) or Rule(kind=kind, on=False, by="", at=clock.now()) for kind in kinds.KINDS}


def set_rule(kind: str, *, on: bool, mode: Mode, actor: Actor) -> None:
    """Switches a kind on or off; what came before it was switched on is not published.

    Raises:
        LienThongError: ``document-unknown``: no such kind.
    """
    if kind not in kinds.KINDS:
        raise LienThongError(problems.unknown())
    with transaction.atomic():
        if on and not Rule.objects.filter(on=True).exists():
            Watched.objects.update_or_create(name="stays", defaults={"position": _newest()})
        Rule.objects.update_or_create(
            kind=kind, defaults={"on": on, "mode": mode, "by": actor.name[:120], "at": clock.now()}
        )
        detail = {"kind": kind, "on": on, "mode": str(mode)}
        record(actor, "documents-rule", page="documents/rules", detail=detail)


def _newest() -> int:
    """The number of the newest arrival."""
    low, high = 0, 1
    while records.arrivals(high, 1):
        low, high = high, 2 * high
    while low < high:
        middle = (low + high) // 2
        if records.arrivals(middle, 1):
            low = middle + 1
        else:
            high = middle
    return low


def run(stop: threading.Event) -> None:
    """Looks at what came until ``stop``."""
    while not stop.wait(LOOK):
        try:
            close_old_connections()
            while look() and not stop.is_set():
                pass
        except Exception as error:
            if space.disk_failed(error):
                log.error("ended stays cannot be looked at: %s", error)
            else:
                log.exception("documents of ended stays")
        finally:
            connection.close()


def look() -> int:
    """Publishes for the stays among the next arrivals; the position moves in the same commits. Returns how many
    arrivals it looked at."""
    on = {kind: rule for kind, rule in rules().items() if rule.on}
    if not on:
        return 0
    state, _ = Watched.objects.get_or_create(name="stays")
    arrivals = records.arrivals(state.position, STEP)
    for arrival in arrivals:
        with transaction.atomic():
            state = Watched.objects.select_for_update().get(name="stays")
            if state.position >= arrival.number:
                continue
            for stay in _ended(arrival.resources):
                _publish(stay, on)
            Watched.objects.filter(name="stays").update(position=arrival.number)
    return len(arrivals)


def _ended(resources: list[Resource]) -> list[Resource]:
    """The stays of our own HIS among them that have ended, as they are now."""
    refs = [
        f"Encounter/{one['id']}"
        for one in resources
        if one["resourceType"] == "Encounter"
        and one.get("status") == _ENDED
        and elements.text(one, "class", "code") in _STAYS
        and elements.text(one, "period", "end")
    ]
    own = {ref for ref, (origin, _) in records.origins(refs).items() if origin.startswith(_HIS)}
    return [
        stored.resource
        for ref, stored in records.read_many(refs).items()
        if ref in own and not stored.restricted
    ]


def _publish(stay: Resource, on: dict[str, Rule]) -> None:
    origin = records.origins([f"Encounter/{stay['id']}"])[f"Encounter/{stay['id']}"][0]
    of_stay = records.of_origin(origin)
    if any(one.restricted for one in of_stay):
        return  # psychiatric, HIV, reproductive: never by itself, whatever the document would show
    patient = elements.target(stay, "subject").removeprefix("Patient/")
    for kind, rule in on.items():
        sources = [""] if kind == kinds.SUMMARY else [one.ref for one in of_stay if _is(one, kind)]
        for source in sources:
            try:
                publishing.publish(
                    patient,
                    mode=Mode(rule.mode),
                    actor=system("documents"),
                    source=source,
                    encounter=stay["id"],
                    why=_WHY,
                    automatic=True,
                )
            except space.NoRoom:
                raise
            except LienThongError as error:
                log.warning("a document of kind %s was not published: %s", kind, error.problem.code)


def _is(stored: records.Stored, kind: str) -> bool:
    if stored.type != "Composition":
        return False
    codes = elements.codings(stored.resource.get("type"))
    return any((system, code) == (systems.LOINC, kind) for system, code, _ in codes)
