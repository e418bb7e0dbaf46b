"""Calls that write at the same moment share one commit on SQLite: the disk is asked to flush once for all of them.

None is answered before the commit. PostgreSQL does the same by itself, and there its row locks must stay short.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.db import connection, transaction

from lienthong.foundation.turns import Turns

T = TypeVar("T")
Work = Callable[[], Any]


class Commits:
    """Those who come while a commit is under way wait together for the next; the first of them makes it."""

    def __init__(self) -> None:
        self._turns: Turns[Work, Any] = Turns(_commit)

    def run(self, work: Callable[[], T]) -> T:
        """Runs ``work`` in a transaction and returns its result once that is durable; an exception of it rolls it
        back, and it alone. ``work`` may run twice, in another thread, and takes effect once."""
        if connection.vendor != "sqlite":
            with transaction.atomic():
                return work()
        result: T = self._turns.do(work)
        return result


def _commit(batch: Sequence[Work]) -> list[Any]:
    try:
        with transaction.atomic():
            return [work() for work in batch]
    except Exception as error:
        if len(batch) == 1:
            return [error]
        return [result for work in batch for result in _commit([work])]
