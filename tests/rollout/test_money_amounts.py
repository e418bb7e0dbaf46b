"""Amounts as people write them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.foundation.errors import LienThongError
from lienthong.rollout.money.amounts import read


@given(st.integers(0, 10**14))
def test_every_way_to_write_an_amount_gives_it_back(amount: int) -> None:
    assert read(str(amount)) == amount
    for sign in ",. ":
        assert read(f"{amount:,}".replace(",", sign)) == amount
    assert read(f"{amount:,} đồng".replace(",", ".")) == amount
    whole, part = divmod(amount, 10**9)
    assert read(f"{whole},{part:09d} tỷ đồng") == amount
    if whole < 1000:
        assert read(f"{whole},{part:09d} billion VND") == amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("2,4 tỷ", 2_400_000_000),
        ("2.4 tỷ", 2_400_000_000),
        ("998 triệu", 998_000_000),
        ("1.250 triệu", 1_250_000_000),
        ("67,5tr", 67_500_000),
        ("2.400.000.000đ", 2_400_000_000),
        ("1,5 million", 1_500_000),
    ],
)
def test_usual_ones(text: str, amount: int) -> None:
    assert read(text) == amount


@pytest.mark.parametrize(
    "text", ["", "tỷ", "-5", "1e9", "2,4", "hai tỷ", "1.23.456", "0,0000001 triệu", "9" * 16, "NaN"]
)
def test_others_are_refused_with_an_example(text: str) -> None:
    with pytest.raises(LienThongError) as told:
        read(text)
    assert told.value.problem.code == "amount-not-valid"
    assert "2,4 tỷ" in told.value.problem.hint_vi


@given(st.text(max_size=30))
def test_no_text_breaks_it(text: str) -> None:
    with contextlib.suppress(LienThongError):
        assert 0 <= read(text) <= 10**14
