"""Content of parts, named by its SHA-256 and compressed once, by its sender: small in the database, large in files."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any, BinaryIO, cast

import zstandard
from django.conf import settings
from django.db import connection, transaction

from lienthong.exchange import sql
from lienthong.exchange.work import marks
from lienthong.foundation.blobs import BlobFolder, DamagedBlob, NoSuchBlob

SMALL = 65_536
"""Compressed bytes up to which content lives in the database and may travel with its message."""
SMALL_CONTENT = 4 << 20
"""The same for what it holds, so that none can swell."""
_WINDOW = 8 << 20
_EMPTY = 25
"""The longest zstd frame that holds nothing."""


@dataclass(frozen=True, slots=True)
class Small:
    """Small content: its SHA-256, the bytes it holds, its one zstd frame."""

    sha256: str
    size: int
    zstd: bytes


def put(content: bytes) -> str:
    """Keeps content in the caller's transaction (large content: at once and for good); returns its SHA-256."""
    if len(content) > SMALL_CONTENT:
        return _folder().put(content)
    sha256, frame = hashlib.sha256(content).hexdigest(), zstandard.compress(content, 3)
    if len(frame) > SMALL:
        return _folder().put(content, frame)
    keep([Small(sha256, len(content), frame)])
    return sha256


def small(sha256: str, size: int, frame: bytes) -> Small:
    """Small content as it came from another node, checked.

    Raises:
        ValueError: too long, not exactly one zstd frame, or another size or hash.
    """
    content = _unpacked(frame, size)
    if (len(content), hashlib.sha256(content).hexdigest()) != (size, sha256):
        raise ValueError("another size or hash")
    return Small(sha256, size, frame)


def keep(contents: Iterable[Small]) -> None:
    """Keeps small content in the caller's transaction."""
    rows = {one.sha256: (one.sha256, one.size, one.zstd) for one in contents}
    if rows:
        with connection.cursor() as cursor:  # in order, so that two transactions never wait for each other
            cursor.executemany(sql.KEEP_CONTENT, [rows[sha256] for sha256 in sorted(rows)])


def take(sha256: str, chunks: Iterable[bytes], limit: int) -> int:
    """Keeps content that comes as one zstd frame, durably; returns its size.

    Raises:
        ValueError: more than ``limit`` bytes of content, no zstd frame, or another hash.
    """
    chunks, start = iter(chunks), b""
    for chunk in chunks:
        start += chunk
        if len(start) > SMALL:
            break
    try:
        size = len(_unpacked(start, min(limit, SMALL_CONTENT)))
    except ValueError:
        got, size = _folder().put_encoded(chain([start], chunks), limit)
        if got != sha256:
            raise
        return size
    with transaction.atomic():
        keep([small(sha256, size, start)])
    return size


def take_plain(sha256: str, chunks: Iterable[bytes], limit: int) -> int:
    """The same for content that comes as it is."""
    got, size = _folder().put_stream(chunks, limit)
    if got != sha256:
        raise ValueError("another hash")
    return size


def has(wanted: Collection[str]) -> set[str]:
    """Which of these are kept here."""
    folder = _folder()
    found = set(lengths(wanted))
    return found | {sha256 for sha256 in wanted if sha256 not in found and folder.has(sha256)}


def lengths(wanted: Collection[str]) -> dict[str, int]:
    """The bytes of the frames of those that are small."""
    return _look_up(sql.CONTENT_LENGTHS, wanted)


def frames(wanted: Collection[str]) -> dict[str, bytes]:
    """The frames of those that are small."""
    return {sha256: bytes(frame) for sha256, frame in _look_up(sql.CONTENTS, wanted).items()}


def read(sha256: str) -> bytes:
    """The whole content, checked.

    Raises:
        NoSuchBlob: it is not here; DamagedBlob: it is not what was kept.
    """
    frame = frames([sha256]).get(sha256)
    if frame is None:
        return _folder().read(sha256)
    try:
        content = _unpacked(frame, SMALL_CONTENT)
    except ValueError as error:
        raise DamagedBlob(sha256) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise DamagedBlob(sha256)
    return content


def open_frame(sha256: str) -> tuple[BinaryIO, int]:
    """The compressed form as a stream, and its length.

    Raises:
        NoSuchBlob: it is not here.
    """
    frame = frames([sha256]).get(sha256)
    if frame is not None:
        return io.BytesIO(frame), len(frame)
    path = _folder().path(sha256)
    try:
        return path.open("rb"), path.stat().st_size
    except FileNotFoundError:
        raise NoSuchBlob(sha256) from None


def unpacked(stream: BinaryIO) -> BinaryIO:
    """The content of a stream of its compressed form; closes that too."""
    return cast(BinaryIO, zstandard.ZstdDecompressor().stream_reader(stream, closefd=True))


def _unpacked(frame: bytes, most: int) -> bytes:
    """What one zstd frame holds.

    Raises:
        ValueError: more than ``most`` bytes, too long for small content, or not exactly one frame.
    """
    most = min(most, SMALL_CONTENT)
    if len(frame) > SMALL:
        raise ValueError(f"more than {SMALL} bytes")
    try:
        head = zstandard.get_frame_parameters(frame)
        unknown = head.content_size == zstandard.CONTENTSIZE_UNKNOWN
        if not unknown and head.content_size > most:
            raise ValueError(f"more than {most} bytes of content")
        if head.window_size > _WINDOW or (head.content_size == 0 and len(frame) > _EMPTY):
            raise ValueError("not one plain frame")
        return zstandard.ZstdDecompressor().decompress(
            frame, max_output_size=max(most, 1), allow_extra_data=False
        )
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error


def _look_up(statement: str, wanted: Collection[str]) -> dict[str, Any]:
    if not wanted:
        return {}
    names = sorted(wanted)
    with connection.cursor() as cursor:
        found: dict[str, Any] = {}
        for start in range(0, len(names), 1000):
            some = names[start : start + 1000]
            cursor.execute(statement.format(marks=marks(some)), some)
            found.update(cursor.fetchall())
    return found


def _folder() -> BlobFolder:
    return BlobFolder(settings.NODE.blobs)
