"""``_sort`` by tokens and addresses. Their rows hold numbers that have no order, so bodies tell it.

What is not too much is opened and sorted. Of more, each value that rows hold is looked at in one resource, and then
value after value is searched for, which an index answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any

from django.db import connection

from lienthong.records import keys, reading
from lienthong.records.reading import Stored
from lienthong.records.search import planning, problems, tokens
from lienthong.records.search.conditions import Condition, Source, Subject, always, marks
from lienthong.records.search.cursors import Position
from lienthong.records.search.fields import Field
from lienthong.records.search.planning import Plan, Row
from lienthong.records.search.sorting import Key

MOST_VALUES = 2000
"""Different values that are gone through one after the other."""

_VALUES = (
    "WITH RECURSIVE v(value) AS (SELECT MIN(value) FROM records_token WHERE param = %s"
    " UNION ALL SELECT (SELECT MIN(t.value) FROM records_token t WHERE t.param = %s AND t.value > v.value)"
    " FROM v WHERE v.value IS NOT NULL)"
    " SELECT value, (SELECT MIN(system) FROM records_token t WHERE t.param = %s AND t.value = v.value),"
    " (SELECT MAX(system) FROM records_token t WHERE t.param = %s AND t.value = v.value)"
    " FROM v WHERE value IS NOT NULL LIMIT %s"
)
_ONE_WITH = "SELECT MIN(resource) FROM records_token WHERE param = %s AND value = %s AND system = %s"


@dataclass(frozen=True)
class Ranked:
    """A search whose order bodies tell; it gives pages as :class:`Plan` does.

    Attributes:
        name: the parameter to blame when it is too broad.
        sort: at least one key is of a token or address.
    """

    name: str
    kinds: tuple[str, ...]
    conditions: tuple[Condition, ...]
    sort: tuple[Key, ...]

    def page(
        self, start: Position | None, count: int, back: bool | None = None
    ) -> list[tuple[Row, Stored | None]]:
        """As :meth:`Plan.page`.

        Raises:
            LienThongError: too many resources, and too many values.
        """
        back = (start is not None and start.back) if back is None else back
        plain = planning.plan(self.name, self.kinds, self.conditions, [k for k in self.sort if not k.of_body])
        found = plain.page(None, planning.MOST_OPENED + 1) if plain.few else []
        if plain.few and len(found) <= planning.MOST_OPENED:
            return self._sorted(found, start, count, back)
        values = _values(self.sort[0].field) if self.sort[0].of_body else None
        if values is not None:
            return self._by_value(values, start, count, back)
        found = found or plain.page(None, planning.MOST_OPENED + 1)
        if len(found) > planning.MOST_OPENED:
            raise problems.too_broad("_sort", planning.MOST_OPENED)
        return self._sorted(found, start, count, back)

    def count(self) -> int:
        """As :meth:`Plan.count`."""
        return planning.plan(self.name, self.kinds, self.conditions, ()).count()

    def _sorted(
        self, found: Sequence[tuple[Row, Stored | None]], start: Position | None, count: int, back: bool
    ) -> list[tuple[Row, Stored | None]]:
        closed = [row.number for row, stored in found if stored is None]
        bodies = {stored.number: stored for _, stored in found if stored is not None}
        bodies |= {stored.number: stored for stored in reading.fetch(closed)}
        rows = []
        for row, _ in found:
            if row.number in bodies:
                plain, subject = iter(row.keys), Subject(bodies[row.number].resource)
                told = (_told(key, subject) if key.of_body else next(plain) for key in self.sort)
                rows.append(Row(row.number, tuple(told), len(found)))
        place = cmp_to_key(self._compare)
        rows.sort(key=lambda row: place((row.keys, row.number)), reverse=back)
        if start is not None:
            at, side = (start.keys, start.number), -1 if back else 1
            rows = [row for row in rows if self._compare((row.keys, row.number), at) == side]
        return [(row, bodies[row.number]) for row in rows[:count]]

    def _compare(self, one: _Place, other: _Place) -> int:
        for key, mine, its in zip(self.sort, one[0], other[0], strict=True):
            if mine != its:
                return _order(mine, its, key.descending)
        return 0 if one[1] == other[1] else _order(one[1], other[1], self._newest_first)

    @property
    def _newest_first(self) -> bool:
        """What resources with the same keys are ordered by: as their rows are within one value."""
        return next((key.descending for key in self.sort if not key.of_body), True)

    def _by_value(
        self, values: Sequence[str], start: Position | None, count: int, back: bool
    ) -> list[tuple[Row, Stored | None]]:
        """Value after value, then what has none; within each as the further keys say."""
        first, *further = self.sort
        order = [*sorted(values, reverse=first.descending), None]
        found: list[tuple[Row, Stored | None]] = []
        for value in reversed(order) if back else order:
            here = None
            if start is not None:
                if value == start.keys[0]:
                    here = Position(start.keys[1:], start.number, back)
                elif _order(value, start.keys[0], first.descending) != (-1 if back else 1):
                    continue
            conditions = [*self.conditions, self._with(first, value)]
            inner = plan(self.name, self.kinds, conditions, further)
            for row, stored in inner.page(here, count - len(found), back):
                found.append((Row(row.number, (value, *row.keys), None), stored))
            if len(found) >= count:
                break
        return found

    def _with(self, key: Key, value: str | None) -> Condition:
        """Has that value as its first, or none."""
        field = key.field
        assert field is not None

        def holds(subject: Subject) -> bool:
            return _told(key, subject) == value

        if value is not None:
            code, _, system = value.partition("\0")
            having = tokens.Coded(field, self.name, system, code)
            return Condition(self.name, having.source, having.test, holds, exact=False)
        text = (
            f"SELECT id AS resource FROM records_resource WHERE type {marks(self.kinds)}"
            f" EXCEPT SELECT resource FROM records_token WHERE param {marks(field.params)}"
        )
        lacking = Source(text, (*self.kinds, *field.params))
        return Condition(self.name, lambda: lacking, always, holds, exact=False)


_Place = tuple[tuple[Any, ...], int]


def plan(
    name: str, kinds: tuple[str, ...], conditions: Sequence[Condition], sort: Sequence[Key]
) -> Plan | Ranked:
    """How a search with this order runs."""
    if any(key.of_body for key in sort):
        return Ranked(name, kinds, tuple(conditions), tuple(sort))
    return planning.plan(name, kinds, conditions, sort)


def _order(one: Any, other: Any, descending: bool) -> int:
    """-1 or 1; what lacks a key comes last."""
    if one is None or other is None:
        return 1 if one is None else -1
    return -1 if (one < other) != descending else 1


def _told(key: Key, subject: Subject) -> str | None:
    """The first of the order of a resource's values: the code, then the system."""
    assert key.field is not None
    texts = (f"{code}\0{system}" for code, system in _pairs(key.field, subject))
    return (max if key.descending else min)(texts, default=None)


