"""A slow line: TCP connections of this machine that share so many bits a second each way, with delay."""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Iterator

_PIECE = 1460


class _Way:
    """One direction, shared by all connections: pieces go one after the other."""

    def __init__(self, rate: float) -> None:
        self._rate, self._free = rate, 0.0
        self._lock = threading.Lock()

    def pass_through(self, size: int) -> None:
        with self._lock:
            now = time.monotonic()
            self._free = max(self._free, now) + size / self._rate
            wait = self._free - now
        time.sleep(wait)


class SlowLine:
    """Listens on ``port`` and passes on to ``target`` of this machine.

    Args:
        kbit: each way; delay: seconds each way.
    """

    def __init__(self, target: int, kbit: float, delay: float) -> None:
        self._target, self._delay = target, delay
        self._up, self._down = _Way(kbit * 125), _Way(kbit * 125)
        self._open: set[socket.socket] = set()
        self.dead = False
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self.port = int(self._listener.getsockname()[1])
        self.bytes_up = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Resets every connection."""
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                one.shutdown(socket.SHUT_RDWR)
                one.close()
        self._open.clear()

    def close(self) -> None:
        """Ends the line."""
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self.dead:
                near.close()
                continue
            far = socket.socket()
            far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            try:
                far.connect(("127.0.0.1", self._target))
            except OSError:
                near.close()
                continue
            for one in (near, far):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open |= {near, far}
            self._pump(near, far, self._up, count=True)
            self._pump(far, near, self._down, count=False)

    def _pump(self, source: socket.socket, sink: socket.socket, way: _Way, *, count: bool) -> None:
        pieces: queue.Queue[tuple[float, bytes]] = queue.Queue()

        def take() -> None:
            with contextlib.suppress(OSError):
                while piece := source.recv(_PIECE):
                    way.pass_through(len(piece))
                    if count:
                        self.bytes_up += len(piece)
                    pieces.put((time.monotonic() + self._delay, piece))
            pieces.put((time.monotonic() + self._delay, b""))

        def give() -> None:
            while True:
                at, piece = pieces.get()
                time.sleep(max(0.0, at - time.monotonic()))
                try:
                    if not piece:
                        sink.shutdown(socket.SHUT_WR)
                        return
                    sink.sendall(piece)
                except OSError:
                    with contextlib.suppress(OSError):  # to close it alone wakes nobody who waits in recv()
                        source.shutdown(socket.SHUT_RDWR)
                    return

        for work in (take, give):
            threading.Thread(target=work, daemon=True).start()


@contextlib.contextmanager
def slow_line(target: int, kbit: float = 256, delay: float = 0.15) -> Iterator[SlowLine]:
    """A line, as long as it is needed."""
    line = SlowLine(target, kbit, delay)
    try:
        yield line
    finally:
        line.close()
