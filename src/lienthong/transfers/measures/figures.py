"""Figures of many transfers: times, shares, reasons, by group; and what is not shown because it is so few.

The definition of each figure stands in ``docs/reference/measures.md``.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from lienthong.foundation import clock
from lienthong.transfers.measures.facts import Facts
from lienthong.transfers.models import State, Urgency

FEWEST = 5
"""Fewer transfers, or fewer answers, than this are not shown apart at the hub."""

TIMES = ("answer", "departure", "arrival", "outcome")
SHARES = ("closed", "complete", "overdue")


@dataclass(frozen=True, slots=True)
class Spread:
    """Minutes from sending to an event.

    Attributes:
        count: in how many transfers it happened; None where that is too few to show.
        median, ninetieth: minutes; the ninetieth percentile by nearest rank.
    """

    count: int | None
    median: float | None = None
    ninetieth: float | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """``part`` of ``whole``; both None where they are too few to show."""

    part: int | None
    whole: int | None

    @property
    def percent(self) -> int | None:
        """Rounded half up."""
        return (
            math.floor(100 * self.part / self.whole + 0.5) if self.part is not None and self.whole else None
        )


@dataclass(frozen=True, slots=True)
class Figures:
    """A group of transfers.

    Attributes:
        sent: how many; None where these are too few to show.
        times: by :data:`TIMES`; shares: by :data:`SHARES`.
        declined, cancelled: coded reason to how many; None for too few to show.
    """

    sent: int | None
    times: dict[str, Spread]
    shares: dict[str, Share]
    declined: dict[str, int | None]
    cancelled: dict[str, int | None]


Timed = tuple[Facts, tuple[float | None, ...]]
"""A transfer with its minutes to the events of :data:`TIMES`; None for what did not happen."""


def figures(found: Iterable[Facts], now: datetime) -> Figures:
    """The figures of some transfers, nothing held back."""
    return _figures([_timed(one) for one in found], now)


def _timed(one: Facts) -> Timed:
    events = (one.answered_at, one.departed_at, one.arrived_at, one.outcome_at)
    return one, tuple(None if at is None else _minutes(one.sent_at, at) for at in events)


def _minutes(sent: datetime, at: datetime) -> float:
    """Two hospitals' clocks may differ: an event before the sending counts as at once."""
    return max(0.0, (at - sent).total_seconds() / 60)


def _figures(found: Collection[Timed], now: datetime) -> Figures:
    facts = [one for one, _ in found]
    standing = [one for one in facts if one.state != State.CANCELLED]
    closed = sum(one.state == State.CLOSED for one in standing)
    return Figures(
        sent=len(facts),
        times={
            name: _spread([times[place] for _, times in found if times[place] is not None])  # type: ignore[misc]
            for place, name in enumerate(TIMES)
        },
        shares={
            "closed": Share(closed, len(standing)),
            "complete": Share(sum(one.complete for one in facts), len(facts)),
            "overdue": Share(sum(one.overdue(now) for one in facts), len(facts)),
        },
        declined=dict(sorted(Counter(one.declined for one in facts if one.declined).items())),
        cancelled=dict(sorted(Counter(one.cancelled for one in facts if one.cancelled).items())),
    )


def _spread(minutes: list[float]) -> Spread:
    if not minutes:
        return Spread(0)
    minutes.sort()
    return Spread(len(minutes), statistics.median(minutes), minutes[math.ceil(0.9 * len(minutes)) - 1])


# Groups


def week(moment: datetime) -> date:
    """The Monday of the week in Viet Nam."""
    day = moment.astimezone(clock.VIETNAM).date()
    return day - timedelta(days=day.weekday())


GROUPS: dict[str, Callable[[Facts], str]] = {
    "urgency": lambda one: one.urgency,
    "sender": lambda one: one.sender,
    "receiver": lambda one: one.receiver,
    "pair": lambda one: f"{one.sender} {one.receiver}",
    "week": lambda one: week(one.sent_at).isoformat(),
}


@dataclass(frozen=True, slots=True)
class Measures:
    """All transfers of a period, and the same in groups: name of :data:`GROUPS`, then group, to figures."""

    all: Figures
    groups: dict[str, dict[str, Figures]]


def measured(found: Sequence[Facts], now: datetime, fewest: int = FEWEST) -> Measures:
    """The figures of a period; groups of fewer than ``fewest`` are held back, 1 holds back nothing."""
    timed = [_timed(one) for one in found]
    whole = _figures(timed, now)
    groups = {}
    for name, key in GROUPS.items():
        members: dict[str, list[Timed]] = defaultdict(list)
        for one in timed:
            members[key(one[0])].append(one)
        order = list(Urgency) if name == "urgency" else sorted(members)
        apart = {str(group): _figures(members[group], now) for group in order if group in members}
        groups[name] = _held_back(apart, fewest)
    return Measures(_few(whole, fewest), groups)


def _held_back(groups: Mapping[str, Figures], fewest: int) -> dict[str, Figures]:
    """Holds back small groups; were it one alone, the rest of the sum would give it away, so the next one goes too."""
    hidden = _hidden({group: one.sent or 0 for group, one in groups.items()}, fewest)
    return {group: _nothing() if group in hidden else _few(one, fewest) for group, one in groups.items()}


def _hidden(counts: Mapping[str, int], fewest: int) -> set[str]:
    hidden = {group for group, count in counts.items() if 0 < count < fewest}
    if len(hidden) == 1:
        rest = [group for group, count in counts.items() if count >= fewest]
        hidden |= set(sorted(rest, key=lambda group: (counts[group], group))[:1])
    return hidden


def _nothing() -> Figures:
    """A group of which only is said that it is there."""
    return Figures(
        None,
        {name: Spread(None) for name in TIMES},
        {name: Share(None, None) for name in SHARES},
        {},
        {},
    )


def _few(one: Figures, fewest: int) -> Figures:
    """Holds back what within a group is too few."""
    if one.sent is not None and 0 < one.sent < fewest:
        return _nothing()
    return replace(
        one,
        times={name: _enough(spread, fewest) for name, spread in one.times.items()},
        shares={
            name: share if not 0 < (share.whole or 0) < fewest else Share(None, None)
            for name, share in one.shares.items()
        },
        declined=_reasons(one.declined, fewest),
        cancelled=_reasons(one.cancelled, fewest),
    )


def _enough(spread: Spread, fewest: int) -> Spread:
    return Spread(None) if 0 < (spread.count or 0) < fewest else spread


def _reasons(counts: Mapping[str, int | None], fewest: int) -> dict[str, int | None]:
    hidden = _hidden({code: count or 0 for code, count in counts.items()}, fewest)
    return {code: None if code in hidden else count for code, count in counts.items()}
