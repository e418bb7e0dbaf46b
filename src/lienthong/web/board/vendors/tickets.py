"""Faults: listed, reported in one form, talked over, repaired, closed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong.access import accounts, audit, rights
from lienthong.access.models import Role
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.rollout import changes, scope, units
from lienthong.rollout.changes import Batch
from lienthong.rollout.money import contracts
from lienthong.rollout.scope import Person
from lienthong.rollout.vendors import severity, tickets
from lienthong.rollout.vendors.models import ChangeRequest, Product, Side, Ticket, Vendor
from lienthong.rollout.vendors.times import Kept
from lienthong.web.board.doors import opens
from lienthong.web.board.vendors.forms import LetterForm, MessageForm, TicketForm
from lienthong.web.words import hint, sentence

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SEE = (*rights.BOARD, *rights.TICKETS)
PAGE = 40
STATES: dict[str, tuple[str, StrOrPromise]] = {
    "reported": ("warn", pgettext_lazy("fault", "Reported")),
    "answered": ("info", pgettext_lazy("fault", "Being worked on")),
    "repaired": ("info", pgettext_lazy("fault", "Repaired, to be confirmed by the unit")),
    "closed": ("ok", pgettext_lazy("fault", "Closed")),
}
"""States of a fault: shape of the tag and words."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What a unit writes to a vendor.

    Attributes:
        what: of the history; page, shown: names of the page to write it on and of the one that shows it.
        send: enters it for a unit and a product, of what the form gave.
        sent: what is said afterwards.
    """

    what: str
    page: str
    shown: str
    template: str
    form: type[LetterForm]
    send: Callable[[Batch, str, Product, dict[str, Any]], Ticket | ChangeRequest]
    sent: StrOrPromise


def _report(batch: Batch, unit: str, product: Product, said: dict[str, Any]) -> Ticket:
    return tickets.report(batch, unit, product, said["severity"], said["subject"], said["text"])


FAULT = Letter(
    "ticket",
    "board-ticket-new",
    "board-ticket",
    "web/board/vendors/ticket_new.html",
    TicketForm,
    _report,
    gettext_lazy("Reported to %(vendor)s."),
)


def visible(person: Person) -> QuerySet[Ticket]:
    """The faults that somebody may see: the Department and leaders all, a unit and a vendor their own."""
    found = Ticket.objects.select_related("vendor", "product", "contract")
    if person.all_units:
        return found
    return found.filter(Q(facility__in=person.units) | Q(vendor__in=person.vendors))


def visible_one(request: HttpRequest, pk: int) -> tuple[Ticket, Person]:
    """One fault and who asks; others are refused as if it were not there.

    Raises:
        Http404: none, or not his.
    """
    person = scope.person(request)
    return get_object_or_404(visible(person), pk=pk), person


def speaks_for(person: Person, facility: str, vendor: str) -> Side | None:
    """For whom somebody writes about a unit and a vendor; None for those who only read."""
    if vendor in person.vendors:
        return Side.VENDOR
    if facility in person.units:
        return Side.UNIT
    return Side.DEPARTMENT if Role.DEPARTMENT in person.roles else None


def rows_of(
    person: Person, *, vendor: str = "", unit: str = "", open_only: bool = True
) -> list[dict[str, Any]]:
    """Faults for a table, those that are late first, then the gravest."""
    found = visible(person)
    if vendor:
        found = found.filter(vendor=vendor)
    if unit:
        found = found.filter(facility=unit)
    if open_only:
        found = found.filter(closed_at=None)
    now = clock.now()
    rows = [_row(one, now) for one in found]
    grave = [one.id for one in severity.every()]
    if open_only:
        rows.sort(key=lambda row: (not row["late"], grave.index(row["ticket"].severity)))
    return rows


def _row(ticket: Ticket, now: datetime) -> dict[str, Any]:
    state = tickets.state(ticket)
    against = tickets.against(ticket, now)
    known = severity.severity(ticket.severity)
    return {
        "ticket": ticket,
        "state": state,
        "shape": STATES[state][0],
        "words": STATES[state][1],
        "severity": known.name if known else ticket.severity,
        "late": against.late,
        "response": _kept(against.response),
        "repair": _kept(against.repair),
    }


def _kept(found: Kept) -> dict[str, Any]:
    """A time against the contract: shape, words, due moment, time taken."""
    if found.allowed is None:
        shape, words = "wait", _("nothing agreed")
    elif found.late:
        shape, words = "bad", _("late")
    elif found.done:
        shape, words = "ok", _("in time")
    else:
        shape, words = "wait", _("running")
    return {"shape": shape, "words": words, "kept": found}


@require_GET
@opens(*SEE)
def listing(request: HttpRequest) -> HttpResponse:
    """``/board/tickets``: open faults, late ones first; ``vendor``, ``unit``, ``all`` choose."""
    person = scope.person(request)
    vendor, unit = request.GET.get("vendor", ""), request.GET.get("unit", "")
    every = request.GET.get("all") == "1"
    rows = rows_of(person, vendor=vendor, unit=unit, open_only=not every)
    audit.record(person.actor, "board", page=request.path)
    page = {
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "late": sum(row["late"] for row in rows if row["state"] in ("reported", "answered")),
        "number": len(rows),
        "every": every,
        "vendor": vendor,
        "unit": unit,
        "vendors": Vendor.objects.all() if not person.vendors else [],
        "units": [one for one in units.listing() if person.sees(one.code)],
        "own_vendor": min(person.vendors, default=""),
        "may_report": bool(person.units) or Role.DEPARTMENT in person.roles,
        "sees_board": bool(person.units or person.all_units),
    }
    return render(request, "web/board/vendors/tickets.html", page)


def products_of(unit: str) -> list[Product]:
    """What a unit can report a fault of: products that its running contracts name, else all of their vendors."""
    running = contracts.running(clock.today(), [unit])
    naming = {key for one in running for key in one.products}
    whole = {one.vendor_id for one in running if not one.products}
    found = Product.objects.filter(Q(pk__in=naming) | Q(vendor__in=whole)).select_related("vendor")
    return list(found.order_by("kind", "name"))


def asked_unit(request: HttpRequest, person: Person) -> str:
    """The unit for which somebody writes: his own, or that which the Department has chosen; empty: not yet."""
    wanted = request.POST.get("unit") or request.GET.get("unit", "")
    if not wanted and len(person.units) == 1:
        return next(iter(person.units))
    if wanted and (wanted not in units.codes() or not person.edits(wanted)):
        audit.record(person.actor, "refused", page=request.path, why="unit")
        raise PermissionDenied
    return wanted


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD_UNIT)
def new(request: HttpRequest) -> HttpResponse:
    """``/board/tickets/new``: reports a fault, in one form."""
    return write_to_vendor(request, FAULT)


def write_to_vendor(request: HttpRequest, letter: Letter) -> HttpResponse:
    """The page on which a unit, or the Department for it, writes to the vendor of one of its products."""
    person = scope.person(request)
    unit = asked_unit(request, person)
    if not unit:
        return choose(request, person, letter.page)
    products = products_of(unit)
    form = letter.form(products, request.POST or None, initial={"product": request.GET.get("product")})
    if request.method == "POST" and form.is_valid():
        chosen = next(one for one in products if str(one.pk) == form.cleaned_data["product"])
        with changes.batch(person.actor, letter.what, unit=unit, page=request.path) as batch:
            row = letter.send(batch, unit, chosen, form.cleaned_data)
        messages.success(request, letter.sent % {"vendor": chosen.vendor.name})
        return redirect(letter.shown, row.pk)
    page = {"unit": unit, "name": directory.name(unit), "form": form, "products": products}
    return render(request, letter.template, page, status=400 if form.errors else 200)


def choose(request: HttpRequest, person: Person, target: str) -> HttpResponse:
    """The page on which the Department says for which unit it writes."""
    page = {"units": [one for one in units.listing() if person.edits(one.code)], "target": target}
    return render(request, "web/board/vendors/choose.html", page)


@require_GET
@opens(*SEE)
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """``/board/tickets/<pk>``."""
    return _page(request, *visible_one(request, pk), MessageForm())


def _page(request: HttpRequest, ticket: Ticket, person: Person, form: MessageForm) -> HttpResponse:
    side = speaks_for(person, ticket.facility, ticket.vendor_id)
    row = _row(ticket, clock.now())
    audit.record(person.actor, "board", page=request.path)
    page = {
        **row,
        "name": directory.name(ticket.facility),
        "talk": ticket.messages.all(),
        "form": form,
        "may_write": side is not None and ticket.closed_at is None,
        "may_repair": side in (Side.VENDOR, Side.DEPARTMENT)
        and not ticket.repaired_at
        and not ticket.closed_at,
        "may_close": side in (Side.UNIT, Side.DEPARTMENT) and ticket.closed_at is None,
        "may_reopen": side in (Side.UNIT, Side.DEPARTMENT) and bool(ticket.repaired_at or ticket.closed_at),
        "sees_board": bool(person.units or person.all_units),
    }
    return render(request, "web/board/vendors/ticket.html", page, status=400 if form.errors else 200)


@require_POST
@opens(*rights.TICKETS)
def say(request: HttpRequest, pk: int) -> HttpResponse:
    """``/board/tickets/<pk>/say``: a message; the vendor's first one is its response."""
    ticket, person = visible_one(request, pk)
    side = _side(request, person, ticket, *Side)
    form = MessageForm(request.POST)
    if not form.is_valid():
        return _page(request, ticket, person, form)

    def write(batch: Batch) -> None:
        tickets.say(batch, ticket, side, form.cleaned_data["text"])

    return _do(request, ticket, person, write, _("Written."))


