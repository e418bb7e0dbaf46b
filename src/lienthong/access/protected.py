"""Specially protected records (psychiatric, HIV, reproductive …): whose labels mean what, and who may see them.

Hidden unless role, purpose and basis allow: :data:`lienthong.access.callers.Caller.kinds` holds what all three allow.
A caller who may not see them is not told that there is anything; :attr:`Caller.knows` says who is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Protocol

from lienthong.access import grounds

OTHER = "OTHER"
"""Labelled as restricted, and nothing says why."""
ALL = frozenset(kind.code for kind in grounds.table().protected)
"""Every kind."""
_BITS = {kind.code: kind.bit for kind in grounds.table().protected}
_CONFIDENTIAL = frozenset("RV")
"""v3 Confidentiality: restricted, very restricted."""


class Seer(Protocol):
    """Who looks; ``kinds``: of protected records that it may see."""

    @property
    def kinds(self) -> frozenset[str]: ...


@cache
def _meaning() -> dict[str, str]:
    return {label: kind.code for kind in grounds.table().protected for label in kind.labels}


def kinds(codes: Iterable[str]) -> frozenset[str]:
    """The kinds of protection that the codes of ``meta.security`` mean; empty for a resource that is not protected."""
    codes = frozenset(codes)
    found = frozenset(_meaning()[code] for code in codes if code in _meaning())
    return found or (frozenset({OTHER}) if codes & _CONFIDENTIAL else found)


def mask(found: Iterable[str]) -> int:
    """Kinds as one number, a bit for each; 0 for none."""
    return sum(_BITS[kind] for kind in set(found))


def may_see(caller: Seer, codes: Iterable[str]) -> bool:
    """Whether a caller may see a resource with these codes in ``meta.security``: each kind must be allowed."""
    return kinds(codes) <= caller.kinds


def labels(resource: Mapping[str, Any]) -> list[str]:
    """The codes of a resource's ``meta.security``, for :func:`may_see`."""
    return _codes(resource.get("meta", {}).get("security", ()))


def of(resource: Mapping[str, Any]) -> frozenset[str]:
    """The kinds of protection of a resource, for a Bundle those of its entries too ("high water mark" of R4, section
    "Security Labels"; contained resources have no labels of their own, rule dom-5). What a DocumentReference or
    Composition says of its document counts."""
    codes = labels(resource)
    if resource.get("resourceType") == "DocumentReference":
        codes += [code for one in _dicts(resource.get("securityLabel")) for code in _codes(one.get("coding"))]
    elif resource.get("resourceType") == "Composition":
        codes.append(str(resource.get("confidentiality", "")))
    found = kinds(codes)
    for one in _dicts([entry.get("resource") for entry in _dicts(resource.get("entry"))]):
        found |= of(one)
    return found


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, (list, tuple)) else []


def _codes(value: Any) -> list[str]:
    return [str(one["code"]) for one in _dicts(value) if "code" in one]
