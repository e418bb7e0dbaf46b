"""What the drill's sites do with its messages; ``LIENTHONG_DRILL`` makes a node use these handlers instead of its own.

The tables stand beside the product's own, so that what is counted is written in the same transaction.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import connection

from lienthong.exchange import Incoming, Receipt, Refused
from lienthong.foundation import json
from lienthong.foundation.errors import Problem

KIND = "drill"
TABLES = (
    "CREATE TABLE drill_taken (number INTEGER PRIMARY KEY AUTOINCREMENT, message TEXT, loop TEXT, stored TEXT)",
    "CREATE TABLE drill_receipted (message TEXT, outcome TEXT, stored TEXT)",
)

_stumbled: set[str] = set()


def stored(body: dict[str, Any], parts: list[bytes]) -> str:
    """The hash of a message's body and contents, as both sides compute it."""
    whole = hashlib.sha256(json.canonical(body))
    for content in parts:
        whole.update(hashlib.sha256(content).digest())
    return whole.hexdigest()


def take(incoming: Incoming) -> str:
    """Counts a message; refuses or stumbles (once in each process) when the message asks for it."""
    found = stored(incoming.body, [incoming.part(entry.role) for entry in incoming.parts])
    if incoming.body.get("refuse"):
        raise Refused(
            Problem("drill-refused", "Bên nhận từ chối theo kịch bản diễn tập.", "Refused as the drill asks.")
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO drill_taken (message, loop, stored) VALUES (%s, %s, %s)",
            (incoming.id, incoming.loop, found),
        )
    if incoming.body.get("stumble") and incoming.id not in _stumbled:
        _stumbled.add(incoming.id)
        raise RuntimeError("the drill asked for this")
    return found


def receipted(message: str, loop: str, receipt: Receipt) -> None:
    """Counts a verified receipt."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO drill_receipted (message, outcome, stored) VALUES (%s, %s, %s)",
            (message, receipt.outcome, receipt.stored),
        )


HANDLERS = {KIND: take}
RECEIPT_HANDLERS = {KIND: receipted}
