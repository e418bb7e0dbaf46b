"""What a person does with a message that will not go on by itself: send it again, try it again, or give it up."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from lienthong.access import audit
from lienthong.access.audit import Actor
from lienthong.exchange import alerts, inbox, manifest, outbox, problems, reading, sql, trace
from lienthong.exchange.reading import MessageRow
from lienthong.exchange.work import Claimed, marks
from lienthong.foundation import clock
from lienthong.foundation.blobs import DamagedBlob, NoSuchBlob
from lienthong.foundation.errors import LienThongError

SHORTEST_REASON = 5


def possible(row: MessageRow) -> bool:
    """Whether something can be done with a message: sent and set aside or refused, or received and set aside."""
    return row.state == "set-aside" or (row.direction == "out" and row.state == "refused")


def open_messages() -> list[str]:
    """Ids of these messages, in the order in which they were put or came."""
    with connection.cursor() as cursor:
        cursor.execute(sql.OPEN_MESSAGES)
        return [row[0] for row in cursor.fetchall()]


def again(message: str, *, actor: Actor) -> str:
    """Sends a message again as a new one with the same content, or tries one that came here again.

    The new message is put at the end of its loop; the old one is marked as replaced by it.

    Returns:
        The id of the new message; of one that came here, its own.

    Raises:
        LienThongError: ``exchange-not-possible``, ``exchange-newer-sent`` (a newer message of the loop stands for this
            one), ``exchange-part-lost``, or as :func:`outbox.put`.
    """
    with transaction.atomic():
        row = _row(message)
        new = _try_again(row) if row.direction == "in" else _send_again(row)
        alerts.clear("exchange-set-aside", message)
        alerts.clear("exchange-refused", message)
        audit.record(
            actor,
            "message-again",
            page=f"exchange/{row.kind}",
            detail={"message": message, "as": new, "to": row.receiver},
        )
    return new


def give_up(message: str, *, why: str, actor: Actor) -> None:
    """Closes a message for good, with the reason. Of one that came here, the sender gets a signed refusal.

    Raises:
        LienThongError: ``exchange-not-possible``, or ``exchange-no-reason``.
    """
    why = why.strip()[:200]
    if len(why) < SHORTEST_REASON:
        raise LienThongError(problems.no_reason(SHORTEST_REASON))
    with transaction.atomic():
        row = _row(message)
        if row.direction == "out" or not _refuse(message, why):
            _close(row, "given-up", "")
        trace.add([(message, clock.iso(clock.now()), settings.NODE.facility, trace.GIVEN_UP, why)])
        alerts.clear("exchange-set-aside", message)
        alerts.clear("exchange-refused", message)
        detail = {"message": message, "to": row.receiver}
        audit.record(actor, "message-given-up", page=f"exchange/{row.kind}", why=why, detail=detail)


def superseded() -> None:
    """Marks as replaced what was set aside or refused and whose loop has a newer message, stored, that stands for it.

    Which kinds do is told by ``EXCHANGE_NEWEST_STANDS``.
    """
    kinds = sorted(_newest_stands())
    if kinds:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql.SUPERSEDED.format(marks=marks(kinds)), kinds)


def _newest_stands() -> frozenset[str]:
    kinds: frozenset[str] = import_string(settings.EXCHANGE_NEWEST_STANDS)
    return kinds


def _row(message: str) -> MessageRow:
    for row in reading.by_id(message):
        if possible(row):
            return row
    raise LienThongError(problems.not_possible())


def _close(row: MessageRow, state: str, by: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.CLOSE_MESSAGE, (state, by, row.direction, row.id))
        if not cursor.rowcount:
            raise LienThongError(problems.not_possible())
        cursor.execute(sql.WITHDRAWN_AGAIN, (row.id,))


def _try_again(row: MessageRow) -> str:
    with connection.cursor() as cursor:
        cursor.execute(sql.COLLECTED_AGAIN, (row.id,))
        if not cursor.rowcount:
            raise LienThongError(problems.not_possible())
    transaction.on_commit(inbox.collected.set)
    return row.id


def _send_again(row: MessageRow) -> str:
    if row.kind in _newest_stands() and _newer(row):
        raise LienThongError(problems.newer_sent())
    found = manifest.read_manifest(manifest.payload_of(reading.signed_manifest(row)))
    try:
        parts = outbox.sealed_again(row.receiver, found.parts)
    except (NoSuchBlob, DamagedBlob) as error:
        raise LienThongError(problems.part_lost(str(error.args[0]))) from error
    _close(row, "replaced", "")
    new = outbox.put(row.receiver, row.kind, row.loop, body=found.body, parts=parts, basis=found.basis)
    with connection.cursor() as cursor:
        cursor.execute(sql.REPLACED_BY, (new, row.id))
    trace.add([(row.id, clock.iso(clock.now()), settings.NODE.facility, trace.REPLACED, new)])
    return new


def _newer(row: MessageRow) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql.NEWER, (row.loop, row.kind, row.receiver, row.id))
        return cursor.fetchone() is not None


def _refuse(message: str, why: str) -> bool:
    """Signs the refusal of a message that came here; False when it is not surely from whom it says."""
    with connection.cursor() as cursor:
        cursor.execute(sql.CLAIMED_ROW, (message,))
        values: tuple[Any, ...] = cursor.fetchone()
        row = Claimed(*values)
        try:
            found = inbox.checked(row)
        except LienThongError:
            return False
        cursor.execute(sql.COLLECTED_AGAIN, (message,))
    inbox.refuse(row, found, problems.given_up(why))
    return True
