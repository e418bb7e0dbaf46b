"""Reconciliation: do both hospitals have the same, item by item, and what is damaged here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages as flash
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from lienthong.access import accounts, audit, rights
from lienthong.access.doors import requires
from lienthong.access.models import Role
from lienthong.exchange import reconciling
from lienthong.exchange.reconciling import Discrepancy, Pair
from lienthong.facilities import directory
from lienthong.facilities.models import Facility
from lienthong.foundation import clock

SHOWN = 200
_LAST = 1 << 53
DIFFERENCES = {
    "missing-here": gettext_lazy("The sender no longer has it"),
    "missing-there": gettext_lazy("The receiver does not have it"),
    "other-manifest": gettext_lazy("The two have different manifests"),
    "other-outcome": gettext_lazy("The two say different outcomes"),
    "other-content": gettext_lazy("The two say different things stored"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A pair in the matrix; ``shape`` and the numbers in words for those who do not see the colour."""

    pair: Pair | None
    same: bool
    shape: str


@dataclass(frozen=True, slots=True)
class Line:
    """A sender's line of the matrix."""

    sender: str
    cells: list[Cell]


def _matrix(pairs: Sequence[Pair]) -> tuple[list[str], list[Line]]:
    """The facilities that exchanged anything, in the order of the province's lists, and a line for each sender."""
    known = {(pair.sender, pair.receiver): pair for pair in pairs}
    names = {code for pair in pairs for code in (pair.sender, pair.receiver)}
    order = [code for code in Facility.objects.values_list("code", flat=True) if code in names]
    lines = []
    for sender in order:
        cells = [_cell(known.get((sender, receiver)), sender == receiver) for receiver in order]
        if any(cell.pair for cell in cells):
            lines.append(Line(sender, cells))
    return order, lines


def _cell(pair: Pair | None, same: bool) -> Cell:
    return Cell(pair, same, _shape(pair) if pair else "")


def _shape(pair: Pair) -> str:
    if pair.compared_at is None:
        return "wait"
    return "bad" if pair.differing else "ok"


@require_GET
@requires(*rights.INTEGRITY)
def overview(request: HttpRequest) -> HttpResponse:
    """``/reconcile``: at the hub the matrix of the province, at a site its own pairs; what is open and was mended."""
    pairs = reconciling.pairs()
    receivers, lines = _matrix(pairs) if directory.is_hub() else ([], [])
    still_open = reconciling.still_open(SHOWN + 1)
    page = {
        "progress": reconciling.progress(),
        "pairs": [(pair, _shape(pair), _share(pair)) for pair in pairs],
        "receivers": receivers,
        "lines": lines,
        "compared": sum(pair.messages for pair in pairs),
        "differing": sum(pair.differing for pair in pairs),
        "open": _described(still_open[:SHOWN]),
        "more": len(still_open) > SHOWN,
        "mended": _described(reconciling.latest(SHOWN)),
        "may_start": bool(accounts.request_roles(request) & {Role.IT, Role.DEPARTMENT}),
        "may_look": bool(accounts.request_roles(request) & set(rights.FLOW)),
        "now": clock.now(),
    }
    return render(request, "web/reconcile/overview.html", page)


def _share(pair: Pair) -> str:
    """Width of the matching part of a bar of 100 units; a difference is always seen."""
    if not pair.messages:
        return "0"
    return f"{min(100 * pair.matching / pair.messages, 100 if not pair.differing else 98):.1f}"


def _described(found: Sequence[Discrepancy]) -> list[tuple[Discrepancy, Any]]:
    return [(one, reconciling.problem(one)) for one in found]


@require_GET
@requires(*rights.INTEGRITY)
def pair(request: HttpRequest, sender: str, receiver: str) -> HttpResponse:
    """``/reconcile/<sender>/<receiver>``: the lists behind the figures; ``show`` is messages, matching or differing."""
    found = next((p for p in reconciling.pairs() if (p.sender, p.receiver) == (sender, receiver)), None)
    if found is None:
        raise Http404
    show = request.GET.get("show", "differing" if found.differing else "messages")
    rows: list[Any] = []
    earlier: int | None = None
    if show in ("messages", "matching"):
        listed = reconciling.messages_of_pair(sender, receiver, _number(request.GET.get("before")))
        earlier = listed[-1][0] if len(listed) == reconciling.SHOWN and listed[-1][0] > 1 else None
        rows = [row for _seq, row in listed if show == "messages" or row.id not in found.differences]
    page = {
        "pair": found,
        "shape": _shape(found),
        "show": show,
        "rows": rows,
        "earlier": earlier,
        "differences": [(name, DIFFERENCES[word]) for name, word in found.differences.items()],
        "unnamed": found.differing - len(found.differences),
        "open": _described(reconciling.of_pair(sender, receiver, SHOWN)),
        "may_look": bool(accounts.request_roles(request) & set(rights.FLOW)),
    }
    return render(request, "web/reconcile/pair.html", page)


def _number(text: str | None) -> int:
    try:
        return min(_LAST, max(1, int(text or _LAST)))
    except ValueError:
        return _LAST


@require_POST
@requires(Role.IT, Role.DEPARTMENT)
def start(request: HttpRequest) -> HttpResponse:
    """``/reconcile/start``: lets checking and mending begin now instead of at night."""
    reconciling.start()
    audit.record(accounts.actor(request), "reconcile-started", page="reconcile")
    flash.success(request, _("It has begun. This page shows how it goes on."))
    return HttpResponseRedirect(reverse("reconcile"))
