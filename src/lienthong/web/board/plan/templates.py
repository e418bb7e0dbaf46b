"""Templates of the roll-out: their steps, what they would give at a unit, and laying them on it."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong.access import audit, rights
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.rollout import scope, units
from lienthong.rollout.changes import batch
from lienthong.rollout.facts import KINDS
from lienthong.rollout.plan import graph, laying, organisations, problems, summary
from lienthong.rollout.plan.models import Task, Template
from lienthong.web.board.doors import opens
from lienthong.web.board.plan import asked as asking
from lienthong.web.board.plan.forms import ApplyForm, StepForm
from lienthong.web.board.plan.tasks import history
from lienthong.web.board.plan.writing import told


@require_GET
@opens(*rights.PLAN_REGISTERS)
def listing(request: HttpRequest) -> HttpResponse:
    """``/board/plan/templates``: those in use and those that have ended."""
    audit.record(scope.person(request).actor, "board", page=request.path)
    rows = [(one, one.valid(), _kinds(one)) for one in Template.objects.prefetch_related("steps")]
    return render(request, "web/board/plan/templates.html", {**asking.bar(request), "rows": rows})


def _kinds(template: Template) -> str:
    words = dict(KINDS)
    return ", ".join(str(words.get(kind, kind)) for kind in template.kinds.split(",") if kind)


@require_GET
@opens(*rights.PLAN_REGISTERS)
def one(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/plan/templates/<code>``: the steps; with ``unit`` and ``start``, what they would give."""
    audit.record(scope.person(request).actor, "board", page=request.path)
    template = get_object_or_404(Template, code=code)
    given = "unit" in request.GET and "start" in request.GET
    form = ApplyForm(request.GET if given else None, initial={"start": clock.today()})
    return _shown(request, template, form)


def _shown(request: HttpRequest, template: Template, form: ApplyForm) -> HttpResponse:
    steps = list(template.steps.all())
    words = {step.key: step.words for step in steps}
    page: dict[str, Any] = {
        **asking.bar(request),
        "template": template,
        "kinds": _kinds(template),
        "whole": Task.objects.filter(number=template.part_of, unit="").first(),
        "steps": [(step, _lead(step.lead), [words.get(key, key) for key in step.after]) for step in steps],
        "form": form,
        "valid": template.valid(),
        "history": history(template),
    }
    if form.is_bound and form.is_valid() and steps:
        page |= _preview(template, form.cleaned_data["unit"], form.cleaned_data["start"])
    return render(request, "web/board/plan/template.html", page)


def _lead(code: str) -> str:
    return organisations.name(code) if code else pgettext("plan", "the unit")


def _preview(template: Template, unit: str, start: date) -> dict[str, Any]:
    laid = laying.laid(template, start)
    end = max(span.due for _step, span in laid)
    whole = Task.objects.filter(number=template.part_of, unit="").first()
    due = whole.due if whole else None
    ahead = [line for line in summary.deadlines(min(start, clock.today())) if line.day < end]
    kind = next((one.kind for one in units.listing() if one.code == unit), "")
    return {
        "preview": laid,
        "unit": unit,
        "start": start,
        "end": end,
        "late": due if due and due < end else None,
        "ahead": [line for line in ahead if line.day >= start],
        "fits": laying.fits(template, kind, start),
        "applied": Task.objects.filter(unit=unit, template=template.code, done=None).exists(),
    }


@require_POST
@opens(*rights.BOARD_EDIT)
def apply(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/plan/templates/<code>/apply``: makes the tasks at a unit, as one entry that can be undone."""
    person = asking.must_direct(request)
    template = get_object_or_404(Template, code=code)
    form = ApplyForm(request.POST)
    if not form.is_valid():
        return _shown(request, template, form)
    unit, start = form.cleaned_data["unit"], form.cleaned_data["start"]
    try:
        with batch(person.actor, "template", unit=unit, why=template.name, page=request.path) as open_batch:
            made = laying.lay(open_batch, template, unit, start, min(start, clock.today()))
    except LienThongError as error:
        messages.error(request, told(error))
        return redirect("board-plan-template", code)
    count = ngettext("%(n)d task was made", "%(n)d tasks were made", len(made)) % {"n": len(made)}
    back = _("the page of changes undoes it in one go")
    messages.success(request, f"{organisations.name(unit)}: {count}; {back}.")
    return redirect(f"{reverse('board-plan-gantt')}?unit={unit}")


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD_EDIT)
def step(request: HttpRequest, code: str, key: str) -> HttpResponse:
    """``/board/plan/templates/<code>/steps/<key>``: corrects a step; tasks that were made of it stay."""
    person = asking.must_direct(request)
    template = get_object_or_404(Template, code=code)
    row = get_object_or_404(template.steps, key=key)
    form = StepForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        changed = form.save(commit=False)
        needs = {one.key: one.after for one in template.steps.exclude(pk=row.pk)}
        try:
            for before in changed.after:
                if closed := graph.chain(needs, key, before):
                    raise problems.circle(closed)
            with batch(person.actor, "template", page=request.path) as open_batch:
                open_batch.save(changed, seen=form.was)
        except LienThongError as error:
            form.add_error(None, told(error))
        else:
            return redirect("board-plan-template", code)
    page = {
        **asking.bar(request),
        "form": form,
        "title": f"{template.words}: {row.words}",
        "back": reverse("board-plan-template", args=[code]),
        "history": history(row),
    }
    return render(request, "web/board/plan/edit.html", page)
