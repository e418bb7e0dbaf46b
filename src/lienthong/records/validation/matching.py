"""Comparing values with what a profile asks: fixed values, patterns, value sets, places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from lienthong.records import definitions
from lienthong.records.profiles import Codes

Resource = dict[str, Any]

_TYPED = re.compile(r"(?:.*/)?([A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]{1,64})?")


class Value(NamedTuple):
    """One value of an element: its name in JSON, place in a list, type and itself (None with an extension alone)."""

    name: str
    number: int | None
    kind: str
    value: Any


@cache
def _members(kind: str, name: str) -> dict[str, tuple[str, str, bool]]:
    """The JSON names that may hold an element, each with the name beside ``_``, the type and whether it is a list."""
    properties = definitions.properties(kind)
    keys = (name,) if name in properties else definitions.choice(kind, name)
    found = {}
    for key in keys:
        told = (key, properties[key].type, properties[key].element.many)
        found[key] = found[f"_{key}"] = told
    return found


def values(parent: Resource, kind: str, name: str) -> list[Value]:
    """The values of an element, by its name in a definition (``value[x]``) or in JSON (``valueQuantity``)."""
    members = _members(kind, name)
    held = {members[key] for key in parent if key in members} if len(members) > 2 else set(members.values())
    made: list[Value] = []
    for key, type_, many in held:
        found, beside = parent.get(key), parent.get(f"_{key}")
        if found is None and beside is None:
            continue
        if not many:
            made.append(Value(key, None, type_, found))
            continue
        found, beside = found or [], beside or []
        count = max(len(found), len(beside))
        made += [Value(key, n, type_, found[n] if n < len(found) else None) for n in range(count)]
    return made


def equal(value: Any, fixed: Any) -> bool:
    """The same in every part."""
    return bool(value == fixed)


def covers(value: Any, pattern: Any) -> bool:
    """Whether a value holds at least what a pattern holds."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(covers(value.get(key), part) for key, part in pattern.items())
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(covers(one, part) for one in value) for part in pattern)
    return equal(value, pattern)


def below(value: Any, bound: Any) -> bool:
    """Whether a value is less than a bound of the same kind; False where they cannot be compared."""
    numbers = (int, Decimal, float)
    if isinstance(value, numbers) and isinstance(bound, numbers):
        return bool(value < bound)
    return isinstance(value, str) and isinstance(bound, str) and value < bound


def _codings(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for coding in value.get("coding", [value]):
            yield coding.get("system", ""), coding.get("code", "")


def in_value_set(value: Any, held: Codes) -> bool:
    """Whether a code, Coding, CodeableConcept or Quantity has a code of a value set."""
    if isinstance(value, str):
        return any(found is None or value in found for found in held.values())
    for system, code in _codings(value):
        if system in held and code:
            found = held[system]
            if found is None or code in found:
                return True
    return False


def of_systems(value: Any, held: Codes) -> bool:
    """Whether a value has a code of one of the systems of a value set."""
    return any(system in held for system, _ in _codings(value))


def pointed(reference: str, resource: Resource) -> str:
    """The type that a reference points to, where it tells; empty otherwise."""
    if reference.startswith("#"):
        inner = (one for one in resource.get("contained", ()) if one.get("id") == reference[1:])
        return next((str(one["resourceType"]) for one in inner), "")
    match = _TYPED.fullmatch(reference)
    return match[1] if match and match[1] in definitions.resource_types() else ""


def below_path(value: Any, steps: list[str]) -> list[Any]:
    """The values at a path of names below a value, all entries of the lists on the way."""
    found = [value]
    for step in steps:
        held = [one.get(step) for one in found if isinstance(one, dict)]
        found = [
            part for one in held for part in (one if isinstance(one, list) else [one]) if part is not None
        ]
    return found


def pointed_below(value: Any, path: str) -> str:
    """The type that the reference before ``resolve()`` in a discriminator's path points to."""
    steps = [step for step in path.split(".") if step not in ("$this", "resolve()")]
    found = below_path(value, [*steps, "reference"])
    return pointed(found[0], {}) if found and isinstance(found[0], str) else ""
