"""What a search asks for, as conditions: how the database finds the resources, tests one, and what memory says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any, NamedTuple

from lienthong.records import index

Resource = dict[str, Any]

ALWAYS, NEVER = "TRUE", "FALSE"
SEEK = " LIMIT 1 OFFSET 0)"
"""The end of an EXISTS that PostgreSQL answers row by row through an index, as SQLite does."""


class Sql(NamedTuple):
    """A piece of SQL and its parameters."""

    text: str
    args: tuple[Any, ...] = ()


class Span(IntEnum):
    """How much of the store a source is likely to give."""

    OWN = 0
    """What is named, or belongs to one that is."""
    WORD = 1
    """What begins with some letters."""
    CODE = 2
    """What has one of the codes that many have."""
    STRETCH = 3
    """A stretch of an index, of which the database may think better to read the table."""


class Within(NamedTuple):
    """Bounds, both included, within which the first moment of a date parameter lies."""

    param: int
    least: int
    most: int


class Source(NamedTuple):
    """A SELECT of the one column ``resource``, perhaps with repetitions.

    Attributes:
        ordered: an index gives the numbers in growing order.
        scan: all values of a parameter must be looked through.
        within: of a date, where it begins.
    """

    text: str
    args: tuple[Any, ...]
    ordered: bool = False
    scan: bool = False
    span: Span = Span.OWN
    within: Within | None = None


class Subject:
    """One resource in memory.

    Attributes:
        number: its number in the store; 0 if it is not stored.
        updated: when it was stored, as ``clock.iso`` writes it, or empty.
    """

    def __init__(self, resource: Resource, number: int = 0, updated: str = "") -> None:
        self.resource, self.number, self.updated = resource, number, updated

    @property
    def kind(self) -> str:
        """Its type."""
        return str(self.resource.get("resourceType", ""))

    @cached_property
    def rows(self) -> index.Rows:
        """Its index rows."""
        return index.rows(self.resource)

    def values(self, code: str) -> list[Any]:
        """The elements that a search parameter reads."""
        return index.values(self.resource, self.kind, code)


@dataclass(frozen=True)
class Condition:
    """One condition on a resource.

    Attributes:
        name: the parameter as it was written.
        source: where to find the resources that may fit; None: nothing but looking at each.
        test: from the alias of a ``records_resource`` row, whether that one may fit.
        holds: whether a resource in memory fits.
        exact: whether ``test`` decides; else ``holds`` has the last word.
        tested: whether all that ``source`` gives passes ``test``.
    """

    name: str
    source: Callable[[], Source | None]
    test: Callable[[str], Sql]
    holds: Callable[[Subject], bool]
    exact: bool = True
    tested: bool = True


def nothing() -> None:
    """No source."""
    return None


def always(alias: str) -> Sql:
    """A test that leaves the decision to memory."""
    return Sql(ALWAYS)


def in_memory(name: str, holds: Callable[[Subject], bool]) -> Condition:
    """A condition that only the body can decide."""
    return Condition(name, nothing, always, holds, exact=False)


def any_of(name: str, parts: Sequence[Condition]) -> Condition:
    """Fits when one of them fits."""
    if len(parts) == 1:
        return parts[0]

    def source() -> Source | None:
        sources = [part.source() for part in parts]
        found = [one for one in sources if one is not None]
        return union(found) if found and len(found) == len(sources) else None

    return Condition(
        name,
        source,
        lambda alias: joined(" OR ", [part.test(alias) for part in parts], NEVER),
        lambda subject: any(part.holds(subject) for part in parts),
        all(part.exact for part in parts),
        all(part.tested for part in parts),
    )


def all_of(name: str, parts: Sequence[Condition]) -> Condition:
    """Fits when all of them fit."""
    if len(parts) == 1:
        return parts[0]

    def source() -> Source | None:
        found = [one for one in (part.source() for part in parts) if one is not None]
        return min(found, key=lambda one: one.scan, default=None)

    return Condition(
        name,
        source,
        lambda alias: joined(" AND ", [part.test(alias) for part in parts], ALWAYS),
        lambda subject: all(part.holds(subject) for part in parts),
        all(part.exact for part in parts),
        tested=False,
    )


def no(condition: Condition) -> Condition:
    """Fits when the other does not."""

    def test(alias: str) -> Sql:
        if not condition.exact:
            return Sql(ALWAYS)
        text, args = condition.test(alias)
        return Sql(f"NOT ({text})", args)

    return Condition(
        condition.name, nothing, test, lambda subject: not condition.holds(subject), condition.exact
    )


def union(sources: Sequence[Source]) -> Source:
    """All that several sources give."""
    if len(sources) == 1:
        return sources[0]
    text = " UNION ALL ".join(
        f"SELECT resource FROM ({source.text}) u{n}" for n, source in enumerate(sources)
    )
    args = tuple(arg for source in sources for arg in source.args)
    return Source(text, args, scan=any(s.scan for s in sources), span=max(source.span for source in sources))


def joined(word: str, parts: Sequence[Sql], empty: str) -> Sql:
    """Pieces with AND or OR between them."""
    if not parts:
        return Sql(empty)
    texts = [f"({part.text})" for part in parts]
    return Sql(word.join(texts), tuple(arg for part in parts for arg in part.args))


def marks(values: Sequence[Any]) -> str:
    """``= %s`` or ``IN (%s, %s)``."""
    return "= %s" if len(values) == 1 else f"IN ({', '.join(['%s'] * len(values))})"
