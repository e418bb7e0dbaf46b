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
import signal
import stat
import struct
import subprocess
import sys
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
_DETACH = 2
_BIG_WRITES, _MAX_PAGES = 1 << 5, 1 << 22


class BlockLog:
    """The disk of one node, served by a process of its own.

    That process touches nothing on the disk: who waits for a page of a file there while it serves the disk, or holds
    the interpreter's lock of the process that does, would wait for ever.

    Args:
        folder: an empty folder; the disk is the file ``folder/disk`` from :meth:`open` to :meth:`close`.
        image: the file with what it holds at first.
    """

    def __init__(self, folder: Path, image: Path) -> None:
        self.path = folder / _NAME
        self._words = [sys.executable, "-m", __name__, str(folder), str(image)]

    def open(self) -> None:
        """Mounts the folder and begins to serve.

        Raises:
            OSError: it is not permitted here.
        """
        self._server = subprocess.Popen(
            self._words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        if self._said() != "ready":
            raise OSError(errno.EPERM, "the disk could not be mounted")

    def cut(self, seed: str, into: Path) -> str:
        """Writes what the disk might hold if its power went away now; returns what had been written and flushed."""
        assert self._server.stdin
        self._server.stdin.write(f"{seed}\t{into}\n")
        self._server.stdin.flush()
        return self._said()

    def _said(self) -> str:
        assert self._server.stdout
        return self._server.stdout.readline().rstrip("\n")

    def close(self) -> None:
        """Ends the service; nothing may be mounted on the disk any more."""
        assert self._server.stdin
        self._server.stdin.close()
        self._server.wait()


class _Disk:
    """The disk inside the process that serves it."""

    def __init__(self, folder: Path, image: bytes) -> None:
        self._flushes = self._writes = 0
        self._folder = folder
        self._now, self._durable = bytearray(image), bytearray(image)
        self._since: list[tuple[int, bytes]] = []
        self._lock = threading.Lock()
        self._device = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={self._device},rootmode=40000,user_id=0,group_id=0".encode()
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.mount(b"lienthong-drill", os.fsencode(self._folder), b"fuse", 0, options):
            raise OSError(ctypes.get_errno(), "the disk could not be mounted")
        threading.Thread(target=self._serve, name="disk", daemon=True).start()

    def unmount(self) -> None:
        ctypes.CDLL(None).umount2(os.fsencode(self._folder), _DETACH)

    def told(self) -> str:
        return f"{self._writes} writes and {self._flushes} flushes"

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
            self._writes += 1
        return struct.pack("<II", size, 0)

    def _fsync(self, _node: int, _body: memoryview) -> bytes:
        with self._lock:
            for offset, data in self._since:
                self._durable[offset : offset + len(data)] = data
            self._since.clear()
            self._flushes += 1
        return b""

    def _statfs(self, _node: int, _body: memoryview) -> bytes:
        return struct.pack("<QQQQQIIII24x", len(self._now) // 4096, 0, 0, 1, 0, 4096, 255, 4096, 0)


_ANSWERS: dict[int, Callable[[_Disk, int, memoryview], bytes | int]] = {
    _INIT: _Disk._init,
    _LOOKUP: _Disk._lookup,
    _GETATTR: _Disk._getattr,
    _SETATTR: _Disk._getattr,
    _OPEN: _Disk._open,
    _OPENDIR: _Disk._open,
    _READDIR: _Disk._nothing,
    _READ: _Disk._read,
    _WRITE: _Disk._write,
    _FSYNC: _Disk._fsync,
    _STATFS: _Disk._statfs,
    _FLUSH: _Disk._nothing,
    _RELEASE: _Disk._nothing,
    _RELEASEDIR: _Disk._nothing,
}


def main(folder: str, image: str) -> None:
    """Serves a disk until standard input ends; each line of it is a seed and the file for what a power cut leaves."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    disk = _Disk(Path(folder), Path(image).read_bytes())
    try:
        print("ready", flush=True)
        for line in sys.stdin:
            seed, into = line.rstrip("\n").split("\t")
            Path(into).write_bytes(disk.cut(random.Random(seed)))  # noqa: S311 - faults, no secrets
            print(disk.told(), flush=True)
    finally:
        disk.unmount()


if __name__ == "__main__":
    main(*sys.argv[1:])
