"""Declared beside proven: the facts of the units put through the rules."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from lienthong.foundation import clock
from lienthong.rollout import facts
from lienthong.rollout.feeds import reading, states
from lienthong.rollout.feeds.fields import FEEDS
from lienthong.rollout.feeds.states import State
from lienthong.rollout.ladder import rungs
from lienthong.rollout.ladder.rules import RECENT_DAYS, RULES, Proven, Rule
from lienthong.rollout.ladder.rungs import Evidence

_TOLD_LATELY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Found:
    """A rule that a unit breaks: what was declared, since when and after which source, and what is proven."""

    unit: str
    rule: Rule
    fact: facts.Fact
    proven: Proven


def proofs(
    facilities: Collection[str],
    moment: datetime,
    ladder: Mapping[str, list[Evidence]],
    feeds: Mapping[str, list[State]],
) -> dict[str, Proven]:
    """What the traffic of some units proves at a moment."""
    reports, counts = reading.reported(facilities), {feed: reading.by_day(feed, moment) for feed in FEEDS}
    today = moment.astimezone(clock.VIETNAM).date()
    begin = today - timedelta(days=RECENT_DAYS)
    since = reading.end_of(begin)
    coded = reading.filled("HIS", "diagnosis", facilities, since, moment)
    found = {}
    for code in facilities:
        reached = {one.name for one in ladder[code] if one.at is not None}
        days = {feed: counts[feed][code] for feed in FEEDS if counts[feed].get(code)}
        report = reports.get(code)
        found[code] = Proven(
            installed=rungs.INSTALLED in reached,
            sent=rungs.TRANSFER in reached,
            receipted=rungs.RECEIPT in reached,
            items={
                feed: sum(count for day, count in held.items() if day > begin) for feed, held in days.items()
            },
            last={feed: max(held) for feed, held in days.items()},
            known=report is not None and moment - report.counted_to < _TOLD_LATELY,
            coded=_share(*coded.get(code, (0, 0))),
            silent=frozenset(one.feed for one in feeds[code] if one.state == "silent"),
        )
    return found


def _share(filled: int, of: int) -> float | None:
    return filled / of if of >= RECENT_DAYS else None


def compare(
    facilities: Collection[str],
    on: date | None = None,
    *,
    ladder: Mapping[str, list[Evidence]] | None = None,
    feeds: Mapping[str, list[State]] | None = None,
) -> list[Found]:
    """The rules that units break, in the order of units and rules, as of the end of a day (now if none is given).

    Args:
        ladder, feeds: of these units and that moment, where the caller has them.
    """
    now = clock.now()
    moment = min(now, reading.end_of(on)) if on else now
    declared = facts.values(on, {rule.key for rule in RULES})
    if ladder is None:
        ladder = rungs.of_units(facilities, on)
    if feeds is None:
        feeds = states.of_units(facilities, moment)
    proven = proofs(facilities, moment, ladder, feeds)
    return [
        Found(code, rule, fact, proven[code])
        for code in facilities
        for rule in RULES
        if (fact := declared.get((code, rule.key))) and rule.differs(fact.value, proven[code])
    ]
