"""Dated facts: what is taken, in which form, and what holds on a day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

DAY = date(2025, 2, 18)


@pytest.mark.parametrize(
    ("key", "text", "kept"),
    [
        ("computers", "2.416", "2416"),
        ("computers", " 12 ", "12"),
        ("computers", "1 658", "1658"),
        ("line_down", "12,5", "12.5"),
        ("line_down", "12.5", "12.5"),
        ("line_down", "1.250,5", "1250.5"),
        ("line_down", "40.0", "40"),
        ("emr_planned_on", "31/12/2025", "2025-12-31"),
        ("emr_planned_on", "2025-12-31", "2025-12-31"),
        ("emr", "advanced", "advanced"),
        ("backup_line", "YES", "yes"),
        ("his_vendor", "  Công ty   A ", "Công ty A"),
        ("servers", "", ""),
    ],
)
def test_values_are_kept_in_one_form(key: str, text: str, kept: str) -> None:
    from lienthong.rollout import facts

    assert facts.normal(key, text) == kept
    assert facts.normal(key, kept) == kept


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("computers", "-1"),
        ("computers", "12,5"),
        ("computers", "mười"),
        ("computers", "1e3000000"),
        ("computers", "NaN"),
        ("his_level", "8"),
        ("emr", "rất tốt"),
        ("emr_planned_on", "31/02/2025"),
        ("emr_planned_on", "2025-2"),
        ("emr_planned_on", "31/12/0025"),
        ("his_vendor", "a" * 201),
    ],
)
def test_what_cannot_be_taken_says_what_may_stand_there(key: str, text: str) -> None:
    from lienthong.foundation.errors import LienThongError
    from lienthong.rollout import facts

    with pytest.raises(LienThongError) as told:
        facts.normal(key, text)
    assert told.value.problem.where == {"field": key}
    assert told.value.problem.hint_vi


@pytest.mark.django_db
def test_what_holds_on_a_day() -> None:
    from lienthong.access import audit
    from lienthong.rollout import changes, facts

    with changes.batch(audit.system("test"), "facts") as batch:
        facts.put(batch, "24011", "servers", "4", DAY)
        facts.put(batch, "24011", "servers", "6", DAY + timedelta(30))
        facts.put(batch, "24011", "servers", "", DAY + timedelta(60))
        assert not facts.put(batch, "24011", "servers", "4", DAY + timedelta(1))
    held = [facts.value("24011", "servers", DAY + timedelta(days)) for days in (-1, 0, 29, 30, 59, 60)]
    assert [fact and fact.value for fact in held] == [None, "4", "4", "6", "6", None]
    assert ("24011", "servers") not in facts.values(DAY + timedelta(61))
