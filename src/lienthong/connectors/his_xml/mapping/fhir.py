"""The few shapes of FHIR R4 that every table needs. Nothing empty ever leaves these functions."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from decimal import Decimal
from html import escape
from typing import Any

from lienthong.terminology import systems

from . import values
from .units import UNITS

Json = dict[str, Any]

_KEPT = (bool, int, Decimal)
_DIV = f'<div xmlns="{systems.XHTML}">'
NO_VALUE: Json = {"extension": [{"url": systems.DATA_ABSENT, "valueCode": "unknown"}]}


def some(parts: Json) -> Json | None:
    """The parts that hold something, or None when none does (FHIR forbids empty elements)."""
    kept = {key: part for key, part in parts.items() if part or part.__class__ in _KEPT}
    return kept or None


def listed(*parts: Json | None) -> list[Json]:
    """The parts that are there."""
    return [part for part in parts if part]


def coding(system: str, code: str, display: str = "", version: str = "") -> Json | None:
    """A Coding, or None without a code."""
    code = values.code(code)
    if not code:
        return None
    made = {"system": system}
    if version:
        made["version"] = version
    made["code"] = code
    if display:
        made["display"] = display
    return made


def list_system(list_name: str) -> str:
    """The code system of an insurance list: ``MA_DANTOC`` is ``…/ma-dantoc``."""
    return systems.codes(list_name.lower().replace("_", "-"))


def concept(text: str, *codings: Json | None) -> Json | None:
    """A CodeableConcept of text and codings, or None when it would be empty."""
    kept = [part for part in codings if part]
    if not kept:
        return {"text": text} if text else None
    return {"coding": kept, "text": text} if text else {"coding": kept}


def fixed(system: str, code: str, text: str = "") -> Json:
    """A CodeableConcept with one known code."""
    made: Json = {"coding": [{"system": system, "code": code}]}
    if text:
        made["text"] = text
    return made


def reference(kind: str, resource_id: str, display: str = "") -> Json:
    """A literal reference ``Type/id``."""
    made = {"reference": f"{kind}/{resource_id}"}
    if display:
        made["display"] = display
    return made


def identifier(system: str, value: str, kind: str = "", **more: Any) -> Json | None:
    """An Identifier, with a type of v2-0203; None without a value."""
    if not value:
        return None
    made: Json = {}
    if kind:
        made["type"] = {"coding": [{"system": systems.IDENTIFIER_TYPE, "code": kind}]}
    made["system"] = system
    made["value"] = value
    for key, part in more.items():
        if part:
            made[key] = part
    return made


def period(start: str, end: str) -> Json | None:
    """A Period of two texts of the source; an unreadable end, or one before the start, is left out."""
    low, high = values.moment(start), values.moment(end)
    return some(
        {
            "start": values.date_time(start),
            "end": values.date_time(end) if high and (low is None or high >= low) else None,
        }
    )


def quantity(value: Decimal, unit: str, comparator: str | None = None) -> Json:
    """A Quantity; the UCUM code only when the unit is in the checked table."""
    made: Json = {"value": value}
    if comparator:
        made["comparator"] = comparator
    if unit:
        made["unit"] = unit
        ucum = UNITS.get(unit)
        if ucum:
            made["system"] = systems.UCUM
            made["code"] = ucum
    return made


def ucum(value: Decimal, unit: str, code: str) -> Json:
    """A Quantity whose unit is known from the field."""
    return {"value": value, "unit": unit, "system": systems.UCUM, "code": code}


def annotation(text: str) -> list[Json] | None:
    """``note`` with one text, or None."""
    return [{"text": text}] if text else None


def narrative(text: str) -> Json:
    """The text of the source as it stands, escaped, line ends kept."""
    lines = escape(text, quote=False).replace("\r\n", "\n").replace("\r", "\n").replace("\n", "<br/>")
    return {"status": "additional", "div": f"{_DIV}{lines}</div>"}


def section(title: str, text: str = "", code: str = "", entries: list[Json] | None = None) -> Json | None:
    """A section of a Composition (LOINC code); None when it has neither text nor entries."""
    if not text and not entries:
        return None
    made: Json = {"title": title}
    if code:
        made["code"] = {"coding": [{"system": systems.LOINC, "code": code}]}
    if text:
        made["text"] = narrative(text)
    if entries:
        made["entry"] = entries
    return made


def extension(name: str, kind: str, value: Any) -> Json | None:
    """One of our extensions with ``value[x]``; None without a value."""
    if not value and value.__class__ not in _KEPT:
        return None
    return {"url": systems.extension(name), f"value{kind}": value}


def text_attachment(lines: Iterable[str], title: str, creation: str | None) -> Json | None:
    """``Attachment`` of plain Vietnamese text."""
    return some(
        {
            "contentType": "text/plain; charset=utf-8",
            "language": "vi",
            "data": base64.b64encode("\n".join(lines).encode()).decode(),
            "title": title,
            "creation": creation,
        }
    )
