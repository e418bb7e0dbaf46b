"""What was found not to be as it was signed, or not alike at both hospitals: kept by name until it is mended."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from django.conf import settings
from django.db import connection

from lienthong.exchange.reconciling import sql
from lienthong.exchange.work import marks
from lienthong.foundation import clock, ids

MOST = 20_000
"""Open discrepancies that one piece of work looks at."""
ITSELF, OTHER_SIDE, AGREES, NOT_NEEDED = "itself", "other-side", "agrees", "not-needed"
"""How something was mended: out of what was sound here, from the other side, found right again, no longer needed."""
Source = Literal["checking", "comparing"]


class Item(NamedTuple):
    """What is wrong: ``what`` of which message and, for content, its SHA-256 as ``place``.

    ``message`` is empty while only the hash of its manifest is known; ``side`` is ``here`` when this node must mend it.
    """

    direction: str
    message: str
    manifest: str
    sender: str
    receiver: str
    what: str
    place: str
    finding: str
    side: str = "here"

    @property
    def key(self) -> str:
        """The same thing found again has the same key."""
        name = self.manifest if self.what == "message" and self.manifest else self.message
        return ids.stable_id(self.direction, self.what, name, self.place)


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """An item with its story; times are aware, None for not yet."""

    key: str
    direction: str
    message: str
    manifest: str
    sender: str
    receiver: str
    what: str
    place: str
    finding: str
    side: str
    source: str
    found_at: datetime
    asked_at: datetime | None
    mended_at: datetime | None
    how: str

    @property
    def other(self) -> str:
        """The facility at the other end."""
        return self.receiver if self.sender == settings.NODE.facility else self.sender


def found(items: Iterable[Item], source: Source) -> list[str]:
    """Keeps what was found, in the caller's transaction; returns the keys."""
    now = clock.iso(clock.now())
    rows = [(item.key, *item, source, now) for item in items]
    with connection.cursor() as cursor:
        cursor.executemany(sql.FOUND, rows)
    return [row[0] for row in rows]


def mended(keys: Collection[str], how: str) -> int:
    """Notes that open items are right again, in the caller's transaction; returns how many were open."""
    return _mark(sql.MENDED, (clock.iso(clock.now()), how), keys)


def asked(keys: Collection[str]) -> None:
    """Notes that the other side was asked, in the caller's transaction."""
    _mark(sql.ASKED, (clock.iso(clock.now()),), keys)


def _mark(statement: str, values: Sequence[str], keys: Collection[str]) -> int:
    chosen, count = sorted(keys), 0
    with connection.cursor() as cursor:
        for start in range(0, len(chosen), 500):
            some = chosen[start : start + 500]
            cursor.execute(statement.format(marks=marks(some)), (*values, *some))
            count += cursor.rowcount
    return count


def still_open(limit: int = MOST) -> list[Discrepancy]:
    """What is not mended yet, the oldest first."""
    return _read(sql.OPEN, (limit,))


def of_message(message: str, manifest: str) -> list[Discrepancy]:
    """What is open of a message."""
    return _read(sql.OPEN_OF, (message, manifest))


def named(message: str, manifest: str) -> None:
    """Notes the id of a message of which only the hash of the manifest was known, in the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(sql.NAME, (message, manifest))


def lately(direction: str, message: str) -> bool:
    """Whether something of a message was found in the last hour, mended since or not."""
    since = clock.iso(clock.now() - timedelta(hours=1))
    return bool(_read(sql.LATELY, (direction, message, since)))


def of_pair(sender: str, receiver: str, limit: int) -> list[Discrepancy]:
    """What is open of the messages from one facility to another."""
    return _read(sql.OF_PAIR, (sender, receiver, limit))


def latest(limit: int) -> list[Discrepancy]:
    """What was mended, the latest first."""
    return _read(sql.LATEST, (limit,))


def _read(statement: str, values: Sequence[str | int]) -> list[Discrepancy]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [_discrepancy(*row) for row in cursor.fetchall()]


def _discrepancy(*row: Any) -> Discrepancy:
    *head, found_at, asked_at, mended_at, how = row
    moments = clock.from_iso(found_at), clock.moment(asked_at), clock.moment(mended_at)
    values = [*head, *moments, how]
    return Discrepancy(*values)
