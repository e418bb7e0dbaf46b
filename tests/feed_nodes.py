"""A hub and two sites that count their feeds, as real processes: ``python feed_nodes.py COMMAND HOME …``."""

from __future__ import annotations

import signal
import sys
import threading
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import exchange_nodes
from exchange_nodes import Nodes
from lienthong.config import setup


@dataclass
class Feeding(Nodes):
    """The three nodes."""

    def export(self, name: str, count: int, seed: int) -> None:
        """Has a hospital take in an export of invented dossiers."""
        assert self._run("export", name, str(count), str(seed)).wait() == 0


def _site(home: Path) -> None:
    """Counts and tells as a site does, only sooner."""
    setup.use(home)
    from lienthong.rollout.feeds import work

    work.LOOK = work.TELL = 0.1
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    work.run(stop)


def _export(home: Path, count: str, seed: str) -> None:
    setup.use(home)
    from lienthong.connectors.his_xml import intake
    from lienthong.connectors.his_xml.make import envelope, make_dossiers
    from lienthong.facilities import directory

    day = date(2025, 2, 3)
    made = make_dossiers(int(count), int(seed), facility=directory.here(), start=day, end=day, transfers=0)
    path = home / f"{seed}.xml"
    path.write_bytes(envelope(list(made), day))
    assert intake.take(path).refused == 0


if __name__ == "__main__":
    work: dict[str, Any] = {"hub": exchange_nodes._hub, "site": _site, "export": _export}
    work[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
