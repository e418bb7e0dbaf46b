"""Slips that are about to end: the people who can do something about it are told once for each mark."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import date, timedelta

from django.db import close_old_connections, connection, transaction
from django.db.models import Q

from lienthong.access.models import Role
from lienthong.exchange import space
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.transfers import notices
from lienthong.transfers.models import SlipUse, State, Transfer, Urgency
from lienthong.transfers.validity import reception, slips, stays
from lienthong.transfers.validity.checks.reading import Form
from lienthong.transfers.validity.working_days import Calendar, calendar

log = logging.getLogger(__name__)

EVERY = 3600.0
YEARLY_DAYS = (7, 30)
"""Days before the end of a yearly slip."""
SHORT_WORKING_DAYS = 2
"""Working days before the end of any other, as long as the patient has not come."""
_OLDEST = timedelta(days=370)
_OVER = (State.DRAFTED, State.CANCELLED, State.DECLINED)
_CAME = (State.ARRIVED, State.ADMITTED, State.INTERIM, State.OUTCOME, State.CLOSED)


def run(stop: threading.Event) -> None:
    """Looks every hour until ``stop``."""
    while not stop.is_set():
        try:
            close_old_connections()
            look(clock.today())
        except Exception as error:
            if space.disk_failed(error):
                log.error("notices of slips cannot be written down: %s", error)
            else:
                log.exception("slips")
        stop.wait(EVERY)
    connection.close()


def look(today: date) -> int:
    """Tells of every slip of this hospital that is about to end; returns how many. A second look tells nothing new."""
    told = 0
    for transfer, about in due(today):
        with transaction.atomic():
            notices.tell("slip-expires", transfer, roles=(Role.DOCTOR, Role.NURSE), about=about)
        told += 1
    return told


def due(today: date) -> Iterator[tuple[Transfer, str]]:
    """Slips that are within a mark of their end, with the end and the mark: ``2025-01-24 2 working days``."""
    here, days = directory.here(), calendar()
    mine = Transfer.objects.filter(Q(sender=here) | Q(receiver=here)).exclude(state__in=_OVER)
    mine = mine.exclude(urgency=Urgency.EMERGENCY).filter(
        Q(signed_at__gte=clock.now() - _OLDEST) | Q(signed_at=None, left_at__gte=clock.now() - _OLDEST)
    )
    used = set(SlipUse.objects.exclude(loop="").values_list("loop", flat=True))
    for transfer in mine.prefetch_related("steps").iterator(chunk_size=200):
        mark = _mark(transfer, today, days, transfer.state in _CAME or transfer.loop in used)
        if mark:
            yield transfer, mark


def _mark(transfer: Transfer, today: date, days: Calendar, came: bool) -> str:
    signed_at = transfer.signed_at or transfer.left_at
    one_year = Form(transfer.form).value("one_year") is True
    if signed_at is None or (came and not one_year):
        return ""
    validity = slips.valid_until(signed_at, one_year=one_year, calendar=days, stays=stays.of_steps(transfer))
    if validity.stay is not None or today > validity.until:
        return ""
    if not one_year:
        near = today >= days.before(validity.until, SHORT_WORKING_DAYS)
        return f"{validity.until} {SHORT_WORKING_DAYS} working days" if near and not _in_his(transfer) else ""
    left = (validity.until - today).days
    return next((f"{validity.until} {mark} days" for mark in YEARLY_DAYS if left <= mark), "")


def _in_his(transfer: Transfer) -> bool:
    """Whether the HIS of this hospital has a visit with the slip."""
    return bool(stays.visits_with(transfer.slip, reception.visits(transfer), directory.here()))
