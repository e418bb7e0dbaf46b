"""A search from its parameters to a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lienthong.foundation.errors import LienThongError
from lienthong.records import reading
from lienthong.records.reading import Stored
from lienthong.records.search import compartments, controls, cursors, including, planning, problems, ranks
from lienthong.records.search.compiling import Compiler
from lienthong.records.search.conditions import Condition, Subject
from lienthong.records.search.controls import Controls
from lienthong.records.search.cursors import Position
from lienthong.records.search.planning import Plan, Row
from lienthong.records.search.ranks import Ranked
from lienthong.records.search.views import View

_UNSHAPED = frozenset({"_cursor", "_count", "_total", "_summary", "_elements", "_include", "_revinclude"})


class Page(NamedTuple):
    """One page of a search.

    Attributes:
        matches: the resources that fit, in order.
        included: what goes with them.
        total: how many fit on all pages; None if not counted.
        following, previous: cursors of the pages after and before; empty if there is none.
        applied: the parameters that were understood.
        ignored: names of those that were not.
    """

    matches: list[Stored]
    included: list[Stored]
    total: int | None
    following: str
    previous: str
    applied: list[tuple[str, str]]
    ignored: list[str]


def search(
    kind: str,
    parameters: Sequence[tuple[str, str]],
    view: View | None = None,
    *,
    strict: bool = True,
    patient: str = "",
    base: str = "",
) -> Page:
    """Searches the store (R4, section "Search").

    Args:
        kind: resource type; empty for every type, or those that ``_type`` names.
        parameters: as in the query, unescaped from the URL; empty ones are passed over.
        view: what the caller may find; None: all but what is specially protected.
        strict: whether a parameter that is not known is an error, or passed over and told.
        patient: id of the Patient in whose compartment to look.
        base: address of this server's FHIR door, for references that are written whole.

    Raises:
        LienThongError: ``search-…``, with the parameter as ``path``.
    """
    compiler = Compiler(view or View(), base)
    asked = controls.read(kind, parameters, strict=strict)
    conditions = _conditions(asked, compiler, strict, patient)
    plan = ranks.plan(_name(asked), asked.kinds, conditions, asked.sort)
    query = [kind, patient, sorted(pair for pair in asked.applied if pair[0] not in _UNSHAPED)]
    if asked.count == 0:
        return Page([], [], plan.count(), "", "", asked.applied, asked.ignored)
    start = cursors.read(asked.cursor, query) if asked.cursor else None
    if start is not None and len(start.keys) != len(asked.sort):
        start = None
    rows = plan.page(start, asked.count + 1)
    shown, more = rows[: asked.count], len(rows) > asked.count
    back = start is not None and start.back
    if back:
        shown.reverse()
    matches = _bodies(shown)
    before, after = (more, True) if back else (start is not None, more)
    return Page(
        matches,
        including.included(matches, asked.includes, compiler) if asked.includes else [],
        _total(asked, plan, rows, start),
        cursors.write(_at(shown[-1][0], back=False), query) if after and shown else "",
        cursors.write(_at(shown[0][0], back=True), query) if before and shown else "",
        asked.applied,
        asked.ignored,
    )


def find(
    kind: str,
    parameters: Sequence[tuple[str, str]],
    view: View | None = None,
    *,
    most: int = 2,
    base: str = "",
) -> list[str]:
    """Ids of resources that fit, at most so many, for conditional interactions.

    Raises:
        LienThongError: as :func:`search`; ``search-no-criteria`` where one is empty or none chooses anything: they
            would fit whatever is here.
    """
    compiler = Compiler(view or View(), base)
    asked = controls.read(kind, parameters, strict=True)
    empty = [name for name, value in parameters if not value.strip(" ,")]
    if empty or not asked.rest:
        raise problems.no_criteria(kind, *empty[:1])
    conditions = _conditions(asked, compiler, True, "")
    plan = planning.plan(_name(asked), asked.kinds, conditions, ())
    return [stored.id for stored in _bodies(plan.page(None, most))]


def matches(resource: dict[str, object], parameters: Sequence[tuple[str, str]], *, base: str = "") -> bool:
    """Whether a resource fits, without the store.

    Raises:
        LienThongError: as :func:`search`; ``search-not-in-memory`` for chains.
    """
    asked = controls.read(str(resource.get("resourceType", "")), parameters, strict=True)
    conditions = Compiler(View(), base).all(asked.kinds, asked.rest)
    meta = resource.get("meta")
    updated = str(meta.get("lastUpdated", "")) if isinstance(meta, dict) else ""
    subject = Subject(resource, updated=updated)
    return all(condition.holds(subject) for condition in conditions)


def _conditions(asked: Controls, compiler: Compiler, strict: bool, patient: str) -> list[Condition]:
    found = []
    for name, value in asked.rest:
        try:
            condition = compiler.one(asked.kinds, name, value)
        except LienThongError as error:
            asked.pass_over(error, name, strict)
            continue
        asked.applied.append((name, value))
        if condition is not None:
            found.append(condition)
    if patient:
        found.append(compartments.of_patient(asked.kinds, patient))
    return [*found, *compiler.visible(asked.kinds)]


def _name(asked: Controls) -> str:
    return asked.rest[0][0] if asked.rest else "_type"


def _bodies(rows: Sequence[tuple[Row, Stored | None]]) -> list[Stored]:
    opened = {row.number: stored for row, stored in rows if stored is not None}
    closed = [row.number for row, stored in rows if stored is None]
    opened |= {stored.number: stored for stored in reading.fetch(closed)} if closed else {}
    return [opened[row.number] for row, _ in rows if row.number in opened]


def _at(row: Row, *, back: bool) -> Position:
    return Position(row.keys, row.number, back)


def _total(
    asked: Controls, plan: Plan | Ranked, rows: Sequence[tuple[Row, Stored | None]], start: Position | None
) -> int | None:
    """How many fit: when asked for, or when it cost nothing."""
    if asked.total == "none":
        return None
    if rows and rows[0][0].total is not None:
        return rows[0][0].total
    if start is None and len(rows) <= asked.count:
        return len(rows)
    return plan.count() if asked.total == "accurate" else None
