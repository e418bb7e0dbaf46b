"""The rungs of every unit: each with the moment and the evidence behind it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Max, Min

from lienthong import exchange
from lienthong.facilities.models import Node
from lienthong.foundation import clock
from lienthong.rollout.feeds import reading, usual
from lienthong.rollout.feeds.fields import NODE
from lienthong.rollout.feeds.reading import Span
from lienthong.rollout.ladder import daily
from lienthong.rollout.ladder.daily import Run
from lienthong.transfers import desk
from lienthong.transfers.models import LoopStep, State
from lienthong.transfers.validity import working_days

INSTALLED, RECORD, TRANSFER, RECEIPT, OUTCOME, MONTH = NAMES = (
    "installed",
    "first-record",
    "first-transfer",
    "first-receipt",
    "first-outcome",
    "30-days",
)
FEED = "HIS"
"""The feed of the first record and of the days without a gap: every unit has a HIS."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One rung of one unit.

    Attributes:
        at: when it was reached; None while it was not.
        message, loop: what proves it, at this hub; empty where it is something else.
        other: the other facility.
        seen: the last contact of the unit's node.
        span: what its HIS brought.
        run: days without a gap.
        left_out: records that do not count, since the unit's node runs as a demonstration.
    """

    name: str
    at: datetime | None
    message: str = ""
    loop: str = ""
    other: str = ""
    seen: datetime | None = None
    span: Span | None = None
    run: Run | None = None
    left_out: int = 0


def of_units(facilities: Collection[str], on: date | None = None) -> dict[str, list[Evidence]]:
    """Every rung of some units, in order, as the traffic until the end of a day (now if none is given) proves it."""
    now = clock.now()
    until = min(now, reading.end_of(on)) if on else now
    nodes = {
        row["facility"]: row
        for row in Node.objects.filter(role="site", valid_from__lt=until)
        .values("facility")
        .annotate(first=Min("valid_from"), seen=Max("last_seen"))
    }
    firsts = reading.firsts(FEED, until)
    left_out = reading.left_out(until)
    sent, stored = (find(desk.TRANSFER, until) for find in (exchange.first_sent, exchange.first_stored))
    outcomes = _outcomes(until)
    months = runs(facilities, until)
    found = {}
    for code in facilities:
        node, run = nodes.get(code), months.get(code)
        joined = node["first"] if node and node["seen"] else None
        span = reading.span(code, FEED, until) if code in firsts else None
        found[code] = [
            Evidence(INSTALLED, joined, seen=node["seen"] if node else None),
            Evidence(RECORD, firsts.get(code), span=span, left_out=left_out.get(code, 0)),
            _message(TRANSFER, sent.get(code)),
            _message(RECEIPT, stored.get(code)),
            outcomes.get(code) or Evidence(OUTCOME, None),
            Evidence(MONTH, reading.end_of(run.reached) if run and run.reached else None, run=run),
        ]
    return found


def _message(name: str, first: exchange.First | None) -> Evidence:
    if first is None:
        return Evidence(name, None)
    return Evidence(name, first.at, message=first.message, loop=first.loop, other=first.receiver)


def _outcomes(until: datetime) -> dict[str, Evidence]:
    steps = LoopStep.objects.filter(kind=State.OUTCOME, taken_at__lt=until).order_by("-taken_at", "-key")
    rows = steps.values_list("sender", "receiver", "loop", "key", "taken_at")
    return {
        sender: Evidence(OUTCOME, at, message=key, loop=loop, other=receiver)
        for sender, receiver, loop, key, at in rows
    }


def runs(facilities: Collection[str], until: datetime) -> dict[str, Run]:
    """Unit to its days without a gap before a moment; units from which nothing came are left out."""
    counts = reading.by_day(FEED, until)
    ran = reading.by_day(NODE, until)
    reports = reading.reported(facilities)
    working = working_days.calendar().working
    found = {}
    for code in facilities:
        if code in reports and counts.get(code):
            known = min(until, reports[code].counted_to)
            last = known.astimezone(clock.VIETNAM).date() - timedelta(days=1)
            usual_work = _usual_work(counts[code], last, working)
            found[code] = daily.run(counts[code], last, usual_work, ran.get(code))
    return found


def _usual_work(
    counts: Mapping[date, int], last: date, working: Callable[[date], bool]
) -> Callable[[date], bool]:
    """Whether a day is one with usual work: working days, and others on which the feed usually brings something."""
    noon = {usual.day_start(day) + timedelta(hours=12): count for day, count in counts.items()}
    since = usual.day_start(min(counts)) - timedelta(hours=1)
    learned = usual.learn(noon, since, last + timedelta(days=1), working)

    def is_one(day: date) -> bool:
        return working(day) or (learned is not None and learned.of_day(day) >= usual.SMALLEST_GAP)

    return is_one
