"""Which of a patient's resources belong into which section of the summary, newest first, each thing once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lienthong import records
from lienthong.records import Stored, elements
from lienthong.terminology import systems

MOST = 60
"""Entries of one section."""
DRUGS_FOR = timedelta(days=180)
"""How far before the newest thing in the record a drug counts as taken."""
TYPES = (
    "AllergyIntolerance",
    "Condition",
    "MedicationStatement",
    "MedicationRequest",
    "MedicationAdministration",
    "Procedure",
    "Immunization",
    "Observation",
    "DiagnosticReport",
    "CarePlan",
    "Appointment",
)
DRUGS = TYPES[2:5]
PREGNANCY = frozenset(
    {"82810-3", "11778-8", "11779-6", "11780-4", "11449-6", "11640-0", "11996-6", "11977-6"}
)
"""LOINC: pregnancy status, estimated date of delivery, number of pregnancies and births."""
_PAST = ("inactive", "remission", "resolved")
_VOID = ("entered-in-error", "refuted")
_NOT_TAKEN = (
    "entered-in-error",
    "not-taken",
    "not-done",
    "cancelled",
    "stopped",
    "draft",
    "unknown",
    "on-hold",
)
_NOT_DONE = ("entered-in-error", "not-done", "preparation", "unknown")
_READY = ("final", "amended", "corrected", "preliminary", "appended", "partial")
_COMING = ("proposed", "pending", "booked", "arrived", "waitlist")

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Gathered:
    """What goes into the sections, each newest first.

    ``updated`` is when the newest of all of it, the Patient included, was stored.
    """

    patient: Resource
    allergies: list[Resource]
    problems: list[Resource]
    past: list[Resource]
    drugs: list[Resource]
    procedures: list[Resource]
    immunizations: list[Resource]
    results: list[Resource]
    vital_signs: list[Resource]
    pregnancy: list[Resource]
    plan: list[Resource]
    updated: str


See = Callable[[Stored], bool]
"""Whether a resource may be shown."""


def is_open(stored: Stored) -> bool:
    """Whether a resource is not specially protected."""
    return not stored.restricted


def gather(patient: Stored, *, see: See = is_open) -> Gathered:
    """The content of a patient's summary. Reads the store; the same store gives the same answer."""
    stored = [one for one in records.for_patient(patient.id, TYPES, with_restricted=True) if see(one)]
    stored.sort(key=lambda one: (one.moment, one.ref), reverse=True)
    newest = max((one.moment for one in stored if one.type != "Appointment"), default="")
    of = {kind: [one for one in stored if one.type == kind] for kind in TYPES}
    conditions = [_plain(one) for one in of["Condition"] if _verified(one.resource)]
    observed = [one for one in of["Observation"] if one.resource.get("status") in _READY]
    pregnancy = [one for one in observed if _loinc(one.resource) & PREGNANCY]
    signs = [one for one in observed if _category(one.resource, "vital-signs")]
    apart = {one.ref for one in (*pregnancy, *signs)}
    results = [one for one in observed if one.ref not in apart and _has_value(one.resource)]
    told = [
        one for one in of["DiagnosticReport"] if one.resource.get("status") in _READY and _told(one.resource)
    ]
    since = _before(newest, DRUGS_FOR)
    drugs = [
        one
        for kind in DRUGS
        for one in of[kind]
        if one.resource.get("status") not in _NOT_TAKEN and one.moment >= since
    ]
    return Gathered(
        patient=_plain(patient),
        allergies=_once([_plain(one) for one in of["AllergyIntolerance"] if _verified(one.resource)], _code),
        problems=_once([one for one in conditions if not _past(one)], _code),
        past=_once([one for one in conditions if _past(one)], _code),
        drugs=_once(map(_plain, _newest(drugs)), _drug),
        procedures=[_plain(one) for one in of["Procedure"] if one.resource.get("status") not in _NOT_DONE][
            :MOST
        ],
        immunizations=[
            _plain(one) for one in of["Immunization"] if one.resource.get("status") == "completed"
        ][:MOST],
        results=_once(map(_plain, _newest([*told, *results])), _code),
        vital_signs=_once(map(_plain, signs), _code),
        pregnancy=_once(map(_plain, pregnancy), _code),
        plan=[
            *(_plain(one) for one in of["CarePlan"] if one.resource.get("status") == "active"),
            *(_plain(one) for one in of["Appointment"] if one.resource.get("status") in _COMING),
        ][:MOST],
        updated=max([patient.updated, *(one.updated for one in stored)]),
    )


def _newest(found: list[Stored]) -> list[Stored]:
    return sorted(found, key=lambda one: (one.moment, one.ref), reverse=True)


def _plain(stored: Stored) -> Resource:
    """The resource as it came, without what the store says about it."""
    resource = stored.resource
    meta = {
        name: value for name, value in resource["meta"].items() if name not in ("versionId", "lastUpdated")
    }
    rest = {name: value for name, value in resource.items() if name != "meta"}
    return {**rest, "meta": meta} if meta else rest


def _once(found: Iterable[Resource], key: Callable[[Resource], str]) -> list[Resource]:
    """The first with each key, at most so many."""
    kept: dict[str, Resource] = {}
    for one in found:
        kept.setdefault(key(one), one)
    return list(kept.values())[:MOST]


def _code(resource: Resource) -> str:
    concept = resource.get("code")
    first = next(elements.codings(concept), ("", "", ""))
    return (
        f"{first[0]}|{first[1]}"
        if first[1]
        else elements.words(concept).casefold() or str(resource.get("id"))
    )


def _drug(resource: Resource) -> str:
    return drug_name(resource).casefold() or str(resource.get("id"))


def drug_name(resource: Resource) -> str:
    """The drug in words."""
    concept = elements.words(elements.at(resource, "medicationCodeableConcept"))
    return concept or elements.text(resource, "medicationReference", "display")


def _before(moment: str, span: timedelta) -> str:
    if not moment:
        return ""
    return (datetime.fromisoformat(moment) - span).strftime("%Y-%m-%dT%H:%M:%SZ")


def _verified(resource: Resource) -> bool:
    return not any(
        code in _VOID for _, code, _ in elements.codings(elements.at(resource, "verificationStatus"))
    )


def _past(resource: Resource) -> bool:
    return any(code in _PAST for _, code, _ in elements.codings(elements.at(resource, "clinicalStatus")))


def _loinc(resource: Resource) -> set[str]:
    found = elements.codings(elements.at(resource, "code"))
    return {code for system, code, _ in found if system == systems.LOINC}


def _category(resource: Resource, wanted: str) -> bool:
    return any(
        code == wanted
        for category in elements.items(resource, "category")
        for _, code, _ in elements.codings(category)
    )


def _has_value(resource: Resource) -> bool:
    return any(name.startswith("value") for name in resource) or bool(elements.items(resource, "component"))


def _told(resource: Resource) -> bool:
    return bool(elements.text(resource, "conclusion")) or bool(elements.items(resource, "conclusionCode"))
