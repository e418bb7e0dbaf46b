"""Requests for change of software: asked by a unit, wanted by others with the same software, answered."""

from __future__ import annotations

from datetime import date, datetime

from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.rollout.changes import Batch
from lienthong.rollout.money import contracts
from lienthong.rollout.vendors.models import ChangeRequest, Product, RequestState, RequestVote
from lienthong.rollout.vendors.privacy import check


def ask(
    batch: Batch,
    unit: str,
    product: Product,
    subject: str,
    text: str,
    *,
    at: datetime | None = None,
    invented: bool = False,
) -> ChangeRequest:
    """Asks a vendor for a change.

    Raises:
        LienThongError: ``ticket-personal-number``.
    """
    check("subject", subject)
    check("text", text)
    request = ChangeRequest(
        facility=unit,
        vendor=product.vendor,
        product=product,
        subject=subject,
        text=text,
        raised_at=at or clock.now(),
        raised_by=batch.row.by_name,
        invented=invented,
    )
    batch.save(request)
    return request


def users(product: Product, on: date) -> list[str]:
    """Units whose contract of a day names the product."""
    found = (one.facility for one in contracts.running(on) if product.pk in one.products)
    return sorted(set(found))


def may_vote(request: ChangeRequest, unit: str, on: date) -> bool:
    """Whether a unit uses the same software, did not ask itself and has not said so yet."""
    voted = {one.facility for one in request.votes.all()}
    return unit != request.facility and unit not in voted and unit in users(request.product, on)


def vote(batch: Batch, request: ChangeRequest, unit: str, on: date, *, at: datetime | None = None) -> None:
    """A unit also needs the change.

    Raises:
        LienThongError: ``vote-not-possible``.
    """
    if not may_vote(request, unit, on):
        raise LienThongError(
            Problem(
                "vote-not-possible",
                "Đơn vị này không dùng phần mềm trong yêu cầu, hoặc đã nêu nhu cầu.",
                "This unit does not use the software, or has said so already.",
                "Nếu đơn vị có dùng, kiểm tra hợp đồng đã ghi sản phẩm chưa.",
                "If the unit uses it, check that its contract names the product.",
            )
        )
    batch.save(RequestVote(request=request, facility=unit, at=at or clock.now(), by=batch.row.by_name))


def answer(
    batch: Batch,
    request: ChangeRequest,
    state: RequestState,
    text: str,
    *,
    planned_on: date | None = None,
    at: datetime | None = None,
) -> None:
    """The vendor answers.

    Raises:
        LienThongError: ``ticket-personal-number``.
    """
    check("answer", text)
    request.state, request.answer, request.planned_on = state, text, planned_on
    request.answered_at, request.answered_by = at or clock.now(), batch.row.by_name
    batch.save(request)
