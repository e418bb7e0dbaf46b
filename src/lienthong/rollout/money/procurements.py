"""Procurements as they stand on a day: stage, amounts, contract."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from lienthong.rollout.changes import Batch
from lienthong.rollout.money import catalogue, problems
from lienthong.rollout.money.catalogue import Stage
from lienthong.rollout.money.models import (
    AmountKind,
    Contract,
    Procurement,
    ProcurementAmount,
    ProcurementStep,
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A procurement on a day.

    Attributes:
        steps: stages reached by then, the oldest first.
        stage: the last of them; None when none was entered.
        estimate, granted, contract_value: VND; None when not entered.
        spent: sum of payments; None without any.
        contract: the contract that came of it, if it runs or ran by then.
    """

    row: Procurement
    steps: tuple[ProcurementStep, ...]
    stage: Stage | None
    since: date | None
    estimate: int | None
    granted: int | None
    contract_value: int | None
    spent: int | None
    contract: Contract | None

    @property
    def ended(self) -> bool:
        """Closed or cancelled."""
        return self.stage is not None and self.stage.ended

    @property
    def cancelled(self) -> bool:
        """The tender was cancelled: it counts in no sum."""
        return self.stage is not None and self.stage.id == "cancelled"


def standings(on: date, units: Collection[str] | None = None) -> list[Standing]:
    """Every procurement of which something was entered by a day; of the units given, else of all."""
    rows = Procurement.objects.prefetch_related("steps", "amounts", "contracts__vendor")
    if units is not None:
        rows = rows.filter(facility__in=list(units))
    found = (standing(row, on) for row in rows)
    return [one for one in found if one.steps or one.estimate is not None]


def standing(row: Procurement, on: date) -> Standing:
    """One of them."""
    steps = tuple(step for step in row.steps.all() if step.day <= on)
    amounts = [one for one in row.amounts.all() if one.day <= on]
    contracts = [one for one in row.contracts.all() if one.valid_from <= on]
    contract = max(contracts, key=lambda one: one.valid_from, default=None)
    value = _newest(amounts, AmountKind.CONTRACT)
    return Standing(
        row,
        steps,
        catalogue.stage(steps[-1].stage) if steps else None,
        steps[-1].day if steps else None,
        _newest(amounts, AmountKind.ESTIMATE),
        _newest(amounts, AmountKind.GRANTED),
        value if value is not None or contract is None else contract.value,
        added(one.amount for one in amounts if one.kind == AmountKind.SPENT),
        contract,
    )


def _newest(amounts: Sequence[ProcurementAmount], kind: AmountKind) -> int | None:
    found = [one.amount for one in amounts if one.kind == kind]
    return found[-1] if found else None


def added(amounts: Iterable[int | None]) -> int | None:
    """A sum in which what is missing is left out; None when everything is."""
    found = [one for one in amounts if one is not None]
    return sum(found) if found else None


def add_step(
    batch: Batch,
    row: Procurement,
    stage: str,
    day: date,
    *,
    document: str = "",
    note: str = "",
    amount: int | None = None,
) -> None:
    """Enters that a procurement reached a stage, with the amount that goes with it.

    A stage may come again (a tender repeated); none comes after the last, none is of a day before the one before.

    Raises:
        LienThongError: ``stage-unknown``, ``procurement-ended``, ``stage-too-early``.
    """
    known = catalogue.stage(stage)
    if known is None or known not in catalogue.stages(day):
        raise problems.stage_unknown()
    last = row.steps.last()
    before = catalogue.stage(last.stage) if last else None
    if before is not None and before.ended:
        raise problems.stage_ended(before.name)
    if last is not None and day < last.day:
        raise problems.before_last(last.day)
    batch.save(ProcurementStep(procurement=row, stage=stage, day=day, document=document, note=note))
    if amount is not None and known.amount:
        add_amount(batch, row, AmountKind(known.amount), amount, day, document=document)


def add_amount(
    batch: Batch, row: Procurement, kind: AmountKind, amount: int, day: date, *, document: str = ""
) -> None:
    """Enters an amount in whole VND."""
    batch.save(ProcurementAmount(procurement=row, kind=kind, amount=amount, day=day, document=document))
