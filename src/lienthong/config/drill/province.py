"""The processes of a drill: a hub and three sites, each as in production, each site behind a line of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from lienthong.config import node, setup
from lienthong.config.drill.proxy import Line, Proxy
from lienthong.exchange import migrations

HUB = "hub"
SITES = {"bac-giang": "24011", "son-dong": "24004", "bach-mai": "01929"}
_FACILITIES = {HUB: "SYT-24", **SITES}
_READY_SECONDS = 180.0
_STOP_SECONDS = 15.0
_KEYS = "keys.json"
_EARLIEST = "0003_sealed_parts_and_chains"
"""The first form of the tables that holds all that a waiting message has."""
_KEYS_AGE = 60 * 86_400.0
"""Seconds: older than any clock of the drill goes back, since nothing signed before its key began counts."""


@dataclass(slots=True)
class Node:
    """One node's processes: those that serve it and, at a site, the one that puts.

    Attributes:
        home: its folder; clock: the file with the seconds by which its clock is wrong.
        server: ``lienthong serve``.
        acknowledged: the file of what its putting process has printed.
    """

    name: str
    home: Path
    port: int
    clock: Path
    acknowledged: Path
    log: Path
    database: str = ""
    server: subprocess.Popen[bytes] | None = None
    putting: subprocess.Popen[bytes] | None = None
    commands: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        """What its processes are started with."""
        values = {**os.environ, "LIENTHONG_DRILL": "1", "LIENTHONG_CLOCK_SHIFT": str(self.clock)}
        values.pop("LIENTHONG_DATABASE", None)
        return values

    def start(self) -> None:
        """Starts what serves the node, unless it runs."""
        if not self.running:
            self.server = self._run(
                "lienthong.config.cli", "serve", "--with-parent", str(os.getpid()), "--home", str(self.home)
            )

    def shift_clock(self, seconds: float) -> None:
        """Makes the node's clock wrong by so many seconds."""
        new = self.clock.with_suffix(".new")
        new.write_text(f"{seconds:.0f}", "ascii")
        new.replace(self.clock)

    @property
    def running(self) -> bool:
        """Whether what serves the node has not ended."""
        return self.server is not None and self.server.poll() is None

    def put(self, seed: int, count: int, receivers: list[str]) -> None:
        """Starts the putting process; it goes on after what is acknowledged."""
        first = self.acknowledged.read_bytes().count(b"\n") if self.acknowledged.exists() else 0
        with self.acknowledged.open("ab") as output:
            words = (str(self.home), str(seed), str(first), str(count), *receivers)
            self.putting = self._run("lienthong.config.drill.putting", *words, stdout=output)

    def _run(self, module: str, *words: str, stdout: Any = None) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", module, *words],
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=stdout or log,
                stderr=log,
            )

    def command(self, name: str) -> None:
        """Starts a ``lienthong`` command at this node and does not wait for it."""
        self.commands.append(self._run("lienthong.config.cli", name, "--home", str(self.home)))

    def step_back(self) -> str:
        """Brings the tables of exchange to their form before the last migration, as an older release left them.

        Returns:
            The migration that is the last now.

        Raises:
            RuntimeError: it could not be done; the log says why.
        """
        names = sorted(path.stem for path in Path(migrations.__file__).parent.glob("[0-9]*.py"))
        target = max(names[-2], _EARLIEST)
        if self._run("lienthong.config.drill.stepping", str(self.home), target).wait():
            raise RuntimeError(f"{self.name} could not go back to {target}")
        return target

    def stop(self) -> None:
        """Ends what serves the node as an administrator would."""
        if self.server is not None:
            self.server.terminate()
            try:
                self.server.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """SIGKILL to everything that serves the node."""
        if self.server is not None:
            for pid in (*children(self.server.pid), self.server.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.server.wait()

    def kill_worker(self, choose: int) -> None:
        """SIGKILL to one web process; the server starts another."""
        workers = children(self.server.pid) if self.server else []
        if workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(workers[choose % len(workers)], signal.SIGKILL)

    def kill_putting(self) -> None:
        """SIGKILL to the putting process."""
        if self.putting is not None:
            self.putting.kill()
            self.putting.wait()

    def pids(self) -> list[int]:
        """All processes of the node that run now."""
        found = [one.pid for one in (self.server, self.putting) if one is not None and one.poll() is None]
        return [pid for first in found for pid in (first, *children(first))]


@dataclass(slots=True)
class Province:
    """The nodes and the lines between each site and the hub."""

    nodes: dict[str, Node]
    lines: dict[str, Proxy]

    @property
    def hub(self) -> Node:
        """The hub."""
        return self.nodes[HUB]

    @property
    def sites(self) -> list[Node]:
        """The three sites."""
        return [self.nodes[name] for name in SITES]

    def start(self) -> None:
        """Starts lines and nodes, and waits until the hub answers."""
        for line in self.lines.values():
            line.start()
        for one in self.nodes.values():
            one.start()
        self.wait_for_hub()

    def wait_for_hub(self) -> None:
        """Until the hub takes connections.

        Raises:
            RuntimeError: it does not.
        """
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.hub.port), 1):
                return
            time.sleep(0.05)
        raise RuntimeError("the hub did not start")

    def end_faults(self) -> None:
        """Mends every line and clock, and starts every node that does not run."""
        for line in self.lines.values():
            line.line = Line()
        for one in self.nodes.values():
            one.shift_clock(0)
            one.start()

    def close(self) -> None:
        """Ends everything."""
        for one in self.nodes.values():
            one.kill_putting()
            one.kill()
            for command in one.commands:
                command.kill()
                command.wait()
        for line in self.lines.values():
            line.close()


