"""Two hospitals act on the same transfers at once over lines that fail, while nodes die: in the end they agree."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lienthong.config import node
from lienthong.config.drill import events
from lienthong.config.drill.proxy import Line, Proxy
from measures_nodes import Measuring

pytestmark = pytest.mark.drill

LOOPS = 8
SECONDS = 14.0
PATIENCE = 180.0
STEPS = "SELECT id, transfer_id, kind, place, facility, data, effect FROM transfers_step ORDER BY id"
STANDS = "SELECT loop, state, owner_side, owner_role, since, due FROM transfers_transfer ORDER BY loop"
AT_HUB = "SELECT loop, state FROM transfers_loop ORDER BY loop"
FAULTS = ("cut", "reset", "double", "reorder", "refuse", "delay")


@pytest.fixture
def played(tmp_path: Path) -> Iterator[tuple[Measuring, dict[str, Proxy]]]:
    nodes = Measuring(tmp_path)
    nodes.make()
    with ExitStack() as stack:
        port = node.load(tmp_path / "hub").port
        lines = {}
        for place, name in enumerate(("sender", "receiver")):
            lines[name] = stack.enter_context(Proxy(("127.0.0.1", port), seed=place))
            config = node.load(tmp_path / name)
            node.save(replace(config, hub_url=f"http://127.0.0.1:{lines[name].port}"))
        stack.callback(nodes.stop)
        for name in ("hub", "sender", "receiver"):
            nodes.start(name)
        yield nodes, lines


def test_two_hospitals_agree_in_the_end(played: Any) -> None:
    nodes, lines = played
    seed = int(os.environ.get("DRILL_SEED", random.randrange(10**6)))
    print(f"DRILL_SEED={seed}")
    chance = random.Random(seed)
    nodes.do("sender", "send", LOOPS)
    nodes.wait_for("receiver", "SELECT COUNT(*) FROM transfers_transfer", LOOPS)
    players = [nodes.begin_play(name, seed, SECONDS, LOOPS + 1) for name in ("sender", "receiver")]
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        hurt = chance.choice(("sender", "receiver"))
        lines[hurt].line = events.LINE[chance.choice(FAULTS)](Line(), chance.random())
        if chance.random() < 0.3:
            killed = chance.choice(("hub", "sender", "receiver"))
            nodes.kill(killed)
            time.sleep(chance.uniform(0, 1))
            nodes.start(killed)
        time.sleep(chance.uniform(0.3, 1.5))
        lines[hurt].line = Line()
    taken = [nodes.played(player) for player in players]
    assert all(number > LOOPS for number in taken), taken

    deadline = time.monotonic() + PATIENCE
    while True:
        told = [nodes.rows(name, STEPS) for name in ("sender", "receiver")]
        stands = [nodes.rows(name, STANDS) for name in ("sender", "receiver")]
        at_hub = nodes.rows("hub", AT_HUB)
        if told[0] == told[1] and at_hub == [row[:2] for row in stands[0]]:
            break
        assert time.monotonic() < deadline, (set(told[0]) ^ set(told[1]), at_hub, stands[0], nodes.logs())
        time.sleep(0.2)
    assert len(told[0]) == sum(taken) + 2 * LOOPS
    for ours, theirs in zip(*stands, strict=True):
        assert ours[:4] == theirs[:4]
    print(
        f"{taken} steps, {sum(not row[-1] for row in told[0])} of them without effect; {[s[1] for s in stands[0]]}"
    )
