"""The words of a section, in Vietnamese, made of its resources; everything escaped (FHIR R4 Narrative, XHTML)."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from typing import Any

from lienthong.documents.summary.gather import drug_name
from lienthong.foundation import clock
from lienthong.records import elements
from lienthong.terminology import systems

Resource = dict[str, Any]
Row = tuple[str, ...]

_CRITICALITY = {"high": "nguy cơ cao", "low": "nguy cơ thấp", "unable-to-assess": "chưa đánh giá được"}


def div(content: str) -> Resource:
    """A generated Narrative around XHTML that is safe already."""
    return {"status": "generated", "div": f'<div xmlns="{systems.XHTML}" lang="vi">{content}</div>'}


def sentence(text: str) -> str:
    """A paragraph."""
    return f"<p>{escaped(text)}</p>"


def table(heads: Row, rows: Sequence[Row]) -> str:
    """A table with a head."""
    head = "".join(f"<th>{escaped(cell)}</th>" for cell in heads)
    body = "".join("<tr>" + "".join(f"<td>{escaped(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def escaped(text: str) -> str:
    """Text as it may stand in XHTML: no markup, no characters that XML does not know."""
    known = "".join(
        c if c in "\t\n\r" or (ord(c) >= 32 and ord(c) not in (0xFFFE, 0xFFFF)) else " " for c in text
    )
    return html.escape(known.encode("utf-8", "replace").decode(), quote=True)


def allergy(one: Resource) -> Row:
    """Substance, reaction, how dangerous."""
    reactions = [
        elements.words(m) for r in elements.items(one, "reaction") for m in elements.items(r, "manifestation")
    ]
    return (
        _code(one),
        "; ".join(filter(None, reactions)),
        _CRITICALITY.get(elements.text(one, "criticality"), ""),
    )


def condition(one: Resource) -> Row:
    """Disease, ICD-10, since when."""
    icd = elements.code_of(elements.at(one, "code"), "icd-10")
    since = elements.text(one, "onsetDateTime") or elements.text(one, "recordedDate")
    return _code(one), icd, day(since)


def drug(one: Resource) -> Row:
    """Drug, dose, day."""
    dose = elements.text(one, "dosage", "text") or elements.text(one, "dosageInstruction", "text")
    at = (
        elements.text(one, "effectiveDateTime")
        or elements.text(one, "effectivePeriod", "start")
        or elements.text(one, "authoredOn")
    )
    return drug_name(one), dose, day(at)


def procedure(one: Resource) -> Row:
    """Procedure, day."""
    at = elements.text(one, "performedDateTime") or elements.text(one, "performedPeriod", "start")
    return _code(one), day(at)


def immunization(one: Resource) -> Row:
    """Vaccine, day, lot."""
    name = elements.words(elements.at(one, "vaccineCode"))
    return name, day(elements.text(one, "occurrenceDateTime")), elements.text(one, "lotNumber")


def result(one: Resource) -> Row:
    """Test, value with unit or conclusion, day."""
    at = elements.text(one, "effectiveDateTime") or elements.text(one, "effectivePeriod", "start")
    return _code(one), value(one), day(at or elements.text(one, "issued"))


def plan(one: Resource) -> Row:
    """What is planned, day."""
    if one["resourceType"] == "Appointment":
        at = elements.text(one, "requestedPeriod", "start") or elements.text(one, "start")
        what = elements.text(one, "appointmentType", "text") or "Hẹn khám lại"
        return ": ".join(filter(None, (what, elements.text(one, "comment")))), day(at)
    what = elements.text(one, "title") or elements.text(one, "description") or "Kế hoạch chăm sóc"
    return what, day(elements.text(one, "period", "start"))


def value(one: Resource) -> str:
    """A result in words: quantity, text, code, or those of its components; of a report its conclusion."""
    if one["resourceType"] == "DiagnosticReport":
        return elements.text(one, "conclusion") or elements.words(elements.at(one, "conclusionCode"))
    for name, read in _VALUES.items():
        if name in one:
            return read(one[name])
    parts = (
        (elements.words(elements.at(c, "code")), value({**c, "resourceType": ""})) for c in _components(one)
    )
    return "; ".join(f"{name}: {said}" for name, said in parts if said)


def _components(one: Resource) -> list[Resource]:
    return elements.items(one, "component")


def _quantity(found: Any) -> str:
    exact = elements.number(elements.at(found, "value"))
    if exact is None:
        return ""
    unit = elements.text(found, "unit") or elements.text(found, "code")
    return " ".join(filter(None, (elements.text(found, "comparator"), f"{exact:f}".replace(".", ","), unit)))


def _date(found: Any) -> str:
    return day(str(found))


_VALUES: dict[str, Callable[[Any], str]] = {
    "valueQuantity": _quantity,
    "valueString": str,
    "valueCodeableConcept": elements.words,
    "valueInteger": str,
    "valueBoolean": lambda found: "có" if found else "không",
    "valueDateTime": _date,
}


def _code(one: Resource) -> str:
    return elements.words(elements.at(one, "code"))


def day(text: str) -> str:
    """A FHIR date or dateTime as people write it: ``12/01/2025``; a shorter date as it is known."""
    if len(text) > 10:
        try:
            text = clock.from_iso(text).astimezone(clock.VIETNAM).date().isoformat()
        except ValueError:
            return ""
    return "/".join(reversed(text.split("-")))
