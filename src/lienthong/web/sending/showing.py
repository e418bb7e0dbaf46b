"""From values of the form to what a page shows: fields ready for their templates, and values in words."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _

from lienthong.facilities import directory, services
from lienthong.facilities.models import Facility
from lienthong.foundation import clock
from lienthong.foundation.errors import Problem
from lienthong.transfers import drafts, filling, waiting
from lienthong.transfers import form as forms
from lienthong.transfers.models import Transfer, Urgency
from lienthong.transfers.waiting import Waiting
from lienthong.web.record import moments
from lienthong.web.sending import layout, reading

STALE = timedelta(hours=24)
BLANK_ROWS = 2


@dataclass(frozen=True, slots=True)
class Offer:
    """A receiving hospital to choose.

    Attributes:
        fits: it has a service for the kind of case; confirmed: all its services were confirmed by itself.
    """

    code: str
    name: str
    services: str
    fits: bool
    confirmed: bool
    waiting: Waiting


@dataclass(slots=True)
class Shown:
    """A field on the page.

    Attributes:
        value: what stands in it: kept, or as typed when that was not taken.
        missing: the minimum safe set needs it and it is empty.
        error: why what was typed was not taken.
        theirs: what somebody else entered meanwhile, in words; who: that person.
        source: where and when it came from, in words, as long as nobody changed it.
        newer: what the record says by now, in words; newer_at: when that came.
        stale: it is of a time too long ago to speak of now.
        was, seen: name of the value and version of the transfer that the page knows.
    """

    field: layout.Field
    value: Any
    missing: bool = False
    error: str = ""
    theirs: str = ""
    who: str = ""
    source: str = ""
    newer: str = ""
    newer_at: str = ""
    stale: bool = False
    was: str = ""
    seen: int = 0
    rows: list[dict[str, str]] = dataclasses.field(default_factory=list)

    @property
    def template(self) -> str:
        """How it is asked."""
        return f"web/sending/fields/{self.field.kind}.html"

    @property
    def members(self) -> dict[str, Any]:
        """What a field of several parts consists of."""
        return {
            "vitals": layout.VITALS,
            "person": layout.PERSON_MEMBERS,
            "genders": layout.GENDERS,
            "infections": forms.INFECTIONS.items(),
        }


@dataclass(slots=True)
class ShownSection:
    """A section on the page; ``gaps``: how many of its fields are missing."""

    section: layout.Section
    fields: list[Shown]

    @property
    def gaps(self) -> int:
        return sum(shown.missing for shown in self.fields)

    @property
    def open(self) -> bool:
        """Whether there is something to do in it."""
        return any(shown.missing or shown.error or shown.theirs or shown.newer for shown in self.fields)


@dataclass(frozen=True, slots=True)
class Meter:
    """How whole the minimum safe set is: ``done`` of ``all``; ``missing``: anchor and words of each gap."""

    done: int
    all: int
    missing: list[tuple[str, str]]


_OF_THE_FORM = ("diagnosis_code", "direction")
"""What the legal form wants beside the minimum safe set (annex VI of Circular 01/2025/TT-BYT); an emergency may add
it after."""


def gaps(transfer: Transfer) -> list[str]:
    """What is still missing, members of a field by their own name (``person.birth``)."""
    found = forms.missing(drafts.whole(transfer), transfer.receiver)
    return found + [name for name in _wanted(transfer) if not transfer.form.get(name)]


def _wanted(transfer: Transfer) -> tuple[str, ...]:
    return () if transfer.urgency == Urgency.EMERGENCY else _OF_THE_FORM


def _anchors(transfer: Transfer) -> set[str]:
    return {name.partition(".")[0] for name in gaps(transfer)}


def meter(transfer: Transfer) -> Meter:
    """The meter of a draft."""
    missing = gaps(transfer)
    every = len(forms.required(drafts.whole(transfer))) + len(_wanted(transfer))
    return Meter(
        every - len(missing), every, [(name.partition(".")[0], layout.label(name)) for name in missing]
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """What was posted and not taken: as typed, and why."""

    typed: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    errors: Mapping[str, Problem] = dataclasses.field(default_factory=dict)


def sections(transfer: Transfer, kept: Kept | None = None) -> list[ShownSection]:
    """All sections of a draft."""
    found = filling.of_transfer(transfer)
    missing = _anchors(transfer)
    return [
        ShownSection(
            section, [_shown(one, transfer, found, missing, kept or Kept()) for one in section.fields]
        )
        for section in layout.SECTIONS
    ]


def one(transfer: Transfer, name: str, kept: Kept | None = None) -> Shown:
    """One field of a draft."""
    missing = _anchors(transfer)
    return _shown(layout.FIELDS[name], transfer, filling.of_transfer(transfer), missing, kept or Kept())


def _shown(
    asked: layout.Field,
    transfer: Transfer,
    found: Mapping[str, filling.Found],
    missing: set[str],
    kept: Kept,
) -> Shown:
    name = asked.name
    stored = stands(transfer, name)
    shown = Shown(asked, kept.typed.get(name, stored), missing=name in missing, seen=transfer.version)
    shown.was = reading.mark(name, stored)
    problem = kept.errors.get(name)
    if problem is not None and problem.code == "transfer-changed":
        shown.theirs, shown.who = words(name, stored) or "—", str(problem.where.get("who", ""))
    elif problem is not None:
        shown.error = _wrong(asked)
    came = filling.untouched(transfer, name)
    if came and name not in kept.typed:
        shown.source = source(came)
    if name == "vitals" and isinstance(stored, dict) and stored.get("at"):
        shown.stale = clock.now() - clock.from_iso(stored["at"]) > STALE
    offer = filling.newer(transfer, found).get(name)
    if offer is not None:
        shown.newer, shown.newer_at = words(name, offer.value), moments.show(offer.stored)
    return _with_rows(shown)


def plain(asked: layout.Field, value: Any, error: str = "", came: filling.Found | None = None) -> Shown:
    """A field before there is a draft."""
    shown = Shown(asked, value, error=error)
    if came is not None and came.value == value:
        shown.source = source({"stored": came.stored, "moment": came.moment})
    return _with_rows(shown)


def _with_rows(shown: Shown) -> Shown:
    if shown.field.kind in layout.ROWS:
        value = shown.value
        listed = value.get("list", []) if isinstance(value, dict) else value
        shown.rows = [*(listed or []), *({} for _n in range(BLANK_ROWS))]
    return shown


def stands(transfer: Transfer, name: str) -> Any:
    """What stands in a field now."""
    if name == "receiver":
        return transfer.receiver
    if name == "person":
        return drafts.whole(transfer)["person"]
    return transfer.form.get(name, "")


def _wrong(asked: layout.Field) -> str:
    if asked.kind == "vitals":
        return _("One of these is no number, or outside of what is possible.")
    if asked.kind == "person":
        return _("The date is not written as day/month/year.")
    if asked.kind == "moment":
        return _("This is no date and time.")
    return _("This value is not possible here.")


def source(came: Mapping[str, str]) -> str:
    """``from the HIS, 09:12`` on the same day, with the day before that; and of when it speaks."""
    stored = moments.show(came["stored"])
    today = moments.day(clock.iso(clock.now()))
    short = stored.removeprefix(f"{today} ")
    of = moments.show(came.get("moment", ""))
    if of:
        return _("from the HIS, %(at)s; of %(of)s") % {"at": short, "of": of}
    return _("from the HIS, %(at)s") % {"at": short}


# Values in words


def words(name: str, value: Any) -> str:
    """A field's value as a person reads it, several lines where it has several parts; empty for nothing."""
    if value in (None, "", False, [], {}):
        return ""
    if name == "receiver":
        return directory.name(str(value))
    asked = layout.FIELDS[name]
    if asked.kind == "radios":
        return str(dict(asked.choices).get(value, value))
    if asked.kind == "moment":
        return moments.show(str(value))
    if asked.kind == "flag":
        return _("Yes")
    if asked.kind == "number":
        return figure(value)
    if asked.kind == "vitals":
        return _vitals(value)
    if asked.kind == "person":
        return "\n".join(f"{label}: {text}" for label, text in person_lines(value))
    if asked.kind in ("allergies", "home_medicines", "infection"):
        return _stated(asked, value)
    if asked.kind == "key_results":
        return "\n".join(filter(None, (result(row) for row in value)))
    return str(value)


