"""What of one transfer is measured: a pure function of its steps, the same at the hub and at a hospital."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lienthong.transfers import rules, steps
from lienthong.transfers.models import State
from lienthong.transfers.rules import AnyStep

ANSWERS = (State.ACCEPTED, State.DECLINED, State.BED, State.APPOINTMENT)
"""Steps by which the receiver answers; a question back is none."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One transfer that was sent; nothing of its patient.

    Attributes:
        owner: facility whose turn it is since ``since``, until ``due``; ``role``: whose there.
        sent_at, answered_at, departed_at, arrived_at, outcome_at: when each was first done, by the clock of the
            hospital that did it; None for not.
        complete: the minimum safe set was whole when it was sent first.
        declined: coded reason of the first refusal; cancelled: that of a transfer that ended so.
        late: some turn was taken after its time; the present one counts by ``due``.
    """

    sender: str
    receiver: str
    urgency: str
    state: str
    since: datetime
    owner: str
    role: str
    due: datetime | None
    sent_at: datetime
    answered_at: datetime | None
    departed_at: datetime | None
    arrived_at: datetime | None
    outcome_at: datetime | None
    complete: bool
    declined: str
    cancelled: str
    late: bool

    def overdue(self, now: datetime) -> bool:
        """Whether any turn was or is overdue."""
        return self.late or (self.due is not None and now >= self.due)


def of_steps(
    known: Sequence[AnyStep], *, sender: str, receiver: str, urgency: str, complete: bool
) -> Facts | None:
    """What a set of steps, in any order, comes to; None while the transfer was not sent."""
    ordered = sorted(known, key=rules.in_order)
    sent = next((step for step in ordered if step.kind == State.SENT), None)
    if sent is None:
        return None
    now = rules.standing(ordered, urgency, sent.at)
    counted = [step for step in ordered if step.id not in now.idle]
    reached = now.reached
    return Facts(
        sender=sender,
        receiver=receiver,
        urgency=urgency,
        state=now.state.value,
        since=now.since,
        owner=sender if now.side == "sender" else receiver,
        role=now.role.value,
        due=now.due,
        sent_at=sent.at,
        answered_at=next((step.at for step in counted if step.kind in ANSWERS), None),
        departed_at=reached.get(State.DEPARTED),
        arrived_at=reached.get(State.ARRIVED),
        outcome_at=reached.get(State.OUTCOME),
        complete=complete,
        declined=_code(counted, State.DECLINED),
        cancelled=_code(counted[::-1], State.CANCELLED) if now.state is State.CANCELLED else "",
        late=_late(counted, urgency),
    )


def _code(ordered: Sequence[AnyStep], kind: State) -> str:
    return next((steps.code(kind, step.data) or "other" for step in ordered if step.kind == kind), "")


def _late(counted: Sequence[AnyStep], urgency: str) -> bool:
    state, until = State.DRAFTED, None
    for step in counted:
        leads, _ = rules.after(state, step.kind)
        if leads is None:
            continue
        if until is not None and step.at > until:
            return True
        state, until = leads, rules.due(leads, step.at, urgency, step.data)
    return False
