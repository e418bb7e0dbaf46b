"""Calls that write at the same moment share a commit; none is answered before it, none spoils another's."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import close_old_connections, connection

from lienthong.exchange import commits

CALLS = 40
_MOST = 32
WRONG = {3, 13, 23}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _table() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE shared_commits (name integer primary key)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE shared_commits")


def _write(name: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO shared_commits VALUES (%s)", (name,))
    if name in WRONG:
        raise ValueError(name)
    return name


def _together(pool: ThreadPoolExecutor, names: set[int]) -> dict[int, Future[int]]:
    """All calls while another commit is under way, so that they wait together."""
    shared = commits.Commits()
    held, begun = threading.Event(), threading.Event()

    def first() -> int:
        begun.set()
        assert held.wait(20)
        return _write(-1)

    def call(name: int) -> int:
        try:
            return shared.run(first if name < 0 else lambda: _write(name))
        finally:
            connection.close()

    running = {-1: pool.submit(call, -1)}
    assert begun.wait(20)
    running |= {name: pool.submit(call, name) for name in names}
    deadline = time.monotonic() + 20
    while len(shared._turns._waiting) < len(names) and connection.vendor == "sqlite":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    held.set()
    return running


def test_each_gets_its_own_result_and_a_failure_is_its_own() -> None:
    with ThreadPoolExecutor(CALLS + 1) as pool:
        running = _together(pool, set(range(CALLS)))
        errors = {name: call.exception(20) for name, call in running.items()}
    assert {name for name, error in errors.items() if error} == WRONG
    assert all(str(errors[name]) == str(name) for name in WRONG)
    good = {-1, *range(CALLS)} - WRONG
    assert {running[name].result() for name in good} == good
    close_old_connections()
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM shared_commits")
        assert {row[0] for row in cursor.fetchall()} == good


def test_those_who_wait_share_a_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL shares commits by itself")
    sizes: list[int] = []
    real = commits._commit

    def counted(batch: Sequence[commits.Work]) -> list[Any]:
        sizes.append(len(batch))
        return real(batch)

    monkeypatch.setattr(commits, "_commit", counted)
    with ThreadPoolExecutor(CALLS + 1) as pool:
        for call in _together(pool, set(range(CALLS)) - WRONG).values():
            call.result(20)
    assert sizes == [1, _MOST, CALLS - len(WRONG) - _MOST]
