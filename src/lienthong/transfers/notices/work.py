"""The work that runs by itself: mail, hooks, the alerts about them, and tidying up."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.db import close_old_connections, connection, transaction

from lienthong.exchange import alerts, space
from lienthong.transfers.notices import calls, hooks, mail, sending

log = logging.getLogger(__name__)

EVERY = 2.0
"""Seconds between two looks at the queues."""
_ALERTS_EVERY, _TIDY_EVERY = 15.0, 3600.0


def run(stop: threading.Event) -> None:
    """Sends mail and calls hooks until ``stop``; a slow hook does not hold up mail, nor the other way round."""
    loops = [
        threading.Thread(target=repeat, args=(stop, "mail", EVERY, mail.work), daemon=True),
        threading.Thread(target=repeat, args=(stop, "hooks", EVERY, hooks.work), daemon=True),
    ]
    for loop in loops:
        loop.start()
    tidied = float("-inf")

    def look() -> None:
        nonlocal tidied
        tell_trouble()
        if time.monotonic() > tidied + _TIDY_EVERY:
            tidied = time.monotonic()
            calls.tidy()
            sending.tidy()
            hooks.tidy()

    repeat(stop, "notices", _ALERTS_EVERY, look)
    for loop in loops:
        loop.join(1.0)


def tell_trouble() -> None:
    """Opens and closes the alerts about mail and hooks."""
    with transaction.atomic():
        for code, found in (sending.trouble() | hooks.trouble()).items():
            alerts.settle(code, found)


def repeat(stop: threading.Event, name: str, every: float, work: Callable[[], object]) -> None:
    """Does a work again and again until ``stop``, whatever goes wrong in it; ``every``: seconds between."""
    try:
        while not stop.is_set():
            try:
                close_old_connections()
                work()
            except Exception as error:
                if space.disk_failed(error):
                    log.error("%s: cannot write: %s", name, error)
                else:
                    log.exception("%s", name)
            stop.wait(every)
    finally:
        connection.close()
