"""Hub: how each feed of a unit is at a moment, judged from what the unit told until then."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal

from lienthong.foundation import clock
from lienthong.rollout.feeds import reading, usual
from lienthong.rollout.feeds.fields import FEEDS, NODE
from lienthong.rollout.feeds.reading import Hours
from lienthong.rollout.feeds.usual import Fallen, Usual
from lienthong.transfers.validity import working_days

REPORTS_STOP = timedelta(hours=3)
"""After so long without a report nobody knows whether anything comes."""
_HISTORY = timedelta(weeks=usual.WEEKS, days=4)

Kind = Literal["ok", "silent", "drift", "unknown"]
Why = Literal["", "never", "no-report", "short", "rare", "silent", "fewer", "fields"]


@dataclass(frozen=True, slots=True)
class State:
    """One feed of one unit.

    Attributes:
        why: what the state rests on: ``never`` nothing came yet, ``no-report`` the unit has told nothing for hours,
            ``short`` too little is known to say what is usual, ``rare`` hardly anything is usual.
        usual: what it brings on a working day; None where that is not known.
        today: items of this day.
        last_at: when the last item came.
        known_to: until when it is known what came; None when the unit never told.
        fewer: day, items, and items usual on such a day.
        fallen: names of fields that stopped being filled.
        learned: what the usual is, for the page.
    """

    feed: str
    state: Kind
    why: Why
    usual: int | None = None
    today: int = 0
    last_at: datetime | None = None
    known_to: datetime | None = None
    fewer: tuple[date, int, int] | None = None
    fallen: dict[str, Fallen] = field(default_factory=dict)
    learned: Usual | None = field(default=None, repr=False)


def of_units(facilities: Collection[str], at: datetime) -> dict[str, list[State]]:
    """Every feed of some units at a moment, in the order of :data:`.fields.FEEDS`."""
    reports = reading.reported(facilities)
    begins = reading.began(at)
    working = working_days.calendar().working
    known_to = {code: min(at, row.counted_to) for code, row in reports.items() if code in begins}
    told = reading.told({code: (moment - _HISTORY, moment) for code, moment in known_to.items()})
    found = {}
    for code in facilities:
        if code not in told:
            found[code] = [State(feed, "unknown", "never") for feed in FEEDS]
            continue
        hours, shares = told[code].hours, told[code].shares
        found[code] = [
            judge(
                feed,
                hours.get(feed, Hours()),
                since=begins[code],
                known_to=known_to[code],
                stopped=at - known_to[code] > REPORTS_STOP,
                shares=shares.get(feed, {}),
                working=working,
                ran=hours.get(NODE, Hours()).items,
            )
            for feed in FEEDS
        ]
    return found


def judge(
    feed: str,
    hours: Hours,
    *,
    since: datetime,
    known_to: datetime,
    stopped: bool,
    shares: Mapping[str, usual.Shares],
    working: Callable[[date], bool],
    ran: usual.Hours,
) -> State:
    """The state of a feed.

    Args:
        hours: of the last weeks.
        since: from when on it is known what came.
        stopped: the unit has told nothing for hours.
        ran: looks of the program by hour: where it did not run, nothing could come.
    """
    today = known_to.astimezone(clock.VIETNAM).date()
    begin = usual.day_start(today)
    of_today = sum(count for hour, count in hours.items.items() if hour >= begin)
    last_at = hours.last_at
    if last_at is None:
        return State(feed, "unknown", "never", known_to=known_to)
    learned = usual.learn(hours.items, since, today, working, hours.moments)
    known = {"today": of_today, "last_at": last_at, "known_to": known_to, "learned": learned}
    on_a_day = round(learned.of_working_day) if learned else None
    if stopped:
        return State(feed, "unknown", "no-report", on_a_day, **known)  # type: ignore[arg-type]
    if learned is None or on_a_day is None:
        return State(feed, "unknown", "short", None, **known)  # type: ignore[arg-type]
    known["fallen"] = fallen = {
        name: found for name, days in shares.items() if (found := usual.fallen(days, today)) is not None
    }
    if usual.silent(learned, last_at, known_to):
        return State(feed, "silent", "silent", on_a_day, **known)  # type: ignore[arg-type]
    yesterday = today - timedelta(days=1)
    came = sum(count for hour, count in hours.items.items() if usual.day_start(yesterday) <= hour < begin)
    if usual.fewer(learned, yesterday, came) and _ran(ran, yesterday):
        known["fewer"] = (yesterday, came, round(learned.of_day(yesterday)))
        return State(feed, "drift", "fewer", on_a_day, **known)  # type: ignore[arg-type]
    if fallen:
        return State(feed, "drift", "fields", on_a_day, **known)  # type: ignore[arg-type]
    return State(feed, "ok", "rare" if on_a_day < 1 else "", on_a_day, **known)  # type: ignore[arg-type]


def _ran(ran: usual.Hours, day: date) -> bool:
    """Whether the program ran for most of a day; also where that was not counted yet."""
    if not ran or usual.day_start(day) < min(ran):
        return True
    begin = usual.day_start(day)
    return sum(begin <= hour < begin + timedelta(days=1) for hour in ran) >= 20
