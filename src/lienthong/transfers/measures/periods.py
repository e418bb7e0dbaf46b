"""Periods: whole weeks from Monday to Sunday in Viet Nam, so that no two periods differ by a few days alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from lienthong.foundation import clock

USUAL_WEEKS, MOST_WEEKS = 12, 106
_FIRST = date(2000, 1, 3)


@dataclass(frozen=True, slots=True)
class Period:
    """Weeks from the Monday ``first`` to the Sunday ``last``, both included."""

    first: date
    last: date

    @property
    def begins(self) -> datetime:
        """First moment."""
        return datetime.combine(self.first, datetime.min.time(), clock.VIETNAM)

    @property
    def ends(self) -> datetime:
        """First moment after it."""
        return datetime.combine(self.last + timedelta(days=1), datetime.min.time(), clock.VIETNAM)

    @property
    def weeks(self) -> list[date]:
        """Its Mondays."""
        return [self.first + timedelta(days=back) for back in range(0, (self.last - self.first).days, 7)]


def of(first: str, last: str) -> Period:
    """The weeks from that of one day to that of another (ISO 8601), at most :data:`MOST_WEEKS`, the latest.

    What is no day is left out: the period ends with the present week and has :data:`USUAL_WEEKS`.
    """
    until = _monday(_day(last) or clock.today())
    since = _day(first)
    begin = _monday(since) if since else until - timedelta(weeks=USUAL_WEEKS - 1)
    begin = max(min(begin, until), until - timedelta(weeks=MOST_WEEKS - 1))
    return Period(begin, until + timedelta(days=6))


def latest(weeks: int) -> Period:
    """So many weeks up to the present one."""
    until = _monday(clock.today())
    return Period(until - timedelta(weeks=weeks - 1), until + timedelta(days=6))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if _FIRST <= found <= date(2199, 12, 31) else None


def shown(monday: str) -> str:
    """A week, named by its Monday (ISO 8601), as pages write days: ``05/01/2026``."""
    return date.fromisoformat(monday).strftime("%d/%m/%Y")
