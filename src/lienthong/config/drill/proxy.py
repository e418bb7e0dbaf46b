"""A TCP line with faults: slow, delayed, cut, reset, half-open, doubled and reordered, one hub behind it.

The proxy listens on loopback, and each connection that it takes is joined to the target. What the line does to the
bytes stands in :attr:`Proxy.line`, which may be set at any time from any thread. It knows nothing of HTTP; only
``double`` and ``damage`` take for granted that a side waits for the answer before it says more on a connection.
"""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Self

_PACKET = 1400
_SLICE = 1 << 16
_REPLAYED = 1 << 20
_AHEAD = 128
_LATE = 0.2
"""Seconds by which a busy machine may wake us late without the line becoming slower than it says."""
_HEADERS, _HURT = 4096, 32_768
_PART_UP = (b"POST /exchange/v1/uploads", b"PATCH /exchange/v1/uploads/")
_PART_DOWN = b"GET /exchange/v1/parts/"
_ABRUPT = struct.pack("ii", 1, 0)

State = Literal["open", "silent", "refused", "swallowing"]
_UnderWay = asyncio.Queue[tuple[float, bytes]]
"""When bytes are due at the other end, and the bytes; empty: the end."""


@dataclass(frozen=True, slots=True)
class Way:
    """One direction of the line.

    Attributes:
        rate: bytes a second of all connections together; 0: as fast as the machine can.
        delay: seconds from end to end.
    """

    rate: float = 0.0
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Line:
    """What the line does now.

    Attributes:
        up, down: towards the target and back.
        state: ``open``; ``silent``: nothing passes and nobody is told, what waits passes when the line is back;
            ``refused``: connections are reset, new ones too; ``swallowing``: what comes is thrown away and nobody is
            told. A connection that lost bytes so stays dead for ever: it is half-open.
        reset: share (0 to 1) of new connections that are reset after at most ``reset_within`` bytes.
        double: chance that an answer is lost: the connection is reset when the target begins to answer, and after
            up to a second the same request is played to the target once more.
        shuffle: seconds; each new connection waits a random time up to this before it reaches the target.
        damage: chance that a part on its way (up or down, larger than 32 KiB) has one byte changed. TLS would make
            a reset of that; here it tests what the hashes are for.
    """

    up: Way = Way()
    down: Way = Way()
    state: State = "open"
    reset: float = 0.0
    reset_within: int = 1 << 16
    double: float = 0.0
    shuffle: float = 0.0
    damage: float = 0.0


@dataclass(slots=True)
class Counts:
    """What has happened on the line: bytes that were let through each way, and connections."""

    up: int = 0
    down: int = 0
    connections: int = 0
    resets: int = 0
    swallowed: int = 0
    doubled: int = 0
    damaged: int = 0


@dataclass(eq=False, slots=True)
class _Pair:
    """The two ends of a connection.

    ``asked``: what was said upwards since the last answer, None when that is too long to say again. ``left``: bytes
    until the reset that awaits this connection, None when none does. ``hurt``: by direction, bytes until the one that
    is changed.
    """

    near: socket.socket
    far: socket.socket | None = None
    left: int | None = None
    dead: bool = False
    asked: bytearray | None = field(default_factory=bytearray)
    answering: bool = True
    hurt: dict[str, int] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None


