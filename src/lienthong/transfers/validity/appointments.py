"""Appointment slips of this facility: from the exports of the HIS and from outcomes that name a next appointment.

Circular 01/2025/TT-BYT article 11: each is used once; the facility keeps a register; who cannot come on the day
contacts the doctor.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from lienthong import records
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.records import Stored
from lienthong.records.values import appointed_day
from lienthong.terminology import systems
from lienthong.transfers.models import SlipUse, State, Step

MOST = 500
Standing = Literal["today", "early", "late", "no-day", "used"]


@dataclass(frozen=True, slots=True)
class Appointment:
    """An appointment slip.

    Attributes:
        id: of the FHIR Appointment or of the outcome step; what :class:`SlipUse` names.
        patient: FHIR id at this node; name: as the record has it, empty for one that was taken from a step.
        day: None when the source gave no day that can be read.
        number: of the paper slip, may be empty.
        loop: the transfer whose outcome gave it, may be empty.
        use: where it was used, if it was noted here; his_visit: when the HIS saw it, empty if it did not.
    """

    id: str
    patient: str
    name: str
    day: date | None
    number: str = ""
    loop: str = ""
    use: SlipUse | None = None
    his_visit: str = ""

    def standing(self, on: date) -> Standing:
        """How it stands on a day."""
        if self.use or self.his_visit:
            return "used"
        if self.day is None:
            return "no-day"
        return "today" if self.day == on else "early" if on < self.day else "late"


def of_person(
    patients: Sequence[str], loops: Sequence[str], encounters: Iterable[Stored]
) -> list[Appointment]:
    """The appointment slips that a person has here, the nearest day first.

    Args:
        patients: FHIR ids of the person; loops: transfers of the person to this hospital.
        encounters: the person's visits, which tell what the HIS saw.
    """
    seen, mine = _seen(encounters), f"his-xml/{directory.here()}/"
    kept = [
        stored
        for patient in patients
        for stored in records.for_patient(patient, ["Appointment"], limit=MOST)
        if stored.origin.startswith(mine)
    ]
    found = [_of_record(stored, seen) for stored in kept]
    steps = Step.objects.filter(
        kind=State.OUTCOME, effect=True, transfer__in=loops, transfer__receiver=directory.here()
    ).select_related("transfer")
    found += [one for step in steps if (one := _of_step(step)) and not _doubled(one, found)]
    return sorted(_with_uses(found), key=lambda one: (one.day or date.max, one.id))


def register(first: date, last: date) -> list[Appointment]:
    """The appointments of this facility for some days (article 11 clause 3), by day; at most 500."""
    mine = f"his-xml/{directory.here()}/"
    kept = [
        s
        for s in records.appointments(first.isoformat(), last.isoformat(), limit=MOST)
        if s.origin.startswith(mine)
    ]
    patients = records.read_many({ref for s in kept if (ref := _patient(s.resource))})
    found = [_of_record(stored, {}, patients) for stored in kept]
    since, until = (_start(day) for day in (first - timedelta(days=1), last + timedelta(days=2)))
    steps = Step.objects.filter(
        kind=State.OUTCOME,
        effect=True,
        transfer__receiver=directory.here(),
        data__appointment_at__gte=since,
        data__appointment_at__lt=until,
    ).select_related("transfer")
    more = [one for step in steps[:MOST] if (one := _of_step(step)) and not _doubled(one, found)]
    found += [one for one in more if one.day and first <= one.day <= last]
    return sorted(_with_uses(found), key=lambda one: (one.day or date.max, one.name, one.id))


def get(id: str) -> Appointment | None:
    """One appointment slip of this facility by its id."""
    stored = records.read("Appointment", id)
    if (
        stored is not None
        and not stored.restricted
        and stored.origin.startswith(f"his-xml/{directory.here()}/")
    ):
        patient = _patient(stored.resource).removeprefix("Patient/")
        encounters = records.for_patient(patient, ["Encounter"], limit=MOST) if patient else []
        return _with_uses([_of_record(stored, _seen(encounters))])[0]
    step = Step.objects.filter(id=id, kind=State.OUTCOME, transfer__receiver=directory.here()).first()
    found = _of_step(step) if step and step.effect else None
    return _with_uses([found])[0] if found else None


def _of_record(
    stored: Stored, seen: dict[str, str], patients: dict[str, Stored] | None = None
) -> Appointment:
    resource = stored.resource
    ref, day = _patient(resource), appointed_day(resource)
    numbers = (i for i in resource.get("identifier", ()) if i.get("system") == systems.APPOINTMENT_SLIP)
    number = next((str(i.get("value", "")) for i in numbers), "")
    person = (patients or {}).get(ref)
    return Appointment(
        id=stored.id,
        patient=ref.removeprefix("Patient/"),
        name=str((person.resource.get("name") or [{}])[0].get("text", "")) if person else "",
        day=date.fromisoformat(day) if day else None,
        number=number,
        his_visit=seen.get(number, "") if number else "",
    )


def _of_step(step: Step) -> Appointment | None:
    try:
        at = clock.from_iso(str(step.data.get("appointment_at") or ""))
    except ValueError:
        return None
    transfer = step.transfer
    day = at.astimezone(clock.VIETNAM).date()
    number = str(step.data.get("appointment_number") or "")
    return Appointment(step.id, transfer.patient, transfer.patient_name, day, number, transfer.loop)


def _doubled(one: Appointment, found: Iterable[Appointment]) -> bool:
    """Whether the HIS has exported the same appointment."""
    return any(
        other.patient == one.patient and (other.day == one.day or (one.number and other.number == one.number))
        for other in found
    )


def _with_uses(found: Sequence[Appointment]) -> list[Appointment]:
    uses = {use.appointment: use for use in SlipUse.objects.filter(appointment__in=[one.id for one in found])}
    return [
        Appointment(o.id, o.patient, o.name, o.day, o.number, o.loop, uses.get(o.id), o.his_visit)
        for o in found
    ]


def _seen(encounters: Iterable[Stored]) -> dict[str, str]:
    """Numbers of the appointment slips that the HIS of this facility saw, to the start of the visit."""
    mine = f"his-xml/{directory.here()}/"
    return {
        number: visit.moment
        for visit in encounters
        if visit.origin.startswith(mine) and (number := _brought(visit.resource))
    }


def _brought(encounter: dict[str, Any]) -> str:
    """Number of the appointment slip with which a visit began (MA_DOITUONG_KCB 1.5)."""
    for one in encounter.get("appointment", ()):
        identifier = one.get("identifier", {})
        if identifier.get("system") == systems.APPOINTMENT_SLIP:
            return str(identifier.get("value", ""))
    return ""


def _patient(appointment: dict[str, Any]) -> str:
    actors = (p.get("actor", {}).get("reference", "") for p in appointment.get("participant", ()))
    return next((str(ref) for ref in actors if str(ref).startswith("Patient/")), "")


def _start(day: date) -> str:
    return clock.iso(datetime.combine(day, time(), clock.VIETNAM))
