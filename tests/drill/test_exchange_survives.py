"""Hub and sites are killed at random moments while messages flow both ways; then everything is counted."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from pathlib import Path

import pytest

from exchange_nodes import Nodes, running

pytestmark = pytest.mark.drill

MESSAGES, KILLS = 400, 24
OPEN = "SELECT COUNT(*) FROM exchange_message WHERE direction = 'out' AND state <> 'stored'"


def worker_of(pid: int) -> int:
    """A child of a process, or itself when it has none."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(children[-1]) if children else pid


def test_random_kills_lose_and_double_nothing(tmp_path: Path) -> None:
    seed = int(os.environ.get("DRILL_SEED", random.randrange(10**6)))
    print(f"DRILL_SEED={seed}")
    choose = random.Random(seed)
    ways = [("sender", "receiver"), ("receiver", "sender")]
    confirmed: dict[str, list[str]] = {}

    def put(nodes: Nodes, way: tuple[str, str]) -> None:
        confirmed[way[0]] = nodes.put(*way, MESSAGES)

    with running(tmp_path) as nodes:
        putting = [threading.Thread(target=put, args=(nodes, way)) for way in ways]
        for thread in putting:
            thread.start()
        for _ in range(KILLS):
            time.sleep(choose.uniform(0.1, 1.5))
            victim = choose.choice(["hub", "sender", "receiver", "worker"])
            if victim == "worker":
                os.kill(worker_of(nodes.processes["hub"].pid), signal.SIGKILL)
            else:
                nodes.kill(victim)
                time.sleep(choose.uniform(0, 0.5))
            for name, process in nodes.processes.items():
                if process.poll() is not None:
                    nodes.start(name)
        for thread in putting:
            thread.join()
        for sender, _ in ways:
            nodes.wait_for(sender, OPEN, 0, seconds=180)
    for sender, receiver in ways:
        handled = [message for (message,) in nodes.rows(receiver, "SELECT message FROM handled")]
        receipted = [message for (message,) in nodes.rows(sender, "SELECT message FROM receipted")]
        assert len(confirmed[sender]) == MESSAGES
        assert sorted(handled) == sorted(receipted) == sorted(confirmed[sender])
    for name in ("hub", "sender", "receiver"):
        assert nodes.rows(name, "PRAGMA integrity_check") == [("ok",)]
