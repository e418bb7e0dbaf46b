"""By which numbers one unit knows the patient of another, and which patients of a node are one person."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from lienthong import records
from lienthong.foundation import ids
from lienthong.identity import following, index

MOST = 40
_LONGEST = 200

Resource = dict[str, Any]


def numbers(patient: Resource) -> list[str]:
    """The patient's numbers as ``system|value``, sorted."""
    found = set()
    for one in patient.get("identifier", ()):
        system, value = str(one.get("system", "")), str(one.get("value", ""))
        if system and value and len(system) + len(value) < _LONGEST:
            found.add(f"{system}|{value}")
    return sorted(found)[:MOST]


def known_by(wanted: Collection[str]) -> list[str]:
    """Ids of the patients here who have one of the numbers."""
    found: dict[str, None] = {}
    for value in dict.fromkeys(number.partition("|")[2] for number in wanted):
        for id in records.patients_numbered(value):
            stored = records.read("Patient", id)
            if stored and set(wanted).intersection(numbers(stored.resource)):
                found[id] = None
    return list(found)


def of_one_person(patients: Collection[str]) -> list[str]:
    """These patients of this node, and the others here that the identity index knows to be the same people."""
    found = dict.fromkeys(patients)
    for ref, stored in records.read_many(f"Patient/{one}" for one in patients).items():
        registered = index.of(following.facility_of(stored.resource), ref.removeprefix("Patient/"))
        if registered is not None:
            found |= dict.fromkeys(_here(index.registrations(registered.person)))
    return list(found)


def _here(registered: Iterable[index.Registration]) -> list[str]:
    """Ids of the registrations whose Patients this node holds."""
    facilities = {one.fhir_id: one.facility for one in registered}
    held = records.read_many(f"Patient/{id}" for id in facilities)
    return [one.id for one in held.values() if following.facility_of(one.resource) == facilities[one.id]]


def known_as(patient: str, wanted: Collection[str]) -> bool:
    """Whether a patient here has one of the numbers, or is one person with somebody here who has."""
    return shared(patient, wanted) or patient in of_one_person(known_by(wanted))


def shared(patient: str, wanted: Iterable[str]) -> bool:
    """Whether a patient here has one of the numbers."""
    stored = records.read("Patient", patient)
    return stored is not None and bool(set(wanted).intersection(numbers(stored.resource)))


def id_of(publisher: str, patient: Resource, own: str) -> str:
    """The id under which a publisher's patient is kept at the hub: one for each of its patient numbers.

    Args:
        own: system of the publisher's own patient numbers.
    """
    found = numbers(patient)
    key = next((number for number in found if number.startswith(f"{own}|")), found[0])
    return ids.stable_id("document-patient", publisher, key)
