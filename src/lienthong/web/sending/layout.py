"""Sections of the sender's page and the fields in each, in the order in which a doctor at a bedside knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from lienthong.transfers import form as forms
from lienthong.transfers.models import Urgency

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the form as it is asked.

    Attributes:
        kind: names the template ``web/sending/fields/<kind>.html``.
        rows: height of a text; choices: of a coded field.
        cases: asked only for these kinds of case; always when empty.
    """

    name: str
    label: StrOrPromise
    kind: str = "line"
    hint: StrOrPromise = ""
    rows: int = 2
    choices: tuple[tuple[str, StrOrPromise], ...] = ()
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """Fields that belong together; ``name`` is the anchor."""

    name: str
    title: StrOrPromise
    fields: tuple[Field, ...]


def _of(choices: Mapping[Any, Any]) -> tuple[tuple[str, StrOrPromise], ...]:
    return tuple(choices.items())


URGENCY = Field("urgency", _("How urgent"), "radios", choices=_of(dict(Urgency.choices)))
CASE = Field("case", _("Kind of case"), "radios", choices=_of(forms.CASES))
RECEIVER = Field("receiver", _("Receiving hospital"), "receiver")
DIAGNOSIS = Field("diagnosis", _("Main diagnosis"), "text")
CONDITION = Field(
    "condition",
    _("Condition of the patient now"),
    "text",
    _("Consciousness, pulse, blood pressure, breathing, SpO2, what is running"),
    rows=3,
)

SECTIONS = (
    Section(
        "where",
        _("Where to, and how urgent"),
        (
            URGENCY,
            CASE,
            RECEIVER,
            Field("service", _("Department or service wanted there"), "service"),
            Field("question", _("What is asked of the receiving hospital"), "text"),
        ),
    ),
    Section(
        "now",
        _("The patient now"),
        (
            CONDITION,
            Field("vitals", _("Vital signs"), "vitals"),
            Field("onset_at", _("When it began"), "moment", cases=("heart", "stroke")),
            Field("weight", _("Weight, kg"), "number", cases=("child", "newborn")),
            Field("birth_weight", _("Weight at birth, g"), "number", cases=("newborn",)),
            Field(
                "gestation_weeks",
                _("Weeks of pregnancy, completed"),
                "number",
                cases=("obstetric", "newborn"),
            ),
            Field("pregnancy", _("Pregnancy: which, course, membranes, labour"), cases=("obstetric",)),
        ),
    ),
    Section(
        "ask",
        _("To be asked: no export of the HIS carries this"),
        (
            Field("allergies", _("Allergies"), "allergies", choices=_of(forms.ALLERGIES)),
            Field(
                "home_medicines",
                _("Medicines taken at home"),
                "home_medicines",
                choices=_of(forms.HOME_MEDICINES),
            ),
            Field("infection", _("Infection alert"), "infection", choices=_of(forms.INFECTION)),
        ),
    ),
    Section(
        "illness",
        _("Illness and treatment"),
        (
            DIAGNOSIS,
            Field("diagnosis_code", _("ICD-10 code")),
            Field("other_diagnoses", _("Other diagnoses"), "text"),
            Field("signs", _("Clinical signs"), "text", rows=3),
            Field("course", _("Course of the illness"), "text", rows=4),
            Field("key_results", _("Main results"), "key_results"),
            Field("results", _("Images and other results, in words"), "text", rows=3),
            Field("treatment", _("Methods, procedures and techniques done"), "text"),
            Field("medicines", _("Medicines given here"), "text", rows=4),
            Field("direction", _("Further treatment proposed"), "text"),
        ),
    ),
    Section(
        "slip",
        _("Reason and legal basis"),
        (
            Field("reason", _("Reason for the transfer"), "radios", choices=_of(forms.REASONS)),
            Field("basis", _("Legal basis for sharing the record"), "radios", choices=_of(forms.BASES)),
            Field("basis_detail", _("Number and date of the written request")),
            Field("slip", _("Number of the slip"), hint=_("As the HIS gives it; may follow after")),
            Field("register", _("Number in the transfer register")),
            Field("one_year", _("The slip is valid for one year (annex III)"), "flag"),
            Field("one_year_why", _("Disease of annex III")),
        ),
    ),
    Section(
        "journey",
        _("Journey"),
        (
            Field("transport", _("Means of transport"), "radios", choices=_of(forms.TRANSPORT)),
            Field("departs_at", _("Leaves at"), "moment"),
            Field("arrives_at", _("Expected there at"), "moment"),
            Field("escort_name", _("Escort: name")),
            Field("escort_title", _("Escort: title")),
            Field("companion_name", _("Relative who goes along")),
            Field("companion_phone", _("Telephone of the relative")),
            Field("transport_note", _("About the transport")),
            Field("return_contact", _("Who is told the outcome here (name, telephone)")),
        ),
    ),
    Section("person", _("Person and insurance"), (Field("person", _("Person and insurance"), "person"),)),
)

FIELDS = {field.name: field for section in SECTIONS for field in section.fields}
START = (URGENCY, CASE, RECEIVER, DIAGNOSIS, CONDITION)
"""What is asked before a draft begins; enough to send an emergency."""

PERSON_MEMBERS: tuple[tuple[str, StrOrPromise], ...] = (
    ("name", _("Full name")),
    ("birth", _("Date or year of birth")),
    ("gender", _("Sex")),
    ("citizen", _("Citizen number")),
    ("card", _("Insurance card")),
    ("card_until", _("Card valid until")),
    ("first_facility", _("Facility of first registration")),
    ("address", _("Address")),
    ("phone", _("Telephone")),
    ("ethnic_group", _("Ethnic group")),
    ("nationality", _("Nationality")),
    ("occupation", _("Occupation")),
    ("workplace", _("Place of work")),
)
GENDERS = (("male", _("Male")), ("female", _("Female")), ("other", _("Other sex")))
DATES = frozenset({"birth", "card_until"})
VITALS: tuple[tuple[str, StrOrPromise, StrOrPromise], ...] = (
    ("pulse", _("Pulse"), _("/min")),
    ("systolic", _("Blood pressure, upper"), "mmHg"),
    ("diastolic", _("lower"), "mmHg"),
    ("breaths", _("Breaths"), _("/min")),
    ("spo2", "SpO2", "%"),
    ("temperature", _("Temperature"), "°C"),
    ("glasgow", "Glasgow", "3–15"),
)
ROWS: dict[str, tuple[tuple[str, StrOrPromise], ...]] = {
    "allergies": (("substance", _("To what")), ("reaction", _("Reaction")), ("severity", _("How severe"))),
    "home_medicines": (("name", _("Medicine")), ("dose", _("Dose")), ("frequency", _("How often"))),
    "key_results": (("test", _("Test")), ("value", _("Value")), ("unit", _("Unit"))),
}
"""Columns of the lists, which are typed row by row."""

FLAGS = {"high": _("high"), "low": _("low"), "abnormal": _("abnormal")}


def label(name: str) -> str:
    """The words for a field, or for a member of one (``person.name``, ``vitals.glasgow``)."""
    outer, _dot, inner = name.partition(".")
    if outer == "person" and inner:
        return str(dict(PERSON_MEMBERS).get(inner, inner))
    if outer == "vitals" and inner:
        return next((str(words) for member, words, _unit in VITALS if member == inner), inner)
    return str(FIELDS[outer].label) if outer in FIELDS else name
