"""Ending when the starting process ends, however it ends; noticing callers that vanished (Linux)."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def end_with_parent(by: signal.Signals, parent: int) -> None:
    """Asks the kernel to send this process the signal ``by`` when the process ``parent`` ends."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, by)
    if os.getppid() != parent:
        os.kill(os.getpid(), by)


def notice_dead_callers() -> None:
    """Has this process' listening sockets ask silent callers whether they are still there (TCP keep-alive, Linux).

    A line that died without a word would hold the thread of its call for good. What is set here goes for every
    connection accepted later.
    """
    for number in Path("/proc/self/fd").iterdir():
        try:
            copy = os.dup(int(number.name))
        except OSError:
            continue
        try:
            listening = socket.socket(fileno=copy)
        except OSError:
            os.close(copy)
            continue
        with listening:
            if listening.family in (socket.AF_INET, socket.AF_INET6) and listening.getsockopt(
                socket.SOL_SOCKET, socket.SO_ACCEPTCONN
            ):
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 20)
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5)
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4)
                listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 120_000)
