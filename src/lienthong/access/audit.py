"""The audit trail: every event is chained to the one before by SHA-256, so that a change is seen.

``hash = SHA-256(previous hash + canonical JSON of the event)``. The row joins the caller's transaction.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from lienthong.foundation import clock, json

_COLUMNS = (
    "seq",
    "at",
    "person",
    "person_name",
    "role",
    "address",
    "action",
    "page",
    "patient",
    "why",
    "detail",
)
START = "0" * 64
_HEAD = (
    f"INSERT INTO access_audithead (id, seq, hash) VALUES (1, %s, '{START}')"  # noqa: S608
    " ON CONFLICT (id) DO UPDATE SET seq = access_audithead.seq + excluded.seq RETURNING seq, hash"
)
_INSERT = f"INSERT INTO access_auditevent ({', '.join(_COLUMNS)}, hash) VALUES "  # noqa: S608
_VALUES = f"({', '.join(['%s'] * (len(_COLUMNS) + 1))})"
_AT_ONCE = 500
_COPY = f"COPY access_auditevent ({', '.join(_COLUMNS)}, hash) FROM STDIN"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_FEW = 4
_MOVE = "UPDATE access_audithead SET hash = %s WHERE id = 1"
_APPEND = (
    "WITH moved AS (UPDATE access_audithead SET seq = %s, hash = %s WHERE id = 1 AND seq = %s AND hash = %s"  # noqa: S608
    f" RETURNING 1) INSERT INTO access_auditevent ({', '.join(_COLUMNS)}, hash) SELECT (v ->> 0)::bigint, "
    f"{', '.join(f'v ->> {n}' for n in range(1, len(_COLUMNS) + 1))}"
    " FROM jsonb_array_elements(%s::jsonb) AS v, moved"
)
_ROW = f"SELECT {', '.join(_COLUMNS)}, hash FROM access_auditevent"  # noqa: S608
_SOME = f"{_ROW} WHERE seq > %s AND seq <= %s ORDER BY seq LIMIT 1000"
_NAMING = f"{_ROW} WHERE at >= %s AND at <= %s AND detail LIKE %s ORDER BY seq"
_EMERGENCY = "why = 'ETREAT'"
_NEAR = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a person with a role, or a part of the program.

    Attributes:
        id: account name, or ``system:his-xml`` and the like.
        name: full name for people who read the trail.
        role: roles at that moment, joined by commas.
        address: network address it came from; empty for the program itself.
    """

    id: str
    name: str
    role: str = ""
    address: str = ""


def system(part: str) -> Actor:
    """The program itself, e.g. ``system("his-xml")``."""
    return Actor(f"system:{part}", part)


