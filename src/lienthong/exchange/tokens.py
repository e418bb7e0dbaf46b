"""Hub: who may call. SMART Backend Services (``private_key_jwt``, RFC 7523): a signed assertion for a short token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from lienthong.access import assertions, audit
from lienthong.exchange import keys, peers, problems
from lienthong.exchange.trust import problems as trust_problems
from lienthong.facilities import directory
from lienthong.foundation import clock, signing
from lienthong.foundation.errors import LienThongError
from lienthong.foundation.wsgi import HttpError

SCOPE = "system/exchange"
PATH = "/oauth2/token"
LIFETIME = 600
_ACCESS = "lt-token+jws"
"""What the hub signs for a caller: the name of its key and when the token ends. The header, always the same, is left
out: every call carries the token."""
_MOST_REMEMBERED = 1000
_SEEN_EVERY = 10.0

_verified: dict[str, tuple[float, Caller]] = {}
_last_seen: dict[str, float] = {}


@dataclass(frozen=True, slots=True)
class Caller:
    """The node that calls: its facility, its key's name, its network address."""

    facility: str
    kid: str
    address: str

    @property
    def actor(self) -> audit.Actor:
        """For the audit trail."""
        return audit.Actor(f"node:{self.kid}", self.facility, "site", self.address)


def hub_id(facility: str) -> str:
    """The hub's name as an audience."""
    return f"urn:lienthong:hub:{facility}"


def issue(form: dict[str, str], address: str) -> dict[str, Any]:
    """Answers a token request: ``{"access_token", "token_type", "expires_in", "scope"}``.

    Raises:
        HttpError: 400 or 401 with RFC 6749's ``error`` beside the problem; the refusal is in the audit trail.
    """
    kid = ""
    try:
        if form.get("grant_type") != "client_credentials":
            raise refusal("unsupported_grant_type", "grant_type is not client_credentials", 400)
        if form.get("scope") != SCOPE:
            raise refusal("invalid_scope", f"scope is not {SCOPE}", 400)
        if form.get("client_assertion_type") != assertions.TYPE:
            raise refusal("invalid_request", f"client_assertion_type is not {assertions.TYPE}", 400)
        assertion = form.get("client_assertion", "")
        kid = _header(assertion)
        facility = _check(assertion, kid)
    except HttpError as error:
        why = {"reason": error.problem.where.get("reason", "")}
        audit.record(
            audit.Actor(f"node:{kid[:43]}", "", "site", address), "token-refused", page=PATH, detail=why
        )
        raise
    now = int(clock.now().timestamp())
    audit.record(audit.Actor(f"node:{kid}", facility, "site", address), "token-issued", page=PATH)
    _, _, token = keys.own().jws(f"{kid}.{now + LIFETIME}".encode(), _ACCESS).partition(".")
    return {"access_token": token, "token_type": "bearer", "expires_in": LIFETIME, "scope": SCOPE}


def _header(assertion: str) -> str:
    try:
        return str(signing.peek(assertion).get("kid", ""))
    except signing.BadSignature as error:
        raise refusal("invalid_client", "client_assertion is no JWT") from error


def _check(assertion: str, kid: str) -> str:
    """The facility of the node that made the assertion; uses the assertion up."""
    node = settings.NODE
    addresses = [f"{scheme}://{node.host}:{node.port}{PATH}" for scheme in ("http", "https")]
    audience = [hub_id(node.facility), *addresses]
    peers.refresh()
    try:
        key = peers.node(kid)
        claims = signing.verify_jwt(assertion, key.jwk, audience, leeway=assertions.CLOCKS_DIFFER)
    except LienThongError as error:
        reason = "the key is not in the directory or no longer valid"
        if is_cut_off(kid):
            cut = trust_problems.self_cut_off()
            raise HttpError(401, cut, error="invalid_client", error_description=reason) from error
        raise refusal("invalid_client", reason) from error
    except signing.BadSignature as error:
        raise refusal("invalid_client", str(error)[:200]) from error
    if key.role != "site":
        raise refusal("invalid_client", "not the key of a site")
    if (claims["iss"], claims["sub"]) != (kid, kid):
        raise refusal("invalid_client", "iss and sub are not the name of the key")
    try:
        assertions.use_once(kid, claims)
    except assertions.NotAccepted as error:
        raise refusal("invalid_client", str(error)) from error
    return key.facility


def caller(authorization: str, address: str) -> Caller:
    """Who calls, from the ``Authorization`` header.

    Raises:
        HttpError: 401, no valid token, or the node was revoked since.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _no_token("no bearer token")
    now = clock.now().timestamp()
    known = _verified.get(token)
    if known is None or known[0] <= now:
        known = _verify(token, address)
        if len(_verified) >= _MOST_REMEMBERED:
            _verified.clear()
        _verified[token] = known
    found = known[1]
    still_in(found)
    if _last_seen.get(found.kid, 0.0) + _SEEN_EVERY < now:
        _last_seen[found.kid] = now
        directory.seen(found.kid)
    return found


def still_in(found: Caller) -> None:
    """Checks that a caller's key is valid at this moment, whatever this process remembers.

    Raises:
        HttpError: 401, cut off or ended since.
    """
    peers.refresh()
    try:
        peers.node(found.kid)
    except LienThongError as error:
        raise _no_token("the node was revoked") from error


def is_cut_off(kid: str) -> bool:
    """Whether a key was revoked."""
    key = directory.node_key(kid)
    return key is not None and key.revoked is not None


def _verify(token: str, address: str) -> tuple[float, Caller]:
    own = keys.own()
    try:
        payload = signing.verify(f"{signing.header(own.kid, _ACCESS).decode()}.{token}", own.jwk, _ACCESS)
        kid, _, expires = payload.decode("ascii").partition(".")
        key = peers.node(kid)
    except (signing.BadSignature, LienThongError, UnicodeError) as error:
        raise _no_token("the token is not valid or has expired") from error
    if float(expires) <= clock.now().timestamp():
        raise _no_token("the token is not valid or has expired")
    return float(expires), Caller(key.facility, key.kid, address)


def refusal(error: str, reason: str, status: int = 401) -> HttpError:
    """An answer of the token endpoint (RFC 6749 section 5.2)."""
    return HttpError(status, problems.not_allowed(reason), error=error, error_description=reason)


def _no_token(reason: str) -> HttpError:
    headers = (("WWW-Authenticate", 'Bearer error="invalid_token"'),)
    return HttpError(401, problems.not_allowed(reason), headers=headers)
