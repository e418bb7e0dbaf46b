"""Receiver: every sender numbers its messages to a receiver and names the one before, so that none can be missing or
exchanged unseen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection, transaction

from lienthong.exchange import alerts, manifest, problems, sql
from lienthong.exchange.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Gap:
    """Messages of a sender that are not here, though later ones are: the first number and the last."""

    sender: str
    first: int
    last: int


def follow(handled: Iterable[Manifest]) -> None:
    """Goes on along the chains of the senders of messages just handled, as far as there is no gap.

    A chain forks when a message names another before it, or bears a number that was passed: the sender went back to
    an older state, or somebody else uses its key. That is told; the messages count all the same.
    """
    numbers: dict[str, int] = {}
    for one in handled:
        _withdraw(one)
        numbers[one.sender.facility] = min(one.seq, numbers.get(one.sender.facility, one.seq))
    for sender, lowest in sorted(numbers.items()):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql.CHAIN, (sender,))
            start = seq, last = cursor.fetchone() or (0, manifest.FIRST)
            if lowest <= seq:
                alerts.raise_alert(problems.fork(sender, lowest), sender)
            cursor.execute(sql.FOLLOWING, (sender, seq, sender, seq))
            for number, prev, digest in cursor.fetchall():
                if number > seq + 1:
                    break
                if number == seq or (prev and prev != last):
                    alerts.raise_alert(problems.fork(sender, number), sender)
                seq, last = number, digest
            if (seq, last) != start:
                cursor.execute(sql.MOVE_CHAIN, (sender, seq, last))


def _withdraw(one: Manifest) -> None:
    with connection.cursor() as cursor:
        for gone in one.withdrawn:
            if gone.seq < one.seq:
                cursor.execute(sql.NEVER_COMES, (one.sender.facility, gone.seq, gone.manifest))


def gaps() -> list[Gap]:
    """Where messages are missing, with those that are still on their way."""
    found: list[Gap] = []
    with connection.cursor() as cursor:
        cursor.execute(sql.SENDERS)
        for (sender,) in cursor.fetchall():
            cursor.execute(sql.CHAIN, (sender,))
            before = (cursor.fetchone() or (0, ""))[0]
            cursor.execute(sql.AFTER, (sender, before, sender, before))
            for (number,) in cursor.fetchall():
                if number > before + 1:
                    found.append(Gap(sender, before + 1, number - 1))
                before = number
    return found
