"""Times against a contract: round the clock, or in working hours on the working days of Viet Nam."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache

from lienthong.foundation import clock
from lienthong.rollout.money import dated
from lienthong.transfers.validity.working_days import Calendar

LONGEST_HOURS = 10_000
"""No contract allows more hours than these."""

Period = tuple[time, time]


@dataclass(frozen=True, slots=True)
class Hours:
    """The working hours of a day, in Viet Nam's time, from one day to another."""

    periods: tuple[Period, ...]
    valid_from: date
    valid_to: date | None
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Times:
    """How time is counted: ``calendar`` None counts round the clock, else ``hours`` (at least one) on its
    working days."""

    calendar: Calendar | None = None
    hours: tuple[Hours, ...] = ()

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The time that counts from one moment to another; nothing when the end is not after the start."""
        if end <= start:
            return timedelta()
        if self.calendar is None:
            return end - start
        total = timedelta()
        for first, last in self._worked(start):
            if first >= end:
                break
            total += min(end, last) - max(start, first)
        return total

    def due(self, start: datetime, allowed: timedelta) -> datetime:
        """The moment at which so much time has counted since a start.

        Raises:
            ValueError: negative, or more than any contract allows.
        """
        if not timedelta() <= allowed <= timedelta(hours=LONGEST_HOURS):
            raise ValueError(allowed)
        if self.calendar is None or not allowed:
            return start + allowed
        left = allowed
        for first, last in self._worked(start):
            begin = max(start, first)
            if begin + left <= last:
                return begin + left
            left -= last - begin
        raise ValueError(allowed)

    def _worked(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The periods of work that end after a moment, in order of time."""
        assert self.calendar is not None
        day = start.astimezone(clock.VIETNAM).date()
        while day < date.max - timedelta(days=1):
            if self.calendar.working(day):
                for first, last in self._periods(day):
                    begin = datetime.combine(day, first, clock.VIETNAM)
                    end = datetime.combine(day, last, clock.VIETNAM)
                    if end > start:
                        yield begin, end
            day += timedelta(days=1)

    def _periods(self, day: date) -> tuple[Period, ...]:
        found = (
            dated.valid(self.hours, day) or self.hours[:1]
        )  # of days before the list begins: its first row
        return found[-1].periods


ALWAYS = Times()
"""Round the clock."""


@cache
def working_hours() -> tuple[Hours, ...]:
    """The shipped working hours."""
    return tuple(
        Hours(**{**row, "periods": tuple((_time(first), _time(last)) for first, last in row["periods"])})
        for row in dated.read(__package__, "hours.json")
    )


def _time(text: str) -> time:
    return time.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class Kept:
    """Whether a time of the contract was kept.

    Attributes:
        allowed: hours; None when nothing was agreed.
        due: until when; None when nothing was agreed.
        took: the counted time it took, or has taken so far.
        late: None when nothing was agreed, or it has not been done and there is time.
        done: whether it has been done.
    """

    allowed: int | None
    due: datetime | None
    took: timedelta
    late: bool | None
    done: bool


def kept(start: datetime, end: datetime | None, allowed: int | None, times: Times, now: datetime) -> Kept:
    """A response or a repair against what the contract allows.

    Args:
        end: when it was done; None when not yet.
        allowed: hours; None when nothing was agreed.
    """
    took = times.between(start, end or now)
    if allowed is None:
        return Kept(None, None, took, None, end is not None)
    due = times.due(start, timedelta(hours=allowed))
    passed = (end or now) > due
    return Kept(allowed, due, took, True if passed else (False if end else None), end is not None)
