"""Money of one unit: what it needs, what it buys, its contracts, and what it would cost to reach a level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong.access import audit, rights
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.rollout import changes, scope, units
from lienthong.rollout.money import references, sheet
from lienthong.rollout.money import unit as estimates
from lienthong.rollout.money.contracts import state
from lienthong.rollout.money.estimate import times
from lienthong.rollout.money.models import Contract, Need
from lienthong.rollout.money.prices import FEWEST, NOTHING
from lienthong.rollout.money.procurements import standings
from lienthong.web.board.doors import opens
from lienthong.web.board.money.forms import NeedForm
from lienthong.web.board.money.overview import shape

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LEVELS = range(1, 8)
USUAL_LEVEL = 6
CONTRACT_STATES: dict[str, tuple[str, StrOrPromise]] = {
    "coming": ("wait", pgettext_lazy("contract", "Not begun yet")),
    "running": ("ok", pgettext_lazy("contract", "In force")),
    "soon": ("warn", pgettext_lazy("contract", "Ends soon")),
    "ended": ("info", pgettext_lazy("contract", "Ended")),
}
"""States of a contract: shape of the tag and words."""


def known(request: HttpRequest, code: str) -> scope.Person:
    """Whoever asks, if there is such a unit and he may see it."""
    if code not in units.codes():
        raise Http404
    return scope.must_see(request, code)


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD)
def one(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/money/units/<code>``: needs, procurements, contracts; POST adds a need."""
    person = known(request, code)
    form = NeedForm(request.POST or None, initial={"year": clock.today().year})
    if request.method == "POST":
        scope.must_edit(request, code)
        if form.is_valid():
            row = form.save(commit=False)
            row.facility = code
            with changes.batch(person.actor, "need", unit=code, page=request.path) as batch:
                batch.save(row)
            messages.success(request, _("The need is entered."))
            return redirect("board-money-unit", code)
    on = clock.today()
    spreads = references.spreads(references.points(on))
    needs = [_need(row, spreads) for row in Need.objects.filter(facility=code)]
    contracts = Contract.objects.filter(facility=code).select_related("vendor").order_by("-valid_to")
    audit.record(person.actor, "board", page=request.path)
    page = {
        "unit": code,
        "name": directory.name(code),
        "needs": needs,
        "form": form,
        "found": [(one, shape(one.stage)) for one in standings(on, [code])],
        "contracts": [(one, *CONTRACT_STATES[state(one, on)]) for one in contracts],
        "may_edit": person.edits(code),
        "levels": LEVELS,
        "usual": USUAL_LEVEL,
    }
    return render(request, "web/board/money/unit.html", page, status=400 if form.errors else 200)


def _need(row: Need, spreads: dict[str, Any]) -> dict[str, Any]:
    found = spreads.get(row.item, NOTHING)
    return {
        "row": row,
        "few": found.few,
        "low": times(found.low, row.quantity),
        "middle": times(found.middle, row.quantity),
        "high": times(found.high, row.quantity),
    }


@require_POST
@opens(*rights.BOARD_UNIT)
def remove_need(request: HttpRequest, pk: int) -> HttpResponse:
    """``/board/money/needs/<pk>/remove``: takes a need off; the history keeps it."""
    row = get_object_or_404(Need, pk=pk)
    person = scope.must_edit(request, row.facility)
    with changes.batch(person.actor, "need", unit=row.facility, page=request.path) as batch:
        batch.remove(row)
    messages.success(request, _("The need was taken off; the page of changes keeps it."))
    return redirect("board-money-unit", row.facility)


def _level(request: HttpRequest) -> int:
    text = request.GET.get("level", str(USUAL_LEVEL))
    return int(text) if text in {str(n) for n in LEVELS} else USUAL_LEVEL


@require_GET
@opens(*rights.BOARD)
def estimate(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/money/units/<code>/estimate``: to reach a ``level``, these items, this range."""
    person = known(request, code)
    level = _level(request)
    found = estimates.to_reach(code, level, clock.today())
    audit.record(person.actor, "board", page=request.path, detail={"level": level})
    page = {
        "unit": code,
        "name": directory.name(code),
        "level": level,
        "levels": LEVELS,
        "found": found,
        "own": [line for line in found.lines if not line.instead_of] if found else [],
        "instead": [line for line in found.lines if line.instead_of] if found else [],
        "today": clock.today(),
        "fewest": FEWEST,
    }
    return render(request, "web/board/money/estimate.html", page)


@require_GET
@opens(*rights.BOARD)
def estimate_sheet(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/money/units/<code>/estimate.xlsx``: the same as an Excel sheet."""
    person = known(request, code)
    level, on = _level(request), clock.today()
    found = estimates.to_reach(code, level, on)
    if found is None:
        raise Http404
    content = sheet.workbook(found, directory.name(code), level, on)
    audit.record(person.actor, "board-estimate", page=request.path, detail={"level": level})
    answer = HttpResponse(content, content_type=sheet.KIND)
    answer["Content-Disposition"] = f'attachment; filename="estimate-{code}-level-{level}-{on}.xlsx"'
    return answer
