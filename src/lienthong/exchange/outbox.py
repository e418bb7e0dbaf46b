"""Sender: what leaves this node waits here until the hub has signed that it has it."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from lienthong.exchange import content, keys, manifest, problems, sealed, space, sql, trace
from lienthong.exchange.batches import Carried, Envelope
from lienthong.exchange.content import Kept
from lienthong.exchange.manifest import Sealed
from lienthong.exchange.work import Claimed, marks
from lienthong.foundation import clock, ids
from lienthong.foundation.blobs import NoSuchBlob
from lienthong.foundation.errors import LienThongError, Problem

_FRAMING = 128
_CHUNK = 1 << 20

wake = threading.Event()
"""Set when a message was put by this process."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part to send.

    Attributes:
        role: in the message, a lower-case word; type: media type.
        content: bytes, or a file that may be of any length.
        priority: the lane, :data:`~lienthong.exchange.manifest.SUMMARY` to ``STUDY``.
    """

    role: str
    type: str
    content: bytes | Path
    priority: int = manifest.SUMMARY


@dataclass(frozen=True, slots=True)
class Ready:
    """A part whose content is kept and sealed already (:func:`prepare`)."""

    role: str
    type: str
    priority: int
    kept: Kept
    sealed: Sealed | None


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that the hub has accepted.

    Attributes:
        message: its id; acceptance: JWS; at, by: the hub's time and facility.
        uploaded: bytes of parts that went over the line, until uploaded_at.
    """

    message: str
    acceptance: str
    at: str
    by: str
    uploaded: int
    uploaded_at: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message with what travels in its call (``carried``) and what is put before it (``alone``), by sealed SHA-256.

    Attributes:
        weight: bytes in the call.
    """

    row: Claimed
    carried: tuple[str, ...]
    alone: tuple[str, ...]
    weight: int


def prepare(to: str, parts: Sequence[Part]) -> list[Ready]:
    """Keeps and seals large content ahead of :func:`put`, so that no transaction waits for it.

    Raises:
        LienThongError: ``exchange-unknown-receiver``: nobody there to whom it could be sealed.
        NoRoom: the disk is full.
    """
    space.check(2 * sum(_size(part) for part in parts))
    recipient = _recipient(to)
    kept = [
        content.put_file(p.content) if isinstance(p.content, Path) else content.put(p.content) for p in parts
    ]
    there = _held_there(to, {one.sha256 for one in kept})
    return [
        Ready(
            part.role,
            part.type,
            part.priority,
            one,
            None if one.sha256 in there else content.seal(one, recipient),
        )
        for part, one in zip(parts, kept, strict=True)
    ]


def sealed_again(to: str, parts: Sequence[manifest.Entry]) -> list[Ready]:
    """Parts of an earlier message, to be put once more: all of them travel, sealed to the receiver's present key.

    Raises:
        LienThongError: as :func:`prepare`; NoSuchBlob, DamagedBlob: the content of one is lost here.
    """
    space.check(sum(part.size for part in parts))
    recipient = _recipient(to)
    kept = [content.kept(part.sha256, part.size) for part in parts]
    return [
        Ready(part.role, part.type, part.priority, one, content.seal(one, recipient))
        for part, one in zip(parts, kept, strict=True)
    ]


def _size(part: Part | Ready) -> int:
    if isinstance(part, Ready):
        return part.kept.size
    return part.content.stat().st_size if isinstance(part.content, Path) else len(part.content)


def _recipient(to: str) -> str:
    from lienthong.facilities import directory

    if to == settings.NODE.facility:
        raise LienThongError(problems.to_self())
    found = directory.recipient(to)
    if not found:
        raise LienThongError(problems.unknown_receiver(to))
    return found


def _held_there(to: str, names: Collection[str]) -> set[str]:
    """Content that the other facility stored from us, or sent to us, since it was cut off last, if it ever was."""
    if not names:
        return set()
    from lienthong.facilities import directory

    cut_off = directory.last_cut_off(to)
    since = clock.iso(cut_off) if cut_off else ""
    with connection.cursor() as cursor:
        cursor.execute(sql.HELD_THERE.format(marks=marks(names)), (*names, since, since, to, to))
        return {row[0] for row in cursor.fetchall()}


def put(
    to: str, kind: str, loop: str, *, body: dict[str, Any], parts: Sequence[Part | Ready], basis: str
) -> str:
    """Queues a message in the caller's transaction and returns its id. It is sent when that transaction commits.

    Args:
        to: code of the receiving facility.
        kind: which handler takes it there, e.g. ``transfer``.
        loop: what the message belongs to; messages of one loop arrive in the order in which they were put, but
            one of a more urgent lane may overtake.
        body: JSON without decimals, short (the manifest has at most 256 KiB).
        parts: content; give large content to :func:`prepare` before the transaction begins.
        basis: legal basis of the disclosure.

    Raises:
        LienThongError: ``exchange-to-self``, ``exchange-unknown-receiver`` or ``exchange-bad-manifest``.
        NoRoom: the queue or the disk is full (:mod:`.space`).
    """
    if not connection.in_atomic_block:
        raise RuntimeError("put() joins the caller's transaction: call it inside transaction.atomic()")
    here, key = settings.NODE.facility, keys.own()
    _recipient(to)
    space.check_queue(sum(_size(part) for part in parts))
    fresh = iter(prepare(to, [part for part in parts if isinstance(part, Part)]))
    ready = [next(fresh) if isinstance(part, Part) else part for part in parts]
    message, now = ids.new_id(), clock.iso(clock.now())
    with connection.cursor() as cursor:
        cursor.execute(sql.NEXT_LINK, (to,))
        seq, prev = cursor.fetchone()
    value = {
        "v": 2,
        "id": message,
        "kind": kind,
        "loop": loop,
        "from": {"facility": here, "kid": key.kid},
        "to": {"facility": to},
        "created": now,
        "basis": basis,
        "seq": seq,
        "prev": prev or manifest.FIRST,
        "body": body,
        "parts": [_entry(one) for one in ready],
    }
    withdrawn = _withdrawn(to, message)
    if withdrawn:
        value["withdrawn"] = withdrawn
    jws, payload = manifest.sign_manifest(key, value)
    found, digest = manifest.read_manifest(payload), manifest.digest(payload)
    head = (message, kind, loop, here, to, now, jws, digest, found.bytes, found.lane, seq, found.prev)
    with connection.cursor() as cursor:
        cursor.execute(sql.LINK, (digest, to))
        cursor.execute(sql.QUEUE, head)
        cursor.executemany(sql.INSERT_PART, part_rows(cursor.fetchone()[0], found))
    trace.add([(message, now, here, trace.QUEUED, f"{here} → {to}")])
    transaction.on_commit(wake.set)
    return message


def _withdrawn(to: str, message: str) -> list[dict[str, Any]]:
    """Earlier messages to this receiver that were closed before the hub had them; this one tells of them."""
    with connection.cursor() as cursor:
        cursor.execute(sql.WITHDRAWN, (message, to))
        return [{"seq": seq, "manifest": digest} for seq, digest in sorted(cursor.fetchall())]


def _entry(one: Ready) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "sha256": one.kept.sha256,
        "size": one.kept.size,
        "role": one.role,
        "type": one.type,
    }
    entry["priority"] = one.priority
    if one.sealed is not None:
        entry["sealed"] = {"sha256": one.sealed.sha256, "size": one.sealed.size}
    return entry


def part_rows(number: int, found: manifest.Manifest) -> list[tuple[Any, ...]]:
    """The rows of a message's parts, as ``INSERT_PART`` takes them."""
    return [
        (
            number,
            place,
            part.sha256,
            part.size,
            part.role,
            part.type,
            part.priority,
            part.sealed.sha256 if part.sealed else "",
            part.sealed.size if part.sealed else 0,
        )
        for place, part in enumerate(found.parts)
    ]


