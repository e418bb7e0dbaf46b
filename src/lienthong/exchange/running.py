"""Site: how far large content came that is on its way now, kept so that another process can show and resume it."""

from __future__ import annotations

import time

from django.db import connection, transaction

from lienthong.exchange import sql
from lienthong.exchange.line import Direction, Line
from lienthong.foundation import clock

_EVERY = 3.0


def address(sha256: str) -> str:
    """The address of a begun upload at the hub; empty when there is none."""
    with connection.cursor() as cursor:
        cursor.execute(sql.RUNNING_ADDRESS, (sha256,))
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def end(direction: Direction, sha256: str) -> None:
    """It is there, or must begin anew."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.END_RUNNING, (direction, sha256))


class Progress:
    """Notes how far one part came, at most every three seconds."""

    def __init__(self, line: Line, direction: Direction, sha256: str, size: int) -> None:
        self._line, self._key, self._size = line, (direction, sha256), size
        self._next = 0.0

    def begin(self, done: int, address: str = "") -> None:
        """It begins, or goes on, after ``done`` bytes."""
        now = clock.iso(clock.now())
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql.RUNNING, (*self._key, self._size, done, address, now))
        self._next = time.monotonic() + _EVERY

    def at(self, done: int) -> None:
        """It came to ``done`` bytes."""
        if time.monotonic() < self._next:
            return
        now = clock.iso(clock.now())
        rates = [int(self._line.meters[direction].rate) for direction in ("up", "down")]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql.RUNNING_AT, (done, now, *self._key))
            cursor.execute(sql.LINE_RATES, (*rates, now))
        self._next = time.monotonic() + _EVERY
