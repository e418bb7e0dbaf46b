"""The hub counts what two hospitals do, while it is killed and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from measures_nodes import Measuring

OUTCOME = {"diagnosis": "Viêm phổi", "result": "2"}


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Measuring]:
    found = Measuring(tmp_path)
    found.make()
    try:
        for name in ("hub", "sender", "receiver"):
            found.start(name)
        yield found
    finally:
        found.stop()


def _take(nodes: Measuring, name: str, loops: list[str], *steps: tuple[str, dict[str, Any]]) -> None:
    nodes.do(name, "take", [(loop, kind, data) for loop in loops for kind, data in steps])


def _same(left: Any, right: Any) -> bool:
    """Equal but for a little time: a manifest has milliseconds, a receiver goes by when the message was made."""
    if isinstance(left, str) and isinstance(right, str) and left[4:5] == "-" and left[10:11] == "T":
        return abs(datetime.fromisoformat(left) - datetime.fromisoformat(right)) < timedelta(seconds=1)
    return bool(left == right)


def test_the_hub_and_both_hospitals_count_the_same(nodes: Measuring) -> None:
    loops = nodes.do("sender", "send", 6)
    arrived = "SELECT COUNT(*) FROM transfers_transfer WHERE state = '{}'"
    nodes.wait_for("sender", arrived.format("received"), 6)
    nodes.kill("hub")
    whole, declined, waiting = loops[:3], loops[3:5], loops[5:]
    _take(nodes, "receiver", [*whole, *declined, *waiting], ("seen", {}))
    _take(nodes, "receiver", whole, ("accepted", {}), ("arrived", {}), ("outcome", OUTCOME))
    _take(nodes, "receiver", declined, ("declined", {"code": "no-bed", "note": "NGUYỄN THỊ MẪU"}))
    nodes.start("hub")
    nodes.wait_for("sender", arrived.format("outcome"), 3)
    nodes.wait_for("sender", arrived.format("declined"), 2)
    _take(nodes, "sender", whole, ("closed", {}))
    _take(nodes, "sender", declined, ("cancelled", {"code": "other-hospital"}))
    ended = "SELECT COUNT(*) FROM transfers_loop WHERE state IN ('closed', 'cancelled', 'seen')"
    nodes.wait_for("hub", ended, 6)
    nodes.wait_for("receiver", arrived.format("closed"), 3)
    nodes.wait_for("receiver", arrived.format("cancelled"), 2)
    found = {
        name: sorted(nodes.do(name, "facts"), key=lambda one: one["sent_at"])
        for name in ("hub", "sender", "receiver")
    }
    for name in ("sender", "receiver"):
        assert len(found[name]) == len(found["hub"]) == 6
        for own, theirs in zip(found[name], found["hub"], strict=True):
            wrong = {key: (own[key], theirs[key]) for key in own if not _same(own[key], theirs[key])}
            assert not wrong, name
    assert nodes.rows("hub", "SELECT skipped FROM transfers_loopreading") == [(0,)]
    kept = str(nodes.rows("hub", "SELECT * FROM transfers_loopstep")) + str(found)
    assert "NGUYỄN" not in kept
    assert "Viêm" not in kept
