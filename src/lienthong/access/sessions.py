"""Who is signed in: kept in the session, ended when idle or too old, and when the password changes."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.utils.crypto import constant_time_compare
from django.utils.functional import SimpleLazyObject

from lienthong.access import accounts, audit
from lienthong.access.models import Account

_WRITE_EVERY = 60
AUTOMATIC = "Lienthong-Automatic"


class Nobody:
    """Whoever asks without being signed in."""

    is_authenticated = False
    username = full_name = ""


def sign_in(request: HttpRequest, account: Account) -> None:
    """Starts a session for an account whose password was right; the browser's older session is dropped."""
    request.session.flush()
    now = int(time.time())
    request.session.update(
        {"account": account.pk, "proof": account.get_session_auth_hash(), "started": now, "seen": now}
    )
    rotate_token(request)
    request.user = account
    audit.record(accounts.actor(request), "sign-in", page=request.path)


def sign_out(request: HttpRequest, why: str = "") -> None:
    """Ends the session and everything kept in it."""
    if accounts.signed_in(request):
        audit.record(accounts.actor(request), "sign-out", page=request.path, why=why)
    request.session.flush()
    request.user = Nobody()  # type: ignore[assignment]


def renew(request: HttpRequest, account: Account) -> None:
    """Keeps this session, under a new key, after its owner changed the password; all others end."""
    request.session["proof"] = account.get_session_auth_hash()
    request.session.cycle_key()


class SessionTimeout:
    """Attaches ``request.user``; ends idle (SESSION_IDLE_SECONDS) and old sessions (…_LONGEST_…).

    A page that renews itself says so with the header ``Lienthong-Automatic``, without script with ``?automatic=1``;
    that does not count as use.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.user = SimpleLazyObject(lambda: _who(request))  # type: ignore[assignment]
        if "account" in request.session:
            self._check(request)
        response = self.get_response(request)
        if "account" in request.session:
            response.headers.setdefault("Cache-Control", "no-store")
        return response

    def _check(self, request: HttpRequest) -> None:
        session, now = request.session, int(time.time())
        idle = now - session["seen"] >= settings.SESSION_IDLE_SECONDS
        if idle or now - session["started"] >= settings.SESSION_LONGEST_SECONDS:
            sign_out(request, "idle" if idle else "longest")
            request.session["ended"] = True
        elif now - session["seen"] >= _WRITE_EVERY and not _automatic(request):
            session["seen"] = now


def _automatic(request: HttpRequest) -> bool:
    return AUTOMATIC in request.headers or "automatic" in request.GET


def _who(request: HttpRequest) -> Account | Nobody:
    account = Account.objects.filter(pk=request.session.get("account", 0), is_active=True).first()
    if account is None:
        return Nobody()
    if not constant_time_compare(request.session.get("proof", ""), account.get_session_auth_hash()):
        request.session.flush()
        return Nobody()
    return account


def ended(request: HttpRequest) -> bool:
    """Whether this visit follows a session that ran out; true once."""
    return bool(request.session.pop("ended", False))
