"""Damage of all kinds at sender, hub and receiver: found and named item by item, mended byte for byte, then nothing."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import postgres
from reconcile_nodes import FACILITIES, Reconciling

SENT, BACK = 1500, 500
SEED = 1
Named = tuple[str, str]
"""Message id and what is wrong with it."""


class Wrecker:
    """Damages messages of one node, each message once, and remembers what it did."""

    def __init__(self, nodes: Reconciling, name: str, direction: str, seed: int, spared: set[str]) -> None:
        self.nodes, self.name, self.direction = nodes, name, direction
        self.source = random.Random(seed)
        with self.nodes.database(name) as found:
            query = (
                "SELECT m.number, m.message, p.sha256,"
                " EXISTS (SELECT 1 FROM exchange_content c WHERE c.sha256 = p.sha256)"
                " FROM exchange_message m JOIN exchange_part p ON p.number = m.number"
                " WHERE m.direction = ? AND m.kind = 'test' ORDER BY m.number"
            )
            rows = [row for row in found.execute(query, (direction,)).fetchall() if row[1] not in spared]
        self.source.shuffle(rows)
        self.small = [row for row in rows if row[3] or direction == "relay"]
        self.large = [row for row in rows if not row[3]]

    def run(self, statement: str, *values: object) -> None:
        with self.nodes.database(self.name) as found:
            assert found.execute(statement, values).rowcount == 1

    def value(self, column: str, number: int) -> str:
        with self.nodes.database(self.name) as found:
            return str(
                found.execute(
                    f"SELECT {column} FROM exchange_message WHERE number = ?", (number,)
                ).fetchone()[0]
            )

    def flipped(self, text: str) -> str:
        place = self.source.randrange(len(text))
        return text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]

    def change(self, column: str, what: str) -> Named:
        """Changes one character of a column of text."""
        number, message, _, _ = self.small.pop()
        changed = self.flipped(self.value(column, number))
        self.run(f"UPDATE exchange_message SET {column} = ? WHERE number = ?", changed, number)
        return message, what

    def set(self, column: str, value: object, what: str) -> Named:
        number, message, _, _ = self.small.pop()
        self.run(f"UPDATE exchange_message SET {column} = ? WHERE number = ?", value, number)
        return message, what

    def delete_message(self) -> Named:
        number, message, _, _ = self.small.pop()
        self.run("DELETE FROM exchange_message WHERE number = ?", number)
        return message, "message"

    def delete_part(self) -> Named:
        number, message, _, _ = self.small.pop()
        self.run("DELETE FROM exchange_part WHERE number = ?", number)
        return message, "parts"

    def change_part(self) -> Named:
        number, message, _, _ = self.small.pop()
        self.run("UPDATE exchange_part SET size = size + 1 WHERE number = ?", number)
        return message, "parts"

    def flip_content(self) -> Named:
        _, message, sha256, _ = self.small.pop()
        with self.nodes.database(self.name) as found:
            (frame,) = found.execute(
                "SELECT zstd FROM exchange_content WHERE sha256 = ?", (sha256,)
            ).fetchone()
            place = self.source.randrange(len(frame))
            wrong = frame[:place] + bytes([frame[place] ^ 1 << self.source.randrange(8)]) + frame[place + 1 :]
            found.execute("UPDATE exchange_content SET zstd = ? WHERE sha256 = ?", (wrong, sha256))
        return message, "content"

    def delete_content(self) -> Named:
        _, message, sha256, _ = self.small.pop()
        self.run("DELETE FROM exchange_content WHERE sha256 = ?", sha256)
        return message, "content"

    def file(self, damage: Callable[[Path], object]) -> Named:
        _, message, sha256, _ = self.large.pop()
        damage(self.nodes.folder / self.name / "blobs" / sha256[:2] / f"{sha256[2:]}.zst")
        return message, "content"


def cut(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def at_a_site(one: Wrecker) -> set[Named]:
    return {
        one.flip_content(),
        one.delete_content(),
        one.file(cut),
        one.file(flip),
        one.file(Path.unlink),
        one.change("jws", "manifest"),
        one.change("receipt", "receipt"),
        one.set("receipt", "", "receipt"),
        one.change("acceptance", "acceptance"),
        one.set("acceptance", "", "acceptance"),
        one.set("manifest", "0" * 64, "columns"),
        one.set("loop", "another", "columns"),
        one.set("state", "refused", "columns"),
        one.set("accepted_at", "2020-01-01T00:00:00.000Z", "columns"),
        one.delete_part(),
        one.change_part(),
        one.delete_message(),
    }


def at_the_hub(one: Wrecker) -> set[Named]:
    found = {
        one.change("jws", "manifest"),
        one.set("receipt", "", "receipt"),
        one.change("acceptance", "acceptance"),
        one.set("bytes", 1, "columns"),
        one.delete_part(),
        one.delete_message(),
    }
    number, message, _, _ = one.small.pop()
    one.run(
        "DELETE FROM exchange_mailboxitem WHERE kind = 'message' AND message = ?"
        " AND number = (SELECT position FROM exchange_message WHERE number = ?)",
        message,
        number,
    )
    return found | {(message, "item")}


@pytest.fixture(params=["sqlite", "postgresql"])
def nodes(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Reconciling]:
    """A province in which every message has arrived and every receipt is back; its hub on either database."""
    with contextlib.ExitStack() as stack:
        made = Reconciling(tmp_path)
        if request.param == "postgresql":
            address = stack.enter_context(postgres.cluster())
            made.databases["hub"] = address
        yield from _delivered(made)


def _delivered(made: Reconciling) -> Iterator[Reconciling]:
    made.make()
    try:
        for name in FACILITIES:
            made.start(name)
        made.put("sender", "receiver", SENT, 900, seed=1)
        made.put("receiver", "sender", BACK, 900, seed=2)
        verified = (
            "SELECT COUNT(*) FROM exchange_message WHERE direction = 'out' AND receipt_state = 'verified'"
        )
        made.wait_for("sender", verified, SENT, 90)
        made.wait_for("receiver", verified, BACK, 90)
        yield made
    finally:
        made.stop()


@pytest.mark.drill
def test_damage_is_named_item_by_item_and_mended_from_the_other_side(nodes: Reconciling) -> None:
    before = {name: nodes.snapshot(name) for name in FACILITIES}
    assert nodes.reconcile("sender")["open"] == []
    damage: dict[str, set[Named]] = {}
    spared: set[str] = set()  # what is damaged at both hospitals cannot come back
    for name, direction, wreck in (
        ("sender", "out", at_a_site),
        ("receiver", "in", at_a_site),
        ("hub", "relay", at_the_hub),
    ):
        damage[name] = wreck(Wrecker(nodes, name, direction, SEED, spared))
        spared |= {message for message, _ in damage[name]}
    changed = {name: nodes.snapshot(name) for name in FACILITIES}
    for name in FACILITIES:
        different = {key for key in before[name] if before[name][key] != changed[name].get(key)}
        assert different  # times and mailboxes are not in the snapshot

    found: dict[str, set[Named]] = {name: set() for name in FACILITIES}
    for name in FACILITIES:
        nodes.reconcile(name)
    for name in FACILITIES:
        rows = nodes.rows(name, "SELECT message, what FROM exchange_discrepancy WHERE side = 'here'")
        found[name] = set(rows)
    assert {name: found[name] ^ damage[name] for name in FACILITIES} == {name: set() for name in FACILITIES}

    again = {name: nodes.reconcile(name) for name in FACILITIES}
    assert {name: result["open"] for name, result in again.items()} == {name: [] for name in FACILITIES}
    assert {name: result["mended"] for name, result in again.items()} == {name: [] for name in FACILITIES}
    after = {name: nodes.snapshot(name) for name in FACILITIES}
    assert after == before
    pairs = {(pair["sender"], pair["receiver"]): pair for pair in again["hub"]["pairs"]}
    assert len(pairs) == 2
    assert all(pair["messages"] == pair["matching"] for pair in pairs.values())
