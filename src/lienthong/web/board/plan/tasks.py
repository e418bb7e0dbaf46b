"""Tasks as a list and as a board, one task, annex II as a file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.db.models import DateField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from lienthong.access import audit, rights
from lienthong.foundation import clock
from lienthong.rollout import changes
from lienthong.rollout.files import MOST
from lienthong.rollout.plan import organisations, readers, reminders, sheet, states, summary
from lienthong.rollout.plan.models import Dependency, Difficulty
from lienthong.rollout.plan.overview import Item, Plan, Share, plan, progress
from lienthong.rollout.plan.states import State
from lienthong.web.board.doors import opens
from lienthong.web.board.plan import asked as asking
from lienthong.web.board.plan.asked import Asked
from lienthong.web.board.plan.forms import CommentForm, DecisionForm, DueForm, NeedForm, ProgressForm

PAGE = CARDS = 40
PRESSING = 8
"""Reminders on top of a page."""
REMINDERS = {
    reminders.Kind.OVERDUE: "bad",
    reminders.Kind.IN_1: "warn",
    reminders.Kind.IN_7: "warn",
    reminders.Kind.IN_14: "info",
    reminders.Kind.READY: "ok",
}


@dataclass(frozen=True, slots=True)
class Pressing:
    """A reminder ready to show."""

    item: Item
    shape: str
    words: str


@dataclass(frozen=True, slots=True)
class Before:
    """A field of the history before and after, in words."""

    at: Any
    by: str
    field: str
    before: str
    after: str


@require_GET
@opens(*rights.BOARD)
def listing(request: HttpRequest) -> HttpResponse:
    """``/board/plan``: tasks as a list; ``unit``, ``lead``, ``state``, ``area``, ``due``, ``on`` choose."""
    want = asking.asked(request)
    found = plan(want.day)
    items = asking.chosen(found, want)
    page = Paginator(items, PAGE).get_page(request.GET.get("page"))
    audit.record(want.person.actor, "board", page=request.path)
    return render(
        request,
        "web/board/plan/list.html",
        {
            **asking.page(request, want, found),
            "page": page,
            "rows": [_row(item, found, want) for item in page],
            "counts": [(state, states.SHAPES[state], count) for state, count in _counts(items) if count],
            "pressing": _pressing(found, want),
            "more": max(0, len(_reminders(found, want)) - PRESSING),
        },
    )


@require_GET
@opens(*rights.BOARD)
def board(request: HttpRequest) -> HttpResponse:
    """``/board/plan/board``: a column for each state; buttons type what moves a task."""
    want = asking.asked(request)
    found = plan(want.day)
    items = asking.chosen(found, want)
    columns = []
    for state in State:
        own = [item for item in items if item.state is state]
        columns.append(
            {
                "state": state,
                "shape": states.SHAPES[state],
                "count": len(own),
                "rows": [_row(item, found, want) for item in own[:CARDS]],
                "more": len(own) - CARDS,
            }
        )
    audit.record(want.person.actor, "board", page=request.path)
    return render(
        request, "web/board/plan/board.html", {**asking.page(request, want, found), "columns": columns}
    )


def _counts(items: list[Item]) -> list[tuple[State, int]]:
    return [(state, sum(item.state is state for item in items)) for state in State]


def _row(item: Item, found: Plan, want: Asked) -> dict[str, Any]:
    part = progress(found, item.task.number) if item.task.pk in found.wholes else []
    return {
        "item": item,
        "task": item.task,
        "lead": organisations.name(item.task.lead, found.day),
        "partners": organisations.names(item.task.partners, found.day),
        "may": asking.works_on(want.person, item.task) and not want.past,
        "units": {"done": sum(share.complete for share in part), "all": len(part)} if part else None,
    }


def _reminders(found: Plan, want: Asked) -> list[reminders.Reminder]:
    mine = [item for item in found.items.values() if readers.sees_to(want.person, item.task)]
    return reminders.reminders(mine)


def _pressing(found: Plan, want: Asked) -> list[Pressing]:
    return [
        Pressing(one.item, REMINDERS[one.kind], _reminder(one)) for one in _reminders(found, want)[:PRESSING]
    ]


def _reminder(one: reminders.Reminder) -> str:
    if one.kind is reminders.Kind.OVERDUE:
        return _("overdue by %(n)d days") % {"n": one.item.late}
    if one.kind is reminders.Kind.READY:
        return _("can begin: what it waited for is done")
    due = one.item.due
    assert due is not None
    days = {reminders.Kind.IN_1: 1, reminders.Kind.IN_7: 7, reminders.Kind.IN_14: 14}[one.kind]
    if days == 1:
        return _("due today or tomorrow (%(day)s)") % {"day": f"{due:%d/%m/%Y}"}
    return _("due within %(n)d days (%(day)s)") % {"n": days, "day": f"{due:%d/%m/%Y}"}


@require_GET
@opens(*rights.BOARD)
def take_out(request: HttpRequest, form: str) -> HttpResponse:
    """``/board/plan/sheet.xlsx`` and ``.csv``: annex II of what the list shows."""
    if form not in ("xlsx", "csv"):
        raise Http404
    want = asking.asked(request)
    items = asking.chosen(plan(want.day), want)
    lines = [summary.line(item, want.day) for item in items]
    audit.record(want.person.actor, "board-taken", page=request.path, detail={"rows": len(lines)})
    if form == "csv":
        answer = HttpResponse(sheet.csv_of(lines), content_type="text/csv; charset=utf-8")
    else:
        first = min((item.task.given_on for item in items), default=want.day)
        content = sheet.xlsx_of(lines, first, want.day)
        answer = HttpResponse(
            content, content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        )
    answer["Content-Disposition"] = f'attachment; filename="phu-luc-II-{want.day}.{form}"'
    return answer


@require_GET
@opens(*rights.BOARD)
def one(request: HttpRequest, number: str) -> HttpResponse:
    """``/board/plan/tasks/<number>``: everything about a task."""
    return shown(request, number)


def shown(request: HttpRequest, number: str, **forms: Any) -> HttpResponse:
    """The page of a task; ``forms`` replace empty ones, with what was wrong."""
    person, task = asking.task_of(request, number)
    day = clock.today()
    found = plan(day)
    item = found.items.get(number) or plan(task.given_on).items[number]
    open_change = task.due_changes.filter(decided_on=None).first()
    works = asking.works_on(person, task)
    parts: list[Share] = progress(found, number) if not task.unit and task.parts.exists() else []
    forecast = found.schedule([number])
    page = {
        **asking.bar(request),
        "task": task,
        "item": item,
        "unit": asking.unit_words(task.unit, day),
        "lead": organisations.name(task.lead, day),
        "partners": organisations.names(task.partners, day),
        "works": works,
        "directs": asking.directs(person),
        "day": day,
        "needs": [
            (need, found.items.get(need.before.number))
            for need in Dependency.objects.filter(task=task).select_related("before")
            if readers.reads(person, need.before)
        ],
        "holds": [
            (need, found.items.get(need.task.number))
            for need in Dependency.objects.filter(before=task).select_related("task")
            if readers.reads(person, need.task)
        ],
        "blockers": [
            one
            for number in item.blockers
            if (one := found.items.get(number)) and readers.reads(person, one.task)
        ],
        "forecast": forecast.forecasts.get(number) if forecast else None,
        "due_changes": task.due_changes.all(),
        "open_change": open_change,
        "parts": parts,
        "complete": sum(share.complete for share in parts),
        "difficulties": Difficulty.objects.filter(task=task) if readers.reads_registers(person) else [],
        "conclusions": task.conclusions.select_related("meeting") if readers.reads_registers(person) else [],
        "registers": readers.reads_registers(person),
        "comments": task.comments.all(),
        "files": task.files.all(),
        "most": MOST,
        "add_file": reverse("board-plan-task-files", args=[number]) if works else "",
        "history": history(task),
        "progress_form": ProgressForm(instance=task, initial=_asked_done(request)),
        "due_form": DueForm(),
        "decision_form": DecisionForm(),
        "need_form": NeedForm(task),
        "comment_form": CommentForm(),
        **forms,
    }
    if not forms:
        audit.record(person.actor, "board", page=request.path)
    return render(request, "web/board/plan/task.html", page)


def _asked_done(request: HttpRequest) -> dict[str, date]:
    """The day on which a late task was said to be done by a click, for the form that asks for the reason."""
    return {"done": asking.day_of(request, "done")} if request.GET.get("done") else {}


def history(row: changes.Typed) -> list[Before]:
    """What was typed into a row, newest first, in words."""
    fields = {field.attname: field for field in row._meta.concrete_fields}
    lines = []
    for change in changes.of(row):
        field = fields.get(change.field)
        if field is None or (change.before in (None, "") and change.after in (None, "")):
            continue
        told = (_told(field, change.before), _told(field, change.after))
        lines.append(Before(change.batch.at, change.batch.by_name, str(field.verbose_name), *told))
    return lines


def _told(field: Any, text: str | None) -> str:
    if not text:
        return ""
    if isinstance(field, DateField):
        return f"{date.fromisoformat(text):%d/%m/%Y}"
    if field.is_relation:
        row = field.related_model.objects.filter(pk=text).first()
        return str(getattr(row, "number", "") or getattr(row, "code", "") or text)
    return str(dict(field.choices).get(text, text)) if field.choices else text
