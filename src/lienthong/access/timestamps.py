"""The audit trail in batches: a Merkle tree over the hashes of some events, its root stamped by a service (RFC 3161).

A batch is made after some minutes or some thousand events, whether or not a service can be reached; what could not be
stamped is stamped later, and nothing else waits for it. What the stamp covers is :attr:`Batch.statement`.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import close_old_connections, connection, transaction

from lienthong.access import audit, merkle
from lienthong.access.tsa import Service
from lienthong.foundation import clock, json
from lienthong.foundation.errors import LienThongError, Problem

log = logging.getLogger(__name__)

MOST_EVENTS = 10_000
"""Events in one batch; so many waiting events make one at once."""
TROUBLES = ("timestamp-no-service", "timestamp-bad-answer", "timestamp-ca-unreadable")
"""Codes of what :func:`run` tells."""
_LOOK = 15.0
_LONGEST_PAUSE = 600.0

_ROW = (
    "SELECT number, facility, first, last, root, head, answer, stamped_at, stamped_by FROM access_auditbatch"
)
_LAST = "SELECT number, last, head, made_at FROM access_auditbatch ORDER BY number DESC LIMIT 1"
_MAKE = (
    "INSERT INTO access_auditbatch (number, facility, first, last, root, head, made_at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s)"
    " ON CONFLICT DO NOTHING"
)
_WAITING = f"{_ROW} WHERE stamped_at = '' ORDER BY number LIMIT 100"
_STAMP = (
    "UPDATE access_auditbatch SET answer = %s, stamped_at = %s, stamped_by = %s"
    " WHERE number = %s AND stamped_at = ''"
)
_AFTER = f"{_ROW} WHERE number > %s ORDER BY number LIMIT 100"
_OF = f"{_ROW} WHERE first <= %s ORDER BY first DESC LIMIT 1"
_CHECKED = f"{_ROW} WHERE checked_at <> '' ORDER BY number DESC LIMIT 1"
_PASSED = "UPDATE access_auditbatch SET checked_at = %s WHERE number = %s AND checked_at = ''"
_UNCHECK = "UPDATE access_auditbatch SET checked_at = '' WHERE number >= %s AND checked_at <> ''"
_NEWEST_STAMP = f"{_ROW} WHERE stamped_at <> '' ORDER BY number DESC LIMIT 1"
_UNSTAMPED = "SELECT COUNT(*) FROM access_auditbatch WHERE stamped_at = ''"


@dataclass(frozen=True, slots=True)
class Batch:
    """Events ``first`` to ``last`` under one root.

    Attributes:
        facility: whose trail it is.
        root: Merkle root (RFC 6962) over the hashes of the events, hexadecimal; head: the hash of the last event.
        answer: the service's TimeStampResp, empty while it waits.
        stamped_at, stamped_by: the service's time (ISO 8601) and name.
    """

    number: int
    facility: str
    first: int
    last: int
    root: str
    head: str
    answer: bytes
    stamped_at: str
    stamped_by: str

    @property
    def statement(self) -> bytes:
        """What the time-stamp covers: canonical JSON ``{"v":1,"facility","batch","first","last","root","head"}``."""
        return json.canonical(
            {
                "v": 1,
                "facility": self.facility,
                "batch": self.number,
                "first": self.first,
                "last": self.last,
                "root": self.root,
                "head": self.head,
            }
        )


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found.

    Attributes:
        broken: the first event that does not hold, or None; bad_batch: the first batch whose root or stamp does not
            hold, or None.
        since: the number of the event after which was read; events: how many were read.
        stamped: up to which event the trail is stamped, 0 for none; stamped_at: when the last stamp was made.
        waiting: batches not yet stamped.
    """

    broken: int | None
    bad_batch: int | None
    since: int
    events: int
    stamped: int
    stamped_at: str
    waiting: int

    @property
    def holds(self) -> bool:
        """Whether all that was read holds."""
        return self.broken is None and self.bad_batch is None


def service() -> Service | None:
    """The service that ``lienthong.toml`` names, or None.

    Raises:
        LienThongError: ``timestamp-ca-unreadable``.
    """
    node = settings.NODE
    if not node.timestamp_url:
        return None
    return Service(node.timestamp_url, node.home / Path(node.timestamp_ca) if node.timestamp_ca else None)


def make(*, now: bool = False) -> list[int]:
    """Puts events that no batch has into batches, when it is time (``now``: at once); returns their numbers."""
    numbers: list[int] = []
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_LAST)
            number, last, _, made_at = cursor.fetchone() or (0, 0, "", "")
        end = (audit.head() or (0, ""))[0]
        wait = clock.iso(clock.now() - timedelta(minutes=settings.NODE.timestamp_minutes))
        if end <= last or not (now or end - last >= MOST_EVENTS or made_at <= wait):
            return numbers
        leaves = _hashes(last, min(end, last + MOST_EVENTS))
        root = merkle.root([merkle.leaf(bytes.fromhex(one)) for one in leaves]).hex()
        span = (last + 1, last + len(leaves))
        made = (number + 1, settings.NODE.facility, *span, root, leaves[-1], clock.iso(clock.now()))
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_MAKE, made)
            if not cursor.rowcount:  # another process was quicker
                return numbers
        numbers.append(number + 1)


