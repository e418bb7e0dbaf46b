"""Contracts: which run, which end soon, which times they promise, which lack the clause on personal data."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta

from lienthong.rollout.money.models import Contract, DataClause

SOON = timedelta(days=90)
"""A contract that ends within these days wants a decision now; a tender takes about as long."""


def running(on: date, units: Collection[str] | None = None) -> list[Contract]:
    """Contracts that run on a day, those that end first at the head."""
    found = Contract.objects.filter(valid_from__lte=on, valid_to__gte=on).select_related("vendor")
    if units is not None:
        found = found.filter(facility__in=list(units))
    return list(found.order_by("valid_to", "id"))


def ending(on: date, units: Collection[str] | None = None) -> list[Contract]:
    """Those that run on a day and end within :data:`SOON`."""
    return [one for one in running(on, units) if one.valid_to <= on + SOON]


def state(contract: Contract, on: date) -> str:
    """``coming``, ``running``, ``soon`` (ends within :data:`SOON`) or ``ended``."""
    if on < contract.valid_from:
        return "coming"
    if on > contract.valid_to:
        return "ended"
    return "soon" if contract.valid_to <= on + SOON else "running"


def allowed(contract: Contract, severity: str) -> tuple[int | None, int | None]:
    """Hours to respond and to repair for a severity; None where nothing is agreed."""
    return (
        getattr(contract, f"response_{severity}", None),
        getattr(contract, f"repair_{severity}", None),
    )


def without_clause(contracts: Collection[Contract]) -> list[Contract]:
    """Those without a clause on processing personal data, or of which nobody knows."""
    return [one for one in contracts if one.data_clause != DataClause.YES]
