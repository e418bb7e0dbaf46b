"""Time against a contract: what must always hold of counted time, and days that a person can check."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.foundation import clock
from lienthong.rollout.vendors.figures import Fault, figures
from lienthong.rollout.vendors.times import ALWAYS, LONGEST_HOURS, Times, kept, working_hours
from lienthong.transfers.validity.working_days import calendar_of, shipped

WORK = Times(calendar_of(shipped()), working_hours())
MOMENTS = st.datetimes(datetime(2024, 12, 1), datetime(2025, 12, 31)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
TIMES = st.sampled_from([WORK, ALWAYS])


def at(day: int, hour: int, minute: int = 0, month: int = 2) -> datetime:
    return datetime(2025, month, day, hour, minute, tzinfo=clock.VIETNAM)


@given(TIMES, st.lists(MOMENTS, min_size=3, max_size=3).map(sorted))
def test_time_adds_up_and_is_never_more_than_has_passed(times: Times, found: list[datetime]) -> None:
    first, middle, last = found
    assert times.between(first, middle) + times.between(middle, last) == times.between(first, last)
    assert timedelta() <= times.between(first, last) <= last - first
    assert times.between(last, first) == timedelta()


@given(TIMES, MOMENTS, st.integers(0, 400))
def test_what_is_due_is_the_first_moment_with_so_much_time(times: Times, start: datetime, hours: int) -> None:
    due = times.due(start, timedelta(hours=hours))
    assert due >= start + timedelta(hours=hours)
    assert times.between(start, due) == timedelta(hours=hours)
    if hours:
        assert times.between(start, due - timedelta(seconds=1)) < timedelta(hours=hours)


@given(TIMES, MOMENTS, st.none() | MOMENTS, st.none() | st.integers(0, 400), MOMENTS)
def test_late_only_past_what_is_due(
    times: Times, start: datetime, end: datetime | None, allowed: int | None, now: datetime
) -> None:
    found = kept(start, end, allowed, times, now)
    if allowed is None:
        assert (found.due, found.late) == (None, None)
    elif found.late:
        assert found.due is not None
        assert (end or now) > found.due
        assert found.took >= timedelta(hours=allowed)
    else:
        assert found.late is (False if end else None)


def test_working_hours_leave_out_nights_weekends_and_tet() -> None:
    assert WORK.between(at(18, 16), at(19, 8, 30)) == timedelta(hours=2)
    assert WORK.due(at(21, 16), timedelta(hours=4)) == at(24, 10, 30)  # Friday to Monday
    assert WORK.due(at(24, 16, month=1), timedelta(hours=2)) == at(3, 8, 30)  # over the lunar new year
    assert WORK.due(at(26, 9, month=4), timedelta(hours=1)) == at(
        26, 10, month=4
    )  # a Saturday that was worked
    assert ALWAYS.due(at(21, 16), timedelta(hours=24)) == at(22, 16)


def test_the_last_moment_is_still_in_time() -> None:
    for times in (WORK, ALWAYS):
        due = times.due(at(18, 8), timedelta(hours=4))
        for done, late in ((due, False), (due + timedelta(seconds=1), True)):
            assert kept(at(18, 8), done, 4, times, at(28, 8)).late is late
        assert kept(at(18, 8), None, 4, times, due).late is None
        assert kept(at(18, 8), None, 4, times, due + timedelta(seconds=1)).late is True


def test_no_contract_allows_more_than_so_much() -> None:
    for hours in (-1, LONGEST_HOURS + 1):
        with pytest.raises(ValueError):
            ALWAYS.due(at(18, 8), timedelta(hours=hours))


def fault(
    reported: datetime, responded: datetime | None = None, repaired: datetime | None = None, **more: object
) -> Fault:
    values: dict[str, object] = {"closed": None, "response_hours": 4, "repair_hours": 24, **more}
    return Fault("v1", "24013", reported, responded, repaired, **values)  # type: ignore[arg-type]


def test_figures_of_a_few_faults() -> None:
    found = figures(
        [
            fault(at(18, 8), at(18, 9), at(18, 20)),
            fault(at(18, 8), at(18, 13), at(20, 8)),
            fault(at(20, 8)),
            fault(at(25, 8)),
        ],
        at(20, 9),
    )
    assert (found.count, found.open, found.late) == (3, 1, 1)
    assert found.response == timedelta(hours=3)
    assert found.repair == timedelta(hours=30)
    assert (found.in_time, found.judged, found.percent) == (2, 4, 50)


def test_a_past_day_does_not_know_what_came_later() -> None:
    one = fault(at(18, 8), at(18, 9), at(19, 8), closed=at(19, 9))
    assert figures([one], at(18, 12)).open == 1
    assert figures([one], at(18, 12)).repair is None
    assert figures([one], at(20, 8)).open == 0
    assert figures([one], at(17, 8)).count == 0


@given(
    st.lists(
        st.tuples(MOMENTS, st.none() | st.integers(0, 300), st.none() | st.integers(0, 600)), max_size=12
    ),
    MOMENTS,
)
def test_figures_never_contradict_themselves(
    rows: list[tuple[datetime, int | None, int | None]], now: datetime
) -> None:
    faults = [
        fault(
            start,
            None if answer is None else start + timedelta(hours=answer),
            None if repair is None else start + timedelta(hours=repair),
        )
        for start, answer, repair in rows
    ]
    found = figures(faults, now)
    assert 0 <= found.open <= found.count <= len(rows)
    assert 0 <= found.in_time <= found.judged <= 2 * found.count
    assert (found.percent is None) == (found.judged == 0)
    assert (found.late == 0) == (found.in_time == found.judged)


def test_the_first_row_of_hours_counts_before_its_day() -> None:
    early = datetime(2019, 3, 4, 7, 30, tzinfo=clock.VIETNAM)
    assert working_hours()[0].valid_from > date(2019, 3, 4)
    assert WORK.due(early, timedelta(hours=1)) == early + timedelta(hours=1)
