"""From one hospital to another: hub and two sites as real processes on this machine."""

from __future__ import annotations

import contextlib
import tempfile
import time
from datetime import datetime
from functools import partial
from pathlib import Path

from bench import province, sources
from bench.nodes import Figures, Shared
from bench.registry import measure
from lienthong.config import node

TRANSFERS = 600
READ_TOO = 200
_FACILITIES = {"hub": "SYT-24", "sender": "24011", "receiver": "01929"}
_VERIFIED = "SELECT COUNT(*) FROM exchange_message WHERE direction = 'out' AND receipt_state = 'verified'"
_FIRST = "SELECT MIN(at) FROM exchange_trace WHERE step = 'uploaded'"


def _queue(config: node.NodeConfig, queued: Path) -> None:
    """At the sender: reads an export, so that its transfers wait in the outbox."""
    from lienthong.connectors.his_xml import intake

    if config.facility == _FACILITIES["sender"]:
        intake.take(queued)


def _travel() -> Figures:
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as folder, contextlib.ExitStack() as running:
        configs = province.configs(Path(folder), _FACILITIES)
        province.make(configs, partial(_queue, queued=sources.export(11, TRANSFERS)))
        for name in ("hub", "receiver", "sender"):
            running.enter_context(province.serving(configs[name]))
        sender = configs["sender"]
        before = province.processor_seconds()
        ended = province.until(sender, _VERIFIED, TRANSFERS)
        begun = datetime.fromisoformat(province.value(sender, _FIRST)).timestamp()
        spent = province.processor_seconds() - before
        dropped = time.time()
        part = sender.exports / ".new.part"
        part.write_bytes(sources.export(12, READ_TOO).read_bytes())
        part.replace(sender.exports / "new.xml")
        read_too = READ_TOO / (province.until(sender, _VERIFIED, TRANSFERS + READ_TOO) - dropped)
    return {"queued": TRANSFERS / (ended - begun), "read": read_too, "spent": 1000 * spent / TRANSFERS}


_way = Shared(_travel)


@measure(
    "Transfers end to end, from the outbox to the verified receipt",
    "/s",
    "three nodes share the cores; the receiver stores every resource, the sender posts one by one",
    goal=100,
    rounds=3,
)
def transfers_queued() -> float:
    return _way.run("queued")


@measure(
    "… processor time of all nodes for one", " ms", "both cores together give 2,000 ms a second", rounds=3
)
def transfers_spent() -> float:
    return _way.read("spent")


@measure("… from the dropped file, reading included", "/s", "intake at the sender beside it", rounds=3)
def transfers_read() -> float:
    return _way.read("read")
