"""By which numbers one unit knows the patient of another."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from lienthong import records
from lienthong.foundation import ids

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
