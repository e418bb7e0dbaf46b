"""The outcome that came back, for pages and for paper."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.transfers import rules, stay
from lienthong.transfers.models import State, Transfer
from lienthong.transfers.steps import RESULTS

AGREED = {"yes": "Phù hợp", "partly": "Phù hợp một phần", "no": "Không phù hợp"}
"""Agreement of the diagnoses, as the printed letter says it."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A return letter as it was sent.

    Attributes:
        data: members of :class:`lienthong.transfers.steps.Outcome`.
        result: KET_QUA_DTRI in words; died: the patient did.
        number: which one it is; more than 1 means that it corrects those before.
        return_to: name of the facility that goes on with the treatment.
    """

    transfer: Transfer
    data: dict[str, Any]
    at: datetime
    person: str
    result: str
    died: bool
    number: int
    sender: str
    receiver: str
    return_to: str
    admitted: datetime | None
    discharged: datetime | None
    appointment: datetime | None


def letter(transfer: Transfer, *, language: str | None = None) -> Letter | None:
    """The newest outcome of a transfer that counts; None while there is none."""
    sent = [
        s for s in sorted(transfer.steps.all(), key=rules.in_order) if s.kind == State.OUTCOME and s.effect
    ]
    if not sent:
        return None
    step, data = sent[-1], sent[-1].data
    result = str(data.get("result") or "")
    return Letter(
        transfer=transfer,
        data=data,
        at=step.at,
        person=step.person,
        result=str(RESULTS.get(result, result)),
        died=result == stay.DIED,
        number=len(sent),
        sender=directory.name(transfer.sender, language=language),
        receiver=directory.name(transfer.receiver, language=language),
        return_to=directory.name(str(data.get("return_to") or transfer.sender), language=language),
        admitted=clock.moment(data.get("admitted_at")),
        discharged=clock.moment(data.get("discharged_at")),
        appointment=clock.moment(data.get("appointment_at")),
    )


def letters(transfers: Iterable[Transfer]) -> list[Letter]:
    """What came back to this hospital of its own transfers, the newest first."""
    own = (t for t in transfers if t.sender == directory.here())
    return [found for t in own if (found := letter(t)) is not None]