@dataclass(frozen=True, slots=True)
class Wanted:
    """An event to be added; what each means: :func:`record`."""

    actor: Actor
    action: str
    patient: str = ""
    page: str = ""
    why: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the trail as it is read back."""

    seq: int
    at: str
    person: str
    person_name: str
    role: str
    address: str
    action: str
    page: str
    patient: str
    why: str
    detail: dict[str, Any] = field(default_factory=dict)


def record(
    actor: Actor,
    action: str,
    *,
    patient: str = "",
    page: str = "",
    why: str = "",
    detail: dict[str, Any] | None = None,
) -> int:
    """Adds an event and returns its number. Durable when the caller's transaction commits.

    Args:
        action: a verb of the trail, e.g. ``read``, ``sign-in``, ``store``, ``send``.
        patient: the FHIR id of the patient whose record was touched.
        page: path or name of the page or door.
        why: purpose, in words or as a code.
    """
    event = Wanted(actor, action, patient=patient, page=page, why=why, detail=detail or {})
    return record_many([event])[0]


def record_many(events: Sequence[Wanted]) -> list[int]:
    """Adds events in their order, each chained to the one before, and returns their numbers.

    Costs three statements for up to 500 events (on PostgreSQL the rows go by COPY). Durable when the caller's
    transaction commits.
    """
    if not events:
        return []
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(_HEAD, (len(events),))
        last, digest = cursor.fetchone()
        rows = _chained(last - len(events), digest, events)
        if connection.vendor == "postgresql" and len(rows) > _FEW:
            with cursor.copy(_COPY) as copy:
                copy.write("".join(map(_line, rows)).encode())
        else:
            for start in range(0, len(rows), _AT_ONCE):
                part = rows[start : start + _AT_ONCE]
                cursor.execute(
                    _INSERT + ", ".join([_VALUES] * len(part)), [one for row in part for one in row]
                )
        cursor.execute(_MOVE, (rows[-1][-1],))
    return _remembered(rows)


def append(events: Sequence[Wanted]) -> list[int]:
    """Adds events as :func:`record_many` does, in a transaction of their own; durable when this returns.

    On PostgreSQL one statement does it where the chain still ends as this process saw it last; where another process
    added events meanwhile, that statement changes nothing and the usual way is taken.
    """
    if events and _end and connection.vendor == "postgresql" and not connection.in_atomic_block:
        last, digest = _end[-1]
        rows = _chained(last, digest, events)
        given = (rows[-1][0], rows[-1][-1], last, digest, json.dumps(rows).decode())
        with connection.cursor() as cursor:
            cursor.execute(_APPEND, given)
            if cursor.rowcount == len(rows):
                return _remembered(rows)
    return record_many(events)


_end: deque[tuple[int, str]] = deque(maxlen=1)
"""Number and hash of the newest event that this process knows. It may never have been committed: its hash tells."""


def _remembered(rows: Sequence[tuple[Any, ...]]) -> list[int]:
    _end.append((rows[-1][0], rows[-1][-1]))
    return [row[0] for row in rows]


def _chained(last: int, digest: str, events: Sequence[Wanted]) -> list[tuple[Any, ...]]:
    """Rows of events that follow on the event ``last`` with that hash."""
    at = clock.iso(clock.now())
    rows: list[tuple[Any, ...]] = []
    for seq, event in enumerate(events, last + 1):
        values = _values(seq, at, event)
        digest = _digest(digest, values)
        rows.append((*values, digest))
    return rows


def _line(row: tuple[Any, ...]) -> str:
    return "\t".join(str(value).translate(_ESCAPES) for value in row) + "\n"


def _values(seq: int, at: str, event: Wanted) -> tuple[Any, ...]:
    who = event.actor
    return (
        seq,
        at,
        who.id,
        who.name[:120],
        who.role[:60],
        who.address[:45],
        event.action,
        event.page[:200],
        event.patient,
        event.why[:200],
        json.dumps(event.detail).decode(),
    )


def _digest(previous: str, values: tuple[Any, ...]) -> str:
    return hashlib.sha256(previous.encode() + content(values)).hexdigest()


class Broken(Exception):
    """The chain does not hold at event ``seq``: changed, removed or added out of turn."""

    def __init__(self, seq: int) -> None:
        super().__init__(f"event {seq}")
        self.seq = seq


def content(values: Sequence[Any]) -> bytes:
    """The bytes of an event that its hash covers, after the hash of the event before (canonical JSON, RFC 8785)."""
    return json.canonical(dict(zip(_COLUMNS, values, strict=True)))


def links(after: int = 0, previous: str = START, until: int | None = None) -> Iterator[tuple[int, str]]:
    """Numbers and hashes of the events after one whose hash is ``previous``, each checked as it is read.

    Without ``until`` they go to the present end of the chain, which is checked too; events added meanwhile do not
    matter.

    Raises:
        Broken: the chain does not hold.
    """
    newest = _newest()  # before the head, which is never behind it
    end = head() or (0, START)
    last = after
    for *values, digest in _rows(after, end[0] if until is None else until):
        if values[0] != last + 1 or _digest(previous, tuple(values)) != digest:
            raise Broken(last + 1)
        previous, last = digest, int(values[0])
        yield last, previous
    whole = last == until if until is not None else end == (last, previous) and newest <= last
    if not whole:
        raise Broken(last + 1)


def head() -> tuple[int, str] | None:
    """Number and hash of the newest event; None before the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seq, hash FROM access_audithead WHERE id = 1")
        row = cursor.fetchone()
    return (int(row[0]), str(row[1])) if row else None


