"""The level rule: group levels, the overall level, and what is missing. One pure function of what is met.

Circular 54/2017/TT-BYT, article 4(3): a level counts only when every criterion of it and of the levels below is met.
The overall level is the highest whose entries, and those of all levels below, are met; entries of a group that is not
in force on the day are passed over.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from lienthong.rollout.levels.book import Book


@dataclass(frozen=True, slots=True)
class Lack:
    """An entry of the rule that is not met: the overall level, the group, its rung wanted and had.

    ``criteria`` are the ids still to meet.
    """

    level: int
    group: str
    needs: str
    has: str
    criteria: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """Rung of every group in force; the overall level, None for a set without a rule; why it is not one higher."""

    groups: dict[str, str]
    overall: int | None
    lack: Lack | None


def judged(book: Book, met: Collection[str], on: date) -> Result:
    """What the criteria met (ids) come to on a day."""
    groups = {group.id: rung(book, group.id, met) for group in book.in_force(on)}
    overall = 0
    for step in book.steps:
        lack = next(iter(_lacks(book, met, groups, step.level)), None)
        if lack is not None:
            return Result(groups, overall, lack)
        overall = step.level
    return Result(groups, overall if book.steps else None, None)


def rung(book: Book, group: str, met: Collection[str]) -> str:
    """The highest rung of a group at which, and below which, every criterion is met.

    A group without criteria stays at the bottom: nothing is known of it.
    """
    rungs, criteria = book.group(group).rungs, book.of(group)
    if not criteria:
        return rungs[0]
    open_at = [rungs.index(one.level) for one in criteria if one.id not in met]
    return rungs[min(open_at) - 1] if open_at else rungs[-1]


def missing(book: Book, met: Collection[str], group: str, value: str) -> tuple[str, ...]:
    """The criteria (ids) that a group still needs for a rung."""
    rungs = book.group(group).rungs
    wanted = rungs[1 : rungs.index(value) + 1]
    return tuple(one.id for one in book.of(group) if one.level in wanted and one.id not in met)


def lacking(book: Book, met: Collection[str], on: date, level: int) -> list[Lack]:
    """Everything that is missing for an overall level: each group once, with the rung that the level asks for."""
    groups = {group.id: rung(book, group.id, met) for group in book.in_force(on)}
    found = {lack.group: lack for step in range(1, level + 1) for lack in _lacks(book, met, groups, step)}
    return sorted(found.values(), key=lambda lack: list(groups).index(lack.group))


def _lacks(book: Book, met: Collection[str], groups: dict[str, str], level: int) -> list[Lack]:
    step = next(one for one in book.steps if one.level == level)
    found = []
    for group, needs in step.requires.items():
        if group not in groups:
            continue
        rungs, has = book.group(group).rungs, groups[group]
        if rungs.index(has) < rungs.index(needs):
            found.append(Lack(level, group, needs, has, missing(book, met, group, needs)))
    return found
