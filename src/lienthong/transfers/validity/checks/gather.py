"""The facts beside the form: receiver, visit, other transfers, calendar."""

from __future__ import annotations

from typing import Any

from lienthong import records
from lienthong.facilities import directory
from lienthong.facilities.models import Facility
from lienthong.foundation import clock
from lienthong.foundation.text import fold
from lienthong.terminology import systems
from lienthong.transfers.models import State, Transfer
from lienthong.transfers.validity.checks import reading
from lienthong.transfers.validity.checks.reading import Facts, Form
from lienthong.transfers.validity.slips import day_of
from lienthong.transfers.validity.working_days import calendar


def facts_of(transfer: Transfer) -> Facts:
    """What the checks of a transfer need from the store."""
    visit = records.read("Encounter", transfer.encounter) if transfer.encounter else None
    resource = visit.resource if visit else {}
    period, stay = resource.get("period", {}), resource.get("hospitalization", {})
    return Facts(
        now=clock.now(),
        sender=transfer.sender,
        receiver=transfer.receiver,
        calendar=calendar(),
        receiver_known=Facility.objects.filter(code=transfer.receiver).exists(),
        receiver_connected=bool(transfer.receiver) and directory.connected(transfer.receiver),
        slip_of_another=_slip_of_another(transfer),
        came_at=reading.moment(str(period.get("start", ""))),
        discharge=_discharge(stay.get("dischargeDisposition", {})),
        goes_back=transfer.follows_why == "back",
    )


def _discharge(concept: dict[str, Any]) -> str:
    wanted = systems.codes("ma-loai-rv")
    return next((c.get("code", "") for c in concept.get("coding", ()) if c.get("system") == wanted), "")


def _slip_of_another(transfer: Transfer) -> bool:
    """Whether the number was given to another person by this facility in the same year (XML13: facility and year)."""
    form = Form(transfer.form)
    number = form.text("slip") or transfer.slip
    if not number:
        return False
    year = day_of(form.moment("departs_at") or transfer.left_at or clock.now()).year
    others = Transfer.objects.filter(sender=transfer.sender, slip=number, slip_year=year)
    others = others.exclude(loop=transfer.loop).exclude(state__in=[State.DRAFTED, State.CANCELLED])
    return any(_person(other) != _person(transfer) for other in others[:20])


def _person(transfer: Transfer) -> tuple[str, str]:
    return (transfer.patient, "") if transfer.patient else (fold(transfer.patient_name), transfer.birth[:4])
