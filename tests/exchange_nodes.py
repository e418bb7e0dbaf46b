"""A hub and two sites as real processes, with handlers of their own: ``exchange_nodes.py hub|site|console HOME``."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import json
import multiprocessing
import os
import shutil
import signal
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
from lienthong.config import node, setup
from made_once import once

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent / "src"
FACILITIES = {"hub": "SYT-24", "sender": "24011", "receiver": "01929"}
TABLE = "CREATE TABLE handled (message TEXT, loop TEXT, hash TEXT); CREATE TABLE receipted (message TEXT, outcome TEXT)"


def take(incoming: Any) -> str:
    """Counts a message in the transaction that signs its receipt; a count that came twice would show."""
    from django.db import connection

    from lienthong import exchange
    from lienthong.foundation.errors import Problem

    if incoming.body.get("refuse"):
        raise exchange.Refused(Problem("test-refused", "Từ chối.", "Refused."))
    large = incoming.body.get("large")
    stored = incoming.parts[0].sha256 if large else hashlib.sha256(incoming.part("bundle")).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO handled VALUES (%s, %s, %s)", (incoming.id, incoming.loop, stored))
    return stored


def receipted(message: str, loop: str, receipt: Any) -> None:
    """Counts a verified receipt."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO receipted VALUES (%s, %s)", (message, receipt.outcome))


HANDLERS = {"test": take}
RECEIPT_HANDLERS = {"test": receipted}


@dataclass
class Nodes:
    """The three nodes below one folder."""

    folder: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    consoles: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def make(self) -> None:
        """Makes the nodes' folders, keys and databases; every node knows the keys of all."""
        port = ports.free()
        for name in FACILITIES:
            shutil.copytree(made() / name, self.folder / name, dirs_exist_ok=True)
            url = "" if name == "hub" else f"http://127.0.0.1:{port}"
            node.save(replace(node.load(self.folder / name), port=port, hub_url=url))

    def _run(self, command: str, name: str, *more: str, **options: Any) -> subprocess.Popen[bytes]:
        """Runs a command of the file that the class of these nodes stands in."""
        words = [sys.executable, inspect.getfile(type(self)), command, str(self.folder / name), *more]
        return subprocess.Popen(words, env=self._environment(name), **options)

    def _environment(self, name: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("LIENTHONG_DATABASE", "LIENTHONG_HOME")}
        return {**kept, "PYTHONPATH": f"{SOURCE}{os.pathsep}{HERE}"}

    def start(self, name: str) -> None:
        """Starts a node; its output goes to ``log.txt``."""
        with (self.folder / name / "log.txt").open("ab") as log:
            command = "hub" if name == "hub" else "site"
            self.processes[name] = self._run(command, name, stdout=log, stderr=log)

    def kill(self, name: str) -> None:
        """SIGKILL, as a power cut would."""
        self.processes[name].kill()
        self.processes[name].wait()

    def put(self, name: str, to: str, count: int, size: int = 2000, **body: Any) -> list[str]:
        """Puts messages at a site; returns the ids that were confirmed."""
        return list(self.do(name, "put", FACILITIES[to], count, size, body))

    def put_file(self, name: str, to: str, path: Path, priority: int, loop: str = "study") -> str:
        """Puts a file as a message of its own; returns its id."""
        return str(self.do(name, "put-file", FACILITIES[to], str(path), priority, loop))

    def do(self, name: str, command: str, *more: Any) -> Any:
        """Has something done at a node beside its processes; what came of it."""
        if name not in self.consoles:
            self.consoles[name] = self._run("console", name, **consoles.PIPES)
        return consoles.ask(self.consoles[name], command, *more)

    def rows(self, name: str, query: str) -> list[tuple[Any, ...]]:
        """Reads a node's database."""
        path = self.folder / name / "lienthong.sqlite3"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as database:
            return database.execute(query).fetchall()

    def wait_for(self, name: str, query: str, wanted: Any, seconds: float = 180) -> None:
        """Until a query's first value is as wanted."""
        deadline = time.monotonic() + seconds
        while self.rows(name, query)[0][0] != wanted:
            if time.monotonic() > deadline:
                raise AssertionError(f"{query}: {self.rows(name, query)}, not {wanted}; {self.logs()}")
            time.sleep(0.05)

    def logs(self) -> str:
        """The end of what the nodes wrote."""
        paths = self.folder.glob("*/log.txt")
        return "\n".join(f"== {path.parent.name}\n{path.read_text()[-3000:]}" for path in paths)

    def stop(self) -> None:
        """Ends what was started."""
        for console in self.consoles.values():
            consoles.end(console)
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Nodes]:
    """The three nodes, made and started."""
    nodes = Nodes(folder)
    nodes.make()
    try:
        for name in FACILITIES:
            nodes.start(name)
        yield nodes
    finally:
        nodes.stop()


