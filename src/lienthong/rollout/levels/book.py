"""A set of criteria as data: groups, criteria and the rule of the overall level. Plain values, no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

from lienthong.foundation import json

SETS = ("tt54", "tt46", "tt13")
"""Circular 54/2017; Circular 46/2018; Circular 13/2025 with official letter 365."""
SCALES: dict[str, tuple[str, ...]] = {
    "1-7": ("0", "1", "2", "3", "4", "5", "6", "7"),
    "basic-advanced": ("none", "basic", "advanced"),
    "met": ("none", "met"),
}
"""The rungs of a group's scale from the bottom, which needs nothing."""
UNCONFIRMED = "C"


@dataclass(frozen=True, slots=True)
class Group:
    """A group of criteria; in force from ``since`` to the day before ``until``."""

    id: str
    vi: str
    en: str
    scale: str
    since: date
    until: date | None = None
    ended_vi: str = ""
    ended_en: str = ""

    @property
    def rungs(self) -> tuple[str, ...]:
        return SCALES[self.scale]

    def in_force(self, on: date) -> bool:
        return self.since <= on and (self.until is None or on < self.until)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion.

    Attributes:
        level: the rung of the group's scale that it belongs to.
        legal_no: its number or article in the document; empty where nobody has read it there.
        confidence: A, B or C, see ``data/ORIGIN.md``.
        official: the official source that an officer compared it with.
        asked: whether units answer it; else it is a rule to know, such as a deadline.
    """

    id: str
    group: str
    level: str
    vi: str
    en: str = ""
    legal_no: str = ""
    confidence: str = UNCONFIRMED
    official: str = ""
    sources: tuple[str, ...] = ()
    note_vi: str = ""
    note_en: str = ""
    asked: bool = True

    @property
    def confirmed(self) -> bool:
        return self.confidence != UNCONFIRMED


@dataclass(frozen=True, slots=True)
class Extra:
    """What a level asks for in words, beside the groups; shown, not counted."""

    vi: str
    en: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Step:
    """What an overall level requires: group to the least rung."""

    level: int
    vi: str
    en: str
    requires: Mapping[str, str]
    confidence: Mapping[str, str]
    extras: tuple[Extra, ...] = ()


@dataclass(frozen=True, slots=True)
class Book:
    """A whole set in one version. ``head`` is everything but the criteria, as the file says it."""

    head: Mapping[str, Any]
    groups: tuple[Group, ...]
    criteria: tuple[Criterion, ...]
    steps: tuple[Step, ...]

    @property
    def set(self) -> str:
        return str(self.head["set"])

    @property
    def in_force_from(self) -> date:
        return date.fromisoformat(self.head["in_force_from"])

    @property
    def in_force_to(self) -> date | None:
        """The first day on which the set is no longer in force."""
        return _day(self.head["in_force_to"])

    def of(self, group: str) -> list[Criterion]:
        """The criteria of a group that units answer."""
        return [one for one in self.criteria if one.group == group and one.asked]

    def group(self, id: str) -> Group:
        """A group by its id; KeyError when there is none."""
        return {one.id: one for one in self.groups}[id]

    def criterion(self, id: str) -> Criterion | None:
        return {one.id: one for one in self.criteria}.get(id)

    def in_force(self, on: date) -> list[Group]:
        """The groups in force on a day."""
        return [one for one in self.groups if one.in_force(on)]

    def rule_confirmed(self) -> bool:
        """Whether every entry of the rule of the overall level is confirmed."""
        return all(UNCONFIRMED not in step.confidence.values() for step in self.steps)

    def confirmed(self, group: str) -> bool:
        """Whether every criterion of a group is confirmed."""
        return all(one.confirmed for one in self.of(group))


def make(head: Mapping[str, Any], criteria: Iterable[Criterion]) -> Book:
    """A book from the head of a file and its criteria."""
    groups = tuple(
        Group(
            one["id"],
            one["vi"],
            one["en"],
            one["scale"],
            date.fromisoformat(one["in_force_from"]),
            _day(one["in_force_to"]),
            one.get("ended_vi", ""),
            one.get("ended_en", ""),
        )
        for one in head["groups"]
    )
    return Book(head, groups, tuple(criteria), _steps(head["rule"]))


def _steps(rule: Mapping[str, Any] | None) -> tuple[Step, ...]:
    return tuple(
        Step(
            one["level"],
            one["vi"],
            one["en"],
            one["requires"],
            one["confidence"],
            tuple(Extra(extra["vi"], extra["en"], extra["confidence"]) for extra in one["extras"]),
        )
        for one in (rule["levels"] if rule else ())
    )


@cache
def shipped(set: str) -> Book:
    """Version 1 of a set, as it comes with the program (``data/ORIGIN.md``)."""
    head = json.loads((resources.files(__package__) / "data" / f"{set}.json").read_bytes())
    rows = head.pop("criteria")
    return make(head, [Criterion(**{**row, "sources": tuple(row["sources"])}) for row in rows])


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