def children(pid: int) -> list[int]:
    """The processes started by one process, and by those, and so on (Linux)."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, path.read_text("ascii").split()):
                found += [child, *children(child)]
    return found


def make_template(folder: Path) -> None:
    """Makes the four nodes once, with keys that know each other; each run begins with a copy."""
    folder.mkdir(parents=True)
    keys = []
    for name, facility in _FACILITIES.items():
        role: Any = "hub" if name == HUB else "site"
        config = node.NodeConfig(home=folder / name, role=role, facility=facility, secure=False)
        node.save(config)
        key = setup.signing_key(config.home)
        keys.append(
            [facility, role, key.jwk, key.kid, setup.opening_key(config.home) if role == "site" else ""]
        )
    (folder / _KEYS).write_text(json.dumps(keys), "utf-8")
    (folder / "clock").write_text(str(-_KEYS_AGE), "ascii")
    _make_tables([folder / name for name in _FACILITIES])
    makers = [_join(folder / name) for name in _FACILITIES]
    statuses = [maker.wait() for maker in makers]
    if any(statuses):
        raise RuntimeError("the nodes could not be made")


def _make_tables(homes: list[Path]) -> None:
    """Has the migrations, which take seconds, done once; all nodes have the same tables."""
    first, *others = homes
    if _joining(first).wait():
        raise RuntimeError("the tables could not be made")
    for home in others:
        shutil.copy(first / node.DATABASE, home)


def _join(home: Path, database: str = "") -> subprocess.Popen[bytes]:
    return _joining(home, str(home.parent / _KEYS), database=database)


def _joining(home: Path, *more: str, database: str = "") -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "LIENTHONG_DATABASE": database,
        "LIENTHONG_CLOCK_SHIFT": str(home.parent / "clock"),
    }
    command = [sys.executable, "-m", "lienthong.config.drill.joining", str(home), *more]
    return subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)


def make_database(folder: Path, database: str) -> None:
    """Makes the hub of a template anew, with its tables in a PostgreSQL database that runs copy."""
    if _join(folder / HUB, database).wait():
        raise RuntimeError("the hub's database could not be made")


def copy_database(template: str, seed: int) -> str:
    """A copy of the template's database for one run; returns its address."""
    import psycopg
    from psycopg import sql

    address = urlsplit(template)
    name = f"drill_{seed}"
    with psycopg.connect(urlunsplit(address._replace(path="/template1")), autocommit=True) as connection:
        copied = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(copied.format(sql.Identifier(name), sql.Identifier(address.path.lstrip("/"))))
    return urlunsplit(address._replace(path=f"/{name}"))


def make(template: Path, folder: Path, *, seed: int, database: str = "", processes: int = 1) -> Province:
    """A province of its own in ``folder``, not yet started.

    Args:
        database: ``postgresql://…`` of the hub, which has the template's tables; embedded SQLite when empty.
        processes: web processes of the hub.
    """
    hub_port = _free_port()
    lines = {
        name: Proxy(("127.0.0.1", hub_port), seed=seed * 10 + place, window=1 << 16)
        for place, name in enumerate(SITES)
    }
    nodes = {}
    for name in _FACILITIES:
        home = folder / name
        shutil.copytree(template / name, home, dirs_exist_ok=True)
        config = replace(node.load(home), port=hub_port if name == HUB else _free_port())
        if name == HUB:
            config = replace(config, database=database, processes=processes)
            if database:
                (home / node.DATABASE).unlink()
        else:
            config = replace(config, hub_url=f"http://127.0.0.1:{lines[name].port}")
        node.save(config)
        one = nodes[name] = Node(
            name,
            home,
            config.port,
            folder / f"{name}.clock",
            folder / f"{name}.acknowledged",
            folder / f"{name}.log",
            database if name == HUB else "",
        )
        one.shift_clock(0)
    return Province(nodes, lines)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
