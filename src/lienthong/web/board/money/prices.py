"""Price references: each item with its range, single prices with source, date and who entered them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong.access import accounts, audit, rights
from lienthong.access.models import Role
from lienthong.rollout import changes, scope
from lienthong.rollout.money import catalogue, references
from lienthong.rollout.money.catalogue import Item
from lienthong.rollout.money.models import PriceReference
from lienthong.rollout.money.prices import FEWEST, NOTHING, OLD_AFTER_YEARS, Point, Spread, spread
from lienthong.web.board.doors import opens
from lienthong.web.board.money import drawn, showing
from lienthong.web.board.money.forms import PriceForm


@dataclass(frozen=True, slots=True)
class Row:
    """A price on a page; ``pk`` of those that were typed."""

    point: Point
    old: bool | None
    outlier: bool
    pk: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """An item on the list."""

    item: Item
    spread: Spread
    old: int
    newest: date | None


@require_GET
@opens(*rights.BOARD)
def listing(request: HttpRequest) -> HttpResponse:
    """``/board/money/prices``: items with median and range; those without a price below."""
    person = scope.person(request)
    on = showing.day_asked(request)
    found = references.points(on)
    spreads = references.spreads(found)
    lines = []
    for item in catalogue.items(on):
        mine = [one for one in found if one.item == item.id]
        lines.append(
            Line(
                item,
                spreads.get(item.id, NOTHING),
                sum(bool(one.old(on)) for one in mine),
                max((one.day for one in mine if one.day), default=None),
            )
        )
    audit.record(person.actor, "board", page=request.path)
    page = {
        "on": on,
        "lines": [line for line in lines if line.spread.count or line.spread.without_amount],
        "without": [
            line.item
            for line in lines
            if not (line.spread.count or line.spread.without_amount)
            and line.item.id not in references.NO_PRICE
        ],
        "fewest": FEWEST,
        "old_years": OLD_AFTER_YEARS,
    }
    return render(request, "web/board/money/prices.html", page)


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD)
def one(request: HttpRequest, item: str) -> HttpResponse:
    """``/board/money/prices/<item>``: the prices of an item as a drawn range and one by one; POST adds one."""
    person = scope.person(request)
    known = catalogue.item(item)
    if known is None or item in references.NO_PRICE:
        raise Http404
    may_add = bool(person.roles & set(rights.BOARD_UNIT))
    form = PriceForm(request.POST or None)
    if request.method == "POST":
        if not may_add:
            audit.record(person.actor, "refused", page=request.path, why="role")
            return HttpResponse(status=403)
        if form.is_valid():
            row = form.save(commit=False)
            row.item = item
            row.facility = "" if Role.DEPARTMENT in person.roles else min(person.units, default="")
            with changes.batch(person.actor, "price", unit=row.facility, page=request.path) as batch:
                batch.save(row)
            messages.success(request, _("The price is entered."))
            return redirect("board-money-price", item)
    on = showing.day_asked(request)
    points = references.points(on, item)
    found = spread(points)
    audit.record(person.actor, "board", page=request.path)
    page = {
        "item": known,
        "on": on,
        "spread": found,
        "rows": [_row(one, found, on) for one in sorted(points, key=_order)],
        "picture": _picture(points, found, on),
        "form": form,
        "may_add": may_add,
        "may_remove": Role.DEPARTMENT in person.roles,
        "fewest": FEWEST,
        "old_years": OLD_AFTER_YEARS,
    }
    return render(request, "web/board/money/price.html", page, status=400 if form.errors else 200)


def _order(point: Point) -> tuple[bool, int]:
    return point.each is None, point.each or 0


def _row(point: Point, found: Spread, on: date) -> Row:
    pk = None if point.own else int(point.key.removeprefix("price-"))
    return Row(point, point.old(on), point.key in found.outliers, pk)


def _picture(points: list[Point], found: Spread, on: date) -> SafeString:
    return drawn.line_of_prices(points, found, on, _("Prices for one, with range and median"))


@require_POST
@opens(*rights.BOARD_EDIT)
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """``/board/money/price/<pk>/remove``: takes a price off; the history keeps it."""
    row = get_object_or_404(PriceReference, pk=pk)
    with changes.batch(accounts.actor(request), "price", page=request.path) as batch:
        batch.remove(row)
    messages.success(request, _("The price was taken off; the page of changes keeps it."))
    return redirect("board-money-price", row.item)
