"""Who takes which step when, where it leads, who has the next one and how soon: the one table of the loop.

What a transfer is follows from the *set* of its steps alone (:func:`standing`), so that both hospitals agree whatever
order messages come in. A step that does not fit what was reached before it stays on record, without effect.
After IHE 360X, with the steps of an acute transfer beside it; the crosswalk is in ``docs/reference/closed-loop.md``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from lienthong.access.models import Role
from lienthong.foundation import clock
from lienthong.transfers.models import Side, State, Urgency

S = State
ORDER = tuple(State)
PLACE = {state: place for place, state in enumerate(ORDER)}
_MINUTE, _HOUR, _DAY = 1, 60, 1440


@dataclass(frozen=True, slots=True)
class Standing:
    """What a transfer is at the moment.

    Attributes:
        state: as lists show it; since: when the step that led there was taken.
        side, role: whose turn it is; always somebody's.
        due: until when; None where no clock runs.
        reached: kinds of step that had effect, to the first time each was taken.
        idle: ids of steps without effect.
    """

    state: State
    since: datetime
    side: Side
    role: Role
    due: datetime | None
    reached: Mapping[State, datetime] = field(default_factory=dict)
    idle: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Turn:
    """A state: whose turn it is, minutes allowed (emergency, urgent, planned; None: no clock), and its other names.

    Attributes:
        task: FHIR R4 ``Task.status``; x360: transaction of IHE 360X, empty for what that profile does not know.
    """

    side: Side
    role: Role
    minutes: tuple[int, int, int] | None
    task: str
    x360: str = ""


_SENDER, _RECEIVER = Side.SENDER, Side.RECEIVER
_DOCTOR, _NURSE = Role.DOCTOR, Role.NURSE

TURNS: dict[State, Turn] = {
    S.DRAFTED: Turn(_SENDER, _DOCTOR, (30 * _MINUTE, 4 * _HOUR, 3 * _DAY), "draft"),
    S.SENT: Turn(_SENDER, _DOCTOR, (10 * _MINUTE, _HOUR, _DAY), "requested", "PCC-55"),
    S.RECEIVED: Turn(_RECEIVER, _DOCTOR, (5 * _MINUTE, 30 * _MINUTE, _DAY), "requested"),
    S.SEEN: Turn(_RECEIVER, _DOCTOR, (15 * _MINUTE, 2 * _HOUR, 2 * _DAY), "received"),
    S.ASKED: Turn(_SENDER, _DOCTOR, (15 * _MINUTE, 2 * _HOUR, 2 * _DAY), "on-hold"),
    S.TOLD: Turn(_RECEIVER, _DOCTOR, (15 * _MINUTE, 2 * _HOUR, 2 * _DAY), "received"),
    S.ACCEPTED: Turn(_RECEIVER, _NURSE, (30 * _MINUTE, 4 * _HOUR, 3 * _DAY), "accepted", "PCC-55"),
    S.DECLINED: Turn(_SENDER, _DOCTOR, (15 * _MINUTE, 2 * _HOUR, 2 * _DAY), "rejected", "PCC-56"),
    S.BED: Turn(_SENDER, _DOCTOR, (_HOUR, 6 * _HOUR, 3 * _DAY), "accepted"),
    S.APPOINTMENT: Turn(_SENDER, _DOCTOR, (_HOUR, 6 * _HOUR, 3 * _DAY), "accepted", "PCC-60"),
    S.STABILISED: Turn(_SENDER, _DOCTOR, (_HOUR, 4 * _HOUR, 2 * _DAY), "accepted"),
    S.DEPARTED: Turn(_RECEIVER, _NURSE, (3 * _HOUR, 8 * _HOUR, 10 * _DAY), "in-progress"),
    S.NO_SHOW: Turn(_SENDER, _DOCTOR, (_HOUR, 4 * _HOUR, 2 * _DAY), "on-hold", "PCC-61"),
    S.ARRIVED: Turn(_RECEIVER, _DOCTOR, (30 * _MINUTE, 2 * _HOUR, _DAY), "in-progress"),
    S.ADMITTED: Turn(_RECEIVER, _DOCTOR, (_DAY, 3 * _DAY, 7 * _DAY), "in-progress"),
    S.INTERIM: Turn(_RECEIVER, _DOCTOR, (3 * _DAY, 7 * _DAY, 14 * _DAY), "in-progress", "PCC-59"),
    S.OUTCOME: Turn(_SENDER, _DOCTOR, (_DAY, 2 * _DAY, 5 * _DAY), "completed", "PCC-57"),
    S.CLOSED: Turn(_SENDER, _DOCTOR, None, "completed"),
    S.CANCELLED: Turn(_SENDER, _DOCTOR, None, "cancelled", "PCC-58"),
}

ENDED = frozenset({S.CLOSED, S.CANCELLED})
"""States without a clock. A step may still lead out of them: the patient comes after all, an outcome is corrected."""

STAYS = None

_UNANSWERED = (S.RECEIVED, S.SEEN, S.ASKED, S.TOLD)
_AGREED = (S.ACCEPTED, S.BED, S.APPOINTMENT)
_BEFORE_ARRIVAL = (S.SENT, *_UNANSWERED, *_AGREED, S.DECLINED, S.STABILISED, S.DEPARTED, S.NO_SHOW)
_THERE = (S.ARRIVED, S.ADMITTED, S.INTERIM)

STEPS: dict[State, tuple[Side | None, dict[tuple[State, ...], State | None]]] = {
    S.SENT: (_SENDER, {(S.DRAFTED,): S.SENT}),
    S.RECEIVED: (_RECEIVER, {(S.SENT,): S.RECEIVED, _BEFORE_ARRIVAL[1:]: STAYS}),
    S.SEEN: (_RECEIVER, {(S.RECEIVED,): S.SEEN, (S.STABILISED, S.DEPARTED): STAYS}),
    S.ASKED: (_RECEIVER, {_UNANSWERED: S.ASKED, (S.STABILISED, S.DEPARTED): STAYS}),
    S.TOLD: (_SENDER, {(S.ASKED,): S.TOLD, (*_AGREED, S.STABILISED, S.DEPARTED): STAYS}),
    S.ACCEPTED: (
        _RECEIVER,
        {(*_UNANSWERED, S.DECLINED): S.ACCEPTED, (S.STABILISED, S.DEPARTED, *_THERE): STAYS},
    ),
    S.DECLINED: (_RECEIVER, {(*_UNANSWERED, *_AGREED, S.STABILISED): S.DECLINED}),
    S.BED: (
        _RECEIVER,
        {(*_UNANSWERED, S.ACCEPTED, S.BED, S.NO_SHOW): S.BED, (S.STABILISED, S.DEPARTED): STAYS},
    ),
    S.APPOINTMENT: (_RECEIVER, {(*_UNANSWERED, *_AGREED, S.NO_SHOW): S.APPOINTMENT, (S.DEPARTED,): STAYS}),
    S.STABILISED: (_SENDER, {_AGREED: S.STABILISED, (S.SENT, *_UNANSWERED): STAYS}),
    S.DEPARTED: (_SENDER, {_BEFORE_ARRIVAL: S.DEPARTED, _THERE: STAYS}),
    S.NO_SHOW: (_RECEIVER, {(*_AGREED, S.STABILISED, S.DEPARTED): S.NO_SHOW}),
    S.ARRIVED: (_RECEIVER, {(*_BEFORE_ARRIVAL, S.CANCELLED): S.ARRIVED}),
    S.ADMITTED: (_RECEIVER, {(S.ARRIVED,): S.ADMITTED, (S.INTERIM,): STAYS}),
    S.INTERIM: (_RECEIVER, {_THERE: S.INTERIM}),
    S.OUTCOME: (_RECEIVER, {(*_THERE, S.OUTCOME, S.CLOSED): S.OUTCOME}),
    S.CLOSED: (_SENDER, {(S.OUTCOME,): S.CLOSED}),
    S.CANCELLED: (_SENDER, {(S.DRAFTED, *_BEFORE_ARRIVAL): S.CANCELLED}),
    S.NOTE: (None, {tuple(s for s in State if s not in (S.DRAFTED, S.NOTE)): STAYS}),
}
"""Kind of step: who takes it (None: either side), and from which states it leads where."""

WAITS_FOR_ANSWER = frozenset({S.DEPARTED, S.STABILISED})
"""Steps that a planned transfer takes only once the receiver has agreed; an emergency does not wait."""


class AnyStep(Protocol):
    """What of a step decides."""

    id: str
    kind: str
    place: int
    at: datetime
    data: dict[str, Any]


def standing(steps: Iterable[AnyStep], urgency: str, begun: datetime) -> Standing:
    """What a set of steps comes to; steps of unknown kinds count for nothing.

    Args:
        begun: when the draft was begun.
    """
    state, since, due_from = S.DRAFTED, begun, dict[str, Any]()
    reached: dict[State, datetime] = {}
    idle = set()
    for step in sorted(steps, key=in_order):
        found, fits = after(state, step.kind)
        if not fits:
            idle.add(step.id)
            continue
        kind = State(step.kind)
        reached.setdefault(kind, step.at)
        if found is not None:
            state, since, due_from = found, step.at, step.data
    turn = TURNS[state]
    return Standing(
        state, since, turn.side, turn.role, due(state, since, urgency, due_from), reached, frozenset(idle)
    )


def in_order(step: AnyStep) -> tuple[int, int, str]:
    """The order in which steps count, the same at both hospitals: a step after all that its taker knew."""
    return step.place, PLACE[State(step.kind)] if step.kind in State.values else len(ORDER), step.id


def after(state: State, kind: str) -> tuple[State | None, bool]:
    """The state that a step leads to (None: it stays), and whether it fits what was reached before it."""
    if kind not in State.values or State(kind) not in STEPS:
        return None, False
    for sources, leads in STEPS[State(kind)][1].items():
        if state in sources:
            return leads, True
    return None, False


def due(state: State, since: datetime, urgency: str, data: Mapping[str, Any]) -> datetime | None:
    """Until when the next step must be taken: by the clock of the urgency, or by what the last step itself promised."""
    minutes = TURNS[state].minutes
    if minutes is None:
        return None
    allowed = timedelta(minutes=minutes[list(Urgency).index(Urgency(urgency or Urgency.PLANNED))])
    said = promised(state, data)
    if said:
        try:
            return max(since, clock.from_iso(said)) + _GRACE[state]
        except (ValueError, OverflowError):
            return since + allowed
    return since + allowed


def promised(state: State, data: Mapping[str, Any]) -> str:
    """The moment that a step itself promises the next one for, as :func:`clock.iso` writes it; mostly nothing."""
    name = {S.DEPARTED: "arrives_at", S.APPOINTMENT: "at"}.get(state, "")
    return str(data.get(name) or "")


_GRACE = {S.DEPARTED: timedelta(hours=1), S.APPOINTMENT: timedelta(days=1)}

LEVELS = (1.0, 1.5, 2.0)
"""After how much of the time allowed the owner, the head of the owner's unit, and the hub are told."""


def level(since: datetime, until: datetime | None, now: datetime) -> int:
    """How far an overdue step has gone up: 0 not overdue, 1 owner, 2 head of unit, 3 hub."""
    if until is None or now < until:
        return 0
    allowed = until - since
    return sum(now >= since + share * allowed for share in LEVELS)


def allowed(state: State, side: Side, urgency: str) -> list[State]:
    """The steps that a side may take now, in the loop's order; ``sent`` and ``received`` come by themselves."""
    found = []
    for kind, (by, _ways) in STEPS.items():
        if kind in (S.SENT, S.RECEIVED) or by not in (side, None):
            continue
        if not after(state, kind)[1]:
            continue
        if (
            urgency == Urgency.PLANNED
            and kind in WAITS_FOR_ANSWER
            and state not in (*_AGREED, S.STABILISED, S.NO_SHOW)
        ):
            continue
        if kind is S.DEPARTED and state in (S.DEPARTED, S.DECLINED, *_THERE):
            continue
        found.append(kind)
    return sorted(found, key=PLACE.__getitem__)
