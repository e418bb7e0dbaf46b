"""Content of parts, opened, named by its SHA-256 and compressed once, by its sender: small in the database, large in
files. What travels is sealed (:mod:`.sealed`)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import zstandard
from django.conf import settings
from django.db import connection

from lienthong.exchange import dictionaries, sealed, sql
from lienthong.exchange.manifest import Entry, Sealed
from lienthong.exchange.sealed import CannotOpen as CannotOpen
from lienthong.exchange.work import marks
from lienthong.foundation import files
from lienthong.foundation.blobs import BlobFolder, DamagedBlob

SMALL = 65_536
"""Compressed bytes up to which content lives in the database and may travel with its message."""
SMALL_CONTENT = 4 << 20
"""The same for what it holds, so that none can swell."""
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Kept:
    """Content that is kept here: its SHA-256, the bytes it holds, and its one zstd frame when it is small."""

    sha256: str
    size: int
    zstd: bytes = b""


def put(content: bytes) -> Kept:
    """Keeps content, in the caller's transaction (large content: at once and for good)."""
    if len(content) <= SMALL_CONTENT:
        frame = dictionaries.compress(content)
        if len(frame) <= SMALL:
            kept = Kept(hashlib.sha256(content).hexdigest(), len(content), frame)
            keep([kept])
            return kept
    return Kept(_folder().put(content), len(content))


def put_file(path: Path) -> Kept:
    """The same for a file of any length, in bounded memory.

    Raises:
        OSError: it cannot be read.
    """
    if path.stat().st_size <= SMALL_CONTENT:
        return put(path.read_bytes())
    return Kept(*_folder().put_stream(files.chunks(path)))


def seal(kept: Kept, recipient: str) -> Sealed:
    """Seals content to an age recipient and keeps that, in the caller's transaction (large content: at once)."""
    if kept.zstd:
        age = sealed.seal(kept.zstd, recipient)
        name = hashlib.sha256(age).hexdigest()
        sealed.keep({name: age})
        return Sealed(name, len(age))
    with _folder().path(kept.sha256).open("rb") as frame:
        return sealed.seal_file(frame, recipient)


def opened(part: Entry, age: bytes) -> Kept:
    """Small content as it came, opened and checked.

    Raises:
        CannotOpen: it was not sealed to this node, is not exactly one zstd frame, or has another size or hash.
    """
    return _checked(part, sealed.open_small(age))


def _checked(part: Entry, frame: bytes) -> Kept:
    try:
        content = _unpacked(frame, part.size)
    except ValueError as error:
        raise CannotOpen(str(error)) from error
    if (len(content), hashlib.sha256(content).hexdigest()) != (part.size, part.sha256):
        raise CannotOpen("another size or hash")
    return Kept(part.sha256, part.size, frame)


def take(part: Entry) -> None:
    """Opens the sealed content of a part that was fetched, checks and keeps it, in the caller's transaction.

    Raises:
        CannotOpen: as :func:`opened`; NoSuchBlob: it was not fetched.
    """
    if part.sealed is None:
        return
    file = _folder().temporary()
    try:
        sealed.open_file(part.sealed.sha256, file)
        if part.size <= SMALL_CONTENT and file.stat().st_size <= SMALL:
            keep([_checked(part, file.read_bytes())])
            return
        got = _folder().adopt(file, part.size)
    except CannotOpen:
        raise
    except ValueError as error:
        raise CannotOpen(str(error)) from error
    finally:
        file.unlink(missing_ok=True)
    if got != (part.sha256, part.size):
        raise CannotOpen("another size or hash")


def keep(contents: Iterable[Kept]) -> None:
    """Keeps small content in the caller's transaction."""
    rows = {one.sha256: (one.sha256, one.size, one.zstd) for one in contents}
    if rows:
        with connection.cursor() as cursor:  # in order, so that two transactions never wait for each other
            cursor.executemany(sql.KEEP_CONTENT, [rows[sha256] for sha256 in sorted(rows)])


def has(wanted: Collection[str]) -> set[str]:
    """Which of these are kept here."""
    folder = _folder()
    found = set(_look_up(sql.CONTENT_SIZES, wanted))
    return found | {sha256 for sha256 in wanted if sha256 not in found and folder.has(sha256)}


def read(sha256: str) -> bytes:
    """The whole content, checked.

    Raises:
        NoSuchBlob: it is not here; DamagedBlob: it is not what was kept.
    """
    frame = _look_up(sql.CONTENTS, [sha256]).get(sha256)
    if frame is None:
        return _folder().read(sha256)
    try:
        content = _unpacked(bytes(frame), SMALL_CONTENT)
    except ValueError as error:
        raise DamagedBlob(sha256) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DamagedBlob(sha256)
    return content


def kept(sha256: str, size: int) -> Kept:
    """Content that is here, whole and unharmed, to be sealed once more; in bounded memory.

    Raises:
        NoSuchBlob: it is not here; DamagedBlob: it is not what was kept.
    """
    frame = _look_up(sql.CONTENTS, [sha256]).get(sha256)
    if frame is not None:
        read(sha256)
        return Kept(sha256, size, bytes(frame))
    digest = hashlib.sha256()
    try:
        with _folder().open(sha256) as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except zstandard.ZstdError as error:
        raise DamagedBlob(sha256) from error
    if digest.hexdigest() != sha256:
        raise DamagedBlob(sha256)
    return Kept(sha256, size)


def open_large(sha256: str) -> BinaryIO:
    """A stream of large content, which is not checked.

    Raises:
        NoSuchBlob: it is not here.
    """
    return _folder().open(sha256)


def _unpacked(frame: bytes, most: int) -> bytes:
    """What one zstd frame holds.

    Raises:
        ValueError: more than ``most`` bytes, too long for small content, or not exactly one frame.
    """
    if len(frame) > SMALL:
        raise ValueError(f"more than {SMALL} bytes")
    return dictionaries.decompress(frame, min(most, SMALL_CONTENT))


def _look_up(statement: str, wanted: Collection[str]) -> dict[str, Any]:
    names = sorted(wanted)
    found: dict[str, Any] = {}
    with connection.cursor() as cursor:
        for start in range(0, len(names), 1000):
            some = names[start : start + 1000]
            cursor.execute(statement.format(marks=marks(some)), some)
            found.update(cursor.fetchall())
    return found


def _folder() -> BlobFolder:
    return BlobFolder(settings.NODE.blobs)
