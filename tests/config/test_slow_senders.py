"""Senders who let the node wait for their bodies, as a real server meets them."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path

import fhir_door

SENDERS = 60


def test_slow_bodies_leave_room_for_those_who_read(tmp_path: Path) -> None:
    with fhir_door.running(tmp_path) as door, contextlib.ExitStack() as open_ones:
        assert door.client.call("GET", "/Patient").status == 200
        host, port = door.base.removeprefix("http://").removesuffix("/fhir").split(":")
        head = f"POST /fhir/token HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 20000\r\n\r\ngrant"
        slow = [open_ones.enter_context(socket.create_connection((host, int(port)))) for _ in range(SENDERS)]
        for one in slow:
            one.sendall(head.encode())
        assert door.client.call("GET", "/Patient").status == 200
        answered = [one for one in slow if _answer(one)]
        assert 0 < len(answered) < SENDERS


def _answer(one: socket.socket) -> bytes:
    """What a sender who waits in vain is told at once."""
    one.settimeout(0.05)
    with contextlib.suppress(TimeoutError):
        return one.recv(100)
    return b""