def stamp_waiting(by: Service) -> int:
    """Has the waiting batches stamped, oldest first; returns how many were.

    Raises:
        LienThongError: ``timestamp-no-service`` or ``timestamp-bad-answer``; what was stamped before stays.
    """
    done = 0
    for batch in _batches(_WAITING, ()):
        found = by.stamp(batch.statement)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_STAMP, (found.answer, clock.iso(found.at), found.by[:300], batch.number))
            done += cursor.rowcount
    return done


def run(stop: threading.Event, tell: Callable[[Problem | None], None]) -> None:
    """Makes batches and has them stamped until ``stop`` is set.

    Args:
        tell: told what is wrong with the service, or None when it works; joins a transaction.
    """
    pause = _LOOK
    try:
        while not stop.wait(pause * random.uniform(0.8, 1.2)):  # noqa: S311 - jitter
            close_old_connections()
            try:
                made = make()
                by = service()
                if by and (stamp_waiting(by) or made):
                    _tell(tell, None)
                pause = _LOOK
            except LienThongError as error:
                _tell(tell, error.problem)
                pause = min(_LONGEST_PAUSE, pause * 2)
            except Exception:
                log.exception("time-stamps")
                pause = min(_LONGEST_PAUSE, pause * 2)
    finally:
        connection.close()


def _tell(tell: Callable[[Problem | None], None], problem: Problem | None) -> None:
    try:
        with transaction.atomic():
            tell(problem)
    except Exception:
        log.exception("the state of the time-stamping service could not be kept")


def newest_stamped() -> Batch | None:
    """The newest batch with a stamp."""
    return next(iter(_batches(_NEWEST_STAMP, ())), None)


def waiting() -> int:
    """How many batches wait for their stamps."""
    with connection.cursor() as cursor:
        cursor.execute(_UNSTAMPED)
        return int(cursor.fetchone()[0])


def of(seq: int) -> Batch | None:
    """The batch that holds an event, or None."""
    found = next(iter(_batches(_OF, (seq,))), None)
    return found if found and found.first <= seq <= found.last else None


def paths(batch: Batch, events: Iterable[int]) -> dict[int, list[str]]:
    """The Merkle paths of events in their batch by their numbers: hexadecimal, nearest first."""
    leaves = [merkle.leaf(bytes.fromhex(one)) for one in _hashes(batch.first - 1, batch.last)]
    return {seq: [one.hex() for one in merkle.path(leaves, seq - batch.first)] for seq in events}


def check(*, full: bool = False) -> Checked:
    """Checks the trail after the last batch that passed a check before and is stamped (``full``: from its start).

    Every batch on the way must have the root of its events and a right stamp. Without a service in ``lienthong.toml``
    an unstamped batch counts too.
    """
    configured = service()
    by, must = configured or Service(""), configured is not None
    start = None if full else _anchor(by, must)
    since = start.last if start else 0
    broken = bad = None
    last, previous = since, start.head if start else audit.START
    try:
        passing = True
        for batch in _batches_after(start.number if start else 0):
            if not _holds(batch, last, previous, by):
                bad = batch.number
                break
            last, previous = batch.last, batch.head
            passing = passing and (bool(batch.answer) or not must)
            if passing:
                with transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(_PASSED, (clock.iso(clock.now()), batch.number))
        if bad is None:
            for seq, _ in audit.links(last, previous):
                last = seq
    except audit.Broken as found:
        broken = found.seq
    if bad is not None or broken is not None:
        _forget(bad, broken)
    stamped = newest_stamped()
    return Checked(
        broken,
        bad,
        since,
        last - since,
        stamped.last if stamped else 0,
        stamped.stamped_at if stamped else "",
        waiting(),
    )


def _anchor(by: Service, must: bool) -> Batch | None:
    """The newest batch that passed a check and still holds by its stamp and its last event."""
    batch = next(iter(_batches(_CHECKED, ())), None)
    if batch is None or (must and not batch.answer) or not _stamped(batch, by):
        return None
    return batch if _hashes(batch.last - 1, batch.last) == [batch.head] else None


def _holds(batch: Batch, last: int, previous: str, by: Service) -> bool:
    if batch.first != last + 1 or batch.last < batch.first or not _stamped(batch, by):
        return False
    hashes = [digest for _, digest in audit.links(last, previous, batch.last)]
    root = merkle.root([merkle.leaf(bytes.fromhex(one)) for one in hashes]).hex()
    return (root, hashes[-1]) == (batch.root, batch.head)


def _stamped(batch: Batch, by: Service) -> bool:
    """Whether a batch has no stamp yet or a right one."""
    if not batch.answer:
        return True
    try:
        found = by.verify(batch.answer, batch.statement)
    except LienThongError:
        return False
    return clock.iso(found.at) == batch.stamped_at


def _forget(bad: int | None, broken: int | None) -> None:
    """Lets the next check begin before what does not hold."""
    first = bad if bad is not None else (found.number if (found := of(broken or 0)) else None)
    if first is not None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_UNCHECK, (first,))


def _hashes(after: int, until: int) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT hash FROM access_auditevent WHERE seq > %s AND seq <= %s ORDER BY seq", (after, until)
        )
        return [str(row[0]) for row in cursor.fetchall()]


def _batches(statement: str, values: tuple[int, ...]) -> list[Batch]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [_batch(row) for row in cursor.fetchall()]


def _batches_after(number: int) -> Iterator[Batch]:
    while found := _batches(_AFTER, (number,)):
        yield from found
        number = found[-1].number


def _batch(row: tuple[Any, ...]) -> Batch:
    number, facility, first, last, root, head, answer, at, by = row
    return Batch(number, facility, first, last, root, head, bytes(answer or b""), at, by)
