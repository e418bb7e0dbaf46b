"""A site as ``lienthong serve`` runs it, and one invented system that may do everything through its FHIR door.

``python fhir_door.py HOME JWK`` makes it.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import fhir_calls
import migrated
import ports
from lienthong.config import node

SOURCE = Path(__file__).resolve().parent.parent / "src"
FACILITY = "24011"
SCOPE = "system/*.cruds"
_PATIENCE = 180


@dataclass(frozen=True, slots=True)
class Door:
    """A running site, and what a client needs to sign in there.

    Attributes:
        base: ``http://127.0.0.1:port/fhir``.
        pem: the system's private key (PKCS 8), for clients that sign their assertion themselves.
        home: the node's folder.
        process: the server.
    """

    base: str
    client: fhir_calls.Client
    pem: str
    home: Path
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        """The end of what the node wrote."""
        return (self.home / "log.txt").read_text("utf-8", "replace")[-5000:]


@contextlib.contextmanager
def database(cluster: str, template: str = "") -> Iterator[str]:
    """A new database of a cluster, as ``postgresql://…``; without a cluster the empty text, which stands for SQLite.

    Args:
        template: the database that it begins as a copy of; one with all tables and nothing in them when empty.
    """
    if not cluster:
        yield ""
        return
    name = f"door_{secrets.token_hex(6)}"
    with psycopg.connect(cluster, autocommit=True) as connection:
        if template:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        else:
            migrated.copy_to(cluster, name)
        try:
            yield f"{cluster.rpartition('/')[0]}/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@contextlib.contextmanager
def running(home: Path, address: str = "", *, scope: str = SCOPE, processes: int = 1) -> Iterator[Door]:
    """Makes a site in a folder, which is empty or holds a kept store, serves it, and ends it.

    Args:
        address: a ``postgresql://`` database; embedded SQLite when empty.
    """
    port = ports.free()
    node.save(
        node.NodeConfig(
            home=home, facility=FACILITY, port=port, secure=False, database=address, processes=processes
        )
    )
    if not address and not (home / "lienthong.sqlite3").exists():
        migrated.copy(home)
    key, algorithm, jwk = fhir_calls.make_key()
    words = [sys.executable, __file__, str(home), json.dumps(jwk), scope]
    made = subprocess.run(words, env=_environment(), stdout=subprocess.PIPE, check=True)
    words = [sys.executable, "-m", "lienthong.config.cli", "serve", "--home", str(home)]
    with (home / "log.txt").open("ab") as log:
        process = subprocess.Popen(
            [*words, "--with-parent", str(os.getpid())], env=_environment(), stdout=log, stderr=log
        )
    here = f"http://127.0.0.1:{port}"
    client = fhir_calls.Client(
        made.stdout.decode().strip(),
        key,
        algorithm,
        jwk["kid"],
        fhir_calls.over_http(here),
        f"{here}/fhir/token",
        scope,
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    door = Door(f"{here}/fhir", client, pem, home, process)
    try:
        _wait(door, port)
        yield door
    finally:
        process.terminate()
        process.wait(30)


def _wait(door: Door, port: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        if time.monotonic() > deadline or door.process.poll() is not None:
            raise RuntimeError(door.log)
        time.sleep(0.05)


def _environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("LIENTHONG_DATABASE", "LIENTHONG_HOME")}
    return {**kept, "PYTHONPATH": str(SOURCE)}


def _make(home: Path, jwk: str, scope: str) -> None:
    from lienthong.config import setup

    setup.init(node.load(home))
    from lienthong.access import audit, systems

    by = audit.system("test")
    print(systems.register("HIS thử", systems.read_keys(jwk), scope.split(), by=by).id, flush=True)


if __name__ == "__main__":
    _make(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
