"""The minimum safe set that a doctor fills in: its fields, what each kind of case needs, how whole it is.

The form travels sealed, inside the dossier. Fields follow annex VI of Circular 01/2025/TT-BYT; allergies, home
medicines, infection and escort are asked because no export of a HIS carries them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext_lazy as _

from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.transfers import problems
from lienthong.transfers.models import Urgency

Form = Mapping[str, Any]

CASES = {
    "general": _("Medical, general"),
    "trauma": _("Injury"),
    "heart": _("Heart"),
    "stroke": _("Stroke"),
    "obstetric": _("Pregnancy and birth"),
    "newborn": _("Newborn"),
    "child": _("Child"),
    "mental": _("Mental health"),
    "chronic": _("Chronic disease, planned"),
}
REASONS = {
    "1": _("In line with the levels of professional care"),
    "2": _("Beyond what this hospital can treat"),
    "3": _("Wish of the patient or the family"),
}
"""MA_LYDO_CT."""
BASES = {
    "referral-duty": _("Duty on referral"),
    "emergency": _("Emergency"),
    "written-request": _("Written request of the patient"),
}
ALLERGIES = {
    "none-known": _("No known allergy"),
    "known": _("Has allergies"),
    "not-asked": _("Not asked yet"),
    "unable": _("Cannot be asked"),
}
HOME_MEDICINES = {
    "none": _("Takes none"),
    "listed": _("Takes these"),
    "not-asked": _("Not asked yet"),
    "unable": _("Cannot be asked"),
}
INFECTION = {
    "none-known": _("Nothing known"),
    "suspected": _("Suspected"),
    "present": _("Present"),
    "not-checked": _("Not checked yet"),
}
INFECTIONS = {
    "mrsa": _("MRSA"),
    "cre": _("Carbapenem-resistant bacteria"),
    "tb": _("Tuberculosis of the lungs"),
    "covid": _("COVID-19"),
    "influenza": _("Influenza"),
    "measles": _("Measles"),
    "dengue": _("Dengue"),
    "diarrhoea": _("Infectious diarrhoea"),
    "other": _("Other"),
}
TRANSPORT = {
    "ambulance": _("Ambulance"),
    "ambulance-115": _("Ambulance of the 115 service"),
    "own": _("Own vehicle"),
    "public": _("Public transport"),
    "other": _("Other"),
}
VITALS: dict[str, tuple[int, int]] = {
    "pulse": (0, 300),
    "systolic": (0, 320),
    "diastolic": (0, 220),
    "breaths": (0, 120),
    "spo2": (0, 100),
    "temperature": (20, 45),
    "glasgow": (3, 15),
}
"""Least and most that can be entered: beats/min, mmHg, mmHg, breaths/min, %, °C, points."""

_TEXT = (
    "signs",
    "course",
    "results",
    "other_diagnoses",
    "treatment",
    "medicines",
    "condition",
    "direction",
    "question",
)
_LINES = (
    *("service", "basis_detail", "diagnosis_code", "slip", "register", "transport_note", "escort_name"),
    *("escort_title", "companion_name", "companion_phone", "pregnancy", "one_year_why", "return_contact"),
)
_CODED: dict[str, Mapping[str, Any]] = {
    "urgency": dict(Urgency.choices),
    "case": CASES,
    "reason": REASONS,
    "basis": BASES,
    "transport": TRANSPORT,
}
_MOMENTS = ("departs_at", "arrives_at", "onset_at")
_NUMBERS = {"weight": (0, 400), "birth_weight": (100, 8000), "gestation_weeks": (4, 45)}
"""kg, g, completed weeks."""
PERSON = (
    *("name", "birth", "gender", "citizen", "card", "card_until", "address", "phone", "ethnic_group"),
    *("nationality", "occupation", "workplace", "first_facility"),
)
_LISTS: dict[str, tuple[tuple[str, ...], int]] = {
    "allergies": (("substance", "reaction", "severity"), 30),
    "home_medicines": (("name", "dose", "frequency"), 60),
}
_RESULT = ("test", "value", "unit", "range", "at", "laboratory", "flag")
_MOST_RESULTS = 40

FIELDS = (
    *("person", "diagnosis", "vitals", "allergies", "home_medicines", "infection", "one_year", "key_results"),
    *_TEXT,
    *_LINES,
    *_CODED,
    *_MOMENTS,
    *_NUMBERS,
)

_ALWAYS = (
    *("receiver", "urgency", "case", "person.name", "person.birth", "person.gender", "diagnosis", "signs"),
    *("treatment", "condition", "reason", "basis", "question", "vitals", "allergies", "home_medicines"),
    *("infection", "transport"),
)
_BY_CASE: dict[str, tuple[str, ...]] = {
    "trauma": ("vitals.glasgow",),
    "heart": ("onset_at",),
    "stroke": ("onset_at", "vitals.glasgow"),
    "obstetric": ("gestation_weeks", "pregnancy"),
    "newborn": ("birth_weight", "gestation_weeks"),
    "child": ("weight",),
}
_AT_ONCE = ("receiver", "person.name", "diagnosis", "condition")
_VITALS_NEEDED = ("pulse", "systolic", "diastolic", "breaths", "spo2", "temperature")


def required(form: Form) -> tuple[str, ...]:
    """What this case needs before it counts as complete; ``person.name`` and the like name a member."""
    more = _BY_CASE.get(str(form.get("case", "")), ())
    if form.get("urgency") in (Urgency.EMERGENCY, Urgency.URGENT):
        more = (*more, "escort_name")
    if form.get("basis") == "written-request":
        more = (*more, "basis_detail")
    return (*_ALWAYS, *more)


def missing(form: Form, receiver: str) -> list[str]:
    """Which of :func:`required` are still empty, in order."""
    return [name for name in required(form) if not _filled(form, receiver, name)]


def missing_at_once(form: Form, receiver: str) -> list[str]:
    """What even an emergency cannot be sent without."""
    return [name for name in _AT_ONCE if not _filled(form, receiver, name)]


def completeness(form: Form, receiver: str) -> tuple[int, int]:
    """How many of the required items are filled in, and how many there are."""
    needed = required(form)
    return len(needed) - len(missing(form, receiver)), len(needed)


def _filled(form: Form, receiver: str, name: str) -> bool:
    if name == "receiver":
        return bool(receiver)
    outer, _dot, inner = name.partition(".")
    value = form.get(outer)
    if inner:
        return isinstance(value, Mapping) and value.get(inner) not in (None, "")
    if name == "vitals":
        return isinstance(value, Mapping) and all(
            value.get(sign) not in (None, "") for sign in _VITALS_NEEDED
        )
    if name in ("allergies", "home_medicines"):
        return isinstance(value, Mapping) and _answered(
            value, {"allergies": "known", "home_medicines": "listed"}[name]
        )
    if name == "infection":
        return isinstance(value, Mapping) and value.get("state") not in (None, "", "not-checked")
    return value not in (None, "", [], {})


def _answered(value: Mapping[str, Any], listing: str) -> bool:
    state = value.get("state")
    return bool(value.get("list")) if state == listing else state not in (None, "", "not-asked")


def cleaned(name: str, value: Any) -> Any:
    """A field's value as it is kept: trimmed, of its shape, within its limits.

    Raises:
        LienThongError: ``transfer-field``: no such field, or not such a value.
    """
    try:
        return _cleaner(name)(value)
    except (KeyError, TypeError, ValueError, InvalidOperation, AttributeError) as error:
        raise LienThongError(problems.no_such_field(name)) from error


def cleaned_form(value: Any) -> dict[str, Any]:
    """A whole form that came from elsewhere; what is unknown is left out.

    Raises:
        LienThongError: ``transfer-field``: a field holds what it cannot.
    """
    if not isinstance(value, dict):
        raise LienThongError(problems.no_such_field("form"))
    return {name: cleaned(name, inner) for name, inner in value.items() if name in FIELDS}


def _cleaner(name: str) -> Callable[[Any], Any]:
    if name in _TEXT or name == "diagnosis":
        return lambda value: _text(value, 8000)
    if name in _LINES:
        return lambda value: _text(value, 300)
    if name in _CODED:
        return lambda value: _one_of(value, _CODED[name])
    if name in _MOMENTS:
        return _moment
    if name in _NUMBERS:
        return lambda value: _number(value, *_NUMBERS[name])
    if name in _LISTS:
        states = ALLERGIES if name == "allergies" else HOME_MEDICINES
        return lambda value: _stated(value, states, *_LISTS[name])
    return {
        "person": _person,
        "vitals": _vitals,
        "infection": _infection,
        "one_year": _flag,
        "key_results": lambda value: _rows(value, _RESULT, _MOST_RESULTS),
    }[name]


def _text(value: Any, most: int) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value.replace("\0", "").replace("\r\n", "\n").strip()[:most]


def _one_of(value: Any, known: Mapping[str, Any]) -> str:
    if value != "" and value not in known:
        raise ValueError(value)
    return str(value)


def _moment(value: Any) -> str:
    return clock.iso(clock.said(_text(value, 40))) if value else ""


def _number(value: Any, least: int, most: int) -> int | float | str:
    if value in (None, ""):
        return ""
    number = Decimal(str(value).strip().replace(",", "."))
    if not number.is_finite() or not least <= number <= most:
        raise ValueError(value)
    return int(number) if number == number.to_integral_value() else float(round(number, 1))


def _flag(value: Any) -> bool:
    return value in (True, "true", "on", "1")


def _person(value: dict[str, Any]) -> dict[str, str]:
    found = {name: _text(value.get(name, ""), 300) for name in PERSON if value.get(name)}
    birth = found.get("birth", "")
    if birth and not re.fullmatch(r"\d{4}(-\d\d)?", birth):
        date.fromisoformat(birth)
    if found.get("gender", "") not in ("", "male", "female", "other", "unknown"):
        raise ValueError("gender")
    if "citizen" in found:
        found["citizen"] = re.sub(r"[\s.]", "", found["citizen"])[:12]
    return found


def _vitals(value: dict[str, Any]) -> dict[str, Any]:
    found = {name: _number(value.get(name, ""), *VITALS[name]) for name in VITALS}
    kept: dict[str, Any] = {name: number for name, number in found.items() if number != ""}
    if value.get("at"):
        kept["at"] = _moment(value["at"])
    return kept


def _stated(
    value: dict[str, Any], states: Mapping[str, Any], names: tuple[str, ...], most: int
) -> dict[str, Any]:
    return {
        "state": _one_of(value.get("state", ""), states),
        "list": _rows(value.get("list", []), names, most),
    }


def _infection(value: dict[str, Any]) -> dict[str, Any]:
    listed = [_one_of(code, INFECTIONS) for code in value.get("list", [])][: len(INFECTIONS)]
    state = _one_of(value.get("state", ""), INFECTION)
    return {"state": state, "list": listed, "note": _text(value.get("note", ""), 500)}


def _rows(value: Any, names: tuple[str, ...], most: int) -> list[dict[str, str]]:
    if not isinstance(value, list):
        raise TypeError
    rows = [{name: _text(str(row.get(name, "") or ""), 300) for name in names} for row in value[:most]]
    return [row for row in rows if any(row.values())]
