"""The stays of a patient at the receiving hospital: from the steps of the loop, and from what its HIS exports."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from lienthong.foundation import clock
from lienthong.records import Stored
from lienthong.terminology import systems
from lienthong.transfers.models import State, Transfer
from lienthong.transfers.validity.checks import reading
from lienthong.transfers.validity.slips import Stay, day_of

_IN_PATIENT = frozenset({"IMP", "ACUTE", "NONAC", "SS", "OBSENC"})


def of_steps(transfer: Transfer) -> list[Stay]:
    """The stay that the loop tells: from ``admitted`` to the outcome."""
    first: dict[str, Any] = {}
    for step in transfer.steps.all():
        if step.effect and step.kind in (State.ADMITTED, State.OUTCOME):
            first.setdefault(step.kind, step)
    admitted, outcome = first.get(State.ADMITTED), first.get(State.OUTCOME)
    start = _told(outcome, "admitted_at") or (day_of(admitted.at) if admitted else None)
    if start is None:
        return []
    return [Stay(start, _told(outcome, "discharged_at") or day_of(outcome.at) if outcome else None)]


def of_visits(slip: str, encounters: Iterable[Stored], facility: str) -> list[Stay]:
    """The in-patient visits at a facility that began with a slip number (MA_DOITUONG_KCB 1.3)."""
    found = []
    for stored in visits_with(slip, encounters, facility):
        resource = stored.resource
        period = resource.get("period", {})
        start = reading.moment(str(period.get("start", "")))
        if start and resource.get("class", {}).get("code") in _IN_PATIENT:
            end = reading.moment(str(period.get("end", "")))
            found.append(Stay(day_of(start), day_of(end) if end else None))
    return found


def visits_with(slip: str, encounters: Iterable[Stored], facility: str) -> list[Stored]:
    """The visits at a facility that began with a slip number."""
    wanted = {"system": systems.SLIP, "value": slip}
    return [
        stored
        for stored in encounters
        if slip
        and stored.origin.startswith(f"his-xml/{facility}/")
        and any(
            {k: one.get("identifier", {}).get(k) for k in wanted} == wanted
            for one in stored.resource.get("basedOn", ())
        )
    ]


def _told(step: Any, name: str) -> date | None:
    moment = clock.moment(str(step.data.get(name) or "")) if step else None
    return day_of(moment) if moment else None
