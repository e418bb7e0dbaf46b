"""Requests for change of software: asked, wanted by others, answered."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong.access import accounts, audit, rights
from lienthong.access.models import Role
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.rollout import changes, scope
from lienthong.rollout.changes import Batch
from lienthong.rollout.scope import Person
from lienthong.rollout.vendors import requests
from lienthong.rollout.vendors.models import ChangeRequest, Product, RequestState, Side
from lienthong.web.board.doors import opens
from lienthong.web.board.vendors.forms import AnswerForm, RequestForm
from lienthong.web.board.vendors.tickets import SEE, Letter, speaks_for, write_to_vendor
from lienthong.web.words import hint, sentence

SHAPES = {
    RequestState.ASKED: "warn",
    RequestState.ACCEPTED: "info",
    RequestState.PLANNED: "info",
    RequestState.DELIVERED: "ok",
    RequestState.DECLINED: "bad",
}


def _ask(batch: Batch, unit: str, product: Product, said: dict[str, Any]) -> ChangeRequest:
    return requests.ask(batch, unit, product, said["subject"], said["text"])


CHANGE = Letter(
    "change-request",
    "board-request-new",
    "board-request",
    "web/board/vendors/request_new.html",
    RequestForm,
    _ask,
    gettext_lazy("Sent to %(vendor)s."),
)


def visible(person: Person) -> QuerySet[ChangeRequest]:
    """Requests that somebody may see: a vendor its own; everybody of the board all, so that others can join."""
    found = ChangeRequest.objects.select_related("vendor", "product").prefetch_related("votes")
    if person.all_units or person.units:
        return found
    return found.filter(vendor__in=person.vendors)


@require_GET
@opens(*SEE)
def listing(request: HttpRequest) -> HttpResponse:
    """``/board/tickets/requests``: those that most units need first."""
    person = scope.person(request)
    found = visible(person).annotate(wanted=Count("votes")).order_by("-wanted", "-raised_at")
    audit.record(person.actor, "board", page=request.path)
    page = {
        "rows": [(one, SHAPES[RequestState(one.state)]) for one in found],
        "may_ask": bool(person.units) or Role.DEPARTMENT in person.roles,
        "sees_board": bool(person.units or person.all_units),
    }
    return render(request, "web/board/vendors/requests.html", page)


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD_UNIT)
def new(request: HttpRequest) -> HttpResponse:
    """``/board/tickets/requests/new``."""
    return write_to_vendor(request, CHANGE)


@require_GET
@opens(*SEE)
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """``/board/tickets/requests/<pk>``."""
    person = scope.person(request)
    return _page(request, get_object_or_404(visible(person), pk=pk), person, None)


def _page(request: HttpRequest, row: ChangeRequest, person: Person, form: AnswerForm | None) -> HttpResponse:
    today = clock.today()
    side = speaks_for(person, row.facility, row.vendor_id)
    users = requests.users(row.product, today)
    audit.record(person.actor, "board", page=request.path)
    initial = {"state": row.state, "planned_on": row.planned_on, "answer": row.answer}
    page = {
        "row": row,
        "shape": SHAPES[RequestState(row.state)],
        "name": directory.name(row.facility),
        "votes": row.votes.all(),
        "users": len(users),
        "may_vote": [unit for unit in users if person.edits(unit) and requests.may_vote(row, unit, today)],
        "form": form or AnswerForm(initial=initial),
        "may_answer": side in (Side.VENDOR, Side.DEPARTMENT),
        "sees_board": bool(person.units or person.all_units),
    }
    status = 400 if form is not None else 200
    return render(request, "web/board/vendors/request.html", page, status=status)


@require_POST
@opens(*rights.BOARD_UNIT)
def vote(request: HttpRequest, pk: int) -> HttpResponse:
    """``/board/tickets/requests/<pk>/vote``: another unit also needs it."""
    unit = request.POST.get("unit", "")
    person = scope.must_edit(request, unit)
    row = get_object_or_404(visible(person), pk=pk)
    try:
        with changes.batch(person.actor, "change-request", unit=unit, page=request.path) as batch:
            requests.vote(batch, row, unit, clock.today())
    except LienThongError as error:
        messages.error(request, f"{sentence(error.problem)} {hint(error.problem)}")
    else:
        messages.success(request, _("Entered: this unit also needs it."))
    return redirect("board-request", pk)


@require_POST
@opens(*rights.TICKETS)
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """``/board/tickets/requests/<pk>/answer``: of the vendor, or of the Department in its name."""
    person = scope.person(request)
    row = get_object_or_404(visible(person), pk=pk)
    if speaks_for(person, row.facility, row.vendor_id) not in (Side.VENDOR, Side.DEPARTMENT):
        audit.record(accounts.actor(request), "refused", page=request.path, why="role")
        raise PermissionDenied
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _page(request, row, person, form)
    found = form.cleaned_data
    with changes.batch(person.actor, "change-request", unit=row.facility, page=request.path) as batch:
        state = RequestState(found["state"])
        requests.answer(batch, row, state, found["answer"], planned_on=found["planned_on"])
    messages.success(request, _("The answer is entered."))
    return redirect("board-request", pk)
