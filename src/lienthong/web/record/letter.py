"""A letter as people read it: the minimum set line by line, and what was left out, in the language of the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lienthong.foundation import clock
from lienthong.transfers import form as forms
from lienthong.transfers.letter.minimum import LONGEST, Minimum
from lienthong.transfers.models import Urgency
from lienthong.web.record import moments
from lienthong.web.record.person import age_words, sex
from lienthong.web.record.slip import Slip, Who

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

NAMES = {
    "diagnosis": gettext_lazy("Diagnosis"),
    "diagnosis_code": gettext_lazy("ICD-10 code"),
    "other_diagnoses": gettext_lazy("Other diagnoses"),
    "medicines": gettext_lazy("Drugs given"),
    "home_medicines": gettext_lazy("Home medicines"),
    "allergies": gettext_lazy("Allergies"),
    "infection": gettext_lazy("Infection"),
    "vitals": gettext_lazy("Vital signs"),
    "key_results": gettext_lazy("Key results"),
    "condition": gettext_lazy("Condition at transfer"),
    "question": gettext_lazy("What is asked of the receiving hospital"),
    "signs": gettext_lazy("Clinical signs"),
    "treatment": gettext_lazy("Treatment"),
    "results": gettext_lazy("Results in words"),
    "direction": gettext_lazy("Further treatment"),
    "transport": gettext_lazy("Transport"),
    "transport_note": gettext_lazy("Note on the transport"),
    "escort_name": gettext_lazy("Escort"),
    "escort_title": gettext_lazy("Title of the escort"),
    "companion_phone": gettext_lazy("Telephone of the companion"),
    "return_contact": gettext_lazy("Contact at the sending hospital"),
    "pregnancy": gettext_lazy("Pregnancy"),
    "person": gettext_lazy("Personal data"),
    "slip": gettext_lazy("Slip number"),
    "ma_lk": gettext_lazy("Episode"),
    "signed_by": gettext_lazy("Signed by"),
    "basis": gettext_lazy("Legal basis"),
}
"""What a letter says, by the names of the form."""
_COUNTED = {name for name in LONGEST if name in ("key_results", "home_medicines", "allergies", "infection")}
_COUNTED |= {"person", "vitals"}


@dataclass(frozen=True, slots=True)
class Line:
    """One fact of the letter: its label and its lines; ``alert``: allergies and infections that are there."""

    label: StrOrPromise
    lines: tuple[str, ...]
    alert: bool = False


def lines(minimum: Minimum) -> list[Line]:
    """What the letter says, what matters first at the top; what it does not say is not there."""
    form = minimum.as_dict()["form"]
    found = [
        _allergies(form),
        _infection(form),
        Line(_("Diagnosis"), _some(_with_code(minimum), minimum.other_diagnoses)),
        Line(_("Condition at transfer"), _some(minimum.condition)),
        Line(_("Vital signs"), _some(_vitals(form.get("vitals", {})))),
        Line(_("What is asked of the receiving hospital"), _some(minimum.question)),
        Line(_("Drugs given"), _some(minimum.medicines)),
        _home(form),
        Line(_("Key results"), tuple(map(_result, form.get("key_results", ())))),
        Line(_("Results in words"), _some(minimum.results)),
        Line(_("Clinical signs"), _some(minimum.signs)),
        Line(_("Treatment"), _some(minimum.treatment)),
        Line(_("Further treatment"), _some(minimum.direction)),
        Line(_("Pregnancy"), _some(minimum.pregnancy, _weeks(minimum.gestation_weeks))),
        Line(_("Began at"), _some(moments.show(minimum.onset_at))),
        Line(_("Weight"), _some(_unit(minimum.weight, "kg"), _unit(minimum.birth_weight, "g"))),
        Line(_("Reason for the transfer"), _some(_word(forms.REASONS, minimum.reason))),
        Line(_("Legal basis"), _some(_word(forms.BASES, minimum.basis))),
        Line(_("Transport and escort"), _some(_way(minimum), minimum.companion_phone)),
        Line(_("Left at"), _some(moments.show(minimum.departs_at))),
        Line(_("Contact at the sending hospital"), _some(minimum.return_contact)),
        Line(_("Valid for one year"), (_("Yes"),) if minimum.one_year else ()),
    ]
    return [line for line in found if line.lines]


@dataclass(frozen=True, slots=True)
class Head:
    """Who it is about and how urgent it is, in words."""

    name: str
    about: str
    citizen: str
    card: str
    urgency: str
    case: str
    signed_at: str


def head(minimum: Minimum) -> Head:
    """The banner of the letter."""
    person = minimum.person
    until = moments.day(person.card_until)
    card = f"{person.card} ({_('until')} {until})" if until else person.card
    about = (moments.show(person.birth), age_words(person.birth), sex(person.gender))
    return Head(
        name=person.name.upper(),
        about=" · ".join(filter(None, about)),
        citizen=person.citizen,
        card=card,
        urgency=_word(dict(Urgency.choices), minimum.urgency),
        case=_word(forms.CASES, minimum.case),
        signed_at=moments.show(clock.iso(minimum.signed_at)),
    )


def left_out(counts: Mapping[str, int]) -> list[str]:
    """``Key results: 3 entries``, ``Condition at transfer: 120 characters``."""
    return [f"{NAMES.get(name, name)}: {_amount(name, number)}" for name, number in counts.items()]


def _amount(name: str, number: int) -> str:
    if name in _COUNTED:
        return ngettext("%(n)d entry", "%(n)d entries", number) % {"n": number}
    return ngettext("%(n)d character", "%(n)d characters", number) % {"n": number}


def besides(slip: Slip, who: Who) -> dict[str, object]:
    """What the slip of a HIS says, under the names of the form, for a transfer whose form is empty."""
    texts = {name: "\n".join(getattr(slip, name)) for name in ("signs", "treatment", "results", "direction")}
    card = who.cards[0] if who.cards else None
    until = _iso(card.until) if card else ""
    person = {"card": card.number, "card_until": until} if card else {}
    return {**texts, "person": person}


def _iso(shown: str) -> str:
    parts = shown.split("/")
    return "-".join(reversed(parts)) if len(parts) == 3 else ""


def _allergies(form: Mapping[str, Mapping[str, object]]) -> Line:
    said = form.get("allergies", {})
    listed = tuple(_joined(row, "substance", "reaction", "severity") for row in _rows(said))
    state = str(said.get("state", "")) or "not-asked"
    return Line(_("Allergies"), (_word(forms.ALLERGIES, state), *listed), alert=bool(listed))


def _infection(form: Mapping[str, Mapping[str, object]]) -> Line:
    said = form.get("infection", {})
    state = str(said.get("state", "")) or "not-checked"
    codes = said.get("list")
    listed = tuple(_word(forms.INFECTIONS, str(code)) for code in codes) if isinstance(codes, list) else ()
    shown = _some(_word(forms.INFECTION, state), ", ".join(listed), str(said.get("note", "")))
    return Line(_("Infection"), shown, alert=state in ("present", "suspected"))


def _home(form: Mapping[str, Mapping[str, object]]) -> Line:
    said = form.get("home_medicines", {})
    listed = tuple(_joined(row, "name", "dose", "frequency") for row in _rows(said))
    state = str(said.get("state", "")) or "not-asked"
    return Line(_("Home medicines"), (_word(forms.HOME_MEDICINES, state), *listed))


def _rows(said: Mapping[str, object]) -> Iterable[Mapping[str, str]]:
    rows = said.get("list")
    return rows if isinstance(rows, list) else ()


def _joined(row: Mapping[str, str], *names: str) -> str:
    return ", ".join(row[name] for name in names if row.get(name))


def _result(row: Mapping[str, str]) -> str:
    value = " ".join(filter(None, (row.get("value"), row.get("unit"), _flag(row.get("flag", "")))))
    beside = filter(None, (row.get("range"), moments.show(row.get("at", "")), row.get("laboratory")))
    note = ", ".join(beside)
    return f"{row.get('test', '')}: {value}" + (f" ({note})" if note else "")


def _flag(flag: str) -> str:
    return {"H": "↑", "HH": "↑↑", "L": "↓", "LL": "↓↓"}.get(flag, flag)


def _vitals(said: Mapping[str, str]) -> str:
    pressure = "/".join(filter(None, (said.get("systolic"), said.get("diastolic"))))
    parts = (
        (_("pulse"), said.get("pulse"), "/min"),
        (_("blood pressure"), pressure, "mmHg"),
        (_("breaths"), said.get("breaths"), "/min"),
        ("SpO2", said.get("spo2"), "%"),
        (_("temperature"), said.get("temperature"), "°C"),
        ("Glasgow", said.get("glasgow"), ""),
    )
    shown = ", ".join(f"{label} {value} {unit}".strip() for label, value, unit in parts if value)
    at = moments.show(said.get("at", ""))
    return f"{shown} ({at})" if shown and at else shown


def _with_code(minimum: Minimum) -> str:
    code = f"({minimum.diagnosis_code})" if minimum.diagnosis_code else ""
    return " ".join(filter(None, (minimum.diagnosis, code)))


def _way(minimum: Minimum) -> str:
    means = _word(forms.TRANSPORT, minimum.transport)
    return ", ".join(filter(None, (means, minimum.transport_note, minimum.escort_name, minimum.escort_title)))


def _weeks(number: str) -> str:
    return _("%(n)s weeks") % {"n": number} if number else ""


def _unit(value: str, unit: str) -> str:
    return f"{value} {unit}" if value else ""


def _word(words: Mapping[str, object], code: str) -> str:
    return str(words.get(code, code))


def _some(*texts: str) -> tuple[str, ...]:
    return tuple(line for text in texts for line in text.splitlines() if line.strip())
