"""What a page needs from the store, in as few reads as the store's packs allow.

The whole history is read only for visits and diagnoses; of what is many (results, drugs) the newest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from lienthong import records
from lienthong.facilities import directory
from lienthong.records import Stored, values
from lienthong.terminology import systems
from lienthong.transfers.models import Transfer
from lienthong.web.record import diagnoses, documents, drugs, fhir, person, results, visits
from lienthong.web.record.results import Group, Table
from lienthong.web.record.source import Source, source

VISITS = 10
RESULTS = 300
ALL_RESULTS = 700
DRUGS = 120
DOCUMENTS = 12
DAYS_OF_VISIT = 14
_PAPERS_READ = 60
REPORTS = 6
DIAGNOSES = 12
VITAL_SIGNS = 6
PAPERS = ("Composition", "DocumentReference", "Appointment")
MEDICATION = ("MedicationAdministration", "MedicationDispense", "MedicationRequest", "MedicationStatement")
Content = TypeVar("Content")
_NAMED = ("Organization/", "Location/", "Practitioner/", "PractitionerRole/")


@dataclass(frozen=True, slots=True)
class Block(Generic[Content]):
    """A block of a page with the stamp of where it comes from; ``more`` counts what it leaves out."""

    content: Content
    source: Source | None
    more: int = 0


@dataclass(frozen=True, slots=True)
class Overview:
    """The record's first page."""

    person: person.Person
    protected: int
    allergies: tuple[str, ...]
    blood_groups: tuple[str, ...]
    visits: Block[list[visits.Visit]]
    visits_in_all: int
    next_visits: str
    diagnoses: Block[list[diagnoses.Distinct]]
    drugs: Block[list[drugs.Day]]
    results: Block[Table]
    vital_signs: Block[Table]
    reports: Block[list[documents.Report]]
    documents: Block[list[documents.Document]]


@dataclass(frozen=True, slots=True)
class VisitPage:
    """Everything of one visit; ``unread`` are ``(field, text)`` that could not be read as data."""

    visit: visits.Visit
    protected: int
    source: Source | None
    diagnoses: list[diagnoses.Diagnosis]
    notes: list[documents.Note]
    drugs: list[drugs.Day]
    results: Table
    vital_signs: list[Group]
    reports: list[documents.Report]
    procedures: list[documents.Procedure]
    documents: list[documents.Document]
    unread: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Dossier:
    """What came, or went, with a transfer.

    Attributes:
        visit: None while the dossier is not there.
        slip: the transfer slip; request: its ServiceRequest.
        protected: entries here that are specially protected and therefore not shown.
        tests: Observations of the laboratory and blood groups.
    """

    person: person.Person
    visit: VisitPage | None
    slip: documents.Document | None
    request: dict[str, Any]
    protected: int
    tests: list[dict[str, Any]]


def overview(stored: Stored, *, before: str = "") -> Overview:
    """The first page of a record.

    Args:
        stored: the Patient.
        before: show only visits that began at this moment or earlier (paging).
    """
    history = records.for_patient(stored.id, ["Encounter", "Condition", "AllergyIntolerance"])
    encounters, conditions = _of(history, "Encounter"), _of(history, "Condition")
    measured = records.for_patient(stored.id, ["Observation", "DiagnosticReport"], limit=RESULTS)
    given = _last_visit_only(records.for_patient(stored.id, MEDICATION, limit=DRUGS))
    papers = _newest_appointment(records.for_patient(stored.id, PAPERS, limit=_PAPERS_READ))

    shown = [e for e in encounters if not before or e.moment <= before]
    rest, shown = shown[VISITS:], shown[:VISITS]
    told = [m for m in _of(measured, "DiagnosticReport") if documents.in_words(m.resource)][: REPORTS + 1]
    known = names([*shown, *papers[:DOCUMENTS], *told])
    by_visit: dict[str, list[Any]] = {}
    for condition in conditions:
        by_visit.setdefault(fhir.target(condition.resource, "encounter"), []).append(condition.resource)
    distinct = diagnoses.distinct(c.resource for c in conditions)
    observations = _of(measured, "Observation")
    laboratory = [o for o in observations if results.is_laboratory(o.resource)]
    vital = [o for o in observations if results.is_vital_sign(o.resource)]
    found = _reports(measured, known, REPORTS + 1)
    return Overview(
        person=person.person(stored.resource),
        protected=records.restricted_count(stored.id),
        allergies=tuple(_allergies(_of(history, "AllergyIntolerance"))),
        blood_groups=tuple(_blood_groups(stored.id)),
        visits=Block(
            [visits.visit(e.resource, by_visit.get(e.ref, ()), known) for e in shown],
            source(shown),
            len(rest),
        ),
        visits_in_all=len(encounters),
        next_visits=rest[0].moment if rest else "",
        diagnoses=Block(distinct[:DIAGNOSES], source(conditions), max(0, len(distinct) - DIAGNOSES)),
        drugs=Block(drugs.by_day(s.resource for s in given), source(given)),
        results=Block(
            results.table(
                (o.resource for o in laboratory), (r.resource for r in _of(measured, "DiagnosticReport"))
            ),
            source(laboratory),
        ),
        vital_signs=Block(results.table(o.resource for o in vital), source(vital)),
        reports=Block(
            found[:REPORTS], source(_of(measured, "DiagnosticReport")), max(0, len(found) - REPORTS)
        ),
        documents=Block(
            [documents.document(p.resource, known) for p in papers[:DOCUMENTS]],
            source(papers),
            max(0, len(papers) - DOCUMENTS),
        ),
    )


