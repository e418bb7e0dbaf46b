"""What a person may see about himself: his roles and his sign-ins."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from lienthong.access import accounts, audit, rights
from lienthong.access.doors import requires
from lienthong.access.models import Role
from lienthong.web.views import notices

_SIGN_INS = ("sign-in", "sign-in-failed", "sign-out", "account-locked", "password-changed")


@require_GET
@requires()
def me(request: HttpRequest) -> HttpResponse:
    """``/me``: roles now, notices by mail, the last sign-ins and failures under one's own name."""
    events = [
        event
        for event in audit.trail(person=accounts.own(request).username, limit=500)
        if event.action in _SIGN_INS
    ]
    held = sorted(accounts.request_roles(request))
    page = {
        "held": [Role(role).label for role in held],
        "events": events[:50],
        "mail": notices.mail_of(request),
    }
    return render(request, "web/me.html", page)


@require_GET
@requires()
def who_may_what(request: HttpRequest) -> HttpResponse:
    """``/rights``: the table of rights and roles."""
    rows = [(right.label, [role in right.roles for role in Role]) for right in rights.TABLE]
    return render(request, "web/rights.html", {"rows": rows, "roles": Role.labels})
