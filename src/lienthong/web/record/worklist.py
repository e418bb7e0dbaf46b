"""Transfers as lines of a worklist and as a timeline of steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lienthong import exchange
from lienthong.foundation.errors import Problem
from lienthong.transfers import desk
from lienthong.transfers.models import State, Step, Transfer
from lienthong.web.record.person import age_words, sex

ORDER = list(State)
REASONS = {
    "1": gettext_lazy("In line with the levels of professional care"),
    "2": gettext_lazy("Beyond what this hospital can treat"),
    "3": gettext_lazy("Wish of the patient or the family"),
}
_RECEIPTED = {"receipt-signed", "receipt-verified"}


class Name(Protocol):
    """Gives a facility's name for its code."""

    def __call__(self, code: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Line:
    """One transfer on a worklist.

    Attributes:
        who: name in capitals; ``about``: age and sex.
        other: name of the hospital at the other end.
        unopened: nobody here has opened it yet (incoming only).
        receipted: the receiver's signed receipt was verified.
        waiting: how long it has stood in this state; empty once it needs nothing more.
    """

    transfer: Transfer
    who: str
    about: str
    other: str
    tag: str
    state: str
    unopened: bool
    receipted: bool
    waiting: str


@dataclass(frozen=True, slots=True)
class Stage:
    """One state of the loop on the timeline, reached or not yet."""

    state: str
    label: str
    reached: bool
    at: datetime | None
    person: str
    facility: str
    note: str


def line(transfer: Transfer, *, incoming: bool, now: datetime, name: Name) -> Line:
    """The worklist line of a transfer at the receiver (``incoming``) or at the sender."""
    return Line(
        transfer=transfer,
        who=transfer.patient_name.upper(),
        about=", ".join(filter(None, (age_words(transfer.birth), sex(transfer.gender)))),
        other=name(transfer.sender if incoming else transfer.receiver),
        tag=tag(transfer.state, incoming=incoming),
        state=str(State(transfer.state).label) if transfer.state in State.values else transfer.state,
        unopened=incoming and transfer.state in {State.SENT, State.RECEIVED},
        receipted=any(step.state == State.RECEIVED for step in transfer.steps.all()),
        waiting="" if transfer.state == State.ANSWERED else since(transfer.changed_at, now),
    )


def tag(state: str, *, incoming: bool) -> str:
    """The shape of a state: what waits for this hospital stands out; only a receipt turns anything green."""
    if incoming:
        return (
            "warn" if state in {State.SENT, State.RECEIVED} else "wait" if state == State.ANSWERED else "info"
        )
    return "wait" if state == State.SENT else "info"


def reason(code: str) -> str:
    """MA_LYDO_CT in the words of Circular 01/2025/TT-BYT annex VI; another code stays as it is."""
    return str(REASONS.get(code, code))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves that one message of a transfer arrived.

    Attributes:
        hash: SHA-256 of what the receiver stored, as its receipt says; empty while there is no receipt.
        signed_by: name of the facility that signed the receipt.
    """

    message: str
    created: datetime
    state: str
    receipt_at: datetime | None
    hash: str
    signed_by: str
    problem: Problem | None


def evidence(transfer: Transfer, name: Name) -> list[Evidence]:
    """Each message that carried the dossier, with its receipt, oldest first."""
    found = []
    for row in exchange.messages_of(transfer.loop):
        if row.kind != desk.TRANSFER:
            continue
        signed = [s for s in exchange.journey(row.id) if s.step in _RECEIPTED]
        found.append(
            Evidence(
                message=row.id,
                created=row.created,
                state=row.state,
                receipt_at=row.receipt_at,
                hash=signed[-1].detail if signed and row.receipt_at else "",
                signed_by=name(row.receiver),
                problem=row.problem,
            )
        )
    return sorted(found, key=lambda e: e.created)


def since(then: datetime, now: datetime) -> str:
    """A span in the largest unit that fits: ``12 minutes``, ``3 hours``, ``2 days``."""
    minutes = max(0, int((now - then).total_seconds() // 60))
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    if minutes < 48 * 60:
        return ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)d day", "%(n)d days", minutes // 1440) % {"n": minutes // 1440}


def stages(steps: Iterable[Step], name: Name) -> list[Stage]:
    """All states in their order, with who reached them and when."""
    reached = {step.state: step for step in steps}
    return [
        Stage(
            state=state.value,
            label=str(state.label),
            reached=state.value in reached,
            at=reached[state.value].at if state.value in reached else None,
            person=reached[state.value].person if state.value in reached else "",
            facility=name(reached[state.value].facility) if state.value in reached else "",
            note=reached[state.value].note if state.value in reached else "",
        )
        for state in ORDER
    ]
