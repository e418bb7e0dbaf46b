"""Content on its way, sealed to the receiving hospital: an age file around one zstd frame. Others cannot read it.

Small sealed content is in the database, large in ``NODE.sealed/ab/cdef….age``. Both are named by their SHA-256.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import pyrage
from django.conf import settings
from django.db import connection, transaction
from pyrage import x25519

from lienthong.exchange import keys, sql
from lienthong.exchange.manifest import Sealed
from lienthong.exchange.work import marks
from lienthong.foundation.blobs import NoSuchBlob
from lienthong.foundation.files import flush_folder

SMALL = 66_560
"""Bytes of sealed content that travels with its message: a small frame and what sealing adds."""
_CHUNK = 1 << 20


class CannotOpen(ValueError):
    """None of this node's keys opens it, or it was changed."""


def seal(frame: bytes, recipient: str) -> bytes:
    """Seals a frame to an age recipient; twice the same frame gives two different results."""
    return bytes(pyrage.encrypt(frame, [x25519.Recipient.from_str(recipient)]))


def seal_file(stream: BinaryIO, recipient: str) -> Sealed:
    """Seals a long frame into the folder, durably, in bounded memory."""
    path = _new()
    try:
        with path.open("wb") as file:
            measured = _Measured(file)
            pyrage.encrypt_io(stream, measured, [x25519.Recipient.from_str(recipient)])
            file.flush()
            os.fsync(file.fileno())
        name = measured.digest.hexdigest()
        settle(path, name)
    finally:
        path.unlink(missing_ok=True)
    return Sealed(name, measured.size)


def open_small(age: bytes) -> bytes:
    """The frame that was sealed to this node.

    Raises:
        CannotOpen: it was sealed to another key, or changed.
    """
    try:
        return bytes(pyrage.decrypt(age, keys.identities()))
    except pyrage.DecryptError as error:
        raise CannotOpen(str(error)) from error


def open_file(sha256: str, into: Path) -> None:
    """The same for large content of the folder, in bounded memory.

    Raises:
        CannotOpen: it was sealed to another key, or changed; NoSuchBlob: it is not here.
    """
    stream, _ = open_stream(sha256)
    with stream, into.open("wb") as out:
        try:
            pyrage.decrypt_io(stream, out, keys.identities())
        except pyrage.DecryptError as error:
            raise CannotOpen(str(error)) from error


def keep(rows: Mapping[str, bytes]) -> None:
    """Keeps small sealed content by its SHA-256, in the caller's transaction."""
    if rows:
        with connection.cursor() as cursor:  # in order, so that two transactions never wait for each other
            cursor.executemany(sql.KEEP_SEALED, [(name, rows[name]) for name in sorted(rows)])


def small(wanted: Collection[str]) -> dict[str, bytes]:
    """Those of these that are small, with what they hold."""
    return {name: bytes(age) for name, age in _look_up(sql.SEALED, wanted)}


def which_small(wanted: Collection[str]) -> set[str]:
    """Which of these are small, and so may travel with their message."""
    return {name for name, _ in _look_up(sql.SEALED_LENGTHS, wanted)}


def has(wanted: Collection[str]) -> set[str]:
    """Which of these are kept here."""
    found = which_small(wanted)
    return found | {name for name in wanted if name not in found and path(name).exists()}


def open_stream(sha256: str) -> tuple[BinaryIO, int]:
    """Sealed content as a stream, and its length.

    Raises:
        NoSuchBlob: it is not here.
    """
    age = small([sha256]).get(sha256)
    if age is not None:
        return io.BytesIO(age), len(age)
    try:
        file = path(sha256).open("rb")
    except FileNotFoundError:
        raise NoSuchBlob(sha256) from None
    return file, os.fstat(file.fileno()).st_size


def path(sha256: str) -> Path:
    """Where large content with that hash is or would be."""
    if len(sha256) != 64 or not sha256.isalnum():
        raise NoSuchBlob(sha256)
    return Path(settings.NODE.sealed) / sha256[:2] / f"{sha256[2:]}.age"


def partial(sha256: str) -> Path:
    """Where large content is gathered until all of it is here; a later try goes on from its end."""
    name = path(sha256).name
    return _folder() / f"{sha256[:2]}{name}.part"


def settle(file: Path, sha256: str) -> None:
    """Gives a written and flushed file its name.

    Raises:
        NoSuchBlob: the name is no SHA-256.
    """
    final = path(sha256)
    if not final.parent.exists():
        final.parent.mkdir(parents=True, exist_ok=True)
        flush_folder(final.parent.parent)
    file.replace(final)
    flush_folder(final.parent)


def measure(file: Path) -> Sealed:
    """Hash and size of a file."""
    digest, size = hashlib.sha256(), 0
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return Sealed(digest.hexdigest(), size)


def forget(names: Iterable[str]) -> None:
    """Removes sealed content that has arrived; files go when the caller's transaction has been committed."""
    names = sorted(names)
    if names:
        with connection.cursor() as cursor:
            cursor.execute(sql.FORGET_SEALED.format(marks=marks(names)), names)
        transaction.on_commit(lambda: _unlink(names))


def _unlink(names: Iterable[str]) -> None:
    for name in names:
        path(name).unlink(missing_ok=True)


def _new() -> Path:
    return _folder() / secrets.token_hex(8)


def _folder() -> Path:
    folder = Path(settings.NODE.sealed) / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _look_up(statement: str, wanted: Collection[str]) -> list[tuple[str, Any]]:
    names = sorted(wanted)
    found: list[tuple[str, Any]] = []
    with connection.cursor() as cursor:
        for start in range(0, len(names), 1000):
            some = names[start : start + 1000]
            cursor.execute(statement.format(marks=marks(some)), some)
            found += cursor.fetchall()
    return found


class _Measured(io.RawIOBase):
    """Writes on, and keeps count."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.digest, self.size = file, hashlib.sha256(), 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.digest.update(data)
        self.size += len(data)
        return self._file.write(data)
