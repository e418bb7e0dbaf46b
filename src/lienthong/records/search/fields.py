"""A search parameter of one or several resource types, with the numbers of its index rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from lienthong.records import index, keys
from lienthong.records.fhirpath import model


@dataclass(frozen=True, slots=True)
class Field:
    """A search parameter.

    Attributes:
        code, type: as R4 defines it.
        kinds: the types it is searched in.
        params: numbers under which its index rows stand.
        narrower: those rows hold more than its values.
        single: a resource has no more than one of its values.
        definitions: by resource type.
    """

    code: str
    type: str
    kinds: tuple[str, ...]
    params: tuple[int, ...]
    narrower: bool
    single: bool
    definitions: dict[str, index.Parameter]

    @property
    def targets(self) -> list[str]:
        """Types that a reference may point to."""
        return sorted({target for one in self.definitions.values() for target in one.targets})

    @property
    def datatypes(self) -> set[str]:
        """What its values may be."""
        return {name for one in self.definitions.values() for name in one.datatypes}


@cache
def types() -> tuple[str, ...]:
    """The resource types of R4."""
    return tuple(sorted(model.resource_types()))


@lru_cache(maxsize=2048)
def field(kinds: tuple[str, ...], code: str) -> Field | None:
    """The parameter that all those types (none: every type) have under one name and type; None without."""
    each = kinds or types()
    found: dict[str, index.Parameter] = {}
    for kind in each:
        there = index.parameters(kind).get(code)
        if there is None or (found and there.type != next(iter(found.values())).type):
            return None
        found[kind] = there
    first = next(iter(found.values()))
    stored = [(kind, one) for kind, definition in found.items() for one in definition.stored]
    return Field(
        code,
        first.type,
        kinds,
        tuple(dict.fromkeys(keys.param(kind, one) for kind, one in stored)),
        any(definition.narrower for definition in found.values()),
        all(definition.single and not definition.narrower for definition in found.values()),
        found,
    )


def known(kinds: Sequence[str]) -> list[str]:
    """The codes that all those types have."""
    each = list(kinds or types())
    common = set(index.parameters(each[0]))
    for kind in each[1:]:
        common &= set(index.parameters(kind))
    return sorted(common)