def broken_at() -> int | None:
    """The number of the first event changed, removed or added out of turn; None when the chain holds.

    Reads the whole chain; :func:`lienthong.access.timestamps.check` reads what is new.
    """
    try:
        for _ in links():
            pass
    except Broken as broken:
        return broken.seq
    return None


def _newest() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT MAX(seq) FROM access_auditevent")
        return int(cursor.fetchone()[0] or 0)


def _rows(after: int, until: int) -> Iterator[tuple[Any, ...]]:
    last = after
    while last < until:
        with connection.cursor() as cursor:
            cursor.execute(_SOME, (last, until))
            rows = cursor.fetchall()
        if not rows:
            return
        yield from rows
        last = rows[-1][0]


@dataclass(frozen=True, slots=True)
class Link:
    """An event as the chain covers it: its number, the hash before it, its bytes (:func:`content`) and its hash."""

    seq: int
    previous: str
    content: bytes
    hash: str


def naming(words: Collection[str], moments: Collection[str], without: Collection[str] = ()) -> list[Link]:
    """The events within a minute of one of the moments whose detail names one of the words, in order.

    Args:
        words: ids of messages or loops.
        moments: as :func:`~lienthong.foundation.clock.iso` writes them.
        without: actions that are left out.
    """
    found: dict[int, tuple[Any, ...]] = {}
    for moment in sorted(set(moments)):
        middle = clock.from_iso(moment)
        span = (clock.iso(middle - _NEAR), clock.iso(middle + _NEAR))
        with connection.cursor() as cursor:
            for word in words:
                cursor.execute(_NAMING, (*span, f"%{word}%"))
                rows = [row for row in cursor.fetchall() if row[6] not in without and word in row[10]]
                found |= {row[0]: row for row in rows}
    return [_link(found[seq]) for seq in sorted(found)]


def _link(row: tuple[Any, ...]) -> Link:
    *values, digest = row
    with connection.cursor() as cursor:
        cursor.execute("SELECT hash FROM access_auditevent WHERE seq = %s", (values[0] - 1,))
        before = cursor.fetchone()
    return Link(int(values[0]), str(before[0]) if before else START, content(values), str(digest))


def seen_by(patient: str, limit: int = 200, before: int | None = None) -> list[Event]:
    """Who touched a patient's record, newest first; ``before`` pages on from an event number."""
    sql = (
        f"SELECT {', '.join(_COLUMNS)} FROM access_auditevent"  # noqa: S608
        " WHERE patient = %s AND seq < %s ORDER BY seq DESC LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, (patient, before if before is not None else 1 << 62, limit))
        return [Event(*(*row[:-1], json.loads(row[-1]))) for row in cursor.fetchall()]


def trail(
    *,
    person: str = "",
    action: str = "",
    since: str = "",
    until: str = "",
    emergency: bool = False,
    before: int | None = None,
    limit: int = 100,
) -> list[Event]:
    """The trail, newest first; empty filters let everything pass.

    Args:
        person: account name, whole.
        since, until: ISO 8601 UTC as :func:`~lienthong.foundation.clock.iso` writes it, without ``until``.
        emergency: only calls for emergency access (purpose ETREAT), which have an index of their own.
        before: pages on from an event number.
    """
    wanted: list[tuple[str, Any]] = [("seq < %s", before if before is not None else 1 << 62)]
    wanted += [("person = %s", person)] if person else []
    wanted += [("action = %s", action)] if action else []
    wanted += [("at >= %s", since)] if since else []
    wanted += [("at < %s", until)] if until else []
    sql = (
        f"SELECT {', '.join(_COLUMNS)} FROM access_auditevent"  # noqa: S608
        f" WHERE {_EMERGENCY + ' AND ' if emergency else ''}"
        f"{' AND '.join(part for part, _value in wanted)} ORDER BY seq DESC LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*(value for _part, value in wanted), limit])
        return [Event(*(*row[:-1], json.loads(row[-1]))) for row in cursor.fetchall()]
