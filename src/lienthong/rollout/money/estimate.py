"""What a unit must buy to reach a level, and for how much: its gaps, the table of items, the price references."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_CEILING, Decimal
from functools import cache
from typing import Any

from lienthong.rollout.money import dated
from lienthong.rollout.money.prices import NOTHING, Spread


@dataclass(frozen=True, slots=True)
class Gap:
    """A criterion that is not met; ``confirmed``: whether its wording was read in the official text."""

    criterion: str
    group: str
    text: str
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """Which item helps with a criterion, and how many.

    Attributes:
        match: a criterion, or a group for all of its criteria without a rule of their own.
        item: None when nothing is to be bought.
        quantity: ``{"kind": "fixed", "number": n}``; ``{"kind": "share", "of": fact, "percent": p, "have": fact}``;
            ``{"kind": "less", "need": fact, "have": fact}``; ``{"kind": "ask"}``.
        alternatives: items that could be bought instead, and how many; never in the sum.
    """

    match: str
    item: str | None
    quantity: dict[str, Any]
    alternatives: dict[str, int]
    note_vi: str
    note_en: str
    valid_from: date
    valid_to: date | None
    source: str
    confidence: str

    @property
    def note(self) -> str:
        """How the quantity comes about, in the language of the page."""
        return dated.words(self.note_vi, self.note_en)


@dataclass(frozen=True, slots=True)
class Line:
    """One item of an estimate.

    Attributes:
        quantity: None when it must be asked of the unit.
        criteria: those that the item helps with.
        low, middle, high: VND for the quantity; None without a price or a quantity.
        instead_of: the item that this one could replace; such lines are not in the sum.
    """

    item: str
    quantity: Decimal | None
    note: str
    criteria: tuple[str, ...]
    low: int | None
    middle: int | None
    high: int | None
    spread: Spread
    instead_of: str = ""

    @property
    def priced(self) -> bool:
        """Whether there is an amount to add up."""
        return self.middle is not None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a unit must buy, what that comes to, and what could not be counted.

    Attributes:
        lines: in the order of the gaps; alternatives after all others.
        low, middle, high: sums of the priced lines; None when none has a price.
        without_price, without_quantity: items that are in no sum.
        enough: items that the criteria ask for and of which there is enough by the facts: one of the two is wrong.
        nothing_to_buy: gaps that no purchase closes.
        unmapped: gaps that the table of items does not know.
    """

    lines: tuple[Line, ...]
    low: int | None
    middle: int | None
    high: int | None
    without_price: tuple[str, ...] = ()
    without_quantity: tuple[str, ...] = ()
    enough: tuple[str, ...] = ()
    nothing_to_buy: tuple[Gap, ...] = ()
    unmapped: tuple[Gap, ...] = ()


@dataclass(slots=True)
class _Wanted:
    quantity: Decimal | None = None
    notes: dict[str, None] = field(default_factory=dict)
    criteria: list[str] = field(default_factory=list)


@cache
def all_rules() -> tuple[Rule, ...]:
    """The table of items for criteria."""
    rows = dated.read(__package__, "gap_items.json")
    return tuple(Rule(**row) for row in rows)


def rules(on: date) -> list[Rule]:
    """Rules that count on a day."""
    return dated.valid(all_rules(), on)


def rule_for(gap: Gap, known: Iterable[Rule]) -> Rule | None:
    """The rule of a criterion, else that of its group."""
    by_match = {rule.match: rule for rule in known}
    return by_match.get(gap.criterion) or by_match.get(gap.group)


def quantity(rule: dict[str, Any], facts: Mapping[str, Decimal]) -> Decimal | None:
    """How many, by the facts of the unit, rounded up; 0 when there are enough; None when it must be asked.

    A quantity of what is there that nobody has entered is unknown, not 0.
    """
    names = [rule[name] for name in ("of", "need", "have") if rule.get(name)]
    if any(name not in facts for name in names):
        return None
    have = facts[rule["have"]] if rule.get("have") else Decimal(0)
    match rule["kind"]:
        case "fixed":
            return Decimal(rule["number"])
        case "share":
            wanted = facts[rule["of"]] * rule["percent"] / 100
        case "less":
            wanted = facts[rule["need"]]
        case _:
            return None
    lacking: Decimal = (wanted - have).to_integral_value(ROUND_CEILING)
    return max(Decimal(0), lacking)


def estimate(
    gaps: Sequence[Gap],
    known: Sequence[Rule],
    facts: Mapping[str, Decimal],
    spreads: Mapping[str, Spread],
) -> Estimate:
    """The estimate for a unit's gaps.

    An item that helps with several criteria is counted once, in the largest quantity that one of them asks for.
    An item of which there is enough already (quantity 0) is no line.
    """
    wanted: dict[str, _Wanted] = {}
    others: dict[str, tuple[str, int]] = {}
    nothing: list[Gap] = []
    unmapped: list[Gap] = []
    for gap in gaps:
        rule = rule_for(gap, known)
        if rule is None:
            unmapped.append(gap)
        elif rule.item is None:
            nothing.append(gap)
        else:
            _add(wanted.setdefault(rule.item, _Wanted()), rule, gap, facts)
            for other, number in rule.alternatives.items():
                others.setdefault(other, (rule.item, number))
    lines = [
        _line(item, one, spreads.get(item, NOTHING)) for item, one in wanted.items() if one.quantity != 0
    ]
    there = {line.item for line in lines}
    instead = [
        replace(
            _line(other, _Wanted(Decimal(number), {}, wanted[item].criteria), spreads.get(other, NOTHING)),
            instead_of=item,
        )
        for other, (item, number) in others.items()
        if item in there and other not in there
    ]
    priced = [line for line in lines if line.priced]
    return Estimate(
        (*lines, *instead),
        _sum(line.low for line in priced),
        _sum(line.middle for line in priced),
        _sum(line.high for line in priced),
        tuple(line.item for line in lines if line.spread.middle is None),
        tuple(line.item for line in lines if line.quantity is None),
        tuple(item for item, one in wanted.items() if one.quantity == 0),
        tuple(nothing),
        tuple(unmapped),
    )


def _add(one: _Wanted, rule: Rule, gap: Gap, facts: Mapping[str, Decimal]) -> None:
    found = quantity(rule.quantity, facts)
    if found is not None:
        one.quantity = found if one.quantity is None else max(one.quantity, found)
    if rule.note:
        one.notes[rule.note] = None
    one.criteria.append(gap.criterion)


def _line(item: str, one: _Wanted, spread: Spread) -> Line:
    note = "; ".join(one.notes)
    low, middle, high = (times(value, one.quantity) for value in (spread.low, spread.middle, spread.high))
    return Line(item, one.quantity, note, tuple(one.criteria), low, middle, high, spread)


def times(each: int | None, number: Decimal | None) -> int | None:
    """VND for a number of things; None when the price or the number is unknown."""
    return None if each is None or number is None else int((each * number).to_integral_value())


def _sum(values: Iterable[int | None]) -> int | None:
    found = [value for value in values if value is not None]
    return sum(found) if found else None
