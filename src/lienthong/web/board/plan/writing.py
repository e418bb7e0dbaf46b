"""What people do with tasks: each a POST of its own, one entry of the history that can be undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from lienthong.access import rights
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.rollout.changes import Batch, batch
from lienthong.rollout.plan import states, writing
from lienthong.rollout.plan.models import Conclusion, Dependency, Task
from lienthong.rollout.scope import Person
from lienthong.web.board.doors import opens
from lienthong.web.board.plan import asked as asking
from lienthong.web.board.plan.forms import (
    CommentForm,
    DecisionForm,
    DueForm,
    NeedForm,
    ProgressForm,
    TaskForm,
)
from lienthong.web.board.plan.tasks import shown
from lienthong.web.words import hint, sentence


def told(error: LienThongError) -> str:
    """What is wrong and what to do, in the language of the page."""
    return f"{sentence(error.problem)} {hint(error.problem)}".strip()


def write(request: HttpRequest, person: Person, what: str, unit: str, do: Callable[[Batch], Any]) -> bool:
    """Runs ``do`` in a batch; what is wrong becomes a message."""
    try:
        with batch(person.actor, what, unit=unit, page=request.path) as open_batch:
            do(open_batch)
    except LienThongError as error:
        messages.error(request, told(error))
        return False
    return True


def _back(request: HttpRequest, task: Task) -> HttpResponse:
    """To the page the button stood on."""
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}) and target.startswith(
        "/board/"
    ):
        return redirect(target)
    return redirect("board-plan-task", task.number)


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD_EDIT)
def new_task(request: HttpRequest) -> HttpResponse:
    """``/board/plan/tasks/new``: gives a task; ``conclusion`` names the conclusion of a meeting it comes from."""
    person = asking.must_direct(request)
    conclusion = Conclusion.objects.filter(pk=_number(request.GET.get("conclusion", ""))).first()
    first = {"given_on": clock.today(), "unit": request.GET.get("unit", ""), "confidence": "A"}
    if conclusion is not None:
        first |= {"title": conclusion.text[:300], "document": conclusion.meeting.document_id}
        first["given_on"] = conclusion.meeting.day
    form = TaskForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        task: Task = form.save(commit=False)

        def do(open_batch: Batch) -> None:
            task.number = writing.next_number(task.unit)
            open_batch.save(task)
            if conclusion is not None:
                writing.task_of(open_batch, conclusion, task)

        if write(request, person, "task", task.unit, do):
            messages.success(request, _("Task %(number)s was entered.") % {"number": task.number})
            return redirect("board-plan-task", task.number)
    return render(
        request,
        "web/board/plan/edit.html",
        {**asking.bar(request), "form": form, "title": _("New task"), "back": reverse("board-plan")},
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD_EDIT)
def edit_task(request: HttpRequest, number: str) -> HttpResponse:
    """``/board/plan/tasks/<number>/edit``: corrects what a task says. A new due date is proposed, not corrected."""
    person, task = asking.task_of(request, number)
    asking.must_direct(request)
    form = TaskForm(request.POST or None, instance=task)
    if (
        request.method == "POST"
        and form.is_valid()
        and write(
            request,
            person,
            "task",
            task.unit,
            lambda one: one.save(form.save(commit=False), seen=form.was),
        )
    ):
        return redirect("board-plan-task", number)
    return render(
        request,
        "web/board/plan/edit.html",
        {
            **asking.bar(request),
            "form": form,
            "title": f"{number} {task.words}",
            "back": reverse("board-plan-task", args=[number]),
        },
    )


@require_POST
@opens(*rights.BOARD_UNIT)
def begin(request: HttpRequest, number: str) -> HttpResponse:
    """``…/begin``: work begins today."""
    person, task = asking.task_to_work_on(request, number)
    if task.started is None:
        task.started = clock.today()
        if write(request, person, "task-progress", task.unit, lambda one: writing.note_progress(one, task)):
            messages.success(request, _("%(number)s: begun today.") % {"number": number})
    return _back(request, task)


@require_POST
@opens(*rights.BOARD_UNIT)
def done(request: HttpRequest, number: str) -> HttpResponse:
    """``…/done``: done today, in one click; when it is late the page of the task asks for the reason."""
    person, task = asking.task_to_work_on(request, number)
    if task.done is not None:
        return _back(request, task)
    today = clock.today()
    if states.late_by(task.facts, today) and not task.reason_late:
        messages.warning(request, _("The due date is over: write down the reason and the result."))
        return redirect(f"{reverse('board-plan-task', args=[number])}?done={today}#progress")
    task.done = today
    if write(request, person, "task-progress", task.unit, lambda one: writing.note_progress(one, task)):
        messages.success(request, _("%(number)s: done.") % {"number": number})
    return _back(request, task)


@require_POST
@opens(*rights.BOARD_UNIT)
def again(request: HttpRequest, number: str) -> HttpResponse:
    """``…/again``: a task that was marked as done is open again."""
    person, task = asking.task_to_work_on(request, number)
    task.done = None
    if write(request, person, "task-progress", task.unit, lambda one: writing.note_progress(one, task)):
        messages.success(request, _("%(number)s is open again.") % {"number": number})
    return _back(request, task)


@require_POST
@opens(*rights.BOARD_UNIT)
def progress(request: HttpRequest, number: str) -> HttpResponse:
    """``…/progress``: begun, done, result, evidence, reason."""
    person, task = asking.task_to_work_on(request, number)
    form = ProgressForm(request.POST, instance=task)
    if form.is_valid():
        try:
            with batch(person.actor, "task-progress", unit=task.unit, page=request.path) as open_batch:
                writing.note_progress(open_batch, form.save(commit=False), seen=form.was)
        except LienThongError as error:
            late = error.problem.code == "plan-reason-missing"
            form.add_error("reason_late" if late else None, told(error))
        else:
            messages.success(request, _("Written."))
            return redirect("board-plan-task", number)
    return shown(request, number, progress_form=form)


@require_POST
@opens(*rights.BOARD_UNIT)
def comment(request: HttpRequest, number: str) -> HttpResponse:
    """``…/comment``: a remark of today."""
    person, task = asking.task_to_work_on(request, number)
    form = CommentForm(request.POST)
    if not form.is_valid():
        return shown(request, number, comment_form=form)
    row = form.save(commit=False)
    row.task, row.day = task, clock.today()
    write(request, person, "task-comment", task.unit, lambda one: one.save(row))
    return redirect(f"{reverse('board-plan-task', args=[number])}#comments")


@require_POST
@opens(*rights.BOARD_UNIT)
def propose(request: HttpRequest, number: str) -> HttpResponse:
    """``…/due``: proposes another due date."""
    person, task = asking.task_to_work_on(request, number)
    form = DueForm(request.POST)
    if not form.is_valid():
        return shown(request, number, due_form=form)
    said = form.cleaned_data
    if write(
        request,
        person,
        "task-due",
        task.unit,
        lambda one: writing.propose(one, task, said["due"], said["reason"], clock.today()),
    ):
        messages.success(request, _("The proposal is on record and waits for the Department's decision."))
    return redirect("board-plan-task", number)


@require_POST
@opens(*rights.BOARD_EDIT)
def decide(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """``…/due/<pk>``: agrees to a proposed due date or declines it."""
    person, task = asking.task_of(request, number)
    asking.must_direct(request)
    change = get_object_or_404(task.due_changes, pk=pk)
    form, agreed = DecisionForm(request.POST), request.POST.get("decision") == "agree"
    if request.POST.get("decision") not in ("agree", "decline"):
        raise Http404
    if not form.is_valid():
        return shown(request, number, decision_form=form)
    answer = form.cleaned_data["answer"]
    write(
        request,
        person,
        "task-due",
        task.unit,
        lambda one: writing.decide(one, change, agreed, answer, clock.today()),
    )
    return redirect("board-plan-task", number)


@require_POST
@opens(*rights.BOARD_EDIT)
def need(request: HttpRequest, number: str) -> HttpResponse:
    """``…/need``: the task waits for another."""
    person, task = asking.task_of(request, number)
    asking.must_direct(request)
    form = NeedForm(task, request.POST)
    if form.is_valid():
        before = form.cleaned_data["before"]
        try:
            with batch(person.actor, "task-need", unit=task.unit, page=request.path) as open_batch:
                writing.wait(open_batch, task, before)
        except LienThongError as error:
            form.add_error("before", told(error))
        else:
            return redirect(f"{reverse('board-plan-task', args=[number])}#needs")
    return shown(request, number, need_form=form)


@require_POST
@opens(*rights.BOARD_EDIT)
def drop_need(request: HttpRequest, number: str, pk: int) -> HttpResponse:
    """``…/need/<pk>``: the task does not wait for it any more."""
    person, task = asking.task_of(request, number)
    asking.must_direct(request)
    row = get_object_or_404(Dependency, task=task, pk=pk)
    write(request, person, "task-need", task.unit, lambda one: one.remove(row))
    return redirect(f"{reverse('board-plan-task', args=[number])}#needs")


@require_POST
@opens(*rights.BOARD_EDIT)
def remove_task(request: HttpRequest, number: str) -> HttpResponse:
    """``…/remove``: removes a task that was entered by mistake; the history keeps it."""
    person, task = asking.task_of(request, number)
    asking.must_direct(request)
    if not write(request, person, "task", task.unit, lambda one: writing.remove_task(one, task)):
        return redirect("board-plan-task", number)
    messages.success(
        request,
        _("%(number)s was removed; it can be brought back on the page of changes.") % {"number": number},
    )
    return redirect("board-plan")