@require_POST
@opens(*rights.TICKETS)
def step(request: HttpRequest, pk: int, what: str) -> HttpResponse:
    """``/board/tickets/<pk>/repaired``, ``/close``, ``/reopen``."""
    ticket, person = visible_one(request, pk)
    if what == "repaired":
        _side(request, person, ticket, Side.VENDOR, Side.DEPARTMENT)
        return _do(request, ticket, person, lambda b: tickets.repaired(b, ticket), _("Entered as repaired."))
    _side(request, person, ticket, Side.UNIT, Side.DEPARTMENT)
    if what == "close":
        return _do(request, ticket, person, lambda b: tickets.close(b, ticket), _("The fault is closed."))
    return _do(request, ticket, person, lambda b: tickets.reopen(b, ticket), _("The fault is open again."))


def _side(request: HttpRequest, person: Person, ticket: Ticket, *allowed: Side) -> Side:
    side = speaks_for(person, ticket.facility, ticket.vendor_id)
    if side not in allowed or side is None:
        audit.record(accounts.actor(request), "refused", page=request.path, why="role")
        raise PermissionDenied
    return side


def _do(
    request: HttpRequest, ticket: Ticket, person: Person, change: Callable[[Batch], None], done: str
) -> HttpResponse:
    try:
        with changes.batch(person.actor, "ticket", unit=ticket.facility, page=request.path) as batch:
            change(batch)
    except LienThongError as error:
        messages.error(request, f"{sentence(error.problem)} {hint(error.problem)}")
    else:
        messages.success(request, done)
    return redirect("board-ticket", ticket.pk)
