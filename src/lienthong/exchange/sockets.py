"""Site: connections to the hub, those for calls and those for large content, which may hold little on the way."""

from __future__ import annotations

import socket
import threading
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from lienthong.exchange import line

_TIMEOUT = urllib3.Timeout(connect=10.0, read=45.0)
_STALLED = urllib3.Timeout(connect=30.0, read=30.0)
"""For large content: seconds in which not one byte moved. Sending is bound by the first."""
_HELD = 1 << 16
_here = threading.local()


def for_calls() -> urllib3.PoolManager:
    """For calls. A socket holds at most what a slow line carries in the time an answer may take."""
    options = [*line.ALIVE, (socket.SOL_SOCKET, socket.SO_SNDBUF, _HELD)]
    return urllib3.PoolManager(
        maxsize=8, block=False, retries=False, timeout=_TIMEOUT, socket_options=options
    )


def for_bulk() -> urllib3.PoolManager:
    """For large content; after a request began, :func:`current` is its socket."""
    pool = urllib3.PoolManager(
        maxsize=8, block=False, retries=False, timeout=_STALLED, socket_options=line.ALIVE
    )
    pool.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    return pool


def current() -> socket.socket | None:
    """The socket over which this thread last began a request for large content."""
    connection = getattr(_here, "connection", None)
    return connection.sock if connection is not None else None


class _Bulk:
    """Tells which connection this thread uses."""

    sock: Any

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        line.narrow(self.sock)

    def request(self, *values: Any, **named: Any) -> None:
        _here.connection = self
        super().request(*values, **named)  # type: ignore[misc]


class _Connection(_Bulk, HTTPConnection):
    pass


class _SecureConnection(_Bulk, HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _SecureConnection
