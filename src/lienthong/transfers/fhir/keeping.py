"""ServiceRequest and Task of every transfer, kept in the store as the transfer stands.

Whoever changes a transfer leaves a :class:`Changed` in the same transaction. What the FHIR door answers begins with
:func:`bring_up`, so that reading, searching, history and export tell one truth; the rest is done in between.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from django.db import connection, transaction

from lienthong import records
from lienthong.foundation import json
from lienthong.transfers import resources
from lienthong.transfers.fhir import requests, searching, tasks
from lienthong.transfers.fhir.words import Resource
from lienthong.transfers.models import Changed, Transfer
from lienthong.transfers.notices import work

EVERY = 5.0
"""Seconds between looks."""
_AT_ONCE = 100
_NEWEST = "SELECT MAX(id) FROM transfers_changed"


def run(stop: threading.Event) -> None:
    """Keeps what changed, until ``stop``."""
    work.repeat(stop, "transfers", EVERY, bring_up)


def bring_up() -> None:
    """Writes the resources of all transfers that changed before now; returns after they are durable."""
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST)
        newest = cursor.fetchone()[0]
    while newest is not None and _some(newest):
        pass


def origin(loop: str) -> str:
    """The set that holds ServiceRequest and Task of a transfer; nobody else writes into it."""
    return f"transfer-loop/{loop}"


def _some(newest: int) -> bool:
    with transaction.atomic():
        write = records.Writer()
        write.turn()  # before the look: what changes from here on leaves a row that this look does not take
        rows = Changed.objects.filter(id__lte=newest).order_by("id").values_list("id", "loop")[:_AT_ONCE]
        changed = dict(rows)
        loops = set(changed.values())
        kept = Transfer.objects.filter(searching.ours(), loop__in=loops).order_by("changed_at", "loop")
        _keep(write, list(kept.prefetch_related("steps", "identifiers")))
        Changed.objects.filter(id__in=changed).delete()
    return bool(changed)


def _keep(write: records.Writer, transfers: Sequence[Transfer]) -> None:
    made = [(one, t) for t in transfers for one in (requests.resource(t), tasks.resource(t))]
    codes = {code for t in transfers for code in (t.sender, t.receiver) if code}
    write.find([*(f"Organization/{code}" for code in codes), *(_ref(one) for one, _ in made)])
    for code in sorted(codes):
        known = write.known.get(f"Organization/{code}")
        if known is None or known.deleted:
            write.put(_entry(resources.facility(code), ""))
    for one, transfer in made:
        write.put(_entry(one, origin(transfer.loop)))
    write.flush()


def _entry(resource: Resource, where: str) -> records.Entry:
    return records.Entry(_ref(resource), resource, json.dumps(resource), where)


def _ref(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource['id']}"
