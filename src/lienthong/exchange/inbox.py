"""Receiver: what the hub handed over is kept, checked and given to its handler; the receipt is one commit with that."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from lienthong.access import audit
from lienthong.exchange import (
    alerts,
    chain,
    content,
    faults,
    keys,
    manifest,
    outbox,
    problems,
    space,
    sql,
    trace,
    work,
)
from lienthong.exchange.batches import Item
from lienthong.exchange.manifest import Manifest, Receipt
from lienthong.exchange.problems import Refused
from lienthong.exchange.work import Claimed
from lienthong.foundation import clock, json
from lienthong.foundation.errors import LienThongError, Problem

log = logging.getLogger(__name__)
_LONGEST_COMMIT = 0.05
collected, due = threading.Event(), threading.Event()
"""Set when this process collected messages, and when it signed receipts."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A verified message for its handler, which runs in the transaction that also signs the receipt.

    Attributes:
        id: of the message; kind, loop, basis, body: as the sender put them.
        sender: code of the sending facility; created: when it was put there, aware.
        parts: what came with it, checked against the manifest's hashes.
    """

    id: str
    kind: str
    loop: str
    sender: str
    created: datetime
    basis: str
    body: dict[str, Any]
    parts: tuple[manifest.Entry, ...]

    def part(self, role: str) -> bytes:
        """The content of the first part in that role.

        Raises:
            Refused: there is none.
        """
        for entry in self.parts:
            if entry.role == role:
                return content.read(entry.sha256)
        raise Refused(problems.bad_manifest(f"no part in the role {role}"))


Handler = Callable[[Incoming], str]
"""Stores a message and returns the hash of what it stored; raises :class:`Refused` when it cannot be taken."""
ReceiptHandler = Callable[[str, str, Receipt], None]
"""Called with message id, loop and receipt, in the transaction that keeps the verified receipt."""


def position() -> int:
    """Up to which number the mailbox was collected."""
    with connection.cursor() as cursor:
        cursor.execute(sql.LINE)
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def collect(items: Sequence[Item]) -> None:
    """Keeps what the hub handed over and moves on, in one transaction."""
    from lienthong.exchange import receipts
    from lienthong.exchange.reconciling import again
    from lienthong.exchange.trust import arriving

    if not items:
        return
    messages = {item.number: read for item in items if item.type == "message" and (read := _read(item))}
    contents = [
        one for item in items if item.number in messages for one in _carried(item, messages[item.number][0])
    ]
    with transaction.atomic():
        content.keep(contents)
        for item in items:
            if item.number in messages:
                _keep(item, *messages[item.number])
            elif item.type == "receipt":
                receipts.keep(item.jws, item.at, item.acceptance)
            elif item.type == "directory":
                arriving.from_mail(item.jws)
            elif item.type == "again":
                again.from_mail(item.jws)
        with connection.cursor() as cursor:
            cursor.execute(sql.ADVANCE, (items[-1].number, clock.iso(clock.now())))
    collected.set()
    due.set()


def take_receipts(items: Sequence[Item]) -> None:
    """Takes the receipts among items ahead of the messages before them, which stay in the mailbox."""
    from lienthong.exchange import receipts

    with transaction.atomic():
        for item in items:
            if item.type == "receipt":
                receipts.keep(item.jws, item.at, item.acceptance)


def _read(item: Item) -> tuple[Manifest, str] | None:
    """Manifest and its hash, not yet trusted."""
    try:
        payload = manifest.payload_of(item.jws)
        return manifest.read_manifest(payload), manifest.digest(payload)
    except LienThongError as error:
        log.error("mailbox item %s is no message: %s", item.number, error)
        alerts.raise_alert(error.problem, f"item-{item.number}")
        return None


def _carried(item: Item, found: Manifest) -> Iterator[content.Kept]:
    """The small parts that came with a message, opened; one that does not fit is left out, and fetched by itself."""
    parts = {part.sealed.sha256: part for part in found.parts if part.sealed}
    for carried in item.parts:
        try:
            yield content.opened(parts[carried.sha256], carried.age)
        except (KeyError, content.CannotOpen) as error:
            log.error("mailbox item %s: part %s: %s", item.number, carried.sha256, error)


def _keep(item: Item, found: Manifest, digest: str) -> None:
    head = (found.kind, found.loop, found.sender.facility, found.to.facility, found.created, item.jws)
    chained = (found.lane, found.seq, found.prev)
    values = (*head, digest, found.bytes, *chained, item.number, item.at, item.acceptance)
    with connection.cursor() as cursor:
        cursor.execute(sql.COLLECT, (found.id, *values))
        row = cursor.fetchone()
        if row is None:
            cursor.execute(sql.RECEIPT_AGAIN, (found.id, digest))
            cursor.execute(sql.REPLACE_SET_ASIDE, (*values, found.id, item.jws))
            row = cursor.fetchone()
            if row is None:
                return
            cursor.execute(sql.DELETE_PARTS, row)
        cursor.executemany(sql.INSERT_PART, outbox.part_rows(row[0], found))
    trace.add([(found.id, clock.iso(clock.now()), settings.NODE.facility, trace.COLLECTED, f"{item.number}")])


def checked(row: Claimed) -> Manifest:
    """The manifest of a collected message, when its signature, sender and receiver are right.

    Raises:
        LienThongError: ``exchange-bad-signature``, ``exchange-bad-manifest``, or ``exchange-unknown-key`` (a key that
            the directory may get to know: try again).
    """
    from lienthong.exchange import peers

    found = manifest.read_manifest(manifest.payload_of(row.jws))
    accepted, _ = peers.acceptance(row.acceptance, row.message, row.manifest)
    signed = clock.from_iso(found.created)
    key = peers.judge(manifest.signer(row.jws), clock.from_iso(accepted.at), signed)
    manifest.verified(row.jws, key.jwk, manifest.MANIFEST)
    if found.sender != manifest.Party(key.facility, key.kid):
        raise LienThongError(problems.bad_signature("signed by another facility"))
    if found.to.facility != settings.NODE.facility or found.id != row.message:
        raise LienThongError(problems.bad_manifest("not for this facility"))
    return found


def resume() -> int:
    """Tries once more what was set aside here for a reason that may have gone: a key, a handler, content that came.

    Returns how many there are. The time of the next try is the last of :data:`faults.TRIES`.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.SET_ASIDE_IN)
        rows = [number for number, text in cursor.fetchall() if json.loads(text).get("retry")]
        cursor.executemany(sql.RESUME, [(faults.TRIES, number) for number in rows])
    if rows:
        collected.set()
    return len(rows)


