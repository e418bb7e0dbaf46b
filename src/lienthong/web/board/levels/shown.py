"""Levels as the pages show them: a value with its words, and whether it is confirmed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import pgettext

from lienthong.rollout.levels import rule, words
from lienthong.rollout.levels.book import UNCONFIRMED, Book, Step
from lienthong.rollout.levels.filled import Outcome
from lienthong.rollout.levels.models import Assessment, State
from lienthong.rollout.levels.standing import Standing, Told

SHAPES = {State.OPEN: "wait", State.SUBMITTED: "info", State.RETURNED: "warn", State.DECIDED: "ok"}
"""State of an assessment to the shape of its tag."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A level. ``text`` is empty where nothing is known; ``sure`` is False where it is to be confirmed."""

    text: str
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Side:
    """A line of levels; ``cells`` in the order of the groups in force."""

    name: str
    label: str
    cells: list[Cell]
    overall: Cell
    ready: Cell
    why: str
    told: Told | None


def sides(unit: Standing, law: Book, on: date) -> list[Side]:
    """Declared, assessed and reviewed, whether there is anything to say or not."""
    groups = [group.id for group in law.in_force(on)]
    facts = [unit.declared.get(group) for group in groups]
    declared = [Cell(words.short(fact.value), fact.confirmed) if fact else Cell("") for fact in facts]
    return [
        Side("declared", pgettext("levels", "Declared"), declared, Cell(""), Cell(""), "", None),
        _side("assessed", pgettext("levels", "Self-assessed"), groups, unit.assessed),
        _side("reviewed", pgettext("levels", "Reviewed"), groups, unit.reviewed),
    ]


def _side(name: str, label: str, groups: list[str], told: dict[str, Told]) -> Side:
    levels, ready = told.get("tt54"), told.get("tt13")
    outcome = levels.outcome if levels else None
    return Side(
        name,
        label,
        [cell(outcome, group) for group in groups],
        overall(outcome),
        Cell("{}/{}".format(*ready.outcome.count())) if ready else Cell(""),
        words.why(outcome) if outcome else "",
        levels or ready,
    )


def cell(outcome: Outcome | None, group: str) -> Cell:
    """A group's level."""
    if outcome is None or group not in outcome.groups:
        return Cell("")
    return Cell(words.short(outcome.groups[group]), group in outcome.confirmed)


def overall(outcome: Outcome | None) -> Cell:
    """The overall level."""
    if outcome is None or outcome.overall is None:
        return Cell("")
    return Cell(words.short(str(outcome.overall)), "overall" in outcome.confirmed)


def document(assessment: Assessment) -> str:
    """The documents that fix the levels: the department's, else the unit's."""
    number, day = assessment.document, assessment.day
    if not number:
        number, day = assessment.unit_document, assessment.unit_day
    return f"{number}, {day:%d/%m/%Y}" if number and day else ""


# The picture of the rule


@dataclass(frozen=True, slots=True)
class Entry:
    """A cell of the picture: what a level asks of a group. ``state``: ``met``, ``short`` or ``none`` (nothing)."""

    group: str
    needs: str
    state: str
    sure: bool


@dataclass(frozen=True, slots=True)
class Stair:
    """A row of the picture: a level, what it asks, and whether the unit stands on it or below it."""

    step: Step
    entries: list[Entry]
    state: str


@dataclass(frozen=True, slots=True)
class Picture:
    """The stairs of the rule, the highest level first; ``has`` is each group's level, in the order of ``groups``."""

    groups: list[str]
    has: list[Cell]
    stairs: list[Stair]
    overall: int


def picture(law: Book, groups: dict[str, str], on: date) -> Picture:
    """How levels of groups come to the overall level on a day."""
    in_force = law.in_force(on)
    met = {
        one.id
        for group in in_force
        for one in law.of(group.id)
        if group.rungs.index(one.level) <= group.rungs.index(groups.get(group.id, group.rungs[0]))
    }
    found = rule.judged(law, met, on)
    reached = found.overall or 0
    stairs = []
    for step in reversed(law.steps):
        entries = []
        for group in in_force:
            needs = step.requires.get(group.id)
            if needs is None:
                entries.append(Entry(group.id, "", "none", True))
                continue
            enough = group.rungs.index(found.groups[group.id]) >= group.rungs.index(needs)
            sure = step.confidence.get(group.id, UNCONFIRMED) != UNCONFIRMED
            entries.append(Entry(group.id, words.short(needs), "met" if enough else "short", sure))
        state = "here" if step.level == reached else "below" if step.level < reached else "above"
        stairs.append(Stair(step, entries, state))
    has = [Cell(words.short(found.groups[group.id])) for group in in_force]
    return Picture([group.id for group in in_force], has, stairs, reached)


def tier(name: str) -> str:
    """The words for a tier of the December tables."""
    return {
        "province": pgettext("levels", "Province"),
        "district": pgettext("levels", "District, area"),
        "commune": pgettext("levels", "Commune"),
    }[name]
