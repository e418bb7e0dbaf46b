"""One procurement: its stages and amounts, entered one by one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong.access import audit, rights
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.rollout import changes, scope
from lienthong.rollout.money import catalogue, procurements
from lienthong.rollout.money.models import AmountKind, Procurement, ProcurementAmount
from lienthong.web.board.doors import opens
from lienthong.web.board.money.forms import AmountForm, ProcurementForm, StepForm
from lienthong.web.board.money.overview import shape
from lienthong.web.board.money.unit import known
from lienthong.web.words import hint, sentence


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD_UNIT)
def new(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/money/units/<code>/procurements/new``: begins a procurement, with its first stage."""
    known(request, code)
    person = scope.must_edit(request, code)
    today = clock.today()
    form = ProcurementForm(request.POST or None, initial={"year": today.year})
    step = StepForm(request.POST or None, initial={"day": today, "stage": "need"}, prefix="step")
    if request.method == "POST" and form.is_valid() & step.is_valid():
        row = form.save(commit=False)
        row.facility = code
        try:
            with changes.batch(person.actor, "procurement", unit=code, page=request.path) as batch:
                batch.save(row)
                procurements.add_step(batch, row, **step.cleaned_data)
        except LienThongError as error:
            step.add_error(_field(error, step), f"{sentence(error.problem)} {hint(error.problem)}")
        else:
            messages.success(request, _("The procurement is entered."))
            return redirect("board-money-procurement", row.pk)
    page = {"unit": code, "name": directory.name(code), "form": form, "step": step}
    status = 400 if form.errors or step.errors else 200
    return render(request, "web/board/money/procurement_new.html", page, status=status)


def _page(
    request: HttpRequest, row: Procurement, person: scope.Person, step: StepForm, amount: AmountForm
) -> HttpResponse:
    on = clock.today()
    standing = procurements.standing(row, on)
    reached = {one.stage for one in standing.steps}
    history = sorted(
        (change for one in (row, *standing.steps) for change in changes.of(one)),
        key=lambda change: change.pk,
        reverse=True,
    )
    audit.record(person.actor, "board", page=request.path)
    page = {
        "row": row,
        "name": directory.name(row.facility),
        "standing": standing,
        "shape": shape(standing.stage),
        "steps": [(one, catalogue.stage(one.stage)) for one in standing.steps],
        "ahead": [
            one
            for one in catalogue.stages(on)
            if not standing.ended
            and not one.ended
            and one.id not in reached
            and (standing.stage is None or one.place > standing.stage.place)
        ],
        "amounts": ProcurementAmount.objects.filter(procurement=row),
        "changed": history[0].batch if history else None,
        "step_form": step,
        "amount_form": amount,
        "may_edit": person.edits(row.facility),
    }
    status = 400 if step.errors or amount.errors else 200
    return render(request, "web/board/money/procurement.html", page, status=status)


def _forms(request: HttpRequest, which: str) -> tuple[StepForm, AmountForm]:
    today = clock.today()
    kinds = list(AmountKind.choices)
    return (
        StepForm(request.POST if which == "step" else None, initial={"day": today}),
        AmountForm(
            kinds, request.POST if which == "amount" else None, initial={"day": today, "kind": "spent"}
        ),
    )


def _field(error: LienThongError, form: StepForm) -> str | None:
    field = str(error.problem.where.get("field", ""))
    return field if field in form.fields else None


@require_GET
@opens(*rights.BOARD)
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """``/board/money/procurements/<pk>``."""
    row = get_object_or_404(Procurement, pk=pk)
    person = scope.must_see(request, row.facility)
    return _page(request, row, person, *_forms(request, ""))


@require_POST
@opens(*rights.BOARD_UNIT)
def step(request: HttpRequest, pk: int) -> HttpResponse:
    """``/board/money/procurements/<pk>/step``: enters the next stage."""
    row = get_object_or_404(Procurement, pk=pk)
    person = scope.must_edit(request, row.facility)
    form, amount = _forms(request, "step")
    if form.is_valid():
        try:
            with changes.batch(person.actor, "procurement", unit=row.facility, page=request.path) as batch:
                procurements.add_step(batch, row, **form.cleaned_data)
        except LienThongError as error:
            form.add_error(_field(error, form), f"{sentence(error.problem)} {hint(error.problem)}")
        else:
            messages.success(request, _("The stage is entered."))
            return redirect("board-money-procurement", pk)
    return _page(request, row, person, form, amount)


@require_POST
@opens(*rights.BOARD_UNIT)
def amount(request: HttpRequest, pk: int) -> HttpResponse:
    """``/board/money/procurements/<pk>/amount``: enters a payment or another amount."""
    row = get_object_or_404(Procurement, pk=pk)
    person = scope.must_edit(request, row.facility)
    step_form, form = _forms(request, "amount")
    if form.is_valid():
        found = form.cleaned_data
        with changes.batch(person.actor, "procurement", unit=row.facility, page=request.path) as batch:
            kind = AmountKind(found["kind"])
            procurements.add_amount(
                batch, row, kind, found["amount"], found["day"], document=found["document"]
            )
        messages.success(request, _("The amount is entered."))
        return redirect("board-money-procurement", pk)
    return _page(request, row, person, step_form, form)
