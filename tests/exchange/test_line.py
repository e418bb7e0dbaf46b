"""Who moves first on the line of a site."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from lienthong.exchange.line import Held, Line, Meter, narrow
from lienthong.foundation import clock

NOON, NIGHT = datetime(2025, 1, 12, 5, tzinfo=UTC), datetime(2025, 1, 12, 15, tzinfo=UTC)


def started(work: Callable[[], object]) -> tuple[threading.Thread, threading.Event]:
    """Runs it in a thread; the event is set when it is done."""
    done = threading.Event()

    def run() -> None:
        work()
        done.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, done


def test_large_content_waits_for_a_call_and_goes_on_after_it() -> None:
    line = Line(0, 0, "", 3)
    for direction in ("up", "down"):
        with line.stream(direction, 0) as stream:
            stream.turn(4096)
            with line.call():
                thread, done = started(lambda: stream.turn(4096))
                assert not done.wait(0.3)
            assert done.wait(60)
            thread.join()


def test_a_call_that_hangs_does_not_stop_large_content_for_good() -> None:
    line = Line(0, 0, "", 3)
    with line.stream("up", 3) as stream, line.call():
        stream.turn(4096)


def test_the_more_urgent_lane_moves_first_in_its_direction() -> None:
    line = Line(0, 0, "", 3)
    with line.stream("up", 3) as study, line.stream("down", 3) as other:
        with line.stream("up", 1) as document:
            thread, done = started(lambda: study.turn(4096))
            assert not done.wait(0.3)
            document.turn(4096)
            other.turn(4096)
        assert done.wait(60)
        thread.join()


def test_the_cap_counts_all_bytes_of_a_direction() -> None:
    line = Line(800, 0, "", 3)  # 100,000 bytes a second
    began = time.monotonic()
    with line.stream("up", 2) as stream:
        for _ in range(10):
            stream.turn(5000)
        line.pay("up", 50_000)
        stream.turn(1)
    assert time.monotonic() - began >= 0.99
    with line.stream("down", 2) as stream:
        stream.turn(10_000_000)
        stream.turn(1)


def test_heavy_lanes_wait_for_the_night(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(0, 0, "21:00-05:00", 2)
    monkeypatch.setattr(clock, "now", lambda: NOON)
    assert line.open_lane() == 1
    with line.stream("up", 1) as stream:
        stream.turn(1)
    with line.stream("up", 2) as stream:
        with pytest.raises(Held):
            stream.turn(1)
        monkeypatch.setattr(clock, "now", lambda: NIGHT)
        stream.turn(1)
        assert line.open_lane() == 3
        monkeypatch.setattr(clock, "now", lambda: NOON)
        with pytest.raises(Held):
            stream.turn(1)
    assert Line(0, 0, "", 0).open_lane() == 3


def test_a_node_that_stops_holds_what_moves() -> None:
    stop = threading.Event()
    line = Line(0, 0, "", 3, stop)
    with line.stream("up", 0) as stream:
        stop.set()
        with pytest.raises(Held):
            stream.turn(1)


def test_the_rate_is_that_of_late() -> None:
    meter = Meter()
    assert meter.rate == 0
    meter.add(1000, 1)
    assert meter.rate == pytest.approx(1000)
    for _ in range(600):
        meter.add(5000, 1)
    assert meter.rate == pytest.approx(5000, rel=0.01)


def test_a_connection_may_always_have_a_few_segments_under_way() -> None:
    """Inside a machine a segment has 64 KB; a window of less would stop it between every two."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as sock,
    ):
        narrow(sock)
        segment = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_WINDOW_CLAMP) >= 4 * segment
