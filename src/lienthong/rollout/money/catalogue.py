"""What can be asked for and bought, from which money, and the stages on the way: dated data with source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Literal

from lienthong.rollout.money import dated
from lienthong.rollout.money.dated import Entry

AmountKind = Literal["", "estimate", "granted", "contract", "spent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item(Entry):
    """A thing that is bought, with the one unit in which it is counted.

    Attributes:
        measure_vi, measure_en: piece, set, month and so on; prices are compared by one of these.
        kind: ``equipment network hosting software signature security service``.
    """

    measure_vi: str
    measure_en: str
    kind: str

    @property
    def measure(self) -> str:
        """In the language of the page."""
        return dated.words(self.measure_vi, self.measure_en)


@dataclass(frozen=True, slots=True, kw_only=True)
class Funding(Entry):
    """A source of money."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage(Entry):
    """A stage of a procurement (Law on Bidding 22/2023/QH15).

    Attributes:
        amount: which amount is entered with it; empty for none.
        ended: nothing comes after it.
        place: its place in the order, from 0.
    """

    amount: AmountKind
    ended: bool
    place: int = 0


@cache
def all_items() -> tuple[Item, ...]:
    """Every item there ever was, in the order of the list."""
    return dated.entries(Item, __package__, "items.json")


@cache
def all_fundings() -> tuple[Funding, ...]:
    """Every source of money there ever was."""
    return dated.entries(Funding, __package__, "funding.json")


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
    return dated.by_id(all_items(), id)


def funding(id: str) -> Funding | None:
    """A source of money, whatever the day."""
    return dated.by_id(all_fundings(), id)


def stage(id: str) -> Stage | None:
    """A stage, whatever the day."""
    return dated.by_id(all_stages(), id)
