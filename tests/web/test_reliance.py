"""Which results may be relied on: never outside the rule, never without a reason, never an exception."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.foundation import clock
from lienthong.transfers.models import Urgency
from lienthong.web.record import reliance
from lienthong.web.record.reliance import DECIDE, RELY, REPEAT, Situation

NOW = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)
GOOD = Situation(NOW, laboratory="Sơn Động", level=4, own_level=4)


def result(name: str, value: float | str, unit: str = "", hours: float = 1, **more: Any) -> dict[str, Any]:
    said = (
        {"valueString": value}
        if isinstance(value, str)
        else {"valueQuantity": {"value": value, "unit": unit}}
    )
    at = clock.iso(NOW - timedelta(hours=hours))
    return (
        {"resourceType": "Observation", "status": "final", "code": {"text": name}, "effectiveDateTime": at}
        | said
        | more
    )


@pytest.mark.parametrize(
    ("observation", "situation", "verdict"),
    [
        (result("Kali", 4.1, "mmol/L"), GOOD, RELY),
        (result("HbA1c", 7.9, "%", hours=30 * 24), GOOD, RELY),
        (result("HbA1c", 7.9, "%", hours=100 * 24), GOOD, REPEAT),
        (result("Kali", 4.1, "mmol/L", hours=10), replace(GOOD, urgency=Urgency.EMERGENCY), REPEAT),
        (result("Kali", 4.1, "mmol/L", hours=10), GOOD, RELY),
        (result("Huyết sắc tố", 95, "g/L"), replace(GOOD, bleeding=True), REPEAT),
        (result("Nhóm máu ABO", "O"), GOOD, REPEAT),
        (result("Troponin T hs", 14.0, "ng/L"), GOOD, REPEAT),
        (result("Kali", 410, "mmol/L"), GOOD, REPEAT),
        (result("Kali", 4.1, "mmol/L", status="entered-in-error"), GOOD, REPEAT),
        (result("Kali", 2.1, "mmol/L", interpretation=[{"coding": [{"code": "LL"}]}]), GOOD, REPEAT),
        (result("Kali", 3.3, "mmol/L", interpretation=[{"coding": [{"code": "L"}]}]), GOOD, DECIDE),
        (result("Kali", 4.1, "mg/dL"), GOOD, DECIDE),
        (result("Kali", 4.1, "mmol/L", hours=-5), GOOD, REPEAT),
        (result("Kali", 4.1, "mmol/L", effectiveDateTime=""), GOOD, DECIDE),
        (result("Kali", 4.1, "mmol/L"), replace(GOOD, level=None), DECIDE),
        (result("Kali", 4.1, "mmol/L"), replace(GOOD, own_level=None), DECIDE),
        (result("Kali", 4.1, "mmol/L"), replace(GOOD, level=3), DECIDE),
        (result("Kali", 4.1, "mmol/L"), replace(GOOD, laboratory=""), DECIDE),
        (result("Xét nghiệm lạ", 4.1, "mmol/L"), GOOD, DECIDE),
    ],
)
def test_each_rule_has_its_verdict_and_reason(
    observation: dict[str, Any], situation: Situation, verdict: str
) -> None:
    row = reliance.judged(observation, situation)
    assert row is not None
    assert row.verdict == verdict, row.reasons
    assert row.reasons
    assert all(row.reasons)


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("Số lượng hồng cầu", "blood-count"),
        ("Hồng cầu niệu", "urine"),
        ("Glucose niệu", "urine"),
        ("Glucose", "glucose"),
        ("pH", "blood-gas"),
        ("pH nước tiểu", "urine"),
        ("CA 15-3", "tumour-markers"),
        ("Calci toàn phần", "electrolytes"),
        ("Urê", "kidney"),
        ("Acid uric", "uric-acid"),
    ],
)
def test_names_find_their_group(name: str, group: str) -> None:
    rule = reliance.rule_for(name, NOW.date())
    assert rule is not None
    assert rule.group == group


def test_a_rule_counts_from_its_day() -> None:
    assert reliance.rule_for("Kali", datetime(2024, 12, 31, tzinfo=UTC).date()) is None


def test_the_newest_result_of_a_test_is_judged_and_counted() -> None:
    old, new = result("Kali", 4.1, "mmol/L", hours=90), result("Kali", 4.4, "mmol/L")
    found = reliance.judge([new, old, result("Lactat", 2, "mmol/L")], GOOD)
    assert (found.rely, found.repeat, found.decide) == (1, 1, 0)
    assert [row.name for row in found.rows] == ["Lactat", "Kali"]


def test_bleeding_is_read_from_code_and_words() -> None:
    assert reliance.is_bleeding("Xuất huyết tiêu hóa", "")
    assert reliance.is_bleeding("", "O72.1")
    assert not reliance.is_bleeding("Viêm phổi", "J18.9")


def test_a_result_of_the_form_reads_like_one_of_the_laboratory() -> None:
    row = {
        "test": "Kali",
        "value": "4,1",
        "unit": "mmol/L",
        "at": clock.iso(NOW - timedelta(hours=2)),
        "flag": "",
    }
    found = reliance.judged(reliance.of_form(row), GOOD)
    assert found is not None
    assert found.verdict == RELY


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)
_PART = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from(["final", "preliminary", "entered-in-error"]) | _JSON,
        "code": st.sampled_from([{"text": n} for n in ("Kali", "HbA1c", "Huyết sắc tố", "Nhóm máu", "lạ")])
        | _JSON,
        "valueQuantity": st.fixed_dictionaries({"value": st.integers(-9, 99999), "unit": st.text(max_size=6)})
        | _JSON,
        "valueString": _JSON,
        "effectiveDateTime": st.sampled_from([clock.iso(NOW - timedelta(hours=h)) for h in (-9, 1, 30, 9999)])
        | _JSON,
        "interpretation": _JSON | st.just([{"coding": [{"code": "HH"}]}]),
        "referenceRange": _JSON,
    },
)
_SITUATION = st.builds(
    Situation,
    st.just(NOW),
    urgency=st.sampled_from([*Urgency.values, "", "?"]),
    case=st.sampled_from(["", "trauma", "obstetric"]),
    bleeding=st.booleans(),
    laboratory=st.sampled_from(["", "A"]),
    level=st.none() | st.integers(1, 5),
    own_level=st.none() | st.integers(1, 5),
)


@given(st.lists(_PART | _JSON, max_size=5), _SITUATION)
def test_whatever_comes_nothing_breaks_and_rely_keeps_to_the_rule(
    observations: list[Any], situation: Situation
) -> None:
    for row in reliance.judge(observations, situation).rows:
        assert row.reasons
        if row.verdict != RELY:
            continue
        assert row.rule is not None
        assert row.rule.hours > 0
        assert situation.laboratory
        assert situation.level is not None
        assert situation.own_level is not None
        assert situation.level >= situation.own_level
        taken = clock.from_iso(row.value.moment)
        assert taken <= NOW + timedelta(minutes=30)
        assert NOW - taken <= timedelta(hours=row.rule.hours)
        assert not row.value.mark
        assert not (situation.bleeding and row.rule.group in ("blood-count", "coagulation"))
