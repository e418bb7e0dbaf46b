"""Working days: what the shipped list says, how unconfirmed days and the end of the list are told."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.transfers.validity import working_days
from lienthong.transfers.validity.working_days import Day, calendar_of, read, shipped

DAYS = st.dates(date(2025, 1, 1), date(2027, 11, 30))
HEADER = ",".join(working_days.COLUMNS)


def off(day: date, status: working_days.Status = "law") -> Day:
    return Day(day, True, "Nghỉ", "Off", status, "", "", "high")


@pytest.mark.parametrize(
    ("day", "working"),
    [
        ("2025-01-27", False),  # Lunar New Year of At Ty
        ("2025-02-03", True),
        ("2025-04-07", False),  # Hung Kings
        ("2025-04-26", True),  # a Saturday worked for 2 May
        ("2025-05-02", False),
        ("2025-09-01", False),
        ("2025-09-03", True),
        ("2026-01-02", False),
        ("2026-01-10", True),  # a Saturday worked for 2 January
        ("2026-02-20", False),
        ("2026-02-23", True),
        ("2026-04-27", False),  # the Hung Kings' day fell on a Sunday
        ("2026-08-22", True),
        ("2026-08-31", False),
        ("2027-02-08", False),
        ("2027-05-03", False),  # 1 May 2027 is a Saturday
        ("2027-05-04", True),
    ],
)
def test_days_of_the_shipped_list(day: str, working: bool) -> None:
    assert calendar_of(shipped()).working(date.fromisoformat(day)) is working


def test_the_shipped_file_has_no_faults_and_lists_only_what_differs_from_the_week() -> None:
    text = (Path(working_days.__file__).parent / "data" / "holidays.csv").read_text("utf-8")
    days, faults = read(text)
    assert not faults
    assert len(days) == len(text.strip().splitlines()) - 1
    assert all((day.day.weekday() < 5) is day.off for day in days)
    assert all(day.source_vi and day.source_en and day.confidence for day in days)


def test_every_year_has_the_eleven_days_of_the_labour_code() -> None:
    """Article 112: eleven days a year; those that fall on a weekend are made up for (article 111)."""
    for year in (2025, 2026, 2027):
        sure = [d for d in shipped() if d.day.year == year and d.off and d.confirmed]
        swapped = [d for d in shipped() if d.day.year == year and not d.off]
        open_choice = 2 if year == 2027 else 0  # fifth day of the New Year, second of National Day
        assert len(sure) - len(swapped) == 11 - open_choice


def test_a_day_to_be_confirmed_is_counted_both_ways() -> None:
    count = calendar_of(shipped()).after(date(2026, 11, 16), 10)
    assert (count.day, count.perhaps) == (date(2026, 11, 30), date(2026, 12, 1))
    assert [d.day for d in count.open_days] == [date(2026, 11, 24)]
    assert not count.beyond


def test_the_end_of_the_list_is_told() -> None:
    calendar = calendar_of(shipped())
    assert calendar.until == date(2027, 12, 31)
    assert calendar.after(date(2027, 12, 20), 10).beyond
    assert not calendar.after(date(2027, 12, 1), 10).beyond


def test_a_day_of_a_far_year_does_not_stretch_the_list() -> None:
    assert calendar_of([*shipped(), off(date(2031, 1, 1))]).until == date(2027, 12, 31)
    assert calendar_of([*shipped(), off(date(2028, 1, 1))]).until == date(2028, 12, 31)
    assert calendar_of([]).until < date(1900, 1, 1)


@given(DAYS, st.lists(DAYS, max_size=12), st.integers(1, 20))
def test_a_holiday_more_never_shortens(start: date, more: list[date], number: int) -> None:
    before = calendar_of(shipped()).after(start, number)
    after = calendar_of([*shipped(), *map(off, more)]).after(start, number)
    assert after.day >= before.day
    assert after.perhaps >= before.perhaps


@given(DAYS, st.integers(1, 20))
def test_the_last_day_is_a_working_day_and_so_many_lie_between(start: date, number: int) -> None:
    calendar = calendar_of(shipped())
    count = calendar.after(start, number)
    assert calendar.working(count.day) or calendar.working(count.day, unconfirmed_off=True)
    assert count.day <= count.perhaps
    span = [start + timedelta(days=n) for n in range(1, (count.day - start).days + 1)]
    least = min(
        sum(calendar.working(d) for d in span), sum(calendar.working(d, unconfirmed_off=True) for d in span)
    )
    assert least <= number <= len(span)


@given(DAYS, st.integers(1, 20))
def test_back_is_the_reverse_of_forth(start: date, number: int) -> None:
    days = [day for day in shipped() if day.confirmed]
    calendar = calendar_of(days)
    if calendar.working(start):
        assert calendar.before(calendar.after(start, number).day, number) == start


@given(st.text(max_size=400))
def test_no_file_makes_it_fail(text: str) -> None:
    read(text)
    days, faults = read(f"{HEADER}\n{text}")
    assert len(days) + len(faults) <= text.count("\n") + text.count("\r") + 1


def test_the_nodes_own_file_corrects_and_a_bad_line_is_told(node_home: Path) -> None:
    assert working_days.calendar().working(date(2026, 11, 24))
    (node_home / "holidays.csv").write_text(
        f"\ufeff{HEADER}\n2026-11-24,off,Ngày Văn hóa Việt Nam,,announced,Luật sửa đổi,,high\n24/11/2027,off\n",
        "utf-8",
    )
    assert not working_days.calendar().working(date(2026, 11, 24))
    days, faults = working_days.own_days()
    assert [d.own for d in days] == [True]
    assert [(f.line, "24/11/2027" in f.text) for f in faults] == [(3, True)]


def test_an_unreadable_file_is_told_and_the_shipped_list_stays(node_home: Path) -> None:
    (node_home / "holidays.csv").write_bytes(b"\xff\xfe\x00")
    assert working_days.own_days()[1]
    assert not working_days.calendar().working(date(2025, 1, 27))
