"""Vendors with figures; one vendor with its units, products, contracts and open faults."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong.access import accounts, audit, rights
from lienthong.access.models import Role
from lienthong.foundation import clock
from lienthong.rollout import changes, scope
from lienthong.rollout.money import contracts
from lienthong.rollout.vendors import summary
from lienthong.rollout.vendors.figures import figures
from lienthong.rollout.vendors.models import ChangeRequest, Vendor
from lienthong.web.board.doors import opens
from lienthong.web.board.money.showing import day_asked
from lienthong.web.board.vendors.forms import ProductForm, VendorForm
from lienthong.web.board.vendors.tickets import rows_of

SEE = (*rights.BOARD, *rights.TICKETS)
NONE = figures([], clock.now())


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD)
def listing(request: HttpRequest) -> HttpResponse:
    """``/board/vendors``: every vendor with its figures as of a day (``on``); POST of the Department adds one."""
    person = scope.person(request)
    may_edit = Role.DEPARTMENT in person.roles
    form = VendorForm(request.POST or None)
    if request.method == "POST":
        if not may_edit:
            raise _refused(request)
        if form.is_valid():
            row = form.save(commit=False)
            with changes.batch(person.actor, "vendor", page=request.path) as batch:
                batch.save(row)
            messages.success(request, _("The vendor is entered."))
            return redirect("board-vendor", row.pk)
    on = day_asked(request)
    found = summary.by_vendor(on, units=None if person.all_units else person.units)
    running = contracts.running(on)
    audit.record(person.actor, "board", page=request.path)
    page = {
        "on": on,
        "lines": [
            (vendor, found.get((vendor.code, ""), NONE), _units(running, vendor))
            for vendor in Vendor.objects.all()
        ],
        "own": not person.all_units,
        "form": form,
        "may_edit": may_edit,
    }
    return render(request, "web/board/vendors/list.html", page, status=400 if form.errors else 200)


def _units(running: list[Any], vendor: Vendor) -> int:
    return len({one.facility for one in running if one.vendor_id == vendor.code})


def _refused(request: HttpRequest) -> PermissionDenied:
    audit.record(accounts.actor(request), "refused", page=request.path, why="role")
    return PermissionDenied()


@require_GET
@opens(*SEE)
def one(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/vendors/<code>``."""
    vendor = get_object_or_404(Vendor, pk=code)
    return _page(request, vendor)


def _page(request: HttpRequest, vendor: Vendor, **more: Any) -> HttpResponse:
    person = scope.person(request)
    of_vendor = vendor.code in person.vendors
    if not (of_vendor or person.units or person.all_units):
        raise _refused(request)
    everything = of_vendor or person.all_units
    on = day_asked(request)
    found = summary.by_vendor(on, vendor.code, units=None if everything else person.units)
    requests = ChangeRequest.objects.filter(vendor=vendor).select_related("product").prefetch_related("votes")
    agreed = vendor.contracts.order_by("-valid_to")
    if not everything:
        agreed = agreed.filter(facility__in=person.units)
    audit.record(person.actor, "board", page=request.path)
    form = more.get("vendor_form")
    page = {
        "vendor": vendor,
        "on": on,
        "all": found.get((vendor.code, ""), NONE),
        "units": [(unit, one) for (_code, unit), one in found.items() if unit],
        "tickets": [
            row for row in rows_of(person, vendor=vendor.code) if row["state"] not in ("closed", "repaired")
        ],
        "requests": requests,
        "contracts": agreed,
        "products": vendor.products.all(),
        "sees_board": bool(person.units or person.all_units),
        "may_edit": Role.DEPARTMENT in person.roles,
        "vendor_form": VendorForm(instance=vendor),
        "product_form": ProductForm(),
        **more,
    }
    return render(request, "web/board/vendors/one.html", page, status=400 if form and form.errors else 200)


@require_POST
@opens(*rights.BOARD_EDIT)
def edit(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/vendors/<code>/edit``: name and contact."""
    vendor = get_object_or_404(Vendor, pk=code)
    form = VendorForm(request.POST, instance=vendor)
    if not form.is_valid():
        return _page(request, get_object_or_404(Vendor, pk=code), vendor_form=form)
    with changes.batch(accounts.actor(request), "vendor", page=request.path) as batch:
        batch.save(form.save(commit=False))
    messages.success(request, _("The vendor is entered."))
    return redirect("board-vendor", code)


@require_POST
@opens(*rights.BOARD_EDIT)
def product(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/vendors/<code>/product``: adds a product."""
    vendor = get_object_or_404(Vendor, pk=code)
    form = ProductForm(request.POST)
    if not form.is_valid():
        return _page(request, vendor, product_form=form)
    row = form.save(commit=False)
    row.vendor = vendor
    with changes.batch(accounts.actor(request), "vendor", page=request.path) as batch:
        batch.save(row)
    messages.success(request, _("The product is entered."))
    return redirect("board-vendor", code)
