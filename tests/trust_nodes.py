"""A hub and sites made as a real province makes them: ``init``, a code, ``join``, approval. Every node a process.

``python trust_nodes.py hub|site|put|code|approve|refuse HOME …``
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exchange_nodes import TABLE

SOURCE = Path(__file__).resolve().parent.parent / "src"
FACILITIES = {"hub": "SYT-24", "sender": "24011", "receiver": "01929", "other": "24004"}


@dataclass
class Nodes:
    """The nodes below one folder; ``names`` are the sites that join at once."""

    folder: Path
    port: int = 0
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def make(self, *names: str) -> None:
        """Makes the hub and sites, as ``lienthong init`` does."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        made = []
        for name in ("hub", *names):
            role, port = ("hub", self.port) if name == "hub" else ("site", self.port + 1)
            words = [
                "init",
                "--role",
                role,
                "--facility",
                FACILITIES[name],
                "--port",
                str(port),
                "--plain-http",
            ]
            made.append(self.lienthong(name, *words))
        assert [process.wait() for process in made] == [0] * len(made)
        for name in names:
            self.script("tables", name).communicate()

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

    def tell(self, command: str, name: str, *more: str) -> str:
        """Runs a command of this file; what it printed."""
        output, _ = self.script(command, name, *more, stdout=subprocess.PIPE).communicate()
        return output.decode().strip()

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("LIENTHONG_DATABASE", "LIENTHONG_HOME")}
        return {**kept, "PYTHONPATH": str(SOURCE)}

    def start(self, name: str) -> None:
        """Starts a node; its output goes to ``log.txt``."""
        with (self.folder / name / "log.txt").open("ab") as log:
            command = "hub" if name == "hub" else "site"
            self.processes[name] = self.script(command, name, stdout=log, stderr=log)
        if name == "hub":
            deadline = time.monotonic() + 30
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                    return
                assert time.monotonic() < deadline, self.logs()
                time.sleep(0.05)

    def code(self, name: str) -> str:
        """A code for a site, made at the hub with a security review on record."""
        return self.tell("code", "hub", FACILITIES[name], f"http://127.0.0.1:{self.port}")

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
            assert self.tell("approve", "hub", facility) == "done"
        assert [process.wait() for process in joining] == [0] * len(joining)

    def put(self, name: str, to: str, count: int, **body: Any) -> list[str]:
        """Puts messages at a site from a process of its own; returns the ids it confirmed."""
        return self.tell("put", name, FACILITIES[to], str(count), json.dumps(body)).split()

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
        for name in list(nodes.processes):
            nodes.stop(name)


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


def _code(home: Path, facility: str, address: str) -> None:
    from lienthong.config import setup

    setup.use(home)
    from lienthong.access import audit
    from lienthong.exchange.trust import joining
    from lienthong.foundation import clock

    by = audit.system("test")
    if joining.review(facility) is None:
        joining.enter_review(
            facility, document="128/QĐ-SYT", day=clock.today(), level=3, approved_by="Sở Y tế", by=by
        )
    print(joining.make_code(facility, address, by).text)


def _decide(home: Path, facility: str, what: str) -> None:
    from lienthong.config import setup

    setup.use(home)
    from lienthong.access import audit
    from lienthong.exchange.trust import joining

    (waiting,) = joining.waiting(facility)
    getattr(joining, what)(waiting.code, audit.system("test"))
    print("done")


if __name__ == "__main__":
    {
        "hub": _hub,
        "site": _site,
        "tables": _tables,
        "put": _put,
        "code": _code,
        "approve": lambda home, facility: _decide(home, facility, "approve"),
        "refuse": lambda home, facility: _decide(home, facility, "refuse"),
        "sql": _run_sql,
    }[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
