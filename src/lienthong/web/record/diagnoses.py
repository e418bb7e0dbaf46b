"""Diagnoses: of a visit in their rank, and of a record as distinct ones with first and last date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from lienthong.foundation.text import fold
from lienthong.terminology import systems
from lienthong.web.record import fhir, moments


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A Condition: the illness, its codes, the doctor's own words (``note``), when it was written down."""

    id: str
    text: str
    code: str
    traditional: str
    note: str
    provisional: bool
    moment: str
    encounter: str


@dataclass(frozen=True, slots=True)
class Distinct:
    """One illness over all visits: how often and from when to when it was written down (sortable moments)."""

    text: str
    code: str
    first: str
    last: str
    times: int
    encounter: str


def diagnosis(condition: Any) -> Diagnosis:
    """The view of a Condition."""
    concept = fhir.at(condition, "code")
    codes = [(system.endswith(systems.ICD10), code) for system, code, _ in fhir.codings(concept) if code]
    return Diagnosis(
        id=fhir.text(condition, "id"),
        text=fhir.words(concept),
        code=next((code for is_icd10, code in codes if is_icd10), ""),
        traditional=next((code for is_icd10, code in codes if not is_icd10), ""),
        note="; ".join(filter(None, (fhir.text(n, "text") for n in fhir.items(condition, "note")))),
        provisional=fhir.code_of(fhir.at(condition, "verificationStatus"), "")
        in {"provisional", "differential"},
        moment=moments.key(fhir.text(condition, "recordedDate") or fhir.text(condition, "onsetDateTime")),
        encounter=fhir.target(condition, "encounter").removeprefix("Encounter/"),
    )


def first_rank(entry: Any) -> int:
    """How near the front a diagnosis of an Encounter stands: discharge before admission, by rank."""
    admission = fhir.code_of(fhir.at(entry, "use"), "") == "AD"
    rank = fhir.number(fhir.at(entry, "rank"))
    return (50 if admission else 0) + (int(rank) if rank is not None and 0 < rank < 40 else 40)


def distinct(conditions: Iterable[Any]) -> list[Distinct]:
    """Each confirmed diagnosis once, the one seen last first; the same ICD-10 code is the same diagnosis."""
    found: dict[str, list[Diagnosis]] = {}
    for condition in conditions:
        shown = diagnosis(condition)
        key = shown.code or fold(shown.text)
        if key and not shown.provisional:
            found.setdefault(key, []).append(shown)
    made = []
    for same in found.values():
        same.sort(key=lambda d: d.moment)
        last = same[-1]
        made.append(
            Distinct(
                last.text,
                last.code,
                same[0].moment,
                last.moment,
                len({d.encounter for d in same}),
                last.encounter,
            )
        )
    return sorted(made, key=lambda d: (d.last, d.times), reverse=True)
