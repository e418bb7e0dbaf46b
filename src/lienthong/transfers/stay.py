"""A stay at this hospital as its own HIS tells it, read from FHIR: who it is, from where, and what came of it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lienthong import records
from lienthong.foundation import clock, json
from lienthong.records.values import restricted
from lienthong.terminology import systems

Resource = dict[str, Any]
DISCHARGE, SUMMARY = "18842-5", "34133-9"
"""LOINC of the discharge paper (XML7) and of the record summary (XML8)."""

_SENT = ("Patient", "Encounter", "Condition", "MedicationRequest", "Appointment")
_NAMED = ("Organization", "Practitioner", "Location")
_IN_PATIENT = ("IMP", "SS", "ACUTE")
_FINAL, _COURSE, _ADVICE = "11535-2", "8648-8", "8653-8"
_TREATMENT = "Phương pháp điều trị"
DIED = "5"
_RESULTS = ("1", "2", "3", "4", "5", "6", "7")
_DIED_BEFORE = "8"
_MOST_MEDICINES = 60


@dataclass(frozen=True, slots=True)
class Stay:
    """What of a stay decides to which transfer it belongs.

    Attributes:
        origin: the set of resources it is stored as.
        numbers: citizen number and insurance cards; citizen: the first, or empty.
        came_from: facility that sent the patient (MA_NOI_DI); slip: number that the patient brought.
        start: arrival; admitted: as an in-patient, None otherwise; end: discharge, None while it goes on.
    """

    origin: str
    patient: str
    name: str
    birth: str
    numbers: frozenset[str]
    citizen: str
    came_from: str
    slip: str
    start: datetime
    admitted: datetime | None
    end: datetime | None
    ward: str


def of_visit(visit: records.Stored) -> list[Resource]:
    """Everything of a stored visit, with the patient, organisations and practitioners it names."""
    stored = {s.ref: s for s in records.of_origin(visit.origin)}
    named = {name for s in stored.values() for name in _references(s.resource)} - stored.keys()
    stored.update(records.read_many(sorted(named)))
    return [json.loads(s.body) for s in stored.values()]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("reference"), str):
            yield value["reference"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def read(resources: Iterable[Resource], origin: str) -> Stay | None:
    """The stay that a set of resources tells of; None without a visit, a patient or a time of arrival."""
    every = list(resources)
    visit = next((r for r in every if r["resourceType"] == "Encounter"), None)
    patient = next((r for r in every if r["resourceType"] == "Patient"), None)
    start = _moment(_at(visit, "period", "start"))
    if visit is None or patient is None or start is None:
        return None
    known = {f"{r['resourceType']}/{r['id']}": r for r in every}
    return Stay(
        origin=origin,
        patient=patient["id"],
        name=str(_at(patient, "name", "text") or ""),
        birth=str(patient.get("birthDate", "")),
        numbers=frozenset(numbers(patient)),
        citizen=next(iter(numbers(patient, (systems.CITIZEN_NUMBER,))), ""),
        came_from=_facility(_at(visit, "hospitalization", "origin"), known),
        slip=next(
            (
                str(_at(one, "identifier", "value") or "")
                for one in visit.get("basedOn", ())
                if _at(one, "identifier", "system") == systems.SLIP
            ),
            "",
        ),
        start=start,
        admitted=_admitted(visit, start),
        end=_moment(_at(visit, "period", "end")),
        ward=_ward(visit, known),
    )


def numbers(
    patient: Resource, kinds: tuple[str, ...] = (systems.CITIZEN_NUMBER, systems.INSURANCE_CARD)
) -> list[str]:
    """The numbers of a Patient that name a person in the whole country."""
    return [
        str(one["value"])
        for one in patient.get("identifier", ())
        if one.get("system") in kinds and one.get("value")
    ]


def _admitted(visit: Resource, start: datetime) -> datetime | None:
    if _at(visit, "class", "code") not in _IN_PATIENT:
        return None
    parts = [p for p in visit.get("classHistory", ()) if _at(p, "class", "code") in _IN_PATIENT]
    return (_moment(_at(parts[-1], "period", "start")) if parts else None) or start


def _ward(visit: Resource, known: dict[str, Resource]) -> str:
    places = [
        known.get(str(_at(one, "location", "reference")), {}).get("name", "")
        for one in visit.get("location", ())
    ]
    return next((str(name)[:200] for name in reversed(places) if name), "")


def _facility(reference: Any, known: dict[str, Resource]) -> str:
    found = known.get(str(_at(reference, "reference")), {})
    codes = [i.get("value", "") for i in found.get("identifier", ()) if i.get("system") == systems.FACILITY]
    return str(codes[0]) if codes else ""


def outcome(resources: Iterable[Resource]) -> tuple[dict[str, Any], int]:
    """Members of :class:`.steps.Outcome` that a discharge gives, and how many protected entries were left out."""
    every = list(resources)
    shown = [r for r in every if not restricted(r)]
    visit = next(r for r in every if r["resourceType"] == "Encounter")
    known = {f"{r['resourceType']}/{r['id']}": r for r in shown}
    papers = [r for r in shown if r["resourceType"] == "Composition"]
    discharge = [s for p in papers if _code(p) == DISCHARGE for s in p.get("section", ())]
    summary = [s for p in papers if _code(p) == SUMMARY for s in p.get("section", ())]
    result = _extension(visit, "outcome")
    died = result in (DIED, _DIED_BEFORE)
    onward = _facility(_at(visit, "hospitalization", "destination"), known)
    words, code = _diagnosis(visit, known)
    treatment = (
        _section(discharge, title=_TREATMENT)
        or _section(summary, title=_TREATMENT)
        or ("" if restricted(visit) else _extension(visit, "treatment"))
    )
    found: dict[str, Any] = {
        "diagnosis": _section(discharge, _FINAL) or _section(summary, _FINAL) or words,
        "diagnosis_code": code,
        "course": _section(summary, _COURSE),
        "treatment": treatment,
        "result": DIED if died else result if result in _RESULTS else "",
        "advice": "" if died else _section(discharge, _ADVICE),
        "medicines": [] if died else _medicines(visit, shown),
        "return_to": onward,
        "admitted_at": _iso(_at(visit, "period", "start")),
        "discharged_at": _iso(_at(visit, "period", "end")),
        **({} if died else _appointment(shown)),
    }
    return {k: _cut(v) for k, v in found.items() if v}, len(every) - len(shown)


def documents(resources: Iterable[Resource]) -> list[Resource]:
    """What of a stay goes back with the outcome: papers of discharge, diagnoses, prescriptions, appointment, and whom
    they name."""
    every = list(resources)
    chosen = [
        r
        for r in every
        if r["resourceType"] in _SENT
        or (r["resourceType"] == "Composition" and _code(r) in (DISCHARGE, SUMMARY))
    ]
    named = {name for r in chosen for name in _references(r)}
    others = [
        r
        for r in every
        if r["resourceType"] in _NAMED and f"{r['resourceType']}/{r['id']}" in named and r not in chosen
    ]
    return [*chosen, *others]


def _diagnosis(visit: Resource, known: dict[str, Resource]) -> tuple[str, str]:
    """Words and ICD-10 code of the main disease that is not protected."""
    ranked = sorted((d for d in visit.get("diagnosis", ()) if d.get("rank")), key=lambda d: d["rank"])
    for entry in ranked:
        condition = known.get(str(_at(entry, "condition", "reference")))
        if condition is None:
            continue
        words = _at(condition, "note", "text") or _at(condition, "code", "text") or ""
        codes = [
            c.get("code", "")
            for c in _at(condition, "code").get("coding", ())
            if str(c.get("system", "")).startswith(systems.ICD10)
        ]
        return str(words), str(codes[0]) if codes else ""
    return "", ""


def _medicines(visit: Resource, shown: list[Resource]) -> list[dict[str, str]]:
    """What was prescribed to take home: of an out-patient everything, of an in-patient what was ordered on the day of
    discharge and not given in the ward."""
    end = _moment(_at(visit, "period", "end"))
    if end is None:
        return []
    stayed = _at(visit, "class", "code") in _IN_PATIENT
    found: dict[str, dict[str, str]] = {}
    for order in shown:
        if order["resourceType"] != "MedicationRequest":
            continue
        ordered = _moment(order.get("authoredOn"))
        if stayed and (ordered is None or ordered.astimezone(clock.VIETNAM).date() < _day(end)):
            continue
        name = str(_at(order, "medicationCodeableConcept", "text") or "")
        amount = _at(order, "dispenseRequest", "quantity") or {}
        how = [_at(order, "dosageInstruction", part) for part in ("text", "patientInstruction")]
        found.setdefault(
            name,
            {
                "name": name,
                "dose": "; ".join(str(part) for part in how if part),
                "frequency": "",
                "days": " ".join(str(amount[p]) for p in ("value", "unit") if amount.get(p)),
            },
        )
    return [row for name, row in found.items() if name][:_MOST_MEDICINES]


def _appointment(shown: list[Resource]) -> dict[str, str]:
    days = sorted(
        (start, str(_at(one, "identifier", "value") or ""))
        for one in shown
        if one["resourceType"] == "Appointment"
        and (start := _iso(_at(one, "requestedPeriod", "start") or one.get("start")))
    )
    return {"appointment_at": days[0][0], "appointment_number": days[0][1]} if days else {}


def _section(sections: list[Resource], code: str = "", *, title: str = "") -> str:
    for one in sections:
        codes = {c.get("code") for c in (_at(one, "code") or {}).get("coding", ())}
        if (code and code in codes) or (title and one.get("title") == title):
            return _plain(str(_at(one, "text", "div") or ""))
    return ""


_BREAK = re.compile(r"<br\s*/?>|</(?:p|li|div|tr|h\d)>", re.I)
_TAG = re.compile(r"<[^>]*>")


def _plain(narrative: str) -> str:
    text = html.unescape(_TAG.sub("", _BREAK.sub("\n", narrative)))
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def _code(paper: Resource) -> str:
    return next((str(c.get("code")) for c in (_at(paper, "type") or {}).get("coding", ())), "")


def _extension(resource: Resource, name: str) -> str:
    for one in resource.get("extension", ()):
        if str(one.get("url", "")).endswith(f"/{name}"):
            return str(one.get("valueString") or _at(one, "valueCodeableConcept", "coding", "code") or "")
    return ""


def _at(value: Any, *path: str) -> Any:
    for name in path:
        value = value[0] if isinstance(value, list) and value else value
        value = value.get(name) if isinstance(value, dict) else None
    return value[0] if path and path[-1] != "coding" and isinstance(value, list) and value else value


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value or ""))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=clock.VIETNAM)


def _iso(value: Any) -> str:
    found = _moment(value)
    return clock.iso(found) if found else ""


def _day(moment: datetime) -> Any:
    return moment.astimezone(clock.VIETNAM).date()


_LONGEST = {"line": 200, "text": 4000}


def _cut(value: Any) -> Any:
    """Texts no longer than a step takes."""
    if isinstance(value, str):
        return value[: _LONGEST["text"]]
    if isinstance(value, list):
        return [{k: v[: _LONGEST["line"]] for k, v in row.items()} for row in value]
    return value
