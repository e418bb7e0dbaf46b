"""Reception: which slips and appointments a person has here, and whether they count today."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.db.models import Q

from lienthong import records
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.text import fold
from lienthong.records import Stored
from lienthong.transfers.models import SlipUse, State, Transfer, Urgency
from lienthong.transfers.validity import appointments, slips, stays
from lienthong.transfers.validity.appointments import Appointment
from lienthong.transfers.validity.checks.reading import Form
from lienthong.transfers.validity.identity import Shown
from lienthong.transfers.validity.slips import Proposal, Validity
from lienthong.transfers.validity.working_days import Calendar, calendar

WITH_SLIP, WITH_APPOINTMENT, EMERGENCY = "1.3", "1.5", "2"
"""MA_DOITUONG_KCB of a visit (Decision 3276/QD-BYT of 2025)."""

MOST_PEOPLE = 10
MOST = 200
Standing = Literal["valid", "stay", "ask", "ask-year", "used", "expired", "emergency"]
USABLE: frozenset[Standing] = frozenset({"valid", "stay", "ask", "ask-year", "used"})


@dataclass(frozen=True, slots=True)
class Slip:
    """A transfer slip as the reception needs it.

    Attributes:
        validity: None without a day of signature.
        proposal: whether annex III names the disease.
        standing: ``ask``: hangs on a holiday that is not official; ``ask-year``: ten working days are over, nobody
            has said whether it is a yearly slip, and annex III names the disease; ``used``: a slip of ten working
            days that has begun a visit already; ``emergency``: none is needed.
        paper_may_say: expired as far as is known, but nobody has said whether it is a yearly slip (XML13 cannot), and
            a year is not over: the paper decides.
        uses: visits noted here; his_visits: starts of visits that the HIS saw on other days (ISO 8601).
    """

    transfer: Transfer
    validity: Validity | None
    proposal: Proposal
    standing: Standing
    uses: tuple[SlipUse, ...]
    his_visits: tuple[str, ...]
    days_left: int | None
    paper_may_say: bool = False

    @property
    def times(self) -> int:
        """How often it was used."""
        return len(self.uses) + len(self.his_visits)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom the number fits, with what they can show here.

    Attributes:
        patients: FHIR ids under which this node keeps the person.
        unlike: the scanned card names another person: ``name``, ``birth`` or both.
    """

    name: str
    birth: str
    gender: str
    patients: tuple[str, ...]
    slips: tuple[Slip, ...]
    appointments: tuple[Appointment, ...]
    unlike: tuple[str, ...] = ()


def look(shown: Shown) -> list[Person]:
    """The people with that number who are known here or were sent here; at most ten.

    A slip number finds its patient; a citizen or insurance number everything of that person at this hospital.
    """
    here, days = directory.here(), calendar()
    patients = {id for number in shown.numbers for id in records.patients_numbered(number)}
    named = Q(patient__in=patients) | Q(slip=shown.number)
    if shown.citizen:
        named |= Q(citizen=shown.citizen)
    sent = Transfer.objects.filter(named, receiver=here).exclude(state__in=[State.DRAFTED, State.CANCELLED])
    transfers = list(sent.prefetch_related("steps").order_by("-signed_at", "-left_at")[:MOST])
    patients |= {t.patient for t in transfers if t.patient}
    kept = records.read_many(f"Patient/{id}" for id in sorted(patients))
    found: dict[tuple[str, str], Person] = {}
    for key, group in _by_person(list(kept.values()), transfers).items():
        if len(found) < MOST_PEOPLE:
            found[key] = _person(group, [t for t in transfers if _key_of(t) == key], shown, days)
    return sorted(found.values(), key=lambda person: person.name)


@dataclass(slots=True)
class _Group:
    name: str
    birth: str
    gender: str
    patients: list[str]


