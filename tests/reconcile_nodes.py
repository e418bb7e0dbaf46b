"""A hub and two sites as real processes that reconcile: ``python reconcile_nodes.py init|hub|site|put|reconcile HOME``."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import exchange_nodes
from exchange_nodes import FACILITIES, SOURCE, Nodes
from lienthong.config import setup

HERE = Path(__file__).resolve().parent


def _handlers() -> dict[str, Any]:
    from lienthong.exchange.reconciling.handlers import HANDLERS

    return {"test": exchange_nodes.take, **HANDLERS}


class Reconciling(Nodes):
    """The three nodes, each with the worker that reconciles."""

    def _run(self, command: str, name: str, *more: str, **options: Any) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": f"{SOURCE}{os.pathsep}{HERE}"}
        environment.pop("LIENTHONG_DATABASE", None)
        words = [sys.executable, __file__, command, str(self.folder / name), *more]
        return subprocess.Popen(words, env=environment, **options)

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


def _put(home: Path, to: str, count: str, size: str, body: str) -> None:
    """Puts messages, twenty in a transaction; every fortieth has content that is kept as a file."""
    setup.use(home)
    from django.db import transaction

    from lienthong import exchange

    source = random.Random(f"{home.name} {body}")
    for start in range(0, int(count), 20):
        with transaction.atomic():
            for number in range(start, min(start + 20, int(count))):
                content = source.randbytes(150_000 if number % 40 == 7 else int(size))
                parts = [exchange.Part("bundle", "application/octet-stream", content)]
                loop = f"loop-{number % 40}-{os.getpid()}"
                value = {"number": number, **json.loads(body)}
                print(exchange.put(to, "test", loop, body=value, parts=parts, basis="test"))
    sys.stdout.flush()


def _reconcile(home: Path, seconds: str) -> None:
    from lienthong.config import reconcile

    reconcile.run(home, now=True, as_json=True, patience=float(seconds))


def snapshot(folder: Path, name: str) -> dict[tuple[str, str], tuple[str, ...]]:
    """What a node keeps of each message, with the hashes of its contents as they are."""
    import sqlite3

    import zstandard

    found = {}
    with sqlite3.connect(folder / name / "lienthong.sqlite3") as database:
        columns = "direction, message, kind, loop, sender, receiver, jws, manifest, bytes, state, acceptance, receipt"
        for row in database.execute(f"SELECT number, {columns} FROM exchange_message WHERE kind = 'test'"):
            parts = database.execute(
                "SELECT * FROM exchange_part WHERE number = ? ORDER BY place", row[:1]
            ).fetchall()
            hashes = []
            for part in parts:
                frame = database.execute(
                    "SELECT zstd FROM exchange_content WHERE sha256 = ?", (part[2],)
                ).fetchone()
                path = folder / name / "blobs" / part[2][:2] / f"{part[2][2:]}.zst"
                data = frame[0] if frame else path.read_bytes() if path.exists() else b""
                content = zstandard.ZstdDecompressor().decompressobj().decompress(data) if data else b""
                hashes.append(hashlib.sha256(content).hexdigest() if data else "")
            found[row[1], row[2]] = (*map(str, row[3:]), *map(str, (part[1:] for part in parts)), *hashes)
    return found


if __name__ == "__main__":
    command, place = sys.argv[1], Path(sys.argv[2])
    work: dict[str, Any] = {"hub": _serve_hub, "site": _serve_site, "put": _put, "reconcile": _reconcile}
    (work.get(command) or {"init": exchange_nodes._init}[command])(place, *sys.argv[3:])

__all__ = ["FACILITIES", "Reconciling", "snapshot"]
