"""Invented faults and requests for the demo; nothing of the real case is known about single faults."""

from __future__ import annotations

from datetime import date
from importlib import resources
from typing import Any

from lienthong.foundation import clock, json
from lienthong.rollout.changes import Batch
from lienthong.rollout.money import seed as money
from lienthong.rollout.vendors import tickets
from lienthong.rollout.vendors.models import ChangeRequest, Product, RequestVote, Ticket, TicketMessage


def load(batch: Batch) -> None:
    """The real case names no vendor, so there is nothing to enter."""


def load_demo(batch: Batch) -> None:
    """Enters invented faults and requests, all marked, after the vendors; does nothing a second time."""
    money.load_demo(batch)
    if Ticket.objects.filter(invented=True).exists():
        return
    demo = json.loads((resources.files(__package__) / "data" / "demo.json").read_bytes())
    products = {_key(one): one for one in Product.objects.filter(vendor__invented=True)}
    for row in demo["tickets"]:
        _ticket(batch, row, products[row["product"]])
    for row in demo["requests"]:
        _request(batch, row, products[row["product"]])


def _key(product: Product) -> str:
    return {"songthuong": "st", "tayyentu": "ty", "lucdau": "ld"}[product.vendor_id] + f"-{product.kind}"


def _ticket(batch: Batch, row: dict[str, Any], product: Product) -> None:
    reported = clock.from_iso(row["reported"])
    ticket = Ticket(
        facility=row["unit"],
        vendor=product.vendor,
        product=product,
        contract=tickets.covering(row["unit"], product, reported.date()),
        severity=row["severity"],
        subject=row["subject"],
        text=row["text"],
        reported_at=reported,
        reported_by=row["by"],
        responded_at=clock.moment(row["responded"]),
        responded_by=row["answered_by"] if row["responded"] else "",
        repaired_at=clock.moment(row["repaired"]),
        repaired_by=row["answered_by"] if row["repaired"] else "",
        closed_at=clock.moment(row["closed"]),
        closed_by=row["by"] if row["closed"] else "",
        invented=True,
    )
    batch.save(ticket)
    for side, text, at in row["messages"]:
        by = row["answered_by"] if side == "vendor" else row["by"]
        batch.save(TicketMessage(ticket=ticket, at=clock.from_iso(at), by=by, side=side, text=text))


def _request(batch: Batch, row: dict[str, Any], product: Product) -> None:
    request = ChangeRequest(
        facility=row["unit"],
        vendor=product.vendor,
        product=product,
        subject=row["subject"],
        text=row["text"],
        raised_at=clock.from_iso(row["raised"]),
        raised_by=row["by"],
        state=row["state"],
        planned_on=date.fromisoformat(row["planned_on"]) if row["planned_on"] else None,
        answer=row["answer"],
        answered_at=clock.moment(row["answered"]),
        answered_by=row["answered_by"],
        invented=True,
    )
    batch.save(request)
    for unit, at, by in row["votes"]:
        batch.save(RequestVote(request=request, facility=unit, at=clock.from_iso(at), by=by))
