"""A hub and two sites with documents, as real processes: ``python document_nodes.py COMMAND HOME …``."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import exchange_nodes
from exchange_nodes import Nodes, main
from lienthong.config import setup


@dataclass
class Documents(Nodes):
    """The three nodes; ``sender`` publishes, ``receiver`` asks."""


def _site(home: Path) -> None:
    """A site's line and its documents, sooner than in use."""
    setup.use(home)
    from lienthong.documents import work
    from lienthong.exchange.courier import Courier

    work.LOOK = work._LONGEST_WAIT = 0.1
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    courier = Courier(stop)
    loops = (courier.run_outbox, courier.run_inbox, lambda: work.run(stop))
    threads = [threading.Thread(target=loop) for loop in loops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _keep(patient: str) -> Any:
    """Stores the invented record under an id of the patient, as this hospital's HIS would."""
    from document_world import keep, person
    from lienthong.facilities import directory
    from lienthong.terminology import systems

    own = {"system": systems.patient_number(directory.here()), "value": f"BN-{patient}"}
    given = person(id=patient)
    given["identifier"] = [given["identifier"][0], own]
    keep(directory.here(), patient=given)
    return []


def _actor() -> Any:
    from lienthong.access import audit

    return audit.Actor("bs.mau", "Bác sĩ Mẫu", "doctor")


def _publish(patient: str, mode: str, times: str = "1") -> Any:
    from lienthong.documents import desk

    made = [desk.publish(patient, mode=desk.Mode(mode), actor=_actor()).id for _ in range(int(times))]
    return made


def _amend(patient: str) -> Any:
    """Something new comes into the record."""
    from django.db import transaction

    from lienthong import records

    with transaction.atomic():
        allergy = {
            "resourceType": "AllergyIntolerance",
            "id": "di-ung-moi",
            "code": {"text": "Hải sản"},
            "patient": {"reference": f"Patient/{patient}"},
        }
        records.transact([allergy], origin="his-xml/24011/LK0002", actor=_actor())
    return []


def _withdraw(id: str) -> Any:
    from lienthong.documents import desk

    return desk.withdraw(id, actor=_actor(), why="Nhầm người bệnh").id


def _search(patient: str) -> Any:
    from lienthong.documents import desk

    asked = desk.search_province(patient, basis="treatment", purpose="TREAT", why="", actor=_actor())
    return asked.id


def _found(search: str) -> Any:
    """Number, address and status of what a question found."""
    from lienthong.documents import desk

    asked = desk.Search.objects.get(id=search)
    found = [
        (one["masterIdentifier"]["value"], one["content"][0]["attachment"]["url"], one["status"])
        for one in desk.entries(asked)
    ]
    return {"found": found, "left_out": asked.left_out, "refused": asked.refused}


def _fetch(search: str, number: str) -> Any:
    from lienthong.documents import desk

    return desk.fetch(search, number, actor=_actor()).id


def _content(received: str) -> Any:
    """What is kept of a document that came."""
    import base64

    from lienthong import records

    entry, binary = records.read("DocumentReference", received), records.read("Binary", received)
    assert entry is not None
    assert binary is not None
    content = base64.b64decode(binary.resource["data"])
    return {"entry": entry.resource, "content": content.decode()}


COMMANDS: dict[str, Any] = {
    "keep": _keep,
    "amend": _amend,
    "publish": _publish,
    "withdraw": _withdraw,
    "search": _search,
    "found": _found,
    "fetch": _fetch,
    "content": _content,
}

if __name__ == "__main__":
    main({"hub": exchange_nodes._hub, "site": _site}, COMMANDS)
