"""``_sort`` by tokens, addresses and references, whose rows hold numbers that have no order.

Of references what they point to is looked through in its order. Of tokens and addresses bodies tell it: what is not
too much is opened and sorted. Of more, each value that rows hold is looked at in one resource, and then value after
value is searched for, which an index answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any

from lienthong.records import keys, reading
from lienthong.records.reading import Stored
from lienthong.records.search import planning, problems, references, tokens
from lienthong.records.search.conditions import Condition, Source, Sql, Subject, always, joined, marks
from lienthong.records.search.cursors import Position
from lienthong.records.search.fields import Field
from lienthong.records.search.planning import Plan, Row
from lienthong.records.search.sorting import Key, byte_order

_BEYOND = 1 << 62
MOST_VALUES = 2000
"""Different values that are gone through one after the other."""
AT_ONCE = 10
"""Resources that are first looked at together for what refers to them; of the following ones ever more."""

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
        sort: at least one key is of a token or address, or the first of a reference.
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
        leading = next((n for n, key in enumerate(self.sort) if key.of_body), None)
        if leading is None:
            return self._by_target(start, count, back)
        if leading and all(key.of_body for key in self.sort[leading:]):
            return self._by_leading(leading, start, count, back)
        plain = planning.plan(self.name, self.kinds, self.conditions, [k for k in self.sort if not k.of_body])
        found = plain.page(None, planning.MOST_OPENED + 1) if plain.few else []
        if plain.few and len(found) <= planning.MOST_OPENED:
            return self._sorted(found, start, count, back, len(found))
        values = _values(self.sort[0].field) if self.sort[0].of_body else None
        if values is not None:
            return self._by_value(values, start, count, back)
        found = found or plain.page(None, planning.MOST_OPENED + 1)
        if len(found) > planning.MOST_OPENED:
            raise problems.too_broad("_sort", planning.MOST_OPENED)
        return self._sorted(found, start, count, back, len(found))

    def count(self) -> int:
        """As :meth:`Plan.count`."""
        return planning.plan(self.name, self.kinds, self.conditions, ()).count()

    def _sorted(
        self,
        found: Sequence[tuple[Row, Stored | None]],
        start: Position | None,
        count: int,
        back: bool,
        total: int | None = None,
    ) -> list[tuple[Row, Stored | None]]:
        closed = [row.number for row, stored in found if stored is None]
        bodies = {stored.number: stored for _, stored in found if stored is not None}
        bodies |= {stored.number: stored for stored in reading.fetch(closed)}
        rows = []
        for row, _ in found:
            if row.number in bodies:
                plain, subject = iter(row.keys), Subject(bodies[row.number].resource)
                told = (_told(key, subject) if key.of_body else next(plain) for key in self.sort)
                rows.append(Row(row.number, tuple(told), total))
        place = cmp_to_key(self._compare)
        rows.sort(key=lambda row: place((row.keys, row.number)), reverse=back)
        if start is not None:
            at, side = (start.keys, start.number), -1 if back else 1
            rows = [row for row in rows if self._compare((row.keys, row.number), at) == side]
        return [(row, bodies[row.number]) for row in rows[:count]]

    def _by_leading(
        self, leading: int, start: Position | None, count: int, back: bool
    ) -> list[tuple[Row, Stored | None]]:
        """As the first keys say, which rows tell; what is equal by them is sorted by bodies."""
        plain = plan(self.name, self.kinds, self.conditions, self.sort[:leading])
        begun = None if start is None else start.keys[:leading]
        at = None
        if begun is not None:  # from the first of those that are equal
            at = Position(begun, _BEYOND if self.sort[0].descending != back else -1, back)
        found: list[tuple[Row, Stored | None]] = []
        size = max(2 * count, 50)
        while True:
            rows = plain.page(at, size, back)
            found += rows
            if len(rows) < size:
                return self._sorted(found, start, count, back)
            last = rows[-1][0]
            whole = [one for one in found if one[0].keys != last.keys]
            if sum(one[0].keys != begun for one in whole) >= count:
                return self._sorted(whole, start, count, back)
            if len(found) > planning.MOST_OPENED:
                raise problems.too_broad("_sort", planning.MOST_OPENED)
            at, size = Position(last.keys, last.number, back), min(2 * size, 5000)

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

    def _by_target(self, start: Position | None, count: int, back: bool) -> list[tuple[Row, Stored | None]]:
        """By a reference first: what is referred to, some at a time in their order, and then what refers to them."""
        whole = planning.plan(self.name, self.kinds, self.conditions, self.sort)
        if whole.few or not whole.exact:
            return whole.page(start, count, back)
        key = self.sort[0]
        within = start is not None and start.keys[0] == key.missing
        sections = [True, False] if back else [False, True]
        if start is not None and sections[0] != within:
            del sections[0]
        found: list[tuple[Row, Stored | None]] = []
        for lacking in sections:
            here = start if lacking == within else None
            if lacking and len(found) < count:
                found += whole.lacking(here, count - len(found), back)
                continue
            after, first, size = None if here is None else str(here.keys[0]), True, AT_ONCE
            while len(found) < count:
                targets = _targets(key, after, key.descending != back, size, with_first=first)
                if not targets:
                    break
                conditions = [*self.conditions, self._to(key, targets)]
                inner = planning.plan(self.name, self.kinds, conditions, self.sort)
                rows = inner.page(here, count - len(found), back)
                found += [(row._replace(total=None), stored) for row, stored in rows]
                after, first, size = targets[-1][0], False, min(2 * size, 5000)
        return found

    def _to(self, key: Key, targets: Sequence[tuple[str, int]]) -> Condition:
        """Its first reference of the order is to one of them, which follow each other in that order."""
        assert key.field is not None
        link = references.linked(key.field, self.name, [number for _, number in targets])
        least, most = sorted((targets[0][0], targets[-1][0]))

        def test(alias: str) -> Sql:
            value = key.value(alias)
            between = Sql(f"{value.text} BETWEEN %s AND %s", (*value.args, least, most))
            return joined(" AND ", [link.test(alias), between], "")

        return Condition(self.name, link.source, test, link.holds, tested=False)

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
    by_reference = bool(sort) and sort[0].field is not None and sort[0].field.type == "reference"
    if by_reference or any(key.of_body for key in sort):
        return Ranked(name, kinds, tuple(conditions), tuple(sort))
    return planning.plan(name, kinds, conditions, sort)


def _targets(
    key: Key, after: str | None, descending: bool, most: int, *, with_first: bool
) -> list[tuple[str, int]]:
    """``Type/id`` and number of the next resources that a reference may point to; ``with_first`` that one too."""
    assert key.field is not None
    ref = f"ref{byte_order()}"
    sign = ("<" if descending else ">") + ("=" if with_first else "")
    bound, given = ("", []) if after is None else (f" AND {ref} {sign} %s", [after])
    kinds = key.field.targets
    only = f"type {marks(kinds)}" if kinds else "TRUE"
    text = (
        f"SELECT ref, key FROM records_resource WHERE {only}{bound}"
        f" ORDER BY {ref} {'DESC' if descending else 'ASC'} LIMIT %s"
    )
    return planning.fetched(Sql(text, (*kinds, *given, most)))


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
    rows = planning.fetched(Sql(_VALUES, (*[param] * 4, MOST_VALUES + 1)))
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
    for pair in unknown:
        ((number,),) = planning.fetched(Sql(_ONE_WITH, (param, *pair)))
        for stored in reading.fetch([number] if number else []):
            for code, system in _pairs(field, Subject(stored.resource)):
                _texts[keys.hash64(code), keys.hash32(system)] = f"{code}\0{system}"
    return [_texts[pair] for pair in held if pair in _texts]


_MOST_TEXTS = 100_000
_texts: dict[tuple[int, int], str] = {}
"""Texts of values seen so far, by their numbers."""
