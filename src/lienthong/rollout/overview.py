"""The province on a day: every unit with its light, gathered from the front desks of the roll-out.

What is declared comes from facts and levels, what is proven from the evidence ladder and the feeds. A day that has
passed is told as it stood at its end, as far as the dates of what was typed and of what came tell it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from django.utils.translation import pgettext

from lienthong.foundation import clock, json
from lienthong.rollout import facts, units
from lienthong.rollout.facts import Fact
from lienthong.rollout.feeds import reading, states
from lienthong.rollout.feeds import summary as feed_words
from lienthong.rollout.ladder import rungs as evidence
from lienthong.rollout.ladder import summary as ladder_words
from lienthong.rollout.ladder.summary import Difference, Rung, differences
from lienthong.rollout.levels.summary import UnitLevels, levels
from lienthong.rollout.lights import GOALS, Due, Flow, Late, Light, Seen, Verdict, verdict
from lienthong.rollout.plan.models import Deadline
from lienthong.rollout.plan.overview import Item, Plan, plan
from lienthong.rollout.security.summary import ReviewLine, reviews
from lienthong.rollout.units import Unit
from lienthong.rollout.vendors.summary import open_faults

_WHERE = {"security": "security", "link": "ladder", "emr": "facts"}
"""Goal to the part of the board where it stands."""


@dataclass(frozen=True, slots=True)
class Next:
    """What is due next at a unit; ``source``: the part of the board where it stands."""

    day: date
    words: str
    source: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A unit: what is declared (``levels``), what is proven (``rung``: the highest reached), its light and why."""

    unit: Unit
    seen: Seen
    verdict: Verdict
    levels: UnitLevels
    rung: Rung | None
    review: ReviewLine | None
    next: Next | None

    @property
    def light(self) -> Light:
        return self.verdict.light


@dataclass(frozen=True, slots=True)
class Overview:
    """The province on a day; ``rungs`` are those reached by then."""

    day: date
    standings: tuple[Standing, ...]
    facts: Mapping[tuple[str, str], Fact]
    rungs: Mapping[str, Mapping[str, Rung]]
    plan: Plan


def look(on: date | None = None, only: str = "") -> Overview:
    """The province on a day (today if none is given); ``only``: with the standing of this unit alone."""
    day = on or clock.today()
    stand = [unit for unit in units.listing(day) if only in ("", unit.code)]
    codes = [unit.code for unit in stand]
    ladder = evidence.of_units(codes, day)
    judged = states.of_units(codes, min(reading.end_of(day), clock.now()))
    known = facts.values(day)
    level, review, work = levels(day), reviews(day), plan(day)
    reached = {
        unit: {one.name: one for one in every if one.at is not None and _day(one) <= day}
        for unit, every in ladder_words.told(ladder).items()
    }
    flows, faults = feed_words.told(judged), open_faults(day)
    less = _differences(differences(day, ladder=ladder, feeds=judged))
    stands = _standing(day)
    late: dict[str, list[Late]] = {}
    for item in work.items.values():
        if item.late and not item.done and item.due:
            late.setdefault(item.task.unit, []).append(Late(item.task.number, item.task.words, item.due))
    standing = []
    for unit in stand:
        own = reached.get(unit.code, {})
        seen = Seen(
            day,
            his_level=_level(level[unit.code], "III"),
            emr=_text(known, unit.code, "emr"),
            emr_state=_text(known, unit.code, "emr_state"),
            reached={name: _day(rung) for name, rung in own.items()},
            review=review[unit.code].state if unit.code in review else "none",
            dues=_dues(unit.kind, stands),
            late=late.get(unit.code, []),
            flows=[Flow(one.name, one.state, one.words) for one in flows.get(unit.code, [])],
            differences=less.get(unit.code, []),
            faults=sum(count for (code, _vendor), count in faults.items() if code == unit.code),
        )
        standing.append(
            Standing(
                unit,
                seen,
                verdict(seen),
                level[unit.code],
                next(reversed(own.values()), None),
                review.get(unit.code),
                _next(seen, work.of(unit.code), known.get((unit.code, "emr_planned_on"))),
            )
        )
    return Overview(day, tuple(standing), known, reached, work)


def _differences(less: Sequence[Difference]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in less:
        text = pgettext("province", "%(what)s: declared “%(declared)s”, proven: %(proven)s")
        about = {"what": one.what, "declared": one.declared, "proven": one.proven}
        found.setdefault(one.unit, []).append(text % about)
    return found


def dues(kind: str, on: date) -> tuple[Due, ...]:
    """The deadlines that apply to a kind of unit, of those that stand on a day; the first ones first."""
    return _dues(kind, _standing(on))


def _dues(kind: str, stands: Sequence[Deadline]) -> tuple[Due, ...]:
    rows = {row.code: row for row in stands}
    found = [
        Due(goal["goal"], rows[goal["deadline"]].day, goal["soon"])
        for goal in _goals()
        if goal["deadline"] in rows and (not goal["kinds"] or kind in goal["kinds"])
    ]
    return tuple(sorted(found, key=lambda due: due.day))


@dataclass(frozen=True, slots=True)
class Target:
    """A deadline of the province; ``met`` of ``of`` units reached its goal, None where it is no goal of units."""

    code: str
    day: date
    words: str
    who: str
    confidence: str
    met: int | None
    of: int


def targets(now: Overview) -> list[Target]:
    """The deadlines that stand on a day, the first ones first: all ahead, and those gone by that some unit missed."""
    found = []
    for row in _standing(now.day):
        mapped = [goal for goal in _goals() if goal["deadline"] == row.code]
        own = [
            one.seen.met(goal["goal"])
            for goal in mapped
            for one in now.standings
            if not goal["kinds"] or one.unit.kind in goal["kinds"]
        ]
        met = sum(own) if mapped else None
        if row.day >= now.day or (met is not None and met < len(own)):
            found.append(Target(row.code, row.day, row.words, row.who, row.confidence, met, len(own)))
    return found


def _standing(on: date) -> list[Deadline]:
    return list(Deadline.objects.filter(known_from__lte=on).exclude(ended_on__lte=on))


@cache
def _goals() -> list[dict[str, Any]]:
    text = resources.files("lienthong.rollout").joinpath("data", "goals.json").read_bytes()
    return list(json.loads(text))


def _next(seen: Seen, tasks: Sequence[Item], planned: Fact | None) -> Next | None:
    """The nearest day ahead: of an unmet goal, of an open task of the unit, of the planned start of the EMR."""
    ahead = [
        Next(due.day, str(GOALS[due.goal]), _WHERE[due.goal]) for due in seen.dues if not seen.met(due.goal)
    ]
    ahead += [Next(item.due, item.task.words, "plan") for item in tasks if item.due and not item.done]
    if planned is not None and not seen.on_emr:
        ahead.append(
            Next(date.fromisoformat(planned.value), str(facts.KEYS["emr_planned_on"].label), "facts")
        )
    return min((one for one in ahead if one.day >= seen.day), key=lambda one: one.day, default=None)


def _text(known: Mapping[tuple[str, str], Fact], unit: str, key: str) -> str:
    fact = known.get((unit, key))
    return fact.value if fact else ""


def _level(level: UnitLevels, group: str) -> str:
    return level.groups[group].value if group in level.groups else ""


def _day(rung: Rung) -> date:
    assert rung.at is not None
    return rung.at.astimezone(clock.VIETNAM).date()
