"""Median and range of prices: what must always hold, and what a person expects of a few prices."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from lienthong.rollout.money import catalogue, dated
from lienthong.rollout.money.prices import FEWEST, FEWEST_FOR_OUTLIERS, Point, spread


def point(key: str, amount: int | None, quantity: int = 1, **more: object) -> Point:
    values: dict[str, object] = {"day": None, "year": None, **more}
    return Point(
        key, "emr-rental", amount, Decimal(quantity), "Mua", "", "", source="", confidence="B", **values
    )  # type: ignore[arg-type]


AMOUNTS = st.lists(st.none() | st.integers(0, 10**13), max_size=30)


@given(AMOUNTS, st.randoms(use_true_random=False))
def test_order_does_not_matter_and_the_median_lies_among_the_prices(
    amounts: list[int | None], chance: object
) -> None:
    points = [point(str(n), amount) for n, amount in enumerate(amounts)]
    found = spread(points)
    shuffled = points[:]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert spread(shuffled) == found
    priced = [amount for amount in amounts if amount is not None]
    assert (found.count, found.without_amount) == (len(priced), len(amounts) - len(priced))
    assert found.few == (len(priced) < FEWEST)
    if not priced:
        assert (found.low, found.middle, found.high) == (None, None, None)
        return
    assert found.low is not None
    assert found.middle is not None
    assert found.high is not None
    assert min(priced) <= found.low <= found.high <= max(priced)
    assert min(priced) <= found.middle <= max(priced)
    by_key = {one.key: one.each for one in points}
    for key in found.outliers:
        assert not found.low <= by_key[key] <= found.high  # type: ignore[operator]
    assert len(found.outliers) <= len(priced) // 2
    if len(priced) < FEWEST_FOR_OUTLIERS:
        assert not found.outliers


def test_prices_of_different_terms_are_compared_by_month() -> None:
    found = spread(
        [
            point("cam-ranh", 2_400_000_000, 60),
            point("dak-mil", 810_000_000, 12),
            point("quang-hoa", None, 37),
        ]
    )
    assert (found.low, found.middle, found.high) == (40_000_000, 53_750_000, 67_500_000)
    assert found.few
    assert found.without_amount == 1


def test_a_price_far_off_stands_out_and_leaves_the_range() -> None:
    found = spread([point(str(n), value) for n, value in enumerate([40, 42, 45, 47, 50, 400])])
    assert found.outliers == {"5"}
    assert (found.low, found.high) == (40, 50)


def test_prices_grow_old_and_are_not_there_before_their_day() -> None:
    dated_price = point("a", 1, day=date(2024, 2, 29))
    assert not dated_price.known_on(date(2024, 2, 28))
    assert dated_price.old(date(2026, 2, 28)) is False
    assert dated_price.old(date(2026, 3, 1)) is True
    of_a_year = point("b", 1, year=2026)
    assert not of_a_year.known_on(date(2025, 12, 31))
    assert of_a_year.old(date(2028, 6, 1)) is False
    assert of_a_year.old(date(2029, 1, 1)) is True
    assert point("c", 1).old(date(2029, 1, 1)) is None


def test_every_word_of_the_catalogue_is_there_with_a_source() -> None:
    for rows in (catalogue.all_items(), catalogue.all_fundings(), catalogue.all_stages()):
        assert len({one.id for one in rows}) == len(rows)
        for one in rows:
            assert one.vi
            assert one.en
            assert one.source
            assert one.confidence in "ABC"


def test_the_district_budget_ended_with_the_district_tier() -> None:
    assert "district" in {one.id for one in catalogue.fundings(date(2025, 6, 30))}
    assert "district" not in {one.id for one in catalogue.fundings(date(2025, 7, 1))}


def test_price_references_of_the_case_name_known_items() -> None:
    rows = dated.read("lienthong.rollout.money", "prices.json")
    assert {row["item"] for row in rows} <= {one.id for one in catalogue.all_items()}
    assert [row["amount"] for row in rows] == [998_000_000, 2_400_000_000, 810_000_000, None]
