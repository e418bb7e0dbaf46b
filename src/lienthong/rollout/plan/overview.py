"""The plan on a day: every task with what is computed of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from lienthong.foundation import clock
from lienthong.rollout import units
from lienthong.rollout.plan import graph, organisations, states
from lienthong.rollout.plan.models import Dependency, Task
from lienthong.rollout.plan.schedule import Schedule, Work, schedule
from lienthong.rollout.plan.states import Change, Facts, State


@dataclass(frozen=True, slots=True)
class Item:
    """A task as it stands on a day.

    Attributes:
        due: in force on that day; proposed: the change that waits for a decision.
        late: days after the due date; soon: 1, 7 or 14 when due within so many days.
        blockers: numbers of open tasks that it waits for; waits: those of them that it waits for directly.
        holds_up: numbers of open tasks that wait for it; next: those of them that wait for it directly.
        ready: not begun, and everything it waited for is done.
    """

    task: Task
    facts: Facts
    state: State
    due: date | None
    proposed: Change | None
    late: int
    soon: int | None
    blockers: tuple[str, ...]
    waits: tuple[str, ...]
    holds_up: tuple[str, ...]
    next: tuple[str, ...]
    ready: bool

    @property
    def done(self) -> bool:
        return self.state in states.FINISHED

    @property
    def shape(self) -> str:
        """The shape of the tag."""
        return states.SHAPES[self.state]

    @property
    def begin(self) -> date:
        """Where a bar begins: the first day of work, the planned one, else the day it was given."""
        return self.facts.started or self.task.begin or self.task.given_on


@dataclass(frozen=True, slots=True)
class Plan:
    """All tasks that were given by a day, and what waits for what; keys are numbers of tasks."""

    day: date
    items: Mapping[str, Item]
    needs: Mapping[str, Collection[str]]

    @property
    def wholes(self) -> set[int]:
        """Keys of the province's tasks that tasks of units are parts of."""
        return {item.task.part_of_id for item in self.items.values() if item.task.part_of_id is not None}

    def of(self, unit: str) -> list[Item]:
        """The tasks of a unit; of the province (empty)."""
        return [item for item in self.items.values() if item.task.unit == unit]

    def schedule(self, numbers: Iterable[str]) -> Schedule | None:
        """The forecast of some tasks and of all they wait for; None while the length of an open one is not known."""
        wanted = {number for number in numbers if number in self.items}
        for number in list(wanted):
            wanted |= graph.waits_for(self.needs, number)
        items = [self.items[number] for number in wanted if number in self.items]
        if any(item.task.days is None for item in items if not item.done):
            return None
        works = {item.task.number: self._work(item) for item in items}
        return schedule(works, self.needs, self.day)

    def _work(self, item: Item) -> Work:
        days = item.task.days or 1
        begin = item.task.begin
        if item.state is not State.NOT_DUE and item.facts.started and item.facts.started <= self.day:
            days, begin = days - (self.day - item.facts.started).days, None
        return Work(max(1, days), begin, item.due, item.facts.done if item.done else None)


@dataclass(frozen=True, slots=True)
class Share:
    """How far a unit is with its tasks of a province's task."""

    unit: str
    name: str
    done: int
    whole: int
    late: int

    @property
    def complete(self) -> bool:
        return self.whole > 0 and self.done == self.whole


def plan(day: date | None = None) -> Plan:
    """The plan as it stood on a day (today if none is given), as far as what was typed tells it."""
    day = day or clock.today()
    found = Task.objects.filter(given_on__lte=day).select_related("document", "evidence", "part_of")
    tasks = {task.number: task for task in found.prefetch_related("due_changes")}
    needs: dict[str, set[str]] = {}
    for task, before in Dependency.objects.values_list("task__number", "before__number"):
        if task in tasks and before in tasks:
            needs.setdefault(task, set()).add(before)
    facts = {number: task.facts for number, task in tasks.items()}
    done = {number for number, one in facts.items() if states.done_by(one, day)}
    back = graph.turned(needs)
    items: dict[str, Item] = {}
    for number, one in facts.items():
        open_now = number not in done
        blockers = graph.blockers(needs, done, number) if open_now else set()
        holds_up = graph.blockers(back, done, number) if open_now else set()
        state = states.state(one, day)
        items[number] = Item(
            task=tasks[number],
            facts=one,
            state=state,
            due=states.due_on(one, one.done if one.done and not open_now else day),
            proposed=states.proposed_on(one, day) if open_now else None,
            late=states.late_by(one, day),
            soon=states.soon(one, day),
            blockers=tuple(sorted(blockers)),
            waits=tuple(sorted(blockers & set(needs.get(number, ())))),
            holds_up=tuple(sorted(holds_up)),
            next=tuple(sorted(holds_up & back.get(number, set()))),
            ready=bool(needs.get(number)) and not blockers and not states.started_by(one, day),
        )
    return Plan(day, items, needs)


def progress(found: Plan, number: str) -> list[Share]:
    """How far each unit is with its parts of a province's task, units in the order of lists."""
    shares = []
    parts = [
        item for item in found.items.values() if item.task.part_of and item.task.part_of.number == number
    ]
    for unit in units.listing(found.day):
        own = [item for item in parts if item.task.unit == unit.code]
        late = sum(item.state is State.OVERDUE for item in own)
        name = organisations.name(unit.code, found.day)
        shares.append(Share(unit.code, name, sum(item.done for item in own), len(own), late))
    return shares
