"""Transfers as lines of a worklist and as a timeline of steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lienthong import exchange
from lienthong.foundation.errors import Problem
from lienthong.transfers import desk, form, rules
from lienthong.transfers.models import State, Step, Transfer
from lienthong.web.record.person import age_words, sex

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
        withheld: the slip is specially protected, so the transfer carries no diagnosis in words.
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
    withheld: bool
    reason: str
    waiting: str


@dataclass(frozen=True, slots=True)
class Stage:
    """One step on the timeline; ``effect``: it counted."""

    kind: str
    label: str
    at: datetime
    person: str
    facility: str
    data: dict[str, Any]
    effect: bool


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
        receipted=any(step.kind == State.RECEIVED for step in transfer.steps.all()),
        withheld=withheld(transfer),
        reason=reason(transfer.reason),
        waiting="" if State(transfer.state) in rules.ENDED else since(transfer.since, now),
    )


def withheld(transfer: Transfer) -> bool:
    """Whether the diagnosis is left out because the slip is specially protected."""
    return not transfer.diagnosis and bool(transfer.slip or transfer.kept_back)


def tag(state: str, *, incoming: bool) -> str:
    """The shape of a state: what waits for this hospital stands out; only a receipt turns anything green."""
    if incoming:
        return (
            "warn" if state in {State.SENT, State.RECEIVED} else "wait" if state == State.OUTCOME else "info"
        )
    return "wait" if state in {State.DRAFTED, State.SENT} else "info"


def reason(code: str) -> str:
    """MA_LYDO_CT in the words of Circular 01/2025/TT-BYT annex VI; another code stays as it is."""
    return str(form.REASONS.get(code, code))


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
    """What was done so far, in order; the conversation is shown by itself."""
    return [
        Stage(
            kind=step.kind,
            label=str(State(step.kind).label),
            at=step.at,
            person=step.person,
            facility=name(step.facility),
            data=step.data,
            effect=step.effect,
        )
        for step in steps
        if step.kind != State.NOTE
    ]