def visit(encounter: Stored) -> VisitPage:
    """Everything of one visit that is not specially protected."""
    own = records.of_origin(encounter.origin) if encounter.origin else [encounter]
    return visit_page(encounter, own)


def visit_page(encounter: Stored, own: list[Stored], *, protected: bool = False) -> VisitPage:
    """The page of a visit from its resources; with ``protected`` of the specially protected ones alone."""
    part = [s for s in own if s.restricted == protected]
    known = names([encounter, *part])
    observations = [o.resource for o in _of(part, "Observation")]
    reports = [r.resource for r in _of(part, "DiagnosticReport")]
    conditions = [c.resource for c in _of(part, "Condition")]
    shown = visits.visit(encounter.resource, conditions, known)
    return VisitPage(
        visit=shown,
        protected=0 if protected else len(own) - len(part),
        source=source(part),
        diagnoses=visits.ranked(encounter.resource, conditions),
        notes=documents.notes((n.resource for n in _of(part, "ClinicalImpression")), known),
        drugs=drugs.by_day(s.resource for s in part if s.type in MEDICATION),
        results=results.table(
            (o for o in observations if results.is_laboratory(o)), reports, columns=DAYS_OF_VISIT
        ),
        vital_signs=_vital_signs([o for o in _of(part, "Observation") if results.is_vital_sign(o.resource)]),
        reports=_reports(part, known),
        procedures=sorted(
            (documents.procedure(p.resource, known) for p in _of(part, "Procedure")), key=lambda p: p.moment
        ),
        documents=[
            documents.document(p.resource, known)
            for p in part
            if p.type in PAPERS and documents.is_paper(p.resource)
        ],
        unread=[line for s in part for line in fhir.unread(s.resource)],
    )


def all_results(stored: Stored, *, before: str = "") -> tuple[results.Table, Source | None, str]:
    """Results of a moment and earlier; their source; the moment to go on from, or empty."""
    measured = records.for_patient(
        stored.id, ["Observation", "DiagnosticReport"], until=before, limit=ALL_RESULTS
    )
    laboratory = [o for o in _of(measured, "Observation") if results.is_laboratory(o.resource)]
    found = results.table(
        (o.resource for o in laboratory), (r.resource for r in _of(measured, "DiagnosticReport")), columns=20
    )
    more = measured[-1].moment if len(measured) == ALL_RESULTS and measured[-1].moment != before else ""
    return found, source(laboratory), more


def all_diagnoses(stored: Stored) -> tuple[list[diagnoses.Distinct], Source | None]:
    """Each diagnosis of the record once."""
    conditions = records.for_patient(stored.id, ["Condition"])
    return diagnoses.distinct(c.resource for c in conditions), source(conditions)


def all_documents(stored: Stored) -> tuple[list[documents.Document], Source | None]:
    """All papers of the record, newest first."""
    papers = [p for p in records.for_patient(stored.id, PAPERS) if documents.is_paper(p.resource)]
    known = names(papers)
    return [documents.document(p.resource, known) for p in papers], source(papers)


def paper(kept: Stored) -> documents.Document:
    """One paper."""
    return documents.document(kept.resource, names([kept]))


def last_visit(stored: Stored) -> str:
    """When the last visit of a patient began, ISO 8601 UTC; empty without one."""
    found = records.for_patient(stored.id, ["Encounter"], limit=1)
    return found[0].moment if found else ""


def patient_of(resource: Any) -> str:
    """``Patient/id`` of the patient that a clinical resource belongs to; empty without one."""
    return values.patient_ref(resource)


