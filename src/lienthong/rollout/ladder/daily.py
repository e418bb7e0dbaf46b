"""Days without a gap: pure arithmetic over what one feed brought by day.

A day with usual work is a working day, and a weekend day or holiday on which the feed usually brings something. Such a
day on which nothing came is a gap. Other days are neither. Only whole days count, and only as far as the unit has
told; what it tells late closes a gap that was none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

WANTED = 30

Why = Literal["nothing", "off"]


@dataclass(frozen=True, slots=True)
class Gap:
    """A day with usual work on which nothing came: from the systems (``nothing``), or because the program did not run
    at the unit (``off``)."""

    day: date
    why: Why


@dataclass(frozen=True, slots=True)
class Run:
    """Days without a gap.

    Attributes:
        days: of the present run, weekends included.
        since: its first day; None while there is none.
        longest: days of the longest run ever; longest_to: its last day.
        reached: the day on which the present run had thirty days; None while it has not.
        broken: the gap that ended the run before; None when there was none.
        gaps: all of them.
        until: the last day that is known.
    """

    days: int
    since: date | None
    longest: int
    longest_to: date | None
    reached: date | None
    broken: Gap | None
    gaps: tuple[Gap, ...]
    until: date


def run(
    counts: Mapping[date, int],
    until: date,
    usual_work: Callable[[date], bool],
    ran: Collection[date] | None = None,
) -> Run:
    """What the days come to.

    Args:
        counts: items by day of arrival; days without any may be missing.
        until: the last whole day that is known.
        usual_work: whether a day is one with usual work.
        ran: days on which the program ran; None where that was never counted.
    """
    came = {day for day, count in counts.items() if count and day <= until}
    first = min(came, default=until + timedelta(days=1))
    days = longest = 0
    since = longest_to = reached = None
    gaps: list[Gap] = []
    began = min(ran) if ran else None
    for day in (first + timedelta(days=n) for n in range((until - first).days + 1)):
        if day in came or not usual_work(day):
            since = since or day
            days += 1
            if days == WANTED:
                reached = day
        else:
            off = began is not None and day >= began and day not in (ran or ())
            gaps.append(Gap(day, "off" if off else "nothing"))
            days, since, reached = 0, None, None
        if days > longest:
            longest, longest_to = days, day
    return Run(days, since, longest, longest_to, reached, gaps[-1] if gaps else None, tuple(gaps), until)
