"""A hub and two sites as real processes."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import threading
from pathlib import Path

import pytest

from exchange_nodes import Nodes, running

OPEN = "SELECT COUNT(*) FROM exchange_message WHERE direction = 'out' AND state NOT IN ('stored', 'refused')"


def assert_whole(nodes: Nodes, put: list[str]) -> None:
    """Everything that put() confirmed was handled exactly once, and its receipt verified once."""
    handled = [message for (message,) in nodes.rows("receiver", "SELECT message FROM handled")]
    assert len(handled) == len(set(handled))
    assert set(put) <= set(handled)
    query = "SELECT message FROM receipted WHERE outcome = 'stored'"
    receipted = [message for (message,) in nodes.rows("sender", query)]
    assert sorted(receipted) == sorted(handled)
    stored = dict(nodes.rows("receiver", "SELECT message, hash FROM handled"))
    query = "SELECT t.message, t.detail FROM exchange_trace t WHERE t.step = 'stored'"
    assert dict(nodes.rows("sender", query)) == stored
    for name in ("hub", "sender", "receiver"):
        assert nodes.rows(name, "PRAGMA integrity_check") == [("ok",)]


def test_messages_arrive_in_order_with_verified_receipts(tmp_path: Path) -> None:
    with running(tmp_path) as nodes:
        put = nodes.put("sender", "receiver", 60)
        refused = nodes.put("sender", "receiver", 1, refuse=True)
        nodes.wait_for("sender", OPEN, 0)
    assert len(put) == 60
    assert_whole(nodes, put)
    assert "panic" not in nodes.logs(), "the hub did not end cleanly while sites waited for mail"
    state = "SELECT message FROM exchange_message WHERE direction = 'out' AND state = 'refused'"
    assert [message for (message,) in nodes.rows("sender", state)] == refused
    order = "SELECT h.loop, m.created FROM handled h JOIN exchange_message m USING (message) ORDER BY h.rowid"
    by_loop: dict[str, list[str]] = {}
    for loop, created in nodes.rows("receiver", order):
        by_loop.setdefault(loop, []).append(created)
    assert all(times == sorted(times) for times in by_loop.values())
    query = (
        "SELECT COUNT(*), COUNT(position), COUNT(receipt_position) FROM exchange_message WHERE receipt <> ''"
    )
    assert nodes.rows("hub", query) == [(61, 61, 61)]
    left = "SELECT COUNT(*) FROM exchange_mailboxitem WHERE handed_at = ''"
    assert nodes.rows("hub", left) == [(0,)]
    chained = "SELECT seq FROM exchange_chain WHERE direction = 'in'"
    assert nodes.rows("receiver", chained) == [(61,)]


def test_killing_each_process_loses_and_doubles_nothing(tmp_path: Path) -> None:
    with running(tmp_path) as nodes:
        confirmed: list[str] = []
        putting = threading.Thread(target=lambda: confirmed.extend(nodes.put("sender", "receiver", 150)))
        putting.start()
        victims = ["hub", "sender", "receiver"]
        random.shuffle(victims)
        for victim in victims:
            nodes.processes[victim].poll()
            threading.Event().wait(0.7)
            nodes.kill(victim)
            nodes.start(victim)
        putting.join()
        nodes.wait_for("sender", OPEN, 0)
    assert len(confirmed) == 150
    assert_whole(nodes, confirmed)


def put_sealed(folder: Path, name: str, age: bytes) -> bytes:
    """Puts something else in the place of sealed content at a stopped or running node; returns what was there."""
    path = folder / "sealed" / name[:2] / f"{name[2:]}.age"
    if path.exists():
        before = path.read_bytes()
        path.write_bytes(age)
        return before
    with contextlib.closing(sqlite3.connect(folder / "lienthong.sqlite3", timeout=30)) as database, database:
        ((before,),) = database.execute("SELECT age FROM exchange_sealed WHERE sha256 = ?", (name,))
        database.execute("UPDATE exchange_sealed SET age = ? WHERE sha256 = ?", (age, name))
    return bytes(before)


@pytest.mark.parametrize("size", [2000, 300_000])
def test_a_part_with_another_content_is_refused_until_the_right_one_comes(tmp_path: Path, size: int) -> None:
    with running(tmp_path) as nodes:
        nodes.kill("receiver")
        (put,) = nodes.put("sender", "receiver", 1, size)
        nodes.wait_for("hub", "SELECT COUNT(*) FROM exchange_message", 1)
        ((name,),) = nodes.rows("hub", "SELECT sealed FROM exchange_part")
        small = nodes.rows("hub", "SELECT sha256 FROM exchange_sealed")
        assert small == ([(name,)] if size == 2000 else [])
        right = put_sealed(tmp_path / "hub", name, b"something else")
        nodes.start("receiver")
        held = "SELECT COUNT(*) FROM exchange_message WHERE problem LIKE '%exchange-wrong-part%'"
        nodes.wait_for("receiver", held, 1)
        assert nodes.rows("receiver", "SELECT * FROM handled") == []
        put_sealed(tmp_path / "hub", name, right)
        nodes.wait_for("sender", OPEN, 0)
    assert_whole(nodes, [put])