def protected(stored: Stored) -> list[VisitPage]:
    """What is specially protected, visit by visit, newest first. The reader has given a reason before."""
    kept = [s for s in records.for_patient(stored.id, with_restricted=True) if s.restricted]
    found = []
    for origin in dict.fromkeys(s.origin for s in kept):
        own = records.of_origin(origin)
        encounter = next((s for s in own if s.type == "Encounter"), None)
        if encounter is not None:
            found.append(visit_page(encounter, own, protected=True))
    return found


def dossier(transfer: Transfer) -> Dossier:
    """What came with a transfer (at the receiver) or belongs to it (at the sender)."""
    own: list[Stored] = []
    for origin in (
        f"transfer/{transfer.loop}",
        f"his-xml/{transfer.sender}/{transfer.ma_lk}",
        f"transfer-by-hand/{transfer.ma_lk}",
    ):
        own = own or records.of_origin(origin)
    shown = [s for s in own if not s.restricted]
    stored = records.read("Patient", transfer.patient)
    encounter = next((s for s in shown if s.type == "Encounter"), None)
    slips = [s for s in _of(shown, "Composition") if documents.is_slip(s.resource)]
    requests = [s.resource for s in _of(shown, "ServiceRequest") if documents.is_referral(s.resource)]
    return Dossier(
        person=person.person(stored.resource if stored else {}),
        visit=visit_page(encounter, own) if encounter else None,
        slip=documents.document(slips[0].resource, names(slips[:1])) if slips else None,
        request=requests[0] if requests else {},
        protected=len(own) - len(shown),
        tests=[
            o.resource
            for o in _of(shown, "Observation")
            if results.is_laboratory(o.resource) or results.is_blood_group(o.resource)
        ],
    )


def names(kept: Iterable[Stored]) -> dict[str, str]:
    """``Type/id`` of the facilities, departments and people that resources refer to, with their names."""
    wanted: set[str] = set()
    for stored in kept:
        _collect(stored.resource, wanted)
    return {
        ref: name
        for ref, found in records.read_many(sorted(wanted)).items()
        if (name := _name(found.resource))
    }


def _collect(value: Any, wanted: set[str]) -> None:
    if isinstance(value, dict):
        reference = value.get("reference")
        if isinstance(reference, str) and reference.startswith(_NAMED):
            wanted.add(reference)
        for part in value.values():
            _collect(part, wanted)
    elif isinstance(value, list):
        for part in value:
            _collect(part, wanted)


def _name(resource: Any) -> str:
    for identifier in fhir.items(resource, "identifier"):
        code = fhir.text(identifier, "value")
        if fhir.text(identifier, "system") == systems.FACILITY:
            known = directory.name(code)
            return known if known != code else fhir.text(resource, "name") or code
    written = fhir.at(resource, "name")
    name = written if isinstance(written, str) else fhir.text(resource, "name", "text")
    return name or fhir.text(resource, "identifier", "value")


def _of(kept: Iterable[Stored], kind: str) -> list[Stored]:
    return [stored for stored in kept if stored.type == kind]


def _last_visit_only(kept: list[Stored]) -> list[Stored]:
    def where(stored: Stored) -> str:
        return drugs.drug(stored.resource).encounter

    last = where(kept[0]) if kept else ""
    return [stored for stored in kept if where(stored) == last]


def _newest_appointment(kept: list[Stored]) -> list[Stored]:
    """The papers; of appointments, of which every visit has one, the newest alone."""
    appointments = _of(kept, "Appointment")[1:]
    return [p for p in kept if p not in appointments and documents.is_paper(p.resource)]


def _allergies(kept: Iterable[Stored]) -> list[str]:
    return [text for s in kept if (text := fhir.words(fhir.at(s.resource, "code")))]


def _blood_groups(patient: str) -> list[str]:
    told = records.with_code(patient, "Observation", systems.LOINC, results.BLOOD_GROUP)
    found = (results.value(o.resource).text for o in told)
    return list(dict.fromkeys(text for text in found if text))


def _vital_signs(kept: Iterable[Stored]) -> list[results.Group]:
    return results.groups((o.resource for o in kept), columns=VITAL_SIGNS)


def _reports(kept: Iterable[Stored], known: Mapping[str, str], most: int = 500) -> list[documents.Report]:
    every = list(kept)
    wanted = [r.resource for r in _of(every, "DiagnosticReport") if documents.in_words(r.resource)][:most]
    observations = {o.id: o for o in _of(every, "Observation")}
    found = [documents.report(r, observations, known) for r in wanted]
    told = [r for r in found if r.conclusion or r.findings]
    return sorted(told, key=lambda r: r.moment, reverse=True)
