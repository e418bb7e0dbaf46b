"""A hub and two sites that tell it who is registered, as real processes: ``identity_nodes.py COMMAND HOME …``."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import exchange_nodes
from exchange_nodes import Nodes
from lienthong.config import setup


@dataclass
class Telling(Nodes):
    """The three nodes."""

    def do(self, name: str, command: str, *more: Any) -> Any:
        """Does something at a node in a process of its own; what it printed."""
        words = [json.dumps(one) for one in more]
        process = self._run(command, name, *words, stdout=subprocess.PIPE)
        output, _ = process.communicate()
        assert process.returncode == 0
        return json.loads(output) if output else None


def _site(home: Path) -> None:
    """Tells the hub as a site does, only sooner."""
    setup.use(home)
    from lienthong.identity import feeding

    feeding.LOOK = feeding.LONGEST_WAIT = 0.1
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    feeding.run(stop)


def _switch(home: Path, on: str) -> None:
    setup.use(home)
    from identity_people import CLERK
    from lienthong.identity import feeding

    feeding.switch(json.loads(on), CLERK)


def _keep(home: Path, *patients: str) -> None:
    """Stores Patients, each as an arrival of its own, as a HIS would."""
    setup.use(home)
    from django.db import transaction

    from identity_people import MACHINE
    from lienthong import records

    for one in patients:
        patient = json.loads(one)
        origin = f"his-xml/test/{patient['id']}"
        with transaction.atomic():
            records.transact([patient], origin=origin, actor=MACHINE)


def _forget(home: Path, id: str) -> None:
    """Deletes a Patient, as the FHIR door does."""
    setup.use(home)
    from django.db import transaction

    from lienthong.records.writing import Entry, Writer

    with transaction.atomic():
        write = Writer()
        ref = f"Patient/{json.loads(id)}"
        write.find([ref])
        write.put(Entry(ref, None))
        write.flush()


def _follow(home: Path) -> None:
    setup.use(home)
    from lienthong.identity import following

    following.catch_up(threading.Event())


def _call(home: Path, method: str, path: str, body: str) -> None:
    """Calls the hub as this site; prints status and answer."""
    setup.use(home)
    from django.conf import settings

    from lienthong.exchange.client import Hub

    hub, content = Hub(settings.NODE.hub_url), json.loads(body)
    sent = json.dumps(content).encode() if content else None
    headers = {"Content-Type": "application/fhir+json"}
    answer = hub._send(json.loads(method), json.loads(path), sent, headers, hub._bearer())
    print(json.dumps([answer.status, json.loads(answer.data or b"null")]))


if __name__ == "__main__":
    work: dict[str, Any] = {"site": _site, "switch": _switch, "keep": _keep, "forget": _forget}
    work |= {"follow": _follow, "call": _call, "hub": exchange_nodes._hub}
    work[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])
