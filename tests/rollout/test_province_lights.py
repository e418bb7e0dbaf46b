"""The light of a unit: each rule by an example, and what must always hold."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from lienthong.rollout.lights import ORDER, RULES, Due, Flow, Late, Light, Seen, verdict

DAY = date(2025, 3, 4)
GOALS = (
    Due("security", date(2025, 2, 28), 14),
    Due("link", date(2025, 3, 15), 14),
    Due("emr", date(2025, 12, 31), 60),
)
GOOD: dict[str, Any] = {
    "day": DAY,
    "his_level": "6",
    "emr": "advanced",
    "emr_state": "published",
    "reached": {"first-receipt": date(2025, 2, 20)},
    "review": "passed",
    "dues": GOALS,
}


@pytest.fixture(autouse=True)
def _english() -> Any:
    with translation.override("en"):
        yield


def _rules(**differing: Any) -> dict[str, str]:
    return {one.rule: one.words for one in verdict(Seen(**{**GOOD, **differing})).reasons}


def test_a_unit_that_did_everything_is_on_track() -> None:
    found = verdict(Seen(**GOOD))
    assert (found.light, found.reasons) == (Light.ON_TRACK, ())


@pytest.mark.parametrize(
    ("differing", "rule", "light", "says"),
    [
        ({"review": "failed"}, "security-failed", Light.BLOCKED, "not passed"),
        ({"review": "under-way"}, "security-late", Light.BLOCKED, "4 days late (28/02/2025)"),
        ({"reached": {}, "day": date(2025, 3, 16)}, "link-late", Light.BLOCKED, "1 day late (15/03/2025)"),
        ({"emr_state": "trial", "day": date(2026, 1, 1)}, "emr-late", Light.BLOCKED, "1 day late"),
        ({"flows": [Flow("HIS", "silent", "silent since Monday")]}, "his-silent", Light.BLOCKED, "Monday"),
        ({"late": [Late("T02", "Link", DAY - timedelta(15))]}, "task-long-overdue", Light.BLOCKED, "T02"),
        ({"review": "none", "day": date(2025, 2, 20)}, "security-soon", Light.WATCH, "8 days left"),
        ({"reached": {"installed": DAY}}, "link-soon", Light.WATCH, "11 days left"),
        ({"emr_state": "trial", "day": date(2025, 12, 31)}, "emr-soon", Light.WATCH, "0 days left"),
        ({"flows": [Flow("PACS", "silent", "no images")]}, "feed-silent", Light.WATCH, "no images"),
        ({"flows": [Flow("HIS", "drift", "weight missing")]}, "feed-drift", Light.WATCH, "weight missing"),
        ({"late": [Late("T02", "Link", DAY - timedelta(14))]}, "task-overdue", Light.WATCH, "14 days late"),
        ({"differences": ["less than said"]}, "declared-not-proven", Light.WATCH, "less than said"),
        ({"faults": 2}, "faults-open", Light.WATCH, "2 faults are open"),
        ({"his_level": ""}, "level-unknown", Light.UNKNOWN, "HIS level"),
        ({"emr": "", "emr_state": ""}, "emr-unknown", Light.UNKNOWN, "electronic medical record"),
    ],
)
def test_each_rule_says_why(differing: dict[str, Any], rule: str, light: Light, says: str) -> None:
    found = verdict(Seen(**{**GOOD, **differing}))
    assert [one.rule for one in found.reasons] == [rule]
    assert found.light == light
    assert says in found.reasons[0].words


def test_every_rule_has_its_example() -> None:
    marks = test_each_rule_says_why.pytestmark
    assert {case[1] for case in marks[0].args[1]} == {rule.name for rule in RULES}


def test_the_last_day_of_a_deadline_is_not_late() -> None:
    assert "link-late" not in _rules(reached={}, day=date(2025, 3, 15))
    assert "link-soon" in _rules(reached={}, day=date(2025, 3, 15))


def test_software_alone_counts_as_declared_and_a_trial_does_not() -> None:
    late = date(2026, 1, 1)
    assert "emr-late" not in _rules(emr_state="", day=late)
    assert "emr-late" in _rules(emr_state="", emr="none", day=late)
    assert "emr-late" in _rules(emr_state="trial", day=late)


def test_what_is_not_known_is_never_said_to_be_late() -> None:
    found = _rules(emr="", emr_state="", day=date(2026, 6, 1))
    assert "emr-late" not in found
    assert "emr-unknown" in found


_seen = st.builds(
    Seen,
    day=st.dates(date(2024, 12, 1), date(2027, 2, 1)),
    his_level=st.sampled_from(["", "1", "7"]),
    emr=st.sampled_from(["", "none", "basic", "advanced"]),
    emr_state=st.sampled_from(["", "trial", "published"]),
    reached=st.none() | st.just({}) | st.just({"first-receipt": DAY}),
    review=st.sampled_from(["none", "under-way", "failed", "passed"]),
    dues=st.just(GOALS) | st.just(()),
    late=st.lists(
        st.builds(Late, st.just("T"), st.just("task"), st.dates(date(2024, 1, 1), date(2024, 11, 1))),
        max_size=2,
    ),
    flows=st.lists(
        st.builds(
            Flow,
            st.sampled_from(["HIS", "LIS", "PACS"]),
            st.sampled_from(["ok", "silent", "drift", "unknown"]),
            st.just("words"),
        ),
        max_size=3,
    ),
    faults=st.integers(0, 3),
)


@given(_seen)
def test_the_light_is_the_worst_of_its_reasons(seen: Seen) -> None:
    found = verdict(seen)
    lights = [one.light for one in found.reasons]
    assert found.light == min(lights, key=ORDER.index, default=Light.ON_TRACK)
    assert lights == sorted(lights, key=ORDER.index)
    assert all(one.words for one in found.reasons)


@given(_seen)
def test_doing_the_work_never_makes_a_light_worse(seen: Seen) -> None:
    better = Seen(
        seen.day,
        his_level=seen.his_level or "2",
        emr=seen.emr or "basic",
        emr_state="published",
        reached={"first-receipt": seen.day},
        review="passed",
        dues=seen.dues,
    )
    assert ORDER.index(verdict(better).light) >= ORDER.index(verdict(seen).light)
    assert verdict(better).light == Light.ON_TRACK
