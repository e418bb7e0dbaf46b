"""Registrations as the Patients that a hospital's connector would make of them."""

from __future__ import annotations

from typing import Any

from bench.identity.registrations import Registration
from lienthong.terminology import systems

_UNITS = systems.extension("administrative-units")
_IDENTITY = {9: systems.OLD_IDENTITY_CARD, 8: systems.PASSPORT}


def patient(one: Registration) -> dict[str, Any]:
    """A Patient (FHIR R4) with the administrative units as codes, as the insurance XML has them."""
    identifiers = [{"system": systems.patient_number(one.facility), "value": one.number}]
    if one.citizen:
        system = _IDENTITY.get(len(one.citizen), systems.CITIZEN_NUMBER)
        identifiers.append({"system": system, "value": one.citizen})
    if one.insurance:
        card = len(one.insurance) != 10
        system = systems.INSURANCE_CARD if card else systems.SOCIAL_INSURANCE
        identifiers.append({"system": system, "value": one.insurance})
    made: dict[str, Any] = {
        "resourceType": "Patient",
        "identifier": identifiers,
        "name": [{"use": "official", "text": one.name}],
        "gender": one.sex,
        "birthDate": one.birth,
    }
    if one.phone:
        made["telecom"] = [{"system": "phone", "value": one.phone}]
    units = [{"url": "state", "valueCoding": {"code": "24"}}]
    if one.commune:
        units.append({"url": "city", "valueCoding": {"code": one.commune}})
    address: dict[str, Any] = {"use": "home", "extension": [{"url": _UNITS, "extension": units}]}
    if one.address:
        address["text"] = one.address
    made["address"] = [address]
    return made
