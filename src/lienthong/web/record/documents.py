"""Papers of a visit (discharge paper, transfer slip …), reports in words, notes of the course."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.utils.translation import gettext as _

from lienthong.terminology import systems
from lienthong.web.record import fhir, moments, results

REFERRAL_NOTE = "57133-1"
PATIENT_REFERRAL = "3457005"


class HasResource(Protocol):
    """A stored resource; see :class:`lienthong.records.Stored`."""

    @property
    def resource(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Section:
    """A titled part of a document; ``lines`` are plain text."""

    title: str
    code: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A paper.

    Attributes:
        type: Composition, DocumentReference or Appointment.
        code: LOINC code of its kind, where the source or the mapping gave one.
        number: its own number (archive number, slip number …).
        authors, attesters: names, or licence numbers where the source gives no name.
    """

    type: str
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


def is_slip(composition: Any) -> bool:
    """Whether a Composition is a transfer slip (LOINC 57133-1)."""
    return fhir.code_of(fhir.at(composition, "type"), systems.LOINC) == REFERRAL_NOTE


def is_referral(request: Any) -> bool:
    """Whether a ServiceRequest asks for a transfer (SNOMED CT 3457005)."""
    return fhir.code_of(fhir.at(request, "code"), systems.SNOMED) == PATIENT_REFERRAL


def is_paper(resource: Any) -> bool:
    """Whether a person can read it: a Composition, an Appointment, a DocumentReference with plain text."""
    return fhir.text(resource, "resourceType") != "DocumentReference" or bool(_plain(resource))


def document(resource: Any, names: Mapping[str, str]) -> Document:
    """The view of a Composition, of a DocumentReference with plain text, or of an Appointment."""
    kind = fhir.text(resource, "resourceType")
    people = ("author", "participant") if kind != "Appointment" else ("participant",)
    signers = [fhir.at(a, "party") for a in fhir.items(resource, "attester")] or fhir.items(
        resource, "authenticator"
    )
    return Document(
        type=kind,
        id=fhir.text(resource, "id"),
        title=fhir.text(resource, "title")
        or fhir.words(fhir.at(resource, "type"))
        or fhir.text(resource, "appointmentType", "text")
        or kind,
        code=fhir.code_of(fhir.at(resource, "type"), systems.LOINC),
        number=fhir.text(resource, "identifier", "value"),
        moment=_dated(resource),
        encounter=(
            fhir.target(resource, "encounter") or fhir.target(resource, "context", "encounter")
        ).removeprefix("Encounter/"),
        custodian=fhir.named(fhir.at(resource, "custodian"), names),
        authors=_people((p.get("actor", p) for name in people for p in fhir.items(resource, name)), names),
        attesters=_people(signers, names),
        sections=tuple(_sections(resource, depth=4)) or _told(resource, kind),
    )


def _people(references: Iterable[Any], names: Mapping[str, str]) -> tuple[str, ...]:
    people = (r for r in references if not fhir.target(r).startswith("Patient/"))
    return tuple(dict.fromkeys(filter(None, (fhir.named(r, names) for r in people))))


def _dated(resource: Any) -> str:
    return (
        fhir.text(resource, "date")
        or fhir.text(resource, "content", "attachment", "creation")
        or fhir.text(resource, "requestedPeriod", "start")
        or fhir.text(resource, "start")
        or fhir.text(resource, "created")
        or fhir.text(resource, "context", "period", "start")
    )


def _told(resource: Any, kind: str) -> tuple[Section, ...]:
    if kind == "DocumentReference":
        return (Section("", "", tuple(_plain(resource)[1:])),)
    if kind == "Appointment":
        day = moments.day(fhir.text(resource, "requestedPeriod", "start") or fhir.text(resource, "start"))
        comment = fhir.text(resource, "comment")
        return tuple(
            Section(title, "", (line,))
            for title, line in ((_("Day of the appointment"), day), ("", comment))
            if line
        )
    return ()


def _plain(resource: Any) -> list[str]:
    """The lines of an attachment of plain text."""
    attachment = fhir.at(resource, "content", "attachment")
    if not fhir.text(attachment, "contentType").startswith("text/plain"):
        return []
    try:
        content = base64.b64decode(fhir.text(attachment, "data"), validate=True).decode()
    except ValueError:
        return []
    return fhir.lines(content)


def _sections(parent: Any, depth: int) -> list[Section]:
    found = []
    for section in fhir.items(parent, "section"):
        lines = tuple(fhir.paragraphs(fhir.at(section, "text")))
        title = fhir.text(section, "title") or fhir.words(fhir.at(section, "code"))
        if lines:
            found.append(Section(title, fhir.code_of(fhir.at(section, "code"), "loinc.org"), lines))
        found.extend(_sections(section, depth - 1) if depth else ())
    return found


def in_words(report: Any) -> bool:
    """Whether a DiagnosticReport says more than figures: a conclusion, or no laboratory report."""
    return bool(fhir.text(report, "conclusion")) or not _laboratory(report)


def _laboratory(report: Any) -> bool:
    return any(fhir.code_of(c, "/v2-0074") == "LAB" for c in fhir.items(report, "category"))


def report(resource: Any, observations: Mapping[str, HasResource], names: Mapping[str, str]) -> Report:
    """The view of a DiagnosticReport; ``observations`` by id hold the findings it refers to."""
    found = [
        observations.get(fhir.text(entry, "reference").removeprefix("Observation/"))
        for entry in fhir.items(resource, "result")
    ]
    name = fhir.words(fhir.at(resource, "code"))
    findings = [line for entry in found if entry is not None for line in _finding(entry.resource, name)]
    return Report(
        id=fhir.text(resource, "id"),
        name=name,
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
