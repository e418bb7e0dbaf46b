"""Site: what shares the line to the hub. Calls with small messages go first, large content moves in what is left.

Every large body moves in small pieces, and before each it asks for its turn: it waits while a call is under way or
more urgent content moves the same way, while the cap on the site's bytes is used up, and outside the night window
when its lane belongs there. So that little of it stands in queues on the way, its socket may hold only what the line
carries in one round trip and a little more; that is measured all the time.
"""

from __future__ import annotations

import contextlib
import fcntl
import socket
import struct
import sys
import termios
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from lienthong.foundation import clock
from lienthong.foundation.daytime import Window

Direction = Literal["up", "down"]

LEAST, MOST = 4096, 1 << 16
"""Bytes of a piece."""
_LONGEST_PAUSE = 3.0
"""After so many seconds large content moves a piece in any case, so that no connection looks dead."""
_STALLED = 30.0
_MEASURE = 1.0
_MEMORY = 20.0
"""Seconds over which the rate of the line is averaged."""
_HELD_LEAST, _HELD_MOST = 12_288, 8 << 20
_SPARE = 6144
_TCP_INFO_MIN_RTT = 148
"""Where ``tcpi_min_rtt`` stands in Linux' ``struct tcp_info``."""
_CALLS = -1

ALIVE = [
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in (
            ("TCP_KEEPIDLE", 10),
            ("TCP_KEEPINTVL", 5),
            ("TCP_KEEPCNT", 4),
            ("TCP_USER_TIMEOUT", 30_000),
        )
        if hasattr(socket, name)
    ),
]
"""Options of every socket to the hub: a peer that vanished is noticed within half a minute."""
LANES = range(4)
_CALL_LEAST, _CALL_FIRST, _CALL_MOST = 32_768, 65_536, 1 << 20
"""Bytes of a call with messages: about what the line carries in a second."""


class Held(Exception):
    """Large content may not move now: the node is about to stop, or its lane waits for the night window."""


