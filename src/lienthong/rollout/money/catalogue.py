"""What can be asked for and bought, from which money, and the stages on the way: dated data with source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Literal

from lienthong.rollout.money import dated

AmountKind = Literal["", "estimate", "granted", "contract", "spent"]


@dataclass(frozen=True, slots=True)
class Item:
    """A thing that is bought, with the one unit in which it is counted.

    Attributes:
        measure_vi, measure_en: piece, set, month and so on; prices are compared by one of these.
        kind: ``equipment network hosting software signature security service``.
    """

    id: str
    vi: str
    en: str
    measure_vi: str
    measure_en: str
    kind: str
    valid_from: date
    valid_to: date | None
    source: str
    confidence: str

    @property
    def name(self) -> str:
        """In the language of the page."""
        return dated.words(self.vi, self.en)

    @property
    def measure(self) -> str:
        """In the language of the page."""
        return dated.words(self.measure_vi, self.measure_en)


@dataclass(frozen=True, slots=True)
class Funding:
    """A source of money."""

    id: str
    vi: str
    en: str
    valid_from: date
    valid_to: date | None
    source: str
    confidence: str

    @property
    def name(self) -> str:
        """In the language of the page."""
        return dated.words(self.vi, self.en)


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a procurement (Law on Bidding 22/2023/QH15).

    Attributes:
        amount: which amount is entered with it; empty for none.
        ended: nothing comes after it.
        place: its place in the order, from 0.
    """

    id: str
    vi: str
    en: str
    amount: AmountKind
    ended: bool
    valid_from: date
    valid_to: date | None
    source: str
    confidence: str
    place: int = 0

    @property
    def name(self) -> str:
        """In the language of the page."""
        return dated.words(self.vi, self.en)


@cache
def all_items() -> tuple[Item, ...]:
    """Every item there ever was, in the order of the list."""
    return tuple(Item(**row) for row in dated.read(__package__, "items.json"))


@cache
def all_fundings() -> tuple[Funding, ...]:
    """Every source of money there ever was."""
    return tuple(Funding(**row) for row in dated.read(__package__, "funding.json"))


@cache
def all_stages() -> tuple[Stage, ...]:
    """Every stage there ever was, in order."""
    return tuple(Stage(**row, place=n) for n, row in enumerate(dated.read(__package__, "stages.json")))


def items(on: date) -> list[Item]:
    """Items that may be chosen on a day."""
    return dated.valid(all_items(), on)


def fundings(on: date) -> list[Funding]:
    """Sources of money on a day; the district budget ends with the district tier."""
    return dated.valid(all_fundings(), on)


def stages(on: date) -> list[Stage]:
    """Stages by the law of a day."""
    return dated.valid(all_stages(), on)


def item(id: str) -> Item | None:
    """An item, whatever the day."""
    return next((one for one in all_items() if one.id == id), None)


def funding(id: str) -> Funding | None:
    """A source of money, whatever the day."""
    return next((one for one in all_fundings() if one.id == id), None)


def stage(id: str) -> Stage | None:
    """A stage, whatever the day."""
    return next((one for one in all_stages() if one.id == id), None)
