"""The transfer slip of Circular 01/2025/TT-BYT annex VI, from a Composition and its ServiceRequest or from a form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.utils import translation

from lienthong.terminology import systems
from lienthong.transfers import form as forms
from lienthong.web.record import fhir, moments
from lienthong.web.record.documents import Document
from lienthong.web.record.person import Card, Person, sex


@dataclass(frozen=True, slots=True)
class Slip:
    """The fields of the form; texts of several lines are tuples. Every field may be empty.

    Attributes:
        number, record, register: numbers of the slip, of the record and in the transfer register.
        one_year: whether it is valid for one year; None where nobody has said so.
        signer: who signs for the facility.
    """

    number: str
    record: str
    register: str
    previous: tuple[str, ...]
    signs: tuple[str, ...]
    course: tuple[str, ...]
    results: tuple[str, ...]
    diagnosis: tuple[str, ...]
    treatment: tuple[str, ...]
    condition: tuple[str, ...]
    direction: tuple[str, ...]
    transport: tuple[str, ...]
    one_year: bool | None
    doctor: str
    signer: str
    dated: str


@dataclass(frozen=True, slots=True)
class Who:
    """What the slip says of the patient. Every text may be empty.

    Attributes:
        expired, no_term: the two tick boxes of the card's term: it ended before the slip's day, or has no last day.
    """

    name: str
    sex: str
    birth_year: str
    address: str
    ethnic_group: str
    nationality: str
    occupation: str
    workplace: str
    cards: tuple[Card, ...]
    expired: bool
    no_term: bool


_FIELDS = {
    "previous": ("Đã khám bệnh, điều trị tại",),
    "signs": ("29545-1",),
    "course": ("8648-8",),
    "results": ("30954-2",),
    "diagnosis": ("11535-2",),
    "treatment": ("Phương pháp, thủ thuật, kỹ thuật, thuốc đã sử dụng",),
    "condition": ("Tình trạng người bệnh lúc chuyển",),
    "direction": ("18776-5",),
    "transport": ("Vận chuyển",),
}


def slip(document: Document | None, request: Any, form: Mapping[str, Any]) -> Slip:
    """The slip: what the doctor has written in the form, else what the Composition says; the rest is empty."""
    written = _written(form)
    exported = {field: lines(document, *keys) for field, keys in _FIELDS.items()}
    one_year = form.get("one_year")
    return Slip(
        number=(document.number if document else "")
        or _number(request, systems.SLIP)
        or form.get("slip", ""),
        record=_number(request, systems.record_number("")),
        register=_number(request, systems.SID + "transfer-register") or form.get("register", ""),
        doctor=document.authors[0] if document and document.authors else "",
        signer=document.attesters[0] if document and document.attesters else "",
        dated=document.moment if document else fhir.text(request, "occurrenceDateTime"),
        one_year=one_year if isinstance(one_year, bool) else None,
        **{field: written.get(field) or exported[field] for field in _FIELDS},
    )


def who(person: Person, form: Mapping[str, Any], on: str) -> Who:
    """The patient as the record says, else as the form says.

    Args:
        on: the day of the slip, ISO 8601, for the card's term.
    """
    said: Mapping[str, str] = form.get("person") or {}
    until = moments.day(said.get("card_until", ""))
    number = said.get("card", "")
    known = person.cards or ((Card(number, "", ""),) if number else ())
    cards = tuple(replace(c, until=c.until or until) if c.number == number else c for c in known)
    ends = [moments.parse(_iso_day(card.until)) for card in cards]
    day = moments.parse(on)
    with translation.override("vi"):
        gender = person.sex or sex(said.get("gender", ""))
    return Who(
        name=person.name or said.get("name", "").upper(),
        sex=gender,
        birth_year=person.birth_year or said.get("birth", "")[:4],
        address=person.address or said.get("address", ""),
        ethnic_group=person.ethnic_group or said.get("ethnic_group", ""),
        nationality=person.nationality or said.get("nationality", ""),
        occupation=person.occupation or said.get("occupation", ""),
        workplace=said.get("workplace", ""),
        cards=cards,
        expired=bool(ends) and day is not None and all(e is not None and e.date() < day.date() for e in ends),
        no_term=bool(cards) and not any(card.until for card in cards),
    )


def lines(document: Document | None, *keys: str) -> tuple[str, ...]:
    """The lines of the first section with one of these LOINC codes or titles."""
    for section in document.sections if document else ():
        if section.code in keys or section.title in keys:
            return section.lines
    return ()


def _written(form: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The lines that the form has for the fields of the slip, in Vietnamese."""
    found = {name: _lines(form.get(name)) for name in ("signs", "course", "condition", "direction")}
    rows = "; ".join(map(_result, form.get("key_results") or ()))
    found["results"] = (*_lines(form.get("results")), *_lines(rows))
    code = f" ({form['diagnosis_code']})" if form.get("diagnosis_code") else ""
    main = f"{form['diagnosis']}{code}" if form.get("diagnosis") else ""
    found["diagnosis"] = (*_lines(main), *_lines(form.get("other_diagnoses")))
    found["treatment"] = (*_lines(form.get("treatment")), *_lines(form.get("medicines")))
    with translation.override("vi"):
        means = str(forms.TRANSPORT.get(form.get("transport", ""), form.get("transport", "")))
    parts = (means, form.get("transport_note"), form.get("escort_name"), form.get("escort_title"))
    transport = ", ".join(part for part in parts if part)
    found["transport"] = (transport,) if transport else ()
    return found


def _lines(text: Any) -> tuple[str, ...]:
    return tuple(line for line in str(text or "").splitlines() if line.strip())


def _result(row: Mapping[str, str]) -> str:
    value = " ".join(filter(None, (row.get("value", ""), row.get("unit", ""))))
    when = moments.show(row.get("at", ""))
    return f"{row.get('test', '')}: {value}" + (f" ({when})" if when else "")


def _iso_day(shown: str) -> str:
    day, _, rest = shown.partition("/")
    month, _, year = rest.partition("/")
    return f"{year}-{month}-{day}" if year else ""


def _number(request: Any, prefix: str) -> str:
    return next(
        (
            fhir.text(i, "value")
            for i in fhir.items(request, "identifier")
            if fhir.text(i, "system").startswith(prefix)
        ),
        "",
    )
