"""Ports for the nodes of tests: below those that the kernel gives to callers, and none twice in one run.

The server shares a port with whoever else listens on it, so that two nodes on one port would not be noticed; and a
caller of a port among the kernel's own may be given that very port while its node is away.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import socket

_FIRST, _LAST, _WORKERS = 22_000, 32_000, 8
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_EACH = (_LAST - _FIRST) // _WORKERS
_OWN = range(_FIRST + _WORKER % _WORKERS * _EACH, _FIRST + (_WORKER % _WORKERS + 1) * _EACH)
_NEXT = itertools.islice(itertools.cycle(_OWN), random.randrange(_EACH), None)


def free(neighbours: int = 1) -> int:
    """A port that nobody has; with ``neighbours``, the first of so many side by side."""
    found: list[int] = []
    for port in itertools.islice(_NEXT, 2 * _EACH):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found = [*found, port] if found and port == found[-1] + 1 else [port]
            if len(found) == neighbours:
                return found[0]
    raise RuntimeError("no free port")
