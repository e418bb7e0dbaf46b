"""Room: what is refused before the disk is full or the queue too long, and what a failing disk is known by."""

from __future__ import annotations

import errno
import os
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, transaction

from exchange_calls import RECEIVER, SENDER
from lienthong import exchange
from lienthong.exchange import space
from lienthong.exchange.space import MB, NoRoom, Room


def put(size: int = 10) -> str:
    with transaction.atomic():
        part = exchange.Part("bundle", "text/plain", os.urandom(size))
        return exchange.put(RECEIVER, "test", "one", body={}, parts=[part], basis="referral-duty")


@pytest.fixture
def site(sites: Any, become: Any) -> None:
    become(SENDER)
    space._count.at = float("-inf")


def test_the_reserve_is_smaller_on_a_small_disk(node_home: Path) -> None:
    disk = os.statvfs(node_home)
    room = space.room()
    assert room.total == disk.f_blocks * disk.f_frsize
    assert room.reserve == min(512 * MB, room.total // 20)
    settings.NODE = replace(settings.NODE, reserve_mb=7, home=node_home / "not" / "there" / "yet")
    assert space.room().reserve == 7 * MB


@pytest.mark.parametrize(
    ("free", "full", "low"), [(99, True, True), (100, False, True), (399, False, True), (400, False, False)]
)
def test_full_and_nearly_full(free: int, full: bool, low: bool) -> None:
    room = Room(free, 10_000, 100)
    assert (room.full, room.low) == (full, low)


def test_what_would_eat_into_the_reserve_is_refused(site: None) -> None:
    room = space.room()
    settings.NODE = replace(settings.NODE, reserve_mb=max(1, (room.free - 100 * MB) // MB))
    space.check(10 * MB)
    with pytest.raises(NoRoom, match="exchange-disk-full"):
        space.check(300 * MB)
    settings.NODE = replace(settings.NODE, reserve_mb=1 << 40)
    with pytest.raises(NoRoom) as error:
        put()
    assert error.value.problem.retry
    assert "vẫn an toàn" in error.value.problem.hint_vi


def test_the_queue_has_a_quota_of_messages_and_of_bytes(site: None) -> None:
    settings.NODE = replace(settings.NODE, quota_messages=3)
    for _ in range(3):
        put()
    with pytest.raises(NoRoom, match="exchange-queue-full"):
        put()
    settings.NODE = replace(settings.NODE, quota_messages=100, quota_mb=1)
    put(MB - 100)
    with pytest.raises(NoRoom, match="exchange-queue-full"):
        put(200)
    assert space.input_problem() is None, "a short message still fits"


def test_a_failing_disk_is_told_from_other_faults(tmp_path: Path) -> None:
    def wrapped(error: Exception) -> Exception:
        try:
            try:
                raise error
            except Exception as inner:
                raise OperationalError("wrapped") from inner
        except OperationalError as outer:
            return outer

    for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS):
        assert space.disk_failed(wrapped(OSError(number, "no")))
    assert not space.disk_failed(wrapped(OSError(errno.ECONNREFUSED, "no")))
    assert not space.disk_failed(ValueError())
    assert not space.disk_failed(None)
    database = sqlite3.connect(tmp_path / "full")
    database.execute("CREATE TABLE a (b)")
    database.execute("PRAGMA max_page_count = 2")
    with pytest.raises(sqlite3.OperationalError) as full:
        database.execute("INSERT INTO a VALUES (zeroblob(100000))")
    assert space.disk_failed(wrapped(full.value))
    with pytest.raises(sqlite3.OperationalError) as other:
        database.execute("SELECT nothing")
    assert not space.disk_failed(wrapped(other.value))
