"""The codes of value sets and code systems, from the definitions of R4 (``valuesets.json``, ``v3-codesystems.json``).

Only what can be listed: code systems with their concepts, and value sets that enumerate or take whole systems.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache

import msgspec
from django.conf import settings

from lienthong.records.search import problems

Pair = tuple[str, str]
"""System and code."""

_MOST = 5000
_DEEPEST = 5
_FILES = ("valuesets.json", "v3-codesystems.json", "v2-tables.json")


class _Concept(msgspec.Struct):
    code: str
    concept: list[_Concept] = []


class _Filter(msgspec.Struct):
    op: str
    value: str


class _Part(msgspec.Struct):
    """What a value set includes or excludes."""

    system: str = ""
    concept: list[_Concept] = []
    filter: list[_Filter] = []
    valueSet: list[str] = []


class _Compose(msgspec.Struct):
    include: list[_Part] = []
    exclude: list[_Part] = []


class _Resource(msgspec.Struct):
    resourceType: str
    url: str = ""
    compose: _Compose | None = None
    concept: list[_Concept] = []
    content: str = ""


class _Entry(msgspec.Struct):
    resource: _Resource


class _Bundle(msgspec.Struct):
    entry: list[_Entry]


@cache
def _known() -> tuple[dict[str, _Compose], dict[str, dict[str, tuple[str, ...]]]]:
    """Value sets by address; code systems by address, each code with those above it."""
    sets: dict[str, _Compose] = {}
    systems: dict[str, dict[str, tuple[str, ...]]] = {}
    for name in _FILES:
        data = (settings.FHIR_DEFINITIONS / name).read_bytes()
        for entry in msgspec.json.decode(data, type=_Bundle).entry:
            found = entry.resource
            if found.resourceType == "ValueSet" and found.compose:
                sets.setdefault(found.url, found.compose)
            elif found.resourceType == "CodeSystem" and found.concept and found.content != "fragment":
                systems.setdefault(found.url, dict(_walk(found.concept, ())))
    return sets, systems


@lru_cache(maxsize=64)
def _expanded(url: str, depth: int = 0) -> frozenset[Pair] | None:
    """The codes of a value set; None where they cannot be listed."""
    found = _known()[0].get(url.partition("|")[0])
    if found is None or depth > _DEEPEST or not found.include:
        return None
    pairs: set[Pair] = set()
    for part in found.include:
        listed = _listed(part, depth)
        if listed is None:
            return None
        pairs |= listed
    for part in found.exclude:
        listed = _listed(part, depth)
        if listed is None:
            return None
        pairs -= listed
    return frozenset(pairs) if len(pairs) <= _MOST else None


def _listed(part: _Part, depth: int) -> frozenset[Pair] | None:
    system = part.system
    found: frozenset[Pair] | None = None
    if part.concept:
        found = frozenset((system, one.code) for one in part.concept)
    elif system:
        concepts = _known()[1].get(system)
        if concepts is None:
            return None
        found = _filtered(system, concepts, part.filter)
        if found is None:
            return None
    for url in part.valueSet:
        inner = _expanded(url, depth + 1)
        if inner is None:
            return None
        found = inner if found is None else found & inner
    return found


def _filtered(
    system: str, concepts: dict[str, tuple[str, ...]], filters: list[_Filter]
) -> frozenset[Pair] | None:
    """All, or those that ``concept is-a``, the one filter that a list of concepts answers, lets pass."""
    if not filters:
        return frozenset((system, code) for code in concepts)
    if len(filters) != 1 or filters[0].op not in ("is-a", "descendent-of"):
        return None
    wanted, itself = filters[0].value, filters[0].op == "is-a"
    return frozenset(
        (system, code) for code, up in concepts.items() if wanted in up or (itself and code == wanted)
    )


def _walk(concepts: list[_Concept], above: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every code with those above it."""
    for concept in concepts:
        yield concept.code, above
        yield from _walk(concept.concept, (*above, concept.code))


def defines(system: str, code: str) -> bool:
    """Whether the code is known to be one of the code system."""
    return code in _known()[1].get(system, ())


def value_set(name: str, url: str) -> frozenset[Pair]:
    """The codes of a value set.

    Raises:
        LienThongError: it is not known, or cannot be listed.
    """
    found = _expanded(url)
    if found is None:
        raise problems.no_value_set(name, url)
    return found


def related(name: str, direction: str, system: str | None, code: str) -> frozenset[Pair]:
    """A code with all below (or above) it in its code system.

    Raises:
        LienThongError: the code system is not known, or has no such code.
    """
    if not system or not code:
        raise problems.bad_value(name, code, "system|code")
    pairs = _known()[1].get(system, {})
    if code not in pairs:
        raise problems.no_value_set(name, f"{system}|{code}")
    if direction == "above":
        return frozenset((system, one) for one in (*pairs[code], code))
    return frozenset((system, one) for one, up in pairs.items() if one == code or code in up)
