"""Price references of the real case; for the demo also invented vendors, contracts, procurements and needs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from importlib import resources
from typing import Any

from lienthong.foundation import json
from lienthong.rollout.changes import Batch
from lienthong.rollout.money import dated
from lienthong.rollout.money.models import (
    Contract,
    Need,
    PriceReference,
    Procurement,
    ProcurementAmount,
    ProcurementStep,
)
from lienthong.rollout.vendors.models import Product, Vendor

_HOURS = (
    "response_critical",
    "repair_critical",
    "response_major",
    "repair_major",
    "response_minor",
    "repair_minor",
)


def load(batch: Batch) -> None:
    """Enters the price references of the case; those that are there stay as they are."""
    there = set(PriceReference.objects.exclude(ref="").values_list("ref", flat=True))
    for row in dated.read(__package__, "prices.json"):
        ref = row.pop("id")
        if ref not in there:
            batch.save(PriceReference(ref=ref, **row))


def load_demo(batch: Batch) -> None:
    """Enters invented vendors with contracts, procurements and needs, all marked; does nothing a second time."""
    if Vendor.objects.filter(invented=True).exists():
        return
    demo = json.loads((resources.files(__package__) / "data" / "demo.json").read_bytes())
    products = _vendors(batch, demo["vendors"])
    procurements = {one["key"]: _procurement(batch, one) for one in demo["procurements"]}
    for one in demo["contracts"]:
        row = Contract(
            facility=one["unit"],
            vendor_id=one["vendor"],
            number=one["number"],
            covers=one["covers"],
            products=[products[key] for key in one["products"]],
            valid_from=date.fromisoformat(one["valid_from"]),
            valid_to=date.fromisoformat(one["valid_to"]),
            value=one["value"],
            procurement=procurements.get(one["procurement"]),
            counting=one["counting"],
            data_clause=one["data_clause"],
            invented=True,
            **dict(zip(_HOURS, one["hours"], strict=True)),
        )
        batch.save(row)
    for unit, item, quantity, year, funding in demo["needs"]:
        batch.save(
            Need(
                facility=unit,
                item=item,
                quantity=Decimal(quantity),
                year=year,
                funding=funding,
                invented=True,
            )
        )


def _vendors(batch: Batch, rows: list[dict[str, Any]]) -> dict[str, int]:
    """Enters vendors with their products; gives the products' ids by their keys."""
    found = {}
    for row in rows:
        products = row.pop("products")
        vendor = Vendor(**row, invented=True)
        batch.save(vendor)
        for key, name, kind in products:
            product = Product(vendor=vendor, name=name, kind=kind)
            batch.save(product)
            found[key] = product.pk
    return found


def _procurement(batch: Batch, one: dict[str, Any]) -> Procurement:
    row = Procurement(
        facility=one["unit"],
        title=one["title"],
        item=one["item"],
        quantity=Decimal(one["quantity"]),
        year=one["year"],
        funding=one["funding"],
        invented=True,
    )
    batch.save(row)
    for stage, day, document in one["steps"]:
        batch.save(
            ProcurementStep(procurement=row, stage=stage, day=date.fromisoformat(day), document=document)
        )
    for kind, amount, day in one["amounts"]:
        batch.save(ProcurementAmount(procurement=row, kind=kind, amount=amount, day=date.fromisoformat(day)))
    return row
