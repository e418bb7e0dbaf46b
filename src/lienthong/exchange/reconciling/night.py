"""The nightly work: when it begins, how it goes on in small steps, how far it is."""

from __future__ import annotations

import logging
import random
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import close_old_connections, connection, transaction

from lienthong.exchange import alerts
from lienthong.exchange.reconciling import (
    again,
    asking,
    checking,
    conversation,
    discrepancies,
    mailboxes,
    sql,
    words,
)
from lienthong.foundation import clock, ids

log = logging.getLogger(__name__)

_SLICE = 0.15
"""Seconds of work before a pause."""
_CALM, _QUICK = 3.0, 0.3
"""Length of a pause for each second of work, at night and when a person waits."""
_LEASE = timedelta(seconds=60)
_RENEW = 20.0
_LOOK = 2.0
_GATHER = 30.0
_JITTER = 3600.0
CHECKING, LINKS, COMPARING = "checking", "links", "comparing"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the work is.

    Attributes:
        phase: ``checking``, ``links`` (the chains), ``comparing``, or empty when it rests.
        wanted: a person asked for it and it has not begun yet.
        checked, total: messages; since: when it began; checked_at: when all were checked; ended_at, next_at: aware.
    """

    phase: str
    wanted: bool
    checked: int
    total: int
    since: datetime | None
    checked_at: datetime | None
    ended_at: datetime | None
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class _State:
    phase: str
    wanted: str
    position: int
    last: int
    next_at: str


def progress() -> Progress:
    """How far this node's work is."""
    row = _row()
    phase, wanted, _, _, checked, total, *moments = row
    return Progress(
        phase, bool(wanted), checked, total, *(clock.from_iso(text) if text else None for text in moments)
    )


def start() -> None:
    """Lets the work begin at once instead of at night, and asks again for what was asked before."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.MAKE_STATE)
        cursor.execute(sql.WANT, (clock.iso(clock.now()),))
    conversation.wake.set()


def _row() -> tuple[str, str, int, int, int, int, str, str, str, str]:
    with connection.cursor() as cursor:
        cursor.execute(sql.STATE)
        row = cursor.fetchone()
    return tuple(row) if row else ("", "", 0, 0, 0, 0, "", "", "", "")


def _tonight(at: str) -> datetime:
    """The next time of day ``hh:mm`` in Viet Nam, and up to an hour later, so that not all nodes begin at once."""
    now = clock.now().astimezone(clock.VIETNAM)
    hour, _, minute = at.partition(":")
    then = now.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
    then += timedelta(seconds=random.uniform(0, _JITTER))  # noqa: S311 - jitter
    return then if then > now else then + timedelta(days=1)


class Worker:
    """Does the work of one node; several may run, one at a time works. ``run`` blocks until ``stop`` is set."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop, self._name = stop, ids.new_id()
        self._gathered, self._claimed, self._told, self._planned = 0.0, 0.0, -1, False

    def run(self) -> None:
        """Takes turns until stopped; what fails is logged and tried again."""
        try:
            while not self._stop.is_set():
                close_old_connections()
                conversation.wake.clear()
                try:
                    busy = self.turn()
                except Exception:
                    log.exception("reconciling")
                    busy = False
                if not busy:
                    conversation.wake.wait(_LOOK)
        finally:
            self._release()
            connection.close()

    def turn(self) -> bool:
        """One piece of work, if this worker may work; False when there is nothing to do now."""
        if not self._claim():
            return False
        busy = conversation.attend() > 0
        if settings.NODE.role == "hub" and time.monotonic() > self._gathered:
            self._gathered = time.monotonic() + _GATHER
            conversation.gather()
        state = self._state()
        busy = self._work(state) or busy
        if not state.phase:
            self._ask(now=False)
        return busy

    def _claim(self) -> bool:
        """Whether this worker may work; claimed for a minute, and anew every twenty seconds."""
        if time.monotonic() < self._claimed:
            return True
        now = clock.now()
        with connection.cursor() as cursor:
            cursor.execute(sql.MAKE_STATE)
            until = clock.iso(now + _LEASE)
            cursor.execute(sql.CLAIM, (self._name, until, self._name, clock.iso(now), until))
            mine = bool(cursor.rowcount)
        self._claimed = time.monotonic() + _RENEW if mine else 0.0
        return mine

    def _release(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql.UNCLAIM, (self._name,))

    def _state(self) -> _State:
        phase, wanted, position, last, _, _, _, _, _, next_at = _row()
        return _State(phase, wanted, position, last, next_at)

    def _work(self, state: _State) -> bool:
        """Begins or goes on; the place reached is kept, so that a killed worker's successor goes on there."""
        if state.phase == CHECKING:
            self._sweep(state, _QUICK if state.wanted else _CALM)
        elif state.phase == LINKS:
            self._follow(state)
        elif state.phase == COMPARING:
            self._compare()
        else:
            return self._begin(state)
        return True

    def _begin(self, state: _State) -> bool:
        now = clock.now()
        planned = clock.from_iso(state.next_at) if state.next_at else None
        if not self._planned and (planned is None or planned > now):
            planned = self._plan()
        self._planned = True
        if not state.wanted and planned is not None and planned > now:
            return False
        last, total = checking.span()
        with connection.cursor() as cursor:
            values = (last, total, clock.iso(now), clock.iso(_tonight(settings.NODE.reconcile_at)))
            cursor.execute(sql.BEGIN, values)
        return True

    def _plan(self) -> datetime:
        planned = _tonight(settings.NODE.reconcile_at)
        with connection.cursor() as cursor:
            cursor.execute(sql.PLAN, (clock.iso(planned),))
        return planned

    def _sweep(self, state: _State, pause: float) -> None:
        """Checks messages for a moment, then pauses longer than that, so that the rest of the node has its turn."""
        began, position, last = time.monotonic(), state.position, state.last
        while position < last and not self._stop.is_set():
            position, count = checking.step(position, last)
            self._move(position, count)
            if time.monotonic() > began + _SLICE:
                break
        if position >= last:
            if settings.NODE.role == "hub":
                mailboxes.lost()
                self._phase(COMPARING)
            else:
                self._phase(LINKS)
        self._stop.wait((time.monotonic() - began) * pause)

    def _follow(self, state: _State) -> None:
        position, _ = checking.links(state.position, state.last)
        self._move(position, 0)
        if position >= state.last:
            checking.ends()
            self._phase(COMPARING)

    def _compare(self) -> None:
        """Asks for what was found and begins to compare with every facility; answers are seen to as they come."""
        self._ask(now=True)
        if settings.NODE.role == "hub":
            conversation.gather()
        else:
            for sender, receiver in conversation.peers():
                conversation.begin(sender, receiver)
        with connection.cursor() as cursor:
            cursor.execute(sql.END, (clock.iso(clock.now()),))

    def _ask(self, *, now: bool) -> None:
        """Asks the other sides for what is open, and tells people how much that is."""
        found = discrepancies.still_open()
        if found:
            with transaction.atomic():
                if settings.NODE.role == "hub":
                    again.ask(found, now=now)
                else:
                    asking.ask(found, now=now)
        if len(found) != self._told:
            self._told = len(found)
            with transaction.atomic():
                if found:
                    alerts.raise_alert(words.alert(len(found)), "")
                else:
                    alerts.clear(words.alert(0).code)

    def _move(self, position: int, count: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql.MOVE, (position, count, clock.iso(clock.now() + _LEASE)))

    def _phase(self, phase: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(sql.PHASE, (phase, clock.iso(clock.now())))
