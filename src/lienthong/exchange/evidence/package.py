"""Makes an evidence package: all that proves what happened to a message, or to all messages of a loop, in one zip.

The bytes follow from the state of the node alone: the same state gives the same package.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, BinaryIO, Literal

import zstandard
from django.conf import settings
from django.db import connection
from django.db.models.functions import Substr

from lienthong.access import audit, timestamps
from lienthong.exchange import content, keys, manifest, trace
from lienthong.exchange.evidence import problems, readme, sql, verify
from lienthong.facilities.models import Statement
from lienthong.foundation import clock, json
from lienthong.foundation.blobs import DamagedBlob, NoSuchBlob
from lienthong.foundation.errors import LienThongError

MOST_CONTENT = 2_000_000_000
MOST_MESSAGES = 200
TAKEN = "evidence-taken"
"""Action of the audit row about a package; it is not part of packages."""
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Built:
    """A package that was written.

    Attributes:
        kind: ``message`` or ``loop``; loop, messages: which it is about.
        size, sha256: of the whole file; parts: how many contents are in it.
    """

    kind: Literal["message", "loop"]
    loop: str
    messages: tuple[str, ...]
    size: int
    sha256: str
    parts: int


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    message: str
    loop: str
    jws: str
    created: str
    accepted_at: str
    acceptance: str
    receipt: str
    receipt_at: str

    @property
    def moments(self) -> list[str]:
        return [moment for moment in (self.created, self.accepted_at, self.receipt_at) if moment]


@dataclass(slots=True)
class _Members:
    """Names with their bytes; contents by hash and size, which are read when they are written."""

    documents: dict[str, bytes] = field(default_factory=dict)
    contents: dict[str, int] = field(default_factory=dict)
    moments: set[str] = field(default_factory=set)


def build(reference: str, out: BinaryIO, *, with_content: bool) -> Built:
    """Writes the package of a message or, when there is none of that id, of a loop.

    Args:
        with_content: also the content of parts that is kept here; otherwise only the hashes.

    Raises:
        LienThongError: ``evidence-nothing-found``, ``evidence-too-many``, ``evidence-too-large``,
            ``evidence-damaged-content``.
    """
    kind, rows = _rows(reference)
    members = _Members()
    for row in rows:
        _papers(row, members)
    if with_content:
        _contents(rows, members)
    _directory(rows, members)
    _audit(rows, members)
    members.documents["README.md"] = readme.TEXT.encode()
    about = reference if kind == "message" else rows[0].loop
    members.documents[verify.INDEX] = _index(kind, about, members, with_content)
    size, sha256 = _write(members, out)
    ids = tuple(row.message for row in rows)
    return Built(kind, rows[0].loop, ids, size, sha256, len(members.contents))


def _rows(reference: str) -> tuple[Literal["message", "loop"], list[_Row]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.OF_MESSAGE, (reference,))
        one = cursor.fetchone()
        if one:
            return "message", [_Row(*one)]
        cursor.execute(sql.OF_LOOP, (reference, MOST_MESSAGES + 1))
        rows = [_Row(*row) for row in cursor.fetchall()]
    if not rows:
        raise LienThongError(problems.nothing_found(reference))
    if len(rows) > MOST_MESSAGES:
        raise LienThongError(problems.too_many(MOST_MESSAGES))
    return "loop", list({row.message: row for row in rows}.values())


def _papers(row: _Row, members: _Members) -> None:
    """Manifest, acceptance and receipt; and the times that are signed in them."""
    for name, jws in (("manifest", row.jws), ("acceptance", row.acceptance), ("receipt", row.receipt)):
        if jws:
            members.documents[f"messages/{row.message}/{name}.jws"] = jws.encode()
            members.moments.add(_signed_at(jws))
    members.moments.update(row.moments)


def _signed_at(jws: str) -> str:
    value = json.loads(manifest.payload_of(jws))
    return str(value.get("at") or value["created"])


def _contents(rows: Sequence[_Row], members: _Members) -> None:
    sizes: dict[str, int] = {}
    with connection.cursor() as cursor:
        for row in rows:
            cursor.execute(sql.PARTS, (row.number,))
            sizes.update(cursor.fetchall())
    here = content.has(sizes)
    members.contents = {sha256: size for sha256, size in sizes.items() if sha256 in here}
    total = sum(members.contents.values())
    if total > MOST_CONTENT:
        raise LienThongError(problems.too_large(total, MOST_CONTENT))


def _directory(rows: Sequence[_Row], members: _Members) -> None:
    """The statement in force at every signed time, the newest one, and those that lead from one hub key to the next."""
    every = Statement.objects.order_by("epoch", "number").annotate(start=Substr("jws", 1, 400))
    kept = list(every.values_list("epoch", "number", "at", "start"))
    wanted = set(kept[-1:])
    for moment in members.moments:
        wanted.update([one for one in kept if one[2] <= moment][-1:] or kept[:1])
    for before, after in pairwise(kept):
        if before[3].split(".")[0] != after[3].split(".")[0]:  # the header names the key
            wanted.update((before, after))
    for epoch, number, at, _ in sorted(wanted):
        one = Statement.objects.get(epoch=epoch, number=number)
        members.documents[f"directory/{epoch}-{number}.jws"] = one.jws.encode()
        members.moments.add(at)


def _audit(rows: Sequence[_Row], members: _Members) -> None:
    """The events about the messages, each with its path to a root under a time-stamp, when there is one."""
    here = settings.NODE.facility
    words = {row.message for row in rows} | {row.loop for row in rows}
    moments = {moment for row in rows for moment in row.moments}
    steps = [step for row in rows for step in trace.journey(row.message)]
    moments |= {clock.iso(step.at) for step in steps if step.place == here}
    links = audit.naming(words, moments, without=(TAKEN,))
    batches = {link.seq: timestamps.of(link.seq) for link in links}
    paths: dict[int, list[str]] = {}
    for batch in {batch.number: batch for batch in batches.values() if batch}.values():
        members.documents[f"audit/batch-{batch.number}.json"] = batch.statement
        if batch.answer:
            members.documents[f"audit/batch-{batch.number}.tsr"] = batch.answer
            members.moments.add(batch.stamped_at)
        inside = [seq for seq, one in batches.items() if one and one.number == batch.number]
        paths.update(timestamps.paths(batch, inside))
    for link in links:
        proof: dict[str, Any] = {"v": 1, "previous": link.previous, "hash": link.hash}
        held = batches[link.seq]
        if held:
            proof |= {"batch": held.number, "index": link.seq - held.first, "path": paths[link.seq]}
        members.documents[f"audit/{link.seq}.event"] = link.content
        members.documents[f"audit/{link.seq}.json"] = json.canonical(proof)


def _index(kind: str, about: str, members: _Members, with_content: bool) -> bytes:
    """The signed list of all other members. ``at`` is the newest time in the package, so that it follows from them."""
    listed = [
        *((name, hashlib.sha256(data).hexdigest(), len(data)) for name, data in members.documents.items()),
        *((f"parts/{sha256}", sha256, size) for sha256, size in members.contents.items()),
    ]
    key = keys.own()
    value = {
        "v": 1,
        "kind": kind,
        "about": about,
        "content": with_content,
        "by": {"facility": settings.NODE.facility, "kid": key.kid},
        "at": max(members.moments),
        "members": [{"name": name, "sha256": sha256, "size": size} for name, sha256, size in sorted(listed)],
    }
    return key.jws(json.canonical(value), verify.PACKAGE).encode()


def _write(members: _Members, out: BinaryIO) -> tuple[int, str]:
    """Writes the zip in its one form; returns its size and SHA-256."""
    digest, at = hashlib.sha256(), 0
    written: list[tuple[str, int, int]] = []
    contents = {f"parts/{sha256}": sha256 for sha256 in members.contents}

    def put(data: bytes) -> None:
        nonlocal at
        digest.update(data)
        at += out.write(data)

    for name in sorted([*members.documents, *contents]):
        if name in contents:
            sha256 = contents[name]
            size, crc = _measured(sha256, members.contents[sha256])
            put(verify.local_header(name, size, crc))
            for chunk in _chunks(sha256, size):
                put(chunk)
        else:
            data = members.documents[name]
            size, crc = len(data), zlib.crc32(data)
            put(verify.local_header(name, size, crc) + data)
        written.append((name, size, crc))
    put(verify.ending(written, at))
    return at, digest.hexdigest()


def _measured(sha256: str, size: int) -> tuple[int, int]:
    """Size and CRC-32 of content that is what it should be."""
    digest, crc, seen = hashlib.sha256(), 0, 0
    for chunk in _chunks(sha256, size):
        digest.update(chunk)
        crc, seen = zlib.crc32(chunk, crc), seen + len(chunk)
    if (digest.hexdigest(), seen) != (sha256, size):
        raise LienThongError(problems.damaged(sha256))
    return size, crc


def _chunks(sha256: str, size: int) -> Iterator[bytes]:
    try:
        if size <= content.SMALL_CONTENT:
            yield content.read(sha256)
            return
        with content.open_large(sha256) as stream:
            while chunk := stream.read(_CHUNK):
                yield chunk
    except (NoSuchBlob, DamagedBlob, zstandard.ZstdError) as error:
        raise LienThongError(problems.damaged(sha256)) from error
