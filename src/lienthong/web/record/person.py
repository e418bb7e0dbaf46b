"""Who it is: the banner that stands on every page of a record, and a line of a list of people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lienthong.terminology import systems
from lienthong.web.record import fhir, moments


@dataclass(frozen=True, slots=True)
class HospitalNumber:
    """A patient number and the facility that gave it."""

    value: str
    facility: str


@dataclass(frozen=True, slots=True)
class Card:
    """A health insurance card with its validity, dates as shown."""

    number: str
    since: str
    until: str


@dataclass(frozen=True, slots=True)
class Person:
    """A patient for the banner. Every text may be empty.

    Attributes:
        name: in capitals, as Vietnamese papers write it.
        born: as exact as the source: a day, or a year.
        citizen: citizen identity number, else the old identity card or passport.
        citizen_label: which of them it is.
        deceased: ``yes``, or the day of death.
    """

    id: str
    name: str
    born: str
    birth_year: str
    age: str
    sex: str
    citizen: str
    citizen_label: str
    cards: tuple[Card, ...]
    numbers: tuple[HospitalNumber, ...]
    address: str
    phone: str
    deceased: str
    ethnic_group: str
    nationality: str
    occupation: str


def person(patient: Any) -> Person:
    """The view of a FHIR Patient."""
    birth = fhir.text(patient, "birthDate")
    citizen, label = _identity(patient)
    return Person(
        id=fhir.text(patient, "id"),
        name=_name(patient).upper(),
        born=moments.show(birth),
        birth_year=birth[:4],
        age=age_words(birth),
        sex=sex(fhir.text(patient, "gender")),
        citizen=citizen,
        citizen_label=label,
        cards=tuple(_cards(patient)),
        numbers=tuple(_numbers(patient)),
        address=_address(patient),
        phone=next(
            (
                fhir.text(t, "value")
                for t in fhir.items(patient, "telecom")
                if fhir.text(t, "system") == "phone"
            ),
            "",
        ),
        deceased=_deceased(patient),
        ethnic_group=_extended(fhir.extension(patient, "ethnic-group")),
        nationality=_extended(fhir.extension(fhir.extension(patient, "patient-nationality"), "code")),
        occupation=_extended(fhir.extension(patient, "occupation")),
    )


def sex(gender: str) -> str:
    """An administrative gender of FHIR in words; empty when unknown."""
    return {"male": _("Male"), "female": _("Female"), "other": _("Other sex")}.get(gender, "")


def age_words(birth: str, on: date | None = None) -> str:
    """``65 years``; under three, with a whole birth date, ``14 months``; empty when it cannot be told."""
    months = moments.months_of_age(birth, on) if len(birth) >= 10 else None
    if months is not None and months < 36:
        return ngettext("%(n)d month", "%(n)d months", months) % {"n": months}
    years = moments.age(birth, on)
    return "" if years is None else ngettext("%(n)d year", "%(n)d years", years) % {"n": years}


def _name(patient: Any) -> str:
    name = next(iter(fhir.items(patient, "name")), {})
    given = name.get("given")
    parts = (
        [fhir.text(name, "family"), *(g for g in given if isinstance(g, str))]
        if isinstance(given, list)
        else []
    )
    return fhir.text(name, "text") or " ".join(part for part in parts if part)


def _identity(patient: Any) -> tuple[str, str]:
    for system, label in (
        (systems.CITIZEN_NUMBER, _("Citizen number")),
        (systems.OLD_IDENTITY_CARD, _("Old identity card")),
        (systems.PASSPORT, _("Passport")),
    ):
        for identifier in fhir.items(patient, "identifier"):
            if fhir.text(identifier, "system") == system and fhir.text(identifier, "value"):
                return fhir.text(identifier, "value"), label
    return "", _("Citizen number")


def _cards(patient: Any) -> list[Card]:
    return [
        Card(
            fhir.text(identifier, "value"),
            moments.day(fhir.text(identifier, "period", "start")),
            moments.day(fhir.text(identifier, "period", "end")),
        )
        for identifier in fhir.items(patient, "identifier")
        if fhir.text(identifier, "system") == systems.INSURANCE_CARD and fhir.text(identifier, "value")
    ]


def _numbers(patient: Any) -> list[HospitalNumber]:
    prefix = systems.patient_number("")
    return [
        HospitalNumber(fhir.text(identifier, "value"), fhir.text(identifier, "system").removeprefix(prefix))
        for identifier in fhir.items(patient, "identifier")
        if fhir.text(identifier, "system").startswith(prefix)
    ]


def _address(patient: Any) -> str:
    address = next(iter(fhir.items(patient, "address")), {})
    written = fhir.text(address, "text")
    parts = (fhir.text(address, part) for part in ("line", "city", "district", "state"))
    return written or ", ".join(part for part in parts if part)


def _extended(extension: Any) -> str:
    return fhir.words(fhir.at(extension, "valueCodeableConcept"))


def _deceased(patient: Any) -> str:
    moment = fhir.text(patient, "deceasedDateTime")
    return moments.show(moment) if moment else "yes" if fhir.at(patient, "deceasedBoolean") is True else ""
