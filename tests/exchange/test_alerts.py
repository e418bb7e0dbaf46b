"""One alert for each cause, until its cause is gone."""

from __future__ import annotations

import pytest
from django.db import transaction

from lienthong.exchange import alerts
from lienthong.foundation.errors import Problem

pytestmark = pytest.mark.django_db(transaction=True)


def problem(code: str = "test-down", **more: object) -> Problem:
    return Problem(code, "Mất kết nối.", "The line is down.", "Bước một\nBước hai", "One\nTwo", **more)  # type: ignore[arg-type]


def test_a_cause_has_one_alert_however_often_it_is_raised() -> None:
    for _ in range(3):
        alerts.raise_alert(problem(), "message-1")
    alerts.raise_alert(problem(), "message-2")
    found = alerts.open_alerts()
    assert [(a.about, a.times) for a in found] == [("message-1", 3), ("message-2", 1)]
    assert found[0].since <= found[0].last
    assert found[0].problem.hint_vi.splitlines() == ["Bước một", "Bước hai"]


def test_the_last_words_stand() -> None:
    alerts.raise_alert(problem(where={"minutes": 10}))
    alerts.raise_alert(problem(where={"minutes": 20}, severity="warning"))
    (found,) = alerts.open_alerts()
    assert (found.problem.where, found.problem.severity) == ({"minutes": 20}, "warning")


def test_a_closed_alert_opens_anew() -> None:
    alerts.raise_alert(problem())
    alerts.raise_alert(problem())
    first = alerts.open_alerts()[0].since
    alerts.clear("test-down")
    assert alerts.open_alerts() == []
    alerts.clear("test-down")
    alerts.raise_alert(problem())
    (found,) = alerts.open_alerts()
    assert found.times == 1
    assert found.since >= first


def test_clearing_takes_one_or_all_of_a_code() -> None:
    for about in ("a", "b", "c"):
        alerts.raise_alert(problem(), about)
    alerts.raise_alert(problem("test-other"), "a")
    alerts.clear("test-down", "b")
    assert {(a.problem.code, a.about) for a in alerts.open_alerts()} == {
        ("test-down", "a"),
        ("test-down", "c"),
        ("test-other", "a"),
    }
    alerts.clear("test-down")
    assert [(a.problem.code, a.about) for a in alerts.open_alerts()] == [("test-other", "a")]


def test_an_alert_joins_the_callers_transaction() -> None:
    with transaction.atomic():
        alerts.raise_alert(problem())
        transaction.set_rollback(True)
    assert alerts.open_alerts() == []


def test_errors_come_before_warnings() -> None:
    alerts.raise_alert(problem("test-near", severity="warning"))
    alerts.raise_alert(problem("test-down"))
    assert [a.problem.code for a in alerts.open_alerts()] == ["test-down", "test-near"]


def test_names_from_elsewhere_may_be_long() -> None:
    alerts.raise_alert(problem("x" * 500), "y" * 500)
    alerts.raise_alert(problem("x" * 500), "y" * 500)
    assert [(len(a.about), a.times) for a in alerts.open_alerts()] == [(80, 2)]
