"""Hub: sealed content that has arrived is kept for some days more, then forgotten; manifests and receipts stay."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from django.conf import settings
from django.db import close_old_connections, connection, transaction

from lienthong.access import audit
from lienthong.exchange import sealed, sql
from lienthong.exchange.work import marks
from lienthong.foundation import clock

log = logging.getLogger(__name__)
_AT_ONCE = 500
_BETWEEN, _BREATH = 3600.0, 0.2


def run(stop: threading.Event) -> None:
    """Forgets what is old enough, every hour until stopped, in short transactions."""
    while not stop.is_set():
        close_old_connections()
        pause = _BETWEEN
        try:
            if forget_some():
                pause = _BREATH
        except Exception:
            log.exception("retention")
        stop.wait(pause)
    connection.close()


def forget_some() -> int:
    """Forgets up to 500 sealed parts whose messages were receipted more than ``keep_sealed_days`` ago; how many.

    A part that a message without a receipt names too stays.
    """
    before = clock.iso(clock.now() - timedelta(days=settings.NODE.keep_sealed_days))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.ARRIVED_SEALED, (before, before, _AT_ONCE))
        names = [row[0] for row in cursor.fetchall()]
        if names:
            cursor.execute(sql.FORGET_UPLOADS.format(marks=marks(names)), names)
            sealed.forget(names)
            detail = {"parts": len(names), "receipted_before": before}
            audit.record(audit.system("retention"), "sealed-forgotten", page="exchange", detail=detail)
    return len(names)