def figure(value: Any) -> str:
    """A number with the reader's decimal sign."""
    return str(value).replace(".", str(formats.get_format("DECIMAL_SEPARATOR")))


def person_lines(value: Mapping[str, str]) -> list[tuple[str, str]]:
    """Words and value of each member that is known."""
    genders = {code: str(text) for code, text in layout.GENDERS}
    found = []
    for member, label in layout.PERSON_MEMBERS:
        text = value.get(member, "")
        text = genders.get(text, text) if member == "gender" else text
        if text:
            found.append((str(label), moments.show(text) if member in layout.DATES else text))
    return found


def _vitals(value: Mapping[str, Any]) -> str:
    parts = []
    for member, label, unit in layout.VITALS:
        if value.get(member) in (None, "") or member == "diastolic":
            continue
        shown = figure(value[member])
        if member == "systolic":
            label, shown = _("Blood pressure"), f"{shown}/{figure(value.get('diastolic', '?'))}"
        joined = "" if unit in ("%", "3–15") or str(unit).startswith("/") else " "
        parts.append(f"{label} {shown}{joined}{'' if unit == '3–15' else unit}")
    at = moments.show(str(value.get("at", "")))
    return "; ".join(parts) + (f" ({at})" if at and parts else "")


def _stated(asked: layout.Field, value: Mapping[str, Any]) -> str:
    state = value.get("state", "")
    lines = [str(dict(asked.choices).get(state, state))]
    for row in value.get("list", ()):
        if isinstance(row, str):
            lines.append(str(forms.INFECTIONS.get(row, row)))
        else:
            lines.append(", ".join(text for text in row.values() if text))
    return "\n".join(filter(None, [*lines, value.get("note", "")]))


