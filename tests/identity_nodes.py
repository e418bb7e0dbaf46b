"""A hub and two sites that tell it who is registered, as real processes: ``identity_nodes.py COMMAND HOME …``."""

from __future__ import annotations

import json
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import exchange_nodes
from exchange_nodes import Nodes, main
from lienthong.config import setup


@dataclass
class Telling(Nodes):
    """The three nodes."""


def _site(home: Path) -> None:
    """Tells the hub as a site does, only sooner."""
    setup.use(home)
    from lienthong.identity import feeding

    feeding.LOOK = feeding.LONGEST_WAIT = 0.1
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    feeding.run(stop)


def _switch(on: bool) -> None:
    from identity_people import CLERK
    from lienthong.identity import feeding

    feeding.switch(on, CLERK)


def _keep(*patients: dict[str, Any]) -> None:
    """Stores Patients, each as an arrival of its own, as a HIS would."""
    from django.db import transaction

    from identity_people import MACHINE
    from lienthong import records

    for patient in patients:
        origin = f"his-xml/test/{patient['id']}"
        with transaction.atomic():
            records.transact([patient], origin=origin, actor=MACHINE)


def _forget(id: str) -> None:
    """Deletes a Patient, as the FHIR door does."""
    from django.db import transaction

    from lienthong.records.writing import Entry, Writer

    with transaction.atomic():
        write = Writer()
        ref = f"Patient/{id}"
        write.find([ref])
        write.put(Entry(ref, None))
        write.flush()


def _follow() -> None:
    from lienthong.identity import following

    following.catch_up(threading.Event())


def _call(method: str, path: str, content: Any) -> list[Any]:
    """Calls the hub as this site; status and answer."""
    from django.conf import settings

    from lienthong.exchange.client import Hub

    hub = Hub(settings.NODE.hub_url)
    sent = json.dumps(content).encode() if content else None
    headers = {"Content-Type": "application/fhir+json"}
    answer = hub._send(method, path, sent, headers, hub._bearer())
    return [answer.status, json.loads(answer.data or b"null")]


COMMANDS = {"switch": _switch, "keep": _keep, "forget": _forget, "follow": _follow, "call": _call}

if __name__ == "__main__":
    main({"hub": exchange_nodes._hub, "site": _site}, COMMANDS)
