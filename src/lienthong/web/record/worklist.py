"""Transfers as lines of a worklist and as a timeline of steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from lienthong.transfers.models import State, Step, Transfer
from lienthong.web.record.person import age_words, sex

ORDER = list(State)


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
        state=State(transfer.state).label if transfer.state in State.values else transfer.state,
        unopened=incoming and transfer.state in {State.SENT, State.RECEIVED},
        receipted=transfer.state in ORDER and transfer.state != State.SENT,
        waiting="" if transfer.state == State.ANSWERED else since(transfer.changed_at, now),
    )


def tag(state: str, *, incoming: bool) -> str:
    """The tag class of a state: what waits for this hospital stands out, only a receipt turns anything green."""
    if state == State.ANSWERED:
        return "tag-green"
    if incoming:
        return "tag-new" if state in {State.SENT, State.RECEIVED} else "tag-blue"
    return "tag-grey" if state == State.SENT else "tag-green"


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
