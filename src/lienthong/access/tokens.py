"""Access tokens of systems: SMART Backend Services (SMART App Launch 2.0), ``private_key_jwt`` of RFC 7523.

A token is what this node says to itself for five minutes: the system, what it asked for and was given, sealed with
HMAC-SHA256 under the node's own secret.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cache
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction

from lienthong.access import assertions, audit, grounds, problems, scopes, systems
from lienthong.access.models import System
from lienthong.foundation import clock, json, signing
from lienthong.foundation.wsgi import HttpError

LIFETIME = 300
ALGORITHMS = ("ES384", "RS384", "EdDSA")
MARK = "s."
"""How a token of a system begins, so that a door knows it from others."""
_LONGEST = 8000


class Content(msgspec.Struct, frozen=True):
    """What a token says: system, its edition then, scopes given, end (seconds since 1970), purpose and basis named."""

    system: str
    edition: int
    scope: str
    exp: int
    purpose: str = ""
    basis: str = ""


class NotValid(Exception):
    """No token of this node, or one that has expired."""


def own_name() -> str:
    """This node's name as an audience, beside the address of its token endpoint."""
    return f"urn:lienthong:{settings.NODE.role}:{settings.NODE.facility}"


def issue(form: dict[str, str], address: str, audience: list[str]) -> dict[str, Any]:
    """Answers a token request: ``{"access_token", "token_type", "expires_in", "scope"}``.

    Beside the parameters of the standard it takes ``purpose_of_use`` and ``legal_basis``, which hold for every call
    with this token that names none itself. Without ``scope`` all that the system holds is given (RFC 6749 section 3.3).

    Args:
        audience: addresses of the token endpoint.

    Raises:
        HttpError: 400 or 401 with RFC 6749's ``error``; the refusal is in the audit trail.
    """
    name = form.get("client_id", "")[:32]
    try:
        if form.get("grant_type") != "client_credentials":
            raise _Refused("unsupported_grant_type", "grant_type is not client_credentials")
        if form.get("client_assertion_type") != assertions.TYPE:
            raise _Refused("invalid_request", f"client_assertion_type is not {assertions.TYPE}")
        system = _check(form.get("client_assertion", ""), [*audience, own_name()])
        name = system.id
        given = _given(system, form.get("scope") or " ".join(system.scopes))
        purpose, basis = _grounds(system, form)
    except _Refused as refused:
        who = audit.Actor(f"system:{_plain(name)}", _plain(name), "system", address)
        audit.record(who, "token-refused", page="/fhir/token", detail={"reason": _plain(refused.reason)})
        problem = problems.not_authenticated(refused.reason)
        status = 401 if refused.error == "invalid_client" else 400
        raise HttpError(status, problem, error=refused.error, error_description=refused.reason) from refused
    expires = int(clock.now().timestamp()) + LIFETIME
    with transaction.atomic():
        who = audit.Actor(f"system:{system.id}", system.name, "system", address)
        audit.record(who, "token-issued", page="/fhir/token", detail={"scope": given})
    token = _sealed(Content(system.id, system.edition, given, expires, purpose, basis))
    return {"access_token": token, "token_type": "bearer", "expires_in": LIFETIME, "scope": given}


class _Refused(Exception):
    """An answer of the token endpoint (RFC 6749 section 5.2)."""

    def __init__(self, error: str, reason: str) -> None:
        super().__init__(reason)
        self.error, self.reason = error, reason[:200]


def _given(system: System, text: str) -> str:
    wanted = text.split()
    if len(wanted) > scopes.MOST:
        raise _Refused("invalid_scope", f"more than {scopes.MOST} scopes")
    given = scopes.both(scopes.grants(system.scopes), scopes.grants(wanted))
    if not given:
        raise _Refused("invalid_scope", "none of these scopes is granted")
    found = scopes.written(given)
    if len(given) > scopes.MOST or len(found) > _LONGEST // 2:
        raise _Refused("invalid_scope", "too many restrictions at once; ask for fewer scopes")
    return found


def _grounds(system: System, form: dict[str, str]) -> tuple[str, str]:
    purpose, basis = form.get("purpose_of_use", ""), form.get("legal_basis", "")
    if not purpose and not basis:
        return "", ""
    try:
        return grounds.chosen(system.purposes, system.bases, purpose, basis, system.purposes[0])
    except HttpError as error:
        raise _Refused("invalid_request", error.problem.en) from error


def _plain(text: str) -> str:
    return text.encode("ascii", "replace").decode().replace("\0", "?")


def _check(assertion: str, audience: list[str]) -> System:
    """The system that made the assertion; uses the assertion up."""
    try:
        kid = signing.peek(assertion).get("kid")
        client = json.loads(signing.payload(assertion))["iss"]
    except (signing.BadSignature, json.DecodeError, RecursionError, KeyError, TypeError) as error:
        raise _Refused("invalid_client", "client_assertion is no JWT with iss") from error
    system = systems.active(client)
    if system is None:
        raise _Refused("invalid_client", "iss is no system that may call")
    named = [key for key in system.keys if key["kid"] == kid or (kid is None and len(system.keys) == 1)]
    if not named:
        raise _Refused("invalid_client", "kid is not the name of one of its keys")
    try:
        claims = signing.verify_jwt(assertion, named[0], audience, leeway=assertions.CLOCKS_DIFFER)
        if (claims["iss"], claims["sub"]) != (system.id, system.id):
            raise assertions.NotAccepted("iss and sub are not the client's number")
        assertions.use_once(system.id, claims)
    except (signing.BadSignature, assertions.NotAccepted) as error:
        raise _Refused("invalid_client", str(error)) from error
    return system


def _sealed(content: Content) -> str:
    payload = urlsafe_b64encode(msgspec.json.encode(content)).rstrip(b"=")
    return f"{MARK}{payload.decode()}.{_seal(payload)}"


def _seal(payload: bytes) -> str:
    return (
        urlsafe_b64encode(hmac.digest(_secret(settings.SECRET_KEY), payload, "sha256")).rstrip(b"=").decode()
    )


@cache
def _secret(node: str) -> bytes:
    return hmac.digest(node.encode(), b"lienthong access token", "sha256")


def opened(token: str) -> Content:
    """What a token says.

    Raises:
        NotValid: this node did not give it, or it has expired.
    """
    payload, _, seal = token.removeprefix(MARK).partition(".")
    if len(token) > _LONGEST or not token.isascii() or not token.startswith(MARK):
        raise NotValid("the token is not valid")
    if not hmac.compare_digest(seal, _seal(payload.encode())):
        raise NotValid("the token is not valid")
    content = msgspec.json.decode(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), type=Content)
    if content.exp <= clock.now().timestamp():
        raise NotValid("the token has expired")
    return content


def configuration(base: str, supported: list[str]) -> dict[str, Any]:
    """``.well-known/smart-configuration`` (SMART App Launch 2.0, section "Conformance").

    Args:
        base: the door's address, without a slash at the end.
        supported: scopes that it makes sense to ask for.
    """
    return {
        "token_endpoint": f"{base}/token",
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "scopes_supported": supported,
        "capabilities": ["client-confidential-asymmetric", "permission-v1", "permission-v2"],
        "code_challenge_methods_supported": ["S256"],
    }
