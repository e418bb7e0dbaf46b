"""The drill's count sees each way in which something acknowledged can go wrong."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from lienthong.config.drill import count
from lienthong.config.drill.count import Result
from lienthong.config.drill.province import SITES, Node
from lienthong.config.drill.putting import Put
from lienthong.exchange import manifest
from lienthong.foundation.signing import SigningKey

TABLES = """
CREATE TABLE exchange_message (number INTEGER PRIMARY KEY, direction, message, loop, receiver, lane, seq, prev, state,
    receipt_state, receipt, manifest, problem);
CREATE TABLE drill_taken (number INTEGER PRIMARY KEY, message, loop, stored);
CREATE TABLE drill_receipted (message, outcome, stored);
CREATE TABLE facilities_node (kid, facility_id, jwk);
"""
SENDER, RECEIVER = list(SITES.values())[:2]
WHY = json.dumps({"message": "Từ chối."})


class World:
    """Three sites, of which the first has sent three messages of a loop to the second, and all is right."""

    def __init__(self, folder: Path) -> None:
        self.nodes = [
            Node(name, folder / name, 0, folder / "c", folder / f"{name}.acknowledged", folder / "l")
            for name in SITES
        ]
        self.key = SigningKey.load_or_make(folder / "key.pem")
        for node in self.nodes:
            node.home.mkdir()
            self.do(node, TABLES)
        jwk = json.dumps(self.key.jwk)
        self.do(
            self.receiver, f"INSERT INTO facilities_node VALUES ('{self.key.kid}', '{RECEIVER}', '{jwk}')"
        )
        self.said: list[Put] = []
        for number, fate in enumerate(("stored", "stored", "refused"), 1):
            self.send(number, fate)
        self.say()

    @property
    def sender(self) -> Node:
        return self.nodes[0]

    @property
    def receiver(self) -> Node:
        return self.nodes[1]

    def do(self, node: Node, script: str) -> None:
        with sqlite3.connect(node.home / "lienthong.sqlite3") as database:
            database.executescript(script)

    def send(self, number: int, fate: str) -> None:
        message, digest, before = f"{number}" * 32, f"{number}" * 64, f"{number - 1}" * 64
        stored = "" if fate == "refused" else f"hash {number}"
        problem = json.loads(WHY) if fate == "refused" else None
        at = "2025-01-12T00:15:00.123Z"
        receipt = manifest.sign_receipt(
            self.key, RECEIVER, message=message, manifest=digest, stored=stored, at=at, problem=problem
        )
        values = f"'out', '{message}', 'loop', '{RECEIVER}', 0, {number}, '{before}', '{fate}', 'verified'"
        why = WHY if problem else ""
        self.do(
            self.sender,
            f"INSERT INTO exchange_message VALUES ({number}, {values}, '{receipt}', '{digest}', '{why}');"
            f"INSERT INTO drill_receipted VALUES ('{message}', '{fate}', '{stored}')",
        )
        if fate == "stored":
            self.do(
                self.receiver, f"INSERT INTO drill_taken VALUES ({number}, '{message}', 'loop', '{stored}')"
            )
        self.said.append(Put(number, message, RECEIVER, "loop", 0, stored, fate))

    def say(self) -> None:
        self.sender.acknowledged.write_text("".join(json.dumps(asdict(put)) + "\n" for put in self.said))

    def count(self) -> Result:
        return count.count(self.nodes)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_world_that_is_right(world: World) -> None:
    found = world.count()
    assert not found.faults
    assert (found.acknowledged, found.delivered, found.receipts_verified, found.refused_listed) == (
        3,
        2,
        2,
        1,
    )


def at_receiver(script: str) -> Callable[[World], None]:
    return lambda world: world.do(world.receiver, script)


def at_sender(script: str) -> Callable[[World], None]:
    return lambda world: world.do(world.sender, script)


def another_key(world: World) -> None:
    stranger = SigningKey.load_or_make(world.sender.home / "stranger.pem")
    signed = manifest.sign_receipt(
        stranger,
        RECEIVER,
        message="1" * 32,
        manifest="1" * 64,
        stored="hash 1",
        at="2025-01-12T00:15:00.123Z",
    )
    world.do(world.sender, f"UPDATE exchange_message SET receipt = '{signed}' WHERE number = 1")


def never_kept(world: World) -> None:
    world.said.append(Put(4, "4" * 32, RECEIVER, "loop", 0, "hash 4", "stored"))
    world.say()


WRONG: dict[str, tuple[Callable[[World], None], str]] = {
    "not taken": (at_receiver("DELETE FROM drill_taken WHERE number = 1"), "lost"),
    "acknowledged and nowhere": (never_kept, "lost"),
    "other bytes": (at_receiver("UPDATE drill_taken SET stored = 'other' WHERE number = 1"), "lost"),
    "twice": (
        at_receiver("INSERT INTO drill_taken SELECT 9, message, loop, stored FROM drill_taken LIMIT 1"),
        "doubled",
    ),
    "from nobody": (at_receiver("INSERT INTO drill_taken VALUES (9, 'x', 'loop', 'hash')"), "doubled"),
    "wrong order": (at_receiver("UPDATE drill_taken SET number = 9 WHERE number = 1"), "out_of_order"),
    "no receipt": (at_sender("UPDATE exchange_message SET receipt_state = '' WHERE number = 1"), "lost"),
    "a stranger's receipt": (another_key, "lost"),
    "receipt handled twice": (at_sender("INSERT INTO drill_receipted SELECT * FROM drill_receipted"), "lost"),
    "refused without a reason": (
        at_sender("UPDATE exchange_message SET problem = '' WHERE number = 3"),
        "lost",
    ),
    "a gap in the numbers": (at_sender("UPDATE exchange_message SET seq = 7 WHERE number = 2"), "faults"),
    "a wrong chain": (at_sender("UPDATE exchange_message SET prev = 'x' WHERE number = 2"), "faults"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_counted(world: World, name: str) -> None:
    break_it, counted = WRONG[name]
    break_it(world)
    found = world.count()
    assert found.faults
    assert getattr(found, counted)


def test_a_less_urgent_message_may_be_overtaken(world: World) -> None:
    world.do(world.receiver, "UPDATE drill_taken SET number = 9 WHERE number = 1")
    world.do(world.sender, "UPDATE exchange_message SET lane = 3 WHERE number = 1")
    assert not world.count().faults
