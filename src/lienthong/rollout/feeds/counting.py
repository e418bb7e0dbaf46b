"""Site: counts what came, arrival by arrival, in small steps that each commit counts and position together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.db import transaction

from lienthong import records
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.records.values import SHARED
from lienthong.rollout.feeds import fields, tally
from lienthong.rollout.feeds.models import FeedCounting, FeedHour
from lienthong.rollout.feeds.tally import Hour

STEP = 25
"""Arrivals counted in one transaction."""
_NAME = "site"

Key = tuple[str, datetime]


def count(most: int = 1 << 62) -> int:
    """Counts the next arrivals, ``most`` at most; notes that all is counted when it comes to their end.

    Returns:
        How many it looked at.
    """
    done = 0
    while done < most:
        began, before = clock.now(), _state()
        arrivals = records.arrivals(before.position, min(STEP, most - done))
        if not arrivals:
            FeedCounting.objects.filter(name=_NAME, position=before.position).update(counted_to=began)
            break
        hours = _tallied(arrivals)
        with transaction.atomic():
            state = FeedCounting.objects.select_for_update().get(name=_NAME)
            if state.position == before.position:  # nobody else has counted them
                state.position = arrivals[-1].number
                _add(state, hours)
        done += len(arrivals)
    return done


def looked() -> None:
    """Notes that the program runs."""
    now = clock.now()
    _state()
    with transaction.atomic():
        state = FeedCounting.objects.select_for_update().get(name=_NAME)
        _add(state, {(fields.NODE, tally.hour_of(now)): Hour(fresh=1, first_at=now, last_at=now)})


def _state() -> FeedCounting:
    return FeedCounting.objects.get_or_create(name=_NAME)[0]


def _tallied(arrivals: list[records.Arrival]) -> dict[Key, Hour]:
    """Counts of what came from this hospital's own systems; what another hospital sent is no feed of ours."""
    read = [tally.read(arrival.resources) for arrival in arrivals]
    wanted = [item.ref for items, _people in read for item in items]
    others = [_any_own(arrival.resources) for arrival in arrivals]
    origins = records.origins([*wanted, *filter(None, others)])
    here = directory.here()
    hours: dict[Key, Hour] = defaultdict(Hour)
    for arrival, (items, people), other in zip(arrivals, read, others, strict=True):
        known = [origins[ref] for ref in (*(item.ref for item in items), other) if ref in origins]
        if not known or known[0][0].split("/")[1:2] != [here]:
            continue
        moment = clock.from_iso(arrival.at)
        hour = tally.hour_of(moment)
        if not any(item.feed == "HIS" for item in items):  # a dossier whose visit itself did not change
            items = [*items, tally.Item("HIS", "", "", {})]
        for item in items:
            first = origins[item.ref][1] if item.ref in origins else 0
            hours[item.feed, hour].add(item, moment, fresh=arrival.begins <= first <= arrival.number)
        for filled in people:
            hours["HIS", hour].judge(filled)
    return hours


def _any_own(resources: list[records.reading.Resource]) -> str:
    """``Type/id`` of a resource that belongs to one set alone; empty when there is none."""
    for one in resources:
        if one["resourceType"] not in SHARED:
            return f"{one['resourceType']}/{one['id']}"
    return ""


def _add(state: FeedCounting, hours: Mapping[Key, Hour]) -> None:
    """Adds counts to the rows and saves the state, in the caller's transaction."""
    here = directory.here()
    rows = {
        (row.feed, row.hour): row
        for row in FeedHour.objects.filter(facility=here, hour__in={hour for _feed, hour in hours})
    }
    for (feed, hour), more in hours.items():
        state.change += 1
        row = rows.get((feed, hour)) or FeedHour(facility=here, feed=feed, hour=hour, days={}, fields={})
        row.fresh += more.fresh
        row.again += more.again
        row.first_at = min(filter(None, (row.first_at, more.first_at)), default=None)
        row.last_at = max(filter(None, (row.last_at, more.last_at)), default=None)
        for day, number in more.days.items():
            row.days[day] = row.days.get(day, 0) + number
        for name, (filled, of) in more.fields.items():
            held = row.fields.get(name, [0, 0])
            row.fields[name] = [held[0] + filled, held[1] + of]
        row.demo = settings.NODE.demo
        row.change = state.change
        row.save()
    state.save()
