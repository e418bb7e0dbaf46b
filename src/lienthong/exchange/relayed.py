"""Hub: what it relayed, for other parts that count: bodies of manifests and receipts, mailbox by mailbox.

Numbers of a mailbox become visible in their order (:func:`.hub._numbers`), so that whoever remembers the last number
read misses nothing, however many processes of the hub take messages at once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from lienthong.exchange import manifest, sql
from lienthong.exchange.manifest import Receipt
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError


@dataclass(frozen=True, slots=True)
class Relayed:
    """A message, or the receipt for one, as it stands in a mailbox.

    Attributes:
        number: in the mailbox; at: when the hub took it, by its own clock.
        message, kind, loop, sender, receiver: of the message, also where this is its receipt.
        body: of the message's manifest; None where this is a receipt, or nothing that can be read.
        receipt: None where this is the message.
    """

    number: int
    at: datetime
    message: str
    kind: str
    loop: str
    sender: str
    receiver: str
    body: dict[str, Any] | None
    receipt: Receipt | None


def mailboxes() -> dict[str, int]:
    """Facility to the last number in its mailbox."""
    with connection.cursor() as cursor:
        cursor.execute(sql.MAILBOXES)
        return dict(cursor.fetchall())


def relayed(facility: str, after: int, kinds: Collection[str], limit: int = 200) -> tuple[list[Relayed], int]:
    """Messages of some kinds and receipts for such in a mailbox, after a number, in order.

    Returns:
        At most ``limit`` of them, and the number from which to go on: that of the last item looked at.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql.RELAYED_ITEMS, (facility, after, limit))
        rows = cursor.fetchall()
    found = [_read(row) for row in rows if row[4] in kinds]
    return found, rows[-1][0] if rows else after


def bodies(messages: Collection[str]) -> dict[str, dict[str, Any]]:
    """Message id to the body of its manifest, of messages that this node sent, took or relayed."""
    names, found = sorted(messages), dict[str, dict[str, Any]]()
    for start in range(0, len(names), _TOGETHER):
        some = names[start : start + _TOGETHER]
        with connection.cursor() as cursor:
            cursor.execute(sql.MANIFESTS_OF.format(marks=", ".join(["%s"] * len(some))), some)
            for message, jws in cursor.fetchall():
                found[message] = _body(jws) or {}
    return found


_TOGETHER = 500


def _read(row: tuple[Any, ...]) -> Relayed:
    number, what, at, message, kind, loop, sender, receiver, jws = row
    body = _body(jws) if what == "message" else None
    receipt = _receipt(jws) if what == "receipt" else None
    return Relayed(number, clock.from_iso(at), message, kind, loop, sender, receiver, body, receipt)


def _body(jws: str) -> dict[str, Any] | None:
    try:
        return manifest.read_manifest(manifest.payload_of(jws)).body
    except (LienThongError, RecursionError):
        return None


def _receipt(jws: str) -> Receipt | None:
    try:
        return manifest.read_receipt(manifest.payload_of(jws))
    except LienThongError:
        return None
