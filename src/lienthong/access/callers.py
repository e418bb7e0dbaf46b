"""Who calls the FHIR door: a system with its scopes, a signed-in person, another node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lienthong.access import audit, problems
from lienthong.foundation.wsgi import HttpError

Query = tuple[tuple[str, str], ...]
"""Search parameters that a resource must all fit; empty: every resource of the type."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What one scope allows (SMART App Launch 2.0, section "Scopes").

    Attributes:
        kind: a resource type, or ``*`` for every type.
        letters: some of ``cruds``, in that order.
        query: the restriction after ``?``.
    """

    kind: str
    letters: str
    query: Query = ()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, what it may do, and on what ground.

    Attributes:
        id: ``client_id`` of a system, account name of a person, key name of a node.
        purpose: purpose of use (v3-PurposeOfUse).
        basis: code of the legal basis, see :mod:`lienthong.access.bases`.
        person: who does it there (header ``X-Acting-Person``); empty for the system itself.
        address: network address.
        restricted: whether it may see any specially protected resource; :func:`.protected.may_see` tells which.
        facility: code of the facility that it acts for.
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

    @property
    def actor(self) -> audit.Actor:
        """For the audit trail."""
        name = f"{self.person} ({self.name})" if self.person else self.name
        return audit.Actor(f"{self.kind}:{self.id}", name, self.kind, self.address)

    def may(self, kind: str, letter: str) -> bool:
        """Whether any grant covers one of ``cruds`` on a resource type, perhaps on some of its resources alone."""
        return any(grant.kind in (kind, "*") and letter in grant.letters for grant in self.grants)

    def needs(self, kind: str, letter: str) -> None:
        """Raises:
        HttpError: 403, no grant covers it.
        """
        if not self.may(kind, letter):
            raise HttpError(403, problems.out_of_scope(f"system/{kind}.{letter}"))

    def within(self, letter: str) -> Mapping[str, Sequence[Query]]:
        """For each type (or ``*``) that it may use so: the queries of which a resource must fit one."""
        found: dict[str, list[Query]] = {}
        for grant in self.grants:
            if letter in grant.letters:
                found.setdefault(grant.kind, []).append(grant.query)
        return found
