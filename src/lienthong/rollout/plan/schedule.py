"""When tasks can be done, which of them decide the end, and how far the others may slip (critical path method).

Days are calendar days. Nothing here asks the database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from lienthong.rollout.plan import graph

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Work:
    """What is known of a task.

    Attributes:
        days: how long it takes, at least 1.
        begin: not before this day; None: as soon as it can.
        due: when it should be done; None: no date.
        done: when it was done; None: open.
    """

    days: int
    begin: date | None = None
    due: date | None = None
    done: date | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """When an open task can be done.

    Attributes:
        start, finish: first and last day, when everything before it goes as forecast.
        slack: days by which it may slip without moving the end of the whole.
        spare: days from the finish to the due date, negative when it will be late; None without a due date.
    """

    start: date
    finish: date
    slack: int
    spare: int | None


@dataclass(frozen=True, slots=True)
class Schedule:
    """Forecasts of the open tasks, the end of the whole, and the chain of tasks that decides that end, in order."""

    forecasts: Mapping[str, Forecast]
    end: date | None
    critical: tuple[str, ...]


def schedule(works: Mapping[str, Work], needs: graph.Needs, today: date) -> Schedule:
    """Lays the open tasks one after the other from today.

    Args:
        needs: without circles; tasks that are not in ``works`` are taken as done.

    Raises:
        ValueError: the tasks wait for each other in a circle.
    """
    column = graph.layers(needs, works)
    order = sorted(works, key=lambda task: (column[task], task))
    undone = {task: [one for one in sorted(needs.get(task, ())) if one in works] for task in order}
    undone = {task: [one for one in undone[task] if works[one].done is None] for task in order}
    open_tasks = [task for task in order if works[task].done is None]
    start: dict[str, date] = {}
    finish: dict[str, date] = {}
    for task in open_tasks:
        work = works[task]
        ready = [finish[one] + DAY for one in undone[task]]
        start[task] = max([today, *ready, *([work.begin] if work.begin else [])])
        finish[task] = start[task] + (max(1, work.days) - 1) * DAY
    if not open_tasks:
        return Schedule({}, None, ())
    end = max(finish.values())
    latest = dict.fromkeys(open_tasks, end)
    for task in reversed(open_tasks):
        for one in undone[task]:
            latest[one] = min(latest[one], latest[task] - (finish[task] - start[task]) - DAY)
    forecasts = {task: _forecast(works[task], start[task], finish[task], latest[task]) for task in open_tasks}
    return Schedule(forecasts, end, _critical(open_tasks, undone, start, finish, end))


def _forecast(work: Work, start: date, finish: date, latest: date) -> Forecast:
    spare = (work.due - finish).days if work.due else None
    return Forecast(start, finish, (latest - finish).days, spare)


def _critical(
    tasks: list[str],
    undone: Mapping[str, list[str]],
    start: Mapping[str, date],
    finish: Mapping[str, date],
    end: date,
) -> tuple[str, ...]:
    """From the task that ends last back through those whose end decides when the next one starts."""
    back = [next(task for task in tasks if finish[task] == end)]
    while (
        before := next((one for one in undone[back[-1]] if finish[one] + DAY == start[back[-1]]), None)
    ) is not None:
        back.append(before)
    return tuple(reversed(back))
