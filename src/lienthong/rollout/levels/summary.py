"""What the report and the page of the province ask about levels."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.utils.translation import gettext as _

from lienthong.rollout import units
from lienthong.rollout.levels import criteria, filled, rule, standing, words
from lienthong.rollout.levels.book import Book
from lienthong.rollout.levels.models import Assessment
from lienthong.rollout.levels.standing import Standing

TT54, TT13 = "tt54", "tt13"
Source = Literal["declared", "assessed", "reviewed"]


@dataclass(frozen=True, slots=True)
class GroupLevel:
    """A group's level: ``1`` to ``7`` (``0``: below 1), or ``none``, ``basic``, ``advanced``.

    ``confirmed`` is False where the declaration is not confirmed, or the level rests on criteria of confidence C.
    """

    value: str
    confirmed: bool
    source: Source


@dataclass(frozen=True, slots=True)
class UnitLevels:
    """A unit on a day.

    Attributes:
        groups: ``I`` to ``VIII``; a group of which nothing is known, or that is not in force, is left out.
        overall: only from an assessment, never from declared figures; None where there is none.
        overall_confirmed: False where that rests on anything that is to be confirmed.
        overall_why: why it is not one higher, or that there is no figure; a sentence.
        ready13: criteria of Circular 13/2025 and letter 365 met, and those that apply; ``(0, 0)`` without an
            assessment: say that there is no figure.
    """

    groups: dict[str, GroupLevel]
    overall: int | None
    overall_why: str
    ready13: tuple[int, int]
    overall_confirmed: bool


@dataclass(frozen=True, slots=True)
class Missing:
    """A criterion that a unit still needs for an overall level, and the rung of its group that needs it.

    ``state``: ``not-met``, ``unanswered`` (also when the wording changed since) or ``not-agreed``.
    """

    group: str
    needs: str
    id: str
    vi: str
    en: str
    confirmed: bool
    state: str


def levels(on: date) -> dict[str, UnitLevels]:
    """Every unit that stands on the day, in the order of lists. A reviewed level goes before the unit's own word,
    that before the declared one."""
    known = standing.standings(on)
    law = criteria.book_of(criteria.in_use(TT54, on))
    return {unit.code: _unit(known.get(unit.code, Standing()), law, on) for unit in units.listing(on)}


def _unit(unit: Standing, law: Book, on: date) -> UnitLevels:
    in_force = {group.id for group in law.in_force(on)}
    groups = {
        group: GroupLevel(fact.value, fact.confirmed, "declared")
        for group, fact in unit.declared.items()
        if group in in_force
    }
    sides: tuple[tuple[Source, dict[str, standing.Told]], ...] = (
        ("assessed", unit.assessed),
        ("reviewed", unit.reviewed),
    )
    for source, side in sides:
        if told := side.get(TT54):
            outcome = told.outcome
            for group, value in outcome.groups.items():
                if group in in_force:
                    groups[group] = GroupLevel(value, group in outcome.confirmed, source)
    told, ready = unit.told(TT54), unit.told(TT13)
    ordered = {group.id: groups[group.id] for group in law.groups if group.id in groups}
    return UnitLevels(
        ordered,
        told.outcome.overall if told else None,
        words.why(told.outcome)
        if told
        else _("No figures yet: the unit has not sent an assessment of all groups."),
        ready.outcome.count() if ready else (0, 0),
        told is None or "overall" in told.outcome.confirmed,
    )


def missing(facility: str, level: int, on: date) -> list[Missing] | None:
    """What a unit needs for an overall level of Circular 54/2017, by what it answered last, reviewed or not.

    None when it has answered nothing yet; empty when nothing is missing.
    """
    newest = Assessment.objects.filter(facility=facility, set=TT54).select_related("version").first()
    return None if newest is None else lacking(filled.read(newest), level, on)


def lacking(form: filled.Filled, level: int, on: date) -> list[Missing]:
    """The same for one assessment: what the department has reviewed goes before what the unit said."""
    answers = form.outcome(on, reviewed=False).answers
    refused = {key for key, verdict in form.verdicts.items() if verdict.value != "agree"}
    met = {id for id, value in answers.items() if value in filled.COUNTED and id not in refused}
    found = []
    for lack in rule.lacking(form.book, met, on, level):
        for id in lack.criteria:
            one = form.book.criterion(id)
            if one is None:
                continue
            said = answers.get(id, "")
            state = "not-agreed" if said in filled.COUNTED else said or "unanswered"
            found.append(Missing(lack.group, lack.needs, id, one.vi, one.en, one.confirmed, state))
    return found


# The December report


@dataclass(frozen=True, slots=True)
class Shares:
    """A group's table: each criterion with how many units meet it. ``confirmed`` False: to be confirmed."""

    group: str
    name: str
    rows: tuple[Share, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Share:
    """``met`` of ``of`` units meet a criterion; only units count that have assessed it and to which it applies."""

    id: str
    legal_no: str
    text: str
    level: str
    confirmed: bool
    met: int
    of: int


@dataclass(frozen=True, slots=True)
class FacilityLevels:
    """A line of the list of facilities."""

    code: str
    name: str
    tier: str
    levels: UnitLevels
    document: str
    day: date | None


@dataclass(frozen=True, slots=True)
class December:
    """Tables of the yearly report of levels (Circular 54/2017; layout of confidence B).

    Attributes:
        tiers: tier (:data:`TIERS`) to number of facilities; None where the board keeps none of that tier, so that
            nothing is known of them.
        reached: overall level, as text, to number of facilities; ``""``: not assessed.
        groups_reached: group to rung to number of facilities, ``""``: no figure.
        notes: a comment for each of the tables tiers, reached and facilities.
    """

    on: date
    tiers: dict[str, int | None]
    reached: dict[str, int]
    groups_reached: dict[str, dict[str, int]]
    facilities: tuple[FacilityLevels, ...]
    shares: tuple[Shares, ...]
    notes: dict[str, str]


TIERS = ("province", "district", "commune")


def december(on: date) -> December:
    """The yearly report's tables as of a day. Reviewed answers count where there are, else those the unit sent."""
    listed = units.listing(on)
    found, known = levels(on), standing.standings(on)
    told = {unit.code: known[unit.code].told(TT54) if unit.code in known else None for unit in listed}
    law = criteria.book_of(criteria.in_use(TT54, on))
    outcomes = [one.outcome for one in told.values() if one]
    facilities = tuple(
        FacilityLevels(
            unit.code,
            unit.name_en if words.english() else unit.name,
            _tier(unit.kind),
            found[unit.code],
            (one.assessment.document or one.assessment.unit_document) if (one := told[unit.code]) else "",
            (one.assessment.day or one.assessment.unit_day) if one else None,
        )
        for unit in listed
    )
    reached = Counter("" if line.levels.overall is None else str(line.levels.overall) for line in facilities)
    tiers = Counter(line.tier for line in facilities)
    silent = len(listed) - len(outcomes)
    notes = {
        "tiers": _("%(n)d facilities of the province stood on the day.") % {"n": len(listed)},
        "reached": _(
            "%(n)d of %(all)d facilities have sent an assessment; for the others there are no figures yet."
        )
        % {"n": len(outcomes), "all": len(listed)},
        "facilities": _(
            "Levels marked “%(mark)s” rest on criteria or declarations that nobody has confirmed."
        )
        % {"mark": words.unconfirmed()},
    }
    return December(
        on,
        {tier: tiers[tier] or None for tier in TIERS},
        {value: reached[value] for value in [*(str(n) for n in range(8)), ""]},
        {
            group.id: dict(
                Counter(
                    line.levels.groups[group.id].value if group.id in line.levels.groups else ""
                    for line in facilities
                )
            )
            for group in law.in_force(on)
        },
        facilities,
        tuple(_shares(law, group.id, outcomes, silent) for group in law.in_force(on)),
        notes,
    )


def _tier(kind: str) -> str:
    if "commune" in kind:
        return "commune"
    if "medical centre" in kind:
        return "district"
    return "province"


def _shares(law: Book, group: str, outcomes: list[filled.Outcome], silent: int) -> Shares:
    rows = []
    for one in law.of(group):
        said = [value for outcome in outcomes if (value := outcome.answers.get(one.id, "")) not in ("", "na")]
        rows.append(
            Share(
                one.id, one.legal_no, words.text(one), one.level, one.confirmed, said.count("met"), len(said)
            )
        )
    note = _("%(n)d facilities without an assessment are not counted.") % {"n": silent}
    if not law.confirmed(group):
        note += " " + _("Wording and level of some criteria are to be confirmed with the official text.")
    return Shares(group, words.text(law.group(group)), tuple(rows), note)
