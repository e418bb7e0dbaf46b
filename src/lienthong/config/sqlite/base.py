"""SQLite lets one writer in at a time; who comes meanwhile sleeps and looks again, up to 100 ms each time.

Inside one process that is waste, and whoever writes much keeps the others out. Here the threads of a process begin
their transactions one after the other, in the order in which they came. Other processes wait as SQLite has it.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from django.db.backends.sqlite3 import base


class Queue:
    """A lock that is given in the order of asking."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Lock] = deque()

    def enter(self, seconds: float) -> bool:
        """Waits for its turn; False when it did not come in time."""
        with self._mutex:
            if not self._taken:
                self._taken = True
                return True
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=seconds):
            return True
        with self._mutex:
            if turn not in self._waiting:  # it came at the last moment
                return True
            self._waiting.remove(turn)
            return False

    def leave(self) -> None:
        """Gives the turn to the next."""
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._taken = False

    @property
    def length(self) -> int:
        """How many wait."""
        return len(self._waiting)


_queues: dict[str, Queue] = {}


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection; it stands in the queue of its file from the beginning of a transaction to its end.

    A commit that fails keeps its turn: Django rolls back or closes then.
    """

    _inside = False

    def _start_transaction_under_autocommit(self) -> None:
        if not self._inside:  # without its turn it goes on to SQLite, which says that the database is locked
            self._inside = self._queue().enter(self.settings_dict["OPTIONS"].get("timeout", 5))
        try:
            super()._start_transaction_under_autocommit()  # type: ignore[misc]
        except BaseException:
            self._leave()
            raise

    def _commit(self) -> Any:
        done = super()._commit()  # type: ignore[misc]
        self._leave()
        return done

    def _rollback(self) -> Any:
        try:
            return super()._rollback()  # type: ignore[misc]
        finally:
            self._leave()

    def _close(self) -> Any:
        try:
            return super()._close()  # type: ignore[misc]
        finally:
            self._leave()

    def _queue(self) -> Queue:
        return _queues.setdefault(str(self.settings_dict["NAME"]), Queue())

    def _leave(self) -> None:
        if self._inside:
            self._inside = False
            self._queue().leave()
