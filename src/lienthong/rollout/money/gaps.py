"""The gaps of a unit, as the levels know them."""

from __future__ import annotations

from datetime import date

from lienthong.rollout.levels import summary as levels
from lienthong.rollout.money import dated
from lienthong.rollout.money.estimate import Gap


def of(unit: str, level: int, on: date) -> list[Gap] | None:
    """The criteria that a unit does not meet for a level (1 to 7) on a day; None when it has not assessed itself."""
    found = levels.missing(unit, level, on)
    if found is None:
        return None
    return [Gap(one.id, one.group, dated.words(one.vi, one.en), one.confirmed) for one in found]
