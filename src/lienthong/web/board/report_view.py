"""What the pages of reports show: rows ready to print, in the language of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, gettext_lazy, pgettext, pgettext_lazy
from django.utils.translation import gettext as _

from lienthong.access.models import Role
from lienthong.facilities import directory
from lienthong.rollout import facts
from lienthong.rollout.papers.paper import Bullet, Heading, Paper, Table
from lienthong.rollout.report import issuers, snapshot, steps, words
from lienthong.rollout.report.content import Content
from lienthong.rollout.report.figures import Figure
from lienthong.rollout.report.kinds import KINDS
from lienthong.rollout.report.models import Report, ReportStep, State
from lienthong.rollout.report.sources import COUNTS, STATES
from lienthong.rollout.report.sums import Check
from lienthong.rollout.report.whole import Whole
from lienthong.rollout.scope import Person

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

OFFICE = frozenset({Role.DEPARTMENT, Role.DIVISION, Role.DIRECTOR, Role.CLERK})
"""Who sees a report before it has its number."""
SHAPES = {
    State.DRAFT: "info",
    State.UNITS: "wait",
    State.DIRECTOR: "wait",
    State.CLERK: "wait",
    State.NUMBERED: "ok",
    State.SENT: "ok",
}
_WAY: tuple[tuple[str, StrOrPromise, State], ...] = (
    (steps.DRAFTED, pgettext_lazy("report", "Drafted and handed on"), State.DRAFT),
    (steps.CONFIRMED, gettext_lazy("Data confirmed by the units"), State.UNITS),
    (steps.APPROVED, gettext_lazy("Head of division"), State.UNITS),
    (steps.SIGNED, pgettext_lazy("report", "Signed"), State.DIRECTOR),
    (steps.NUMBERED, gettext_lazy("Number from the clerk"), State.CLERK),
    (steps.SENT, pgettext_lazy("report", "Sent"), State.NUMBERED),
)
STEPS: dict[str, StrOrPromise] = {
    **{name: label for name, label, _state in _WAY},
    steps.CONFIRMED: gettext_lazy("Unit confirmed its data"),
    steps.OBJECTED: gettext_lazy("Unit did not agree with its data"),
    steps.BACK: gettext_lazy("Sent back to be corrected"),
}
"""Steps in words."""
_ORDER = [State.DRAFT, State.UNITS, State.DIRECTOR, State.CLERK, State.NUMBERED, State.SENT]


@dataclass(frozen=True, slots=True)
class Row:
    """A figure on the page, how it is computed, and the address of its source (empty where there is none)."""

    name: str
    value: str
    previous: str
    difference: str
    target: str
    late: bool
    missing: tuple[str, ...]
    doubtful: bool
    how: str
    page: str


@dataclass(frozen=True, slots=True)
class Stop:
    """A step of the approval on the page: ``ok`` done, ``wait`` open now, empty: later."""

    label: StrOrPromise
    shape: str
    words: str
    who: str
    at: datetime | None
    note: str


@dataclass(frozen=True, slots=True)
class Broken:
    """A sum that does not hold, and where it is mended."""

    words: str
    unit: str
    page: str


def visible(report: Report, person: Person) -> bool:
    """Whether a person may read the whole report: the office always, others once it has its number; units never."""
    if person.roles & OFFICE:
        return True
    return person.all_units and report.state in (State.NUMBERED, State.SENT)


def kind_name(code: str) -> str:
    """A kind's name in the language of the page."""
    return KINDS[code].en if get_language() == "en" else KINDS[code].vi


@dataclass(frozen=True, slots=True)
class Line:
    """A report on lists and at the head of its page; ``replaced``: the numbered report that corrected it."""

    report: Report
    title: str
    number: str
    shape: str
    words: str
    replaced: Report | None


def line(report: Report) -> Line:
    """A report in words."""
    state = State(report.state)
    later = next((one for one in report.replaced_by.all() if one.number), None)
    number = snapshot.number_of(report)
    return Line(report, kind_name(report.kind), number, SHAPES[state], str(state.label), later)


def figures(content: Content) -> list[Row]:
    """Every figure."""
    english = get_language() == "en"
    whole = len(content.material.units)
    defined = KINDS[content.kind].definitions
    how = {one.name: one.how_en if english else one.how_vi for one in defined}
    return [
        Row(
            one.en if english else one.vi,
            _amount(one.value, one.unit),
            _amount(one.previous, one.unit),
            _difference(one),
            _target(one),
            _late(one, content),
            (pgettext("report", "all units"),) if len(one.missing) == whole else one.missing,
            one.doubtful and one.value is not None,
            how.get(one.name, ""),
            address(one.page),
        )
        for one in content.figures
    ]


def broken(found: Sequence[Check]) -> list[Broken]:
    """Sums that do not hold, in words."""
    english = get_language() == "en"
    return [
        Broken(
            one.en if english else one.vi,
            directory.name(one.unit) if one.unit else "",
            address(one.page),
        )
        for one in found
    ]


