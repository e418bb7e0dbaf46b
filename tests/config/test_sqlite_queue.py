"""Writers of one process take turns, and nobody keeps a turn that has ended badly."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from django.db import OperationalError
from django.db.utils import ConnectionHandler

from lienthong.config.sqlite.base import Queue


def test_turns_are_given_in_the_order_of_asking() -> None:
    queue, order = Queue(), []
    assert queue.enter(1)

    def wait(name: int) -> None:
        assert queue.enter(30)
        order.append(name)
        queue.leave()

    threads = []
    for name in range(5):
        threads.append(threading.Thread(target=wait, args=(name,)))
        threads[-1].start()
        while queue.length <= name:
            pass
    assert order == []
    queue.leave()
    for thread in threads:
        thread.join()
    assert order == [0, 1, 2, 3, 4]


def test_who_waited_in_vain_does_not_hold_up_the_next() -> None:
    queue = Queue()
    assert queue.enter(1)
    assert not queue.enter(0.01)
    assert queue.length == 0
    queue.leave()
    assert queue.enter(0.01)


def _handler(path: Path) -> ConnectionHandler:
    options = {"transaction_mode": "IMMEDIATE", "timeout": 0.2}
    engine = "lienthong.config.sqlite"
    return ConnectionHandler({"default": {"ENGINE": engine, "NAME": str(path), "OPTIONS": options}})


def _writes(path: Path) -> list[Exception]:
    """Begins and commits a transaction in another thread; gives what went wrong."""
    wrong: list[Exception] = []

    def work() -> None:
        connection = _handler(path)["default"]
        try:
            connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
            connection.commit()
        except OperationalError as error:
            wrong.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return wrong


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", ["commit", "rollback", "close"])
def test_a_transaction_gives_its_turn_back_however_it_ends(tmp_path: Path, end: str) -> None:
    path = tmp_path / "a.sqlite3"
    connection = _handler(path)["default"]
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)
    assert "locked" in str(_writes(path)[0])
    getattr(connection, end)()
    assert _writes(path) == []
    connection.close()
