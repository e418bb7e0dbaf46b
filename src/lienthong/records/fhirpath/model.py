"""The types of R4 and their elements, as expressions see them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from lienthong.records import definitions

DATES = frozenset({"date", "dateTime", "instant"})


@dataclass(frozen=True, slots=True)
class Element:
    """An element of a type.

    Attributes:
        keys: the JSON members that may hold it, each with its type: one, or one for each type of a choice.
        many: whether it may repeat.
    """

    keys: tuple[tuple[str, str], ...]
    many: bool

    @property
    def types(self) -> frozenset[str]:
        """The types that it may have."""
        return frozenset(kind for _, kind in self.keys)


def known(name: str) -> bool:
    """Whether R4 has a type of this name; nested types are named by their path, e.g. ``Observation.component``."""
    return name in definitions.names()


@cache
def lineage(name: str) -> tuple[str, ...]:
    """The type and all types that it extends, nearest first: ``("Age", "Quantity", "Element")``."""
    return (name, *definitions.bases(name))


def is_a(name: str, wanted: str) -> bool:
    """Whether a type is another or extends it."""
    return wanted in lineage(name)


def primitive(name: str) -> bool:
    """Whether values of the type are JSON strings, numbers or booleans."""
    return name[:1].islower()


def resource(name: str) -> bool:
    """Whether the type is a resource type, ``Resource`` and ``DomainResource`` included."""
    return "Resource" in lineage(name)


def resource_types() -> frozenset[str]:
    """All types that a resource can have."""
    return definitions.resource_types()


@cache
def elements(name: str) -> dict[str, Element]:
    """The elements of a type by name, inherited ones included; a choice by its name without ``[x]``."""
    found: dict[str, Element] = {}
    for element in definitions.elements(name):
        keys = definitions.choice(name, element.name)
        pairs = tuple((key, definitions.properties(name)[key].type) for key in keys)
        found[element.name.removesuffix("[x]")] = Element(pairs, element.many)
    return found


@cache
def members(name: str) -> dict[str, str]:
    """The JSON members of a type, each with the type of its values."""
    return dict(pair for element in elements(name).values() for pair in element.keys)
