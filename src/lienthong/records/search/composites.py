"""Parameters of the type composite (R4, section 3.1.1.4.14): ``code$value``, both in the same element.

The database finds what has both somewhere; the body decides whether they stand together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lienthong.records import index
from lienthong.records.index.datatypes import WRITERS
from lienthong.records.search import asking, problems
from lienthong.records.search.conditions import Condition, Subject, all_of, any_of
from lienthong.records.search.fields import Field, field

Build = Callable[[Field, str, str, Sequence[str]], Condition]
"""Field, name, modifier, values to the condition."""


class Part(Subject):
    """The values of one component as if they were a resource of their own."""

    def __init__(self, resource: dict[str, Any], part: Field, found: list[Any]) -> None:
        super().__init__(resource)
        self._found = found
        rows = index.Rows(set(), set(), set(), set(), set())
        for datatype in {name for one in part.definitions.values() for name in one.datatypes}:
            writer = WRITERS.get((part.type, datatype))
            if writer is None:
                continue
            for value in found:
                writer(rows, part.params[0], value)
        self.rows = rows

    def values(self, code: str) -> list[Any]:
        return self._found


def condition(whole: Field, name: str, modifier: str, values: Sequence[str], build: Build) -> Condition:
    """The condition for one composite parameter.

    Raises:
        LienThongError: a modifier or value that does not go.
    """
    if modifier:
        raise problems.bad_modifier(name, modifier, ["missing"])
    return any_of(name, [_one(whole, name, value, build) for value in values])


def _one(whole: Field, name: str, value: str, build: Build) -> Condition:
    definition = next(iter(whole.definitions.values()))
    codes = [code for code, _ in definition.components]
    given = asking.split(value, "$")
    parts = [field(whole.kinds, code) for code in codes]
    known = [part for part in parts if part is not None]
    if len(given) != len(codes) or not all(given) or len(known) != len(codes):
        raise problems.bad_value(name, value, "$".join(codes))
    conditions = [build(part, name, "", [one]) for part, one in zip(known, given, strict=True)]
    both = all_of(name, conditions)

    def holds(subject: Subject) -> bool:
        return any(
            all(
                one.holds(Part(subject.resource, part, found))
                for one, part, found in zip(conditions, known, combination, strict=True)
            )
            for combination in index.combinations(subject.resource, subject.kind, whole.code)
        )

    return Condition(name, both.source, both.test, holds, exact=False, tested=both.tested)
