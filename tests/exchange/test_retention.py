"""The hub forgets sealed content that has arrived long ago, and no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from exchange_calls import AGES, OTHER, RECEIVER, SENDER, Site
from lienthong.exchange import retention, sealed
from lienthong.foundation import clock


def receipted(message: str, days: int) -> None:
    """Moves the receipt of a message into the past."""
    with connection.cursor() as cursor:
        at = clock.iso(clock.now() - timedelta(days=days))
        cursor.execute("UPDATE exchange_message SET receipt_at = %s WHERE message = %s", (at, message))


def names(value: dict[str, Any]) -> list[str]:
    return [part["sealed"]["sha256"] for part in value["parts"]]


@pytest.mark.usefixtures("sites")
def test_only_what_arrived_long_ago_is_forgotten(sites: dict[str, Site]) -> None:
    sender, receiver = sites[SENDER], sites[RECEIVER]
    values = [sender.send(RECEIVER, [content])[0] for content in (b"old", b"young", b"under way")]
    shared, _ = sender.send(RECEIVER, [b"shared"])
    sender.send(OTHER, parts=shared["parts"])
    for value in (*values[:2], shared):
        assert receiver.post_receipts(receiver.receipt(value))[0]["status"] == "kept"
    receipted(values[0]["id"], days=31)
    receipted(values[1]["id"], days=29)
    receipted(shared["id"], days=31)
    assert retention.forget_some() == 1
    assert retention.forget_some() == 0
    kept = [name for value in (*values[1:], shared) for name in names(value)]
    assert sealed.has([*names(values[0]), *kept]) == set(kept)
    assert receiver.call("GET", f"parts/{names(values[0])[0]}").status == 404
    assert receiver.call("GET", f"parts/{kept[0]}").body == AGES[kept[0]]
    settings.NODE = replace(settings.NODE, keep_sealed_days=0)
    assert retention.forget_some() == 1
