"""A hub and sites made as a real province makes them: ``init``, a code, ``join``, approval. Every node a process.

``python trust_nodes.py hub|site|console|put HOME …``
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import consoles
import ports
from exchange_nodes import TABLE
from lienthong.config import node
from made_once import once

SOURCE = Path(__file__).resolve().parent.parent / "src"
FACILITIES = {"hub": "SYT-24", "sender": "24011", "receiver": "01929", "other": "24004"}


@dataclass
class Nodes:
    """The nodes below one folder; ``names`` are the sites that join at once."""

    folder: Path
    port: int = 0
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    console: subprocess.Popen[bytes] | None = None

    def make(self, *names: str) -> None:
        """Makes the hub and sites, as ``lienthong init`` does."""
        self.port = ports.free()
        for name in ("hub", *names):
            home = self.folder / name
            shutil.copytree(once("init", _make) / name, home)
            node.save(replace(node.load(home), port=self.port if name == "hub" else ports.free()))

    def lienthong(self, name: str, *words: str, **options: Any) -> subprocess.Popen[bytes]:
        """Starts a command of the program for a node."""
        command, *rest = words
        home = str(self.folder / name)
        line = [sys.executable, "-m", "lienthong.config.cli", command, *rest, "--home", home]
        return subprocess.Popen(line, env=self._environment(), **options)

    def run(self, name: str, *words: str) -> tuple[int, str]:
        """Runs a command to its end: status, and what it printed."""
        process = self.lienthong(name, *words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output, _ = process.communicate()
        return process.returncode, output.decode()

    def script(self, command: str, name: str, *more: str, **options: Any) -> subprocess.Popen[bytes]:
        """Starts a command of this file for a node."""
        line = [sys.executable, __file__, command, str(self.folder / name), *more]
        return subprocess.Popen(line, env=self._environment(), **options)

    def at_hub(self, command: str, *more: str) -> str:
        """Has somebody at the hub do something; what came of it."""
        if self.console is None:
            self.console = self.script("console", "hub", **consoles.PIPES)
        return str(consoles.ask(self.console, command, *more))

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("LIENTHONG_DATABASE", "LIENTHONG_HOME")}
        return {**kept, "PYTHONPATH": str(SOURCE)}

    def start(self, name: str) -> None:
        """Starts a node; its output goes to ``log.txt``."""
        with (self.folder / name / "log.txt").open("ab") as log:
            command = "hub" if name == "hub" else "site"
            self.processes[name] = self.script(command, name, stdout=log, stderr=log)
        if name == "hub":
            deadline = time.monotonic() + 180
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                    return
                assert time.monotonic() < deadline, self.logs()
                time.sleep(0.05)

    def code(self, name: str) -> str:
        """A code for a site, made at the hub with a security review on record."""
        return self.at_hub("code", FACILITIES[name], f"http://127.0.0.1:{self.port}")

    def join(self, *names: str) -> None:
        """Lets sites join: code, request, approval, answer."""
        joining = []
        for name in names:
            joining.append(self.lienthong(name, "join", self.code(name), stdout=subprocess.DEVNULL))
            facility = FACILITIES[name]
            self.wait_for(
                "hub",
                f"SELECT COUNT(*) FROM exchange_joincode WHERE state = 'waiting' AND facility = '{facility}'",
                1,
            )
            assert self.at_hub("approve", facility) == "done"
        assert [process.wait() for process in joining] == [0] * len(joining)

    def put(self, name: str, to: str, count: int, **body: Any) -> list[str]:
        """Puts messages at a site from a process of its own; returns the ids it confirmed."""
        more = (FACILITIES[to], str(count), json.dumps(body))
        output, _ = self.script("put", name, *more, stdout=subprocess.PIPE).communicate()
        return output.decode().split()

    def stop(self, name: str) -> None:
        """Ends a node in good order."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def rows(self, name: str, query: str) -> list[tuple[Any, ...]]:
        """Reads a node's database."""
        path = self.folder / name / "lienthong.sqlite3"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(query).fetchall()

    def one(self, name: str, query: str) -> Any:
        """The first value of a query."""
        return self.rows(name, query)[0][0]

    def wait_for(self, name: str, query: str, wanted: Any, seconds: float = 180) -> None:
        """Until a query's first value is as wanted."""
        deadline = time.monotonic() + seconds
        while self.one(name, query) != wanted:
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"{name}: {query}: {self.rows(name, query)}, not {wanted}; {self.logs()}"
                )
            time.sleep(0.05)

    def logs(self) -> str:
        """The end of what the nodes wrote."""
        paths = self.folder.glob("*/log.txt")
        return "\n".join(f"== {path.parent.name}\n{path.read_text()[-3000:]}" for path in paths)


