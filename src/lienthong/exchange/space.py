"""Room: nothing new is taken before the disk is full or the queue too long, so that what was taken can be finished.

New input is refused while less than the node's reserve would be left, or more waits than its quota allows. Work that
makes the queue shorter (acceptances, receipts) goes on in the reserve.
"""

from __future__ import annotations

import errno
import os
import time
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection

from lienthong.exchange import problems, sql
from lienthong.foundation.errors import LienThongError, Problem

MB = 1 << 20
MOST_RESERVE, RESERVE_SHARE = 512 * MB, 20
"""Reserve where none is set: 512 MB, on a small disk a twentieth of it."""
LOW = 4
"""The disk is nearly full when less than so many reserves are left."""
_COUNT_EVERY = 1.0

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_BROKEN = {errno.EIO, errno.EROFS}
_SQLITE = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")
_POSTGRESQL = ("53100", "53200", "58030")
"""SQLSTATE: disk full, out of memory, I/O error."""


class NoRoom(LienThongError):
    """Nothing new is taken now; try again unchanged when there is room."""


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes of the node's disk: ``free`` for this program, ``total``, and the ``reserve`` that input must leave."""

    free: int
    total: int
    reserve: int

    @property
    def full(self) -> bool:
        """Whether new input is refused."""
        return self.free < self.reserve

    @property
    def low(self) -> bool:
        """Whether it will soon be."""
        return self.free < LOW * self.reserve


@dataclass(slots=True)
class _Count:
    """What waited when this process last looked, and what it has put since."""

    at: float = float("-inf")
    messages: int = 0
    bytes: int = 0


_count = _Count()


def room() -> Room:
    """How full the disk with the node's folder is."""
    path = Path(settings.NODE.home)
    while not path.exists():
        path = path.parent
    disk = os.statvfs(path)
    total = disk.f_blocks * disk.f_frsize
    reserve = settings.NODE.reserve_mb * MB or min(MOST_RESERVE, total // RESERVE_SHARE)
    return Room(disk.f_bavail * disk.f_frsize, total, reserve)


def problem(size: int = 0) -> Problem | None:
    """Why ``size`` bytes more cannot be taken now; None when they fit."""
    now = room()
    if now.free - size >= now.reserve:
        return None
    words = problems.hub_full if settings.NODE.role == "hub" else problems.disk_full
    return words(now.free, now.reserve + size)


def check(size: int = 0) -> None:
    """For every door through which something new comes.

    Raises:
        NoRoom: ``exchange-disk-full``, at the hub ``exchange-hub-full``.
    """
    found = problem(size)
    if found is not None:
        raise NoRoom(found)


def queue_problem(size: int = 0) -> Problem | None:
    """Why a message of ``size`` bytes cannot be queued now; None when it can.

    What waits is counted once a second, so that the quota may be passed by what other processes put meanwhile.
    """
    node, now = settings.NODE, time.monotonic()
    if now >= _count.at + _COUNT_EVERY:
        with connection.cursor() as cursor:
            cursor.execute(sql.QUEUED_SIZE)
            _count.messages, _count.bytes = map(int, cursor.fetchone())
        _count.at = now
    if _count.messages < node.quota_messages and _count.bytes + size <= node.quota_mb * MB:
        return None
    return problems.queue_full(_count.messages, _count.bytes)


def check_queue(size: int) -> None:
    """For a message that is about to be put, and counts it.

    Raises:
        NoRoom: ``exchange-queue-full``, or as :func:`check`.
    """
    found = queue_problem(size)
    if found is not None:
        raise NoRoom(found)
    check(size)
    _count.messages += 1
    _count.bytes += size


def input_problem(size: int = 0) -> Problem | None:
    """Why ``size`` bytes of new input are not taken at this site now: for whoever can leave them where they are."""
    return problem(size) or queue_problem()


def disk_failed(error: BaseException | None) -> bool:
    """Whether the disk was full or failed: nothing was kept, nothing is wrong with what was to be kept."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        name = str(getattr(error, "sqlite_errorname", ""))
        if name.startswith(_SQLITE) or getattr(error, "sqlstate", None) in _POSTGRESQL:
            return True
        if isinstance(error, OSError) and error.errno in _FULL | _BROKEN:
            return True
        error = error.__cause__ or error.__context__
    return False
