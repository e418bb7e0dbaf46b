"""Where in a resource something is left to check when its structure is right: made once for each type of R4."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from lienthong.records import definitions, fhirpath
from lienthong.records.definitions import Property
from lienthong.records.fhirpath import Compiled, NotCompiled

NATIVE = frozenset({"ele-1", "ext-1", "dom-2", "dom-3", "dom-4", "dom-5", "ref-1", "txt-1", "txt-2"})
"""Invariants that the schema, the walk or the narrative check hold without FHIRPath."""

Rule = tuple[str, Compiled]


@dataclass(slots=True)
class Plan:
    """What to check in a value of one type.

    Attributes:
        kind: the type, or the path of a nested element.
        rules: its invariants.
        children: JSON names below which something is left to check.
    """

    kind: str
    rules: list[Rule] = field(default_factory=list)
    children: dict[str, Child] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Child:
    """An element: the plan of its type, its own invariants, and what it may point to."""

    plan: Plan
    rules: list[Rule]
    targets: frozenset[str]


_plans: dict[str, Plan] = {}


def plan(kind: str) -> Plan:
    """The plan of a type or nested element."""
    if kind not in _plans:
        made = _plans[kind] = Plan(kind)
        for base in (kind, *definitions.bases(kind)):
            made.rules += _rules(base, kind)
        for name, known in definitions.properties(kind).items():
            made.children.update(_children(kind, name, known))
    return _plans[kind]


def _children(kind: str, name: str, known: Property) -> Iterator[tuple[str, Child]]:
    type_, path = known.type, f"{kind}.{known.element.name}"
    rules = [] if type_ == path else _rules(path, type_)
    if type_ not in definitions.primitives():
        yield name, Child(plan(type_), rules, known.element.targets)
        return
    if rules or type_ == "xhtml":
        yield name, Child(Plan(type_), rules, frozenset())
    if (kind, name) != ("Extension", "url"):
        yield f"_{name}", Child(plan("Element"), [], frozenset())


@cache
def _rules(path: str, kind: str) -> list[Rule]:
    made = []
    for key in definitions.rules(path):
        if key not in NATIVE:
            try:
                made.append((key, fhirpath.compile(definitions.invariant(key)[0], kind)))
            except NotCompiled:
                continue
    return made


def not_run() -> list[str]:
    """Keys of the invariants of R4 (severity error) that nothing checks, since FHIRPath here cannot run them."""
    keys = {key for path, _ in definitions.ruled() for key in definitions.rules(path)}
    run = {key for path, kind in definitions.ruled() for key, _ in _rules(path, kind)}
    return sorted(keys - run - NATIVE)
