"""Reports: the list, a new one, the draft with figures and texts, the steps of the approval, the files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from lienthong.access import audit, rights
from lienthong.access.models import Role
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.rollout import scope
from lienthong.rollout.report import files, office, problems, snapshot, steps, sums, whole
from lienthong.rollout.report.kinds import KINDS
from lienthong.rollout.report.models import Report, State
from lienthong.rollout.scope import Person
from lienthong.web import days
from lienthong.web.board import report_view as view
from lienthong.web.board.doors import opens
from lienthong.web.words import hint, sentence

PAGE = 30
TYPES = {**files.FORMS, "json": "application/json"}


def _day(label: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d"))


class PeriodForm(forms.Form):
    """Kind and period of a new report."""

    kind = forms.ChoiceField(label=pgettext_lazy("report", "Kind"))
    first = _day(pgettext_lazy("report", "From"))
    last = _day(gettext_lazy("To (the day of the closing)"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)
        kind.choices = [(code, view.kind_name(code)) for code in KINDS]


class SignerForm(forms.Form):
    """Who signs, and about when."""

    signer = forms.ChoiceField(
        label=pgettext_lazy("report", "Signed by"),
        choices=[
            ("director", pgettext_lazy("signer", "Director")),
            ("deputy", pgettext_lazy("signer", "Deputy director, for the director (KT.)")),
        ],
    )
    name = forms.CharField(label=gettext_lazy("Name of the signer"), max_length=office.LONGEST_NAME)
    planned = _day(gettext_lazy("Planned day of signing"))


@require_GET
@opens(*rights.BOARD)
def reports(request: HttpRequest) -> HttpResponse:
    """``/board/report``: the reports that whoever asks may read, and the form of a new one (``kind`` chooses)."""
    asked = request.GET.get("kind", "")
    kind = asked if asked in KINDS else "fortnight"
    first, last = office.usual(kind)
    initial = {"kind": kind, "first": first.isoformat(), "last": last.isoformat()}
    return _list(request, PeriodForm(initial=initial))


def _list(request: HttpRequest, form: PeriodForm, **more: Any) -> HttpResponse:
    person = scope.person(request)
    found = Report.objects.prefetch_related("replaced_by")
    if not person.roles & view.OFFICE:
        found = found.filter(state__in=snapshot.NUMBERED if person.all_units else [State.UNITS])
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    audit.record(person.actor, "board", page=request.path)
    return render(
        request,
        "web/board/report/list.html",
        {
            "page": page,
            "rows": [view.line(one) for one in page],
            "units": sorted(person.units) if not person.all_units else [],
            "edits": Role.DEPARTMENT in person.roles,
            "form": form,
            "kinds": [(code, view.kind_name(code)) for code in KINDS],
            **more,
        },
        status=400 if form.errors else 200,
    )


@require_POST
@opens(*rights.BOARD_EDIT)
def new(request: HttpRequest) -> HttpResponse:
    """``/board/report/new``: freezes the data of a period and begins its report; broken sums are named instead."""
    form = PeriodForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            made = office.start(
                said["kind"], said["first"], said["last"], scope.person(request).actor, page=request.path
            )
            return redirect("board-report-one", made.id)
        except problems.Blocked as error:
            form.add_error(None, sentence(error.problem))
            return _list(request, form, broken=view.broken(error.checks))
        except LienThongError as error:
            form.add_error(None, f"{sentence(error.problem)} {hint(error.problem)}")
    return _list(request, form)


@require_GET
@opens(*rights.BOARD)
def one(request: HttpRequest, id: str) -> HttpResponse:
    """``/board/report/<id>``: figures, texts, steps and files of a report."""
    report, person = _readable(request, id)
    audit.record(person.actor, "board", page=request.path)
    return _page(request, report, person)


def _page(request: HttpRequest, report: Report, person: Person, **more: Any) -> HttpResponse:
    there = whole.of(report)
    units = there.content.material.units
    drafting = report.state == State.DRAFT and Role.DEPARTMENT in person.roles
    can = {step: steps.may(report, step, person) for step in steps.ROLES}
    own = person.actor.id in steps.writers(report)
    initial = {"signer": report.signer, "name": report.signer_name, "planned": report.planned.isoformat()}
    return render(
        request,
        "web/board/report/one.html",
        {
            "report": report,
            "there": there,
            "line": view.line(report),
            "figures": view.figures(there.content),
            "checks": len(there.content.checks),
            "doubts": view.broken(sums.doubts(there.content.checks)),
            "stops": view.stops(there),
            "returned": view.returned(report),
            "taken": [(one, view.STEPS.get(one.step, one.step)) for one in report.steps.all()],
            "absent": [unit for unit in units if unit.code not in there.confirmed],
            "objections": [
                (unit, there.objected[unit.code]) for unit in units if unit.code in there.objected
            ],
            "issuer_doubts": view.unconfirmed(report),
            "drafting": drafting,
            "can": can,
            "own_draft": own and (can[steps.APPROVED] or can[steps.SIGNED]),
            "signer_form": SignerForm(initial=initial),
            "number": steps.next_number(there.paper.number.rpartition("-")[2], report.planned.year),
            "today": clock.today(),
            "correct": Role.DEPARTMENT in person.roles and report.number and not report.replaced_by.exists(),
            **more,
        },
    )


@require_GET
@opens(*rights.BOARD)
def read(request: HttpRequest, id: str) -> HttpResponse:
    """``/board/report/<id>/read``: the document as a plain page."""
    report, person = _readable(request, id)
    audit.record(person.actor, "board", page=request.path)
    there = whole.of(report)
    page = {
        "report": report,
        "paper": there.paper,
        "texts": view.page_of(there.paper),
        "line": view.line(report),
    }
    return render(request, "web/board/report/read.html", page)


@require_GET
@opens(*rights.BOARD)
def unit(request: HttpRequest, id: str, code: str) -> HttpResponse:
    """``/board/report/<id>/unit/<code>``: what a report says about a unit, for the unit to confirm."""
    report = _report(id)
    person = scope.must_see(request, code)
    if report.state == State.DRAFT and not person.roles & view.OFFICE:
        raise Http404
    audit.record(person.actor, "board", page=request.path)
    there = whole.of(report)
    rows = view.unit_rows(there.content, code)
    if rows is None:
        raise Http404
    page = {
        "report": report,
        "line": view.line(report),
        "unit_code": code,
        "rows": rows,
        "seen": whole.unit_seen(there.content, code),
        "confirmed": there.confirmed.get(code),
        "objected": there.objected.get(code),
        "can": code in person.units and report.state == State.UNITS,
    }
    return render(request, "web/board/report/unit.html", page)


@require_GET
@opens(*rights.BOARD)
def file(request: HttpRequest, id: str, form: str) -> HttpResponse:
    """``/board/report/<id>/file/<form>``: ``docx`` or ``pdf``, kept once numbered; ``json``: the frozen data."""
    report, person = _readable(request, id)
    if form not in TYPES:
        raise Http404
    content = files.of(report, form)
    audit.record(person.actor, "report-taken", page=request.path, detail={"report": report.id, "form": form})
    answer = HttpResponse(content, content_type=TYPES[form])
    answer["Content-Disposition"] = f'attachment; filename="{files.name(report, form)}"'
    return answer


@require_POST
@opens(*rights.BOARD_EDIT)
def text(request: HttpRequest, id: str) -> HttpResponse:
    """``/board/report/<id>/text``: the officer's words for a part, or ``generated`` to go back to the program's."""
    part = request.POST.get("part", "")[:10]
    said = "" if "generated" in request.POST else request.POST.get("text", "")
    seen = request.POST.get("seen", "")[:64]
    actor = scope.person(request).actor
    done = _try(
        request, lambda: office.write(_report(id).id, part, said, actor, seen=seen, page=request.path)
    )
    if done:
        messages.success(request, _("The text is kept."))
    return redirect(f"{reverse('board-report-one', args=[id])}#part-{part}")


@require_POST
@opens(*rights.BOARD_EDIT)
def signer(request: HttpRequest, id: str) -> HttpResponse:
    """``/board/report/<id>/signer``: who signs, as what, about when."""
    form = SignerForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give the name of the signer and the planned day."))
        return redirect("board-report-one", id)
    said = form.cleaned_data
    actor = scope.person(request).actor
    _try(
        request,
        lambda: office.set_signer(
            _report(id).id, said["signer"], said["name"], said["planned"], actor, page=request.path
        ),
    )
    return redirect("board-report-one", id)


@require_POST
@opens(*rights.BOARD_EDIT)
def freeze(request: HttpRequest, id: str) -> HttpResponse:
    """``/board/report/<id>/freeze``: freezes the data of a draft anew; broken sums are named and nothing is kept."""
    report, person = _readable(request, id)
    try:
        office.freeze_again(report.id, person.actor, page=request.path)
        messages.success(request, _("The data are frozen anew."))
    except problems.Blocked as error:
        return _page(request, report, person, broken=view.broken(error.checks))
    except LienThongError as error:
        messages.error(request, f"{sentence(error.problem)} {hint(error.problem)}")
    return redirect("board-report-one", id)


@require_POST
@opens(*rights.BOARD_EDIT)
def correct(request: HttpRequest, id: str) -> HttpResponse:
    """``/board/report/<id>/correct``: begins a report that replaces this one."""
    old, person = _readable(request, id)
    try:
        made = office.start(old.kind, old.first, old.last, person.actor, replaces=old, page=request.path)
        return redirect("board-report-one", made.id)
    except problems.Blocked as error:
        return _page(request, old, person, broken=view.broken(error.checks))
    except LienThongError as error:
        messages.error(request, f"{sentence(error.problem)} {hint(error.problem)}")
    return redirect("board-report-one", id)


@require_POST
@opens(*rights.REPORT_STEPS)
def step(request: HttpRequest, id: str) -> HttpResponse:
    """``/board/report/<id>/step``: ``step`` with ``seen``, ``note``, a unit's ``unit``, the clerk's ``number day``."""
    said = request.POST
    given = steps.Given(
        said.get("seen", "")[:64],
        said.get("note", "")[:2000],
        said.get("unit", "")[:16],
        _whole(said.get("number", "")),
        days.read(said.get("day", "")),
    )
    person, name = scope.person(request), said.get("step", "")[:10]
    if _try(request, lambda: steps.take(_report(id).id, name, person, given, page=request.path)):
        messages.success(request, _("The step is recorded."))
    if name in (steps.CONFIRMED, steps.OBJECTED):
        return redirect("board-report-unit", id, given.unit or "-")
    return redirect("board-report-one", id)


def _report(id: str) -> Report:
    return get_object_or_404(Report.objects.select_related("snapshot", "replaces__snapshot"), pk=id)


def _readable(request: HttpRequest, id: str) -> tuple[Report, Person]:
    report, person = _report(id), scope.person(request)
    if not view.visible(report, person):
        audit.record(person.actor, "refused", page=request.path, why="role")
        raise PermissionDenied
    return report, person


def _try(request: HttpRequest, do: Callable[[], Any]) -> bool:
    """Whether something was done; an error is shown on the next page."""
    try:
        return bool(do())
    except LienThongError as error:
        messages.error(request, f"{sentence(error.problem)} {hint(error.problem)}")
        return False


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


urlpatterns = [
    path("board/report", reports, name="board-report"),
    path("board/report/new", new, name="board-report-new"),
    path("board/report/<slug:id>", one, name="board-report-one"),
    path("board/report/<slug:id>/read", read, name="board-report-read"),
    path("board/report/<slug:id>/unit/<slug:code>", unit, name="board-report-unit"),
    path("board/report/<slug:id>/file/<slug:form>", file, name="board-report-file"),
    path("board/report/<slug:id>/text", text, name="board-report-text"),
    path("board/report/<slug:id>/signer", signer, name="board-report-signer"),
    path("board/report/<slug:id>/freeze", freeze, name="board-report-freeze"),
    path("board/report/<slug:id>/correct", correct, name="board-report-correct"),
    path("board/report/<slug:id>/step", step, name="board-report-step"),
]
