"""Hub: content that arrives in pieces. What has come is a file, and the offset given out is its flushed length.

A file may be longer than anybody was told (a kill between writing and answering); it is never shorter. Writers take
turns by ``flock``, which ends with its process; each asks before every write whether a later call has taken over, so
that a call over a dead line cannot hold up the one that goes on. Content counts only after its hash was checked.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import connection, transaction

from lienthong.access import audit
from lienthong.exchange import peers, problems, sealed, space, sql
from lienthong.exchange.manifest import Sealed
from lienthong.exchange.tokens import Caller
from lienthong.foundation import clock, ids
from lienthong.foundation.files import flush_folder
from lienthong.foundation.wsgi import HttpError

LARGEST = 16 << 30
MOST_OPEN, MOST_OPEN_BYTES = 64, 64 << 30
"""Unfinished uploads of one facility: how many, and how many bytes they say they will have."""
KEPT = timedelta(days=7)
"""How long an unfinished upload waits for its next piece, and a finished one for its message."""
_FLUSH = 8 << 20
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Upload:
    """An upload of a facility: the content it announced, the ``Upload-Metadata`` as they came, until when it is kept.

    Attributes:
        done: all of it came, has the hash and counts.
    """

    id: str
    facility: str
    sha256: str
    size: int
    metadata: str
    expires: datetime
    done: bool


def create(caller: Caller, sha256: str, size: int, metadata: str) -> Upload:
    """Begins an upload, durably; one of content that this caller has put before is done at once.

    An unfinished one of the same content is ended, so that what a caller has lost sight of does not add up.

    Raises:
        HttpError: 413 too large; 507 no room, at the hub or within what one facility may have unfinished.
    """
    if size > LARGEST:
        raise HttpError(413, problems.upload_too_large(LARGEST))
    sweep()
    _supersede(caller, sha256)
    space.check(size)
    now, upload = clock.now(), ids.new_id()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.OWN_SEALED, (caller.facility, sha256, size))
        done = cursor.fetchone() is not None and bool(sealed.has([sha256]))
        if not done:
            cursor.execute(sql.OPEN_UPLOADS, (caller.facility,))
            count, total = cursor.fetchone()
            if count >= MOST_OPEN or total + size > MOST_OPEN_BYTES:
                raise HttpError(507, problems.too_many_uploads(count))
        times = (clock.iso(now), clock.iso(now + KEPT), clock.iso(now) if done else "")
        cursor.execute(sql.BEGIN_UPLOAD, (upload, caller.facility, sha256, size, metadata, *times))
    return find(caller, upload)


def _supersede(caller: Caller, sha256: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.UPLOADS_OF, (caller.facility, sha256))
        earlier = [row[0] for row in cursor.fetchall()]
    for upload in earlier:
        with _alone(upload):
            _remove(upload)


def find(caller: Caller, upload: str) -> Upload:
    """An upload of this caller.

    Raises:
        HttpError: 404 none of that name, finished wrongly, ended, or expired.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql.UPLOAD, (upload, caller.facility, clock.iso(clock.now())))
        row = cursor.fetchone()
    if row is None:
        raise HttpError(404, problems.no_such_upload())
    name, facility, sha256, size, metadata, expires, done_at = row
    return Upload(name, facility, sha256, size, metadata, clock.from_iso(expires), bool(done_at))


def offset(caller: Caller, upload: str) -> int:
    """How many bytes are here, durably. A call that still writes to this upload is ended, so that the number stays.

    Raises:
        HttpError: as :func:`find`; 423 another call is checking it.
    """
    with _turn(caller, upload) as found:
        if found.done:
            return found.size
        _take_over(upload)
        length = _length(upload)
        if length >= found.size:
            _finish(caller, found)
        return length


def length_now(upload: str) -> int:
    """About how many bytes of an upload are here, for people; nothing is flushed or taken over."""
    try:
        return _path(upload).stat().st_size
    except FileNotFoundError:
        return 0


def append(caller: Caller, upload: str, start: int, chunks: Iterable[bytes]) -> int:
    """Adds bytes that begin at ``start``; returns the new offset, which is durable. With the last byte it counts.

    Raises:
        HttpError: as :func:`find`; 409 the offset is another, or another call has taken over; 423 another call is
            checking it; 460 the content has another hash (the upload is gone); 507 the disk is full; and whatever
            ``chunks`` raises. What came before stays.
    """
    with _turn(caller, upload) as found:
        if found.done and start == found.size:
            return start
        writer = _take_over(upload)
        if found.done or _length(upload) != start:
            raise HttpError(409, problems.other_offset())
    with _open(upload) as file, _lock_file(upload) as lock:
        file.seek(start)
        try:
            end = _write(caller, file, lock, upload, writer, start, chunks)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise _no_room() from error
        finally:
            _flush(file, start)
    if end == found.size:
        with _turn(caller, upload) as again:
            if not again.done:
                _finish(caller, again)
    return end


