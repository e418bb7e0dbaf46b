"""A message and its parts as they are kept at this node."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from django.db import connection

from lienthong.exchange.manifest import Manifest
from lienthong.exchange.reconciling import sql
from lienthong.exchange.work import marks

SETTLED = ("stored", "refused")
PartRow = tuple[int, str, int, str, str, int, str, int]
"""Place, SHA-256, size, role, type, priority, SHA-256 and size of what travels."""


class Row(NamedTuple):
    """The columns of :class:`~lienthong.exchange.models.Message` that can be checked."""

    number: int
    direction: str
    message: str
    kind: str
    loop: str
    sender: str
    receiver: str
    created: str
    jws: str
    manifest: str
    bytes: int
    lane: int
    seq: int
    prev: str
    state: str
    position: int | None
    accepted_at: str
    acceptance: str
    day: str
    receipt: str
    receipt_at: str
    receipt_state: str

    @property
    def signed(self) -> tuple[Any, ...]:
        """What the manifest says too, in the order of :func:`columns`."""
        head = (self.message, self.kind, self.loop, self.sender, self.receiver, self.created)
        return (*head, self.manifest, self.bytes, self.lane, self.seq, self.prev)


def columns(found: Manifest, digest: str) -> tuple[Any, ...]:
    """The columns of a message as its manifest says."""
    head = (found.id, found.kind, found.loop, found.sender.facility, found.to.facility, found.created)
    return (*head, digest, found.bytes, found.lane, found.seq, found.prev)


def part_rows(found: Manifest) -> list[PartRow]:
    """The rows of the parts as the manifest says."""
    return [
        (i, p.sha256, p.size, p.role, p.type, p.priority, p.sealed.sha256, p.sealed.size)
        if p.sealed
        else (i, p.sha256, p.size, p.role, p.type, p.priority, "", 0)
        for i, p in enumerate(found.parts)
    ]


def read(statement: str, values: Sequence[str | int]) -> list[Row]:
    """Rows by a statement that selects the columns of ``sql.MESSAGE``."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [Row(*row) for row in cursor.fetchall()]


def one(direction: str, message: str) -> Row | None:
    """The row of a message, if there is one."""
    return next(iter(read(sql.ONE, (direction, message))), None)


def parts(numbers: Collection[int]) -> dict[int, list[PartRow]]:
    """The rows of the parts of messages, by the number of the message."""
    found: dict[int, list[PartRow]] = {number: [] for number in numbers}
    if numbers:
        with connection.cursor() as cursor:
            cursor.execute(sql.PARTS.format(marks=marks(numbers)), list(numbers))
            for number, *row in cursor.fetchall():
                found[number].append(tuple(row))
    return found
