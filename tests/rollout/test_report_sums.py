"""Sums that block a draft, and those that only ask for a second look."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.rollout.report import sums
from lienthong.rollout.report.material import DifficultyRow, Material, MoneyTotals
from report_world import material, sent, task, units


def _broken(made: Material, count: int | None = 17) -> list[str]:
    return [one.name for one in sums.broken(sums.check(made, units=count, before={}))]


def test_the_case_of_february_adds_up() -> None:
    checks = sums.check(material(), units=17, before={"messages-cumulated": 308})
    assert [one.vi for one in checks if not one.holds] == []
    told = next(one.vi for one in checks if one.name == "sum-his_level")
    assert "1 + 4 + 3 + 4 + 3 + 2 = 17" in told
    assert any("3" in one.vi and "13" in one.vi for one in checks if one.name == "sum-emr")


def test_a_unit_too_few_or_twice_blocks() -> None:
    rows = units()
    assert "units-declared" in _broken(material(units=rows[:16]))
    assert _broken(material(units=(*rows[:16], rows[0]))) == ["units-once"]
    assert _broken(material(units=rows[:16], declared={}), None) == []


def test_a_value_nobody_knows_blocks_and_is_named() -> None:
    rows = units()
    strange = (replace(rows[0], states={**rows[0].states, "his_level": "9"}), *rows[1:])
    found = sums.broken(sums.check(material(units=strange), units=17, before={}))
    assert [one.name for one in found] == ["sum-his_level"]
    assert "giá trị lạ: 9" in found[0].vi
    assert found[0].page == "board-units"


def test_machines_of_the_units_against_the_declared_total() -> None:
    rows = tuple(replace(row, counts={"servers": 1}) for row in units())
    assert _broken(material(units=rows)) == ["total-servers"]
    some = (*(replace(row, counts={"servers": 1}) for row in units()[:5]), *units()[5:])
    assert _broken(material(units=some)) == []
    much = (replace(units()[0], counts={"servers": 26}), *units()[1:])
    assert _broken(material(units=much)) == ["total-servers"]


def test_more_signatures_than_needed_blocks_and_names_the_unit() -> None:
    row = replace(units()[3], counts={"signatures_issued": 5, "signatures_needed": 4})
    found = sums.broken(sums.check(material(units=(*units()[:3], row, *units()[4:])), units=17, before={}))
    assert [(one.name, one.unit) for one in found] == [("part-signatures_issued", "U03")]
    assert row.name in found[0].vi


def test_messages_that_got_lost_on_the_way_block() -> None:
    rows = (sent("U00", "Bệnh viện Số 0", (12, 10, 1, 0, 320)),)
    assert _broken(material(exchange=rows)) == ["sum-exchange", "sum-exchange-all"]
    assert _broken(material(exchange=(sent("U00", "A", (3, 3, 0, 0, 2)),))) == ["sum-exchange"]


def test_more_money_granted_than_asked_for_blocks() -> None:
    assert _broken(material(totals=MoneyTotals(5, 6, 1))) == ["money-granted"]
    assert _broken(material(totals=MoneyTotals(None, 6, 7))) == ["money-spent"]


def test_a_task_twice_blocks() -> None:
    assert _broken(material(tasks=(task("T01", "done"), task("T01", "overdue")))) == ["tasks-once"]


@pytest.mark.parametrize("text", ["đã báo bệnh nhân Giáp Thị Ngân", "số 024185000123"])
def test_a_person_in_a_typed_line_blocks(text: str) -> None:
    made = material(difficulties=(DifficultyRow("U01", "Bệnh viện Số 1", text, "", "", "", ""),))
    found = sums.broken(sums.check(made, units=17, before={}))
    assert [(one.name, one.unit) for one in found] == [("personal-data", "U01")]
    assert "024185000123" not in found[0].vi


def test_what_came_late_and_what_was_published_without_software_are_doubts() -> None:
    rows = units()
    early = (*rows[:16], replace(rows[16], states={**rows[16].states, "emr_state": "published"}))
    checks = sums.check(material(units=early), units=17, before={"messages-cumulated": 300})
    assert not sums.broken(checks)
    assert {one.name for one in sums.doubts(checks)} == {"cumulated", "published-without-software"}


@given(st.lists(st.sampled_from(["1", "2", "3", "4", "5", "6", "7", ""]), min_size=17, max_size=17))
def test_whatever_levels_units_have_they_add_up(levels: list[str]) -> None:
    rows = tuple(
        replace(row, states={"his_level": at} if at else {}) for row, at in zip(units(), levels, strict=True)
    )
    found = next(
        one for one in sums.check(material(units=rows), units=17, before={}) if one.name == "sum-his_level"
    )
    assert found.holds
    assert f"chưa có số liệu {Counter(levels)['']}" in found.vi
