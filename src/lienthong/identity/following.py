"""Registers every Patient that this node stores, in the order of storing, resumable."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any
from urllib.parse import unquote

from django.db import close_old_connections, connection, transaction

from lienthong import records
from lienthong.access import audit
from lienthong.exchange import space
from lienthong.facilities import directory
from lienthong.identity import changing, leaving, proposing, registering
from lienthong.identity.models import Progress
from lienthong.terminology import systems

log = logging.getLogger(__name__)

ACTOR = audit.system("identity")
STEP = 25
"""Arrivals followed in one transaction."""
_LOOK = 2.0
_TURN = 5.0
"""Seconds for a change of weights or a preview before what has arrived goes on."""
_NAME = "arrival"


def follow(stop: threading.Event) -> None:
    """Follows what is stored until ``stop``; finishes a change of weights that was cut off, and
    previews weights that somebody proposes."""
    while not stop.is_set():
        try:
            close_old_connections()
            changed = changing.finish(ACTOR, stop, _TURN)
            catch_up(stop)
            if changed:
                changed = proposing.work(_TURN)
            if not changed:
                continue
        except Exception as error:
            if space.disk_failed(error):
                log.error("identities cannot be followed: %s", error)
            else:
                log.exception("identities")
        finally:
            connection.close()
        stop.wait(_LOOK)


def catch_up(stop: threading.Event) -> None:
    """Registers everything that was stored; rests as long as it worked, so that storing goes first."""
    while not stop.is_set():
        began = time.monotonic()
        if not step():
            return
        stop.wait(time.monotonic() - began)


def step() -> int:
    """Registers the Patients of the next arrivals, takes out those that were deleted, and notes how far it is, in one
    transaction; returns how many arrivals it looked at."""
    before = Progress.objects.get_or_create(name=_NAME)[0].position
    arrivals = records.arrivals(before, STEP)
    if not arrivals:
        return 0
    with transaction.atomic():
        state = Progress.objects.select_for_update().get(name=_NAME)
        if state.position == before:  # nobody else has followed them
            for arrival in arrivals:
                stored(arrival.resources)
            _removed(before, arrivals[-1].number)
            state.position = arrivals[-1].number
            state.save()
    return len(arrivals)


def stored(resources: list[dict[str, Any]], actor: audit.Actor = ACTOR) -> list[registering.Outcome]:
    """Registers the Patients among resources that were just stored, in the caller's transaction.

    A door may call it so that a Patient is known at once (IHE ITI-104); following the store later changes nothing.
    """
    patients = [one for one in resources if one["resourceType"] == "Patient"]
    patients.sort(key=lambda one: bool(leaving.replaced_by(one)))  # what takes their place is known then
    return [registering.register(one, facility_of(one), actor) for one in patients]


def _removed(after: int, until: int) -> None:
    """Takes Patients that were deleted with these arrivals out of the index, in the caller's transaction."""
    for ref in records.removed("Patient", after, until):
        id = ref.removeprefix("Patient/")
        last = next((one for one in records.history("Patient", id) if not one.deleted), None)
        if last is not None:
            registering.remove(id, facility_of(last.resource), ACTOR)


def facility_of(patient: dict[str, Any]) -> str:
    """The facility that knows a Patient so: named by its source, else this node's."""
    source = str(patient.get("meta", {}).get("source", ""))
    prefix = systems.patients_of("")
    return unquote(source.removeprefix(prefix)) if source.startswith(prefix) else directory.here()