def _by_person(kept: Sequence[Stored], transfers: Sequence[Transfer]) -> dict[tuple[str, str], _Group]:
    """People by folded name and year of birth: one person is often several Patients, one for each hospital."""
    groups: dict[tuple[str, str], _Group] = {}
    for stored in kept:
        resource = stored.resource
        name = str((resource.get("name") or [{}])[0].get("text", ""))
        birth, gender = str(resource.get("birthDate", "")), str(resource.get("gender", ""))
        group = groups.setdefault(_key(name, birth), _Group(name, birth, gender, []))
        group.patients.append(stored.id)
        group.birth = max(group.birth, birth, key=len)
    for t in transfers:
        groups.setdefault(_key_of(t), _Group(t.patient_name, t.birth, t.gender, []))
    return groups


def _key(name: str, birth: str) -> tuple[str, str]:
    return fold(name), birth[:4]


def _key_of(transfer: Transfer) -> tuple[str, str]:
    return _key(transfer.patient_name, transfer.birth)


def _person(group: _Group, transfers: Sequence[Transfer], shown: Shown, days: Calendar) -> Person:
    encounters = [
        stored
        for patient in group.patients
        for stored in records.for_patient(patient, ["Encounter"], limit=MOST)
    ]
    unlike = []
    if shown.name and fold(shown.name) != fold(group.name):
        unlike.append("name")
    if shown.birth and group.birth and not shown.birth.startswith(group.birth):
        unlike.append("birth")
    return Person(
        name=group.name,
        birth=group.birth,
        gender=group.gender,
        patients=tuple(group.patients),
        slips=tuple(slip(t, encounters, days) for t in transfers),
        appointments=tuple(appointments.of_person(group.patients, [t.loop for t in transfers], encounters)),
        unlike=tuple(unlike),
    )


def visits(transfer: Transfer) -> list[Stored]:
    """The visits at this node of a transfer's patient, whom the HIS here often keeps under another id."""
    ids = {transfer.patient, *(records.patients_numbered(transfer.citizen) if transfer.citizen else ())} - {
        ""
    }
    kept = records.read_many(f"Patient/{id}" for id in sorted(ids))
    same = [
        group.patients
        for key, group in _by_person(list(kept.values()), ()).items()
        if key == _key_of(transfer)
    ]
    return [v for ids in same for id in ids for v in records.for_patient(id, ["Encounter"], limit=MOST)]


def slip(transfer: Transfer, encounters: Sequence[Stored], days: Calendar, on: date | None = None) -> Slip:
    """One slip as it stands on a day (today if none is given).

    Args:
        encounters: the person's visits at this node.
    """
    day, here = on or clock.today(), transfer.receiver
    form = Form(transfer.form)
    codes = form.codes() or ([transfer.diagnosis_code] if transfer.diagnosis_code else [])
    emergency = transfer.urgency == Urgency.EMERGENCY
    proposal = slips.propose_one_year(codes, emergency=emergency)
    uses = tuple(SlipUse.objects.filter(loop=transfer.loop, appointment=""))
    noted = {slips.day_of(use.at) for use in uses}
    his = [s.moment for s in stays.visits_with(transfer.slip, encounters, here) if s.moment]
    his_visits = tuple(m for m in sorted(his) if slips.day_of(clock.from_iso(m)) not in noted)
    signed_at = transfer.signed_at or transfer.left_at
    validity = None
    if signed_at is not None:
        validity = slips.valid_until(
            signed_at,
            one_year=form.value("one_year") is True,
            calendar=days,
            stays=[*stays.of_steps(transfer), *stays.of_visits(transfer.slip, encounters, here)],
        )
    standing = _standing(validity, emergency, bool(uses or his_visits), day)
    unsaid = standing == "expired" and form.value("one_year") is None and signed_at is not None
    within = (
        signed_at is not None
        and slips.valid_until(signed_at, one_year=True, calendar=days).on(day) == "valid"
    )
    if unsaid and within and proposal.one_year:
        standing = "ask-year"
    last = validity.last() if validity else None
    left = (last - day).days if last else None
    paper = unsaid and within and standing == "expired"
    return Slip(transfer, validity, proposal, standing, uses, his_visits, left, paper)


def _standing(validity: Validity | None, emergency: bool, used: bool, day: date) -> Standing:
    if emergency:
        return "emergency"
    if validity is None:
        return "ask"
    standing = validity.on(day)
    if standing == "valid" and used and not validity.one_year:
        return "used"
    return standing