class _Cap:
    """So many bytes a second; 0 is no limit. A call may use what is not there yet, large content waits for it."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._paid = 0.0

    def wait(self, now: float) -> float:
        """Seconds until everything that moved is paid for."""
        return max(0.0, self._paid - now) if self.rate else 0.0

    def take(self, size: int, now: float) -> None:
        if self.rate:
            self._paid = max(self._paid, now) + size / self.rate


class Meter:
    """How fast large content moves lately, in bytes a second, all waiting for others included."""

    def __init__(self) -> None:
        self._rate, self._weight = 0.0, 0.0

    def add(self, size: int, seconds: float) -> None:
        """So many bytes took so long."""
        fade = 0.5 ** (seconds / _MEMORY)
        self._rate = self._rate * fade + (size / seconds if seconds else 0.0) * (1 - fade)
        self._weight = self._weight * fade + (1 - fade)

    @property
    def rate(self) -> float:
        """Bytes a second; 0 while nothing is known."""
        return self._rate / self._weight if self._weight else 0.0


class Line:
    """The line of one site, used by all threads of its courier.

    Args:
        up, down: caps in kbit/s, 0 for none.
        window: ``21:00-05:00``, or nothing for always; night_lane: lanes from this one on wait for it.
        stop: ends everything that waits.
    """

    def __init__(
        self, up: int, down: int, window: str, night_lane: int, stop: threading.Event | None = None
    ) -> None:
        self._caps: dict[Direction, _Cap] = {"up": _Cap(up * 125.0), "down": _Cap(down * 125.0)}
        self.meters: dict[Direction, Meter] = {"up": Meter(), "down": Meter()}
        self._window, self._night_lane = Window.read(window) if window else None, night_lane
        self._stop = stop or threading.Event()
        self._changed = threading.Condition()
        self._alive = threading.Condition()
        self._contacts, self._call_rate = 0, 0.0
        self._moving: dict[Direction, list[int]] = {"up": [], "down": []}

    def open_lane(self, moment: datetime | None = None) -> int:
        """The heaviest lane that may move at a moment (now if none is given)."""
        if self._window is None or self._window.holds(moment or clock.now()):
            return LANES[-1]
        return self._night_lane - 1

    @contextlib.contextmanager
    def call(self) -> Iterator[None]:
        """Large content pauses meanwhile."""
        with self._moves("up", _CALLS), self._moves("down", _CALLS):
            yield

    @property
    def call_bytes(self) -> int:
        """How many bytes a call with messages may have, so that the next need not wait long."""
        rate = max(self.meters["up"].rate, self._call_rate)
        return int(min(_CALL_MOST, max(_CALL_LEAST, rate))) if rate else _CALL_FIRST

    def got_through(self, size: int, seconds: float) -> None:
        """A call with so many bytes was answered after so long: the line is there."""
        if size >= LEAST:
            self._call_rate = max(0.8 * self._call_rate, size / max(seconds, 1e-6))
        with self._alive:
            self._contacts += 1
            self._alive.notify_all()

    def wait_until_alive(self, seconds: float) -> None:
        """Waits until a call gets through, at most so long."""
        deadline = time.monotonic() + seconds
        with self._alive:
            seen = self._contacts
            while self._contacts == seen and not self._stop.is_set():
                left = deadline - time.monotonic()
                if left <= 0:
                    return
                self._alive.wait(min(left, 0.5))

    def pay(self, direction: Direction, size: int) -> None:
        """Counts bytes of a call against the cap, and waits as long as the line needs for them."""
        cap = self._caps[direction]
        with self._changed:
            cap.take(size, time.monotonic())
        self._stop.wait(min(_LONGEST_PAUSE, cap.wait(time.monotonic())))

    @contextlib.contextmanager
    def stream(self, direction: Direction, lane: int) -> Iterator[Stream]:
        """Large content that begins to move."""
        with self._moves(direction, lane):
            yield Stream(self, direction, lane)

    def turn(self, direction: Direction, lane: int, size: int) -> None:
        """Waits until a piece of large content may move.

        Raises:
            Held: it may not.
        """
        cap, until = self._caps[direction], time.monotonic() + _LONGEST_PAUSE
        with self._changed:
            while True:
                if self._stop.is_set() or lane > self.open_lane():
                    raise Held
                now = time.monotonic()
                if any(other < lane for other in self._moving[direction]) and now < until:
                    self._changed.wait(until - now)
                elif cap.wait(now):
                    self._changed.wait(min(0.5, cap.wait(now)))
                else:
                    cap.take(size, now)
                    return

    @contextlib.contextmanager
    def _moves(self, direction: Direction, lane: int) -> Iterator[None]:
        with self._changed:
            self._moving[direction].append(lane)
        try:
            yield
        finally:
            with self._changed:
                self._moving[direction].remove(lane)
                self._changed.notify_all()


class Stream:
    """Large content on the move; used by one thread.

    Attributes:
        piece: bytes that should move next.
        sock: the socket it moves over, once there is one.
    """

    def __init__(self, line: Line, direction: Direction, lane: int) -> None:
        self._line, self._direction, self._lane = line, direction, lane
        self._since, self._bytes, self._waited = time.monotonic(), 0, 0.0
        self._held = 2 * _HELD_LEAST
        self.piece = LEAST
        self.sock: socket.socket | None = None

    def turn(self, size: int) -> None:
        """Waits until ``size`` bytes may move; those of the turn before have moved.

        Raises:
            Held: they may not.
        """
        now = time.monotonic()
        seconds = now - self._since
        if seconds >= _MEASURE:
            self._line.meters[self._direction].add(self._bytes, seconds)
            if seconds > self._waited:
                self._measured(self._bytes / (seconds - self._waited))
            self._since, self._bytes, self._waited = now, 0, 0.0
        if self._direction == "up":
            self._drain(size)
        now = time.monotonic()
        self._line.turn(self._direction, self._lane, size)
        self._waited += time.monotonic() - now
        self._bytes += size

    def _measured(self, rate: float) -> None:
        self.piece = min(MOST, max(LEAST, int(rate / 20)))
        if self.sock is not None:
            wanted = 1.25 * rate * _round_trip(self.sock) + _SPARE
            self._held = int(min(_HELD_MOST, max(_least(self.sock), wanted)))
            if self._direction == "down":
                _clamp(self.sock, self._held)

    def _drain(self, size: int) -> None:
        """Waits until the other side has all but a little of what was sent.

        Raises:
            TimeoutError: it takes nothing any more.
        """
        if self.sock is None:
            return
        before, since = 0, time.monotonic()
        while (now := _under_way(self.sock)) and now + size > self._held:
            if now != before:
                before, since = now, time.monotonic()
            elif time.monotonic() > since + _STALLED:
                raise TimeoutError
            rate = self._line.meters["up"].rate
            time.sleep(min(0.05, max(0.002, (now + size - self._held) / rate / 2 if rate else 0.0)))


def _least(sock: socket.socket) -> int:
    """Less than a few segments makes TCP wait for more; segments are large inside a machine."""
    return max(_HELD_LEAST, 4 * sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG))


def _under_way(sock: socket.socket) -> int:
    """Bytes that the other side has not acknowledged; 0 where the system does not tell."""
    if not sys.platform.startswith("linux") or sock.fileno() < 0:
        return 0
    return int(struct.unpack("=i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0])


def _round_trip(sock: socket.socket) -> float:
    """The shortest round trip seen on a connection, in seconds; 0 where the system does not tell."""
    if not hasattr(socket, "TCP_INFO"):
        return 0.0
    info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_MIN_RTT + 4)
    if len(info) < _TCP_INFO_MIN_RTT + 4:
        return 0.0
    return float(struct.unpack_from("=I", info, _TCP_INFO_MIN_RTT)[0]) / 1e6


def _clamp(sock: socket.socket, size: int) -> None:
    if hasattr(socket, "TCP_WINDOW_CLAMP"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP, size)


def narrow(sock: socket.socket) -> None:
    """Lets the other side of a new connection send little at once; only now, so that it may be more later."""
    _clamp(sock, 2 * _least(sock))
