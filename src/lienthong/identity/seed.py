"""Invented people of the demo province: one who is registered at three hospitals, and pairs that wait for a clerk."""

from __future__ import annotations

from typing import Any, Final

from lienthong.access import audit
from lienthong.identity import registering
from lienthong.terminology import systems

Resource = dict[str, Any]

_SIN: Final = {"born": "1967-08-21", "sex": "female", "citizen": "024167002319"}
_HUNG: Final = {"born": "1970-05-06", "sex": "male", "name": "NGUYỄN VĂN HÙNG"}
_TWINS: Final = {"born": "2009-10-17", "sex": "female", "phone": "0912000347", "home": "Thôn Khe Táu"}
_COMMUNES: Final = {"07573": "Xã Biển Động", "07531": "Xã Tân Sơn"}
_PEOPLE: Final[tuple[tuple[str, str, dict[str, str]], ...]] = (
    ("24004", "SD0412", {**_SIN, "name": "NÔNG THỊ SÌN", "phone": "0912000188", "home": "Thôn Giữa"}),
    ("24011", "BG77120", {**_SIN, "name": "NONG THI SIN", "phone": "0912000188"}),
    ("01929", "BM903311", {**_SIN, "name": "Nông Thị Sìn", "born": "1967", "home": "Thôn Giữa"}),
    ("24011", "BG80231", {**_HUNG, "phone": "0912000111", "commune": "07573", "home": "Thôn Giữa"}),
    ("01929", "BM911702", {**_HUNG, "commune": "07531"}),
    ("24004", "SD0533", {**_TWINS, "name": "VI THỊ ANH", "citizen": "024309004411"}),
    ("24011", "BG81977", {**_TWINS, "name": "VI THỊ ÁNH"}),
)
"""Facility, patient number there, and what the desk typed. Every name and number is invented."""


def load_demo() -> None:
    """Registers the invented people at the hub, as if their hospitals had told it; again it changes nothing."""
    for facility, number, typed in _PEOPLE:
        registering.register(_patient(facility, number, typed), facility, audit.system("demo"))


def _patient(facility: str, number: str, typed: dict[str, str]) -> Resource:
    commune = typed.get("commune", "07573")
    units = {
        "url": systems.extension("administrative-units"),
        "extension": [{"url": "city", "valueCoding": {"code": commune}}],
    }
    address: Resource = {"city": _COMMUNES[commune], "extension": [units]}
    if "home" in typed:
        address["line"] = [typed["home"]]
    identifiers = [{"system": systems.patient_number(facility), "value": number}]
    if "citizen" in typed:
        identifiers.append({"system": systems.CITIZEN_NUMBER, "value": typed["citizen"]})
    return {
        "resourceType": "Patient",
        "id": f"demo-{number.lower()}",
        "identifier": identifiers,
        "name": [{"text": typed["name"]}],
        "gender": typed["sex"],
        "birthDate": typed["born"],
        "telecom": [{"system": "phone", "value": typed["phone"]}] if "phone" in typed else [],
        "address": [address],
    }