def _pairs(field: Field, subject: Subject) -> Iterator[tuple[str, str]]:
    for element in subject.values(field.code):
        yield from tokens.pairs(field, element)


def _values(field: Field | None) -> list[str] | None:
    """The different values that the store has; None where they are too many, or rows hold others too."""
    if field is None or field.narrower or len(field.params) != 1:
        return None
    (param,) = field.params
    with connection.cursor() as cursor:
        cursor.execute(_VALUES, [param] * 4 + [MOST_VALUES + 1])
        rows = cursor.fetchall()
    held = [
        (value, system)
        for value, least, most in rows
        for system in ([least] if least == most else tokens.systems([param], value, MOST_VALUES))
    ]
    if len(held) > MOST_VALUES:
        return None
    unknown = [pair for pair in held if pair not in _texts]
    if len(_texts) + len(unknown) > _MOST_TEXTS:
        _texts.clear()
    with connection.cursor() as cursor:
        for pair in unknown:
            cursor.execute(_ONE_WITH, (param, *pair))
            ((number,),) = cursor.fetchall()
            for stored in reading.fetch([number] if number else []):
                for code, system in _pairs(field, Subject(stored.resource)):
                    _texts[keys.hash64(code), keys.hash32(system)] = f"{code}\0{system}"
    return [_texts[pair] for pair in held if pair in _texts]


_MOST_TEXTS = 100_000
_texts: dict[tuple[int, int], str] = {}
"""Texts of values seen so far, by their numbers."""
