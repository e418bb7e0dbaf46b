"""How every feed of every unit is, for the pages and the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from lienthong.foundation import clock
from lienthong.rollout import units
from lienthong.rollout.feeds import states, words
from lienthong.rollout.feeds.states import Kind, State


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed of one unit.

    Attributes:
        name: ``HIS``, ``LIS`` or ``PACS``.
        usual: items on a working day; None where that is not known.
        now: items of today.
        words: the state in a sentence.
    """

    name: str
    state: Kind
    usual: int | None
    now: int
    words: str


def feeds(at: datetime | None = None) -> dict[str, list[Feed]]:
    """Unit to its feeds, HIS first, as they are at a moment (now if none is given)."""
    moment = at or clock.now()
    codes = units.codes(moment.astimezone(clock.VIETNAM).date())
    return told(states.of_units(codes, moment))


def told(judged: Mapping[str, list[State]]) -> dict[str, list[Feed]]:
    """The feeds with their state in a sentence."""
    return {
        code: [Feed(one.feed, one.state, one.usual, one.today, words.sentence(one)) for one in found]
        for code, found in judged.items()
    }
