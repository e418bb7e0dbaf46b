"""A folder of immutable files named by the SHA-256 of their content, compressed with zstd.

The interface (``put``, ``put_stream``, ``open``, ``read``, ``has``) is what an object store offers too.
A blob is durable when ``put`` returns: file and folder are flushed to disk.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from lienthong.foundation.files import flush_folder

_CHUNK = 1 << 20
_WINDOW = 8 << 20


class NoSuchBlob(KeyError):
    """No content with that SHA-256 is kept here."""


class DamagedBlob(Exception):
    """What is on disk is not what was put there."""


class BlobFolder:
    """``root/ab/cdef….zst``; the same content is kept once."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, sha256: str) -> Path:
        """Where content with that hash is or would be."""
        if len(sha256) != 64 or not sha256.isalnum():
            raise NoSuchBlob(sha256)
        return self.root / sha256[:2] / f"{sha256[2:]}.zst"

    def has(self, sha256: str) -> bool:
        """Whether that content is kept here."""
        return self.path(sha256).exists()

    def put(self, content: bytes, frame: bytes = b"") -> str:
        """Keeps content, of which the caller may have the zstd frame; returns its SHA-256 in hexadecimal."""
        sha256 = hashlib.sha256(content).hexdigest()
        if self.has(sha256):
            flush_folder(self.path(sha256).parent)  # another thread may have put it a moment ago
        else:
            self._keep(frame or zstandard.ZstdCompressor(level=3).compress(content), sha256)
        return sha256

    def put_stream(self, chunks: Iterable[bytes], limit: int | None = None) -> tuple[str, int]:
        """Keeps content that is too large for memory; returns ``(sha256, bytes)``.

        Raises:
            ValueError: more than ``limit`` bytes; nothing is kept.
        """
        digest, size = hashlib.sha256(), 0
        temporary = self.temporary()
        try:
            with temporary.open("wb") as file:
                with zstandard.ZstdCompressor(level=3).stream_writer(file, closefd=False) as out:
                    for chunk in chunks:
                        size += len(chunk)
                        if limit is not None and size > limit:
                            raise ValueError(f"more than {limit} bytes")
                        digest.update(chunk)
                        out.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            sha256 = digest.hexdigest()
            self._settle(temporary, sha256)
        finally:
            temporary.unlink(missing_ok=True)
        return sha256, size

    def adopt(self, file: Path, limit: int) -> tuple[str, int]:
        """Takes in a file of :meth:`temporary` that holds one zstd frame; returns ``(sha256, bytes)`` of its content.

        Raises:
            ValueError: more than ``limit`` bytes of content, or no zstd frame; nothing is kept.
        """
        try:
            with file.open("rb") as stream:
                sha256, size = _measure(stream, limit)
                os.fsync(stream.fileno())
            self._settle(file, sha256)
        finally:
            file.unlink(missing_ok=True)
        return sha256, size

    def open(self, sha256: str) -> BinaryIO:
        """A stream of the content; unlike :meth:`read` it does not check it.

        Raises:
            NoSuchBlob: it is not here.
        """
        try:
            file = self.path(sha256).open("rb")
        except FileNotFoundError:
            raise NoSuchBlob(sha256) from None
        return cast(BinaryIO, zstandard.ZstdDecompressor().stream_reader(file, closefd=True))

    def read(self, sha256: str) -> bytes:
        """The whole content.

        Raises:
            NoSuchBlob: it is not here.
            DamagedBlob: the file was cut or changed.
        """
        try:
            with self.open(sha256) as stream:
                content = stream.read()
        except zstandard.ZstdError as error:
            raise DamagedBlob(sha256) from error
        if hashlib.sha256(content).hexdigest() != sha256:
            raise DamagedBlob(sha256)
        return content

    def slice(self, sha256: str, start: int, length: int) -> bytes:
        """``length`` bytes from ``start``."""
        with self.open(sha256) as stream:
            left = start
            while left:
                got = stream.read(min(left, _CHUNK))
                if not got:
                    return b""
                left -= len(got)
            return stream.read(length)

    def stored_bytes(self, sha256: str) -> int:
        """Bytes on disk."""
        return self.path(sha256).stat().st_size

    def temporary(self) -> Path:
        """A name for a file on its way into the folder."""
        folder = self.root / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / secrets.token_hex(8)

    def _keep(self, compressed: bytes, sha256: str) -> None:
        temporary = self.temporary()
        try:
            with temporary.open("wb") as file:
                file.write(compressed)
                file.flush()
                os.fsync(file.fileno())
            self._settle(temporary, sha256)
        finally:
            temporary.unlink(missing_ok=True)

    def _settle(self, temporary: Path, sha256: str) -> None:
        final = self.path(sha256)
        if not final.parent.exists():
            final.parent.mkdir(parents=True, exist_ok=True)
            flush_folder(self.root)
        temporary.replace(final)
        flush_folder(final.parent)


def _measure(file: BinaryIO, limit: int) -> tuple[str, int]:
    """SHA-256 and length of what a zstd stream holds, in bounded memory."""
    digest, size = hashlib.sha256(), 0
    try:
        with zstandard.ZstdDecompressor(max_window_size=_WINDOW).stream_reader(
            file, closefd=False
        ) as content:
            while chunk := content.read(_CHUNK):
                size += len(chunk)
                if size > limit:
                    raise ValueError(f"more than {limit} bytes")
                digest.update(chunk)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error
    return digest.hexdigest(), size
