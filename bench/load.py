"""A load of HTTP calls from a process of its own: each connection sends its next call when the last is answered.

Plain sockets and one ``epoll``, so that the load costs little of the processor that it measures.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import re
import select
import socket
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Calls = Callable[[], Iterator[bytes]]
"""A function of a module (or a ``partial`` of one): whole HTTP requests, made where the load is."""

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(slots=True)
class Load:
    """What came of it.

    Attributes:
        seconds: by the clock, from the first call to the last answer.
        times: milliseconds of each call.
        statuses: how often each HTTP status came.
        failed: the first answer that was no success, for a look.
        spent: processor seconds of the load itself.
    """

    seconds: float = 0.0
    times: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    failed: bytes = b""
    spent: float = 0.0

    @property
    def rate(self) -> float:
        """Calls a second."""
        return len(self.times) / self.seconds

    def part(self, share: int) -> float:
        """So many of a hundred calls were faster (milliseconds)."""
        return statistics.quantiles(self.times, n=100, method="inclusive")[share - 1]

    def demand(self, *wanted: int) -> Load:
        """Itself, when nothing but these statuses came.

        Raises:
            RuntimeError: with an answer that was another.
        """
        if set(self.statuses) - set(wanted):
            raise RuntimeError(f"{dict(self.statuses)}: {self.failed[:1500].decode('utf-8', 'replace')}")
        return self


def request(
    method: str, path: str, token: str, body: bytes = b"", kind: str = "application/fhir+json"
) -> bytes:
    """One call as it goes over the line."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
    if body:
        head += f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def drive(port: int, calls: Calls, clients: int, seconds: float = 0.0) -> Load:
    """Sends the calls over ``clients`` connections until there are none left, or for so many seconds."""
    receiver, sender = multiprocessing.get_context("spawn").Pipe(duplex=False)
    child = multiprocessing.get_context("spawn").Process(
        target=_drive, args=(port, calls, clients, seconds, sender)
    )
    child.start()
    sender.close()
    try:
        made: Load = receiver.recv()
    except EOFError:
        raise RuntimeError("the load ended early") from None
    finally:
        child.join()
    return made


def _drive(
    port: int, calls: Calls, clients: int, seconds: float, sender: multiprocessing.connection.Connection
) -> None:
    made, waiting = Load(), calls()
    poll = select.epoll()
    lines: dict[int, _Line] = {}
    for _ in range(clients):
        line = _Line(port)
        lines[line.socket.fileno()] = line
        poll.register(line.socket, select.EPOLLIN)
    spent, begun = time.process_time(), time.perf_counter()
    until = begun + seconds if seconds else float("inf")
    busy = sum(line.send(next(waiting, b"")) for line in lines.values())
    while busy:
        for number, _event in poll.poll(60):
            line = lines[number]
            answer = line.receive()
            if answer is None:
                continue
            now = time.perf_counter()
            made.times.append(1000 * (now - line.sent))
            status = int(answer[9:12])
            made.statuses[status] += 1
            if status >= 400 and not made.failed:
                made.failed = bytes(answer)
            if not line.send(next(waiting, b"") if now < until else b""):
                busy -= 1
    made.seconds = time.perf_counter() - begun
    made.spent = time.process_time() - spent
    sender.send(made)
    sender.close()


class _Line:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 120)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answer = bytearray()
        self.sent = 0.0
        self.wanted = 0

    def send(self, call: bytes) -> bool:
        """Whether there was something to send."""
        if call:
            self.sent = time.perf_counter()
            self.socket.sendall(call)
        return bool(call)

    def receive(self) -> bytearray | None:
        """The answer, when it is whole."""
        data = self.socket.recv(1 << 18)
        if not data:
            raise RuntimeError("the server closed the connection")
        self.answer += data
        if not self.wanted:
            end = self.answer.find(b"\r\n\r\n")
            if end < 0:
                return None
            length = _LENGTH.search(self.answer, 0, end + 2)
            self.wanted = end + 4 + (int(length[1]) if length else 0)
        if len(self.answer) < self.wanted:
            return None
        answer, self.answer, self.wanted = self.answer, bytearray(), 0
        return answer
