"""The real case: 17 units, and figures that add up."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

pytestmark = pytest.mark.django_db
DAY = date(2025, 2, 18)


@pytest.fixture(autouse=True)
def _entered() -> None:
    from lienthong.facilities import directory
    from lienthong.rollout import seed

    directory.load_known()
    seed.load()
    seed.load()


def test_the_figures_of_18_february_2025_add_up() -> None:
    from lienthong.rollout import facts, units

    codes = units.codes(DAY)
    known = facts.values(DAY)
    assert len(codes) == 17

    def spread(key: str) -> Counter[str]:
        return Counter(known[code, key].value for code in codes)

    assert spread("his_level") == {"7": 1, "6": 4, "5": 3, "4": 4, "3": 3, "2": 2}
    assert sum(spread("his_level").values()) == 1 + 4 + 3 + 4 + 3 + 2 == 17
    assert spread("emr") == {"advanced": 3, "basic": 1, "none": 13}
    assert spread("hosting") == {"own-room": 5, "rented": 12}
    assert spread("lis") == spread("ris_pacs") == {"advanced": 17}
    totals = {key: int(known[facts.PROVINCE, key].value) for key in ("servers", "computers", "printers")}
    assert totals == {"servers": 25, "computers": 2416, "printers": 1658}
    assert not any((code, "computers") in known for code in codes)


def test_the_invented_split_of_the_demo_adds_up_to_the_published_totals_and_is_marked() -> None:
    from lienthong.rollout import facts, seed, units

    seed.load_demo()
    known = facts.values(DAY)
    for key in ("servers", "computers", "printers"):
        split = [known[code, key] for code in units.codes(DAY)]
        assert sum(int(fact.value) for fact in split) == int(known[facts.PROVINCE, key].value)
        assert not any(fact.confirmed for fact in split)


def test_nothing_was_known_before() -> None:
    from lienthong.rollout import facts

    assert facts.values(date(2025, 1, 6)) == {}
    assert facts.value("24011", "his_level", date(2025, 2, 17)) is None
