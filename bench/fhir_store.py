"""A large store quickly: the transactions of :mod:`synthea_shaped`, written through the writer of records as the FHIR
door writes them, but without HTTP, validation, audit rows and a commit of its own for each."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import fhir_door
import synthea_shaped

VISITS = 12
EACH = 1 + 18 * VISITS
"""Resources of one patient."""

Made = list[tuple[str, bytes]]
"""``Type/id`` and JSON of the resources of one transaction."""

_TOGETHER = 20
_ORIGIN = "fhir/bench"
_SOURCE = Path(__file__).resolve().parent.parent


def make(home: Path, address: str, patients: int) -> None:
    """Makes a site in an empty folder, with so many patients; a process of its own does it.

    Args:
        address: a ``postgresql://`` database; embedded SQLite when empty.

    Raises:
        CalledProcessError: it did not.
    """
    paths = os.pathsep.join(str(_SOURCE / name) for name in ("src", "", "tests"))
    words = [sys.executable, "-m", "bench.fhir_store", str(home), address, str(patients)]
    subprocess.run(words, env={**os.environ, "PYTHONPATH": paths}, check=True)


def _make(home: Path, address: str, patients: int) -> None:
    from lienthong.config import node, setup

    setup.init(node.NodeConfig(home=home, facility=fhir_door.FACILITY, secure=False, database=address))
    from django.db import transaction

    from lienthong.identity import following

    waiting: list[Made] = []
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        for made in pool.imap(_transaction, range(patients + 1), chunksize=10):
            waiting.append(made)
            if len(waiting) == _TOGETHER:
                with transaction.atomic():
                    _write(waiting)
                waiting = []
        with transaction.atomic():
            _write(waiting)
    while following.step():
        pass


def _transaction(number: int) -> Made:
    """The resources of a patient, or for 0 of places and practitioners, with their ids and references."""
    from lienthong.foundation import ids
    from lienthong.foundation import json as exact

    bundle = synthea_shaped.patient(number, VISITS) if number else synthea_shaped.hospitals()
    named: dict[str, str] = {}
    refs = []
    for entry in bundle["entry"]:
        kind = entry["resource"]["resourceType"]
        once = entry["request"].get("ifNoneExist", "")
        ref = f"{kind}/{_shared(kind, once) if once else ids.new_id()}"
        refs.append(ref)
        if "fullUrl" in entry:
            named[entry["fullUrl"]] = ref

    def meant(match: re.Match[bytes]) -> bytes:
        text = match[1].decode()
        kind, mark, criteria = text.partition("?")
        return json.dumps({"reference": f"{kind}/{_shared(kind, criteria)}" if mark else named[text]})[
            1:-1
        ].encode()

    found = []
    for ref, entry in zip(refs, bundle["entry"], strict=True):
        resource: dict[str, Any] = entry["resource"]
        whole = {"resourceType": resource["resourceType"], "id": ref.partition("/")[2], **resource}
        found.append((ref, _REFERENCE.sub(meant, exact.dumps(whole))))
    return found


_REFERENCE = re.compile(rb'"reference":"(urn:uuid:[^"]+|\w+\?[^"]+)"')


def _shared(kind: str, criteria: str) -> str:
    from lienthong.foundation import ids

    return ids.stable_id(kind, criteria)


def _write(transactions: list[Made]) -> None:
    from lienthong.foundation import json as exact
    from lienthong.records.writing import Entry, Writer

    for made in transactions:
        write = Writer()
        for ref, body in made:
            write.put(Entry(ref, exact.loads(body), body, _ORIGIN))
        write.flush()


if __name__ == "__main__":
    _make(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
