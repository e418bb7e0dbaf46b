"""Invented people as Patient resources."""

from __future__ import annotations

from typing import Any

from lienthong.access import audit
from lienthong.terminology import systems

Resource = dict[str, Any]

CLERK = audit.Actor("thu.ngan", "Lê Thị Thư", "clerk")
MACHINE = audit.system("identity")


def person(
    id: str = "a",
    name: str = "THÂN VĂN HUẤN",
    born: str = "1960-03-14",
    sex: str = "male",
    *,
    citizen: str = "",
    social: str = "",
    hospital: tuple[str, str] | None = None,
    phone: str = "",
    commune: str = "",
    home: str = "",
    identifiers: tuple[Resource, ...] = (),
    **more: Any,
) -> Resource:
    """A Patient; what is empty is left out."""
    listed = [
        (systems.CITIZEN_NUMBER, citizen),
        (systems.SOCIAL_INSURANCE, social),
        (systems.patient_number(hospital[0]), hospital[1]) if hospital else ("", ""),
    ]
    units = {
        "url": systems.extension("administrative-units"),
        "extension": [{"url": "city", "valueCoding": {"code": commune}}],
    }
    found: Resource = {
        "resourceType": "Patient",
        "id": id,
        "name": [{"text": name}] if name else [],
        "birthDate": born,
        "gender": sex,
        "identifier": [{"system": s, "value": v} for s, v in listed if v] + list(identifiers),
        "telecom": [{"system": "phone", "value": phone}] if phone else [],
        "address": [{"text": home, "extension": [units]}] if commune else [],
        **more,
    }
    return {key: value for key, value in found.items() if value}
