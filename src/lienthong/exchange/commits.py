"""Calls that write at the same moment share one commit on SQLite: the disk is asked to flush once for all of them.

None is answered before the commit. PostgreSQL does the same by itself, and there its row locks must stay short.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db import connection, transaction

T = TypeVar("T")

_MOST = 32
"""Calls in one commit."""


class _Turn:
    """One call's work; ``woken`` says that it is done, or that it is this thread's turn to do it for all."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self.work = work
        self.woken = threading.Event()
        self.leads = False
        self.result: Any = None
        self.error: Exception | None = None


class Commits:
    """Those who come while a commit is under way wait together for the next; the first of them makes it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[_Turn] = []
        self._busy = False

    def run(self, work: Callable[[], T]) -> T:
        """Runs ``work`` in a transaction and returns its result once that is durable; an exception of it rolls it
        back, and it alone. ``work`` may run twice, in another thread, and takes effect once."""
        if connection.vendor != "sqlite":
            with transaction.atomic():
                return work()
        turn = _Turn(work)
        with self._lock:
            self._waiting.append(turn)
            turn.leads, self._busy = not self._busy, True
        if not turn.leads:
            turn.woken.wait()
        if turn.leads:
            self._lead()
        if turn.error is not None:
            raise turn.error
        result: T = turn.result
        return result

    def _lead(self) -> None:
        """Commits what waits, this thread's own first; the next to wait leads then."""
        with self._lock:
            batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
        try:
            _commit(batch)
        finally:
            with self._lock:
                self._busy = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].leads = True
                    self._waiting[0].woken.set()
            for turn in batch:
                turn.woken.set()


def _commit(batch: Sequence[_Turn]) -> None:
    try:
        with transaction.atomic():
            results = [turn.work() for turn in batch]
    except Exception as error:
        if len(batch) == 1:
            batch[0].error = error
            return
        for turn in batch:
            _commit([turn])
        return
    for turn, result in zip(batch, results, strict=True):
        turn.result = result
