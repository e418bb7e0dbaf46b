"""What is usual, and what is clearly less: what must hold for any feed, and figures of simulated feeds."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from hypothesis import assume, given
from hypothesis import strategies as st

from lienthong.rollout.feeds import usual
from lienthong.rollout.feeds.usual import Usual, day_start

MONDAY = date(2025, 3, 3)
HOLIDAYS = {date(2025, 4, 7), date(2025, 4, 30), date(2025, 5, 1)}
OFFICE = [0] * 7 + [2, 4, 4, 3, 1, 0, 1, 3, 3, 2, 1] + [0] * 6
"""Parts of a day's work by hour."""


def working(day: date) -> bool:
    return day.weekday() < 5 and day not in HOLIDAYS


def at(day: date, hour: float) -> datetime:
    return (day_start(day) + timedelta(hours=hour)).astimezone(UTC)


def days_after(count: int, first: date = MONDAY) -> list[date]:
    return [first + timedelta(days=n) for n in range(count)]


def steady(rate: int, weekend: int, days: list[date]) -> dict[datetime, int]:
    """The same every working day."""
    found = {}
    for day in days:
        total = rate if working(day) else weekend
        for hour, part in enumerate(OFFICE):
            if part and (count := round(total * part / sum(OFFICE))):
                found[at(day, hour)] = count
    return found


def learned(hours: dict[datetime, int], today: date, since: date = MONDAY) -> Usual:
    found = usual.learn(hours, at(since, 0) - timedelta(hours=1), today, working)
    assert found is not None
    return found


def chance(seed: int) -> Callable[[float], int]:
    """Numbers that scatter as independent arrivals do, more than that from day to day."""
    source = random.Random(seed)
    return lambda mean: max(0, round(source.gauss(mean, mean**0.5 + 0.1 * mean)))


def scattered(rate: int, days: list[date], seed: int) -> dict[datetime, int]:
    draw, found = chance(seed), {}
    for day in days:
        total = draw(rate if working(day) else rate * 0.1)
        for hour, part in enumerate(OFFICE):
            if count := draw(total * part / sum(OFFICE)):
                found[at(day, hour)] = count
    return found


def test_nothing_is_usual_before_enough_is_known() -> None:
    hours = steady(120, 10, days_after(60))
    since = at(MONDAY, 0) - timedelta(hours=1)
    assert usual.learn(hours, since, MONDAY + timedelta(days=13), working) is None
    assert usual.learn(hours, since, MONDAY + timedelta(days=14), working) is not None
    late = at(MONDAY + timedelta(days=50), 0)
    assert usual.learn(hours, late, MONDAY + timedelta(days=60), working) is None


def test_a_single_large_import_changes_nothing() -> None:
    days = days_after(42)
    hours = steady(120, 10, days)
    before = learned(hours, days[-1])
    hours[at(days[20], 9)] = 50_000
    after = learned(hours, days[-1])
    assert after.days == before.days
    assert max(abs(a - b) for a, b in zip(after.shares[1], before.shares[1], strict=True)) < 0.05


def test_a_holiday_is_as_a_sunday() -> None:
    days = days_after(60)
    found = learned(steady(120, 8, days), days[-1])
    assert found.of_day(date(2025, 4, 30)) == found.of_day(date(2025, 4, 27)) < 20 < found.of_day(MONDAY)


def test_a_night_and_a_weekend_are_no_silence() -> None:
    days = days_after(42)
    hours = steady(120, 0, days)
    friday = next(day for day in days[35:] if day.weekday() == 4)
    found = learned(hours, friday + timedelta(days=1))
    last = at(friday, 17.9)
    assert not usual.silent(found, last, at(friday + timedelta(days=2), 23))
    assert not usual.silent(found, last, at(friday + timedelta(days=3), 8))
    assert usual.silent(found, last, at(friday + timedelta(days=3), 15))


def test_a_feed_that_comes_once_a_day_is_not_silent_between() -> None:
    days = days_after(42)
    hours = {at(day, 17 + day.day % 3): 120 for day in days if working(day)}
    today = days[-1] + timedelta(days=1)
    while not working(today):
        today += timedelta(days=1)
    found = learned(hours, today)
    last = max(hours)
    assert not usual.silent(found, last, at(today, 19.9))
    assert usual.silent(found, last, at(today + timedelta(days=2), 20))


def test_a_small_feed_is_silent_only_after_days() -> None:
    days = days_after(56)
    hours = {at(day, 9): 3 for day in days if working(day)}
    found = learned(hours, days[-1])
    last = max(hours)
    assert not usual.silent(found, last, last + timedelta(days=4))
    assert usual.silent(found, last, last + timedelta(days=14))


def test_what_stopped_is_found_within_hours_and_half_a_day_is_seen() -> None:
    days = days_after(56)
    hours = scattered(120, days, 7)
    today = days[-1] + timedelta(days=1)
    assert working(today)
    found = learned(hours, today)
    assert usual.silent(found, at(today, 8), at(today, 15))
    assert usual.fewer(found, today, 30)
    assert not usual.fewer(found, today, 80)
    assert not usual.fewer(found, today, 0)  # that is a silence


