"""Site: tells the hub the hours whose counts changed, and goes on where it stopped, however long the line was away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from django.conf import settings
from django.db import transaction

from lienthong.exchange.client import Answered, NoLine
from lienthong.exchange.problems import hub_fault
from lienthong.facilities import directory
from lienthong.foundation import json
from lienthong.rollout.feeds import message
from lienthong.rollout.feeds.models import FeedCounting, FeedHour

_JSON = {"Content-Type": "application/json"}


class Calls(Protocol):
    """What is needed of :class:`lienthong.exchange.client.Hub`."""

    def call(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answered:
        """A call with a short answer."""
        ...


def tell(hub: Calls, address: str) -> int:
    """Tells everything that is not told yet, call by call; returns how many hours.

    Args:
        address: of the hub; another one than before is told everything.

    Raises:
        NoLine: the hub or the line cannot now; HubRefused: it will not.
    """
    told, again = 0, False
    while True:
        state = _state(address)
        if state is None or state.counted_to is None:
            return told
        rows, more = _next(state.told)
        body = message.write(rows, state.counted_to, demo=settings.NODE.demo)
        held = _held(hub.call("POST", message.PATH, body, _JSON).data)
        told += len(rows)
        reached = max((row.change for row in rows), default=state.told)
        mine = FeedHour.objects.filter(facility=directory.here(), change__lte=reached).count()
        lost = held < mine and not again  # the hub has less than it was told: it came back from a backup
        FeedCounting.objects.filter(pk=state.pk, hub=address).update(told=0 if lost else reached)
        again = again or lost
        if not more and not lost:
            return told


def _state(address: str) -> FeedCounting | None:
    with transaction.atomic():
        state = FeedCounting.objects.select_for_update().first()
        if state is not None and state.hub != address:
            state.hub, state.told = address, 0
            state.save()
        return state


def _next(after: int) -> tuple[Sequence[FeedHour], bool]:
    """The rows changed after a change, few enough for one call, and whether there are more."""
    found = FeedHour.objects.filter(facility=directory.here(), change__gt=after).order_by("change")
    rows = list(found[: message.MOST_HOURS + 1])
    days, fit = 0, 0
    for row in rows[: message.MOST_HOURS]:
        days += len(row.days)
        if days > message.MOST_DAYS and fit:
            break
        fit += 1
    return rows[:fit], fit < len(rows)


def _held(body: bytes) -> int:
    try:
        return int(json.loads(body)["held"])
    except (json.DecodeError, KeyError, TypeError, ValueError) as error:
        raise NoLine(hub_fault(200)) from error
