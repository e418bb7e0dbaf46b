"""Sender: what leaves this node waits here until the hub has signed that it has it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from lienthong.exchange import content, keys, manifest, problems, sql, trace
from lienthong.exchange.batches import CALL_CONTENT, Carried, Envelope
from lienthong.exchange.work import Claimed, as_text
from lienthong.foundation import clock, ids
from lienthong.foundation.blobs import NoSuchBlob
from lienthong.foundation.errors import LienThongError, Problem

_CALL = 1 << 20
"""Bytes of one call: less than the hub takes, since over a bad line a whole call may have to be repeated."""
_FRAMING = 128

wake = threading.Event()
"""Set when a message was put by this process."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part to send: ``role`` in the message (lower-case word), media ``type``, ``content``."""

    role: str
    type: str
    content: bytes


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
    """A message with what travels in its call (``carried``) and what is put before it (``alone``), by SHA-256.

    Attributes:
        weight: bytes in the call; size: bytes of the carried content, unpacked.
    """

    row: Claimed
    carried: tuple[str, ...]
    alone: tuple[str, ...]
    weight: int
    size: int


def put(to: str, kind: str, loop: str, *, body: dict[str, Any], parts: Sequence[Part], basis: str) -> str:
    """Queues a message in the caller's transaction and returns its id. It is sent when that transaction commits.

    Args:
        to: code of the receiving facility.
        kind: which handler takes it there, e.g. ``transfer``.
        loop: what the message belongs to; messages of one loop arrive in the order in which they were put.
        body: JSON without decimals, short (the manifest has at most 256 KiB).
        basis: legal basis of the disclosure.

    Raises:
        LienThongError: ``exchange-to-self`` or ``exchange-bad-manifest``.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("put() joins the caller's transaction: call it inside transaction.atomic()")
    here, key = settings.NODE.facility, keys.own()
    if to == here:
        raise LienThongError(problems.to_self())
    entries: list[dict[str, Any]] = [
        {"sha256": content.put(part.content), "size": len(part.content), "role": part.role, "type": part.type}
        for part in parts
    ]
    message, now = ids.new_id(), clock.iso(clock.now())
    value = {
        "v": 1,
        "id": message,
        "kind": kind,
        "loop": loop,
        "from": {"facility": here, "kid": key.kid},
        "to": {"facility": to},
        "created": now,
        "basis": basis,
        "body": body,
        "parts": entries,
    }
    jws, payload = manifest.sign_manifest(key, value)
    size = sum(len(part.content) for part in parts)
    with connection.cursor() as cursor:
        cursor.execute(sql.QUEUE, (message, kind, loop, here, to, now, jws, manifest.digest(payload), size))
        number = cursor.fetchone()[0]
        rows = [(number, i, e["sha256"], e["size"], e["role"], e["type"]) for i, e in enumerate(entries)]
        cursor.executemany(sql.INSERT_PART, rows)
    trace.add([(message, now, here, trace.QUEUED, f"{here} → {to}")])
    transaction.on_commit(wake.set)
    return message


def batches(rows: Sequence[Claimed]) -> list[list[Outgoing]]:
    """Messages as they go into calls, in their order; one that has parts to put before it goes by itself."""
    parts = {row.number: _parts(row) for row in rows}
    lengths = content.lengths({sha256 for sizes in parts.values() for sha256 in sizes})
    found: list[list[Outgoing]] = []
    open_batch: list[Outgoing] = []
    for row in rows:
        one = _outgoing(row, parts[row.number], lengths)
        if one.alone:
            found.append([one])
            continue
        weight, size = (
            one.weight + sum(o.weight for o in open_batch),
            one.size + sum(o.size for o in open_batch),
        )
        if not open_batch or weight > _CALL or size > CALL_CONTENT:
            open_batch = []
            found.append(open_batch)
        open_batch.append(one)
    return found


def _parts(row: Claimed) -> dict[str, int]:
    try:
        found = manifest.read_manifest(manifest.payload_of(row.jws))
    except LienThongError:
        return {}  # the hub says what is wrong with it
    return {part.sha256: part.size for part in found.parts}


def _outgoing(row: Claimed, parts: Mapping[str, int], lengths: Mapping[str, int]) -> Outgoing:
    carried, alone, weight, total = [], [], len(row.jws) + _FRAMING, 0
    for sha256, size in parts.items():
        more = lengths.get(sha256, _CALL) + _FRAMING
        if weight + more > _CALL or total + size > CALL_CONTENT:
            alone.append(sha256)
        else:
            carried.append(sha256)
            weight, total = weight + more, total + size
    return Outgoing(row, tuple(carried), tuple(alone), weight, total)


def envelopes(batch: Sequence[Outgoing]) -> list[Envelope]:
    """Messages as they travel, with the content they carry.

    Raises:
        NoSuchBlob: some of it is no longer here.
    """
    frames = content.frames({sha256 for one in batch for sha256 in one.carried})
    try:
        return [Envelope(one.row.jws, [Carried(name, frames[name]) for name in one.carried]) for one in batch]
    except KeyError as error:
        raise NoSuchBlob(error.args[0]) from error


def accepted(sent: Sequence[Sent]) -> None:
    """Notes what the hub has accepted, in one transaction."""
    here, now = settings.NODE.facility, clock.iso(clock.now())
    with transaction.atomic(), connection.cursor() as cursor:
        steps: list[trace.Row] = []
        for one in sent:
            cursor.execute(sql.ACCEPTED, (one.at, clock.vietnam_day(one.at), one.acceptance, one.message))
            if cursor.rowcount:
                steps.append((one.message, one.uploaded_at, here, trace.UPLOADED, f"{one.uploaded} B"))
                steps.append((one.message, one.at, one.by, trace.ACCEPTED, ""))
        trace.add(steps)
        cursor.execute(sql.CONTACT, (now,))


def set_aside(row: Claimed, problem: Problem) -> None:
    """Takes a message out of the queue for good, with the reason; the rest goes on."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.SET_ASIDE, (as_text(problem), row.number))
        if cursor.rowcount:
            now = clock.iso(clock.now())
            trace.add([(row.message, now, settings.NODE.facility, trace.SET_ASIDE, problem.code)])
