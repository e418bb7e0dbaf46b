"""Contracts: which end soon, what they promise, whether they have the clause on personal data."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from lienthong.access import audit, rights
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.rollout import changes, scope, units
from lienthong.rollout.money import contracts
from lienthong.rollout.money.models import Contract, DataClause
from lienthong.rollout.vendors import severity
from lienthong.rollout.vendors.models import Product
from lienthong.web.board.doors import opens
from lienthong.web.board.money.forms import ContractForm
from lienthong.web.board.money.unit import CONTRACT_STATES, known
from lienthong.web.words import hint, sentence

CLAUSES = {DataClause.YES: "ok", DataClause.NO: "bad", DataClause.UNKNOWN: "warn"}


@require_GET
@opens(*rights.BOARD)
def listing(request: HttpRequest) -> HttpResponse:
    """``/board/money/contracts``: those that end first at the head; ended ones at the foot."""
    person = scope.person(request)
    on = clock.today()
    codes = [one.code for one in units.listing() if person.sees(one.code)]
    rows = Contract.objects.filter(facility__in=codes).select_related("vendor").order_by("valid_to", "id")
    found = [(one, contracts.state(one, on)) for one in rows]
    found.sort(key=lambda pair: pair[1] == "ended")
    audit.record(person.actor, "board", page=request.path)
    page = {
        "lines": [
            (one, *CONTRACT_STATES[state], CLAUSES[DataClause(one.data_clause)]) for one, state in found
        ],
        "soon": contracts.SOON.days,
        "editable": [one for one in units.listing() if person.edits(one.code)],
    }
    return render(request, "web/board/money/contracts.html", page)


@require_GET
@opens(*rights.BOARD)
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """``/board/money/contracts/<pk>``."""
    row = get_object_or_404(Contract.objects.select_related("vendor", "procurement"), pk=pk)
    person = scope.must_see(request, row.facility)
    shape, words = CONTRACT_STATES[contracts.state(row, clock.today())]
    audit.record(person.actor, "board", page=request.path)
    page = {
        "row": row,
        "name": directory.name(row.facility),
        "shape": shape,
        "words": words,
        "clause": CLAUSES[DataClause(row.data_clause)],
        "products": Product.objects.filter(pk__in=row.products),
        "hours": [(one, *contracts.allowed(row, one.id)) for one in severity.every()],
        "may_edit": person.edits(row.facility),
    }
    return render(request, "web/board/money/contract.html", page)


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD_UNIT)
def new(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/money/units/<code>/contracts/new``."""
    known(request, code)
    scope.must_edit(request, code)
    return _edit(request, Contract(facility=code))


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD_UNIT)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """``/board/money/contracts/<pk>/edit``."""
    row = get_object_or_404(Contract, pk=pk)
    scope.must_edit(request, row.facility)
    return _edit(request, row)


def _edit(request: HttpRequest, row: Contract) -> HttpResponse:
    person = scope.person(request)
    form = ContractForm(row.facility, request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        found = form.save(commit=False)
        try:
            with changes.batch(person.actor, "contract", unit=row.facility, page=request.path) as batch:
                batch.save(found, seen=form.cleaned_data["seen"] or None)
        except LienThongError as error:
            form.add_error(None, f"{sentence(error.problem)} {hint(error.problem)}")
        else:
            messages.success(request, _("The contract is entered."))
            return redirect("board-money-contract", found.pk)
    page = {"row": row, "name": directory.name(row.facility), "form": form}
    return render(request, "web/board/money/contract_edit.html", page, status=400 if form.errors else 200)
