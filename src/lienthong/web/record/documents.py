"""Documents of a visit (discharge paper, record summary, transfer slip …), reports in words, notes of the course."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lienthong.web.record import fhir, moments, results


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part of a document; ``lines`` are plain text."""

    title: str
    code: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A Composition.

    Attributes:
        code: LOINC code of its kind, where the source or the mapping gave one.
        number: its own number (archive number, slip number …).
        authors, attesters: names, or licence numbers where the source gives no name.
    """

    id: str
    title: str
    code: str
    number: str
    moment: str
    encounter: str
    custodian: str
    authors: tuple[str, ...]
    attesters: tuple[str, ...]
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A DiagnosticReport in words: what was found and what was concluded."""

    id: str
    name: str
    laboratory: bool
    moment: str
    findings: tuple[str, ...]
    conclusion: tuple[str, ...]
    reader: str
    encounter: str


@dataclass(frozen=True, slots=True)
class Note:
    """A note of the clinical course."""

    id: str
    moment: str
    kind: str
    lines: tuple[str, ...]
    person: str
    encounter: str


@dataclass(frozen=True, slots=True)
class Procedure:
    """An operation or other procedure that was done."""

    name: str
    moment: str
    end: str
    people: tuple[str, ...]
    anaesthesia: str


def procedure(resource: Any, names: Mapping[str, str]) -> Procedure:
    """The view of a Procedure."""
    start = fhir.text(resource, "performedDateTime") or fhir.text(resource, "performedPeriod", "start")
    return Procedure(
        name=fhir.words(fhir.at(resource, "code")),
        moment=moments.key(start),
        end=moments.key(fhir.text(resource, "performedPeriod", "end")),
        people=tuple(
            filter(None, (fhir.named(fhir.at(p, "actor"), names) for p in fhir.items(resource, "performer")))
        ),
        anaesthesia=fhir.words(fhir.at(fhir.extension(resource, "anaesthesia"), "valueCodeableConcept")),
    )


def document(composition: Any, names: Mapping[str, str]) -> Document:
    """The view of a Composition; sections inside sections follow their parent."""
    return Document(
        id=fhir.text(composition, "id"),
        title=fhir.text(composition, "title") or fhir.words(fhir.at(composition, "type")),
        code=fhir.code_of(fhir.at(composition, "type"), "loinc.org"),
        number=fhir.text(composition, "identifier", "value"),
        moment=fhir.text(composition, "date"),
        encounter=fhir.target(composition, "encounter").removeprefix("Encounter/"),
        custodian=fhir.named(fhir.at(composition, "custodian"), names),
        authors=tuple(filter(None, (fhir.named(a, names) for a in fhir.items(composition, "author")))),
        attesters=tuple(
            filter(
                None, (fhir.named(fhir.at(a, "party"), names) for a in fhir.items(composition, "attester"))
            )
        ),
        sections=tuple(_sections(composition, depth=4)),
    )


def _sections(parent: Any, depth: int) -> list[Section]:
    found = []
    for section in fhir.items(parent, "section"):
        lines = tuple(fhir.paragraphs(fhir.at(section, "text")))
        title = fhir.text(section, "title") or fhir.words(fhir.at(section, "code"))
        if lines:
            found.append(Section(title, fhir.code_of(fhir.at(section, "code"), "loinc.org"), lines))
        found.extend(_sections(section, depth - 1) if depth else ())
    return found


def section_of(shown: Document | None, *codes: str) -> tuple[str, ...]:
    """The lines of the first section with one of these LOINC codes."""
    sections = shown.sections if shown else ()
    return next((section.lines for code in codes for section in sections if section.code == code), ())


def report(resource: Any, observations: Mapping[str, Any], names: Mapping[str, str]) -> Report:
    """The view of a DiagnosticReport; ``observations`` by id hold the findings it refers to."""
    found = [
        observations.get(fhir.text(entry, "reference").removeprefix("Observation/"))
        for entry in fhir.items(resource, "result")
    ]
    name = fhir.words(fhir.at(resource, "code"))
    findings = [line for entry in found if entry is not None for line in _finding(entry, name)]
    return Report(
        id=fhir.text(resource, "id"),
        name=name,
        laboratory=any(fhir.code_of(c, "/v2-0074") == "LAB" for c in fhir.items(resource, "category")),
        moment=moments.key(fhir.text(resource, "effectiveDateTime") or fhir.text(resource, "issued")),
        findings=tuple(findings),
        conclusion=tuple(fhir.lines(fhir.text(resource, "conclusion"))),
        reader=next((fhir.named(r, names) for r in fhir.items(resource, "resultsInterpreter")), ""),
        encounter=fhir.target(resource, "encounter").removeprefix("Encounter/"),
    )


def _finding(observation: Any, name: str) -> list[str]:
    shown = results.value(observation)
    label = fhir.words(fhir.at(observation, "code"))
    lines = fhir.lines(f"{shown.text} {shown.unit}")
    return [f"{label}: {lines[0]}", *lines[1:]] if lines and label and label != name else lines


def note(impression: Any, names: Mapping[str, str]) -> Note:
    """The view of a ClinicalImpression."""
    written = [
        fhir.text(impression, "summary"),
        *(fhir.text(n, "text") for n in fhir.items(impression, "note")),
    ]
    return Note(
        id=fhir.text(impression, "id"),
        moment=moments.key(
            fhir.text(impression, "effectiveDateTime")
            or fhir.text(impression, "effectivePeriod", "start")
            or fhir.text(impression, "date")
        ),
        kind=fhir.words(fhir.at(impression, "code")) or fhir.text(impression, "description"),
        lines=tuple(dict.fromkeys(line for part in written for line in fhir.lines(part))),
        person=fhir.named(fhir.at(impression, "assessor"), names),
        encounter=fhir.target(impression, "encounter").removeprefix("Encounter/"),
    )


def notes(impressions: Iterable[Any], names: Mapping[str, str]) -> list[Note]:
    """Notes with text, in order of time."""
    return sorted((n for n in (note(i, names) for i in impressions) if n.lines), key=lambda n: n.moment)
