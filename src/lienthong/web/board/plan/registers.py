"""The registers: difficulties, documents, deadlines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from lienthong.access import audit, rights
from lienthong.foundation import clock
from lienthong.rollout import scope, units
from lienthong.rollout.changes import Batch
from lienthong.rollout.files import MOST
from lienthong.rollout.plan import organisations, writing
from lienthong.rollout.plan.models import Category, Deadline, Difficulty, Document
from lienthong.rollout.scope import Person
from lienthong.web.board.doors import opens
from lienthong.web.board.plan import asked as asking
from lienthong.web.board.plan.forms import DeadlineForm, DifficultyForm, DocumentForm, PlanForm
from lienthong.web.board.plan.tasks import history
from lienthong.web.board.plan.writing import write

Register = type[Difficulty] | type[Document] | type[Deadline]


@require_GET
@opens(*rights.PLAN_REGISTERS)
def difficulties(request: HttpRequest) -> HttpResponse:
    """``/board/plan/difficulties``: what stands in the way; ``unit``, ``category``, ``closed`` and ``on`` choose."""
    person, day = scope.person(request), asking.day_of(request)
    unit, category = request.GET.get("unit", ""), request.GET.get("category", "")
    closed = bool(request.GET.get("closed"))
    found = [
        one
        for one in Difficulty.objects.filter(raised_on__lte=day).select_related("task")
        if _reads(person, one)
    ]
    rows = [
        (one, organisations.name(one.to_whom, day) if one.to_whom else "")
        for one in found
        if (closed or one.open_on(day))
        and (not unit or one.unit == ("" if unit == asking.PROVINCE else unit))
        and (not category or one.category == category)
    ]
    audit.record(person.actor, "board", page=request.path)
    page = {
        **asking.bar(request),
        "rows": rows,
        "day": day,
        "past": day != clock.today(),
        "unit": unit,
        "category": category,
        "closed": closed,
        "units": [one for one in units.listing(day) if person.sees(one.code)],
        "categories": Category.choices,
        "may_add": bool(_codes(person)),
    }
    return render(request, "web/board/plan/difficulties.html", page)


def _reads(person: Person, row: Difficulty) -> bool:
    return not row.unit or person.sees(row.unit)


def _codes(person: Person) -> list[str]:
    """Units for which he may enter difficulties; empty for the province."""
    own = [unit.code for unit in units.listing() if person.edits(unit.code)]
    return ["", *own] if asking.directs(person) else own


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD_UNIT)
def new_difficulty(request: HttpRequest) -> HttpResponse:
    """``/board/plan/difficulties/new``."""
    return _difficulty(request, Difficulty(confidence="A"), _("New difficulty"))


@require_http_methods(["GET", "POST"])
@opens(*rights.PLAN_REGISTERS)
def difficulty(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/plan/difficulties/<code>``: one difficulty; the unit edits its own, the Department answers."""
    row = get_object_or_404(Difficulty, code=code)
    person = scope.person(request)
    if not _reads(person, row):
        asking.refuse(request)
    if person.edits(row.unit):
        return _difficulty(request, row, f"{code} {row.words}")
    if request.method == "POST":
        asking.refuse(request)
    audit.record(person.actor, "board", page=request.path)
    page = {**asking.bar(request), "row": row, "to_whom": row.to_whom and organisations.name(row.to_whom)}
    return render(request, "web/board/plan/difficulty.html", {**page, "history": history(row)})


def _difficulty(request: HttpRequest, row: Difficulty, title: str) -> HttpResponse:
    person = scope.person(request)
    first: dict[str, Any] = (
        {} if row.pk else {"raised_on": clock.today(), "unit": request.GET.get("unit", "")}
    )
    form = DifficultyForm(
        _codes(person),
        request.POST or None,
        instance=row,
        initial=first,
        answers=asking.directs(person),
    )
    unit = row.unit if row.pk else None
    return _form(request, person, form, "difficulty", Difficulty, title, "board-plan-difficulties", unit)


def _form(
    request: HttpRequest,
    person: Person,
    form: PlanForm,
    what: str,
    model: Register,
    title: str,
    back: str,
    was_of: str | None = None,
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        row = form.save(commit=False)
        unit = row.unit_code()
        if not all(person.edits(one) for one in {unit, unit if was_of is None else was_of}):
            asking.refuse(request)

        def do(open_batch: Batch) -> None:
            if not row.pk:
                row.code = writing.next_code(model)
            open_batch.save(row, seen=form.was)

        if write(request, person, what, unit, do):
            return redirect(back)
    page = {**asking.bar(request), "form": form, "title": title, "back": reverse(back)}
    if form.instance.pk:
        page["history"] = history(form.instance)
        if model is Document:
            page |= {
                "add_file": reverse("board-plan-document-files", args=[form.instance.code]),
                "most": MOST,
            }
    return render(request, "web/board/plan/edit.html", page)


@require_GET
@opens(*rights.PLAN_REGISTERS)
def documents(request: HttpRequest) -> HttpResponse:
    """``/board/plan/documents``: what orders, reports or proves, newest first."""
    found = Document.objects.prefetch_related("ordered", "proves", "files")
    return _list(request, "documents", found)


@require_GET
@opens(*rights.PLAN_REGISTERS)
def deadlines(request: HttpRequest) -> HttpResponse:
    """``/board/plan/deadlines``: every date set, past ones too."""
    day = asking.day_of(request)
    rows = [
        (one, (one.day - day).days, _stands(one, day)) for one in Deadline.objects.filter(known_from__lte=day)
    ]
    return _list(request, "deadlines", rows, day=day)


def _stands(row: Deadline, day: Any) -> bool:
    return row.ended_on is None or row.ended_on > day


def _list(request: HttpRequest, name: str, rows: Iterable[Any], **more: Any) -> HttpResponse:
    audit.record(scope.person(request).actor, "board", page=request.path)
    page = {**asking.bar(request), "rows": rows, **more}
    return render(request, f"web/board/plan/{name}.html", page)


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD_EDIT)
def new_document(request: HttpRequest) -> HttpResponse:
    """``/board/plan/documents/new``."""
    return _document(request, Document(confidence="A"), _("New document"))


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD_EDIT)
def document(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/plan/documents/<code>``."""
    row = get_object_or_404(Document, code=code)
    return _document(request, row, f"{code} {row.label}")


def _document(request: HttpRequest, row: Document, title: str) -> HttpResponse:
    person = asking.must_direct(request)
    form = DocumentForm(request.POST or None, instance=row)
    return _form(request, person, form, "document", Document, title, "board-plan-documents")


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD_EDIT)
def new_deadline(request: HttpRequest) -> HttpResponse:
    """``/board/plan/deadlines/new``."""
    first = Deadline(confidence="A", known_from=clock.today())
    return _deadline(request, first, _("New deadline"))


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD_EDIT)
def deadline(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/plan/deadlines/<code>``."""
    row = get_object_or_404(Deadline, code=code)
    return _deadline(request, row, f"{code} {row.words}")


def _deadline(request: HttpRequest, row: Deadline, title: str) -> HttpResponse:
    person = asking.must_direct(request)
    form = DeadlineForm(request.POST or None, instance=row)
    return _form(request, person, form, "deadline", Deadline, title, "board-plan-deadlines")