def made() -> Path:
    """The three nodes from which all others are copied."""
    return once("three-nodes", _make)


def _make(folder: Path) -> None:
    keys = []
    for name, facility in FACILITIES.items():
        role: Any = "hub" if name == "hub" else "site"
        config = node.NodeConfig(home=folder / name, role=role, facility=facility, secure=False)
        node.save(config)
        key = setup.signing_key(config.home)
        age = setup.opening_key(config.home) if role == "site" else ""
        keys.append([facility, role, key.jwk, key.kid, age])
    (folder / "keys.json").write_text(json.dumps(keys))
    makers = [Nodes(folder)._run("init", name) for name in FACILITIES]
    assert [maker.wait() for maker in makers] == [0, 0, 0]


def _init(home: Path) -> None:
    setup.init(node.load(home))
    from django.db import connection

    from lienthong.facilities import directory
    from lienthong.facilities.models import Facility
    from lienthong.foundation import clock

    for facility, role, jwk, kid, age in json.loads((home.parent / "keys.json").read_text()):
        Facility.objects.get_or_create(code=facility, defaults={"kind": "hospital"})
        directory.add_node(facility, role, jwk, kid, clock.now(), age)
    with connection.cursor() as cursor:
        for statement in TABLE.split(";"):
            cursor.execute(statement)


def _hub(home: Path) -> None:
    setup.use(home)
    multiprocessing.set_start_method("spawn")
    from django.conf import settings
    from granian import Granian
    from granian.constants import Interfaces

    Granian(
        "lienthong.config.doors:application",
        address="127.0.0.1",
        port=settings.NODE.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=settings.SERVER_THREADS,
        respawn_failed_workers=True,
        log_enabled=False,
    ).serve()


def _site(home: Path) -> None:
    setup.use(home)
    from django.conf import settings

    settings.EXCHANGE_HANDLERS = "exchange_nodes.HANDLERS"
    settings.EXCHANGE_RECEIPT_HANDLERS = "exchange_nodes.RECEIPT_HANDLERS"
    from lienthong.exchange.courier import Courier

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    courier = Courier(stop)
    threads = [threading.Thread(target=loop) for loop in (courier.run_outbox, courier.run_inbox)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _put(to: str, count: int, size: int, body: dict[str, Any]) -> list[str]:
    """Puts messages until one is refused; the ids of those before."""
    from django.db import DatabaseError, transaction

    from lienthong import exchange
    from lienthong.foundation import ids
    from lienthong.foundation.errors import LienThongError

    mine, confirmed = ids.new_id(), []
    for number in range(count):
        text = " ".join(
            hashlib.sha256(f"{number} {i} {mine}".encode()).hexdigest()[:9] for i in range(size // 10)
        )
        content = json.dumps({"number": number, "text": text}).encode()
        part = exchange.Part("bundle", "application/fhir+json", content)
        loop = f"loop-{number % 40}-{mine}"
        try:
            with transaction.atomic():
                put = exchange.put(
                    to, "test", loop, body={"number": number, **body}, parts=[part], basis="test"
                )
        except (LienThongError, DatabaseError, OSError) as refusal:
            print(refusal, file=sys.stderr)
            break
        confirmed.append(put)
    return confirmed


def _put_file(to: str, path: str, priority: int, loop: str) -> str:
    from django.db import transaction

    from lienthong import exchange
    from lienthong.exchange import outbox

    parts = outbox.prepare(to, [exchange.Part("bundle", "application/dicom", Path(path), priority)])
    with transaction.atomic():
        return exchange.put(to, "test", loop, body={"large": True}, parts=parts, basis="test")


COMMANDS: dict[str, Any] = {"put": _put, "put-file": _put_file}


def main(work: dict[str, Any], commands: dict[str, Any]) -> None:
    """Runs what the words of the command line say: some work at a node, or its console with these commands."""
    home = Path(sys.argv[2])
    if sys.argv[1] == "console":
        consoles.serve(home, commands)
    else:
        work[sys.argv[1]](home, *sys.argv[3:])


if __name__ == "__main__":
    main({"init": _init, "hub": _hub, "site": _site}, COMMANDS)
