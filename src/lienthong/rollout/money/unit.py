"""The estimate of a unit: its gaps, its facts, the price references of the day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from lienthong.rollout import facts
from lienthong.rollout.money import gaps, references
from lienthong.rollout.money.estimate import Estimate, estimate, rules

_NAMES = ("staff", "computers", "printers", "signatures_needed", "signatures_issued")


def to_reach(unit: str, level: int, on: date) -> Estimate | None:
    """What a unit must buy to reach a level (1 to 7), as things stand on a day; None when it has not assessed
    itself yet."""
    missing = gaps.of(unit, level, on)
    if missing is None:
        return None
    known = {
        key: Decimal(fact.value)
        for (facility, key), fact in facts.values(on, _NAMES).items()
        if facility == unit
    }
    spreads = references.spreads(references.points(on))
    return estimate(missing, rules(on), known, spreads)
