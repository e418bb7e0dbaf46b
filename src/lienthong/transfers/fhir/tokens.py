"""Who may call: SMART Backend Services (``private_key_jwt``, RFC 7523), scopes of SMART App Launch 2.0."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from lienthong.access import audit, systems
from lienthong.access.models import System
from lienthong.exchange import keys, tokens
from lienthong.foundation import clock, json, signing
from lienthong.foundation.wsgi import HttpError
from lienthong.transfers.fhir import problems

LIFETIME = 300
_TYPE = "lt-system-token+jws"
_LONGEST_TOKEN = 4000
_NOTED_EVERY = timedelta(minutes=1)

SCOPES = {
    "begin": ("system/ServiceRequest.cru",),
    "read": ("system/ServiceRequest.rs", "system/Task.rs", "system/Patient.r", "system/Composition.r"),
    "step": ("system/Task.rus",),
}
"""What the unit's IT person grants, and the scopes that it stands for."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The system that calls.

    Attributes:
        person: who does it there (header ``X-Acting-Person``); empty for the system itself.
        purpose: purpose of use (v3-PurposeOfUse).
    """

    id: str
    name: str
    held: frozenset[systems.Right]
    address: str
    person: str = ""
    purpose: str = "TREAT"

    @property
    def actor(self) -> audit.Actor:
        """For the audit trail and the steps."""
        name = f"{self.person} ({self.name})" if self.person else self.name
        return audit.Actor(f"system:{self.id}", name, "system", self.address)

    def needs(self, kind: str, letter: str) -> None:
        """Raises:
        HttpError: 403, the token does not cover it.
        """
        if (kind, letter) not in self.held:
            raise HttpError(403, problems.out_of_scope(f"system/{kind}.{letter}"))


def granted(scopes: list[str]) -> list[str]:
    """Which of :data:`SCOPES` a system holds."""
    held = systems.rights(scopes)
    return [name for name, some in SCOPES.items() if systems.rights(some) <= held]


def site_id() -> str:
    """The site's name as an audience, beside the address of its token endpoint."""
    return f"urn:lienthong:site:{settings.NODE.facility}"


def issue(form: dict[str, str], address: str, audience: list[str]) -> dict[str, Any]:
    """Answers a token request: ``{"access_token", "token_type", "expires_in", "scope"}``.

    Raises:
        HttpError: 400 or 401 with RFC 6749's ``error``; the refusal is in the audit trail.
    """
    name = form.get("client_id", "")[:32]
    try:
        if form.get("grant_type") != "client_credentials":
            raise tokens.refusal("unsupported_grant_type", "grant_type is not client_credentials", 400)
        if form.get("client_assertion_type") != tokens.ASSERTION_TYPE:
            reason = f"client_assertion_type is not {tokens.ASSERTION_TYPE}"
            raise tokens.refusal("invalid_request", reason, 400)
        system = _check(form.get("client_assertion", ""), [*audience, site_id()])
        name = system.id
        wanted = systems.rights(form.get("scope", "").split())
        held = systems.both(systems.rights(system.scopes), wanted)
        if not held:
            raise tokens.refusal("invalid_scope", "none of these scopes is granted", 400)
    except HttpError as error:
        who = audit.Actor(f"system:{_plain(name)}", _plain(name), "system", address)
        reason = str(error.more.get("error_description", ""))[:200]
        audit.record(who, "token-refused", page="/fhir/token", detail={"reason": _plain(reason)})
        problem = problems.not_authenticated(reason)
        raise HttpError(error.status, problem, headers=error.headers, **error.more) from error
    scope = systems.written(held)
    expires = int(clock.now().timestamp()) + LIFETIME
    payload = json.canonical({"system": system.id, "scope": scope, "exp": expires})
    with transaction.atomic():
        who = audit.Actor(f"system:{system.id}", system.name, "system", address)
        audit.record(who, "token-issued", page="/fhir/token", detail={"scope": scope})
    token = keys.own().jws(payload, _TYPE)
    return {"access_token": token, "token_type": "bearer", "expires_in": LIFETIME, "scope": scope}


def _plain(text: str) -> str:
    return text.encode("ascii", "replace").decode().replace("\0", "?")


def _check(assertion: str, audience: list[str]) -> System:
    """The system that made the assertion; uses the assertion up."""
    try:
        kid = signing.peek(assertion).get("kid")
        claimed = json.loads(signing.payload(assertion))
        client = claimed["iss"]
    except (signing.BadSignature, json.DecodeError, RecursionError, KeyError, TypeError) as error:
        raise tokens.refusal("invalid_client", "client_assertion is no JWT with iss") from error
    system = _active(client)
    if system is None:
        raise tokens.refusal("invalid_client", "iss is no system that may call")
    named = [key for key in system.keys if key["kid"] == kid or (kid is None and len(system.keys) == 1)]
    if not named:
        raise tokens.refusal("invalid_client", "kid is not the name of one of its keys")
    try:
        claims = signing.verify_jwt(assertion, named[0], audience, leeway=tokens.CLOCKS_DIFFER)
    except signing.BadSignature as error:
        raise tokens.refusal("invalid_client", str(error)[:200]) from error
    if (claims["iss"], claims["sub"]) != (system.id, system.id):
        raise tokens.refusal("invalid_client", "iss and sub are not the client's number")
    tokens.use_once(system.id, claims)
    return system


def _active(client: Any) -> System | None:
    if not isinstance(client, str) or len(client) != 32 or not client.isalnum():
        return None
    return System.objects.filter(id=client, is_active=True).first()


def caller(authorization: str, address: str) -> Caller:
    """Who calls, from the ``Authorization`` header; never with more than the system holds at this moment.

    Raises:
        HttpError: 401, no valid token, or the system was stopped since.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= _LONGEST_TOKEN or not token.isascii():
        raise _no_token("no bearer token")
    try:
        found = json.loads(signing.verify(token, keys.own().jwk, _TYPE))
    except signing.BadSignature as error:
        raise _no_token("the token is not valid") from error
    now = clock.now()
    if found["exp"] <= now.timestamp():
        raise _no_token("the token has expired")
    system = _active(found["system"])
    if system is None:
        raise _no_token("the system was stopped")
    if system.used_at is None or now - system.used_at > _NOTED_EVERY:
        System.objects.filter(id=system.id).update(used_at=now)
    held = systems.both(systems.rights(system.scopes), systems.rights(found["scope"].split()))
    return Caller(system.id, system.name, held, address)


def _no_token(reason: str) -> HttpError:
    headers = (("WWW-Authenticate", 'Bearer error="invalid_token"'),)
    return HttpError(401, problems.not_authenticated(reason), headers=headers)
