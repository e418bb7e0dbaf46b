"""The codes of value sets and code systems: those of R4 (``valuesets.json``, ``v3-codesystems.json``), those that our
profiles name, ICD-10 of Viet Nam, and the ValueSets and CodeSystems of the store.

Only what can be listed: code systems with their concepts, and value sets that enumerate or take whole systems.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from functools import cache, lru_cache

import msgspec
from django.conf import settings
from django.db import connection

from lienthong.records import index, keys, profiles, reading
from lienthong.records.search import problems
from lienthong.terminology import icd10_lines
from lienthong.terminology.systems import ICD10

Pair = tuple[str, str]
"""System and code."""

_MOST = 10_000
_LOCAL = re.compile(r"(?:(?:ValueSet|CodeSystem)/)?[A-Za-z0-9.-]{1,64}")
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


class _Contained(msgspec.Struct):
    system: str = ""
    code: str = ""
    contains: list[_Contained] = []


class _Expansion(msgspec.Struct):
    contains: list[_Contained] = []


class _Resource(msgspec.Struct):
    resourceType: str
    url: str = ""
    compose: _Compose | None = None
    expansion: _Expansion | None = None
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
    systems[ICD10] = dict(icd10_lines())
    return sets, systems


def _expanded(url: str, depth: int = 0) -> frozenset[Pair] | None:
    """The codes of a value set; None where they cannot be listed."""
    if depth > _DEEPEST:
        return None
    found = _fixed(url)
    if found is None and (stored := _stored("ValueSet", url)):
        given = stored.expansion.contains if stored.expansion else []
        found = frozenset(_within(given)) if given else _composed(stored.compose, depth)
    return found if found is None or len(found) <= _MOST else None


@lru_cache(maxsize=64)
def _fixed(url: str) -> frozenset[Pair] | None:
    """Of those that do not change while the program runs."""
    listed = _composed(_known()[0].get(url.partition("|")[0]), 0)
    if listed is None and (ours := profiles.codes(url)):
        pairs = {(system, code) for system, held in ours.items() for code in held or ("",)}
        listed = None if any(not code for _, code in pairs) else frozenset(pairs)
    return listed


def _composed(found: _Compose | None, depth: int) -> frozenset[Pair] | None:
    if found is None or not found.include:
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
    return frozenset(pairs)


def _within(given: list[_Contained]) -> Iterator[Pair]:
    for one in given:
        if one.code:
            yield one.system, one.code
        yield from _within(one.contains)


def _stored(kind: str, url: str) -> _Resource | None:
    """The newest resource of the store with that canonical address, or ``Type/id``; none that is protected."""
    if _LOCAL.fullmatch(url):
        found = reading.read(kind, url.removeprefix(f"{kind}/"))
        held = [found] if found else []
    else:
        (code,) = index.parameters(kind)["url"].stored
        given = [keys.param(kind, code), keys.hash64(url.partition("|")[0])]
        with connection.cursor() as cursor:
            cursor.execute("SELECT MAX(resource) FROM records_token WHERE param = %s AND value = %s", given)
            number = cursor.fetchone()[0]
        held = reading.fetch([number] if number else [])
    for stored in held:
        if not stored.restricted:
            with contextlib.suppress(msgspec.ValidationError):
                return msgspec.json.decode(stored.body, type=_Resource)
    return None


def _concepts(system: str) -> dict[str, tuple[str, ...]] | None:
    """The codes of a code system, each with those above it."""
    found = _known()[1].get(system)
    if found is None and (stored := _stored("CodeSystem", system)) and stored.content == "complete":
        found = dict(_walk(stored.concept, ()))
    return found


def _listed(part: _Part, depth: int) -> frozenset[Pair] | None:
    system = part.system
    found: frozenset[Pair] | None = None
    if part.concept:
        found = frozenset((system, one.code) for one in part.concept)
    elif system:
        concepts = _concepts(system)
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
    pairs = _concepts(system) or {}
    if code not in pairs:
        raise problems.no_value_set(name, f"{system}|{code}")
    if direction == "above":
        return frozenset((system, one) for one in (*pairs[code], code))
    return frozenset((system, one) for one, up in pairs.items() if one == code or code in up)
