"""What needs attention, for IT at a hospital and for the Department at the hub."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from lienthong.access import accounts, audit, rights
from lienthong.access.doors import requires
from lienthong.exchange import alerts
from lienthong.foundation import clock
from lienthong.web import attention as open_now


@require_GET
@requires(*rights.ATTENTION)
def attention(request: HttpRequest) -> HttpResponse:
    """``/attention``: each open alert in plain words: what, since when, how often, what to do, where."""
    return render(request, "web/it/attention.html", {"groups": open_now.groups(), "now": clock.now()})


@require_POST
@requires(*rights.ATTENTION)
def noted(request: HttpRequest) -> HttpResponse:
    """``/attention/noted``: closes an alert about something that happened once, after a person has seen to it."""
    code, about = request.POST.get("code", ""), request.POST.get("about", "")
    if code not in open_now.NOTED:
        raise Http404
    detail = {"code": code, "about": about[:80]}
    audit.record(accounts.actor(request), "alert-noted", page=request.path, detail=detail)
    alerts.clear(code, about)
    return redirect("attention")
