"""Who may read which task, and the files of the plan."""

from __future__ import annotations

from lienthong.access import rights
from lienthong.access.models import Role
from lienthong.rollout.plan.models import Area, PlanFile, Task
from lienthong.rollout.scope import Person

POLICE = "CA-TINH"


def reads_all(person: Person) -> bool:
    """Whether he reads the tasks of every unit."""
    return bool(person.roles & (set(rights.BOARD) - {Role.UNIT, Role.POLICE}))


def only_security(person: Person) -> bool:
    """Whether he reads tasks of security alone, those of every unit."""
    return Role.POLICE in person.roles and not reads_all(person)


def reads(person: Person, task: Task) -> bool:
    """Whether he may read a task."""
    if reads_all(person):
        return True
    if person.units and (not task.unit or task.unit in person.units):
        return True
    return only_security(person) and (task.area == Area.SECURITY or task.lead == POLICE)


def sees_to(person: Person, task: Task) -> bool:
    """Whether he is reminded of a task: what he may read; of a unit's person only what the unit does."""
    if reads_all(person) or only_security(person):
        return reads(person, task)
    return task.unit in person.units or task.lead in person.units


def reads_registers(person: Person) -> bool:
    """Whether he reads documents and meetings."""
    return bool(person.roles & set(rights.PLAN_REGISTERS))


def reads_file(person: Person, file: PlanFile) -> bool:
    """Whether he may read a file: with its task; a document's also with a task that it orders or proves."""
    if file.task is not None:
        return reads(person, file.task)
    if reads_registers(person):
        return True
    if file.document is None:
        return False
    tasks = (*file.document.ordered.all(), *file.document.proves.all())
    return any(reads(person, task) for task in tasks)


def writes_file(person: Person, file: PlanFile) -> bool:
    """Whether he may take a file off: whoever works on its task; else the Department."""
    return person.edits(file.task.unit if file.task else "")
