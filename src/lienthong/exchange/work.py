"""Claims on waiting messages: several threads and processes share the work, and a dead one's claims end by themselves.

A claim only saves double work; that nothing has double effect rests on the state of the row.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from django.conf import settings
from django.db import connection, transaction

from lienthong.exchange import alerts, causes, faults, sql, trace
from lienthong.foundation import clock, json
from lienthong.foundation.errors import Problem

LEASE = timedelta(seconds=8)
_LONGEST_WAIT = 600.0
_PLAUSIBLE = timedelta(seconds=1.5 * _LONGEST_WAIT)
"""The longest pause that this clock can have set."""

Direction = Literal["out", "in"]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message that this worker may work on now: its manifest as JWS and that one's hash.

    ``position`` and ``accepted_at`` are the hub's, ``acceptance`` what it signed.
    """

    number: int
    message: str
    jws: str
    manifest: str
    attempts: int
    lane: int
    position: int
    accepted_at: str
    acceptance: str


def claim(worker: str, direction: Direction, limit: int, lanes: Sequence[int] = range(4)) -> list[Claimed]:
    """Claims messages of some lanes, at most one of each loop and lane: the most urgent first, then the oldest."""
    if not lanes:
        return []
    now = clock.now()
    state = "queued" if direction == "out" else "collected"
    statement = sql.CLAIM_QUEUED if direction == "out" else sql.CLAIM_COLLECTED
    free = clock.iso(now), clock.iso(now + 2 * LEASE)
    some = marks(lanes)
    with connection.cursor() as cursor:
        cursor.execute(sql.ANY_OPEN.format(lanes=some), (direction, state, *lanes, *due(), *free))
        if cursor.fetchone() is None:
            return []
        with transaction.atomic():
            until = clock.iso(now + LEASE)
            values: list[str | int] = [worker, until, *free, direction, *lanes, *due(), *free, limit]
            cursor.execute(statement.format(lanes=some), values)
            rows = [Claimed(*row) for row in cursor.fetchall()]
    return sorted(rows, key=lambda row: (row.lane, row.number if direction == "out" else row.position))


def renew(worker: str, numbers: Collection[int]) -> None:
    """Prolongs claims on work that takes long."""
    _on_claims(sql.RENEW, (clock.iso(clock.now() + LEASE), worker), numbers)


def release(worker: str, numbers: Collection[int]) -> None:
    """Gives claims back."""
    _on_claims(sql.RELEASE, (worker,), numbers)


def _on_claims(statement: str, values: tuple[str, ...], numbers: Collection[int]) -> None:
    if numbers:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(marks=marks(numbers)), (*values, *numbers))


def due() -> tuple[str, str]:
    """Between which moments a row's next try says that it is due: before the first, or after the second."""
    now = clock.now()
    return clock.iso(now), clock.iso(now + _PLAUSIBLE)


def hold(row: Claimed, problem: Problem) -> None:
    """Puts a message back for a later try, or sets it aside when that cannot help (:mod:`.faults`)."""
    if faults.goes_on(problem, row.attempts):
        try_again(row, problem)
    else:
        set_aside(row, problem)


def set_aside(row: Claimed, problem: Problem) -> None:
    """Takes a message out of the queue, with the reason and an alert; the rest goes on."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.SET_ASIDE, (as_text(problem), row.number))
        if cursor.rowcount:
            now = clock.iso(clock.now())
            trace.add([(row.message, now, settings.NODE.facility, trace.SET_ASIDE, problem.code)])
            alerts.raise_alert(causes.set_aside(problem), row.message)


def try_again(row: Claimed, problem: Problem) -> None:
    """Puts a message back with the reason; it is tried again after a wait that grows to ten minutes."""
    now = clock.now()
    wait = min(_LONGEST_WAIT, 2.0 ** min(row.attempts, 10)) * random.uniform(0.7, 1.3)  # noqa: S311 - jitter
    with transaction.atomic(), connection.cursor() as cursor:
        again = clock.iso(now + timedelta(seconds=wait))
        cursor.execute(sql.TRY_AGAIN, (as_text(problem), again, row.number))
        if cursor.rowcount and row.attempts == 0:
            trace.add([(row.message, clock.iso(now), settings.NODE.facility, trace.HELD, problem.code)])


def pause(row: Claimed) -> None:
    """Puts a message back that may not move now; somebody looks again in ten minutes."""
    again = clock.iso(clock.now() + timedelta(seconds=_LONGEST_WAIT))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.PAUSE, (again, row.number))


class Leases:
    """The claims of one worker, prolonged by :meth:`renew` as long as they are held; used by several threads."""

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._held: set[int] = set()
        self._lock = threading.Lock()

    def claim(self, direction: Direction, limit: int, lanes: Sequence[int]) -> list[Claimed]:
        """As :func:`claim`."""
        rows = claim(self._worker, direction, limit, lanes)
        with self._lock:
            self._held.update(row.number for row in rows)
        return rows

    def drop(self, numbers: Collection[int]) -> None:
        """The work is done, or its claim was given back with it."""
        with self._lock:
            self._held.difference_update(numbers)

    def release(self, numbers: Collection[int]) -> None:
        """Gives claims back."""
        self.drop(numbers)
        release(self._worker, numbers)

    def renew(self) -> None:
        """Prolongs all claims held."""
        with self._lock:
            held = set(self._held)
        renew(self._worker, held)


def as_text(problem: Problem) -> str:
    """A problem as it is kept in a row."""
    return json.dumps(problem.as_dict() | {"retry": problem.retry}).decode()


def marks(values: Collection[object]) -> str:
    """Placeholders for a list in SQL."""
    return ", ".join(["%s"] * len(values))