def address(page: str) -> str:
    """The address of a page of the board; empty where there is no such page."""
    try:
        return reverse(page)
    except NoReverseMatch:
        return ""


def stops(there: Whole) -> list[Stop]:
    """The way of the report: what is done, by whom and when, and what is next."""
    report = there.report
    taken: dict[str, ReportStep] = {}
    for step in report.steps.all():
        if step.step in (steps.DRAFTED, steps.BACK):
            taken.clear()
        taken[step.step] = step
    reached = _ORDER.index(State(report.state))
    units = len(there.content.material.units)
    found = []
    for name, label, opens in _WAY:
        place = _ORDER.index(opens)
        done = taken.get(name) if name != steps.CONFIRMED else None
        if name == steps.CONFIRMED:
            told = _("%(n)d of %(all)d units") % {"n": len(there.confirmed), "all": units}
            whole = len(there.confirmed) == units
            shape = "" if reached < place else "ok" if whole else "wait" if reached == place else "warn"
            found.append(Stop(label, shape, told, "", None, ""))
        elif done is not None and reached > place:
            found.append(Stop(label, "ok", pgettext("report", "done"), done.by_name, done.at, done.note))
        else:
            shape = "wait" if reached == place else ""
            found.append(
                Stop(
                    label,
                    shape,
                    pgettext("report", "next") if shape else pgettext("report", "later"),
                    "",
                    None,
                    "",
                )
            )
    return found


def returned(report: Report) -> str:
    """Why the report came back to the draft last, if it is there because of that."""
    last = report.steps.order_by("-id").first()
    return f"{last.by_name}: {last.note}" if last is not None and last.step == steps.BACK else ""


def page_of(paper: Paper) -> list[tuple[str, list[tuple[str, object]]]]:
    """The document for a plain page: the text and each annex as a title with its blocks, each with its kind."""
    text = ("", [_block(block) for block in paper.body])
    return [
        text,
        *(
            (f"Phụ lục {annex.number}. {annex.title}", [_block(block) for block in annex.blocks])
            for annex in paper.annexes
        ),
    ]


def unconfirmed(report: Report) -> list[tuple[str, str]]:
    """Names on the letterhead and among the recipients that nobody confirmed, each with its source."""
    issuer = issuers.of(report.planned)
    found = [] if issuer.confirmed else [(issuer.superior, issuer.source)]
    recipients = issuers.recipients(report.kind, report.planned, 0)
    return found + [(one.name, one.source) for one in recipients if not one.confirmed]


def unit_rows(content: Content, code: str) -> list[tuple[str, str, bool]] | None:
    """What a report says about one unit: words, value, whether it is not confirmed; None when it is no unit of it."""
    row = next((unit for unit in content.material.units if unit.code == code), None)
    if row is None:
        return None
    found = [
        (str(key.label), key.words(row.states[name]) if name in row.states else "", name in row.unconfirmed)
        for name, key in facts.KEYS.items()
        if name in STATES
    ]
    found += [
        (str(key.label), _amount(row.counts[name]) if name in row.counts else "", name in row.unconfirmed)
        for name, key in facts.KEYS.items()
        if name in COUNTS
    ]
    for sent in content.material.exchange:
        if sent.code == code:
            parts = [_amount(value) for value in (sent.sent, sent.accepted, sent.rejected, sent.waiting)]
            found.append((_("Transfers sent, accepted, rejected, waiting"), " / ".join(parts), False))
    for money in content.material.money:
        if money.code == code:
            found.append(
                (money.item, " · ".join(filter(None, (_amount(money.estimate, "đồng"), money.stage))), False)
            )
    for hard in content.material.difficulties:
        if hard.code == code:
            found.append((pgettext("report", "Difficulty"), hard.content, False))
    return found


def _block(block: object) -> tuple[str, object]:
    if isinstance(block, Heading):
        return ("h2" if block.level == 1 else "h3"), block.text
    if isinstance(block, Bullet):
        return "bullet", block.text
    return ("table", block) if isinstance(block, Table) else ("p", getattr(block, "text", ""))


def _amount(value: int | None, unit: str = "") -> str:
    if value is None:
        return pgettext("report", "no figure")
    if get_language() != "en":
        return words.amount(value, unit)
    return f"VND {value:,}" if unit == "đồng" else f"{value:,}"


def _difference(one: Figure) -> str:
    if one.difference is None:
        return words.FIRST
    sign = "+" if one.difference > 0 else "-" if one.difference < 0 else ""
    return sign + _amount(abs(one.difference), one.unit)


def _target(one: Figure) -> str:
    goal = one.target
    if goal is None:
        return words.FIRST
    by = f" ({'/'.join(reversed(goal.by.split('-')))})" if goal.by else ""
    return _amount(goal.value, one.unit) + by


def _late(one: Figure, content: Content) -> bool:
    goal = one.target
    if goal is None or one.value is None or not goal.by:
        return False
    return one.value < goal.value and content.last.isoformat() > goal.by
