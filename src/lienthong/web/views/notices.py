"""Notices of transfers: the list, what an open page asks every few seconds, and mail for oneself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from lienthong.access import accounts, audit, rights
from lienthong.access.doors import requires
from lienthong.facilities import directory
from lienthong.foundation import ids
from lienthong.foundation.errors import LienThongError
from lienthong.transfers.models import Call, MailAddress
from lienthong.transfers.notices import addresses, calls, problems, sending
from lienthong.transfers.notices.reasons import URGENCY, Group
from lienthong.web import notices as shown
from lienthong.web.words import hint, sentence

PAGE_SIZE = 25


class MailForm(forms.Form):
    """Where a person gets mail, and about what: at a hospital transfers, at a hub tasks of the roll-out."""

    address = forms.CharField(label=gettext_lazy("Mail address"), max_length=254, required=False)
    groups = forms.MultipleChoiceField(
        label=gettext_lazy("Mail me about"),
        choices=lambda: (
            [(addresses.PLAN, _("Tasks of the roll-out"))] if directory.is_hub() else Group.choices
        ),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    own_only = forms.BooleanField(label=gettext_lazy("Only transfers that I began"), required=False)
    address.widget.attrs.update({"autocomplete": "email", "inputmode": "email", "spellcheck": "false"})


@dataclass(frozen=True, slots=True)
class Mine:
    """A person's mail, for the page "My account".

    Attributes:
        possible: whether the unit has a mail server.
        fault: why the last mail has not gone yet, in words.
        of_plan: whether it is about tasks of the roll-out, at a hub.
    """

    form: MailForm
    row: MailAddress | None
    possible: bool
    fault: str
    of_plan: bool


@require_GET
@requires(*rights.NOTICES)
def notices(request: HttpRequest) -> HttpResponse:
    """``/notices?all=1&page=``: what waits for the person, by transfer; ``all`` shows the last 30 days."""
    if directory.is_hub():
        raise Http404
    account, held = accounts.own(request), accounts.request_roles(request)
    everything, names = "all" in request.GET, bool(held & set(rights.TRANSFERS))
    if names:
        audit.record(accounts.actor(request), "list", page=request.path)
    groups = shown.groups(account, held, everything=everything, names=names)
    number = request.GET.get("page", "1")
    page = {
        "page": Paginator(groups, PAGE_SIZE).get_page(number),
        "everything": everything,
        "may_open": names,
    }
    return render(request, "web/notices/list.html", page)


@require_GET
@requires(*rights.NOTICES)
def now(request: HttpRequest) -> HttpResponse:
    """``/notices/now``: what waits, for the script of open pages; 304 while it is as ``If-None-Match`` says.

    The script sends ``Lienthong-Automatic``, so that asking keeps nobody signed in. Nothing of a patient is told.
    """
    if directory.is_hub():
        raise Http404
    found = calls.waiting(accounts.own(request), accounts.request_roles(request))
    tag = f'"{ids.stable_id(str(found), shown.language())[:16]}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers={"ETag": tag})
    body = {
        "count": found.count,
        "urgent": found.urgent,
        "newest": found.newest,
        "sounding": found.sounding,
        "text": _newest(found.newest),
    }
    return JsonResponse(body, headers={"ETag": tag})


def _newest(id: str) -> str:
    call = Call.objects.filter(pk=id).first() if id else None
    return f"{URGENCY[call.urgency][shown.language()]}: {shown.text(call)}" if call else ""


@require_POST
@requires(*rights.NOTICES)
def read(request: HttpRequest) -> HttpResponse:
    """``/notices/read``: marks what waits about a loop as read; without ``loop``, all."""
    loop = request.POST.get("loop", "")[:32]
    calls.read(accounts.own(request), accounts.request_roles(request), loop)
    return redirect("notices")


def mail_of(request: HttpRequest) -> Mine | None:
    """A person's mail; None when he is told nothing here."""
    if not accounts.request_roles(request) & set(_right()):
        return None
    row = addresses.address_of(accounts.own(request))
    usual = [addresses.PLAN] if directory.is_hub() else [Group.EMERGENCY, Group.OVERDUE]
    given: dict[str, Any] = {"groups": usual}
    if row is not None:
        given = {"address": row.address, "groups": row.groups.strip(",").split(","), "own_only": row.own_only}
    vi, en = problems.mail_words(sending.last_fault(accounts.own(request)))
    fault = en if shown.language() == "en" else vi
    return Mine(MailForm(initial=given), row, sending.configured(), fault, directory.is_hub())


def _right() -> rights.Right:
    return rights.REMINDERS if directory.is_hub() else rights.NOTICES


@require_POST
@requires(*rights.NOTICES, *rights.REMINDERS)
def mail_address(request: HttpRequest) -> HttpResponse:
    """``/me/mail``: sets the address and the reasons; a new address is mailed a code."""
    if not sending.configured() or not accounts.request_roles(request) & set(_right()):
        raise Http404
    form = MailForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please check the mail address and the reasons."))
        return redirect("me")
    values = form.cleaned_data
    try:
        coded = addresses.choose(
            accounts.own(request),
            values["address"],
            values["groups"],
            values["own_only"],
            by=accounts.actor(request),
        )
    except LienThongError as error:
        _say(request, error)
    else:
        told = _("A code is on its way to this address. Type it in below.") if coded else _("Saved.")
        messages.success(request, told)
    return redirect("me")


@require_POST
@requires(*rights.NOTICES, *rights.REMINDERS)
def mail_code(request: HttpRequest) -> HttpResponse:
    """``/me/mail/code``: the code that was mailed."""
    if addresses.verify(accounts.own(request), request.POST.get("code", "")[:20], by=accounts.actor(request)):
        messages.success(request, _("The address is verified. Mail goes there from now on."))
    else:
        messages.error(request, _("This is not the code, or it is too old. Have another one mailed."))
    return redirect("me")


@require_POST
@requires(*rights.NOTICES, *rights.REMINDERS)
def mail_again(request: HttpRequest) -> HttpResponse:
    """``/me/mail/again``: another code."""
    try:
        addresses.again(accounts.own(request))
    except LienThongError as error:
        _say(request, error)
    else:
        messages.success(request, _("Another code is on its way."))
    return redirect("me")


def _say(request: HttpRequest, error: LienThongError) -> None:
    messages.error(request, f"{sentence(error.problem)} {hint(error.problem)}")
