"""What this node has of the messages from one facility to another, as :mod:`.comparing` asks for it."""

from __future__ import annotations

import time
from base64 import urlsafe_b64decode
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.conf import settings
from django.db import connection

from lienthong.exchange.reconciling import comparing, sql
from lienthong.exchange.reconciling.comparing import DUE, Entry, Line
from lienthong.exchange.work import marks

_LAST = "\x7f"
_PAUSE = 0.02
"""Seconds between two reads, in which other threads have their turn."""


class _Stored(msgspec.Struct):
    stored: str = ""


_stored = msgspec.json.Decoder(_Stored)


@dataclass(slots=True)
class Kept:
    """The messages from ``sender`` to ``receiver``, one of them this node, that the hub accepted up to ``horizon``."""

    sender: str
    receiver: str
    horizon: str
    _days: list[Line] | None = field(default=None)

    @property
    def direction(self) -> str:
        """``out`` at the sender, ``in`` at the receiver."""
        return "out" if self.sender == settings.NODE.facility else "in"

    def days(self) -> list[Line]:
        """A line for each day; one pass over the messages, with one day in memory, then remembered."""
        if self._days is None:
            self._days = []
            day, entries = "", list[Entry]()
            for at, entry in self._between("", self.horizon):
                if at[:10] != day and entries:
                    self._days.append(comparing.line(day, entries))
                    entries = []
                day = at[:10]
                entries.append(entry)
            if entries:
                self._days.append(comparing.line(day, entries))
        return self._days

    def rows(self, name: str) -> list[tuple[str, Entry]]:
        """The messages of a range that is a day or smaller."""
        start = name.partition("/")[0]
        until = min(start + _LAST, self.horizon)
        return [row for row in self._between(start, until) if comparing.inside(name, row[0], row[1].message)]

    def look(self, messages: Collection[str], /) -> Mapping[str, Entry]:
        """Messages by id, also those that the hub has not accepted yet."""
        found: dict[str, Entry] = {}
        chosen = sorted(messages)
        with connection.cursor() as cursor:
            for start in range(0, len(chosen), 500):
                some = chosen[start : start + 500]
                values = (self.direction, *some, self.sender, self.receiver)
                cursor.execute(sql.ENTRIES_NAMED.format(marks=marks(some)), values)
                found |= {row[2]: _entry(row) for row in cursor.fetchall()}
        return found

    def _between(self, since: str, until: str) -> Iterator[tuple[str, Entry]]:
        at, number = since or "0", 0
        while True:
            with connection.cursor() as cursor:
                values = (self.direction, at, until, at, number, self.sender, self.receiver)
                cursor.execute(sql.ENTRIES, values)
                rows = cursor.fetchall()
            for row in rows:
                yield row[1], _entry(row)
            if len(rows) < sql.ENTRIES_AT_ONCE:
                return
            time.sleep(_PAUSE)
            number, at = rows[-1][0], rows[-1][1]


def newest(direction: str) -> str:
    """When the hub accepted the newest message of a direction, by its own clock; empty without any."""
    with connection.cursor() as cursor:
        cursor.execute(sql.NEWEST, (direction,))
        return str(cursor.fetchone()[0])


def _entry(row: tuple[Any, ...]) -> Entry:
    """An entry of the columns of ``sql.ENTRIES``."""
    _, _, message, manifest, state, receipt_state, receipt = row
    if receipt_state in ("collected", "due"):
        outcome = DUE
    elif state in ("stored", "refused", "set-aside"):
        outcome = state
    else:
        outcome = ""
    return Entry(message, manifest, outcome, _said(receipt) if outcome == "stored" else "")


def _said(receipt: str) -> str:
    """The hash that a receipt says was stored; empty when it cannot be read, as checking finds."""
    payload = receipt.partition(".")[2].partition(".")[0]
    try:
        return _stored.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4))).stored
    except (ValueError, msgspec.MsgspecError):
        return ""
