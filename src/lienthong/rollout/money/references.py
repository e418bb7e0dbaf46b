"""Price references on a day: what was typed, and what units of the province agreed in contracts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from lienthong.facilities import directory
from lienthong.rollout.money.models import PriceReference
from lienthong.rollout.money.prices import Point, Spread, spread
from lienthong.rollout.money.procurements import Standing, standings

NO_PRICE = ("other",)
"""Items whose prices cannot be compared."""


def points(on: date, item: str = "") -> list[Point]:
    """Prices known on a day; of one item, if one is given."""
    typed = PriceReference.objects.filter(item=item) if item else PriceReference.objects.all()
    found = [_typed(row) for row in typed]
    found += [own for one in standings(on) if (own := _own(one)) and item in ("", own.item)]
    return [one for one in found if one.known_on(on)]


def spreads(found: Iterable[Point]) -> dict[str, Spread]:
    """What the prices of each item come to."""
    by_item: dict[str, list[Point]] = defaultdict(list)
    for one in found:
        if one.item not in NO_PRICE:
            by_item[one.item].append(one)
    return {item: spread(some) for item, some in by_item.items()}


def _typed(row: PriceReference) -> Point:
    return Point(
        f"price-{row.pk}",
        row.item,
        row.amount,
        row.quantity,
        row.buyer,
        row.scope,
        row.term,
        row.day,
        row.year or (row.day.year if row.day else None),
        row.source,
        row.confidence,
        row.changed_by,
        invented=row.invented,
    )


def _own(one: Standing) -> Point | None:
    """What a unit agreed in the contract of a procurement."""
    if one.contract_value is None or one.cancelled:
        return None
    signed = [step.day for step in one.steps if step.stage == "contract"]
    day = signed[-1] if signed else (one.contract.valid_from if one.contract else one.since)
    number = one.contract.number if one.contract else ""
    return Point(
        f"procurement-{one.row.pk}",
        one.row.item,
        one.contract_value,
        one.row.quantity,
        directory.name(one.row.facility),
        one.row.title,
        "",
        day,
        day.year if day else None,
        number,
        "A",
        one.row.changed_by,
        own=True,
        invented=one.row.invented,
    )
