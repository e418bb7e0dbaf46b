"""Hub: what sites told, by hour and by day. Rows of demonstrations count only where the hub is one itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from django.conf import settings
from django.db.models import F, Max, Min, Q, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from lienthong.foundation import clock
from lienthong.rollout.feeds.fields import FEEDS, NODE
from lienthong.rollout.feeds.models import FeedHour, FeedReport
from lienthong.rollout.feeds.usual import day_start


@dataclass(frozen=True, slots=True)
class Span:
    """How much of a feed came: items in all, the first and the last moment, the first and last day of the data."""

    items: int
    first_at: datetime
    last_at: datetime
    first_day: date | None
    last_day: date | None


def counts() -> Q:
    """Rows that count at this hub."""
    return Q() if settings.NODE.demo else Q(demo=False)


def end_of(day: date) -> datetime:
    """When a day has ended in Viet Nam."""
    return day_start(day + timedelta(days=1))


def reported(facilities: Collection[str] | None = None) -> dict[str, FeedReport]:
    """Facility to its last report."""
    found = FeedReport.objects.all()
    if facilities is not None:
        found = found.filter(facility__in=list(facilities))
    return {row.facility: row for row in found}


def began(until: datetime | None = None) -> dict[str, datetime]:
    """Facility to the first hour that it has told anything of: from then on what is missing is zero."""
    found = FeedHour.objects.filter(counts())
    if until is not None:
        found = found.filter(hour__lt=until)
    rows = found.values_list("facility").annotate(Min("hour"))
    return dict(rows)


@dataclass(slots=True)
class Hours:
    """What one feed brought: items by hour, first and last moment of each of these hours."""

    items: dict[datetime, int] = field(default_factory=dict)
    moments: dict[datetime, tuple[datetime, datetime]] = field(default_factory=dict)

    @property
    def last_at(self) -> datetime | None:
        """When something came last."""
        return max((last for _first, last in self.moments.values()), default=None)


Shares = dict[str, dict[date, tuple[int, int]]]
"""Field to filled and all items by the day they came."""


@dataclass(slots=True)
class Told:
    """What one unit told: feed to what it brought, feed to how its fields were filled."""

    hours: dict[str, Hours] = field(default_factory=lambda: defaultdict(Hours))
    shares: dict[str, Shares] = field(default_factory=lambda: defaultdict(lambda: defaultdict(dict)))


def told(spans: Mapping[str, tuple[datetime, datetime]]) -> dict[str, Told]:
    """What some units told, each from one moment until another; in one query."""
    found = {code: Told() for code in spans}
    if not spans:
        return found
    rows = FeedHour.objects.filter(
        counts(),
        facility__in=list(spans),
        hour__gte=min(since for since, _until in spans.values()),
        hour__lt=max(until for _since, until in spans.values()),
    )
    columns = ("facility", "feed", "hour", "fresh", "again", "first_at", "last_at", "fields")
    for code, feed, begin, fresh, again, first_at, last_at, fields in rows.values_list(*columns).order_by(
        "hour"
    ):
        hour, (since, until) = begin.astimezone(UTC), spans[code]
        if not since <= hour < until:
            continue
        own = found[code].hours[feed]
        own.items[hour] = fresh + again
        if first_at is not None and last_at is not None:
            ends = hour + timedelta(hours=1)
            first, last = (min(max(moment, hour), ends) for moment in (first_at, last_at))
            own.moments[hour] = (first, min(last, until))
        if feed != NODE:
            _add(found[code].shares[feed], hour.astimezone(clock.VIETNAM).date(), fields)
    return found


def _add(shares: Shares, day: date, fields: Mapping[str, tuple[int, int]]) -> None:
    for name, (filled, of) in fields.items():
        held = shares[name].get(day, (0, 0))
        shares[name][day] = (held[0] + filled, held[1] + of)


def filled(
    feed: str, name: str, facilities: Collection[str], since: datetime, until: datetime
) -> dict[str, tuple[int, int]]:
    """Facility to how many items of a feed had a field filled, and of how many."""
    found: dict[str, tuple[int, int]] = {}
    rows = FeedHour.objects.filter(counts(), feed=feed, facility__in=list(facilities))
    for code, fields in rows.filter(hour__gte=since, hour__lt=until).values_list("facility", "fields"):
        some, of = fields.get(name, (0, 0))
        held = found.get(code, (0, 0))
        found[code] = (held[0] + some, held[1] + of)
    return found


def by_day(feed: str, until: datetime) -> dict[str, dict[date, int]]:
    """Facility to items of a feed by the day they came, of all time before ``until``."""
    found: dict[str, dict[date, int]] = defaultdict(dict)
    rows = (
        FeedHour.objects.filter(counts(), feed=feed, hour__lt=until)
        .annotate(day=TruncDate("hour", tzinfo=timezone.get_default_timezone()))
        .values_list("facility", "day")
        .annotate(items=Sum(F("fresh") + F("again")))
        .order_by()
    )
    for facility, day, items in rows:
        if items:
            found[facility][day] = items
    return found


def by_data_day(facility: str, feed: str, until: datetime) -> dict[date, int]:
    """Day of the data to first items of that day."""
    found: dict[date, int] = defaultdict(int)
    rows = FeedHour.objects.filter(counts(), facility=facility, feed=feed, hour__lt=until)
    for days in rows.values_list("days", flat=True):
        for day, number in days.items():
            try:
                found[date.fromisoformat(day)] += number
            except ValueError:  # 31 February
                continue
    return dict(sorted(found.items()))


def span(facility: str, feed: str, until: datetime) -> Span | None:
    """How much of a feed came before a moment; None when nothing did."""
    rows = FeedHour.objects.filter(counts(), facility=facility, feed=feed, hour__lt=until)
    total = rows.aggregate(items=Sum(F("fresh")), first=Min("first_at"), last=Max("last_at"))
    if not total["items"] or total["first"] is None:
        return None
    days = by_data_day(facility, feed, until)
    return Span(
        total["items"], total["first"], total["last"], min(days, default=None), max(days, default=None)
    )


def firsts(feed: str, until: datetime) -> dict[str, datetime]:
    """Facility to the moment at which the first item of a feed came, before ``until``."""
    rows = FeedHour.objects.filter(counts(), feed=feed, fresh__gt=0, first_at__lt=until)
    return dict(rows.values_list("facility").annotate(Min("first_at")))


def left_out(until: datetime) -> dict[str, int]:
    """Facility to items that do not count because the site runs as a demonstration and this hub does not."""
    if settings.NODE.demo:
        return {}
    rows = FeedHour.objects.filter(demo=True, hour__lt=until).filter(feed__in=list(FEEDS))
    return {code: items for code, items in rows.values_list("facility").annotate(Sum("fresh")) if items}
