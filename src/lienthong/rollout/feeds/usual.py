"""What a feed usually brings by weekday and hour, and whether what it brings now is clearly less.

Plain arithmetic over counts by hour; knows neither database nor clock. Robust against what happens in a province: a
single large import, a day without power, exports once a day, holidays, feeds of three items a day. How it does in
simulated years is in ``docs/reference/feeds.md``.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from statistics import median

from lienthong.foundation import clock

WEEKS = 8
"""Complete weeks that count."""
FEWEST_ALIKE = 4
"""Days of one weekday that must be known before that weekday has a usual of its own."""
FEWEST_DAYS = 10
"""Working days that must be known before anything is usual."""
FEWEST_OFF = 4
SMALLEST_GAP = 14.0
"""A silence is none while the usual would have brought fewer items."""
SMALLEST_PART = 0.2
"""Nor while it would have brought less than this part of a working day."""
_GAPS_LEFT_OUT = 2
"""The largest gaps of the past that may have been real outages."""
_LONGER = 1.5
_DAYS_LEFT_OUT = 1
_HOUR = timedelta(hours=1)
_SUNDAY = 6

_SPREAD = 10
"""Into so many pieces at most the items of an hour are taken to divide it."""

Hours = Mapping[datetime, int]
"""Begin of an hour (UTC) to the items of that hour; hours without any may be missing."""
Moments = Mapping[datetime, tuple[datetime, datetime]]
"""Begin of an hour (UTC) to the first and the last moment in it at which something came."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual.

    Attributes:
        days: kind of day (0 to 6 for Monday to Sunday, a holiday is a Sunday) to items a day.
        shares: the same to the share of each hour of the day, 24 numbers that sum to 1, or to 0 where nothing comes.
        gap: how many items the usual must owe before a silence is one.
        least: the smallest part of its usual that a working day brings, but for a few.
    """

    days: Mapping[int, float]
    shares: Mapping[int, Sequence[float]]
    gap: float
    least: float
    working: Callable[[date], bool] = field(repr=False)

    @property
    def of_working_day(self) -> float:
        """Items that a working day usually brings."""
        return sum(self.days[kind] for kind in range(5)) / 5

    def of_day(self, day: date) -> float:
        """Items that a day usually brings."""
        return self.days[kind_of(day, self.working)]

    def of_hour(self, hour: datetime) -> float:
        """Items that an hour usually brings."""
        at = hour.astimezone(clock.VIETNAM)
        kind = kind_of(at.date(), self.working)
        return self.days[kind] * self.shares[kind][at.hour]

    def owed(self, since: datetime, until: datetime) -> float:
        """Items that usually come between two moments."""
        total, hour = 0.0, since.replace(minute=0, second=0, microsecond=0)
        while hour < until:
            part = min(until, hour + _HOUR) - max(since, hour)
            total += self.of_hour(hour) * (part / _HOUR)
            hour += _HOUR
        return total


def kind_of(day: date, working: Callable[[date], bool]) -> int:
    """The kind of a day: a holiday is as a Sunday, a weekend day that is worked as a Friday."""
    weekday = day.weekday()
    if working(day):
        return weekday if weekday < 5 else 4
    return weekday if weekday >= 5 else _SUNDAY


def day_start(day: date) -> datetime:
    """When a day begins in Viet Nam."""
    return datetime.combine(day, datetime.min.time(), clock.VIETNAM)


def learn(
    hours: Hours,
    since: datetime,
    today: date,
    working: Callable[[date], bool],
    moments: Moments | None = None,
) -> Usual | None:
    """What was usual in the last weeks before a day; None while too little is known.

    Args:
        moments: where they are not known, the longest silence that the hours allow is taken.
        since: from when on it is known what came.
        today: whose own items do not count.
        working: whether a day is a working day.
    """
    first = max(today - timedelta(weeks=WEEKS), (since.astimezone(clock.VIETNAM) + timedelta(days=1)).date())
    days = [first + timedelta(days=n) for n in range((today - first).days)]
    by_day: dict[date, list[int]] = {day: [0] * 24 for day in days}
    for hour, count in hours.items():
        at = hour.astimezone(clock.VIETNAM)
        if at.date() in by_day:
            by_day[at.date()][at.hour] += count
    groups: dict[bool, list[date]] = defaultdict(list)
    alike: dict[int, list[date]] = defaultdict(list)
    for day in days:
        groups[working(day)].append(day)
        alike[kind_of(day, working)].append(day)
    if len(groups[True]) < FEWEST_DAYS or len(groups[False]) < FEWEST_OFF:
        return None
    totals = {day: sum(counts) for day, counts in by_day.items()}
    usual: dict[int, float] = {}
    shares: dict[int, Sequence[float]] = {}
    for kind in range(7):
        group = groups[kind < 5]
        chosen = alike[kind] if len(alike[kind]) >= FEWEST_ALIKE else group
        usual[kind] = float(median(totals[day] for day in chosen))
        shares[kind] = _shares([by_day[day] for day in group])
    found = Usual(usual, shares, SMALLEST_GAP, 1.0, working)
    return Usual(usual, shares, _gap(found, hours, moments or {}, days), _least(found, totals), working)


def _shares(days: Sequence[Sequence[int]]) -> Sequence[float]:
    """The mean share of each hour, every day counting alike, however much it brought."""
    full = [day for day in days if any(day)]
    if not full:
        return [0.0] * 24
    return [sum(day[hour] / sum(day) for day in full) / len(full) for hour in range(24)]


def _gap(found: Usual, hours: Hours, moments: Moments, days: Sequence[date]) -> float:
    """One and a half times the longest silence that was usual, in items owed; at least the smallest."""
    begin, end = day_start(days[0]), day_start(days[-1] + timedelta(days=1))
    owed, gaps, hour = 0.0, [], begin
    while hour < end:
        of_hour, at = found.of_hour(hour), hour.astimezone(UTC)
        if count := hours.get(at, 0):
            first, last = ((moment - at) / _HOUR for moment in moments.get(at, (at + _HOUR, at)))
            gaps += [owed + of_hour * first, of_hour * max(0.0, last - first) / min(count, _SPREAD)]
            owed = of_hour * (1 - last)
        else:
            owed += of_hour
        hour += _HOUR
    gaps = sorted([*gaps, owed], reverse=True)
    longest = gaps[_GAPS_LEFT_OUT] if len(gaps) > _GAPS_LEFT_OUT else gaps[-1]
    return max(SMALLEST_GAP, SMALLEST_PART * found.of_working_day, _LONGER * longest)


def _least(found: Usual, totals: Mapping[date, int]) -> float:
    """The second smallest part of its usual that a working day brought which brought anything."""
    parts = sorted(
        total / found.of_day(day)
        for day, total in totals.items()
        if total and found.of_day(day) >= 1 and found.working(day)
    )
    return min(1.0, parts[_DAYS_LEFT_OUT]) if len(parts) > _DAYS_LEFT_OUT else 0.0


def silent(usual: Usual, last: datetime, now: datetime) -> bool:
    """Whether nothing has come since ``last`` although the usual owes clearly more than it ever did."""
    return usual.owed(last, now) >= usual.gap


CLEARLY_LESS = 0.5
_UNDER_LEAST = 0.7
_DEVIATIONS = 3.5


def fewer(usual: Usual, day: date, count: int) -> bool:
    """Whether a whole working day brought something, but clearly less than usual: under half, well under what any such
    day brought, and more than chance takes away. A day that brought nothing is for :func:`silent`."""
    if not count or not usual.working(day):
        return False
    expected = usual.of_day(day)
    limit = min(CLEARLY_LESS, _UNDER_LEAST * usual.least) * expected
    return count < limit and count + _DEVIATIONS * math.sqrt(expected) < expected


# Fields

RECENT_DAYS = 3
FEWEST_ITEMS = 20
_FEWEST_SHARES = 8
_FEWEST_IN_DAY = 5
_RARE = 0.2
_FELL_TO = 0.6

Shares = Mapping[date, tuple[int, int]]
"""Day to filled and all items of that day."""


@dataclass(frozen=True, slots=True)
class Fallen:
    """A field that stopped being filled: its usual share, the share now, of how many items, from which day on."""

    usual: float
    now: float
    items: int
    since: date


def fallen(days: Shares, today: date) -> Fallen | None:
    """Whether the filled share of a field fell clearly in the last days, today included; None while it did not.

    It must have fallen under three fifths of the usual share by more than four standard deviations, that of chance and
    that from day to day.
    """
    begin = today - timedelta(days=RECENT_DAYS - 1)
    past = [
        filled / of
        for day, (filled, of) in days.items()
        if begin - timedelta(weeks=WEEKS) <= day < begin and of >= _FEWEST_IN_DAY
    ]
    if len(past) < _FEWEST_SHARES or (usual := median(past)) < _RARE:
        return None
    spread = 1.4826 * median(abs(share - usual) for share in past)
    filled = of = 0
    for back in range(RECENT_DAYS):
        day = today - timedelta(days=back)
        filled, of = filled + days.get(day, (0, 0))[0], of + days.get(day, (0, 0))[1]
        if of < FEWEST_ITEMS:
            continue
        share = filled / of
        chance = math.sqrt(max(usual * (1 - usual), 0.01) / of)
        if share < _FELL_TO * usual and usual - share > 4 * math.hypot(chance, spread):
            return Fallen(usual, share, of, day)
    return None
