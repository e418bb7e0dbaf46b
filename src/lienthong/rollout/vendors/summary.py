"""Faults for the report and the province's page, as of any past day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime, time, timedelta

from lienthong.foundation import clock
from lienthong.rollout.vendors import tickets
from lienthong.rollout.vendors.figures import Figures, figures
from lienthong.rollout.vendors.models import Ticket


def end_of(on: date) -> datetime:
    """The end of a day in Viet Nam; of today, now."""
    return min(datetime.combine(on + timedelta(days=1), time(), clock.VIETNAM), clock.now())


def open_faults(on: date) -> dict[tuple[str, str], int]:
    """How many faults of a unit a vendor had not repaired by the end of a day; unit and vendor to their number."""
    moment = end_of(on)
    rows = Ticket.objects.filter(reported_at__lte=moment)
    found = (one for one in tickets.faults(rows.select_related("contract")) if one.open_at(moment))
    return dict(Counter((one.unit, one.vendor) for one in found))


def by_vendor(
    on: date, vendor: str = "", units: Collection[str] | None = None
) -> dict[tuple[str, str], Figures]:
    """Figures by vendor and unit; the unit is empty for all of a vendor's.

    Args:
        vendor: this one alone.
        units: faults of these units alone.
    """
    moment = end_of(on)
    rows = Ticket.objects.filter(reported_at__lte=moment)
    if vendor:
        rows = rows.filter(vendor=vendor)
    if units is not None:
        rows = rows.filter(facility__in=list(units))
    every = tickets.faults(rows.select_related("contract"))
    pairs = {(one.vendor, unit) for one in every for unit in ("", one.unit)}
    return {
        (code, unit): figures((one for one in every if one.vendor == code and unit in ("", one.unit)), moment)
        for code, unit in sorted(pairs)
    }
