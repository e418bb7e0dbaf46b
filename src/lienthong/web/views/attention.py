"""What needs attention, for IT at a hospital and for the Department at the hub."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from lienthong.access import rights
from lienthong.access.doors import requires
from lienthong.foundation import clock
from lienthong.web import attention as open_now


@require_GET
@requires(*rights.ATTENTION)
def attention(request: HttpRequest) -> HttpResponse:
    """``/attention``: each open alert in plain words: what, since when, how often, what to do, where."""
    return render(request, "web/it/attention.html", {"groups": open_now.groups(), "now": clock.now()})
