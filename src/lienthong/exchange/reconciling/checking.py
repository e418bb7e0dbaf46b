"""Everything that this node keeps of messages, checked in small steps; what was found is kept by name, and mended where
that needs nobody else."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from django.conf import settings
from django.db import connection, transaction

from lienthong.exchange.reconciling import checks, discrepancies, mailboxes, mending, rows, sql
from lienthong.exchange.reconciling.checks import Flaw
from lienthong.exchange.reconciling.discrepancies import ITSELF, Item
from lienthong.exchange.reconciling.proofs import Proofs
from lienthong.exchange.reconciling.rows import PartRow, Row
from lienthong.exchange.work import marks

STEP, LINK_STEP = 50, 2000
"""Messages in a step, and messages whose chain is looked at in a step."""

Flawed = list[tuple[Row, list[Flaw]]]


def span() -> tuple[int, int]:
    """The number of the last message, and how many there are."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SPAN)
        last, count = cursor.fetchone()
    return int(last), int(count)


def step(position: int, last: int) -> tuple[int, int]:
    """Checks the next messages after a number; returns the number reached and how many they were.

    Reading, hashing and checking signatures is done outside any transaction; what is flawed is looked at again in the
    short one that mends and notes it.
    """
    batch = rows.read(sql.STEP, (position, last, STEP))
    if not batch:
        return last, 0
    _check(batch)
    return batch[-1].number, len(batch)


def look(direction: str, messages: Collection[str]) -> None:
    """Checks some messages at once, e.g. those over which two sides differ; outside any transaction."""
    names = sorted(messages)
    for start in range(0, len(names), STEP):
        some = names[start : start + STEP]
        batch = rows.read(sql.NAMED.format(marks=marks(some)), (direction, *some))
        if batch:
            _check(batch)


def _check(batch: Sequence[Row]) -> None:
    parts, proofs = rows.parts([row.number for row in batch]), Proofs()
    flawed: Flawed = []
    for row in batch:
        if row.state == "set-aside" and row.direction == "in":
            continue  # never trusted, and listed as set aside
        own = parts[row.number]
        flaws = [*checks.papers(row, own, proofs).flaws, *checks.contents(row, own)]
        if flaws:
            flawed.append((row, flaws))
    items = mailboxes.check(batch) if settings.NODE.role == "hub" else []
    before = _open_of(batch)
    if flawed or items or before:
        with transaction.atomic():
            _keep(batch, flawed, items, before, proofs)


def _open_of(batch: Sequence[Row]) -> set[str]:
    """Open discrepancies of these messages that checking finds when they are still there."""
    names = [row.message for row in batch]
    with connection.cursor() as cursor:
        cursor.execute(sql.OPEN_OF_MESSAGES.format(marks=marks(names)), names)
        return {row[0] for row in cursor.fetchall()}


def _keep(batch: Sequence[Row], flawed: Flawed, items: list[Item], before: set[str], proofs: Proofs) -> None:
    """Looks again at what is flawed, mends, and notes it, in the caller's transaction."""
    wrong: set[str] = set()
    for row, flaws in flawed:
        now = next(iter(rows.read(sql.ONE_BY_NUMBER, (row.number,))), None)
        if now is None:
            continue
        parts = rows.parts([row.number])[row.number]
        papers = checks.papers(now, parts, proofs)
        old = [flaw for flaw in flaws if flaw.what in ("content", "sealed") and _needed(flaw, now, parts)]
        found = [*papers.flaws, *old]
        keys = dict(zip(discrepancies.found(of_row(now, found), "checking"), found, strict=True))
        for flaw in old:
            if flaw.finding == "damaged":
                checks.put_aside(flaw)
        mended = mending.from_itself(now, papers)
        discrepancies.mended([key for key, flaw in keys.items() if flaw.what in mended], ITSELF)
        wrong |= {key for key, flaw in keys.items() if flaw.what not in mended}
    lost = discrepancies.found(items, "checking")
    mailboxes.mend(items)
    discrepancies.mended(lost, ITSELF)
    discrepancies.mended(before - wrong, discrepancies.AGREES)


def _needed(flaw: Flaw, row: Row, parts: Sequence[PartRow]) -> bool:
    return flaw.what == "content" or row.state == "queued" or (row.direction == "relay" and not row.receipt)


def of_row(row: Row, flaws: Iterable[Flaw]) -> list[Item]:
    """Flaws of a message by name."""
    head = (row.direction, row.message, row.manifest, row.sender, row.receiver)
    return [Item(*head, flaw.what, flaw.place, flaw.finding) for flaw in flaws]


def links(position: int, last: int) -> tuple[int, int]:
    """Checks the chain of the next messages after a number; as :func:`step`.

    A message that this node sent and that is not there is known by the hash in its successor; whether one is missing
    that was to come here only its sender can say (:mod:`.conversation`). Two messages that follow the same one are a
    fork.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql.NUMBERS, (position, last, LINK_STEP))
        numbers = [row[0] for row in cursor.fetchall()]
        if not numbers:
            return last, 0
        broken = []
        for direction in ("out", "in"):
            cursor.execute(sql.BROKEN_LINKS.format(marks=marks(numbers)), (direction, *numbers))
            broken += [(direction, *row) for row in cursor.fetchall()]
    items = []
    for direction, message, digest, sender, receiver, prev, before in broken:
        if before is None and direction == "out":
            items.append(Item("out", "", prev, sender, receiver, "message", "", "missing"))
        elif before is not None:
            items.append(Item(direction, message, digest, sender, receiver, "chain", "", "fork"))
    _note(items)
    return numbers[-1], len(numbers)


def ends() -> None:
    """Looks whether the last message to each facility is there."""
    here = settings.NODE.facility
    with connection.cursor() as cursor:
        cursor.execute(sql.ENDS, (here,))
        lost = cursor.fetchall()
    _note([Item("out", "", digest, here, peer, "message", "", "missing") for peer, _, digest in lost])


def _note(items: list[Item]) -> None:
    if items:
        with transaction.atomic():
            discrepancies.found(items, "checking")
