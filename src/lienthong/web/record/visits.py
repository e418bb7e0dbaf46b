"""Visits: one line each on the timeline, and the head of a visit's own page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lienthong.terminology import systems
from lienthong.web.record import fhir, moments
from lienthong.web.record.diagnoses import Diagnosis, diagnosis, first_rank


@dataclass(frozen=True, slots=True)
class Visit:
    """An Encounter for a person to read.

    Attributes:
        kind: type of care in words (MA_LOAI_KCB).
        facility: name of the facility, or its code where no name is known.
        departments: in the order of the stay.
        main: the main diagnosis at the end, else the one on admission.
        outcome: result of treatment; ``discharge``: how the patient left.
        going_on: the source knows no end yet.
    """

    id: str
    start: str
    end: str
    kind: str
    inpatient: bool
    facility: str
    episode: str
    record_number: str
    departments: tuple[str, ...]
    reason: str
    main: Diagnosis | None
    outcome: str
    discharge: str
    treatment: str
    destination: str
    going_on: bool


def visit(encounter: Any, conditions: Iterable[Any] = (), names: Mapping[str, str] | None = None) -> Visit:
    """The view of an Encounter.

    Args:
        conditions: those of the patient or of the visit.
        names: ``Type/id`` of departments and facilities to their names.
    """
    known = names or {}
    own = ranked(encounter, conditions)
    start, end = fhir.text(encounter, "period", "start"), fhir.text(encounter, "period", "end")
    stay = fhir.at(encounter, "hospitalization")
    return Visit(
        id=fhir.text(encounter, "id"),
        start=start,
        end=end,
        kind=_kind(encounter),
        inpatient=fhir.text(encounter, "class", "code") in {"IMP", "SS"},
        facility=_facility(encounter, known),
        episode=_identifier(encounter, systems.episode("")),
        record_number=_identifier(encounter, systems.record_number("")),
        departments=tuple(
            dict.fromkeys(
                filter(
                    None,
                    (fhir.named(fhir.at(p, "location"), known) for p in fhir.items(encounter, "location")),
                )
            )
        ),
        reason="; ".join(filter(None, (fhir.words(r) for r in fhir.items(encounter, "reasonCode")))),
        main=own[0] if own else None,
        outcome=_outcome(encounter),
        discharge=fhir.words(fhir.at(stay, "dischargeDisposition")),
        treatment=fhir.text(fhir.extension(encounter, "treatment"), "valueString"),
        destination=fhir.named(fhir.at(stay, "destination"), known),
        going_on=not end and fhir.text(encounter, "status") != "finished",
    )


def ranked(encounter: Any, conditions: Iterable[Any]) -> list[Diagnosis]:
    """The diagnoses of a visit: the main one first, the one on admission last."""
    here = f"Encounter/{fhir.text(encounter, 'id')}"
    ranks = {
        fhir.target(entry, "condition").removeprefix("Condition/"): first_rank(entry)
        for entry in fhir.items(encounter, "diagnosis")
    }
    own = [diagnosis(c) for c in conditions if fhir.target(c, "encounter") == here]
    return sorted(own, key=lambda d: ranks.get(d.id, 99))


def _kind(encounter: Any) -> str:
    kinds = [t for t in fhir.items(encounter, "type") if fhir.code_of(t, "/ma-loai-kcb")] or fhir.items(
        encounter, "type"
    )
    return fhir.words(kinds[0]) if kinds else fhir.text(encounter, "class", "display")


def _facility(encounter: Any, names: Mapping[str, str]) -> str:
    prefix = systems.episode("")
    found = (fhir.text(i, "system") for i in fhir.items(encounter, "identifier"))
    return fhir.named(fhir.at(encounter, "serviceProvider"), names) or next(
        (system.removeprefix(prefix) for system in found if system.startswith(prefix)), ""
    )


def _identifier(encounter: Any, prefix: str) -> str:
    return next(
        (
            fhir.text(i, "value")
            for i in fhir.items(encounter, "identifier")
            if fhir.text(i, "system").startswith(prefix)
        ),
        "",
    )


def _outcome(encounter: Any) -> str:
    found = fhir.extension(encounter, "outcome")
    return fhir.words(fhir.at(found, "valueCodeableConcept"))


def nights(shown: Visit) -> int | None:
    """Nights between the first and the last day; None while the visit goes on."""
    start, end = moments.parse(shown.start), moments.parse(shown.end)
    return max(0, (end.date() - start.date()).days) if start and end else None
