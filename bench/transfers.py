"""From one hospital to another: hub and two sites as real processes on this machine."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from bench import sources
from bench.nodes import Figures, Shared
from bench.registry import measure
from lienthong.config import node, setup
from lienthong.connectors.his_xml.make import envelope, make_dossiers

TRANSFERS = 600
READ_TOO = 200
_PATIENCE = 180
_FACILITIES = {"hub": "SYT-24", "sender": "24011", "receiver": "01929"}
_VERIFIED = "SELECT COUNT(*) FROM exchange_message WHERE direction = 'out' AND receipt_state = 'verified'"
_FIRST = "SELECT MIN(at) FROM exchange_trace WHERE step = 'uploaded'"


def _make(
    config: node.NodeConfig, known: list[tuple[str, str, dict[str, str], str, str]], queued: Path
) -> None:
    """Makes a node; at the sender, reads an export, so that its transfers wait in the outbox."""
    setup.init(config)
    from lienthong.connectors.his_xml import intake
    from lienthong.facilities import directory
    from lienthong.foundation import clock

    for facility, role, jwk, kid, age in known:
        directory.add_node(facility, role, jwk, kid, clock.now(), age)
    if config.facility == _FACILITIES["sender"]:
        intake.take(queued)


def _export(seed: int, count: int) -> Path:
    path = sources.folder() / f"transfers-{seed}-{count}.xml"
    if not path.exists():
        made = list(make_dossiers(count, seed, start=sources.START, end=sources.DAY, transfers=count))
        path.write_bytes(envelope(made, sources.DAY))
    return path


def _configs(folder: Path) -> dict[str, node.NodeConfig]:
    with contextlib.ExitStack() as probes:
        ports = []
        for _ in _FACILITIES:
            probe = probes.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            ports.append(probe.getsockname()[1])
    return {
        name: node.NodeConfig(
            home=folder / name,
            role="hub" if name == "hub" else "site",
            facility=facility,
            port=port,
            hub_url="" if name == "hub" else f"http://127.0.0.1:{ports[0]}",
            secure=False,
        )
        for (name, facility), port in zip(_FACILITIES.items(), ports, strict=True)
    }


@contextlib.contextmanager
def _serving(config: node.NodeConfig) -> Iterator[None]:
    words = [
        sys.executable,
        "-m",
        "lienthong.config.cli",
        "serve",
        "--home",
        str(config.home),
        "--with-parent",
    ]
    with (config.home / "log.txt").open("wb") as log:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if not probe.connect_ex((config.host, config.port)):
                    break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def _value(config: node.NodeConfig, query: str) -> Any:
    path = config.home / "lienthong.sqlite3"
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as database:
        return database.execute(query).fetchone()[0]


def _wait(config: node.NodeConfig, wanted: int) -> float:
    """When so many receipts are verified, seconds since 1970."""
    deadline = time.monotonic() + _PATIENCE
    while _value(config, _VERIFIED) < wanted:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{_value(config, _VERIFIED)} of {wanted} receipts after {_PATIENCE} s")
        time.sleep(0.05)
    return time.time()


def _travel() -> Figures:
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="lienthong-bench-") as folder, contextlib.ExitStack() as running:
        configs = _configs(Path(folder))
        keys = {name: setup.signing_key(config.home) for name, config in configs.items()}
        ages = {n: setup.opening_key(c.home) if c.role == "site" else "" for n, c in configs.items()}
        known = [(c.facility, c.role, keys[n].jwk, keys[n].kid, ages[n]) for n, c in configs.items()]
        makers = [
            spawn.Process(target=_make, args=(config, known, _export(11, TRANSFERS)))
            for config in configs.values()
        ]
        for maker in makers:
            maker.start()
        for maker in makers:
            maker.join()
            if maker.exitcode:
                raise RuntimeError(f"a node could not be made (exit code {maker.exitcode})")
        for name in ("hub", "receiver", "sender"):
            running.enter_context(_serving(configs[name]))
        sender = configs["sender"]
        before = _processor_seconds()
        ended = _wait(sender, TRANSFERS)
        begun = datetime.fromisoformat(_value(sender, _FIRST)).timestamp()
        spent = _processor_seconds() - before
        dropped = time.time()
        part = sender.exports / ".new.part"
        part.write_bytes(_export(12, READ_TOO).read_bytes())
        part.replace(sender.exports / "new.xml")
        read_too = READ_TOO / (_wait(sender, TRANSFERS + READ_TOO) - dropped)
    return {"queued": TRANSFERS / (ended - begun), "read": read_too, "spent": 1000 * spent / TRANSFERS}


def _processor_seconds() -> float:
    """Of all processes of this user's session that descend from this one, as the kernel counts them."""
    ticks = 0
    children = {os.getpid()}
    found = True
    stats = [_stat(path) for path in Path("/proc").iterdir() if path.name.isdigit()]
    while found:
        more = {pid for pid, parent, _ in filter(None, stats) if parent in children} - children
        children |= more
        found = bool(more)
    ticks = sum(used for pid, _, used in filter(None, stats) if pid in children and pid != os.getpid())
    return ticks / os.sysconf("SC_CLK_TCK")


def _stat(path: Path) -> tuple[int, int, int] | None:
    """Process, its parent, its clock ticks; None when it has ended."""
    try:
        fields = (path / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return int(path.name), int(fields[1]), int(fields[11]) + int(fields[12])


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
