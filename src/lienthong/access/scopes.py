"""Scopes of SMART App Launch 2.0 (section "Scopes for requesting FHIR Resources"), read as grants.

``system/Observation.rs?category=laboratory``: type or ``*``, letters of create, read, update, delete, search, then a
restriction. Those of version 1 count too: ``.read`` is ``rs``, ``.write`` is ``cud``, ``.*`` is ``cruds``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

MOST = 60
"""Scopes that a system holds, or asks for at once."""
_MOST_CONDITIONS = 8
_LONGEST_VALUE = 200
_SCOPE = re.compile(r"system/(\*|[A-Z][A-Za-z]{1,40})\.(c?r?u?d?s?|\*|read|write)(?:\?(.{1,1000}))?")
_LETTERS = {"*": "cruds", "read": "rs", "write": "cud"}
_CONDITION = re.compile(
    r"(?:_id|_lastUpdated|_tag|_profile|_security|_source|[a-z][A-Za-z0-9-]{0,60})(?::[a-z][A-Za-z-]{0,20})?"
)
_READABLE = "|:/,.-_~$"

Query = tuple[tuple[str, str], ...]
"""Search parameters that a resource must all fit, in their one order; empty: every resource of the type."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What one scope allows.

    Attributes:
        kind: a resource type, or ``*`` for every type.
        letters: some of ``cruds``, in that order.
        query: the restriction after ``?``.
    """

    kind: str
    letters: str
    query: Query = ()

    @property
    def scope(self) -> str:
        """As a scope; the values of its restriction are percent-encoded."""
        restriction = "&".join(f"{name}={quote(value, safe=_READABLE)}" for name, value in self.query)
        return f"system/{self.kind}.{self.letters}" + (f"?{restriction}" if restriction else "")


def read(scope: str) -> Grant | None:
    """The grant that a scope is; None when it is no scope of a system, or its restriction is none that can be kept to.

    A restriction names search parameters of the type itself, with or without modifier: nothing chained, and nothing
    that only shapes an answer, such as ``_count``.
    """
    match = _SCOPE.fullmatch(scope)
    if match is None or not match[2]:
        return None
    query: Query = ()
    if match[3]:
        try:
            pairs = parse_qsl(match[3], True, True, errors="strict", max_num_fields=_MOST_CONDITIONS)
        except ValueError:
            return None
        if not all(_CONDITION.fullmatch(name) and _is_value(value) for name, value in pairs):
            return None
        query = tuple(sorted(set(pairs)))
    return Grant(match[1], _LETTERS.get(match[2], match[2]), query)


def _is_value(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_VALUE and text.isprintable()


def grants(scopes: Iterable[str]) -> tuple[Grant, ...]:
    """What scopes say together, each thing once; what is no scope of a system says nothing."""
    return _simplest(grant for scope in scopes if (grant := read(scope)))


def both(held: Iterable[Grant], wanted: Iterable[Grant]) -> tuple[Grant, ...]:
    """What is held and also asked for: each held grant with each wanted one, fitting the restrictions of both."""
    wanted = tuple(wanted)
    met = (_both(one, other) for one in held for other in wanted)
    return _simplest(grant for grant in met if grant)


def _both(one: Grant, other: Grant) -> Grant | None:
    if one.kind != other.kind and "*" not in (one.kind, other.kind):
        return None
    letters = "".join(letter for letter in one.letters if letter in other.letters)
    if not letters:
        return None
    kind = one.kind if other.kind == "*" else other.kind
    return Grant(kind, letters, tuple(sorted({*one.query, *other.query})))


def _simplest(found: Iterable[Grant]) -> tuple[Grant, ...]:
    """The same in as few grants as it takes, in their one order."""
    letters: dict[tuple[str, Query], set[str]] = {}
    for grant in found:
        letters.setdefault((grant.kind, grant.query), set()).update(grant.letters)
    kept = []
    for (kind, query), own in letters.items():
        wider = [
            theirs
            for (other, fewer), theirs in letters.items()
            if other in (kind, "*") and (other, fewer) != (kind, query) and set(fewer) <= set(query)
        ]
        left = own.difference(*wider)
        if left:
            kept.append(Grant(kind, "".join(letter for letter in "cruds" if letter in left), query))
    return tuple(sorted(kept, key=lambda grant: (grant.kind, grant.query)))


def written(found: Iterable[Grant]) -> str:
    """Grants as scopes, joined by spaces."""
    return " ".join(grant.scope for grant in found)