def result(row: Mapping[str, str]) -> str:
    """One result in a line."""
    if not row.get("test"):
        return ""
    flag = str(layout.FLAGS.get(row.get("flag", ""), ""))
    about = ", ".join(filter(None, (flag, row.get("range", ""), moments.show(row.get("at", "")))))
    return " ".join(filter(None, (f"{row['test']}:", row.get("value", ""), row.get("unit", "")))) + (
        f" ({about})" if about else ""
    )


# Receiving hospitals


def offers(case: str) -> list[Offer]:
    """Connected hospitals: those with a service for the case first."""
    here = directory.here()
    codes = [f.code for f in Facility.objects.all() if f.code != here and directory.nodes("site", f.code)]
    times = waiting.times(codes)
    found = []
    for code in codes:
        own = services.of(code)
        found.append(
            Offer(
                code=code,
                name=directory.name(code),
                services=", ".join(s.name for s in own),
                fits=bool(case) and any(case in s.cases for s in own),
                confirmed=all(s.confirmed for s in own),
                waiting=times[code],
            )
        )
    return sorted(found, key=lambda offer: not offer.fits)


def wanted_services(receiver: str) -> list[str]:
    """Names of services to choose from."""
    return [s.name for s in services.of(receiver)] if receiver else []


def legal_order(transfer: Transfer) -> Iterable[tuple[str, str, str, bool]]:
    """Name, words, value and whether it is missing of each field, in the order of the form of annex VI of Circular
    01/2025/TT-BYT, then what the receiving hospital needs beside it."""
    missing = _anchors(transfer)
    case = transfer.form.get("case", "")
    for name in _LEGAL:
        asked = layout.FIELDS[name]
        value = words(name, stands(transfer, name))
        if value or name in missing or (name in _ALWAYS_SHOWN and (not asked.cases or case in asked.cases)):
            yield name, str(asked.label), value, name in missing


_LEGAL = (
    *("slip", "register", "receiver", "urgency", "case", "service", "question", "person", "signs", "course"),
    *("key_results", "results", "diagnosis", "diagnosis_code", "other_diagnoses", "treatment", "medicines"),
    *("condition", "vitals", "onset_at", "weight", "birth_weight", "gestation_weeks", "pregnancy"),
    *("allergies", "home_medicines", "infection", "reason", "direction", "departs_at", "arrives_at"),
    *("one_year", "one_year_why", "transport", "transport_note", "escort_name", "escort_title"),
    *("companion_name", "companion_phone", "return_contact", "basis", "basis_detail"),
)
_ALWAYS_SHOWN = frozenset(
    {"receiver", "diagnosis", "signs", "treatment", "condition", "direction", "transport"}
)
