"""Faults in figures: how many, how fast answered and repaired, which share in time. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from lienthong.rollout.vendors.times import ALWAYS, Times, kept


@dataclass(frozen=True, slots=True)
class Fault:
    """What of a ticket is measured.

    Attributes:
        response_hours, repair_hours: what the contract allows for its severity; None: nothing agreed.
        times: how the contract counts.
    """

    vendor: str
    unit: str
    reported: datetime
    responded: datetime | None
    repaired: datetime | None
    closed: datetime | None
    response_hours: int | None = None
    repair_hours: int | None = None
    times: Times = ALWAYS

    def open_at(self, moment: datetime) -> bool:
        """Whether it was reported and neither repaired nor closed by then."""
        ends = [end for end in (self.repaired, self.closed) if end is not None]
        return self.reported <= moment and all(end > moment for end in ends)

    def as_of(self, moment: datetime) -> Fault:
        """The fault as it stood at a moment."""

        def then(end: datetime | None) -> datetime | None:
            return end if end is not None and end <= moment else None

        return Fault(
            self.vendor,
            self.unit,
            self.reported,
            then(self.responded),
            then(self.repaired),
            then(self.closed),
            self.response_hours,
            self.repair_hours,
            self.times,
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a number of faults.

    Attributes:
        response, repair: medians in real time, whatever the contract counts; None when none was answered, repaired.
        in_time, judged: answers and repairs that kept their time, of those whose time is agreed and over or that
            were done. 0 of 0 when nothing is agreed.
        late: faults with at least one time broken.
    """

    count: int
    open: int
    response: timedelta | None
    repair: timedelta | None
    in_time: int
    judged: int
    late: int

    @property
    def percent(self) -> int | None:
        """The share in time; None when nothing can be judged."""
        return None if not self.judged else round(100 * self.in_time / self.judged)


def figures(faults: Iterable[Fault], moment: datetime) -> Figures:
    """The figures of those reported up to a moment, as they stood then."""
    every = [one.as_of(moment) for one in faults if one.reported <= moment]
    verdicts = [[one_late for one_late in _verdicts(one, moment) if one_late is not None] for one in every]
    judged = [late for found in verdicts for late in found]
    return Figures(
        len(every),
        sum(one.open_at(moment) for one in every),
        _median([one.responded - one.reported for one in every if one.responded]),
        _median([one.repaired - one.reported for one in every if one.repaired]),
        judged.count(False),
        len(judged),
        sum(any(found) for found in verdicts),
    )


def _verdicts(one: Fault, moment: datetime) -> tuple[bool | None, bool | None]:
    """Late or not, of the response and of the repair; a fault closed unrepaired is not waited for any more."""
    until = min(moment, one.closed) if one.closed else moment
    return (
        kept(one.reported, one.responded, one.response_hours, one.times, until).late,
        kept(one.reported, one.repaired, one.repair_hours, one.times, until).late,
    )


def _median(values: list[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(value.total_seconds() for value in values)) if values else None
