"""Drugs by the day they were ordered or given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from lienthong.foundation.text import fold
from lienthong.web.record import fhir, moments


@dataclass(frozen=True, slots=True)
class Drug:
    """A drug order, dispense or administration.

    Attributes:
        how: how to take it, in words.
        given: it was given or handed out, not only ordered.
    """

    name: str
    dose: str
    amount: str
    route: str
    how: str
    moment: str
    given: bool
    encounter: str


@dataclass(frozen=True, slots=True)
class Day:
    """The drugs of one day; ``date`` as shown."""

    date: str
    drugs: tuple[Drug, ...]


def drug(resource: Any) -> Drug:
    """The view of a MedicationRequest, -Dispense, -Administration or -Statement."""
    dosage = next(iter(fhir.items(resource, "dosageInstruction") or fhir.items(resource, "dosage")), {})
    kind = fhir.text(resource, "resourceType")
    medication = fhir.at(resource, "medicationCodeableConcept")
    name = fhir.words(medication)
    if not name:
        inside = {fhir.text(c, "id"): c for c in fhir.items(resource, "contained")}
        wanted = fhir.text(resource, "medicationReference", "reference").removeprefix("#")
        name = fhir.words(fhir.at(inside.get(wanted), "code")) or fhir.text(
            resource, "medicationReference", "display"
        )
    moment = (
        fhir.text(resource, "effectiveDateTime")
        or fhir.text(resource, "effectivePeriod", "start")
        or fhir.text(resource, "whenHandedOver")
        or fhir.text(resource, "authoredOn")
    )
    return Drug(
        name=name,
        dose=fhir.text(dosage, "text") or fhir.text(resource, "note", "text"),
        amount=fhir.amount(
            fhir.at(resource, "quantity")
            or fhir.at(resource, "dispenseRequest", "quantity")
            or fhir.at(dosage, "dose")
            or fhir.at(dosage, "doseAndRate", "doseQuantity")
        ),
        route=fhir.text(dosage, "route", "text"),
        how=fhir.text(dosage, "patientInstruction"),
        moment=moments.key(moment),
        given=kind in {"MedicationDispense", "MedicationAdministration"},
        encounter=(fhir.target(resource, "encounter") or fhir.target(resource, "context")).removeprefix(
            "Encounter/"
        ),
    )


def by_day(resources: Iterable[Any]) -> list[Day]:
    """The drugs day by day, newest first; an order and its dispense stand once.

    A dispense without a time counts on the day of its order.
    """
    every = [(r, drug(r)) for r in resources]
    ordered = {f"{fhir.text(r, 'resourceType')}/{fhir.text(r, 'id')}": shown.moment for r, shown in every}
    found = [
        replace(shown, moment=shown.moment or ordered.get(fhir.target(r, "authorizingPrescription"), ""))
        for r, shown in every
    ]
    days: dict[str, dict[tuple[str, str], Drug]] = {}
    for shown in sorted(found, key=lambda d: d.moment):
        if not shown.name:
            continue
        same = days.setdefault(moments.day(shown.moment), {})
        key = (fold(shown.name), shown.dose)
        if key not in same or shown.given:
            same[key] = shown
    return [Day(date, tuple(found.values())) for date, found in reversed(days.items())]
