"""Site: counts every minute what came, and tells the hub every few minutes."""

from __future__ import annotations

import logging
import threading
import time

from django.db import close_old_connections, connection, transaction

from lienthong.exchange import alerts, space
from lienthong.exchange.client import Hub, HubRefused, NoLine
from lienthong.exchange.trust import entering
from lienthong.facilities import directory
from lienthong.rollout.feeds import counting, problems, telling

log = logging.getLogger(__name__)

LOOK, TELL, REFUSED = 60.0, 120.0, 3600.0
"""Seconds between looks, between reports, and after the hub refused one."""
_REST = 3.0
"""After each step of a backlog it rests so many times as long, so that storing goes first."""


def catch_up(stop: threading.Event) -> None:
    """Counts everything that came, with rests between the steps."""
    while not stop.is_set():
        began = time.monotonic()
        if not counting.count(counting.STEP):
            return
        stop.wait(_REST * (time.monotonic() - began))


def run(stop: threading.Event) -> None:
    """Counts and tells until ``stop``."""
    tell_at, hub, address = 0.0, None, ""
    while not stop.is_set():
        try:
            close_old_connections()
            counting.looked()
            catch_up(stop)
            if time.monotonic() >= tell_at and directory.nodes("hub"):
                if hub is None or address != entering.address():
                    address = entering.address()
                    hub = Hub(address) if address else None
                if hub is not None:
                    telling.tell(hub, address)
                    for code in problems.FAULTS:
                        alerts.clear(code)
                    tell_at = time.monotonic() + TELL
        except NoLine:
            pass
        except HubRefused as error:
            log.warning("feeds: %s", error)
            tell_at = time.monotonic() + REFUSED
            if error.problem.code in problems.FAULTS:
                with transaction.atomic():
                    alerts.raise_alert(error.problem)
        except Exception as error:
            if space.disk_failed(error):
                log.error("feeds cannot be counted: %s", error)
            else:
                log.exception("feeds")
        finally:
            connection.close()
        stop.wait(LOOK)