@contextlib.contextmanager
def province(folder: Path, *names: str) -> Iterator[Nodes]:
    """A running hub; sites that are made, but neither joined nor started."""
    nodes = Nodes(folder)
    nodes.make(*names)
    try:
        nodes.start("hub")
        yield nodes
    finally:
        if nodes.console:
            consoles.end(nodes.console)
        for name in list(nodes.processes):
            nodes.stop(name)


def _make(folder: Path) -> None:
    nodes, made = Nodes(folder), []
    for name, facility in FACILITIES.items():
        words = ["--role", "hub" if name == "hub" else "site", "--facility", facility, "--plain-http"]
        made.append(nodes.lienthong(name, "init", *words))
    assert [process.wait() for process in made] == [0] * len(made)
    tables = [nodes.script("tables", name) for name in FACILITIES if name != "hub"]
    assert [process.wait() for process in tables] == [0] * len(tables)


@contextlib.contextmanager
def joined(folder: Path, *names: str) -> Iterator[Nodes]:
    """A running hub and sites that have joined and run."""
    with province(folder, *names) as nodes:
        nodes.join(*names)
        for name in names:
            nodes.start(name)
        yield nodes


def _hub(home: Path) -> None:
    from lienthong.config import serve

    serve.run(home)


def _site(home: Path) -> None:
    from lienthong.config import serve, setup

    setup.use(home)
    from django.conf import settings

    settings.EXCHANGE_HANDLERS = "exchange_nodes.HANDLERS"
    settings.EXCHANGE_RECEIPT_HANDLERS = "exchange_nodes.RECEIPT_HANDLERS"
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    threads = serve._site_threads(stop)
    for thread in threads:
        thread.start()
    stop.wait()
    for thread in threads:
        thread.join(3)


def _tables(home: Path) -> None:
    _run_sql(home, TABLE)


def _run_sql(home: Path, text: str) -> None:
    from lienthong.config import setup

    setup.use(home)
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        for statement in text.split(";"):
            cursor.execute(statement)


def _put(home: Path, to: str, count: str, body: str) -> None:
    from lienthong.config import setup

    setup.use(home)
    from django.db import transaction

    from lienthong import exchange

    for number in range(int(count)):
        content = json.dumps({"number": number, "text": "x" * 500, "process": os.getpid()}).encode()
        with transaction.atomic():
            part = exchange.Part("bundle", "application/fhir+json", content)
            loop = f"loop-{number % 20}-{os.getpid()}"
            put = exchange.put(
                to, "test", loop, body={"number": number, **json.loads(body)}, parts=[part], basis="test"
            )
        print(put, flush=True)


def _code(facility: str, address: str) -> str:
    from lienthong.access import audit
    from lienthong.exchange.trust import joining
    from lienthong.foundation import clock

    by = audit.system("test")
    if joining.review(facility) is None:
        joining.enter_review(
            facility, document="128/QĐ-SYT", day=clock.today(), level=3, approved_by="Sở Y tế", by=by
        )
    return joining.make_code(facility, address, by).text


def _decide(facility: str, what: str) -> str:
    from lienthong.access import audit
    from lienthong.exchange.trust import joining

    (waiting,) = joining.waiting(facility)
    getattr(joining, what)(waiting.code, audit.system("test"))
    return "done"


COMMANDS: dict[str, Any] = {
    "code": _code,
    "approve": lambda facility: _decide(facility, "approve"),
    "refuse": lambda facility: _decide(facility, "refuse"),
}

if __name__ == "__main__":
    {
        "hub": _hub,
        "site": _site,
        "tables": _tables,
        "put": _put,
        "console": lambda home: consoles.serve(home, COMMANDS),
    }[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
