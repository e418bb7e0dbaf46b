"""The gaps of a unit, as the levels know them."""

from __future__ import annotations

from datetime import date

from lienthong.rollout.levels import summary as levels
from lienthong.rollout.money.estimate import Gap


def of(unit: str, level: int, on: date) -> list[Gap]:
    """The criteria that a unit does not meet for a level (1 to 7) on a day."""
    return [Gap(*found) for found in levels.missing(unit, level, on)]
