"""Tells those whose turn it is that its time is over, then the head of their unit; only where the turn is ours.

Each level is told once for each state that a transfer comes to (``Transfer.told_level``), whatever restarts and however
many processes look. The third level is the hub's (:mod:`.measures.province`).
"""

from __future__ import annotations

import logging
import threading
from datetime import datetime

from django.db import close_old_connections, connection, transaction
from django.db.models import Q

from lienthong.access.models import Role
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.transfers import notices, rules
from lienthong.transfers.models import Side, Transfer

log = logging.getLogger(__name__)

EVERY = 15.0
OWNER, HEAD = 1, 2
_TOGETHER = 200


def run(stop: threading.Event) -> None:
    """Looks until ``stop``."""
    while not stop.is_set():
        try:
            close_old_connections()
            look()
        except Exception:
            log.exception("overdue transfers")
        stop.wait(EVERY)
    connection.close()


def look() -> int:
    """One look at every open transfer whose turn is ours; returns how many notices were given."""
    now = clock.now()
    here = directory.here()
    ours = Q(sender=here, owner_side=Side.SENDER) | Q(sender=here, receiver="")
    ours |= Q(receiver=here, owner_side=Side.RECEIVER)
    over = Transfer.objects.filter(ours, due__lte=now, told_level__lt=HEAD)
    loops = list(over.order_by("due").values_list("loop", flat=True)[:_TOGETHER])
    told = 0
    for loop in loops:
        try:
            told += _tell(loop, now)
        except Exception:  # what is wrong with one must not keep the others silent
            log.exception("overdue transfer %s", loop)
    return told


def _tell(loop: str, now: datetime) -> int:
    with transaction.atomic():
        transfer = Transfer.objects.select_for_update().get(loop=loop)
        if transfer.owner != directory.here():
            return 0
        before, reached = transfer.told_level, min(rules.level(transfer.since, transfer.due, now), HEAD)
        about = f"{transfer.state} {clock.iso(transfer.since)}"
        if before < OWNER <= reached:
            notices.tell("overdue-owner", transfer, roles=[Role(transfer.owner_role)], about=about)
        if before < HEAD <= reached:
            notices.tell("overdue-head", transfer, roles=[Role.HEAD], about=about)
        if reached > before:
            transfer.told_level = reached
            transfer.save(update_fields=["told_level"])
        return max(0, reached - before)
