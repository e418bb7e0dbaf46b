"""What pages ask: the figure of each pair of facilities, and the lists behind it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.conf import settings
from django.db import connection

from lienthong.exchange.reading import MessageRow, row_of
from lienthong.exchange.reconciling import sql
from lienthong.exchange.work import marks
from lienthong.foundation import clock

SHOWN = 50


@dataclass(frozen=True, slots=True)
class Pair:
    """The messages from one facility to another, as the two compared them last.

    Attributes:
        messages: up to the time ``horizon`` of the hub; differing: of how many the two do not say the same.
        asked_at: since when a comparison goes on; compared_at: when the last one ended; None for never.
        differences: id of the message and a word of :mod:`.comparing`, as the sender sees it; the first 500.
    """

    sender: str
    receiver: str
    messages: int
    differing: int
    horizon: datetime | None
    asked_at: datetime | None
    compared_at: datetime | None
    differences: dict[str, str]

    @property
    def matching(self) -> int:
        """How many are the same at both."""
        return self.messages - self.differing


def pairs() -> list[Pair]:
    """All pairs compared so far: at a site its own, at the hub those of the province."""
    with connection.cursor() as cursor:
        cursor.execute(sql.PAIRS)
        found = []
        for sender, receiver, state, horizon, asked_at, compared_at, messages, differing, names in cursor:
            going = asked_at if state == "asked" else ""
            differences = dict(msgspec.json.decode(names, type=list[tuple[str, str]])) if names else {}
            moments = clock.moment(horizon), clock.moment(going), clock.moment(compared_at)
            pair = sender, receiver, messages, differing, *moments
            found.append(Pair(*pair, differences))
        return found


def messages_of_pair(sender: str, receiver: str, before: int) -> list[tuple[int, MessageRow]]:
    """Messages from one facility to another, with the sender's number of each, the latest first.

    Args:
        before: pages on from a number.
    """
    directions = ("relay",) if settings.NODE.role == "hub" else ("out", "in")
    with connection.cursor() as cursor:
        statement = sql.MESSAGES_OF_PAIR.format(marks=marks(directions))
        cursor.execute(statement, (*directions, sender, receiver, before, SHOWN))
        return [(row[0], row_of(row[1:])) for row in cursor.fetchall()]
