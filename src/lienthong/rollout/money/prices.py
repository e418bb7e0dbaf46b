"""Price references: median and range of an item, with what stands out, what is old and what is too little."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from statistics import median

FEWEST = 3
"""Fewer prices than these are no range that anybody should rely on."""
FEWEST_FOR_OUTLIERS = 5
"""With fewer prices nothing can be said to stand out."""
OLD_AFTER_YEARS = 2
"""Prices of information technology older than this are shown, marked as old."""


@dataclass(frozen=True, slots=True)
class Point:
    """One price that somebody paid or was asked for.

    Attributes:
        key: tells it from others.
        amount: whole amount in VND; None when it was not published.
        quantity: how much was bought, in the item's unit of measure.
        day: when; None when only the year, or nothing, is known.
        own: paid by a unit of the province under a contract on the board.
        confidence: A, B or C.
    """

    key: str
    item: str
    amount: int | None
    quantity: Decimal
    buyer: str
    scope: str
    term: str
    day: date | None
    year: int | None
    source: str
    confidence: str
    entered_by: str = ""
    own: bool = False
    invented: bool = False

    @property
    def each(self) -> int | None:
        """VND for one of the item's unit of measure, rounded to whole đồng."""
        if self.amount is None or self.quantity <= 0:
            return None
        return int((Decimal(self.amount) / self.quantity).quantize(Decimal(1), ROUND_HALF_UP))

    def known_on(self, on: date) -> bool:
        """Whether the price was there on a day; one without a date always is."""
        if self.day is not None:
            return self.day <= on
        return self.year is None or self.year <= on.year

    def old(self, on: date) -> bool | None:
        """Whether it is old on a day; None when nobody knows from when it is."""
        if self.day is not None:
            return _years_before(on, OLD_AFTER_YEARS) > self.day
        return None if self.year is None else on.year - self.year > OLD_AFTER_YEARS


@dataclass(frozen=True, slots=True)
class Spread:
    """What the prices of an item come to.

    Attributes:
        count: prices with an amount.
        low, middle, high: VND for one, without those that stand out; ``middle`` is the median of all.
        outliers: keys of the prices beyond 1.5 times the interquartile range (Tukey).
        without_amount: how many have no amount.
    """

    count: int
    low: int | None
    middle: int | None
    high: int | None
    outliers: frozenset[str]
    without_amount: int

    @property
    def few(self) -> bool:
        """Too few prices to rely on."""
        return self.count < FEWEST


NOTHING = Spread(0, None, None, None, frozenset(), 0)


def spread(points: Iterable[Point]) -> Spread:
    """The range and the median of one item's prices."""
    every = list(points)
    priced = sorted((each, one.key) for one in every if (each := one.each) is not None)
    if not priced:
        return Spread(0, None, None, None, frozenset(), len(every))
    values = [value for value, _key in priced]
    outliers = _outliers(priced)
    kept = [value for value, key in priced if key not in outliers]
    middle = int(Decimal(median(values)).quantize(Decimal(1), ROUND_HALF_UP))
    return Spread(len(values), min(kept), middle, max(kept), outliers, len(every) - len(values))


def _outliers(priced: Sequence[tuple[int, str]]) -> frozenset[str]:
    if len(priced) < FEWEST_FOR_OUTLIERS:
        return frozenset()
    values = [value for value, _key in priced]
    half = len(values) // 2
    first, third = Decimal(median(values[:half])), Decimal(median(values[-half:]))
    reach = (third - first) * 3 / 2
    return frozenset(key for value, key in priced if value < first - reach or value > third + reach)


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)
