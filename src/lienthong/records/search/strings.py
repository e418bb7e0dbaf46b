"""Parameters of the type string (R4, section 3.1.1.4.8): without marks and case, from the begin of a value or word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lienthong.foundation.text import fold
from lienthong.records.search import asking, problems
from lienthong.records.search.conditions import SEEK, Condition, Source, Span, Sql, Subject, any_of, marks
from lienthong.records.search.fields import Field

MODIFIERS = ("missing", "exact", "contains")
LAST = "\U0010ffff"
LONGEST = 120
"""Characters of a value that an index row holds."""


def condition(field: Field, name: str, modifier: str, values: Sequence[str]) -> Condition:
    """The condition for one string parameter. ``:contains`` looks at the first 120 characters of a value.

    Raises:
        LienThongError: a modifier that does not go.
    """
    if modifier not in ("", *MODIFIERS):
        raise problems.bad_modifier(name, modifier, MODIFIERS)
    return any_of(name, [_one(field, name, modifier, asking.plain(value)) for value in values])


def _one(field: Field, name: str, modifier: str, value: str) -> Condition:
    folded = fold(value)
    begin = folded[:LONGEST]
    args: tuple[str, ...]
    if modifier == "contains":
        where, args = "value LIKE %s ESCAPE '!'", (f"%{_escaped(begin)}%",)
    elif modifier == "exact":
        where, args = "value = %s", (begin,)
    else:
        where, args = "value >= %s AND {i}value < %s", (begin, begin + LAST)

    def test(alias: str) -> Sql:
        return Sql(
            f"EXISTS (SELECT 1 FROM records_string i WHERE i.resource = {alias}.id AND +i.param"
            f" {marks(field.params)} AND i.{where.format(i='i.')}{SEEK}",
            (*field.params, *args),
        )

    def fits(text: str) -> bool:
        if modifier == "contains":
            return begin in text
        return text == begin if modifier == "exact" else text.startswith(begin)

    def holds(subject: Subject) -> bool:
        if not any(p in field.params and fits(text) for p, text in subject.rows.strings):
            return False
        if modifier == "exact":
            found = subject.values(field.code)
            return any(text == value for one in found for text in _texts(one))
        if modifier == "" and len(folded) > LONGEST:
            found = subject.values(field.code)
            return any(fold(text).startswith(folded) for one in found for text in _texts(one))
        return True

    text = f"SELECT resource FROM records_string WHERE param {marks(field.params)} AND {where.format(i='')}"
    source = Source(text, (*field.params, *args), scan=modifier == "contains", span=Span.WORD)
    exact = modifier == "contains" or (modifier == "" and len(folded) <= LONGEST)
    return Condition(name, lambda: source, test, holds, exact)


def _escaped(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _texts(value: Any) -> Iterator[str]:
    """The strings that a string, HumanName or Address consists of."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, part in value.items():
            if name not in ("use", "type", "period", "extension", "id"):
                yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
