"""What a site tells the hub: hours whose counts changed, whole, so that telling them twice changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from lienthong.foundation import clock
from lienthong.rollout.feeds.models import FeedHour

PATH = "/feeds/v1/hours"
MOST_HOURS = 500
MOST_DAYS = 50_000
"""Days of data named in one call."""
BODY = 4 << 20

Moment = Annotated[str, Meta(pattern=r"^20\d\d-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(\.\d{1,6})?Z\Z")]
Start = Annotated[str, Meta(pattern=r"^20\d\d-[01]\d-[0-3]\dT[0-2]\d:00:00(\.0{1,6})?Z\Z")]
Day = Annotated[str, Meta(pattern=r"^[12]\d{3}-[01]\d-[0-3]\d\Z")]
Amount = Annotated[int, Meta(ge=0, le=100_000_000)]
Share = Annotated[list[Amount], Meta(min_length=2, max_length=2)]
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z-]{0,23}\Z")]


class Counted(Struct):
    """One hour of one feed, as :class:`.models.FeedHour` holds it."""

    feed: Annotated[str, Meta(pattern=r"^[A-Z]{2,8}\Z")]
    hour: Start
    fresh: Amount
    again: Amount
    first_at: Moment | None = None
    last_at: Moment | None = None
    days: Annotated[dict[Day, Amount], Meta(max_length=MOST_DAYS)] = {}
    fields: Annotated[dict[Name, Share], Meta(max_length=40)] = {}


class Told(Struct):
    """The body of the call. Everything that came before ``counted_to`` is told with it or was told before."""

    v: Literal[1]
    counted_to: Moment
    demo: bool
    hours: Annotated[list[Counted], Meta(max_length=MOST_HOURS)]


_told = msgspec.json.Decoder(Told)


def read(body: bytes) -> Told:
    """The body of a call.

    Raises:
        msgspec.MsgspecError, ValueError: it is not of its shape.
    """
    told = _told.decode(body)
    for one in told.hours:
        if any(filled > of for filled, of in one.fields.values()):
            raise ValueError(f"{one.feed} {one.hour}: more filled than there are")
        if sum(one.days.values()) > one.fresh:
            raise ValueError(f"{one.feed} {one.hour}: more by day than fresh")
        for moment in (one.hour, one.first_at, one.last_at):
            if moment is not None:
                clock.from_iso(moment)
    clock.from_iso(told.counted_to)
    if sum(len(one.days) for one in told.hours) > MOST_DAYS:
        raise ValueError(f"at most {MOST_DAYS} days")
    return told


def write(rows: Sequence[FeedHour], counted_to: datetime, *, demo: bool) -> bytes:
    """The body that tells rows."""
    hours = [
        Counted(
            row.feed,
            clock.iso(row.hour),
            row.fresh,
            row.again,
            clock.iso(row.first_at) if row.first_at else None,
            clock.iso(row.last_at) if row.last_at else None,
            row.days,
            row.fields,
        )
        for row in rows
    ]
    return msgspec.json.encode(Told(1, clock.iso(counted_to), demo, hours))
