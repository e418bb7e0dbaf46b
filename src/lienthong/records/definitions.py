"""FHIR R4's own definitions, as the store needs them: elements in their order, types, bindings, rules.

Read from ``data/r4.json``, which ``tools/fhir_definitions.py`` writes from the StructureDefinitions of FHIR R4.
A type is named as in FHIR (``HumanName``), a nested element by its path (``Observation.component``).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from lienthong.foundation import json


class Element(NamedTuple):
    """One element of a type.

    Attributes:
        name: as in the definition, ``value[x]`` for a choice.
        low, high: cardinality; ``high`` 0 is unbounded.
        types: names of types, or the path of a nested element.
        binding: the address of the value set when the binding is required and the set can be listed.
        targets: the types that a Reference may point to; none stands for any.
    """

    name: str
    low: int
    high: int
    types: tuple[str, ...]
    binding: str = ""
    targets: frozenset[str] = frozenset()

    @property
    def many(self) -> bool:
        """Whether JSON holds it as a list."""
        return self.high != 1


class Property(NamedTuple):
    """A name as it stands in JSON (``valueQuantity``), with its element and type."""

    element: Element
    type: str


@cache
def _file() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        resources.files("lienthong.records").joinpath("data/r4.json").read_bytes()
    )
    return found


@cache
def resource_types() -> frozenset[str]:
    """The types of resource that R4 knows, without the abstract ones."""
    return frozenset(_file()["resources"])


@cache
def primitives() -> frozenset[str]:
    """The primitive types, whose value is one JSON value."""
    return frozenset(_file()["primitives"])


@cache
def names() -> frozenset[str]:
    """All types, primitive and abstract ones too, and the paths of all nested elements."""
    return frozenset(_file()["elements"]) | primitives()


@cache
def bases(kind: str) -> tuple[str, ...]:
    """The types that a type is made from, nearest first: ``Age`` has ``Quantity``, ``Element``."""
    base = _file()["bases"].get(kind, "")
    return (base, *bases(base)) if base else ()


def _row(
    name: str, low: int, high: int, types: list[str], binding: str = "", targets: Sequence[str] = ()
) -> Element:
    return Element(name, low, high, tuple(types), binding, frozenset(targets))


@cache
def elements(kind: str) -> tuple[Element, ...]:
    """All elements of a type or nested element, those of its base first; none for an unknown one."""
    own = tuple(_row(*row) for row in _file()["elements"].get(kind, ()))
    base = _file()["bases"].get(kind, "")
    names = {element.name for element in own}
    return (*(element for element in elements(base) if element.name not in names), *own) if base else own


@cache
def properties(kind: str) -> dict[str, Property]:
    """The names that JSON may hold in a type (without ``resourceType`` and those with ``_``), in order."""
    found: dict[str, Property] = {}
    for element in elements(kind):
        for type_ in element.types:
            name = element.name
            if name.endswith("[x]"):
                name = f"{name[:-3]}{type_[0].upper()}{type_[1:]}"
            found[name] = Property(element, type_)
    return found


@cache
def choice(kind: str, name: str) -> tuple[str, ...]:
    """The JSON names of one choice of a type: ``choice("Observation", "value[x]")``."""
    return tuple(key for key, known in properties(kind).items() if known.element.name == name)


@cache
def addresses() -> frozenset[str]:
    """The JSON names under which some type holds an address: uri, url, canonical, oid or uuid."""
    kinds = ("uri", "url", "canonical", "oid", "uuid")
    return frozenset(
        name
        for kind in _file()["elements"]
        for name, known in properties(kind).items()
        if known.type in kinds
    )


def codes(url: str) -> dict[str, list[str]]:
    """System to codes of a required value set of R4; empty for any other."""
    found: dict[str, list[str]] = _file()["codes"].get(url, {})
    return found


def unlisted() -> list[str]:
    """Required value sets of R4 whose codes nobody can list; they are not checked."""
    return list(_file()["unlisted"])


def rules(kind: str) -> tuple[str, ...]:
    """Keys of the invariants of a type or path itself, without those of its bases."""
    return tuple(_file()["rules"].get(kind, ()))


def invariant(key: str) -> tuple[str, str]:
    """Expression (FHIRPath) and R4's sentence of an invariant."""
    expression, human = _file()["invariants"][key]
    return expression, human


def invariants() -> list[str]:
    """The keys of all invariants of severity error."""
    return list(_file()["invariants"])


def ruled() -> list[tuple[str, str]]:
    """Every path that has invariants of its own, with each type that stands there."""
    found = []
    for path in _file()["rules"]:
        parent, _, name = path.rpartition(".")
        if path in _file()["elements"] or not parent:
            found.append((path, path))
        else:
            found += [
                (path, type_)
                for element in elements(parent)
                if element.name == name
                for type_ in element.types
            ]
    return found
