"""What of the store a caller may find. It holds for matches, for what they are chained through, and for includes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lienthong.foundation.errors import LienThongError
from lienthong.records import values
from lienthong.records.search.conditions import (
    NEVER,
    Condition,
    Source,
    Sql,
    Subject,
    all_of,
    any_of,
    joined,
    marks,
    nothing,
)
from lienthong.records.search.fields import types

Query = Sequence[tuple[str, str]]
Compile = Callable[[tuple[str, ...], Query], list[Condition]]
"""Types and parameters to the conditions."""


@dataclass(frozen=True, slots=True)
class View:
    """What a caller may find.

    Attributes:
        restricted: also what is specially protected, but for
        hidden: kinds of protection, a bit for each, of which none is shown (:func:`.access.protected.mask`).
        within: for each type that it may see (``*``: every type), the queries of which a resource must fit one; an
            empty query lets all pass. None: no limit of this kind.
    """

    restricted: bool = False
    hidden: int = 0
    within: Mapping[str, Sequence[Query]] | None = None

    def queries(self, kind: str) -> Sequence[Query] | None:
        """The queries for a type: empty if it is not visible, None if all of it is."""
        if self.within is None:
            return None
        found = [*self.within.get(kind, ()), *self.within.get("*", ())]
        return None if any(not query for query in found) else found


NOTHING = Condition(
    "",
    lambda: Source("SELECT 0 AS resource WHERE FALSE", ()),
    lambda alias: Sql(NEVER),
    lambda subject: False,
)
"""Nothing can be seen."""


def visible(kinds: tuple[str, ...], view: View, compile: Compile) -> list[Condition]:
    """The conditions that a resource of those types (none: of any) can be seen by."""
    queries = {kind: view.queries(kind) for kind in kinds or types()}
    if all(found == [] for found in queries.values()):
        return [NOTHING]
    limited = {kind: found for kind, found in queries.items() if found is not None}
    conditions = [_current(kinds, view)]
    if not limited:
        return conditions
    if len(queries) == 1:
        ((kind, found),) = limited.items()
        return [*conditions, _fits_one(kind, found, compile)]
    open_kinds = [kind for kind in queries if kind not in limited]
    return [*conditions, _by_type(open_kinds, {k: _fits_one(k, f, compile) for k, f in limited.items() if f})]


def _current(kinds: tuple[str, ...], view: View) -> Condition:
    """Of one of the types, not deleted, and not protected unless that may be seen."""

    def test(alias: str) -> Sql:
        text = f"{alias}.deleted = 0"
        if not view.restricted:
            text += f" AND {alias}.restricted = 0"
        elif view.hidden:
            text += f" AND ({alias}.restricted & {view.hidden:d}) = 0"
        return Sql(text + (f" AND {alias}.type {marks(kinds)}" if kinds else ""), kinds)

    def holds(subject: Subject) -> bool:
        if kinds and subject.kind not in kinds:
            return False
        protection = values.restricted(subject.resource)
        return not (protection & view.hidden if view.restricted else protection)

    return Condition("", nothing, test, holds)


def _fits_one(kind: str, queries: Sequence[Query], compile: Compile) -> Condition:
    """Fits one of the queries; one that names a parameter that the type lacks lets nothing pass."""
    parts = []
    for query in queries:
        try:
            parts.append(all_of("", compile((kind,), query)))
        except LienThongError as error:
            if error.problem.code != "search-unknown-parameter":
                raise
    return any_of("", parts) if parts else NOTHING


def _by_type(open_kinds: Sequence[str], limited: Mapping[str, Condition]) -> Condition:
    def test(alias: str) -> Sql:
        parts = [Sql(f"{alias}.type {marks(open_kinds)}", tuple(open_kinds))] if open_kinds else []
        for kind, condition in limited.items():
            text, args = condition.test(alias)
            parts.append(Sql(f"{alias}.type = %s AND ({text})", (kind, *args)))
        return joined(" OR ", parts, NEVER)

    def holds(subject: Subject) -> bool:
        return subject.kind in open_kinds or (
            subject.kind in limited and limited[subject.kind].holds(subject)
        )

    return Condition("", nothing, test, holds, all(condition.exact for condition in limited.values()))
