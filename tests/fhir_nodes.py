"""A hub and two sites as ``lienthong serve`` runs them, each site with an invented HIS as client of its FHIR door.

``python fhir_nodes.py init HOME JWK`` makes one of them.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import migrated
import ports
from fhir_calls import EVERYTHING, Client, make_key, over_http
from lienthong.config import node, setup

SOURCE = Path(__file__).resolve().parent.parent / "src"
FACILITIES = {"hub": "SYT-24", "sender": "24011", "receiver": "01929"}
PASSWORD = "Song Cầu nước chảy 2025"


@dataclass
class Nodes:
    """The nodes below one folder."""

    folder: Path
    clients: dict[str, Client] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def make(self) -> None:
        """Makes folders, keys, databases, and at each site a registered system and a doctor."""
        self.ports = {name: ports.free() for name in FACILITIES}
        known = []
        for name, facility in FACILITIES.items():
            role: Any = "hub" if name == "hub" else "site"
            config = node.NodeConfig(
                home=self.folder / name,
                role=role,
                facility=facility,
                port=self.ports[name],
                hub_url="" if name == "hub" else f"http://127.0.0.1:{self.ports['hub']}",
                secure=False,
                his_outbox="" if name == "hub" else "slips",
            )
            node.save(config)
            migrated.copy(config.home)
            key = setup.signing_key(config.home)
            age = setup.opening_key(config.home) if role == "site" else ""
            known.append([facility, role, key.jwk, key.kid, age])
        (self.folder / "keys.json").write_text(json.dumps(known))
        makers = {}
        keys = {name: make_key() for name in FACILITIES}
        for name, (_key, _algorithm, jwk) in keys.items():
            line = [sys.executable, __file__, "init", str(self.folder / name), json.dumps(jwk)]
            makers[name] = subprocess.Popen(line, env=_environment(), stdout=subprocess.PIPE)
        for name, maker in makers.items():
            output, _ = maker.communicate()
            assert maker.returncode == 0, name
            key, algorithm, jwk = keys[name]
            address = f"http://127.0.0.1:{self.ports[name]}"
            self.clients[name] = Client(
                output.decode().strip(),
                key,
                algorithm,
                jwk["kid"],
                over_http(address),
                f"{address}/fhir/token",
            )

    def start(self, name: str) -> None:
        """Starts a node and waits until it answers."""
        line = [sys.executable, "-m", "lienthong.config.cli", "serve", "--home", str(self.folder / name)]
        with (self.folder / name / "log.txt").open("ab") as log:
            self.processes[name] = subprocess.Popen(line, env=_environment(), stdout=log, stderr=log)
        deadline = time.monotonic() + 180
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.ports[name]), 1):
                return
            assert time.monotonic() < deadline, (self.folder / name / "log.txt").read_text()[-3000:]
            time.sleep(0.05)

    def kill(self, name: str) -> None:
        """SIGKILL, as a power cut would; its web processes go with it."""
        self.processes[name].kill()
        self.processes.pop(name).wait()

    def stop(self) -> None:
        """Ends what was started."""
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("LIENTHONG_DATABASE", "LIENTHONG_HOME")}
    return {**kept, "PYTHONPATH": str(SOURCE)}


@contextlib.contextmanager
def running(folder: Path, *names: str) -> Iterator[Nodes]:
    """The nodes, made; those named (all without names) started."""
    nodes = Nodes(folder)
    nodes.make()
    try:
        for name in names or FACILITIES:
            nodes.start(name)
        yield nodes
    finally:
        nodes.stop()


def _init(home: Path, jwk: str) -> None:
    setup.init(node.load(home))
    from lienthong.access import accounts, audit, systems
    from lienthong.access.models import Role
    from lienthong.facilities import directory
    from lienthong.facilities.models import Facility
    from lienthong.foundation import clock

    for facility, role, public, kid, age in json.loads((home.parent / "keys.json").read_text()):
        Facility.objects.get_or_create(code=facility, defaults={"kind": "hospital"})
        directory.add_node(facility, role, public, kid, clock.now(), age)
    by = audit.system("test")
    accounts.create_account("bs.hien", "Đinh Công Hiển", PASSWORD, [Role.DOCTOR], by=by, must_change=False)
    print(systems.register("HIS thử", systems.read_keys(jwk), EVERYTHING.split(), by=by).id, flush=True)


if __name__ == "__main__":
    _init(Path(sys.argv[2]), sys.argv[3])
