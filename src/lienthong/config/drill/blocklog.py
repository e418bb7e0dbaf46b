"""A disk that remembers what was written since its last flush, so that a power cut can be played on it.

The disk is one file, served to the kernel over FUSE's protocol (Linux, ``/dev/fuse``, root); a loop device with a file
system on it stands on that file. The loop device passes each block that the file system writes, and each flush that
it asks for, so that this module sees both in their order. What a disk holds after a power cut is what was there at
the last finished flush and any choice of the blocks written since: a real disk may write these in any order.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import random
import stat
import struct
import threading
from collections.abc import Callable
from pathlib import Path

_HEAD = struct.Struct("<IIQQIIIHH")
_ANSWER = struct.Struct("<IiQ")
_ATTRIBUTES = struct.Struct("<QQQQQQIIIIIIIIII")
_ROOT, _FILE = 1, 2
_LONGEST_WRITE = 1 << 20
_BUFFER = _LONGEST_WRITE + (1 << 16)
_NAME = "disk"
_SECTORS = (512, 4096)

_LOOKUP, _FORGET, _GETATTR, _SETATTR, _OPEN, _READ, _WRITE, _STATFS, _RELEASE, _FSYNC = (
    1,
    2,
    3,
    4,
    14,
    15,
    16,
    17,
    18,
    20,
)
_FLUSH, _INIT, _OPENDIR, _READDIR, _RELEASEDIR, _INTERRUPT, _BATCH_FORGET = 25, 26, 27, 28, 29, 36, 42
_BIG_WRITES, _MAX_PAGES = 1 << 5, 1 << 22


class BlockLog:
    """The disk of one node.

    Args:
        folder: an empty folder; the disk is the file ``folder/disk`` from :meth:`open` to :meth:`close`.
        image: what it holds at first.
    """

    def __init__(self, folder: Path, image: bytes) -> None:
        self.path = folder / _NAME
        self.flushes = self.writes = 0
        self._folder = folder
        self._now, self._durable = bytearray(image), bytearray(image)
        self._since: list[tuple[int, bytes]] = []
        self._lock = threading.Lock()
        self._device = -1
        self._thread = threading.Thread(target=self._serve, name="disk", daemon=True)

    def open(self) -> None:
        """Mounts the folder and begins to serve.

        Raises:
            OSError: it is not permitted here.
        """
        self._device = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={self._device},rootmode=40000,user_id=0,group_id=0".encode()
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"lienthong-drill", os.fsencode(self._folder), b"fuse", 0, options):
            os.close(self._device)
            raise OSError(ctypes.get_errno(), "the disk could not be mounted")
        self._thread.start()

    def close(self) -> None:
        """Ends the service; nothing may be mounted on the disk any more."""
        ctypes.CDLL(None).umount2(os.fsencode(self._folder), 2)
        self._thread.join(5)

    def cut(self, chance: random.Random) -> bytes:
        """What the disk might hold if its power went away now."""
        with self._lock:
            image, since = bytearray(self._durable), list(self._since)
        kind = chance.choice(("none", "first", "some", "some", "all"))
        if kind == "none":
            since = []
        elif kind == "first":
            since = since[: chance.randint(0, len(since))]
        for offset, data in since:
            sector = chance.choice(_SECTORS) if kind == "some" else len(data)
            for start in range(0, len(data), sector):
                if kind != "some" or chance.random() < 0.5:
                    piece = data[start : start + sector]
                    image[offset + start : offset + start + len(piece)] = piece
        return bytes(image)

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # the kernel ends it when the folder is unmounted
            while True:
                try:
                    request = os.read(self._device, _BUFFER)
                except InterruptedError:
                    continue
                _, operation, unique, node, *_ = _HEAD.unpack_from(request)
                if operation in (_FORGET, _BATCH_FORGET, _INTERRUPT):
                    continue
                answer = _ANSWERS.get(operation)
                body = answer(self, node, memoryview(request)[_HEAD.size :]) if answer else errno.ENOSYS
                fault, content = (-body, b"") if isinstance(body, int) else (0, body)
                os.write(self._device, _ANSWER.pack(_ANSWER.size + len(content), fault, unique) + content)
        os.close(self._device)

    def _attributes(self, node: int) -> bytes:
        size = len(self._now) if node == _FILE else 0
        mode = stat.S_IFREG | 0o600 if node == _FILE else stat.S_IFDIR | 0o700
        return _ATTRIBUTES.pack(node, size, size // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)

    def _init(self, _node: int, body: memoryview) -> bytes:
        _major, _minor, ahead, flags = struct.unpack_from("<IIII", body)
        flags &= _BIG_WRITES | _MAX_PAGES
        pages = _LONGEST_WRITE // 4096
        return struct.pack("<IIIIHHIIHHI28x", 7, 31, ahead, flags, 12, 10, _LONGEST_WRITE, 1, pages, 0, 0)

    def _lookup(self, _node: int, body: memoryview) -> bytes | int:
        if bytes(body).rstrip(b"\0") != _NAME.encode():
            return errno.ENOENT
        return struct.pack("<QQQQII", _FILE, 1, 3600, 3600, 0, 0) + self._attributes(_FILE)

    def _getattr(self, node: int, _body: memoryview) -> bytes:
        return struct.pack("<QII", 3600, 0, 0) + self._attributes(node)

    def _open(self, _node: int, _body: memoryview) -> bytes:
        return struct.pack("<QII", 0, 0, 0)

    def _nothing(self, _node: int, _body: memoryview) -> bytes:
        return b""

    def _read(self, _node: int, body: memoryview) -> bytes:
        _, offset, size = struct.unpack_from("<QQI", body)
        return bytes(self._now[offset : offset + size])

    def _write(self, _node: int, body: memoryview) -> bytes | int:
        _, offset, size = struct.unpack_from("<QQI", body)
        data = bytes(body[40 : 40 + size])
        if offset + size > len(self._now):
            return errno.ENOSPC
        with self._lock:
            self._now[offset : offset + size] = data
            self._since.append((offset, data))
            self.writes += 1
        return struct.pack("<II", size, 0)

    def _fsync(self, _node: int, _body: memoryview) -> bytes:
        with self._lock:
            for offset, data in self._since:
                self._durable[offset : offset + len(data)] = data
            self._since.clear()
            self.flushes += 1
        return b""

    def _statfs(self, _node: int, _body: memoryview) -> bytes:
        return struct.pack("<QQQQQIIII24x", len(self._now) // 4096, 0, 0, 1, 0, 4096, 255, 4096, 0)


_ANSWERS: dict[int, Callable[[BlockLog, int, memoryview], bytes | int]] = {
    _INIT: BlockLog._init,
    _LOOKUP: BlockLog._lookup,
    _GETATTR: BlockLog._getattr,
    _SETATTR: BlockLog._getattr,
    _OPEN: BlockLog._open,
    _OPENDIR: BlockLog._open,
    _READDIR: BlockLog._nothing,
    _READ: BlockLog._read,
    _WRITE: BlockLog._write,
    _FSYNC: BlockLog._fsync,
    _STATFS: BlockLog._statfs,
    _FLUSH: BlockLog._nothing,
    _RELEASE: BlockLog._nothing,
    _RELEASEDIR: BlockLog._nothing,
}
