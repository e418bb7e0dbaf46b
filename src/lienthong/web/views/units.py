"""Hub: the units and their connections. Security review, code, approval, cut-off; no clinical content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong.access import accounts, rights
from lienthong.access.doors import requires
from lienthong.exchange import keys
from lienthong.exchange.trust import codes, cutting, joining, rotating
from lienthong.facilities import directory
from lienthong.facilities.models import Facility, Node, SecurityReview
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.rollout.security import checks
from lienthong.web.words import hint, sentence

CONNECTED = timedelta(minutes=5)
STATES = {
    "waiting": ("warn", gettext_lazy("Waits for approval")),
    "connected": ("ok", gettext_lazy("Connected")),
    "silent": ("warn", gettext_lazy("Joined, no contact now")),
    "cut-off": ("bad", gettext_lazy("Cut off")),
    "code": ("info", gettext_lazy("Code made, not used yet")),
    "review": ("wait", gettext_lazy("Not joined; review on record")),
    "none": ("wait", gettext_lazy("Not joined")),
}
"""States of a unit's connection: shape of the tag and words."""


class DayInput(forms.DateInput):
    """A day, chosen in the browser's calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class ReviewForm(forms.Form):
    """The document that approved the security level of a unit's systems."""

    document = forms.CharField(label=gettext_lazy("Number of the document"), max_length=80)
    day = forms.DateField(label=gettext_lazy("Date of the document"), widget=DayInput)
    level = forms.TypedChoiceField(
        label=gettext_lazy("Approved level"),
        choices=[(n, str(n)) for n in range(1, 6)],
        coerce=int,
        initial=2,
    )
    approved_by = forms.CharField(label=gettext_lazy("Approved by"), max_length=160)

    def clean_day(self) -> Any:
        day = self.cleaned_data["day"]
        if day > clock.today():
            raise forms.ValidationError(_("The document cannot be of a day to come."))
        return day


class CodeForm(forms.Form):
    """Where the unit reaches this hub."""

    address = forms.CharField(
        label=gettext_lazy("Address at which the unit reaches this hub"), max_length=200
    )


class CutForm(forms.Form):
    """Why, and from when on the unit's messages are in doubt."""

    why = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=cutting.LONGEST_WHY,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    days = forms.IntegerField(
        label=gettext_lazy("Days back from which its messages are in doubt"),
        required=False,
        validators=[MinValueValidator(0), MaxValueValidator(3650)],
    )
    sure = forms.BooleanField(label=gettext_lazy("I have read what will happen"))


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit and its connection."""

    code: str
    name: str
    state: str
    review: SecurityReview | None
    seen: datetime | None

    @property
    def shape(self) -> str:
        return STATES[self.state][0]

    @property
    def words(self) -> str:
        return str(STATES[self.state][1])


def _unit(facility: Facility, waiting: set[str]) -> Unit:
    nodes = directory.nodes("site", facility.code)
    review = joining.review(facility.code)
    seen = Node.objects.filter(facility=facility).exclude(last_seen=None).order_by("-last_seen").first()
    last = seen.last_seen if seen else None
    if facility.code in waiting:
        state = "waiting"
    elif nodes:
        state = "connected" if last and clock.now() - last <= CONNECTED else "silent"
    elif joining.open_code(facility.code):
        state = "code"
    elif cutting.cut(facility.code):
        state = "cut-off"
    else:
        state = "review" if review else "none"
    return Unit(facility.code, directory.name(facility.code), state, review, last)


def _facility(code: str) -> Facility:
    if not directory.is_hub() or code == directory.here():
        raise Http404
    return get_object_or_404(Facility, pk=code)


@require_GET
@requires(*rights.UNITS)
def listing(request: HttpRequest) -> HttpResponse:
    """``/units``: every unit with the state of its connection, those that wait for the officer first."""
    if not directory.is_hub():
        raise Http404
    waiting = {one.facility for one in joining.waiting()}
    found = [_unit(facility, waiting) for facility in Facility.objects.exclude(code=directory.here())]
    order = list(STATES)
    newest = directory.newest_statement()
    page = {
        "units": sorted(found, key=lambda unit: order.index(unit.state)),
        "waiting": len(waiting),
        "statement": newest,
        "kid": keys.own().kid,
        "days": rotating.age_in_days(),
        "old": rotating.OLD.days,
    }
    return render(request, "web/units/list.html", page)


def _page(request: HttpRequest, facility: Facility, **more: Any) -> HttpResponse:
    waiting = joining.waiting(facility.code)
    unit = _unit(facility, {one.facility for one in waiting})
    nodes = list(Node.objects.filter(facility=facility, role="site").order_by("-valid_from"))
    hub = keys.own().kid
    page = {
        "unit": unit,
        "waiting": waiting,
        "reviews": list(reversed(facility.reviews.all())),
        "level_low": unit.review is not None and unit.review.level < joining.LEAST_LEVEL,
        "least": joining.LEAST_LEVEL,
        "open_code": joining.open_code(facility.code),
        "keys": [(node, codes.fingerprint(hub, node.jwk, node.age)) for node in nodes],
        "running": bool(directory.nodes("site", facility.code)),
        "cut": cutting.cut(facility.code),
        "now": clock.now(),
        "review_form": ReviewForm(),
        "code_form": CodeForm(initial={"address": _own_address(request)}),
        **more,
    }
    return render(request, "web/units/one.html", page)


def _own_address(request: HttpRequest) -> str:
    """The address that sites are told: from the settings, else the one under which the officer opened the page."""
    return str(settings.NODE.hub_url or request.build_absolute_uri("/").rstrip("/"))


@require_GET
@requires(*rights.UNITS)
def one(request: HttpRequest, code: str) -> HttpResponse:
    """``/units/<code>``: a unit's request, review, code, keys."""
    return _page(request, _facility(code))


