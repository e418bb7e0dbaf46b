"""Noting that a slip or an appointment slip was used for a visit: appointments once, under any race."""

from __future__ import annotations

import re

from django.db import IntegrityError, transaction

from lienthong.access.audit import Actor, record
from lienthong.facilities import directory
from lienthong.foundation import clock, ids
from lienthong.foundation.errors import LienThongError
from lienthong.transfers.models import SlipUse, State, Transfer
from lienthong.transfers.validity import appointments, problems, reception
from lienthong.transfers.validity.identity import HOW, How
from lienthong.transfers.validity.working_days import calendar

_TOKEN = re.compile(r"[0-9a-f]{32}", re.ASCII)


def use_slip(loop: str, *, token: str, how: How, actor: Actor, why: str = "") -> SlipUse:
    """Notes a visit with a transfer slip of this hospital (category 1.3).

    Args:
        token: 32 hexadecimal digits that the page gave; the same token again changes nothing (a second click).
        why: the reason for using a slip of ten working days again, or after its end because the paper is marked.

    Raises:
        LienThongError: ``slip-unknown``, ``slip-expired``, ``slip-not-needed`` (emergency), ``slip-used``.
    """
    with transaction.atomic():
        transfer = Transfer.objects.select_for_update().filter(loop=loop, receiver=directory.here()).first()
        if transfer is None or transfer.state in (State.DRAFTED, State.CANCELLED):
            raise LienThongError(problems.unknown_slip())
        id = _id(token, loop)
        before = SlipUse.objects.filter(id=id).first()
        if before is not None:
            return before
        found = reception.slip(transfer, reception.visits(transfer), calendar())
        if found.standing == "emergency":
            raise LienThongError(problems.not_needed())
        by_paper = found.paper_may_say and bool(why.strip())
        if found.standing not in reception.USABLE and not by_paper:
            raise LienThongError(problems.expired(found))
        if found.standing == "used" and not why.strip():
            raise LienThongError(problems.used_before(found))
        made = _made(id, how, reception.WITH_SLIP, actor)
        made.loop, made.patient, made.why = loop, transfer.patient, why.strip()[:200]
        made.save(force_insert=True)
        _note(made, actor)
        return made


def use_appointment(id: str, *, token: str, how: How, actor: Actor) -> SlipUse:
    """Notes a visit with an appointment slip of this facility (category 1.5), which is used once.

    Raises:
        LienThongError: ``appointment-unknown``, ``appointment-used`` with who used it and when.
    """
    with transaction.atomic():
        found = appointments.get(id)
        if found is None:
            raise LienThongError(problems.unknown_appointment())
        if found.use is not None and found.use.id == _id(token, id):
            return found.use
        if found.his_visit and found.use is None:
            raise LienThongError(problems.seen_by_his(found))
        made = _made(_id(token, id), how, reception.WITH_APPOINTMENT, actor)
        made.appointment, made.loop, made.patient = id, found.loop, found.patient
        try:
            with transaction.atomic():
                made.save(force_insert=True)
        except IntegrityError:
            before = SlipUse.objects.filter(appointment=id).get()
            if before.id == made.id:
                return before
            raise LienThongError(problems.used_appointment(before)) from None
        _note(made, actor)
        return made


def _made(id: str, how: How, category: str, actor: Actor) -> SlipUse:
    if how not in HOW:
        raise ValueError(how)
    return SlipUse(
        id=id, at=clock.now(), facility=directory.here(), person=actor.name[:120], how=how, category=category
    )


def _id(token: str, what: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise LienThongError(problems.stale_page())
    return ids.stable_id("slip-use", token, what)


def _note(made: SlipUse, actor: Actor) -> None:
    page = f"transfer/{made.loop}" if made.loop else "reception"
    detail = {"use": made.id, "category": made.category, "how": made.how, "appointment": made.appointment}
    record(actor, "slip-used", patient=made.patient, page=page, why=made.why, detail=detail)
