"""The level rule: what must always hold, and the cases an officer would check by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.rollout.levels import book, rule

BOOK = book.shipped("tt54")
IDS = [one.id for one in BOOK.criteria]
BEFORE, AFTER = date(2025, 6, 5), date(2025, 6, 6)
DAYS = st.sampled_from([date(2018, 2, 27), BEFORE, AFTER, date(2026, 12, 31)])
SOME = st.sets(st.sampled_from(IDS))
NEARLY_ALL = st.sets(st.sampled_from(IDS), max_size=6).map(lambda out: set(IDS) - out)
MET = st.one_of(SOME, NEARLY_ALL)


def place(group: str, value: str) -> int:
    return BOOK.group(group).rungs.index(value)


@given(MET, st.sampled_from(IDS), DAYS)
def test_one_more_criterion_never_lowers_a_level(met: set[str], more: str, on: date) -> None:
    less, then = rule.judged(BOOK, met, on), rule.judged(BOOK, met | {more}, on)
    assert all(
        place(group, then.groups[group]) >= place(group, value) for group, value in less.groups.items()
    )
    assert less.overall is not None
    assert then.overall is not None
    assert then.overall >= less.overall


@given(MET, st.sampled_from(IDS))
def test_one_missing_criterion_keeps_the_group_below_its_level(met: set[str], out: str) -> None:
    one = BOOK.criterion(out)
    assert one is not None
    assert place(one.group, rule.rung(BOOK, one.group, met - {out})) < place(one.group, one.level)


@given(MET, DAYS)
def test_the_overall_level_has_every_entry_up_to_it_and_not_all_of_the_next(met: set[str], on: date) -> None:
    found = rule.judged(BOOK, met, on)
    assert found.overall is not None

    def holds(level: int) -> bool:
        step = BOOK.steps[level - 1]
        return all(
            place(group, found.groups[group]) >= place(group, needs)
            for group, needs in step.requires.items()
            if group in found.groups
        )

    assert all(holds(level) for level in range(1, found.overall + 1))
    assert found.overall == 7 or not holds(found.overall + 1)
    assert (found.lack is None) == (found.overall == 7)
    if found.lack:
        assert found.lack.level == found.overall + 1
        assert found.lack.criteria


@given(MET, DAYS, st.integers(1, 7))
def test_meeting_what_is_missing_reaches_the_level(met: set[str], on: date, level: int) -> None:
    lacks = rule.lacking(BOOK, met, on, level)
    more = {id for lack in lacks for id in lack.criteria}
    assert not more & met
    after = rule.judged(BOOK, met | more, on)
    assert after.overall is not None
    assert after.overall >= level
    for id in more:
        without = rule.judged(BOOK, (met | more) - {id}, on)
        assert without.overall is not None
        assert without.overall < level


@given(MET, st.sets(st.sampled_from([one.id for one in BOOK.of("VIII")])))
def test_group_viii_counts_no_more_from_6_june_2025(met: set[str], other: set[str]) -> None:
    rest = {id for id in met if not id.startswith("VIII")}
    assert rule.judged(BOOK, rest, AFTER) == rule.judged(BOOK, rest | other, AFTER)
    assert "VIII" not in rule.judged(BOOK, met, AFTER).groups
    assert "VIII" in rule.judged(BOOK, met, BEFORE).groups


def test_a_paperless_hospital_without_group_viii() -> None:
    met = {id for id in IDS if not id.startswith("VIII")}
    before, after = rule.judged(BOOK, met, BEFORE), rule.judged(BOOK, met, AFTER)
    assert before.overall == 5
    assert before.lack is not None
    assert (before.lack.level, before.lack.group, before.lack.needs) == (6, "VIII", "basic")
    assert after.overall == 7


def test_his_at_level_6_is_not_the_overall_level() -> None:
    """The Department's figures of February 2025 are of group III alone."""
    met = {one.id for one in BOOK.of("III") if int(one.level) <= 6}
    found = rule.judged(BOOK, met, BEFORE)
    assert found.groups["III"] == "6"
    assert found.overall == 0
    assert found.lack is not None
    assert (found.lack.group, found.lack.needs, found.lack.has) == ("I", "1", "0")
    assert found.lack.criteria == ("I-01", "I-02", "I-03", "I-04", "I-05")


def test_nothing_met_is_no_level_and_everything_is_seven() -> None:
    assert rule.judged(BOOK, (), BEFORE).overall == 0
    assert set(rule.judged(BOOK, (), BEFORE).groups.values()) == {"0", "none"}
    assert rule.judged(BOOK, IDS, BEFORE).overall == 7


def test_a_set_without_a_rule_has_no_overall_level() -> None:
    ready = book.shipped("tt13")
    asked = {one.id for group in ("TT13", "CV365") for one in ready.of(group)}
    found = rule.judged(ready, asked, date(2025, 8, 1))
    assert found == rule.Result({"TT13": "met", "CV365": "met"}, None, None)
    assert rule.judged(ready, asked - {"CV365-14"}, date(2025, 8, 1)).groups["CV365"] == "none"


def test_of_a_group_without_criteria_nothing_is_known() -> None:
    emptied = replace(BOOK, criteria=tuple(one for one in BOOK.criteria if one.group != "II"))
    assert rule.rung(emptied, "II", IDS) == "none"
    assert rule.judged(emptied, IDS, AFTER).overall == 2


@pytest.mark.parametrize("name", book.SETS)
def test_shipped_sets_are_whole(name: str) -> None:
    found = book.shipped(name)
    assert len({one.id for one in found.criteria}) == len(found.criteria)
    for one in found.criteria:
        assert one.level in found.group(one.group).rungs[1:]
        assert one.vi
        assert one.en
        assert one.confidence in ("A", "B", "C")
        assert set(one.sources) <= set(found.head["sources"])
    for group in found.groups:
        levels = {one.level for one in found.of(group.id)}
        assert levels == set(group.rungs[1:])
    for step in found.steps:
        assert all(needs in found.group(group).rungs for group, needs in step.requires.items())
        assert set(step.confidence) == set(step.requires)


def test_circular_54_has_the_counts_that_were_told() -> None:
    assert Counter(one.group for one in BOOK.criteria) == {
        "I": 25, "II": 11, "III": 29, "IV": 18, "V": 10, "VI": 9, "VII": 10, "VIII": 12,
    }  # fmt: skip
    assert Counter(one.confidence for one in BOOK.criteria) == {"A": 26, "B": 6, "C": 92}
    assert [group.id for group in BOOK.groups if BOOK.confirmed(group.id)] == ["IV", "V"]
    assert [len(book.shipped(name).criteria) for name in book.SETS] == [124, 8, 28]
