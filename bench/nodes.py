"""Nodes to measure with: each piece of work runs in a fresh process with a node's folder of its own."""

from __future__ import annotations

import multiprocessing
import multiprocessing.connection
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench import machine

Figures = dict[str, float]


class Shared:
    """One piece of work that gives several figures: the first of them runs it, the others read the same run."""

    def __init__(self, work: Callable[[], Figures]) -> None:
        self._work = work
        self._figures: Figures = {}

    def run(self, name: str) -> float:
        """Runs the work anew and gives one of its figures."""
        self._figures = self._work()
        return self._figures[name]

    def read(self, name: str) -> float:
        """Another figure of the last run."""
        return self._figures[name] if self._figures else self.run(name)


def in_node(work: Callable[[Path], Figures], *, pinned: bool = True, database: str = "") -> Figures:
    """What ``work`` (a function of a module) gives in a fresh process whose node is a new, migrated site.

    Args:
        pinned: the process runs on one core alone.
        database: a ``postgresql://`` address; embedded SQLite when empty.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as folder:
        child = context.Process(target=_site, args=(Path(folder), work, pinned, database, sender))
        child.start()
        sender.close()
        try:
            figures: Figures = receiver.recv()
        except EOFError:
            child.join()
            raise RuntimeError(f"the work ended with exit code {child.exitcode}") from None
        child.join()
    return figures


def _site(
    home: Path,
    work: Callable[[Path], Figures],
    pinned: bool,
    database: str,
    sender: multiprocessing.connection.Connection,
) -> None:
    if database:
        os.environ["LIENTHONG_DATABASE"] = database
    from lienthong.config import node, setup

    setup.init(node.NodeConfig(home=home, secure=False))
    if pinned:
        with machine.one_core():
            figures = work(home)
    else:
        figures = work(home)
    sender.send(figures)
    sender.close()
