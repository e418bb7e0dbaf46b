"""The line with faults does to connections what it says, while they run."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from lienthong.config.drill.proxy import Line, Proxy, Way

MANY = 300_000


class Echo:
    """A server that gives back what it got, in one answer for each line asked."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = self._socket.getsockname()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._talk, args=(self._socket.accept()[0],), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rwb") as file, contextlib.suppress(OSError):
            for line in file:
                self.asked.append(line)
                file.write(line)
                file.flush()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.close()


def call(proxy: Proxy, seconds: float = 10) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=seconds)


def ask(connection: socket.socket, text: bytes) -> bytes:
    connection.sendall(text + b"\n")
    got = b""
    while not got.endswith(b"\n"):
        more = connection.recv(65536)
        if not more:
            break
        got += more
    return got[:-1]


def test_an_open_line_passes_everything_and_the_end(echo: Echo) -> None:
    with Proxy(echo.address) as proxy, call(proxy) as connection:
        big = b"x" * MANY
        assert ask(connection, big) == big
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(10) == b""
        assert proxy.counts.up == proxy.counts.down == MANY + 1


def test_the_rate_is_shared_by_all_connections_and_the_delay_counts_each_way(echo: Echo) -> None:
    with Proxy(echo.address, window=16384) as proxy:
        proxy.line = Line(up=Way(rate=100_000, delay=0.05), down=Way(delay=0.05))
        begun = time.monotonic()
        both = [threading.Thread(target=lambda: ask(call(proxy), b"x" * 25_000)) for _ in range(2)]
        for thread in both:
            thread.start()
        for thread in both:
            thread.join()
        assert time.monotonic() - begun > 0.65, "0.1 s handshake, 0.5 s on the line, 0.1 s there and back"


def test_a_silent_line_says_nothing_and_goes_on_later(echo: Echo) -> None:
    with Proxy(echo.address) as proxy, call(proxy) as connection:
        assert ask(connection, b"before") == b"before"
        proxy.line = Line(state="silent")
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            ask(connection, b"during")
        assert b"during\n" not in echo.asked
        proxy.line = Line()
        connection.settimeout(10)
        assert connection.recv(100) == b"during\n"


def test_a_refused_line_resets_what_runs_and_what_comes(echo: Echo) -> None:
    with Proxy(echo.address) as proxy, call(proxy) as connection:
        assert ask(connection, b"before") == b"before"
        proxy.line = Line(state="refused")
        with pytest.raises(ConnectionError):
            ask(connection, b"during")
        with pytest.raises(ConnectionError):
            ask(call(proxy), b"new")
        proxy.line = Line()
        assert ask(call(proxy), b"after") == b"after"


def test_a_half_open_connection_stays_dead_and_new_ones_live(echo: Echo) -> None:
    with Proxy(echo.address) as proxy, call(proxy, 0.3) as connection:
        proxy.line = Line(state="swallowing")
        with pytest.raises(TimeoutError):
            ask(connection, b"gone")
        proxy.line = Line()
        with pytest.raises(TimeoutError):
            ask(connection, b"still")
        assert ask(call(proxy), b"new") == b"new"
        assert echo.asked == [b"new\n"]


def test_a_doubled_request_is_answered_to_nobody_and_said_twice(echo: Echo) -> None:
    with Proxy(echo.address) as proxy, call(proxy) as connection:
        proxy.line = Line(double=1)
        with pytest.raises(ConnectionError):
            ask(connection, b"once")
        deadline = time.monotonic() + 10
        while len(echo.asked) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert echo.asked == [b"once\n", b"once\n"]


def test_the_seed_decides_which_connections_are_reset(echo: Echo) -> None:
    def outcomes(seed: int) -> list[bool]:
        with Proxy(echo.address, seed=seed) as proxy:
            proxy.line = Line(reset=0.5, reset_within=0)
            return [_answered(proxy) for _ in range(30)]

    assert outcomes(1) == outcomes(1) != outcomes(2)
    assert 5 < sum(outcomes(1)) < 25


def _answered(proxy: Proxy) -> bool:
    try:
        with call(proxy) as connection:
            return ask(connection, b"x") == b"x"
    except ConnectionError:
        return False


def test_all_connections_are_reset_at_a_word(echo: Echo) -> None:
    with Proxy(echo.address) as proxy, call(proxy) as connection:
        assert ask(connection, b"before") == b"before"
        proxy.reset()
        with pytest.raises(ConnectionError):
            ask(connection, b"after")


def test_a_part_is_damaged_in_one_byte_and_nothing_else_is(echo: Echo) -> None:
    with Proxy(echo.address) as proxy, call(proxy) as connection:
        proxy.line = Line(damage=1)
        part = b"GET /exchange/v1/parts/" + b"x" * MANY
        assert sum(a != b for a, b in zip(part, ask(connection, part), strict=True)) == 1
        assert ask(connection, b"y" * MANY) == b"y" * MANY
        assert proxy.counts.damaged == 1
