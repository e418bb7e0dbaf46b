"""Parameters of the types token and uri (R4, sections "Search", 3.1.1.4.10 and 3.1.1.4.13)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from django.db import connection

from lienthong.foundation.text import fold
from lienthong.records import keys
from lienthong.records.search import asking, codes, problems
from lienthong.records.search.conditions import (
    NEVER,
    SEEK,
    Condition,
    Source,
    Span,
    Sql,
    Subject,
    any_of,
    in_memory,
    marks,
    no,
)
from lienthong.records.search.fields import Field

MODIFIERS = ("missing", "text", "not", "above", "below", "in", "not-in", "of-type")
URI_MODIFIERS = ("missing", "above", "below", "not")
_MOST_SYSTEMS = 20
_FEW = 20


def condition(field: Field, name: str, modifier: str, values: Sequence[str]) -> Condition:
    """The condition for one token parameter.

    Raises:
        LienThongError: a modifier or value that does not go.
    """
    if modifier not in ("", *MODIFIERS):
        raise problems.bad_modifier(name, modifier, MODIFIERS)
    if modifier == "text":
        return _text(field, name, [fold(asking.plain(value)) for value in values])
    if modifier == "of-type":
        return any_of(name, [_of_type(field, name, value) for value in values])
    if modifier in ("in", "not-in"):
        wanted = {pair for value in values for pair in codes.value_set(name, asking.plain(value))}
        found = _among(field, name, sorted(wanted))
        return no(found) if modifier == "not-in" else found
    if modifier in ("above", "below"):
        pairs = {pair for value in values for pair in codes.related(name, modifier, *asking.token(value))}
        return _among(field, name, sorted(pairs))
    parts = [_one(field, name, *asking.token(value)) for value in values]
    return no(any_of(name, parts)) if modifier == "not" else any_of(name, parts)


def uri(field: Field, name: str, modifier: str, values: Sequence[str]) -> Condition:
    """The condition for one uri parameter: ``:below`` finds what begins so, ``:above`` what the value begins with.

    Raises:
        LienThongError: a modifier that does not go.
    """
    if modifier not in ("", *URI_MODIFIERS):
        raise problems.bad_modifier(name, modifier, URI_MODIFIERS)
    plain = [asking.plain(value) for value in values]
    if modifier in ("above", "below"):
        return in_memory(name, lambda subject: any(_beside(field, subject, plain, modifier)))
    found = any_of(name, [_one(field, name, None, value) for value in plain])
    return no(found) if modifier == "not" else found


def _beside(field: Field, subject: Subject, wanted: Sequence[str], modifier: str) -> Iterator[bool]:
    for value in subject.values(field.code):
        text = str(value)
        for one in wanted:
            short, long = (text, one) if modifier == "above" else (one, text)
            yield short == long or long.startswith(short if short.endswith("/") else f"{short}/")


def _one(field: Field, name: str, system: str | None, code: str) -> Condition:
    if code:
        return Coded(field, name, system, code).condition
    if not system:
        raise problems.bad_value(name, "|", "code, system|code, |code, system|")
    number = keys.hash32(system)
    text = f"SELECT resource FROM records_token WHERE param {marks(field.params)} AND system = %s"
    return Condition(
        name,
        lambda: Source(text, (*field.params, number), scan=True),
        lambda alias: Sql("TRUE"),
        lambda subject: any(p in field.params and s == number for p, _, s in subject.rows.tokens),
        exact=False,
    )


class Coded:
    """A code, perhaps of one system."""

    def __init__(self, field: Field, name: str, system: str | None, code: str) -> None:
        self.params, self.name = field.params, name
        self.span = Span.OWN if "Identifier" in field.datatypes else Span.CODE
        self.value = keys.hash64(code)
        self.given = None if system is None else _numbers(field, system, code)

    @property
    def condition(self) -> Condition:
        """As a condition."""
        return Condition(self.name, self.source, self.test, self.holds)

    @cached_property
    def systems(self) -> list[int] | None:
        """Systems that have this code: with them one resource is tested through the primary key; None: too many."""
        if self.given is not None:
            return self.given
        found = systems(self.params, self.value, _MOST_SYSTEMS)
        return found if len(found) <= _MOST_SYSTEMS else None

    def source(self) -> Source:
        where = f"param {marks(self.params)} AND value = %s"
        given = self.given or []
        more = f" AND system {marks(given)}" if given else ""
        text = f"SELECT resource FROM records_token WHERE {where}{more}"
        alone = len(self.params) == len(given) == 1
        return Source(text, (*self.params, self.value, *given), alone, span=self.span)

    def test(self, alias: str) -> Sql:
        systems = self.systems
        if systems == []:
            return Sql(NEVER)
        more = f" AND i.system {marks(systems)}" if systems else ""
        return Sql(
            f"EXISTS (SELECT 1 FROM records_token i WHERE i.param {marks(self.params)} AND i.value = %s{more}"
            f" AND i.resource = {alias}.id{SEEK}",
            (*self.params, self.value, *(systems or ())),
        )

    def holds(self, subject: Subject) -> bool:
        return any(
            p in self.params and v == self.value and (self.given is None or s in self.given)
            for p, v, s in subject.rows.tokens
        )


def _numbers(field: Field, system: str, code: str) -> list[int]:
    """Systems under which a code stands; an element of the type ``code`` implies its system and has none."""
    implied = system and "code" in field.datatypes and codes.defines(system, code)
    return [keys.hash32(system), *([0] if implied else [])]


def systems(params: Sequence[int], value: int, most: int) -> list[int]:
    """The systems beside a value, one index seek for each; at least one more than ``most`` where there are more."""
    found: set[int] = set()
    with connection.cursor() as cursor:
        for param in params:
            cursor.execute(_LOOSE, (param, value, param, value, most + 1))
            found.update(row[0] for row in cursor.fetchall())
    return sorted(found)


_LOOSE = (
    "WITH RECURSIVE s(system) AS (SELECT MIN(system) FROM records_token WHERE param = %s AND value = %s"
    " UNION ALL SELECT (SELECT MIN(t.system) FROM records_token t WHERE t.param = %s AND t.value = %s"
    " AND t.system > s.system) FROM s WHERE s.system IS NOT NULL)"
    " SELECT system FROM s WHERE system IS NOT NULL LIMIT %s"
)


def _among(field: Field, name: str, pairs: Sequence[tuple[str, str]]) -> Condition:
    """One of many codes of known systems."""
    parts = [Coded(field, name, system, code) for system, code in pairs]
    if not parts:
        return Condition(
            name, lambda: Source("SELECT 0 AS resource WHERE FALSE", ()), _never, lambda _: False
        )
    if len(parts) <= _FEW:
        return any_of(name, [part.condition for part in parts])
    numbers = {(part.value, system) for part in parts for system in part.given or ()}

    def holds(subject: Subject) -> bool:
        return any(p in field.params and (v, s) in numbers for p, v, s in subject.rows.tokens)

    rows = ", ".join(["(%s, %s)"] * len(numbers))
    flat = tuple(one for pair in sorted(numbers) for one in pair)
    text = (
        f"SELECT i.resource FROM (WITH w(value, system) AS (VALUES {rows}) SELECT value, system FROM w) w"
        f" CROSS JOIN records_token i WHERE i.param {marks(field.params)} AND i.value = w.value"
        " AND i.system = w.system"
    )
    return Condition(
        name,
        lambda: Source(text, (*flat, *field.params), span=Span.CODE),
        lambda alias: Sql("TRUE"),
        holds,
        exact=False,
    )


def _never(alias: str) -> Sql:
    return Sql(NEVER)


def _text(field: Field, name: str, wanted: Sequence[str]) -> Condition:
    """Any of the words for people that go with the codes begins so, or a word in them does."""

    def holds(subject: Subject) -> bool:
        found = subject.values(field.code)
        texts = [fold(text) for value in found for text in _words(value)]
        return any(f" {one}" in f" {text}" for one in wanted for text in texts)

    return in_memory(name, holds)


def _words(value: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    for label in ("text", "display"):
        if isinstance(value.get(label), str):
            yield value[label]
    kind = value.get("type")
    if isinstance(kind, dict):
        yield from _words(kind)
    codings = value.get("coding")
    for coding in codings if isinstance(codings, list) else ():
        yield from _words(coding)


def _of_type(field: Field, name: str, value: str) -> Condition:
    parts = [asking.plain(part) for part in asking.split(value, "|")]
    if len(parts) != 3 or not all(parts[1:]):
        raise problems.bad_value(name, value, "system|code|value")
    system, code, number = parts
    base = Coded(field, name, None, number)

    def holds(subject: Subject) -> bool:
        found = subject.values(field.code)
        return any(_typed(one, system, code) and one.get("value") == number for one in found)

    return Condition(name, base.source, base.test, holds, exact=False)


def _typed(identifier: Any, system: str, code: str) -> bool:
    kind = identifier.get("type") if isinstance(identifier, dict) else None
    codings = kind.get("coding") if isinstance(kind, dict) else None
    return any(
        isinstance(one, dict) and one.get("code") == code and one.get("system", "") == system
        for one in (codings if isinstance(codings, list) else ())
    )


def pairs(field: Field, element: Any) -> Iterator[tuple[str, str]]:
    """Code and system of each token in an element of the parameter, as the index rows have them."""
    if isinstance(element, bool):
        yield ("true" if element else "false"), ""
    elif isinstance(element, str):
        yield element, ""
        if "canonical" in field.datatypes:
            yield element.partition("|")[0], ""
    elif isinstance(element, dict):
        codings = element.get("coding", [element])
        for one in codings if isinstance(codings, list) else ():
            found = one if isinstance(one, dict) else {}
            code, system = found.get("code", found.get("value")), found.get("system")
            if isinstance(code, str):
                of_system = isinstance(system, str) and "ContactPoint" not in field.datatypes
                yield code, str(system) if of_system else ""
