"""The state of a task on a day, computed from dates that were typed; the state itself is never typed.

The six words are those of government follow-up (theo dõi nhiệm vụ được giao). Nothing here asks the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class State(models.TextChoices):
    """How far a task is, in the order in which people are told of it."""

    OVERDUE = "overdue", _("In progress, overdue")
    PROPOSED = "proposed", _("Proposed for change")
    IN_TERM = "in-term", _("In progress, within the term")
    NOT_DUE = "not-due", pgettext_lazy("plan", "Not yet due")
    DONE_LATE = "done-late", _("Done late")
    DONE = "done", _("Done on time")


SHAPES = {
    State.OVERDUE: "bad",
    State.PROPOSED: "info",
    State.IN_TERM: "wait",
    State.NOT_DUE: "wait",
    State.DONE_LATE: "warn",
    State.DONE: "ok",
}
"""The shape of the tag."""
FINISHED = (State.DONE, State.DONE_LATE)
SOON = (1, 7, 14)
"""Days before a due date at which people are reminded."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a due date: proposed on a day, perhaps decided on a later one."""

    proposed_on: date
    due: date | None
    decided_on: date | None = None
    agreed: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What was typed of a task: the date it was given with (None: no date), what became of that date, its work."""

    due: date | None
    changes: Sequence[Change] = ()
    started: date | None = None
    done: date | None = None


def due_on(facts: Facts, day: date) -> date | None:
    """The due date in force on a day: that of the newest change agreed by then, else the first one."""
    agreed = [one for one in facts.changes if one.agreed and one.decided_on and one.decided_on <= day]
    newest = max(agreed, key=lambda one: (one.decided_on, one.proposed_on), default=None)
    return newest.due if newest else facts.due


def done_by(facts: Facts, day: date) -> bool:
    """Whether the task was done on that day."""
    return facts.done is not None and facts.done <= day


def started_by(facts: Facts, day: date) -> bool:
    """Whether work had begun on that day."""
    return (facts.started is not None and facts.started <= day) or done_by(facts, day)


def proposed_on(facts: Facts, day: date) -> Change | None:
    """The change of the due date that waited for a decision on a day."""
    waiting = [
        one
        for one in facts.changes
        if one.proposed_on <= day and (one.decided_on is None or one.decided_on > day)
    ]
    return max(waiting, key=lambda one: one.proposed_on, default=None)


def late_by(facts: Facts, day: date) -> int:
    """Days after the due date at which the task was done, or that have gone without it; 0 when it is not late."""
    until = facts.done if facts.done is not None and facts.done <= day else day
    due = due_on(facts, until)
    return max(0, (until - due).days) if due else 0


def state(facts: Facts, day: date) -> State:
    """The state on a day. A task that is done is judged by the due date in force on the day it was done."""
    late = late_by(facts, day) > 0
    if done_by(facts, day):
        return State.DONE_LATE if late else State.DONE
    if proposed_on(facts, day):
        return State.PROPOSED
    if late:
        return State.OVERDUE
    return State.IN_TERM if started_by(facts, day) else State.NOT_DUE


def soon(facts: Facts, day: date) -> int | None:
    """The reminder that counts on a day: 1, 7 or 14 when an open task is due within so many days, else None."""
    due = due_on(facts, day)
    if due is None or done_by(facts, day) or due < day:
        return None
    return next((days for days in SOON if due <= day + timedelta(days=days)), None)
