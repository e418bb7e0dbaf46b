"""Looks every few seconds for what a person must see to; opens alerts, and closes them when their cause is gone."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import close_old_connections, connection, transaction
from django.db.models import Max

from lienthong.exchange import again, alerts, causes, chain, inbox, reading, space, sql
from lienthong.exchange.alerts import Alert
from lienthong.facilities import directory
from lienthong.facilities.models import Node
from lienthong.foundation import clock
from lienthong.foundation.errors import Problem

log = logging.getLogger(__name__)

EVERY = 15.0
LINE_DOWN = timedelta(minutes=5)
CLOCKS_DIFFER = 60
GAP_AFTER = timedelta(minutes=15)
RESUME_EVERY = 3600.0
GROWING_OVER = timedelta(minutes=15)
GROWING_FROM = 100
WAITS_LONG = timedelta(minutes=30)
NO_RECEIPT = timedelta(hours=24)
SITE_SILENT = timedelta(minutes=30)
KEY_ENDS = timedelta(days=30)

Found = dict[str, Problem]
"""What an alert is about, to the problem."""
Check = Callable[[], dict[str, Found]]
"""Looks for causes: every code that it may find, to what it finds now."""


def attention() -> list[Alert]:
    """What is open now; a full disk is told also when it can no longer be written down."""
    found = alerts.open_alerts()
    problem = space.problem()
    if problem is not None and all(alert.problem.code != problem.code for alert in found):
        now = clock.now()
        found.insert(0, Alert(problem, "", now, now, 1))
    return found


class Watch:
    """The loop; one for each node. ``checks`` are those of other parts."""

    def __init__(self, checks: Sequence[Check] = ()) -> None:
        self._checks = checks
        self._queued: deque[tuple[datetime, int]] = deque()
        self._gap_since: dict[tuple[str, int], datetime] = {}
        self._resumed = float("-inf")

    def run(self, stop: threading.Event) -> None:
        """Looks until ``stop``."""
        while not stop.is_set():
            try:
                close_old_connections()
                self.look()
            except Exception as error:
                if space.disk_failed(error):
                    log.error("alerts cannot be written down: %s", error)
                else:
                    log.exception("watch")
            stop.wait(EVERY)
        connection.close()

    def look(self) -> None:
        """One look at everything."""
        found = self._of_hub() if settings.NODE.role == "hub" else self._of_site()
        found |= _disk() | _keys()
        for check in self._checks:
            found |= check()
        if settings.NODE.role == "site":
            again.superseded()
            if time.monotonic() > self._resumed + RESUME_EVERY:
                self._resumed = time.monotonic()
                inbox.resume()
        with transaction.atomic():
            for code, causes_now in found.items():
                alerts.settle(code, causes_now)
            with connection.cursor() as cursor:
                cursor.execute(sql.CLOSE_MESSAGE_ALERTS, (clock.iso(clock.now()),))

    def _of_site(self) -> dict[str, Found]:
        now, state = clock.now(), reading.flow()
        ahead = state.clock_ahead
        contact, problem = state.last_contact_at, state.last_error
        down = contact is None or now - contact > LINE_DOWN
        refuses = problem is not None and not problem.retry
        down = down and space.problem() is None  # then it asks for no mail
        full = space.queue_problem()
        oldest = state.oldest_waiting_at
        late = oldest is not None and now - oldest > WAITS_LONG and not down
        return {
            "exchange-line-down": _one(causes.line_down(contact, problem) if down and not refuses else None),
            "exchange-hub-refuses": _one(causes.hub_refuses(problem) if problem and refuses else None),
            "exchange-clock-wrong": _one(causes.clock_wrong(-ahead) if abs(ahead) > CLOCKS_DIFFER else None),
            "exchange-queue-full": _one(full),
            "exchange-queue-growing": _one(None if full else self._growing(now, state.waiting)),
            "exchange-queue-old": _one(causes.queue_old(oldest) if oldest and late else None),
            "exchange-no-receipt": _unconfirmed(now),
            "exchange-gap": self._gaps(now),
        }

    def _of_hub(self) -> dict[str, Found]:
        now, silent = clock.now(), {}
        sites = Node.objects.filter(role="site").values("facility").annotate(seen=Max("last_seen"))
        for row in sites:
            if row["seen"] is not None and now - row["seen"] > SITE_SILENT:
                code = row["facility"]
                silent[code] = causes.site_silent(code, row["seen"])
        return {"exchange-site-silent": silent}

    def _gaps(self, now: datetime) -> Found:
        """Gaps that this process has seen for a while; messages on their way close theirs before."""
        seen = {(gap.sender, gap.first): gap for gap in chain.gaps()}
        self._gap_since = {key: self._gap_since.get(key, now) for key in seen}
        return {
            f"{sender} {first}": causes.gap(sender, first, gap.last)
            for (sender, first), gap in seen.items()
            if now - self._gap_since[sender, first] >= GAP_AFTER
        }

    def _growing(self, now: datetime, waiting: int) -> Problem | None:
        self._queued.append((now, waiting))
        while len(self._queued) > 1 and self._queued[1][0] <= now - GROWING_OVER:
            self._queued.popleft()
        since, before = self._queued[0]
        if waiting < GROWING_FROM or now - since < GROWING_OVER or waiting <= before * 1.2:
            return None
        return causes.queue_growing(waiting, before)


def _one(problem: Problem | None) -> Found:
    return {} if problem is None else {"": problem}


def _disk() -> dict[str, Found]:
    room, full = space.room(), space.problem()
    low = causes.disk_low(room.free, room.reserve) if room.low and full is None else None
    code = "exchange-hub-full" if settings.NODE.role == "hub" else "exchange-disk-full"
    return {code: _one(full), "exchange-disk-low": _one(low)}


def _keys() -> dict[str, Found]:
    """The newest key of this node, at the hub also of every site, when it ends within a month."""
    now, found = clock.now(), dict[str, dict[str, Problem]]()
    nodes = Node.objects.all() if directory.is_hub() else Node.objects.filter(facility=directory.here())
    for code, ends in _ends(nodes.values_list("facility", "valid_to")):
        if ends is not None and ends - now < KEY_ENDS:
            problem = causes.key_ends(ends, now)
            found.setdefault(problem.code, {})[code] = problem
    return {"exchange-key-expiring": {}, "exchange-key-expired": {}} | found


def _ends(rows: Iterable[tuple[str, datetime | None]]) -> list[tuple[str, datetime | None]]:
    """When each facility's last key ends; None when one has no end."""
    last: dict[str, datetime | None] = {}
    for code, ends in rows:
        before = last.get(code, ends)
        last[code] = None if before is None or ends is None else max(before, ends)
    return list(last.items())


def _unconfirmed(now: datetime) -> Found:
    with connection.cursor() as cursor:
        cursor.execute(sql.UNCONFIRMED, (clock.iso(now - NO_RECEIPT),))
        rows: list[tuple[str, int, Any]] = cursor.fetchall()
    return {code: causes.no_receipt(code, count, clock.from_iso(since)) for code, count, since in rows}
