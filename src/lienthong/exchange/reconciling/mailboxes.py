"""Hub: the items of mailboxes against the messages they stand for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import connection, transaction

from lienthong.exchange.reconciling import discrepancies, sql
from lienthong.exchange.reconciling.discrepancies import Item
from lienthong.exchange.reconciling.rows import Row
from lienthong.exchange.work import marks
from lienthong.foundation import clock

STEP = 2000


def check(batch: Sequence[Row]) -> list[Item]:
    """Messages that have no item at their number in the receiver's mailbox, or receipts none in the sender's."""
    numbers = [row.number for row in batch]
    with connection.cursor() as cursor:
        cursor.execute(sql.WITHOUT_ITEM.format(marks=marks(numbers)), (*numbers, *numbers))
        return [
            Item("relay", message, digest, sender, receiver, "item", facility, "missing")
            for message, digest, sender, receiver, facility in cursor.fetchall()
        ]


def mend(items: Iterable[Item]) -> None:
    """Puts the items back at their numbers, in the caller's transaction."""
    now = clock.iso(clock.now())
    with connection.cursor() as cursor:
        for item in items:
            kind = "message" if item.place == item.receiver else "receipt"
            cursor.execute(
                sql.ITEM_AGAIN.format(position=sql.POSITION[kind]), (item.place, kind, now, item.message)
            )


def lost() -> int:
    """Items whose message is not here: notes these messages; returns how many."""
    items: dict[str, Item] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql.MAILBOXES)
        mailboxes = cursor.fetchall()
        for facility, last in mailboxes:
            for start in range(0, last, STEP):
                cursor.execute(sql.ORPHANS, (facility, start, start + STEP))
                for kind, message in cursor.fetchall():
                    way = ("", facility) if kind == "message" else (facility, "")
                    before = items.get(message)
                    sender = way[0] or (before.sender if before else "")
                    receiver = way[1] or (before.receiver if before else "")
                    items[message] = Item("relay", message, "", sender, receiver, "message", "", "missing")
    if items:
        with transaction.atomic():
            discrepancies.found(items.values(), "checking")
    return len(items)
