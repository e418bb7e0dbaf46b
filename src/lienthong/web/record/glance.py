"""A transfer at a glance, from the sender's form: what a doctor on night duty must see first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lienthong.foundation import clock
from lienthong.transfers import form as forms
from lienthong.transfers.models import Transfer
from lienthong.web.record import fhir, moments

_SIGNS = {
    "pulse": (gettext_lazy("Pulse"), "/min", 50, 110),
    "systolic": (gettext_lazy("Systolic pressure"), "mmHg", 100, 180),
    "diastolic": (gettext_lazy("Diastolic pressure"), "mmHg", None, 110),
    "breaths": (gettext_lazy("Breaths"), "/min", 10, 24),
    "spo2": (gettext_lazy("SpO2"), "%", 92, None),
    "temperature": (gettext_lazy("Temperature"), "°C", 35, 38.5),
    "glasgow": (gettext_lazy("Glasgow"), "/15", 15, None),
}
"""Label, unit, and below and above what an adult's sign is marked; near the outer bands of NEWS2."""

_AT_ANY_AGE = ("spo2", "glasgow")
_ADULT_YEARS = 16
_LOUD = ("not-asked", "unable", "not-checked", "")


@dataclass(frozen=True, slots=True)
class Sign:
    """A vital sign; mark: ``low``, ``high`` or empty."""

    label: str
    value: str
    unit: str
    mark: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A question of safety and its answer.

    Attributes:
        shape: ``bad`` there is something, ``warn`` nobody knows, ``wait`` asked and nothing.
        lines: what it is, one a line.
    """

    label: str
    answer: str
    shape: str
    lines: list[str]


@dataclass(frozen=True, slots=True)
class Glance:
    """What the form says, in the order in which it is needed."""

    case: str
    question: str
    signs: list[Sign]
    signs_at: str
    adult: bool
    facts: list[Fact]
    given: str
    treatment: str
    clinical: str
    direction: str
    travel: list[tuple[str, str]]
    missing: int


def glance(transfer: Transfer, *, incoming: bool) -> Glance:
    """The first view of a transfer, at the receiver (``incoming``) or at the sender."""
    form = transfer.form
    years = moments.age(transfer.birth)
    adult = years is None or years >= _ADULT_YEARS
    vitals = form.get("vitals") or {}
    done, needed = forms.completeness(form, transfer.receiver)
    return Glance(
        case=str(forms.CASES.get(transfer.case, "")),
        question=str(form.get("question") or ""),
        signs=[_sign(name, vitals[name], adult) for name in _SIGNS if name in vitals],
        signs_at=str(vitals.get("at") or ""),
        adult=adult,
        facts=[asked(form, incoming) for asked in (_allergies, _medicines, _infection)],
        given=str(form.get("medicines") or ""),
        treatment=str(form.get("treatment") or ""),
        clinical=str(form.get("signs") or ""),
        direction=str(form.get("direction") or ""),
        travel=_travel(form),
        missing=needed - done if form else 0,
    )


def _sign(name: str, value: Any, adult: bool) -> Sign:
    label, unit, low, high = _SIGNS[name]
    judged = adult or name in _AT_ANY_AGE
    mark = "low" if judged and low is not None and value < low else ""
    mark = "high" if judged and high is not None and value > high else mark
    return Sign(str(label), fhir.figure(value), unit, mark)


def _fact(
    label: str,
    said: dict[str, Any],
    words: Any,
    listing: tuple[str, ...],
    lines: list[str],
    incoming: bool,
) -> Fact:
    state = str(said.get("state") or "")
    unknown = _("Not told by the sending hospital: ask") if incoming else _("Not told yet")
    answer = str(words.get(state, unknown))
    shape = "bad" if state in listing else "warn" if state in _LOUD else "wait"
    return Fact(label, answer, shape, lines if state in listing else [])


def _allergies(form: Any, incoming: bool) -> Fact:
    said = form.get("allergies") or {}
    lines = [
        ": ".join(filter(None, (row.get("substance"), row.get("reaction")))) for row in said.get("list", ())
    ]
    return _fact(_("Allergies"), said, forms.ALLERGIES, ("known",), lines, incoming)


def _medicines(form: Any, incoming: bool) -> Fact:
    said = form.get("home_medicines") or {}
    lines = [
        " ".join(filter(None, (row.get("name"), row.get("dose"), row.get("frequency"))))
        for row in said.get("list", ())
    ]
    found = _fact(_("Home medicines"), said, forms.HOME_MEDICINES, ("listed",), lines, incoming)
    return Fact(found.label, found.answer, "info" if found.shape == "bad" else found.shape, found.lines)


def _infection(form: Any, incoming: bool) -> Fact:
    said = form.get("infection") or {}
    lines = [str(forms.INFECTIONS.get(code, code)) for code in said.get("list", ())]
    lines += [said["note"]] if said.get("note") else []
    return _fact(_("Infection alert"), said, forms.INFECTION, ("suspected", "present"), lines, incoming)


def _travel(form: Any) -> list[tuple[str, str]]:
    escort = ", ".join(filter(None, (form.get("escort_name"), form.get("escort_title"))))
    companion = " ".join(filter(None, (form.get("companion_name"), form.get("companion_phone"))))
    transport = " · ".join(
        filter(None, (str(forms.TRANSPORT.get(form.get("transport") or "", "")), form.get("transport_note")))
    )
    arrives = clock.moment(str(form.get("arrives_at") or ""))
    found = (
        (_("Transport"), transport),
        (_("Escort"), escort),
        (_("Relative"), companion),
        (
            _("Expected at"),
            f"{arrives.astimezone(clock.VIETNAM):%d/%m/%Y %H:%M}" if arrives else "",
        ),
        (_("Call back"), str(form.get("return_contact") or "")),
    )
    return [(label, text) for label, text in found if text]
