"""The types of R4 and their elements, from ``records/data/elements_r4.json`` (see ``tools/fhir_elements.py``)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

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


@cache
def _definitions() -> dict[str, dict[str, str]]:
    text = resources.files("lienthong.records").joinpath("data/elements_r4.json").read_text("utf-8")
    found: dict[str, dict[str, str]] = json.loads(text)
    return found


def known(name: str) -> bool:
    """Whether R4 has a type of this name; nested types are named by their path, e.g. ``Observation.component``."""
    return name in _definitions() and name != "?"


@cache
def lineage(name: str) -> tuple[str, ...]:
    """The type and all types that it extends, nearest first: ``("Age", "Quantity", "Element")``."""
    found = [name]
    while base := _definitions().get(found[-1], {}).get("", ""):
        found.append(base)
    return tuple(found)


def is_a(name: str, wanted: str) -> bool:
    """Whether a type is another or extends it."""
    return wanted in lineage(name)


def primitive(name: str) -> bool:
    """Whether values of the type are JSON strings, numbers or booleans."""
    return name[:1].islower()


def resource(name: str) -> bool:
    """Whether the type is a resource type, ``Resource`` and ``DomainResource`` included."""
    return "Resource" in lineage(name)


@cache
def resource_types() -> frozenset[str]:
    """All types that a resource can have."""
    abstract = {"Resource", "DomainResource", "MetadataResource"}
    names = (name for name in _definitions() if "." not in name and name not in abstract)
    return frozenset(name for name in names if resource(name))


@cache
def elements(name: str) -> dict[str, Element]:
    """The elements of a type by name, inherited ones included; a choice by its name without ``[x]``."""
    found: dict[str, Element] = {}
    for kind in reversed(lineage(name)):
        for element, types in _definitions().get(kind, {}).items():
            if element:
                codes = types.removeprefix("*")
                codes = _definitions()["?"][""] if codes == "?" else codes
                stem = element.removesuffix("[x]")
                keys = [
                    (stem + code[0].upper() + code[1:] if stem != element else stem, code)
                    for code in codes.split("|")
                ]
                found[stem] = Element(tuple(keys), types.startswith("*"))
    return found


@cache
def members(name: str) -> dict[str, str]:
    """The JSON members of a type, each with the type of its values."""
    return dict(pair for element in elements(name).values() for pair in element.keys)
