"""URIs and codes that reading and writing resources of a transfer share."""

from __future__ import annotations

from typing import Any, Final

from lienthong.terminology import systems

Resource = dict[str, Any]

FORM: Final = systems.extension("transfer-form")
"""On ServiceRequest: one inner extension for each field of the form that R4 has no place for; its URL is the field."""
STEP_DATA: Final = systems.codes("transfer-step-data")
"""``Task.input.type`` and ``Task.output.type``: ``<step>.<field>``, e.g. ``declined.advice``."""
STATE: Final = systems.codes("transfer-state")
INFECTION: Final = systems.codes("infection-alert")
LOOP: Final = f"{systems.SID}transfer"
REASON: Final = systems.codes("ma-lydo-ct")
KEY: Final = f"{systems.SID}idempotency-key"
OWN: Final = frozenset({LOOP, systems.SLIP, systems.TRANSFER_REGISTER})
"""Systems of identifiers that are not the calling system's own."""
NO_ALLERGY: Final = "716186003"

PRIORITIES: Final = {
    "stat": "emergency",
    "asap": "emergency",
    "urgent": "urgent",
    "routine": "planned",
}
PERSON: Final = {
    "ethnic_group": systems.extension("ethnic-group"),
    "occupation": systems.extension("occupation"),
    "nationality": systems.NATIONALITY,
}
VITALS: Final = {
    "8867-4": "pulse",
    "8480-6": "systolic",
    "8462-4": "diastolic",
    "9279-1": "breaths",
    "59408-5": "spo2",
    "2708-6": "spo2",
    "8310-5": "temperature",
    "9269-2": "glasgow",
}
"""LOINC to the vital sign of the form."""
BLOOD_PRESSURE: Final = "85354-9"
WEIGHT: Final = "29463-7"


def codings(concept: Any, system: str) -> list[str]:
    """The codes of a CodeableConcept in a system."""
    listed = concept.get("coding") if isinstance(concept, dict) else None
    found = [one for one in listed or () if isinstance(one, dict) and one.get("system") == system]
    return [str(one["code"]) for one in found if one.get("code")]


def text(concept: Any) -> str:
    """What a CodeableConcept says: its text, else the first name, else the first code."""
    if not isinstance(concept, dict):
        return ""
    listed = [one for one in concept.get("coding") or () if isinstance(one, dict)]
    named = [one.get(part) for part in ("display", "code") for one in listed if one.get(part)]
    return str(concept.get("text") or (named[0] if named else ""))


def identified(listed: Any, system: str) -> str:
    """The value of the first identifier of a system."""
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and one.get("system") == system and one.get("value"):
            return str(one["value"])
    return ""
