"""A hub and two sites as real processes that reconcile: ``python reconcile_nodes.py COMMAND HOME``."""

from __future__ import annotations

import contextlib
import hashlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard

import exchange_nodes
from exchange_nodes import FACILITIES, Nodes, main
from lienthong.config import setup


def _handlers() -> dict[str, Any]:
    from lienthong.exchange.reconciling.handlers import HANDLERS

    return {"test": exchange_nodes.take, **HANDLERS}


@dataclass
class Reconciling(Nodes):
    """The three nodes, each with the worker that reconciles; ``databases``: address of each node's, if not SQLite."""

    databases: dict[str, str] = field(default_factory=dict)

    def make(self) -> None:
        """The nodes; those that have a database of their own are made in that."""
        super().make()
        shutil.copy(exchange_nodes.made() / "keys.json", self.folder)
        for name in self.databases:
            assert self._run("init", name).wait() == 0

    def _environment(self, name: str) -> dict[str, str]:
        own = {"LIENTHONG_DATABASE": self.databases[name]} if name in self.databases else {}
        return super()._environment(name) | own

    @contextlib.contextmanager
    def database(self, name: str) -> Iterator[Any]:
        """A connection to a node's database that takes ``?`` for values and commits each statement."""
        if name in self.databases:
            import psycopg

            with psycopg.connect(self.databases[name], autocommit=True) as found:
                yield _Questions(found)
            return
        path = self.folder / name / "lienthong.sqlite3"
        with contextlib.closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as database:
            yield database

    def rows(self, name: str, query: str) -> list[tuple[Any, ...]]:
        """Reads a node's database."""
        with self.database(name) as found:
            return list(found.execute(query).fetchall())

    def snapshot(self, name: str) -> dict[tuple[str, str], tuple[str, ...]]:
        """What a node keeps of each message, with the hashes of its contents as they are."""
        kept = {}
        columns = "direction, message, kind, loop, sender, receiver, jws, manifest, bytes, state, acceptance, receipt"
        parts: dict[int, list[tuple[Any, ...]]] = {}
        with self.database(name) as found:
            for number, *part in found.execute(
                "SELECT * FROM exchange_part ORDER BY number, place"
            ).fetchall():
                parts.setdefault(number, []).append(tuple(part))
            frames = dict(found.execute("SELECT sha256, zstd FROM exchange_content").fetchall())
            for row in found.execute(
                f"SELECT number, {columns} FROM exchange_message WHERE kind = 'test'"
            ).fetchall():
                own = parts.get(row[0], [])
                hashes = [self._hash(name, part[1], frames) for part in own]
                kept[row[1], row[2]] = (*map(str, row[3:]), *map(str, own), *hashes)
        return kept

    def _hash(self, name: str, sha256: str, frames: dict[str, bytes]) -> str:
        path = self.folder / name / "blobs" / sha256[:2] / f"{sha256[2:]}.zst"
        data = frames.get(sha256) or (path.read_bytes() if path.exists() else b"")
        if not data:
            return ""
        try:
            content = zstandard.ZstdDecompressor().decompressobj().decompress(data)
        except zstandard.ZstdError:
            return "damaged"
        return hashlib.sha256(content).hexdigest()

    def reconcile(self, name: str, seconds: float = 60) -> dict[str, Any]:
        """``lienthong reconcile --now --json`` at a running node."""
        process = self._run("reconcile", name, str(seconds), stdout=subprocess.PIPE)
        output, _ = process.communicate()
        found: dict[str, Any] = json.loads(output)
        return found


def _serve_hub(home: Path) -> None:
    setup.use(home)
    multiprocessing.set_start_method("spawn")
    from django.conf import settings
    from granian import Granian
    from granian.constants import Interfaces

    from lienthong.exchange.reconciling import Worker

    threading.Thread(target=Worker(threading.Event()).run, daemon=True).start()
    Granian(
        "lienthong.config.doors:application",
        address="127.0.0.1",
        port=settings.NODE.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=16,
        respawn_failed_workers=True,
        log_enabled=False,
    ).serve()


def _serve_site(home: Path) -> None:
    setup.use(home)
    from django.conf import settings

    exchange_nodes.HANDLERS.update(_handlers())
    settings.EXCHANGE_HANDLERS = "exchange_nodes.HANDLERS"
    settings.EXCHANGE_RECEIPT_HANDLERS = "exchange_nodes.RECEIPT_HANDLERS"
    from lienthong.exchange.courier import Courier
    from lienthong.exchange.reconciling import Worker

    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    courier = Courier(stop)
    loops = (courier.run_outbox, courier.run_inbox, Worker(stop).run)
    threads = [threading.Thread(target=loop) for loop in loops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _put(to: str, count: int, size: int, body: dict[str, Any]) -> list[str]:
    """Puts messages, twenty in a transaction; every fortieth has content that is kept as a file."""
    from django.conf import settings
    from django.db import transaction

    from lienthong import exchange

    source, put = random.Random(f"{settings.NODE.home.name} {body}"), []
    for start in range(0, count, 20):
        with transaction.atomic():
            for number in range(start, min(start + 20, count)):
                content = source.randbytes(150_000 if number % 40 == 7 else size)
                parts = [exchange.Part("bundle", "application/octet-stream", content)]
                loop = f"loop-{number % 40}-{os.getpid()}"
                value = {"number": number, **body}
                put.append(exchange.put(to, "test", loop, body=value, parts=parts, basis="test"))
    return put


def _reconcile(home: Path, seconds: str) -> None:
    from lienthong.config import reconcile

    reconcile.run(home, now=True, as_json=True, patience=float(seconds))


class _Questions:
    """A connection of psycopg that takes the placeholders of SQLite."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def execute(self, statement: str, values: Any = ()) -> Any:
        return self._database.execute(statement.replace("?", "%s") if values else statement, values or None)


if __name__ == "__main__":
    work = {"init": exchange_nodes._init, "hub": _serve_hub, "site": _serve_site, "reconcile": _reconcile}
    main(work, {"put": _put})

__all__ = ["FACILITIES", "Reconciling"]