def batches(rows: Sequence[Claimed], limit: int) -> list[list[Outgoing]]:
    """Messages as they go into calls, in their order, those of one lane together.

    One that has parts to put before it goes by itself. A call has at most ``limit`` bytes, so that a slow line is soon
    free for the next; what makes a message heavier is put before it.
    """
    found: list[list[Outgoing]] = []
    open_batch: list[Outgoing] = []
    parts = [_sealed(row) for row in rows]
    small = sealed.which_small({name for some in parts for name in some})
    for row, some in zip(rows, parts, strict=True):
        one = _outgoing(row, some, small, limit)
        if one.alone:
            found.append([one])
            continue
        full = one.weight + sum(o.weight for o in open_batch) > limit
        if full or not open_batch or open_batch[0].row.lane != row.lane:
            open_batch = []
            found.append(open_batch)
        open_batch.append(one)
    return found


def _sealed(row: Claimed) -> dict[str, Sealed]:
    try:
        return manifest.read_manifest(manifest.payload_of(row.jws)).sealed
    except LienThongError:
        return {}  # the hub says what is wrong with it


def _outgoing(row: Claimed, parts: Mapping[str, Sealed], small: Collection[str], limit: int) -> Outgoing:
    carried, alone, weight = [], [], len(row.jws) + _FRAMING
    for part in parts.values():
        more = part.size + _FRAMING
        if part.sha256 not in small or weight + more > limit:
            alone.append(part.sha256)
        else:
            carried.append(part.sha256)
            weight += more
    return Outgoing(row, tuple(carried), tuple(alone), weight)


def envelopes(batch: Sequence[Outgoing]) -> list[Envelope]:
    """Messages as they travel, with the content they carry.

    Raises:
        NoSuchBlob: some of it is no longer here.
    """
    ages = sealed.small({sha256 for one in batch for sha256 in one.carried})
    try:
        return [Envelope(one.row.jws, [Carried(name, ages[name]) for name in one.carried]) for one in batch]
    except KeyError as error:
        raise NoSuchBlob(error.args[0]) from error


def damaged(one: Outgoing) -> Problem | None:
    """What is wrong with the sealed content that the hub finds wrong; None when all of it is whole here."""
    for name in (*one.carried, *one.alone):
        digest = hashlib.sha256()
        stream, _ = sealed.open_stream(name)
        with stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
        if digest.hexdigest() != name:
            return problems.part_damaged(name)
    return None


def accepted(sent: Sequence[Sent]) -> None:
    """Notes what the hub has accepted, in one transaction."""
    here, now = settings.NODE.facility, clock.iso(clock.now())
    with transaction.atomic(), connection.cursor() as cursor:
        steps: list[trace.Row] = []
        for one in sorted(sent, key=lambda one: one.message):  # in order, as everywhere: no deadlock
            cursor.execute(sql.ACCEPTED, (one.at, clock.vietnam_day(one.at), one.acceptance, one.message))
            if cursor.rowcount:
                steps.append((one.message, one.uploaded_at, here, trace.UPLOADED, f"{one.uploaded} B"))
                steps.append((one.message, one.at, one.by, trace.ACCEPTED, ""))
        trace.add(steps)
        cursor.execute(sql.CONTACT, (now,))
