"""Spans of the day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.foundation.clock import VIETNAM
from lienthong.foundation.daytime import Window

NIGHT = Window.read("21:00-05:00")
moments = st.integers(0, 2_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
minutes = st.integers(0, 1439)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("text", "inside"),
    [("20:59:59", False), ("21:00", True), ("23:59", True), ("04:59:59", True), ("05:00", False)],
)
def test_the_night_goes_over_midnight(text: str, inside: bool) -> None:
    assert NIGHT.holds(at(f"2025-01-12T{text}")) is inside


def test_it_opens_today_or_now() -> None:
    assert NIGHT.opens(at("2025-01-12T14:00")) == at("2025-01-12T21:00")
    assert NIGHT.opens(at("2025-01-12T02:00")) == at("2025-01-12T02:00")
    assert Window.read("01:00-02:00").opens(at("2025-01-12T14:00")) == at("2025-01-13T01:00")


def test_work_that_is_longer_than_the_night_goes_on_in_the_next() -> None:
    hour = 3600.0
    assert NIGHT.seconds(at("2025-01-12T20:00"), hour) == 2 * hour
    assert NIGHT.seconds(at("2025-01-12T22:00"), 7 * hour) == 7 * hour
    assert NIGHT.seconds(at("2025-01-12T22:00"), 8 * hour) == (7 + 16 + 1) * hour


@pytest.mark.parametrize("text", ["", "21-05", "24:00-05:00", "21:00-21:00", "21:00 - 05:00", "21:60-05:00"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Window.read(text)


@given(minutes, minutes, moments)
def test_it_holds_when_it_opens(start: int, end: int, moment: datetime) -> None:
    if start == end:
        return
    window = Window.read(f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}")
    opens = window.opens(moment)
    assert window.holds(opens)
    assert moment <= opens <= moment + timedelta(days=1)
    assert window.holds(moment) == (opens == moment)
