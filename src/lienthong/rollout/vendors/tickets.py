"""Faults reported to vendors: the moments that count, and how each stands against its contract."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.rollout.changes import Batch
from lienthong.rollout.money import contracts
from lienthong.rollout.money.models import Contract, Counting
from lienthong.rollout.vendors.figures import Fault
from lienthong.rollout.vendors.models import Product, Side, Ticket, TicketMessage
from lienthong.rollout.vendors.privacy import check
from lienthong.rollout.vendors.times import ALWAYS, Kept, Times, kept, working_hours
from lienthong.transfers.validity.working_days import calendar


@dataclass(frozen=True, slots=True)
class Against:
    """A fault against its contract."""

    response: Kept
    repair: Kept

    @property
    def late(self) -> bool:
        """Whether a time of the contract is broken."""
        return bool(self.response.late or self.repair.late)


def state(ticket: Ticket) -> str:
    """``closed``, ``repaired`` (the unit has not confirmed), ``answered`` or ``reported``."""
    if ticket.closed_at:
        return "closed"
    if ticket.repaired_at:
        return "repaired"
    return "answered" if ticket.responded_at else "reported"


def report(
    batch: Batch,
    unit: str,
    product: Product,
    severity: str,
    subject: str,
    text: str,
    *,
    at: datetime | None = None,
    invented: bool = False,
) -> Ticket:
    """Reports a fault of a product; the contract that covers it is found by itself.

    Raises:
        LienThongError: ``ticket-personal-number``.
    """
    check("subject", subject)
    check("text", text)
    moment = at or clock.now()
    ticket = Ticket(
        facility=unit,
        vendor=product.vendor,
        product=product,
        contract=covering(unit, product, moment.astimezone(clock.VIETNAM).date()),
        severity=severity,
        subject=subject,
        text=text,
        reported_at=moment,
        reported_by=batch.row.by_name,
        invented=invented,
    )
    batch.save(ticket)
    return ticket


def covering(unit: str, product: Product, on: date) -> Contract | None:
    """The unit's contract on a day that names the product, else one with its vendor that names no product."""
    mine = [one for one in contracts.running(on, [unit]) if one.vendor_id == product.vendor_id]
    naming = [one for one in mine if product.pk in one.products]
    return next(iter(naming or [one for one in mine if not one.products]), None)


def say(batch: Batch, ticket: Ticket, side: Side, text: str, *, at: datetime | None = None) -> None:
    """Adds to the conversation; the vendor's first word is its response.

    Raises:
        LienThongError: ``ticket-personal-number``, ``ticket-closed``.
    """
    _still_open(ticket)
    check("text", text)
    moment = at or clock.now()
    batch.save(TicketMessage(ticket=ticket, at=moment, by=batch.row.by_name, side=side, text=text))
    if side == Side.VENDOR and ticket.responded_at is None:
        ticket.responded_at, ticket.responded_by = moment, batch.row.by_name
        batch.save(ticket)


def repaired(batch: Batch, ticket: Ticket, *, at: datetime | None = None) -> None:
    """The vendor says that the fault is repaired; who never answered has answered with that."""
    _still_open(ticket)
    moment = at or clock.now()
    if ticket.responded_at is None:
        ticket.responded_at, ticket.responded_by = moment, batch.row.by_name
    ticket.repaired_at, ticket.repaired_by = moment, batch.row.by_name
    batch.save(ticket)


def close(batch: Batch, ticket: Ticket, *, at: datetime | None = None) -> None:
    """The unit confirms that it is over."""
    _still_open(ticket)
    ticket.closed_at, ticket.closed_by = at or clock.now(), batch.row.by_name
    batch.save(ticket)


def reopen(batch: Batch, ticket: Ticket) -> None:
    """The unit says that it is not repaired: the clock of the repair runs on from the report."""
    ticket.repaired_at, ticket.repaired_by = None, ""
    ticket.closed_at, ticket.closed_by = None, ""
    batch.save(ticket)


def _still_open(ticket: Ticket) -> None:
    if ticket.closed_at is not None:
        raise LienThongError(
            Problem(
                "ticket-closed",
                "Sự cố này đã đóng.",
                "This fault is closed.",
                "Mở lại sự cố, hoặc báo một sự cố mới.",
                "Open it again, or report another fault.",
            )
        )


def against(ticket: Ticket, now: datetime) -> Against:
    """A fault against its contract at a moment."""
    fault = faults([ticket])[0]
    until = min(now, ticket.closed_at) if ticket.closed_at else now
    return Against(
        kept(fault.reported, fault.responded, fault.response_hours, fault.times, until),
        kept(fault.reported, fault.repaired, fault.repair_hours, fault.times, until),
    )


def faults(tickets: Iterable[Ticket]) -> list[Fault]:
    """What of tickets is measured; the calendar is read once."""
    working = Times(calendar(), working_hours())
    found = []
    for one in tickets:
        contract = one.contract
        response, repair = contracts.allowed(contract, one.severity) if contract else (None, None)
        always = contract is None or contract.counting == Counting.ALWAYS
        found.append(
            Fault(
                one.vendor_id,
                one.facility,
                one.reported_at,
                one.responded_at,
                one.repaired_at,
                one.closed_at,
                response,
                repair,
                ALWAYS if always else working,
            )
        )
    return found
