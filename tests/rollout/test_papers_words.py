"""Figures, days and money as a Vietnamese document writes them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.rollout.papers import words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2416, "2.416"),
        (0, "0"),
        (-1658, "-1.658"),
        (Decimal("12.50"), "12,5"),
        (Decimal("1234567.005"), "1.234.567,01"),
        (Decimal("-0.001"), "0"),
        (100, "100"),
        (None, "chưa có số liệu"),
    ],
)
def test_number(value: int | Decimal | None, text: str) -> None:
    assert words.number(value) == text


@given(st.integers(-(10**12), 10**12))
def test_whole_numbers_lose_nothing(value: int) -> None:
    assert int(words.number(value).replace(".", "")) == value


@pytest.mark.parametrize(
    ("dong", "text"),
    [
        (350_000, "350.000 đồng"),
        (850_000_000, "850 triệu đồng"),
        (1_850_500, "1,851 triệu đồng"),
        (12_350_000_000, "12,35 tỷ đồng"),
        (None, "chưa có số liệu"),
    ],
)
def test_money(dong: int | None, text: str) -> None:
    assert words.money(dong) == text


def test_percent_and_change() -> None:
    assert words.percent(1204, 2950) == "40,8%"
    assert words.percent(3, 0) == words.percent(None, 17) == words.MISSING
    assert words.change(2416, 2380) == "tăng 36"
    assert words.change(Decimal("1.5"), 3) == "giảm 1,5"
    assert words.change(25, 25) == "không đổi"
    assert words.change(25, None) == words.MISSING


def test_days_under_ten_and_the_months_one_and_two_have_a_zero() -> None:
    assert words.long_day(date(2025, 3, 4)) == "ngày 04 tháng 3 năm 2025"
    assert words.long_day(date(2025, 2, 18)) == "ngày 18 tháng 02 năm 2025"
    assert words.long_day(date(2025, 1, 9)) == "ngày 09 tháng 01 năm 2025"
    assert words.long_day(date(2025, 12, 31)) == "ngày 31 tháng 12 năm 2025"
    assert words.day(date(2025, 3, 4)) == "04/03/2025"
    assert words.day(None) == words.MISSING


def test_roman() -> None:
    assert [words.roman(n) for n in (1, 4, 5, 9, 14, 39)] == ["I", "IV", "V", "IX", "XIV", "XXXIX"]
    with pytest.raises(ValueError):
        words.roman(0)
