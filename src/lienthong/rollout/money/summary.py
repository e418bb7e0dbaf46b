"""Money for the report and the province's page, as of any past day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from lienthong.rollout.money import catalogue
from lienthong.rollout.money.procurements import Standing, added, standings
from lienthong.rollout.vendors import summary as vendors


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A line of annex IV of the report, in words. ``estimate`` in VND; None: no figure yet."""

    unit: str
    item: str
    estimate: int | None
    funding: str
    stage: str
    contractor: str
    contract_end: date | None
    open_faults: int


@dataclass(frozen=True, slots=True)
class Totals:
    """The province's sums in VND; None where no figure was entered. ``tenders``: procurements by stage in words."""

    asked: int | None
    granted: int | None
    contracted: int | None
    spent: int | None
    tenders: dict[str, int]


def lines(on: date) -> list[BudgetLine]:
    """Every procurement that was not cancelled, by unit."""
    faults = vendors.open_faults(on)
    return [_line(one, faults) for one in standings(on) if not one.cancelled]


def _line(one: Standing, faults: dict[tuple[str, str], int]) -> BudgetLine:
    item, funding, contract = catalogue.item(one.row.item), catalogue.funding(one.row.funding), one.contract
    return BudgetLine(
        one.row.facility,
        one.row.title or (item.name if item else ""),
        one.estimate,
        funding.name if funding else "",
        one.stage.name if one.stage else "",
        contract.vendor.name if contract else "",
        contract.valid_to if contract else None,
        faults.get((one.row.facility, contract.vendor_id), 0) if contract else 0,
    )


def totals(on: date) -> Totals:
    """The sums over the lines of a day."""
    return of(standings(on))


def of(found: Iterable[Standing]) -> Totals:
    """The sums over procurements; cancelled ones count in the stages alone."""
    every = list(found)
    live = [one for one in every if not one.cancelled]
    counted = Counter(one.stage.id for one in every if one.stage)
    return Totals(
        added(one.estimate for one in live),
        added(one.granted for one in live),
        added(one.contract_value for one in live),
        added(one.spent for one in live),
        {stage.name: counted[stage.id] for stage in catalogue.all_stages() if counted[stage.id]},
    )
