"""People's sessions at the FHIR door: a page of this node, or a tool beside it, calls with the browser's cookie.

The session is that of the pages (:mod:`.sessions`): the same idle time, the same roles at this moment. Whatever is not
GET or HEAD must carry the CSRF token, as a form does.
"""

from __future__ import annotations

import io
from importlib import import_module
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

from lienthong.access import accounts, passwords, problems
from lienthong.access.models import Account, Role
from lienthong.access.sessions import SessionTimeout
from lienthong.foundation.wsgi import HttpError, Request


def signed_in(request: Request) -> tuple[Account, frozenset[Role]] | None:
    """The account whose session the call carries, and its roles here now; None without a session that holds.

    Raises:
        HttpError: 403, it still has a one-time password, or the CSRF token is missing.
    """
    if settings.SESSION_COOKIE_NAME not in request.header("cookie"):
        return None
    asked: Any = WSGIRequest({**request.environ, "wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "0"})
    key = asked.COOKIES.get(settings.SESSION_COOKIE_NAME)
    asked.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    _timeout(asked)
    account = accounts.signed_in(asked)
    if asked.session.modified and asked.session.session_key == key:
        asked.session.save()
    if account is None:
        return None
    if passwords.must_change(account):
        raise HttpError(403, problems.own_password_first())
    _csrf.process_request(asked)
    if _csrf.process_view(asked, _nothing, (), {}) is not None:
        raise HttpError(403, problems.no_csrf())
    return account, frozenset(accounts.roles(account))


def _nothing(_request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class _Csrf(CsrfViewMiddleware):
    """Tells by an answer that the token is missing, without drawing a page."""

    def _reject(self, request: HttpRequest, reason: str) -> HttpResponse:
        return HttpResponse(reason, status=403)


_timeout = SessionTimeout(_nothing)
_csrf = _Csrf(_nothing)
