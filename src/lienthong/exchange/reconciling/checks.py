"""One kept message against what was signed: what is missing, damaged or says something else."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

from django.conf import settings
from django.db import connection

from lienthong.exchange import content, sealed
from lienthong.exchange.manifest import Acceptance, Manifest, Receipt
from lienthong.exchange.reconciling import rows, sql
from lienthong.exchange.reconciling.proofs import Proofs
from lienthong.exchange.reconciling.rows import SETTLED, PartRow, Row
from lienthong.foundation import clock
from lienthong.foundation.blobs import BlobFolder, DamagedBlob, NoSuchBlob
from lienthong.foundation.files import flush_folder

_CHUNK = 1 << 20
Finding = Literal["missing", "damaged", "differs", "fork"]


@dataclass(frozen=True, slots=True)
class Flaw:
    """``what`` is not as it should be: manifest, columns, parts, acceptance, receipt, content, sealed, item, message,
    chain; ``place`` is the SHA-256 of content."""

    what: str
    finding: Finding
    place: str = ""


@dataclass(frozen=True, slots=True)
class Papers:
    """What of a message's papers is sound; None for what is missing or damaged."""

    manifest: tuple[Manifest, str] | None
    acceptance: Acceptance | None
    receipt: Receipt | None
    flaws: tuple[Flaw, ...]


def papers(row: Row, parts: Sequence[PartRow], proofs: Proofs) -> Papers:
    """Manifest, acceptance and receipt with their signatures, and the columns and parts against them."""
    found = proofs.manifest(row.jws)
    if found and row.message != found[0].id and row.manifest != found[1]:
        found = None  # a sound manifest, but of another message
    flaws: list[Flaw] = []
    message, digest = (found[0].id, found[1]) if found else (row.message, row.manifest)
    receiver = found[0].to.facility if found else row.receiver
    acceptance = proofs.acceptance(row.acceptance, message, digest) if row.acceptance else None
    receipt = proofs.receipt(row.receipt, message, digest, receiver) if row.receipt else None
    if found is None:
        flaws.append(Flaw("manifest", "damaged"))
    elif list(parts) != rows.part_rows(found[0]):
        flaws.append(Flaw("parts", "differs"))
    if acceptance is None and (row.acceptance or row.accepted_at):
        flaws.append(Flaw("acceptance", "damaged" if row.acceptance else "missing"))
    untold = row.direction == "out" and row.receipt_state == "collected"
    if receipt is None and not untold and (row.receipt or row.state in SETTLED):
        flaws.append(Flaw("receipt", "damaged" if row.receipt else "missing"))
    if (
        (found and row.signed != rows.columns(*found))
        or (acceptance and times(row, acceptance) != (row.accepted_at, row.day))
        or (receipt and not untold and row.state != receipt.outcome)
    ):
        flaws.append(Flaw("columns", "differs"))
    return Papers(found, acceptance, receipt, tuple(flaws))


def times(row: Row, acceptance: Acceptance) -> tuple[str, str]:
    """When the hub took the message, and the day of that in Viet Nam where it is kept."""
    return acceptance.at, row.day if row.direction == "in" else clock.vietnam_day(acceptance.at)


def contents(row: Row, parts: Sequence[PartRow]) -> list[Flaw]:
    """Whether the content that must be here is, byte for byte.

    A sender keeps the content of everything it put, a receiver of what it settled; what travels is kept by the sender
    until the hub has it and by the hub until the receiver's receipt is there.
    """
    flaws = []
    if row.direction == "out" or (row.direction == "in" and row.state in SETTLED):
        flaws += [_flaw("content", part[1], content_state(part[1])) for part in parts]
    if row.state == "queued" or (row.direction == "relay" and not row.receipt):
        flaws += [_flaw("sealed", part[6], sealed_state(part[6])) for part in parts if part[6]]
    return list(dict.fromkeys(flaw for flaw in flaws if flaw))


def _flaw(what: str, sha256: str, state: Finding | None) -> Flaw | None:
    return Flaw(what, state, sha256) if state else None


def content_state(sha256: str) -> Finding | None:
    """What is wrong with opened content, if anything."""
    if _one(sql.FRAME, sha256) is not None:
        try:
            content.read(sha256)
        except (DamagedBlob, NoSuchBlob):
            return "damaged"
        return None
    try:
        with content.open_large(sha256) as stream:
            return None if _digest(stream) == sha256 else "damaged"
    except NoSuchBlob:
        return "missing"
    except Exception:  # whatever the reader of the compressed form makes of what is in the file
        return "damaged"


def sealed_state(sha256: str) -> Finding | None:
    """What is wrong with sealed content, if anything."""
    try:
        stream, _ = sealed.open_stream(sha256)
    except NoSuchBlob:
        return "missing"
    with stream:
        return None if _digest(stream) == sha256 else "damaged"


def put_aside(flaw: Flaw) -> None:
    """Moves damaged content out of the way, to ``damaged/`` in the node's folder, so that good content can take its
    place; joins the caller's transaction."""
    folder = Path(settings.NODE.home) / "damaged"
    folder.mkdir(exist_ok=True)
    small = _one(sql.FRAME if flaw.what == "content" else sql.SEALED, flaw.place)
    if small is not None:
        (folder / flaw.place).write_bytes(small)
        with connection.cursor() as cursor:
            cursor.execute(sql.FORGET_CONTENT if flaw.what == "content" else sql.FORGET_SEALED, (flaw.place,))
        return
    blob = BlobFolder(settings.NODE.blobs).path(flaw.place)
    path = blob if flaw.what == "content" else sealed.path(flaw.place)
    if path.exists():
        path.replace(folder / flaw.place)
        flush_folder(path.parent)


def _one(statement: str, sha256: str) -> bytes | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, (sha256,))
        row = cursor.fetchone()
    return bytes(row[0]) if row else None


def _digest(stream: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
