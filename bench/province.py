"""Hub and sites as real processes on this machine: made, known to each other, served, asked."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lienthong.config import node, setup

Known = list[tuple[str, str, dict[str, str], str, str]]
"""Nodes as the directory has them: facility, role, public key, its name, age recipient."""
After = Callable[[node.NodeConfig], None]

_PATIENCE = 60


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def configs(folder: Path, facilities: Mapping[str, str]) -> dict[str, node.NodeConfig]:
    """Nodes by name; ``facilities`` gives the code for each, that named ``hub`` is the hub."""
    ports = {name: free_port() for name in facilities}
    return {
        name: node.NodeConfig(
            home=folder / name,
            role="hub" if name == "hub" else "site",
            facility=facility,
            port=ports[name],
            hub_url="" if name == "hub" else f"http://127.0.0.1:{ports['hub']}",
            secure=False,
        )
        for name, facility in facilities.items()
    }


def known(made: Mapping[str, node.NodeConfig]) -> Known:
    """The nodes' keys, made at the first call."""
    keys = {name: setup.signing_key(config.home) for name, config in made.items()}
    ages = {n: setup.opening_key(c.home) if c.role == "site" else "" for n, c in made.items()}
    return [(c.facility, c.role, keys[n].jwk, keys[n].kid, ages[n]) for n, c in made.items()]


def make(made: Mapping[str, node.NodeConfig], after: After | None = None) -> None:
    """Makes the nodes, each in a process of its own, in which ``after`` (a function of a module) runs at the end."""
    spawn = multiprocessing.get_context("spawn")
    everybody = known(made)
    makers = [spawn.Process(target=_make, args=(config, everybody, after)) for config in made.values()]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
        if maker.exitcode:
            raise RuntimeError(f"a node could not be made (exit code {maker.exitcode})")


def _make(config: node.NodeConfig, everybody: Known, after: After | None) -> None:
    setup.init(config)
    from lienthong.facilities import directory
    from lienthong.foundation import clock

    for facility, role, jwk, kid, age in everybody:
        directory.add_node(facility, role, jwk, kid, clock.now(), age)
    if after is not None:
        after(config)


@contextlib.contextmanager
def serving(config: node.NodeConfig) -> Iterator[subprocess.Popen[bytes]]:
    """A node at work, from the moment it answers."""
    words = [
        "-m",
        "lienthong.config.cli",
        "serve",
        "--home",
        str(config.home),
        "--with-parent",
        str(os.getpid()),
    ]
    with (config.home / "log.txt").open("ab") as log:
        process = subprocess.Popen([sys.executable, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        until_listening(config.port)
        yield process
    finally:
        process.terminate()
        process.wait()


def until_listening(port: int) -> None:
    """Waits until somebody takes connections there."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        time.sleep(0.02)
    raise RuntimeError(f"nobody listens on {port} after {_PATIENCE} s")


def value(config: node.NodeConfig, query: str) -> Any:
    """The first value that a query of a node's SQLite database gives."""
    path = config.home / "lienthong.sqlite3"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as database:
        return database.execute(query).fetchone()[0]


def until(config: node.NodeConfig, query: str, wanted: float, patience: float = 180) -> float:
    """When a query's value is at least as large, seconds since 1970."""
    deadline = time.monotonic() + patience
    while (value(config, query) or 0) < wanted:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{query}: {value(config, query)} of {wanted} after {patience} s")
        time.sleep(0.05)
    return time.time()


def family(root: int | None = None) -> set[int]:
    """The processes that descend from one (this one), without it."""
    parents = {pid: stat[0] for pid, stat in _stats().items()}
    found, more = set[int](), {root or os.getpid()}
    while more:
        found |= more
        more = {pid for pid, parent in parents.items() if parent in found} - found
    return found - {root or os.getpid()}


def processor_seconds(root: int | None = None) -> float:
    """Of the processes that descend from one (this one), as the kernel counts them."""
    stats, members = _stats(), family(root)
    return sum(used for pid, (_, used) in stats.items() if pid in members) / os.sysconf("SC_CLK_TCK")


def _stats() -> dict[int, tuple[int, int]]:
    """Of every process: its parent, its clock ticks with those of its children that have ended."""
    found = {}
    for path in Path("/proc").iterdir():
        if path.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (path / "stat").read_text().rpartition(")")[2].split()
                found[int(path.name)] = (int(fields[1]), sum(map(int, fields[11:15])))
    return found


def memory(processes: set[int]) -> float:
    """MB of memory that the processes hold together, shared pages counted once (PSS)."""
    kilobytes = 0
    for pid in processes:
        with contextlib.suppress(OSError):
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            kilobytes += int(text.split("Pss:")[1].split()[0])
    return kilobytes / 1024
