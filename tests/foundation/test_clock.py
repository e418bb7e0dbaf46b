"""Times are UTC in storage and Viet Nam's for people."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.foundation import clock

MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1), timezones=st.just(clock.VIETNAM))  # noqa: DTZ001


@given(MOMENTS)
def test_a_moment_survives_to_the_millisecond(moment: datetime) -> None:
    again = clock.from_iso(clock.iso(moment))
    assert timedelta(0) <= moment - again < timedelta(milliseconds=1)


@given(MOMENTS, MOMENTS)
def test_texts_sort_as_moments_do(one: datetime, other: datetime) -> None:
    if clock.iso(one) != clock.iso(other):
        assert (clock.iso(one) < clock.iso(other)) == (one < other)


def test_the_form_is_utc_with_milliseconds() -> None:
    moment = datetime(2025, 1, 12, 7, 15, 0, 123_999, tzinfo=clock.VIETNAM)
    assert clock.iso(moment) == "2025-01-12T00:15:00.123Z"
    assert clock.from_iso("2025-01-12T07:15:00+07:00") == datetime(2025, 1, 12, 0, 15, tzinfo=UTC)


def test_now_is_aware_and_in_utc() -> None:
    assert clock.now().tzinfo is UTC


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2025, 2, 16, 16, 59, tzinfo=UTC), date(2025, 2, 16)),
        (datetime(2025, 2, 16, 17, 0, tzinfo=UTC), date(2025, 2, 17)),
        (datetime(2025, 2, 16, 23, 0, tzinfo=timezone(timedelta(hours=-8))), date(2025, 2, 17)),
    ],
)
def test_the_day_is_viet_nams(monkeypatch: pytest.MonkeyPatch, moment: datetime, day: date) -> None:
    monkeypatch.setattr(clock, "now", lambda: moment)
    assert clock.today() == day


@pytest.mark.parametrize(
    "text", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-11-20T08:00:00", "soon", ""]
)
def test_a_time_that_nobody_can_mean_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(Invalid isoformat|[0-9])"):
        clock.said(text)


def test_a_time_that_is_meant_is_read_with_its_offset() -> None:
    assert clock.iso(clock.said("2026-11-20T08:00:00+07:00")) == "2026-11-20T01:00:00.000Z"
