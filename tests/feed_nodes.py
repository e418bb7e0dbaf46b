"""A hub and two sites that count their feeds, as real processes: ``python feed_nodes.py COMMAND HOME …``."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import exchange_nodes
from exchange_nodes import Nodes, main
from lienthong.config import setup


@dataclass
class Feeding(Nodes):
    """The three nodes."""

    def export(self, name: str, count: int, seed: int) -> None:
        """Has a hospital take in an export of invented dossiers."""
        self.do(name, "export", count, seed)


def _site(home: Path) -> None:
    """Counts and tells as a site does, only sooner."""
    setup.use(home)
    from lienthong.rollout.feeds import work

    work.LOOK = work.TELL = 0.1
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    work.run(stop)


def _export(count: int, seed: int) -> None:
    from django.conf import settings

    from lienthong.connectors.his_xml import intake
    from lienthong.connectors.his_xml.make import envelope, make_dossiers
    from lienthong.facilities import directory

    day = date(2025, 2, 3)
    made = make_dossiers(count, seed, facility=directory.here(), start=day, end=day, transfers=0)
    path = settings.NODE.home / f"{seed}.xml"
    path.write_bytes(envelope(list(made), day))
    assert intake.take(path).refused == 0


if __name__ == "__main__":
    main({"hub": exchange_nodes._hub, "site": _site}, {"export": _export})