@require_POST
@requires(*rights.UNITS)
def review(request: HttpRequest, code: str) -> HttpResponse:
    """``/units/<code>/review``: puts a security review on record."""
    facility, form = _facility(code), ReviewForm(request.POST)
    if not form.is_valid():
        return _page(request, facility, review_form=form)
    try:
        checks.refuse_failed(facility.code)
    except LienThongError as error:
        form.add_error("document", f"{sentence(error.problem)} {hint(error.problem)}")
        return _page(request, facility, review_form=form)
    joining.enter_review(facility.code, **form.cleaned_data, by=accounts.actor(request))
    messages.success(request, _("The security review is on record."))
    return redirect("unit-connection", code)


@require_POST
@requires(*rights.UNITS)
def code(request: HttpRequest, code: str) -> HttpResponse:
    """``/units/<code>/code``: makes a code and shows it this once, as text and as QR."""
    facility, form = _facility(code), CodeForm(request.POST)
    if form.is_valid():
        try:
            checks.refuse_failed(facility.code)
            made = joining.make_code(facility.code, form.cleaned_data["address"], accounts.actor(request))
        except LienThongError as error:
            form.add_error("address", f"{sentence(error.problem)} {hint(error.problem)}")
        else:
            page = {
                "unit": _unit(facility, set()),
                "text": made.text,
                "groups": made.text.partition("@")[0],
                "address": made.text.partition("@")[2],
                "qr": _qr(made.text),
                "until": clock.now() + joining.VALID_FOR,
            }
            return render(request, "web/units/code.html", page)
    return _page(request, facility, code_form=form)


def _qr(text: str) -> SafeString:
    drawn = segno.make(text, error="m").svg_inline(
        scale=6, border=4, omitsize=True, svgclass="qr", lineclass=None
    )
    return mark_safe(drawn)  # noqa: S308 - drawn here, no text of others in it


@require_POST
@requires(*rights.UNITS)
def decide(request: HttpRequest, code: str, what: str) -> HttpResponse:
    """``/units/<code>/approve`` and ``/refuse``: the officer's answer to the request that waits."""
    facility, by = _facility(code), accounts.actor(request)
    name = request.POST.get("code", "")
    if name not in {one.code for one in joining.waiting(facility.code)}:
        messages.error(request, _("This request is not waiting any more."))
        return redirect("unit-connection", code)
    try:
        if what == "approve":
            checks.refuse_failed(facility.code)
            joining.approve(name, by)
            messages.success(request, _("The unit is in the directory; every site is told."))
        else:
            joining.refuse(name, by)
            messages.success(request, _("The request was refused; the unit is told."))
    except LienThongError as error:
        messages.error(request, f"{sentence(error.problem)} {hint(error.problem)}")
    return redirect("unit-connection", code)


@require_http_methods(["GET", "POST"])
@requires(*rights.UNITS)
def cut_off(request: HttpRequest, code: str) -> HttpResponse:
    """``/units/<code>/cut-off``: says what will happen; POST does it."""
    facility = _facility(code)
    form = CutForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        days = form.cleaned_data["days"]
        since = None if days is None else clock.now() - timedelta(days=days)
        try:
            cutting.cut_off(facility.code, form.cleaned_data["why"], accounts.actor(request), since=since)
        except LienThongError as error:
            form.add_error(None, f"{sentence(error.problem)} {hint(error.problem)}")
        else:
            messages.success(request, _("The unit is cut off; every other site is told."))
            return redirect("unit-connection", code)
    page = {
        "unit": _unit(facility, set()),
        "form": form,
        "undelivered": cutting.undelivered(facility.code),
        "running": bool(directory.nodes("site", facility.code)),
    }
    return render(request, "web/units/cut_off.html", page)


@require_POST
@requires(*rights.UNITS)
def renew(request: HttpRequest) -> HttpResponse:
    """``/units/renew``: a new key for the hub; its successor is named in a statement signed with the old one."""
    if not directory.is_hub():
        raise Http404
    rotating.rotate_hub(accounts.actor(request))
    messages.success(request, _("The hub has a new key; every site is told."))
    return redirect("units")