def _open(upload: str) -> BinaryIO:
    try:
        return _path(upload).open("r+b", buffering=0)
    except FileNotFoundError:
        raise HttpError(404, problems.no_such_upload()) from None


def _flush(file: BinaryIO, durable: int) -> None:
    """After a flush that failed nobody knows what is on the disk, and the next would tell nothing: go back."""
    try:
        os.fdatasync(file.fileno())
    except OSError as error:
        os.ftruncate(file.fileno(), durable)
        raise _no_room() from error


def _write(
    caller: Caller,
    file: BinaryIO,
    lock: BinaryIO,
    upload: str,
    writer: str,
    start: int,
    chunks: Iterable[bytes],
) -> int:
    at = flushed = start
    for chunk in chunks:
        _acquire(lock)
        try:
            if _writer(upload) != writer:
                raise HttpError(409, problems.other_offset())
            peers.node(caller.kid)  # one that was cut off meanwhile stops here
            rest = memoryview(chunk)
            while rest:
                rest = rest[file.write(rest) :]
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)
        at += len(chunk)
        if at - flushed >= _FLUSH:
            _flush(file, start)
            flushed = at
    return at


def end(caller: Caller, upload: str) -> None:
    """Ends an upload and removes what came of it; content that counts already stays."""
    with _turn(caller, upload):
        _remove(upload)


def sweep() -> None:
    """Removes what expired: unfinished uploads, and finished content that no message ever named."""
    with connection.cursor() as cursor:
        cursor.execute(sql.EXPIRED_UPLOADS, (clock.iso(clock.now()),))
        expired = cursor.fetchall()
    for upload, facility, sha256 in expired:
        with contextlib.suppress(HttpError), _alone(upload), transaction.atomic():
            _remove(upload)
            with connection.cursor() as cursor:
                cursor.execute(sql.UNUSED_CONTENT, (facility, sha256))
                if cursor.fetchone():
                    sealed.forget([sha256])


def scratch() -> BinaryIO:
    """A nameless file beside the uploads, for a piece that must be checked before it counts."""
    return tempfile.TemporaryFile(dir=_folder())


def _finish(caller: Caller, upload: Upload) -> None:
    """Checks all that came and makes it count; the caller holds the turn."""
    path = _path(upload.id)
    if path.exists():
        if sealed.measure(path) != Sealed(upload.sha256, upload.size):
            _remove(upload.id)
            raise HttpError(460, problems.wrong_part(upload.sha256))
        sealed.settle(path, upload.sha256)
    elif upload.sha256 not in sealed.has([upload.sha256]):
        raise HttpError(404, problems.no_such_upload())
    now = clock.iso(clock.now())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.UPLOADED, (caller.facility, upload.sha256, upload.size, now))
        cursor.execute(sql.UPLOAD_DONE, (now, upload.id))
        if cursor.rowcount:
            detail = {"sha256": upload.sha256, "bytes": upload.size}
            audit.record(caller.actor, "upload-complete", page="exchange/uploads", detail=detail)


@contextlib.contextmanager
def _turn(caller: Caller, upload: str) -> Iterator[Upload]:
    """The upload, which no other call changes meanwhile."""
    find(caller, upload)
    with _alone(upload):
        yield find(caller, upload)


@contextlib.contextmanager
def _alone(upload: str) -> Iterator[None]:
    with _lock_file(upload) as lock:
        _acquire(lock)
        yield


@contextlib.contextmanager
def _lock_file(upload: str) -> Iterator[BinaryIO]:
    with (_folder() / f"{upload}.lock").open("ab") as lock:
        yield lock


def _acquire(lock: BinaryIO) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                headers = (("Retry-After", "5"),)
                raise HttpError(423, problems.upload_locked(), headers=headers) from None
            time.sleep(0.01)


def _take_over(upload: str) -> str:
    writer = ids.new_id()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.TAKE_UPLOAD, (writer, clock.iso(clock.now() + KEPT), upload))
    return writer


def _writer(upload: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(sql.UPLOAD_WRITER, (upload,))
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def _length(upload: str) -> int:
    """The length of what came, after it was flushed to disk."""
    path = _path(upload)
    new = not path.exists()
    with path.open("ab") as file:
        os.fsync(file.fileno())
        length = os.fstat(file.fileno()).st_size
    if new:
        flush_folder(_folder())
    return length


def _remove(upload: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.END_UPLOAD, (upload,))
        transaction.on_commit(lambda: _unlink(upload))


def _unlink(upload: str) -> None:
    _path(upload).unlink(missing_ok=True)
    (_folder() / f"{upload}.lock").unlink(missing_ok=True)


def _no_room() -> space.NoRoom:
    room = space.room()
    return space.NoRoom(problems.hub_full(room.free, room.reserve))


def _path(upload: str) -> Path:
    return _folder() / upload


def _folder() -> Path:
    folder: Path = settings.NODE.sealed / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
