"""What the report, the province page and the command line read from the plan; names in the language of the page.

Everything is told as of a day, past ones too, as far as the dates that were typed tell it. No patient data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from lienthong.rollout.plan import organisations, states
from lienthong.rollout.plan.models import Deadline, Difficulty, Document, DocumentKind, Meeting
from lienthong.rollout.plan.overview import Item, Plan, Share, plan, progress
from lienthong.rollout.plan.states import State


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A row of annex II. ``state`` is a :class:`State`, whose ``label`` are its words; ``unit`` empty: the province."""

    number: str
    title: str
    document: str
    lead: str
    partners: str
    due: date | None
    state: State
    result: str
    reason_late: str
    unit: str = ""
    due_note: str = ""
    confidence: str = "A"


@dataclass(frozen=True, slots=True)
class DeadlineLine:
    """A deadline ahead; ``days`` until then, from the day asked for."""

    day: date
    what: str
    applies_to: str
    days: int
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class DifficultyLine:
    """A row of annex V; ``unit`` is a facility code, empty for the province; ``to_whom`` a name."""

    unit: str
    content: str
    cause: str
    proposal: str
    to_whom: str
    answer: str
    code: str = ""
    category: str = ""
    raised_on: date | None = None
    confidence: str = "A"


@dataclass(frozen=True, slots=True)
class DirectionLine:
    """What was done to direct the roll-out: ``kind`` is ``document``, ``meeting`` or ``inspection``."""

    day: date
    kind: str
    title: str
    number: str
    issuer: str


def line(item: Item, day: date) -> TaskLine:
    """A task as a row of annex II."""
    task = item.task
    told = item.done or task.done is None  # a result typed with a later finish says nothing about that day
    return TaskLine(
        task.number,
        task.words,
        task.document.label if task.document else "",
        organisations.name(task.lead, day),
        organisations.names(task.partners, day),
        item.due,
        item.state,
        task.result if told else "",
        task.reason_late if told else "",
        task.unit,
        task.due_note,
        task.confidence,
    )


def tasks(first: date, last: date, unit: str = "") -> list[TaskLine]:
    """The tasks of the province (of a unit, if given) that were open in a period, as they stood on its last day.

    Those done before the first day are left out.
    """
    found = plan(last)
    return [
        line(item, last)
        for item in found.of(unit)
        if not (item.done and item.task.done is not None and item.task.done < first)
    ]


def next_tasks(after: date, days: int = 14) -> list[TaskLine]:
    """Open tasks of the province for the time after a day: overdue ones first, then those due in so many days, then
    those under way without a near date, by due date."""
    found = plan(after)
    until = after + timedelta(days=days)
    wanted = [
        item
        for item in found.of("")
        if not item.done
        and (
            item.late
            or item.state is State.IN_TERM
            or (item.due is not None and item.due <= until)
            or item.ready
        )
    ]
    far = date.max
    return [line(item, after) for item in sorted(wanted, key=lambda one: (one.due or far, one.task.number))]


def deadlines(on: date) -> list[DeadlineLine]:
    """Deadlines ahead that were set by a day and stand, the next first."""
    found = Deadline.objects.filter(day__gte=on, known_from__lte=on).exclude(ended_on__lte=on)
    return [
        DeadlineLine(one.day, one.words, one.who, (one.day - on).days, one.source, one.confidence)
        for one in found
    ]


def difficulties(on: date) -> list[DifficultyLine]:
    """What stood in the way on a day, the province's first; answers given by then."""
    found = [one for one in Difficulty.objects.filter(raised_on__lte=on) if one.open_on(on)]
    return [
        DifficultyLine(
            one.unit,
            one.words,
            one.cause,
            one.proposal,
            organisations.name(one.to_whom, on) if one.to_whom else "",
            one.answer if one.answered_on is None or one.answered_on <= on else "",
            one.code,
            one.category,
            one.raised_on,
            one.confidence,
        )
        for one in sorted(found, key=lambda one: (one.unit, one.raised_on, one.code))
    ]


def direction(first: date, last: date) -> list[DirectionLine]:
    """Documents issued, meetings and inspections in a period, in order of time; no press."""
    span = (first, last)
    documents = Document.objects.filter(day__range=span).exclude(kind=DocumentKind.NEWS)
    lines = [
        DirectionLine(one.day, "document", f"{one.get_kind_display()}: {one.words}", one.number, one.issuer)
        for one in documents
    ]
    lines += [
        DirectionLine(one.day, one.kind, one.words, "", one.chair)
        for one in Meeting.objects.filter(day__range=span)
    ]
    return sorted(lines, key=lambda one: (one.day, one.kind, one.title))


def shares(number: str, on: date) -> list[Share]:
    """How far each unit is with its parts of a province's task, e.g. ``T07``: n of 17 is a count of ``complete``."""
    return progress(plan(on), number)


def counts(found: Plan, unit: str = "") -> dict[State, int]:
    """How many tasks of the province (of a unit) stand in each state, none left out."""
    own = found.of(unit)
    return {state: sum(item.state is state for item in own) for state in states.State}
