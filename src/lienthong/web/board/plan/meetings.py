"""Meetings and inspections: who was there, minutes, conclusions that become tasks."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong.access import audit, rights
from lienthong.foundation import clock
from lienthong.rollout import scope
from lienthong.rollout.changes import Batch
from lienthong.rollout.files import MOST
from lienthong.rollout.plan import writing
from lienthong.rollout.plan.models import Conclusion, Meeting, Task
from lienthong.web.board.doors import opens
from lienthong.web.board.plan import asked as asking
from lienthong.web.board.plan.forms import ConclusionForm, MeetingForm
from lienthong.web.board.plan.tasks import history
from lienthong.web.board.plan.writing import write


@require_GET
@opens(*rights.PLAN_REGISTERS)
def listing(request: HttpRequest) -> HttpResponse:
    """``/board/plan/meetings``: newest first."""
    audit.record(scope.person(request).actor, "board", page=request.path)
    found = Meeting.objects.prefetch_related("conclusions__task")
    return render(request, "web/board/plan/meetings.html", {**asking.bar(request), "meetings": found})


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD_EDIT)
def new(request: HttpRequest) -> HttpResponse:
    """``/board/plan/meetings/new``."""
    return _edit(request, Meeting(), _("New meeting"), reverse("board-plan-meetings"))


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD_EDIT)
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/plan/meetings/<code>/edit``."""
    row = get_object_or_404(Meeting, code=code)
    return _edit(request, row, f"{code} {row.words}", reverse("board-plan-meeting", args=[code]))


def _edit(request: HttpRequest, row: Meeting, title: str, back: str) -> HttpResponse:
    person = asking.must_direct(request)
    first = {} if row.pk else {"day": clock.today()}
    form = MeetingForm(request.POST or None, instance=row, initial=first)
    if request.method == "POST" and form.is_valid():
        meeting: Meeting = form.save(commit=False)

        def do(open_batch: Batch) -> None:
            if not meeting.pk:
                meeting.code = writing.next_code(Meeting)
            open_batch.save(meeting, seen=form.was)

        if write(request, person, "meeting", "", do):
            return redirect("board-plan-meeting", meeting.code)
    page = {**asking.bar(request), "form": form, "title": title, "back": back}
    return render(request, "web/board/plan/edit.html", page)


@require_GET
@opens(*rights.PLAN_REGISTERS)
def one(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/plan/meetings/<code>``: minutes and conclusions."""
    audit.record(scope.person(request).actor, "board", page=request.path)
    return _shown(request, get_object_or_404(Meeting, code=code), ConclusionForm())


def _shown(request: HttpRequest, row: Meeting, form: ConclusionForm) -> HttpResponse:
    page = {
        **asking.bar(request),
        "meeting": row,
        "conclusions": row.conclusions.select_related("task"),
        "form": form,
        "history": history(row),
        "most": MOST,
        "add_file": reverse("board-plan-meeting-files", args=[row.code])
        if asking.directs(scope.person(request))
        else "",
    }
    return render(request, "web/board/plan/meeting.html", page)


@require_POST
@opens(*rights.BOARD_EDIT)
def conclude(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/plan/meetings/<code>/conclusion``: adds a conclusion, as a task too if that is wanted."""
    person = asking.must_direct(request)
    row = get_object_or_404(Meeting, code=code)
    form = ConclusionForm(request.POST)
    if not form.is_valid():
        return _shown(request, row, form)
    conclusion: Conclusion = form.save(commit=False)
    said = form.cleaned_data

    def do(open_batch: Batch) -> None:
        conclusion.meeting, conclusion.place = row, row.conclusions.count() + 1
        if said["make_task"]:
            task = Task(
                number=writing.next_number(""),
                title=conclusion.text[:300],
                area=said["area"],
                lead=said["lead"] or "SYT-24",
                due=said["due"],
                given_on=row.day,
                document=row.document,
            )
            open_batch.save(task)
            conclusion.task = task
        open_batch.save(conclusion)

    write(request, person, "meeting", "", do)
    return redirect("board-plan-meeting", code)
