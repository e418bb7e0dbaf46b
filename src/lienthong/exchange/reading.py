"""What pages ask: does everything flow, which messages are there, how much went from whom to whom."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from django.db import connection

from lienthong.exchange import manifest, sql
from lienthong.foundation import clock, json
from lienthong.foundation.errors import LienThongError, Problem

_HEX = re.compile("[0-9a-f]{6,64}")


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message in a list.

    Attributes:
        direction: ``out``, ``in`` or, at the hub, ``relay``.
        state: out ``queued accepted stored refused set-aside``; in ``collected stored refused set-aside``;
            relay ``accepted stored refused``. At the sender ``stored`` stands only after the receipt was verified.
        bytes: size of its parts, not compressed.
        problem: what holds it up, or why it was refused.
    """

    id: str
    direction: Literal["out", "in", "relay"]
    kind: str
    loop: str
    sender: str
    receiver: str
    created: datetime
    state: str
    bytes: int
    receipt_at: datetime | None
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class Flow:
    """Is everything flowing at this site?

    Attributes:
        waiting: messages not yet accepted by the hub; ``oldest_waiting_at`` the oldest of them.
        sent_today: accepted by the hub today (Viet Nam); ``receipts_today`` verified receipts for what was stored.
        last_contact_at: when the hub last answered.
        last_error: what is wrong with the line now.
        set_aside: messages that will not go on by themselves.
        clock_ahead: seconds by which the hub's clock was ahead of this node's at the last contact.
    """

    waiting: int
    oldest_waiting_at: datetime | None
    sent_today: int
    receipts_today: int
    last_contact_at: datetime | None
    last_error: Problem | None
    set_aside: int
    clock_ahead: int


@dataclass(frozen=True, slots=True)
class DayCount:
    """Hub: loops from one facility to another.

    Attributes:
        about: the day the sender counts them for, e.g. when the patients left; accepted: when the hub took them first.
        sent: how many; receipted: of how many the receiver's receipt says stored.
    """

    about: date
    accepted: date
    sender: str
    receiver: str
    sent: int
    receipted: int


@dataclass(frozen=True, slots=True)
class First:
    """Hub: the first message of a facility that got so far, and when."""

    sender: str
    receiver: str
    message: str
    loop: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Exchanged:
    """Hub: loops that a facility began and the hub counts for some days.

    Attributes:
        sent: how many; stored: of how many a receipt says stored; refused: of how many none does, and one says refused
            or the hub could not deliver them.
        problems: why messages were refused and how often, the most frequent first.
    """

    sender: str
    sent: int
    stored: int
    refused: int
    problems: tuple[tuple[Problem, int], ...]


def flow() -> Flow:
    """The state of this site's traffic."""
    today = clock.day_start()
    waiting, oldest = _one(sql.WAITING)
    line = _one(sql.LINE) or (0, "", "", 0)
    return Flow(
        waiting=waiting,
        oldest_waiting_at=clock.moment(oldest),
        sent_today=_one(sql.SENT_SINCE, (today,))[0],
        receipts_today=_one(sql.RECEIPTS_SINCE, (today,))[0],
        last_contact_at=clock.moment(line[1]),
        last_error=_problem(line[2]),
        set_aside=_one(sql.SET_ASIDE_COUNT)[0],
        clock_ahead=line[3],
    )


def find(text: str) -> list[MessageRow]:
    """Messages by id, loop, or the first six or more digits of an id or of a hash: manifest, part (open or sealed),
    receipt."""
    text = text.replace("\0", "").strip()
    prefix = text.lower() if _HEX.fullmatch(text.lower()) else "-"
    span = (prefix, prefix + "g")
    return _rows(sql.FIND, (text, *span, *span, *span, *span, *span))


def by_id(message: str) -> list[MessageRow]:
    """The message with that id."""
    return _rows(sql.BY_ID, (message,))


def recent(limit: int, *, stuck: bool = False) -> list[MessageRow]:
    """The latest messages, newest first; ``stuck``: only those that wait, were refused or set aside."""
    return _rows(sql.STUCK if stuck else sql.RECENT, (limit,))


def messages_of(loop: str) -> list[MessageRow]:
    """All messages of a loop that this node sent, received or relayed, oldest first."""
    return _rows(sql.OF_LOOP, (loop,))


def signed_manifest(row: MessageRow) -> str:
    """The manifest of a message as its sender signed it (JWS)."""
    return str(_one(sql.JWS_OF, (row.direction, row.id))[0])


def traffic(kind: str, days: int) -> list[DayCount]:
    """Hub: loops begun by messages of a kind that the hub took in the last days, today included, each counted once."""
    first = clock.day_start(clock.today() - timedelta(days=days - 1))
    with connection.cursor() as cursor:
        cursor.execute(sql.TRAFFIC, (first, kind))
        return [
            DayCount(date.fromisoformat(about), date.fromisoformat(day), *row)
            for about, day, *row in cursor.fetchall()
        ]


def first_sent(kind: str, until: datetime) -> dict[str, First]:
    """Hub: facility to its first message of a kind that the hub took before a moment."""
    return _firsts(sql.FIRST_SENT, (kind, clock.iso(until)))


def first_stored(kind: str, until: datetime) -> dict[str, First]:
    """Hub: facility to the first message of a kind whose receipt came before a moment and says stored."""
    return _firsts(sql.FIRST_STORED, (kind, clock.iso(until), kind))


def _firsts(statement: str, values: Sequence[str]) -> dict[str, First]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        rows = cursor.fetchall()
    return {
        sender: First(sender, receiver, message, loop, clock.from_iso(at))
        for sender, receiver, message, loop, at in rows
    }


def exchanged(kind: str, first: date, last: date) -> dict[str, Exchanged]:
    """Hub: facility to its loops begun by messages of a kind that count for some days, the last included."""
    values = (kind, first.isoformat(), last.isoformat())
    why: dict[str, Counter[str]] = defaultdict(Counter)
    known: dict[str, Problem] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql.NOT_STORED, values)
        for sender, text, receipt in cursor.fetchall():
            problem = _problem(text) or _told(receipt)
            if problem is not None:
                known.setdefault(problem.code, problem)
                why[sender][problem.code] += 1
        cursor.execute(sql.EXCHANGED, values)
        rows = cursor.fetchall()
    return {
        sender: Exchanged(
            sender, sent, stored, refused, tuple((known[c], n) for c, n in why[sender].most_common())
        )
        for sender, sent, stored, refused in rows
    }


def _told(receipt: str) -> Problem | None:
    """Why a receiver refused, as its receipt says."""
    try:
        told = manifest.read_receipt(manifest.payload_of(receipt)).problem
    except LienThongError:
        return None
    return Problem.from_dict(told) if told else None


def _one(statement: str, values: Sequence[str] = ()) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()


def _rows(statement: str, values: Sequence[str | int]) -> list[MessageRow]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [row_of(row) for row in cursor.fetchall()]


def row_of(row: tuple[Any, ...]) -> MessageRow:
    """A row of the columns of a list of messages, in their order."""
    message, direction, kind, loop, sender, receiver, created, state, size, receipt_at, problem = row
    moments = clock.from_iso(created), clock.moment(receipt_at)
    return MessageRow(
        message,
        direction,
        kind,
        loop,
        sender,
        receiver,
        moments[0],
        state,
        size,
        moments[1],
        _problem(problem),
    )


def _problem(text: str) -> Problem | None:
    return Problem.from_dict(json.loads(text)) if text else None
