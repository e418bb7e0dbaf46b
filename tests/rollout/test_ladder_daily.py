"""Days without a gap, against the definition written out once more, and cases that people meet."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lienthong.rollout.ladder import daily

MONDAY = date(2025, 3, 3)


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def office(value: date) -> bool:
    return value.weekday() < 5


def test_weekends_count_and_do_not_break() -> None:
    counts = {day(n): 5 for n in range(33) if office(day(n))}
    found = daily.run(counts, day(32), office)
    assert (found.days, found.since, found.reached, found.broken) == (33, MONDAY, day(29), None)


def test_a_working_day_without_anything_breaks_and_says_when_and_why() -> None:
    counts = {day(n): 5 for n in range(60) if n not in (42, 43)}
    found = daily.run(counts, day(59), office, [day(n) for n in range(60) if n != 43])
    assert (found.days, found.since, found.reached) == (16, day(44), None)
    assert (found.longest, found.longest_to) == (42, day(41))
    assert found.broken == daily.Gap(day(43), "off")
    assert found.gaps == (daily.Gap(day(42), "nothing"), daily.Gap(day(43), "off"))


def test_what_is_not_known_yet_neither_counts_nor_breaks() -> None:
    counts = {day(n): 5 for n in range(10)}
    assert daily.run(counts, day(9), office).days == 10
    assert daily.run(counts, day(4), office).days == 5
    assert daily.run(counts, day(4), office).broken is None


def test_before_the_program_counted_its_running_a_gap_is_the_systems() -> None:
    found = daily.run({day(0): 1, day(4): 1}, day(4), office, [day(3), day(4)])
    assert [gap.why for gap in found.gaps] == ["nothing", "nothing", "nothing"]


def test_before_the_first_record_there_is_nothing_to_break() -> None:
    found = daily.run({}, day(9), office)
    assert (found.days, found.longest, found.since, found.broken) == (0, 0, None, None)


@given(st.sets(st.integers(0, 120)), st.integers(0, 120))
def test_a_run_is_the_days_back_to_the_last_gap(came: set[int], until: int) -> None:
    found = daily.run({day(n): 1 for n in came}, day(until), office)
    seen = [n for n in came if n <= until]
    gaps = [n for n in range(min(seen, default=until + 1), until + 1) if n not in came and office(day(n))]
    begin = max([*gaps, min(seen, default=until + 1) - 1]) + 1
    assert found.days == until + 1 - begin
    assert [gap.day for gap in found.gaps] == [day(n) for n in gaps]
    assert (found.reached == day(begin + 29)) if found.days >= 30 else (found.reached is None)
    assert found.longest >= found.days


@given(st.sets(st.integers(0, 90)), st.integers(0, 90))
def test_what_is_told_late_never_shortens_a_run(came: set[int], late: int) -> None:
    before = daily.run({day(n): 1 for n in came}, day(90), office)
    after = daily.run({day(n): 1 for n in {*came, late}}, day(90), office)
    assert not came or late < min(came) or after.days >= before.days
