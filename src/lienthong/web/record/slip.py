"""The transfer slip of Circular 01/2025/TT-BYT annex VI, from a Composition and its ServiceRequest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lienthong.terminology import systems
from lienthong.web.record import fhir
from lienthong.web.record.documents import Document


@dataclass(frozen=True, slots=True)
class Slip:
    """The fields of the form; texts of several lines are tuples. Every field may be empty.

    Attributes:
        number, record, register: numbers of the slip, of the record and in the transfer register.
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
    doctor: str
    signer: str
    dated: str


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


def slip(document: Document | None, request: Any) -> Slip:
    """The slip; what the Composition does not say is empty."""
    return Slip(
        number=(document.number if document else "") or _number(request, systems.SLIP),
        record=_number(request, systems.record_number("")),
        register=_number(request, systems.SID + "transfer-register"),
        doctor=document.authors[0] if document and document.authors else "",
        signer=document.attesters[0] if document and document.attesters else "",
        dated=document.moment if document else fhir.text(request, "occurrenceDateTime"),
        **{field: lines(document, *keys) for field, keys in _FIELDS.items()},
    )


def lines(document: Document | None, *keys: str) -> tuple[str, ...]:
    """The lines of the first section with one of these LOINC codes or titles."""
    for section in document.sections if document else ():
        if section.code in keys or section.title in keys:
            return section.lines
    return ()


def _number(request: Any, prefix: str) -> str:
    return next(
        (
            fhir.text(i, "value")
            for i in fhir.items(request, "identifier")
            if fhir.text(i, "system").startswith(prefix)
        ),
        "",
    )
