"""A template laid on a unit: its steps become tasks with dates and dependencies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from lienthong.rollout.changes import Batch
from lienthong.rollout.plan import graph, organisations, problems, writing
from lienthong.rollout.plan.models import Dependency, Task, Template, TemplateStep
from lienthong.transfers.validity import working_days

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """First day of a step and its due date."""

    begin: date
    due: date


def spans(
    steps: Mapping[str, tuple[int, Sequence[str]]], start: date, working: Callable[[date], bool]
) -> dict[str, Span]:
    """The dates of steps that begin as early as they can.

    Args:
        steps: key to its days and the keys of the steps before it; those that are not there do not count.
        working: whether a day is a working day; a step that would end on another ends on the next one that is.

    Raises:
        ValueError: the steps wait for each other in a circle.
    """
    column = graph.layers({key: before for key, (_, before) in steps.items()}, steps)
    found: dict[str, Span] = {}
    for key in sorted(steps, key=lambda one: column[one]):
        days, before = steps[key]
        begin = max([start, *(found[one].due + DAY for one in before if one in found)])
        due = begin + (max(1, days) - 1) * DAY
        while not working(due):
            due += DAY
        found[key] = Span(begin, due)
    return found


def laid(template: Template, start: date) -> list[tuple[TemplateStep, Span]]:
    """The steps of a template with the dates that they would get, in order."""
    steps = list(template.steps.all())
    dates = spans(
        {step.key: (step.days, step.after) for step in steps}, start, working_days.calendar().working
    )
    return [(step, dates[step.key]) for step in steps]


def fits(template: Template, kind: str, on: date) -> bool:
    """Whether a template is meant for a kind of unit on a day."""
    kinds = [one.strip() for one in template.kinds.split(",") if one.strip()]
    return template.valid(on) and (not kinds or kind in kinds)


def lay(batch: Batch, template: Template, unit: str, start: date, given_on: date) -> list[Task]:
    """Makes the tasks of a template for a unit.

    Raises:
        LienThongError: ``plan-template-applied``: tasks of it are open there.
    """
    writing.lock()
    if Task.objects.filter(unit=unit, template=template.code, done=None).exists():
        raise problems.applied(template.words, organisations.name(unit))
    whole = Task.objects.filter(number=template.part_of, unit="").first() if template.part_of else None
    made: dict[str, Task] = {}
    for step, span in laid(template, start):
        task = Task(
            number=writing.next_number(unit),
            title=step.title,
            title_en=step.title_en,
            unit=unit,
            area=step.area,
            lead=step.lead or unit,
            partners=step.partners or ("" if not step.lead else unit),
            document=whole.document if whole else None,
            given_on=given_on,
            begin=span.begin,
            due=span.due,
            days=step.days,
            part_of=whole,
            template=template.code,
            step=step.key,
            source=template.source[:300],
            confidence=template.confidence,
        )
        batch.save(task)
        made[step.key] = task
    for step in template.steps.all():
        for key in step.after:
            if key in made:
                batch.save(Dependency(task=made[step.key], before=made[key]))
    return list(made.values())
