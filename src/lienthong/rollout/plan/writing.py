"""What people do with the plan. Each joins the caller's batch, which makes it one entry that can be undone."""

from __future__ import annotations

from datetime import date

from lienthong.foundation import clock
from lienthong.rollout import files
from lienthong.rollout.changes import Batch, Typed
from lienthong.rollout.plan import graph, problems, states
from lienthong.rollout.plan.models import (
    Conclusion,
    Deadline,
    Dependency,
    Difficulty,
    Document,
    DueChange,
    Meeting,
    PlanFile,
    Task,
)

_LETTERS: dict[type[Typed], str] = {Document: "V", Meeting: "H", Difficulty: "K", Deadline: "M"}


def lock() -> None:
    """Lets one writer at a time change what waits for what, and give numbers (PostgreSQL; SQLite has one writer)."""
    list(Task.objects.select_for_update().order_by("pk").values_list("pk"))


def next_number(unit: str) -> str:
    """The next number of a task: ``T14`` for the province, ``24004-03`` for a unit."""
    lock()
    start = f"{unit}-" if unit else "T"
    taken = Task.objects.filter(number__startswith=start).values_list("number", flat=True)
    return f"{start}{_after(taken, start):02d}"


def next_code(model: type[Document] | type[Meeting] | type[Difficulty] | type[Deadline]) -> str:
    """The next code of a register, e.g. ``K01``."""
    letter = _LETTERS[model]
    return f"{letter}{_after(model.objects.values_list('code', flat=True), letter):02d}"


def _after(taken: object, start: str) -> int:
    rests = [str(one)[len(start) :] for one in taken if str(one).startswith(start)]  # type: ignore[attr-defined]
    return max([int(rest) for rest in rests if rest.isascii() and rest.isdigit()], default=0) + 1


def needs() -> dict[str, set[str]]:
    """What waits for what, by number of the task, whatever the day."""
    found: dict[str, set[str]] = {}
    for task, before in Dependency.objects.values_list("task__number", "before__number"):
        found.setdefault(task, set()).add(before)
    return found


def wait(batch: Batch, task: Task, before: Task) -> None:
    """Makes a task wait for another; nothing happens when it does already.

    Raises:
        LienThongError: ``plan-circle``.
    """
    lock()
    closed = graph.chain(needs(), task.number, before.number)
    if closed:
        raise problems.circle(closed)
    if not Dependency.objects.filter(task=task, before=before).exists():
        batch.save(Dependency(task=task, before=before))


def note_progress(batch: Batch, task: Task, day: date | None = None, *, seen: str | None = None) -> None:
    """Writes what was typed about a task's progress (begun, done, result, evidence, reason).

    Raises:
        LienThongError: ``plan-day-ahead``, ``plan-done-before-begun``, ``plan-reason-missing``.
    """
    today = day or clock.today()
    if any(one is not None and one > today for one in (task.started, task.done)):
        raise problems.day_ahead()
    if task.started and task.done and task.done < task.started:
        raise problems.done_before_begun()
    if task.done:
        facts = task.facts
        due, late = states.due_on(facts, task.done), states.late_by(facts, task.done)
        if due and late and not task.reason_late.strip():
            raise problems.reason_missing(due, late)
    batch.save(task, seen=seen)


def propose(batch: Batch, task: Task, due: date | None, reason: str, day: date) -> DueChange:
    """Proposes another due date.

    Raises:
        LienThongError: ``plan-proposal-waits``.
    """
    if task.due_changes.filter(decided_on=None).exists():
        raise problems.proposal_waits()
    change = DueChange(task=task, proposed_on=day, due=due, reason=reason)
    batch.save(change)
    return change


def decide(batch: Batch, change: DueChange, agreed: bool, answer: str, day: date) -> None:
    """Decides on a proposed due date.

    Raises:
        LienThongError: ``plan-decided``.
    """
    if change.decided_on is not None:
        raise problems.decided()
    change.decided_on, change.agreed, change.answer = day, agreed, answer
    batch.save(change)


def remove_task(batch: Batch, task: Task) -> None:
    """Removes a task with its dependencies, changes of date, comments and files.

    Raises:
        LienThongError: ``plan-needed``: conclusions, difficulties or parts hang on it.
    """
    hanging = [one.number for one in task.parts.all()]
    hanging += [one.meeting.code for one in task.conclusions.select_related("meeting")]
    hanging += [one.code for one in task.difficulties.all()]
    if hanging:
        raise problems.needed(hanging)
    own = (task.needs, task.holds, task.due_changes, task.comments, task.files)
    for row in [row for rows in own for row in rows.all()]:
        batch.remove(row)
    batch.remove(task)


def task_of(batch: Batch, conclusion: Conclusion, task: Task) -> None:
    """A conclusion of a meeting became a task."""
    conclusion.task = task
    batch.save(conclusion)


def attach(batch: Batch, of: Task | Document | Meeting, name: str, content: bytes) -> PlanFile:
    """Keeps a file of a task, a document or a meeting; the same bytes twice are one file.

    Raises:
        LienThongError: ``file-refused``, ``exchange-hub-full``.
    """
    kind = files.kind_of(content)
    lock()
    kept = list(of.files.all())
    sha256 = files.keep(content)
    same = next((file for file in kept if file.sha256 == sha256), None)
    if same is not None:
        return same
    if len(kept) >= files.MOST:
        raise files.too_many()
    row = PlanFile(name=files.name_of(name, kind), kind=kind, size=len(content), sha256=sha256)
    setattr(row, of.THING, of)
    batch.save(row)
    return row