def refuse(row: Claimed, found: Manifest, problem: Problem) -> None:
    """Signs a refusal of a message whose content cannot be used; the sender is told why."""
    with transaction.atomic():
        if _take(row):
            _finish(row, found, "", problem)
    due.set()


def handle(batch: Sequence[tuple[Claimed, Manifest]]) -> int:
    """Gives checked messages, whose parts are all here, to their handlers and signs the receipts.

    As many as fit into a short transaction are one commit, each with a savepoint of its own; returns how many. A
    message that was handled already changes nothing. A refusal is signed too. Any other failure of a handler leaves
    its message for a later try; when one spoils the whole transaction, each gets its own.
    """
    until, tried = time.monotonic() + _LONGEST_COMMIT, 0
    try:
        with transaction.atomic():
            for row, found in batch:
                tried += 1
                _handle(row, found)
                if time.monotonic() > until:
                    break
    except Exception as error:
        if space.disk_failed(error):
            raise
        if tried > 1:
            for one in batch[:tried]:
                handle([one])
        else:
            row, found = batch[0]
            log.exception("handler of %s failed on message %s", found.kind, row.message)
            work.hold(row, problems.handler_failed(error))
    chain.follow(found for _, found in batch[:tried])
    due.set()
    return tried


def _handle(row: Claimed, found: Manifest) -> None:
    try:
        with transaction.atomic():
            if _take(row):
                if row.attempts:
                    _not_overtaken(row, found)
                _finish(row, found, _handler(found.kind)(_incoming(found)), None)
    except Refused as refusal:
        with transaction.atomic():
            if _take(row):
                _finish(row, found, "", refusal.problem)
    except LienThongError as error:
        work.hold(row, error.problem)
    except Exception as error:
        if space.disk_failed(error):
            raise
        log.exception("handler of %s failed on message %s", found.kind, row.message)
        work.hold(row, problems.handler_failed(error))


def _not_overtaken(row: Claimed, found: Manifest) -> None:
    """Refuses a message that waited so long that a newer one, which stands for it, was stored before it.

    Raises:
        Refused: there is one.
    """
    stands: frozenset[str] = import_string(settings.EXCHANGE_NEWEST_STANDS)
    if found.kind in stands:
        with connection.cursor() as cursor:
            cursor.execute(
                sql.OVERTAKEN, (found.loop, found.kind, found.sender.facility, row.position, found.seq)
            )
            if cursor.fetchone():
                raise Refused(problems.newer_stored())


def _incoming(found: Manifest) -> Incoming:
    created, parts = clock.from_iso(found.created), tuple(found.parts)
    sender = found.sender.facility
    return Incoming(found.id, found.kind, found.loop, sender, created, found.basis, found.body, parts)


def _take(row: Claimed) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql.TAKE, (row.number,))
        return cursor.fetchone() is not None


def _handler(kind: str) -> Handler:
    handlers: dict[str, Handler] = import_string(settings.EXCHANGE_HANDLERS)
    if kind not in handlers:
        raise LienThongError(problems.no_handler(kind))
    return handlers[kind]


def _finish(row: Claimed, found: Manifest, stored: str, problem: Problem | None) -> None:
    here, now = settings.NODE.facility, clock.iso(clock.now())
    why = problem.as_dict() if problem else None
    receipt = manifest.sign_receipt(
        keys.own(), here, message=row.message, manifest=row.manifest, stored=stored, at=now, problem=why
    )
    state = "refused" if problem else "stored"
    with connection.cursor() as cursor:
        text = work.as_text(problem) if problem else ""
        digest = manifest.digest(manifest.payload_of(receipt))
        cursor.execute(sql.HANDLED, (state, receipt, digest, now, text, row.number))
    trace.add(
        [
            (row.message, now, here, state, stored or (problem.code if problem else "")),
            (row.message, now, here, trace.RECEIPT_SIGNED, ""),
        ]
    )
    sender = audit.Actor(f"node:{found.sender.kid}", found.sender.facility, "site")
    detail = {
        "message": row.message,
        "manifest": row.manifest,
        "stored": stored,
        "from": found.sender.facility,
    }
    audit.record(sender, f"message-{state}", page=f"exchange/{found.kind}", why=found.basis, detail=detail)
