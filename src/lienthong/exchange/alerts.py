"""What a person must see to: one row for each cause, which opens by itself and closes by itself.

An alert is a :class:`Problem` about something (a message id, a facility, a key, or nothing). It names no patient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from lienthong.exchange import sql
from lienthong.foundation import clock, json
from lienthong.foundation.errors import Problem


@dataclass(frozen=True, slots=True)
class Alert:
    """An open alert.

    Attributes:
        problem: what is wrong and what to do; a line of the hint is a step.
        about: what it concerns; empty when there can be only one.
        since: when it opened; last: when it was raised last; times: how often it was raised since it opened.
    """

    problem: Problem
    about: str
    since: datetime
    last: datetime
    times: int


def raise_alert(problem: Problem, about: str = "") -> None:
    """Opens the alert with the problem's code about something, or counts it once more; joins the caller's transaction.

    The words of the last call stand. Of ``about`` 80 characters count.
    """
    now = clock.iso(clock.now())
    with connection.cursor() as cursor:
        cursor.execute(sql.RAISE_ALERT, (problem.code[:60], about[:80], _as_text(problem), now, now))


def settle(code: str, found: Mapping[str, Problem]) -> None:
    """Makes the open alerts with that code those of ``found``, by what they are about.

    For causes that are looked for again and again: what stays open gets the new words and is not counted once more.
    """
    now = clock.iso(clock.now())
    with connection.cursor() as cursor:
        cursor.execute(sql.ALERTS_OF, (code,))
        before = dict(cursor.fetchall())
        for about, problem in found.items():
            text = _as_text(problem)
            if about not in before:
                raise_alert(problem, about)
            elif before[about] != text:
                cursor.execute(sql.RENEW_ALERT, (text, now, code, about))
    for about in before.keys() - found.keys():
        with connection.cursor() as cursor:
            cursor.execute(sql.CLOSE_ALERT, (now, code, about))


def clear(code: str, about: str = "") -> None:
    """Closes the alert with that code about something (``""``: all with that code), since its cause is gone."""
    with connection.cursor() as cursor:
        cursor.execute(sql.CLEAR_ALERT, (clock.iso(clock.now()), code[:60], about[:80], about[:80]))


def count() -> int:
    """How many alerts are open."""
    with connection.cursor() as cursor:
        cursor.execute(sql.COUNT_ALERTS)
        return int(cursor.fetchone()[0])


def open_alerts() -> list[Alert]:
    """The open alerts, errors before warnings, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(sql.OPEN_ALERTS)
        found = [
            Alert(
                Problem.from_dict(json.loads(text)), about, clock.from_iso(since), clock.from_iso(last), times
            )
            for about, text, since, last, times in cursor.fetchall()
        ]
    return sorted(found, key=lambda alert: (alert.problem.severity == "warning", alert.since))


def _as_text(problem: Problem) -> str:
    return json.dumps(problem.as_dict() | {"retry": problem.retry}).decode()
