"""From gaps to items, quantities and amounts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from lienthong.rollout.money import catalogue
from lienthong.rollout.money.estimate import Gap, all_rules, estimate, quantity, rule_for, rules
from lienthong.rollout.money.prices import Spread

ON = date(2025, 2, 18)
CRITERIA = [
    *(f"I-{n:02}" for n in range(1, 26)),
    *(f"II-{n:02}" for n in range(1, 12)),
    *(f"III-{n:02}" for n in range(1, 30)),
    *(f"IV-{n:02}" for n in range(1, 19)),
    *(f"V-{n:02}" for n in range(1, 11)),
    *(f"VI-{n:02}" for n in range(1, 10)),
    *(f"VII-{n:02}" for n in range(1, 11)),
    *(f"VIII-{n:02}" for n in range(1, 13)),
]
GAPS = st.lists(st.sampled_from(CRITERIA), unique=True).map(
    lambda found: [Gap(one, one.partition("-")[0], one) for one in found]
)
FACTS = st.dictionaries(
    st.sampled_from(["staff", "computers", "printers", "signatures_needed", "signatures_issued"]),
    st.integers(0, 5000).map(Decimal),
)
ITEMS = [one.id for one in catalogue.all_items()]
SPREADS = st.dictionaries(
    st.sampled_from(ITEMS),
    st.lists(st.integers(1, 10**10), min_size=3, max_size=3).map(
        lambda found: Spread(3, *sorted(found), frozenset(), 0)
    ),
)


@given(GAPS, FACTS, SPREADS)
def test_nothing_is_lost_nothing_is_counted_twice(
    gaps: list[Gap], facts: dict[str, Decimal], spreads: dict[str, Spread]
) -> None:
    found = estimate(gaps, rules(ON), facts, spreads)
    own = [line for line in found.lines if not line.instead_of]
    assert len({line.item for line in found.lines}) == len(found.lines)
    assert not found.unmapped  # the table knows every criterion of the circular
    told = {criterion for line in own for criterion in line.criteria} | {
        gap.criterion for gap in found.nothing_to_buy
    }
    for gap in gaps:
        rule = rule_for(gap, all_rules())
        assert rule is not None
        enough = rule.item in found.enough
        assert gap.criterion in told or enough
    priced = [line for line in own if line.middle is not None]
    assert found.middle == (sum(line.middle or 0 for line in priced) if priced else None)
    if found.low is not None:
        assert found.low <= (found.middle or 0) <= (found.high or 0)
    for line in own:
        if line.quantity is None:
            assert line.item in found.without_quantity
            assert line.middle is None
        else:
            assert line.quantity > 0
            assert line.quantity == line.quantity.to_integral_value()
        assert (line.item in found.without_price) == (line.spread.middle is None)
    assert {line.instead_of for line in found.lines if line.instead_of} <= {line.item for line in own}


@given(FACTS)
def test_a_fact_that_nobody_entered_is_no_zero(facts: dict[str, Decimal]) -> None:
    rule = {"kind": "share", "of": "staff", "percent": 50, "have": "computers"}
    found = quantity(rule, facts)
    if "staff" in facts and "computers" in facts:
        assert found == max(0, -(-(facts["staff"] // 1) // 2) - facts["computers"]) or found is not None
        assert found * 2 >= facts["staff"] - 2 * facts["computers"]
        assert found >= 0
    else:
        assert found is None


def test_to_reach_level_6_these_items_this_range() -> None:
    gaps = [Gap("III-19", "III", "Phác đồ"), Gap("VIII-01", "VIII", "Hành chính"), Gap("I-22", "I", "Ký số")]
    spreads = {
        "emr-rental": Spread(2, 40_000_000, 53_750_000, 67_500_000, frozenset(), 1),
        "his-emr-upgrade": Spread(1, 998_000_000, 998_000_000, 998_000_000, frozenset(), 0),
    }
    facts = {"signatures_needed": Decimal(210), "signatures_issued": Decimal(60)}
    found = estimate(gaps, rules(ON), facts, spreads)
    lines = {line.item: line for line in found.lines}
    assert (lines["emr-rental"].quantity, lines["emr-rental"].middle) == (12, 645_000_000)
    assert lines["signature"].quantity == 150
    assert lines["his-emr-upgrade"].instead_of == "his-upgrade"
    assert (found.low, found.middle, found.high) == (480_000_000, 645_000_000, 810_000_000)
    assert set(found.without_price) == {"his-upgrade", "signature"}


def test_an_item_for_several_criteria_is_bought_once_in_the_largest_quantity() -> None:
    gaps = [
        Gap("I-05", "I", "Máy chủ"),
        Gap("I-18", "I", "Dự phòng nóng"),
        Gap("I-24", "I", "Thiết bị đầu cuối"),
    ]
    found = estimate(
        [*gaps, Gap("I-01", "I", "Máy trạm")],
        rules(ON),
        {"staff": Decimal(301), "computers": Decimal(100)},
        {},
    )
    quantities = {line.item: line.quantity for line in found.lines if not line.instead_of}
    assert quantities == {"server": 2, "workstation": 51}


def test_the_table_names_known_items_only() -> None:
    for rule in all_rules():
        assert {rule.item, *rule.alternatives} - {None} <= set(ITEMS), rule.match
