"""The journey of a message: steps with time and place, written in the transaction that does the step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection

from lienthong.exchange import sql
from lienthong.foundation import clock

QUEUED, UPLOADED, ACCEPTED, IN_MAILBOX, HANDED_OVER = (
    "queued",
    "uploaded",
    "accepted",
    "in-mailbox",
    "handed-over",
)
COLLECTED, STORED, REFUSED, HELD, SET_ASIDE = "collected", "stored", "refused", "held", "set-aside"
REPLACED, GIVEN_UP = "replaced", "given-up"
RECEIPT_SIGNED, RECEIPT_SENT = "receipt-signed", "receipt-sent"
RECEIPT_AT_HUB, RECEIPT_TAKEN, RECEIPT_VERIFIED = "receipt-at-hub", "receipt-taken", "receipt-verified"

MENDED = "mended"

Row = tuple[str, str, str, str, str]
"""Message id, time, place (facility), step, detail."""


@dataclass(frozen=True, slots=True)
class TraceStep:
    """One step.

    Attributes:
        at: aware; place: code of the facility where it happened; step: a word of this module; detail: free text.
    """

    at: datetime
    place: str
    step: str
    detail: str


def add(rows: Iterable[Row]) -> None:
    """Adds steps, in the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.executemany(sql.INSERT_TRACE, list(rows))


def journey(message_id: str) -> list[TraceStep]:
    """All steps of a message that this node knows, in order of time. A hub keeps them in the message's own row."""
    with connection.cursor() as cursor:
        cursor.execute(sql.JOURNEY, (message_id,))
        found = [TraceStep(clock.from_iso(row[0]), *row[1:]) for row in cursor.fetchall()]
        cursor.execute(sql.RELAY_JOURNEY, (message_id,))
        row = cursor.fetchone()
    if row is None:
        return found
    sender, receiver, accepted, position, receipt, state, handed, taken = row
    steps = (
        (accepted, ACCEPTED, f"{sender} → {receiver}"),
        (accepted, IN_MAILBOX, f"{position}"),
        (handed, HANDED_OVER, receiver),
        (receipt, RECEIPT_AT_HUB, state),
        (taken, RECEIPT_TAKEN, sender),
    )
    here = settings.NODE.facility
    return found + [TraceStep(clock.from_iso(at), here, step, detail) for at, step, detail in steps if at]
