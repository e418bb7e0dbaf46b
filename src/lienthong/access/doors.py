"""Doors of pages: signed in, and one of the roles; every refusal leaves a trace."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from lienthong.access import accounts, audit, passwords
from lienthong.access.models import Role

View = Callable[..., HttpResponse]


def requires(*allowed: Role) -> Callable[[View], View]:
    """Opens a page to people signed in here with one of the roles; without roles, to everybody signed in.

    Others get the sign-in page, or the 403 page; the refusal is audited as ``refused``. Whoever still has a
    one-time password chooses his own first.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            account = accounts.signed_in(request)
            if account is None:
                target = urlencode({"next": request.get_full_path()}) if request.method == "GET" else ""
                url = reverse("sign-in") + (f"?{target}" if target else "")
                if request.headers.get("HX-Request"):  # a part of a page: let htmx open the whole page
                    return HttpResponse(headers={"HX-Redirect": url})
                return HttpResponseRedirect(url)
            if passwords.must_change(account) and not getattr(view, "before_password", False):
                return HttpResponseRedirect(reverse("password"))
            if allowed and not accounts.request_roles(request) & set(allowed):
                audit.record(accounts.actor(request), "refused", page=request.path, why="role")
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def before_password(view: View) -> View:
    """Marks a page that stays open to people who must change their password (the page to do so, sign-out)."""
    view.before_password = True  # type: ignore[attr-defined]
    return view
