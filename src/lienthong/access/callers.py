"""Who calls the FHIR door: a system with its scopes, a signed-in person, another node."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal, NamedTuple
from urllib.parse import unquote

from django.conf import settings
from django.utils.module_loading import import_string

from lienthong.access import audit, grounds, people, problems, protected, rights, scopes, systems, tokens
from lienthong.access.models import System
from lienthong.access.scopes import Grant, Query
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.wsgi import HttpError, Request

__all__ = ["Caller", "Grant", "Query", "caller"]

EMERGENCY = "ETREAT"
_NOTED_EVERY = 60.0
_MOST_REMEMBERED = 2000
_SHORTEST_REASON = 10

PERSON_READER = ("system/*.rs",)
PERSON_OTHER = tuple(
    f"system/{kind}.rs"
    for kind in ("Organization", "Location", "HealthcareService", "Endpoint", "CodeSystem", "ValueSet")
)
PERSON_PURPOSES, PERSON_BASES = ("TREAT", "COC", EMERGENCY), ("treatment", "emergency")
"""A person only ever reads through the door; records are written on pages, where they are signed."""
NODE = (
    "system/Patient.cru",
    "system/DocumentReference.cru",
    "system/List.cru",
    *(f"system/{kind}.cr" for kind in ("Binary", "Bundle", "Composition")),
    *(f"system/{kind}.rs" for kind in ("Organization", "Practitioner", "PractitionerRole", "Location")),
)
"""What the node of a unit may do at the hub: tell who its patients are, publish documents, find and fetch them."""
NODE_BASES = ("sharing-duty", "emergency", "referral-duty", "written-request", "consent", "public-health")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, what it may do, and on what ground.

    Attributes:
        id: ``client_id`` of a system, account name of a person, key name of a node.
        purpose: purpose of use (v3-PurposeOfUse).
        basis: code of the legal basis, see :mod:`lienthong.access.grounds`.
        person: who does it there (header ``X-Acting-Person``); empty for the system itself, and for a person.
        address: network address.
        restricted: whether it may see any specially protected resource; :func:`.protected.may_see` tells which.
        facility: code of the facility that it acts for.
        kinds: of specially protected records that it may see, for this purpose and on this basis.
        roles: of a person.
        reason: given for emergency access (header ``X-Access-Reason``).
    """

    id: str
    name: str
    kind: Literal["system", "person", "node"]
    grants: tuple[Grant, ...]
    purpose: str = "TREAT"
    basis: str = ""
    person: str = ""
    address: str = ""
    restricted: bool = False
    facility: str = ""
    kinds: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    reason: str = ""

    @property
    def actor(self) -> audit.Actor:
        """For the audit trail."""
        if self.kind == "person":
            return audit.Actor(self.id, self.name, ",".join(sorted(self.roles)), self.address)
        name = f"{self.person} ({self.name})" if self.person else self.name
        return audit.Actor(
            f"{self.kind}:{self.id}", name, "site" if self.kind == "node" else "system", self.address
        )

    @property
    def ground(self) -> dict[str, str]:
        """What a row of the audit trail says beside the purpose: basis, and the reason of emergency access."""
        return {name: text for name, text in (("basis", self.basis), ("reason", self.reason)) if text}

    @property
    def knows(self) -> bool:
        """Whether it may be told that specially protected entries were left out, as the record page tells."""
        return bool(self.roles & set(rights.RECORDS))

    def may(self, kind: str, letter: str) -> bool:
        """Whether any grant covers one of ``cruds`` on a resource type, perhaps on some of its resources alone."""
        return any(letter in grant.letters and grant.kind in (kind, "*") for grant in self.grants)

    def needs(self, kind: str, letter: str) -> None:
        """Raises:
        HttpError: 403, no grant covers it.
        """
        if self.may(kind, letter):
            return
        if self.kind == "person":
            raise HttpError(403, problems.not_for_role(kind))
        raise HttpError(403, problems.out_of_scope(f"system/{kind}.{letter}"))

    def within(self, letter: str) -> Mapping[str, Sequence[Query]]:
        """For each type (or ``*``) that it may use so: the queries of which a resource must fit one."""
        found: dict[str, list[Query]] = {}
        for grant in self.grants:
            if letter in grant.letters:
                found.setdefault(grant.kind, []).append(grant.query)
        return found

    def queries(self, kind: str, letter: str) -> Sequence[Query]:
        """The queries of which a resource of one type must fit one to be used so; none: it may not be."""
        return [g.query for g in self.grants if letter in g.letters and g.kind in (kind, "*")]


class _Said(NamedTuple):
    """What the headers of a call say about why and by whom."""

    purpose: str
    basis: str
    person: str
    reason: str


class _Known(NamedTuple):
    """A token that this process has checked."""

    expires: int
    edition: int
    caller: Caller


_known: dict[tuple[str, str, _Said], _Known] = {}
_noted: dict[str, float] = {}