def test_weeks_of_ordinary_chance_raise_no_alarm() -> None:
    alarms = 0
    days = days_after(140)
    for seed, rate in enumerate((300, 120, 40, 15, 3)):
        hours = scattered(rate, days, seed)
        moments = sorted(hours)
        for day in days[30:]:
            found = learned(hours, day)
            for hour in range(0, 24, 6):
                past = [one for one in moments if one < at(day, hour)]
                alarms += usual.silent(found, past[-1] + timedelta(minutes=59), at(day, hour))
            total = sum(count for one, count in hours.items() if at(day, 0) <= one < at(day, 24))
            alarms += usual.fewer(found, day, total)
    assert alarms <= 2


amounts = st.dictionaries(
    st.tuples(st.integers(0, 69), st.integers(0, 23)), st.integers(1, 5000), max_size=400
)


def _hours(found: dict[tuple[int, int], int]) -> dict[datetime, int]:
    return {at(MONDAY + timedelta(days=day), hour): count for (day, hour), count in found.items()}


@given(amounts, st.integers(16, 70))
def test_whatever_came_the_usual_is_whole(found: dict[tuple[int, int], int], day: int) -> None:
    today = MONDAY + timedelta(days=day)
    known = learned(_hours(found), today)
    for kind in range(7):
        assert known.days[kind] >= 0
        assert sum(known.shares[kind]) == 0 or abs(sum(known.shares[kind]) - 1) < 1e-9
    assert known.gap >= usual.SMALLEST_GAP
    assert 0 <= known.least <= 1
    whole = known.owed(at(today, 0), at(today, 24))
    share = sum(known.shares[usual.kind_of(today, working)])
    assert abs(whole - known.of_day(today) * share) < 1e-6 * (1 + whole)


@given(amounts, st.floats(0, 200), st.floats(0, 200), st.floats(0, 200))
def test_a_silence_never_ends_by_itself_and_never_begins_sooner_for_what_came_later(
    found: dict[tuple[int, int], int], first: float, second: float, third: float
) -> None:
    known = learned(_hours(found), MONDAY + timedelta(days=70))
    early, middle, late = (at(MONDAY + timedelta(days=70), h) for h in sorted((first, second, third)))
    if usual.silent(known, early, middle):
        assert usual.silent(known, early, late)
    if usual.silent(known, middle, late):
        assert usual.silent(known, early, late)
    assert not usual.silent(known, late, late)


@given(st.integers(1, 400), st.floats(0.3, 1), st.integers(0, 10**6))
def test_a_field_filled_as_ever_is_not_said_to_have_fallen(size: int, share: float, seed: int) -> None:
    draw = random.Random(seed)
    days = {
        day: (sum(draw.random() < share for _ in range(size)), size) for day in days_after(50) if working(day)
    }
    today = max(days)
    found = usual.fallen(days, today)
    assert found is None or found.now < 0.6 * found.usual


@given(st.integers(20, 400), st.floats(0.5, 1))
def test_a_field_that_stopped_is_found_on_the_same_day(size: int, share: float) -> None:
    filled = round(size * share)
    days = {day: (filled, size) for day in days_after(50) if working(day)}
    today = max(days)
    assert usual.fallen(days, today) is None
    days[today] = (0, size)
    found = usual.fallen(days, today)
    assert found is not None
    assert (found.now, found.since) == (0, today)


@given(st.integers(1, 19))
def test_a_handful_of_items_says_nothing_of_a_field(size: int) -> None:
    days = {day: (40, 40) for day in days_after(50) if working(day)}
    today = max(days) + timedelta(days=3)
    assume(not any(0 <= (today - day).days < 3 for day in days))
    assert usual.fallen(days | {today: (0, size)}, today) is None


def test_a_field_that_was_never_filled_is_no_drift() -> None:
    days = {day: (0, 100) for day in days_after(50) if working(day)}
    assert usual.fallen(days, max(days)) is None


def test_a_feed_that_comes_by_the_hour_is_not_silent_within_it() -> None:
    days = days_after(42)
    hours = {at(day, hour): 30 for day in days if working(day) for hour in range(7, 17)}
    moments = {hour: (hour + timedelta(minutes=5), hour + timedelta(minutes=6)) for hour in hours}
    today = next(day for day in days_after(10, days[-1] + timedelta(days=1)) if working(day))
    found = usual.learn(hours, at(MONDAY, 0) - timedelta(hours=1), today, working, moments)
    assert found is not None
    assert not usual.silent(found, at(today, 9.1), at(today, 10.08))
    assert usual.silent(found, at(today, 9.1), at(today, 11.5))


def test_where_things_come_all_the_time_two_hours_are_a_silence() -> None:
    days = days_after(42)
    hours = {at(day, hour): 30 for day in days if working(day) for hour in range(7, 17)}
    moments = {hour: (hour + timedelta(minutes=1), hour + timedelta(minutes=59)) for hour in hours}
    today = next(day for day in days_after(10, days[-1] + timedelta(days=1)) if working(day))
    since = at(MONDAY, 0) - timedelta(hours=1)
    found = usual.learn(hours, since, today, working, moments)
    careful = usual.learn(hours, since, today, working)
    assert found is not None
    assert careful is not None
    assert usual.silent(found, at(today, 9), at(today, 11))
    assert not usual.silent(careful, at(today, 9), at(today, 11.9))  # by the hour alone it may be usual