class Proxy:
    """A line from :attr:`port` on loopback to a target; it runs in a thread of its own from :meth:`start` on.

    Args:
        target: host and port.
        seed: of everything that is left to chance here.
        port: to listen on; 0 takes a free one.
        window: bytes that may wait in the proxy's receive buffer of a connection, so that a slow line is felt by the
            sender at once; 0 leaves that to the system.
    """

    def __init__(self, target: tuple[str, int], *, seed: int = 0, port: int = 0, window: int = 0) -> None:
        self.counts = Counts()
        self._target, self._window = target, window
        self._chance = random.Random(seed)  # noqa: S311 - faults, no secrets
        self._line = Line()
        self._free = {"up": 0.0, "down": 0.0}
        self._pairs: set[_Pair] = set()
        self._replays: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._opened = asyncio.Event()
        self._listener = self._listen(port)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._run, name=f"line-{self.port}", daemon=True)

    def _listen(self, port: int) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self._window:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._window)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _PACKET)
        listener.bind(("127.0.0.1", port))
        listener.listen(512)
        listener.setblocking(False)
        return listener

    def start(self) -> Self:
        """Begins to take connections."""
        self._thread.start()
        return self

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def line(self) -> Line:
        """What the line does now; set it to change that at once, for running connections too."""
        return self._line

    @line.setter
    def line(self, line: Line) -> None:
        self._call(self._change, line)

    def reset(self) -> None:
        """Resets every running connection (RST both ways)."""
        self._call(self._reset_all)

    def close(self) -> None:
        """Resets everything and ends the proxy."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._listener.close()

    def _call(self, work: Callable[..., None], *values: object) -> None:
        """Does something in the proxy's thread and waits for its end."""
        done = threading.Event()

        def run() -> None:
            work(*values)
            done.set()

        self._loop.call_soon_threadsafe(run)
        done.wait(10)

    def _change(self, line: Line) -> None:
        self._line = line
        self._free = {"up": 0.0, "down": 0.0}
        if line.state == "refused":
            self._reset_all()
        if line.state == "silent":
            self._opened.clear()
        else:
            self._opened.set()

    def _reset_all(self) -> None:
        for pair in list(self._pairs):
            self._break(pair)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._opened.set()
        accepting = self._loop.create_task(self._accept())
        self._loop.run_forever()
        self._reset_all()
        accepting.cancel()
        rest = asyncio.all_tasks(self._loop)
        for task in rest:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*rest, return_exceptions=True))
        self._loop.close()

    async def _accept(self) -> None:
        while True:
            near, _ = await self._loop.sock_accept(self._listener)
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.counts.connections += 1
            pair = _Pair(near)
            if self._line.state == "refused":
                self._break(pair)
                continue
            if self._chance.random() < self._line.reset:
                pair.left = self._chance.randint(0, self._line.reset_within)
            self._pairs.add(pair)
            pair.task = self._loop.create_task(self._join(pair))

    async def _join(self, pair: _Pair) -> None:
        """Brings a connection to the target and carries its bytes both ways until both sides have ended it."""
        line = self._line
        try:
            if line.shuffle:
                await asyncio.sleep(self._chance.uniform(0, line.shuffle))
            await asyncio.sleep(line.up.delay + line.down.delay)  # the handshake's round trip
            await self._opened.wait()
            far = pair.far = _socket()
            await self._loop.sock_connect(far, self._target)
            async with asyncio.TaskGroup() as group:
                for way, source, goal in (("up", pair.near, far), ("down", far, pair.near)):
                    under_way: _UnderWay = asyncio.Queue(_AHEAD)
                    group.create_task(self._carry(pair, way, source, under_way))
                    group.create_task(self._deliver(goal, under_way))
        except* OSError:
            await self._told(pair)
            self._break(pair)
        else:
            self._end(pair)

    async def _told(self, pair: _Pair) -> None:
        """Waits until the line can tell one side that the other has gone; for ever when it is half-open."""
        await self._opened.wait()
        if pair.dead:
            await asyncio.Event().wait()

    async def _carry(self, pair: _Pair, way: str, source: socket.socket, under_way: _UnderWay) -> None:
        data = b"-"
        while data:
            shape = self._line.up if way == "up" else self._line.down
            data = await self._loop.sock_recv(source, _PACKET if shape.rate else _SLICE)
            if data and not (data := await self._passed(pair, way, data)):
                data = b"-"
                continue
            if not data:
                await self._told(pair)
            await self._serialise(way, len(data))
            await under_way.put((self._loop.time() + shape.delay, data))

    async def _passed(self, pair: _Pair, way: str, data: bytes) -> bytes:
        """What goes on of the bytes; a connection whose time has come is reset here."""
        line = self._line
        if line.state == "swallowing" and not pair.dead:
            pair.dead = True
            self.counts.swallowed += 1
        if pair.dead:
            return b""
        if pair.left is not None:
            pair.left -= len(data)
            if pair.left <= 0:
                raise ConnectionResetError
        if way == "up" and pair.answering:
            pair.answering, pair.asked = False, bytearray()
            self._aim(pair, way, data.startswith(_PART_UP))
        elif way == "down" and not pair.answering:
            pair.answering = True
            if self._chance.random() < line.double:
                self._say_again(pair.asked)
                raise ConnectionResetError
            self._aim(pair, way, bytes(pair.asked or b"").startswith(_PART_DOWN))
        if way == "up" and pair.asked is not None:
            pair.asked = pair.asked + data if len(pair.asked) + len(data) <= _REPLAYED else None
        await self._opened.wait()
        if way == "up":
            self.counts.up += len(data)
        else:
            self.counts.down += len(data)
        return self._hurt(pair, way, data)

    def _aim(self, pair: _Pair, way: str, part: bool) -> None:
        pair.hurt.pop(way, None)
        if part and self._chance.random() < self._line.damage:
            pair.hurt[way] = self._chance.randint(_HEADERS, _HURT)

    def _hurt(self, pair: _Pair, way: str, data: bytes) -> bytes:
        if (place := pair.hurt.pop(way, None)) is None:
            return data
        if place >= len(data):
            pair.hurt[way] = place - len(data)
            return data
        self.counts.damaged += 1
        return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]

    async def _serialise(self, way: str, size: int) -> None:
        """Waits until the line, which all connections share, has taken so many bytes."""
        rate = self._line.up.rate if way == "up" else self._line.down.rate
        if not rate:
            return
        now = self._loop.time()
        free = self._free[way]
        ready = self._free[way] = (free if free >= now - _LATE else now) + size / rate
        await asyncio.sleep(max(0.0, ready - now))

    async def _deliver(self, goal: socket.socket, under_way: _UnderWay) -> None:
        while True:
            due, data = await under_way.get()
            wait = due - self._loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            await self._opened.wait()
            if not data:
                goal.shutdown(socket.SHUT_WR)
                return
            await self._loop.sock_sendall(goal, data)

    def _say_again(self, asked: bytearray | None) -> None:
        self.counts.doubled += 1
        if asked:
            task = self._loop.create_task(self._replay(bytes(asked), self._chance.uniform(0, 1)))
            self._replays.add(task)
            task.add_done_callback(self._replays.discard)

    async def _replay(self, asked: bytes, wait: float) -> None:
        await asyncio.sleep(wait)
        far = _socket()
        try:
            await self._loop.sock_connect(far, self._target)
            await self._loop.sock_sendall(far, asked)
            async with asyncio.timeout(30):
                await self._loop.sock_recv(far, _SLICE)
        except (OSError, TimeoutError):
            pass
        finally:
            far.close()

    def _break(self, pair: _Pair) -> None:
        self.counts.resets += 1
        for end in (pair.near, pair.far):
            if end is not None and end.fileno() >= 0:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABRUPT)
        self._end(pair)

    def _end(self, pair: _Pair) -> None:
        self._pairs.discard(pair)
        if pair.task is not None and pair.task is not asyncio.current_task(self._loop):
            pair.task.cancel()
        for end in (pair.near, pair.far):
            if end is not None and end.fileno() >= 0:
                self._loop.remove_reader(end)
                self._loop.remove_writer(end)
                end.close()


def _socket() -> socket.socket:
    made = socket.socket()
    made.setblocking(False)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made