def caller(request: Request, base: str) -> Caller:
    """Who calls: by ``Authorization``, else by the session cookie of a person.

    Purpose and basis come from ``X-Purpose-Of-Use`` and ``X-Legal-Basis``, else from the token, else from the
    registration; never more than the caller holds at this moment.

    Args:
        base: address of the door.

    Raises:
        HttpError: 401, nobody who may call; 400, 403: not for this purpose or on this basis.
    """
    said = _Said(
        request.header("x-purpose-of-use"),
        request.header("x-legal-basis"),
        _text(request.header("x-acting-person"), 80),
        _text(request.header("x-access-reason"), 200),
    )
    authorization = request.header("authorization")
    if not authorization:
        signed_in = people.signed_in(request)
        if signed_in is None:
            raise _nobody("no bearer token", base)
        account, roles = signed_in
        return _person(account.username, account.full_name, frozenset(roles), request.address, said)
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _nobody("no bearer token", base)
    if token.startswith(tokens.MARK):
        return _system(token, request.address, said, base)
    if directory.is_hub():
        facility, key = import_string(settings.ACCESS_NODE)(authorization, request.address)
        return _node(facility, key, request.address, said)
    raise _nobody("the token is not valid", base)


def _text(header: str, longest: int) -> str:
    """A header's percent-encoded UTF-8 as one printable line."""
    if not header:
        return ""
    text = unquote(header, errors="replace")
    return "".join(letter for letter in text if letter.isprintable())[:longest].strip()


def _nobody(reason: str, base: str) -> HttpError:
    headers = (("WWW-Authenticate", f'Bearer realm="{base}", error="invalid_token"'),)
    return HttpError(401, problems.not_authenticated(reason), headers=headers)


def _system(token: str, address: str, said: _Said, base: str) -> Caller:
    now = clock.now()
    known = _known.get((token, address, said))
    if known and known.expires > now.timestamp() and known.edition == systems.edition(known.caller.id):
        found = known.caller
    else:
        found = _checked(token, address, said, base)
    if _noted.get(found.id, -_NOTED_EVERY) + _NOTED_EVERY < time.monotonic():
        _noted[found.id] = time.monotonic()
        quiet = now - timedelta(seconds=_NOTED_EVERY)
        System.objects.filter(id=found.id).exclude(used_at__gt=quiet).update(used_at=now)
    return found


def _checked(token: str, address: str, said: _Said, base: str) -> Caller:
    try:
        content = tokens.opened(token)
    except tokens.NotValid as error:
        raise _nobody(str(error), base) from error
    system = systems.active(content.system)
    if system is None:
        raise _nobody("the system was stopped", base)
    of_token = content.basis if said.purpose in ("", content.purpose) else ""
    purpose, basis = grounds.chosen(
        system.purposes,
        system.bases,
        said.purpose or content.purpose,
        said.basis or of_token,
        system.purposes[0],
    )
    found = Caller(
        id=system.id,
        name=system.name,
        kind="system",
        grants=scopes.both(scopes.grants(system.scopes), scopes.grants(content.scope.split())),
        purpose=purpose,
        basis=basis,
        person=said.person,
        address=address,
        facility=directory.here(),
        reason=said.reason,
    )
    found = _seeing(found, frozenset(system.kinds))
    if len(_known) >= _MOST_REMEMBERED:
        _known.clear()
    _known[token, address, said] = _Known(content.exp, system.edition, found)
    return found


def _seeing(found: Caller, held: frozenset[str]) -> Caller:
    """With the kinds of protected records that it holds and its basis allows."""
    kinds = held & grounds.bases()[found.basis].opens
    return replace(found, kinds=kinds, restricted=bool(kinds))


def _person(username: str, name: str, roles: frozenset[str], address: str, said: _Said) -> Caller:
    purpose, basis = grounds.chosen(PERSON_PURPOSES, PERSON_BASES, said.purpose, said.basis, "TREAT")
    emergency = purpose == EMERGENCY
    if emergency and len(said.reason) < _SHORTEST_REASON:
        raise HttpError(403, problems.no_reason())
    reads = bool(roles & set(rights.FHIR)) and not directory.is_hub()
    found = Caller(
        id=username,
        name=name,
        kind="person",
        grants=scopes.grants(PERSON_READER if reads else PERSON_OTHER),
        purpose=purpose,
        basis=basis,
        address=address,
        facility=directory.here(),
        roles=roles,
        reason=said.reason,
    )
    return _seeing(found, protected.ALL if reads and emergency else frozenset())


def _node(facility: str, key: str, address: str, said: _Said) -> Caller:
    purpose, basis = grounds.chosen(grounds.PURPOSES, NODE_BASES, said.purpose, said.basis, "COC")
    found = Caller(
        id=key,
        name=facility,
        kind="node",
        grants=scopes.grants(NODE),
        purpose=purpose,
        basis=basis,
        person=said.person,
        address=address,
        facility=facility,
        reason=said.reason,
    )
    return _seeing(found, protected.ALL if said.person else frozenset())
