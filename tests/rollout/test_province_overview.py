"""The province on a day, and what changed between two days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.utils import translation

from entering import once_in_module
from report_world import seeded

pytestmark = pytest.mark.django_db
DAY = date(2025, 2, 20)
HOSPITAL, CENTRE = "24011", "24004"


_entered = once_in_module(seeded, autouse=True)


@pytest.fixture(autouse=True)
def _english(node_home: object) -> Iterator[None]:
    with translation.override("en"):
        yield


def _put(unit: str, day: date, **values: str) -> None:
    from lienthong.access import audit
    from lienthong.rollout import facts
    from lienthong.rollout.changes import batch

    with batch(audit.system("test"), "facts") as open_batch:
        for key, value in values.items():
            facts.put(open_batch, unit, key, value, day)


def _approve(unit: str, day: date) -> None:
    from lienthong.facilities.models import SecurityReview
    from lienthong.foundation import clock

    SecurityReview.objects.create(
        facility_id=unit,
        level=3,
        document="12/QĐ-SYT",
        day=day,
        approved_by="Sở Y tế",
        entered_at=clock.now(),
        entered_by="test",
    )


def test_the_seventeen_units_of_the_seed_each_with_a_light_and_its_reasons() -> None:
    from lienthong.rollout import overview
    from lienthong.rollout.lights import Light

    now = overview.look(DAY)
    assert len(now.standings) == 17
    for one in now.standings:
        assert (one.light is Light.ON_TRACK) == (not one.verdict.reasons)
        assert one.seen.his_level
        assert one.rung is None
    found = {one.unit.code: {reason.rule for reason in one.verdict.reasons} for one in now.standings}
    assert all("security-soon" in rules for rules in found.values())
    assert not any("security-late" in rules for rules in found.values())


def test_after_the_date_of_the_review_every_unit_without_one_is_blocked() -> None:
    from lienthong.rollout import overview
    from lienthong.rollout.lights import Light

    _approve(HOSPITAL, date(2025, 2, 27))
    now = {one.unit.code: one for one in overview.look(date(2025, 3, 1)).standings}
    assert "security-late" not in {reason.rule for reason in now[HOSPITAL].verdict.reasons}
    assert now[HOSPITAL].light is not Light.BLOCKED
    assert {one.light for code, one in now.items() if code != HOSPITAL} == {Light.BLOCKED}


def test_the_date_of_the_record_depends_on_the_type_of_unit_and_on_what_was_law() -> None:
    from lienthong.rollout.overview import dues

    def first(kind: str, on: date) -> date:
        return next(due.day for due in dues(kind, on) if due.goal == "emr")

    hospital, centre = "provincial hospital", "district medical centre"
    assert first(hospital, DAY) == first(centre, DAY) == date(2025, 12, 31)
    assert first(hospital, date(2025, 7, 1)) == date(2025, 9, 30)
    assert first(centre, date(2025, 7, 1)) == date(2025, 12, 31)
    assert [due.day for due in dues(centre, date(2025, 7, 1)) if due.goal == "emr"][-1] == date(2026, 12, 31)


def test_a_day_that_has_passed_is_told_as_it_stood_then() -> None:
    from lienthong.rollout import overview

    _put(CENTRE, date(2025, 4, 1), his_level="6", emr_state="published")
    levels = {
        on: next(one.seen.his_level for one in overview.look(on).standings if one.unit.code == CENTRE)
        for on in (date(2025, 3, 31), date(2025, 4, 1))
    }
    assert list(levels.values()) == ["5", "6"]


def test_targets_count_the_units_to_which_they_apply() -> None:
    from lienthong.rollout import overview

    _approve(HOSPITAL, date(2025, 2, 27))
    found = {one.code: one for one in overview.targets(overview.look(date(2025, 7, 1)))}
    assert (found["M01"].met, found["M01"].of) == (1, 17)
    assert (found["M02"].met, found["M02"].of) == (0, 17)
    assert found["M04"].of == 8
    assert found["M06"].of == 9
    assert found["M05"].met == 4
    assert found["M04"].day == date(2025, 9, 30)


def test_a_goal_of_every_unit_that_all_reached_in_time_is_no_longer_told() -> None:
    from lienthong.rollout import overview, units

    for code in units.codes(DAY):
        _approve(code, date(2025, 2, 27))
    assert "M01" not in {one.code for one in overview.targets(overview.look(date(2025, 3, 10)))}


def test_the_next_date_is_the_nearest_of_what_is_not_reached() -> None:
    from lienthong.rollout import overview

    def following(unit: str) -> overview.Next | None:
        return next(one.next for one in overview.look(date(2025, 3, 10)).standings if one.unit.code == unit)

    assert following(HOSPITAL) == overview.Next(date(2025, 3, 15), "Link with Bạch Mai", "ladder")
    _put(HOSPITAL, date(2025, 3, 1), emr_planned_on="2025-03-12")
    planned = following(HOSPITAL)
    assert planned is not None
    assert planned.day == date(2025, 3, 12)


# What changed


def _sentences(first: date, last: date) -> list[str]:
    from lienthong.rollout import changed, overview

    found = changed.groups(overview.look(first), overview.look(last))
    return [one.words for group in found for one in group.sentences]


def test_first_figures_of_many_units_are_one_sentence() -> None:
    told = _sentences(date(2025, 2, 14), date(2025, 2, 18))
    assert "HIS level: first figures of 17 units" in told
    assert len(told) < 40


def test_what_was_declared_anew_is_told_before_and_after() -> None:
    _put(CENTRE, date(2025, 3, 5), his_level="6", line_down="45.5", emr_state="trial")
    told = _sentences(date(2025, 3, 1), date(2025, 3, 8))
    name = "Son Dong District Medical Centre"
    assert f"{name}: HIS level 5 → 6" in told
    assert f"{name}: Measured speed, down 45.5 Mbps" in told
    assert f"{name}: EMR state Trial run" in told


def test_counted_things_of_several_units_are_told_as_a_sum() -> None:
    from lienthong.rollout import units

    for place, code in enumerate(units.codes(DAY)):
        _put(code, date(2025, 2, 19), computers="100")
        if place < 4:
            _put(code, date(2025, 3, 5), computers="150")
    assert "Computers: 1,700 → 1,900 (4 units)" in _sentences(date(2025, 3, 1), date(2025, 3, 8))


def test_reviews_and_lights_that_changed_are_told() -> None:
    _approve(HOSPITAL, date(2025, 2, 26))
    told = _sentences(date(2025, 2, 22), date(2025, 3, 1))
    assert "Bac Giang Provincial General Hospital: security level approved" in told
    assert "16 units: Watch → Blocked" in told
    assert not any("General Hospital: Watch" in words for words in told)


def test_few_units_whose_light_changed_are_named() -> None:
    from lienthong.rollout import units

    for code in units.codes(DAY):
        if code != HOSPITAL:
            _approve(code, date(2025, 2, 19))
    told = _sentences(date(2025, 2, 22), date(2025, 3, 1))
    assert "Bac Giang Provincial General Hospital: Watch → Blocked" in told


def test_a_task_done_or_overdue_is_told_once() -> None:
    from lienthong.access import audit
    from lienthong.rollout.changes import batch
    from lienthong.rollout.plan.models import Task

    told = _sentences(date(2025, 3, 13), date(2025, 3, 20))
    assert sum("T02" in words for words in told) == 1
    assert "Overdue: T02, Finish the connection with Bach Mai Hospital" in told
    assert not any("T02" in words for words in _sentences(date(2025, 3, 20), date(2025, 3, 27)))
    task = Task.objects.get(number="T02")
    task.done = date(2025, 3, 24)
    with batch(audit.system("test"), "task") as open_batch:
        open_batch.save(task)
    told = _sentences(date(2025, 3, 20), date(2025, 3, 27))
    assert "Done: T02, Finish the connection with Bach Mai Hospital" in told


def test_nothing_changed_on_a_day_compared_with_itself() -> None:
    assert _sentences(DAY, DAY) == []


def test_a_unit_that_merged_is_told_and_no_longer_counted() -> None:
    from lienthong.rollout import overview

    _put("TT", date(2025, 5, 1), merged_into="24011")
    assert len(overview.look(date(2025, 5, 1)).standings) == 16
    assert len(overview.look(date(2025, 5, 1) - timedelta(1)).standings) == 17
    told = _sentences(date(2025, 4, 30), date(2025, 5, 1))
    assert told == ["No longer a unit of its own: Bac Giang Psychiatric Hospital"]
