"""From parameters to conditions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lienthong.records.search import (
    asking,
    chains,
    composites,
    dates,
    fields,
    near,
    numbers,
    own,
    problems,
    references,
    strings,
    tokens,
    views,
    words,
)
from lienthong.records.search.conditions import SEEK, Condition, Sql, Subject, in_memory, marks, no, nothing
from lienthong.records.search.fields import Field
from lienthong.records.search.views import View

MOST = 60
"""Conditions of one search; a chain counts once for each type that it goes through."""

_UNSUPPORTED = frozenset({"_filter", "_query"})
_TABLES = {
    "reference": "records_link",
    "string": "records_string",
    "date": "records_date",
    "number": "records_number",
    "quantity": "records_number",
}


@dataclass
class Compiler:
    """Turns parameters into conditions.

    Attributes:
        view: what chains may go through.
        base: address of this server's FHIR door; empty if not known.
        spent: conditions so far.
    """

    view: View
    base: str = ""
    spent: int = 0

    def all(self, kinds: tuple[str, ...], pairs: Iterable[tuple[str, str]]) -> list[Condition]:
        """The conditions of several parameters; empty ones have none.

        Raises:
            LienThongError: one is not understood.
        """
        found = [self.one(kinds, name, value) for name, value in pairs]
        return [condition for condition in found if condition is not None]

    def one(self, kinds: tuple[str, ...], whole: str, value: str) -> Condition | None:
        """The condition of one parameter; None for an empty one.

        Raises:
            LienThongError: it is not understood.
        """
        self.spent += 1
        if self.spent > MOST:
            raise problems.too_complex(whole, MOST)
        name = asking.name(whole)
        values = asking.alternatives(whole, value)
        if not values:
            return None
        if name.code == "_has":
            return chains.reverse(kinds, name, value, self._inner)
        if name.rest:
            return chains.forward(kinds, name, value, self._inner)
        if name.code in _UNSUPPORTED:
            raise problems.unsupported(name.code)
        if name.code == "_list":
            return chains.listed(kinds, name, values, self._inner)
        if name.code in ("_text", "_content"):
            return words.condition(whole, name.code, name.modifier, values)
        if name.code == "_id":
            return own.ids(kinds or fields.types(), whole, name.modifier, values)
        if name.code == "_lastUpdated":
            return own.updated(whole, name.modifier, values)
        field = fields.field(kinds, name.code)
        if field is None:
            raise problems.unknown_parameter(whole, "/".join(kinds[:3]), fields.known(kinds))
        if name.modifier == "missing":
            return _missing(field, whole, values)
        if field.type == "reference" and name.modifier in ("above", "below"):
            return chains.related(field, name, values, self._inner, self.base)
        return self._build(field, whole, name.modifier, values)

    def visible(self, kinds: tuple[str, ...]) -> list[Condition]:
        """The conditions that a resource of those types can be seen by."""
        return views.visible(kinds, self.view, self._scope)

    def _scope(self, kinds: tuple[str, ...], pairs: Iterable[tuple[str, str]]) -> list[Condition]:
        return Compiler(View(restricted=True), self.base).all(kinds, pairs)

    def _inner(self, kind: str, name: str, value: str) -> list[Condition]:
        found = self.one((kind,), name, value)
        return [*([found] if found else []), *self.visible((kind,))]

    def _build(self, field: Field, name: str, modifier: str, values: Sequence[str]) -> Condition:
        if not field.narrower or field.type == "reference":
            return self._plain(field, name, modifier, values)
        if modifier in ("not", "not-in"):
            return no(
                _narrowed(field, self._plain(field, name, {"not": "", "not-in": "in"}[modifier], values))
            )
        return _narrowed(field, self._plain(field, name, modifier, values))

    def _plain(self, field: Field, name: str, modifier: str, values: Sequence[str]) -> Condition:
        match field.type:
            case "token":
                return tokens.condition(field, name, modifier, values)
            case "uri":
                return tokens.uri(field, name, modifier, values)
            case "string":
                return strings.condition(field, name, modifier, values)
            case "date":
                return dates.condition(field, name, modifier, values)
            case "number" | "quantity":
                return numbers.condition(field, name, modifier, values)
            case "reference":
                return references.condition(field, name, modifier, values, self.base)
            case "composite":
                return composites.condition(field, name, modifier, values, self._build)
            case _:
                return near.condition(field, name, modifier, values)


def _narrowed(field: Field, wide: Condition) -> Condition:
    """The rows hold more than the parameter's values: the body decides."""

    def holds(subject: Subject) -> bool:
        return wide.holds(composites.Part(subject.resource, field, subject.values(field.code)))

    return Condition(wide.name, wide.source, wide.test, holds, exact=False, tested=wide.tested)


def _missing(field: Field, name: str, values: Sequence[str]) -> Condition:
    """Whether there is nothing to search for under the parameter."""
    if values not in (["true"], ["false"]):
        raise problems.bad_value(name, values[0], "true, false")
    table = None if field.narrower else _TABLES.get(field.type)
    present = in_memory(name, lambda subject: _present(field, subject))
    if table:

        def test(alias: str) -> Sql:
            return Sql(
                f"EXISTS (SELECT 1 FROM {table} i WHERE i.resource = {alias}.id"
                f" AND +i.param {marks(field.params)}{SEEK}",
                field.params,
            )

        present = Condition(name, nothing, test, present.holds)
    return no(present) if values == ["true"] else present


def _present(field: Field, subject: Subject) -> bool:
    if field.type in ("composite", "special"):
        return bool(subject.values(field.code))
    if field.narrower:
        subject = composites.Part(subject.resource, field, subject.values(field.code))
    rows = subject.rows
    return any(
        row[0] in field.params for row in (*rows.tokens, *rows.strings, *rows.dates, *rows.numbers)
    ) or any(param in field.params for _, param in rows.links)
