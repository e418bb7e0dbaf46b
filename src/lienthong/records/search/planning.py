"""From conditions to rows: by which condition the database begins, and the SELECT that gives one page.

A search that few resources fit gathers them and sorts; one that many fit walks along an index in the order that is
asked for until the page is full. Both cost about the same where :data:`FEW` parts them. What is likely is tried first,
within bounds (:meth:`Plan._gather`, :meth:`Plan._walk`); only what that does not settle is counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import attrgetter
from typing import Any, NamedTuple

from django.db import connection

from lienthong.records import reading, sql
from lienthong.records.reading import Stored
from lienthong.records.search import problems
from lienthong.records.search.conditions import SEEK, Condition, Source, Span, Sql, Subject, joined, marks
from lienthong.records.search.cursors import Position
from lienthong.records.search.sorting import Key

_VERY_FEW = 100
FEW = 2000
SOME = 30_000
HANDFUL = 250
"""So few that all of them are tested, sorted and counted in one statement."""
STRETCH = 1000
"""Entries of an index that are looked at on trial."""
MOST_OPENED = 20_000
"""Bodies that one search may open where only they decide."""

_SAMPLE, _ENOUGH = 400, 2
_STRIDE = 2_654_435_761  # a prime, so that what recurs in the order of storing is hit evenly


class Row(NamedTuple):
    """A resource that the database found: its number and sort keys, and how many there are (None: not counted)."""

    number: int
    keys: tuple[Any, ...]
    total: int | None


Found = tuple[Row, Stored | None]
"""A row, and its resource where it was read."""


class Choice(NamedTuple):
    """Where a search begins.

    Attributes:
        first: the source; None: the order.
        few: so few that sorting all of them is cheap.
    """

    first: Source | None
    few: bool


@dataclass(frozen=True)
class Plan:
    """How a search runs.

    Attributes:
        name: the parameter to blame when it is too broad.
        conditions: all of them, what may be seen included.
    """

    name: str
    kinds: tuple[str, ...]
    conditions: tuple[Condition, ...]
    sort: tuple[Key, ...]

    @cached_property
    def sources(self) -> list[tuple[Source, Condition]]:
        """Where the conditions would begin."""
        return [
            (source, condition) for condition in self.conditions if (source := condition.source()) is not None
        ]

    @property
    def few(self) -> bool:
        """Whether so few may fit that sorting all of them is cheap."""
        return self._choice.few

    @property
    def exact(self) -> bool:
        """Whether the database decides alone."""
        return all(condition.exact for condition in self.conditions)

    def page(
        self, start: Position | None, count: int, back: bool | None = None
    ) -> list[tuple[Row, Stored | None]]:
        """The first rows after a position (before it, nearest first, if it says so); bodies where they were opened.

        Args:
            back: without a position, whether from the end.

        Raises:
            LienThongError: more bodies would have to be opened than one search may.
        """
        back = (start is not None and start.back) if back is None else back
        if self.exact:
            found = self._soon(start, count, back)
            return self._rows(start, count, back) if found is None else found
        found = []
        opened = 0
        for rows in self._batches(start, max(2 * count, 20), back):
            found += self._opened([row for row, _ in rows])
            opened += len(rows)
            if len(found) >= count:
                break
            if opened >= MOST_OPENED:
                raise problems.too_broad(self.name, MOST_OPENED)
        return found[:count]

    def _batches(self, start: Position | None, size: int, back: bool) -> Iterator[list[Found]]:
        """The rows after a position, some at a time: what is gathered anyway at once, else ever more."""
        if self.few:
            rows = self._rows(start, MOST_OPENED + 1, back)
            for first in range(0, len(rows), size):
                yield rows[first : first + size]
            return
        while True:
            rows = self._rows(start, size, back)
            yield rows
            if len(rows) < size:
                return
            last, _ = rows[-1]
            start = Position(last.keys, last.number, back)
            size = min(size * 2, 1000)

    def count(self) -> int:
        """How many fit.

        Raises:
            LienThongError: more bodies would have to be opened than one search may.
        """
        if not self.exact:
            return len(self.page(None, MOST_OPENED + 1))
        first = self._choice.first
        where = joined(" AND ", self._tests(first), "TRUE")
        if first is None:
            return _number(Sql(f"SELECT COUNT(*) FROM records_resource r WHERE {where.text}", where.args))
        return _number(
            Sql(
                f"WITH picked AS MATERIALIZED (SELECT DISTINCT resource FROM ({first.text}) u)"
                " SELECT COUNT(*) FROM picked p CROSS JOIN records_resource r WHERE r.id = p.resource"
                f" AND {where.text}",
                (*first.args, *where.args),
            )
        )

    def _tests(self, begun: Source | None = None) -> list[Sql]:
        """The tests of all conditions but that which a source answers already."""
        done = [condition for source, condition in self.sources if source is begun and condition.tested]
        return [condition.test("r") for condition in self.conditions if condition not in done[:1]]

    def _opened(self, rows: Sequence[Row]) -> Iterator[tuple[Row, Stored]]:
        """The rows whose bodies fit too."""
        inexact = [condition for condition in self.conditions if not condition.exact]
        bodies = {stored.number: stored for stored in reading.fetch([row.number for row in rows])}
        for row in rows:
            stored = bodies.get(row.number)
            if stored is not None:
                subject = Subject(stored.resource, stored.number, stored.updated)
                if all(condition.holds(subject) for condition in inexact):
                    yield row._replace(total=None), stored

    def _soon(self, start: Position | None, count: int, back: bool) -> list[Found] | None:
        """The page by what is likely: few begin it, or many fit; None where neither is so."""
        likely = min(
            (source for source, _ in self.sources if not source.scan), key=attrgetter("span"), default=None
        )
        if likely is None and not self.sources and self.kinds:
            likely = _of_types(self.kinds)
        if likely is not None and likely.span is not Span.STRETCH:
            found = self._gather(likely, start, count, back)
            if found is not None:
                return found
        return self._walk(start, count, back) if count <= STRETCH // 2 else None

    def _gather(self, source: Source, start: Position | None, count: int, back: bool) -> list[Found] | None:
        """The page from all that a source gives; None where that is much."""
        most = FEW if source.span < Span.CODE else HANDFUL
        text = f"SELECT u.resource FROM ({source.text}) u LIMIT %s"
        numbers = {number for (number,) in fetched(Sql(text, (*source.args, most + 1)))}
        if len(numbers) > most:
            return None
        where = joined(" AND ", self._tests(source), "TRUE")
        if len(numbers) <= HANDFUL:
            return self._of(sorted(numbers), where, start, count, back)
        if self.sort:
            walked = self._walk(start, count, back) if source.span > Span.OWN else None
            return walked or self._gathered(source, start, count, back)
        rest = sorted(numbers, reverse=not back)
        if start is not None:
            rest = [number for number in rest if (number > start.number if back else number < start.number)]
        found: list[Found] = []
        size = 4 * count
        while rest and len(found) < count:
            part, rest, size = rest[:size], rest[size:], 2 * size
            inner = f"SELECT r.id AS id FROM records_resource r WHERE r.id {marks(part)} AND {where.text}"
            found += self._select(Sql(inner, (*part, *where.args)), None, count - len(found), back)
        return found

    def _of(
        self, numbers: Sequence[int], where: Sql, start: Position | None, count: int, back: bool
    ) -> list[Found]:
        """Those of a handful that fit, sorted and counted."""
        if not numbers:
            return []
        keys = _columns(self.sort, 0)
        inner = (
            f"SELECT r.id AS id{keys.text}, COUNT(*) OVER () AS total FROM records_resource r"
            f" WHERE r.id {marks(numbers)} AND {where.text}"
        )
        return self._select(Sql(inner, (*keys.args, *numbers, *where.args)), start, count, back, total=True)

    def _walk(self, start: Position | None, count: int, back: bool) -> list[Found] | None:
        """The page from a stretch of an index that has the order; None where it does not fill the page."""
        if self.sort:
            found = self._along_key(start, count, back)
        else:
            found = self._along_numbers(start, count, back)
        return found if len(found) == count else None

    def _along_numbers(self, start: Position | None, count: int, back: bool) -> list[Found]:
        ordered = next((source for source, _ in self.sources if source.ordered), None)
        if ordered is None and len(self.kinds) != 1:
            return []
        source = ordered or _of_types(self.kinds)
        where = joined(" AND ", self._tests(source), "TRUE")
        sign, order, end = (">", "ASC", _LAST_NUMBER) if back else ("<", "DESC", 0)
        after = Sql(f" WHERE b.resource {sign} %s", (start.number,)) if start else Sql("")
        border = f"SELECT b.resource FROM ({source.text}) b{after.text} ORDER BY b.resource {order} LIMIT 1 OFFSET %s"
        inner = (
            f"SELECT p.resource AS id FROM ({source.text}) p"
            f" WHERE p.resource {_TURNED[sign]} COALESCE(({border}), %s)"
            f" AND EXISTS (SELECT 1 FROM records_resource r WHERE r.id = p.resource AND {where.text}{SEEK}"
        )
        args = (*source.args, *source.args, *after.args, STRETCH, end, *where.args)
        return self._select(Sql(inner, args), start, count, back)

    def _along_key(self, start: Position | None, count: int, back: bool) -> list[Found]:
        key = self.sort[0]
        walk = key.walk
        if walk is None or (start is None and back) or (start is not None and start.keys[0] == key.missing):
            return []
        sign = _sign(self.sort, 0, back)
        bounds = [Sql(f"k0 {sign}= %s", (start.keys[0],))] if start else []
        within = next((s.within for s, _ in self.sources if s.within and key.only == s.within.param), None)
        if within is not None:
            bounds.append(Sql("k0 >= %s AND k0 <= %s", (within.least, within.most)))
        after = joined(" AND ", bounds, "TRUE")
        values, order = key.values, "ASC" if sign == ">" else "DESC"
        end = replace(key, descending=sign == "<").missing
        stretch = Sql(
            f"p.k0 {_TURNED[sign]}= COALESCE((SELECT b.k0 FROM ({values.text}) b WHERE {after.text}"
            f" ORDER BY b.k0 {order} LIMIT 1 OFFSET %s), %s) AND {after.text}",
            (*values.args, *after.args, STRETCH, end, *after.args),
        )
        return self._having(walk, [stretch], start, count, back)

    def _rows(self, start: Position | None, count: int, back: bool) -> list[Found]:
        first, few = self._choice
        if first is not None and few:
            return self._gathered(first, start, count, back)
        if first is not None:
            return self._streamed(first, start, count, back)
        walk = self.sort[0].walk if self.sort else None
        if walk is not None:
            return self._walked(walk, start, count, back)
        return self._ordered((), start, count, back)

    def _gathered(self, first: Source, start: Position | None, count: int, back: bool) -> list[Found]:
        """All that may fit, sorted."""
        keys = _columns(self.sort, 0)
        where = joined(" AND ", self._tests(first), "TRUE")
        inner = (
            f"SELECT r.id AS id{keys.text}, COUNT(*) OVER () AS total FROM picked p CROSS JOIN records_resource r"
            f" WHERE r.id = p.resource AND {where.text}"
        )
        args = (*first.args, *keys.args, *where.args)
        head = f"WITH picked AS MATERIALIZED (SELECT DISTINCT resource FROM ({first.text}) u) "
        return self._select(Sql(inner, args), start, count, back, head=head, total=True)

    def _streamed(self, first: Source, start: Position | None, count: int, back: bool) -> list[Found]:
        """In the order of numbers, which the first condition's index has."""
        where = joined(" AND ", self._tests(first), "TRUE")
        inner = (
            f"SELECT p.resource AS id FROM ({first.text}) p CROSS JOIN records_resource r"
            f" WHERE r.id = p.resource AND {where.text}"
        )
        return self._select(Sql(inner, (*first.args, *where.args)), start, count, back)

    def _ordered(
        self, lead: tuple[Any, ...], start: Position | None, count: int, back: bool, more: Sequence[Sql] = ()
    ) -> list[Found]:
        """Of the whole table, in the order of the keys; ``lead`` are the first keys, the same for all."""
        keys = _columns(self.sort, len(lead))
        where = joined(" AND ", [*self._tests(), *more], "TRUE")
        table = "records_resource r"
        if self.sort and self.sort[0].column == "pack":  # SQLite would rather sort all of a type
            keys = Sql(f", q.id AS k0{_columns(self.sort, 1).text}", _columns(self.sort, 1).args)
            table = "records_pack q CROSS JOIN records_resource r"
            where = Sql(f"r.pack = q.id AND {where.text}", where.args)
        inner = f"SELECT r.id AS id{keys.text} FROM {table} WHERE {where.text}"
        return self._select(Sql(inner, (*keys.args, *where.args)), start, count, back, lead=lead)

    def _walked(self, walk: Sql, start: Position | None, count: int, back: bool) -> list[Found]:
        """Along the index of the first key; those without that key come after all others."""
        within = start is not None and start.keys[0] == self.sort[0].missing
        sections = [True, False] if back else [False, True]
        if start is not None and sections[0] != within:
            del sections[0]
        found: list[Found] = []
        for lacking in sections:
            if len(found) < count:
                here = start if lacking == within else None
                rest = count - len(found)
                found += (
                    self.lacking(here, rest, back) if lacking else self._all_having(walk, here, rest, back)
                )
        return found

    def _all_having(self, walk: Sql, start: Position | None, count: int, back: bool) -> list[Found]:
        bound = []
        if start is not None:
            bound = [Sql(f"p.k0 {_sign(self.sort, 0, back)}= %s", (start.keys[0],))]
        return self._having(walk, bound, start, count, back)

    def _having(
        self, walk: Sql, bounds: Sequence[Sql], start: Position | None, count: int, back: bool
    ) -> list[Found]:
        keys = _columns(self.sort, 1)
        bound = joined(" AND ", bounds, "TRUE")
        where = joined(" AND ", self._tests(), "TRUE")
        if len(self.sort) > 1:
            inner = (
                f"SELECT p.resource AS id, p.k0 AS k0{keys.text} FROM ({walk.text}) p CROSS JOIN records_resource r"
                f" WHERE r.id = p.resource AND {bound.text} AND {where.text}"
            )
        else:
            inner = (
                f"SELECT p.resource AS id, p.k0 AS k0 FROM ({walk.text}) p WHERE {bound.text}"
                f" AND EXISTS (SELECT 1 FROM records_resource r WHERE r.id = p.resource AND {where.text}{SEEK}"
            )
        args = (*keys.args, *walk.args, *bound.args, *where.args)
        return self._select(Sql(inner, args), start, count, back)

    def lacking(self, start: Position | None, count: int, back: bool) -> list[Found]:
        """Of those that lack the first key, which come after all others: the first after a position among them."""
        key, missing = self.sort[0].value("r"), self.sort[0].missing
        test = Sql(f"{key.text} = %s", (*key.args, missing))
        return self._ordered((missing,), start, count, back, [test])

    def _select(
        self,
        inner: Sql,
        start: Position | None,
        count: int,
        back: bool,
        *,
        head: str = "",
        lead: tuple[Any, ...] = (),
        total: bool = False,
    ) -> list[Found]:
        """The rows of a SELECT in order; with the resources, unless only bodies decide which of them fit."""
        names = [*(f"k{n}" for n in range(len(lead), len(self.sort))), "id"]
        signs = [_sign(self.sort, n, back) for n in range(len(lead), len(self.sort) + 1)]
        after = _after(names, signs, (*start.keys[len(lead) :], start.number)) if start else Sql("")
        order = " ORDER BY " + ", ".join(
            f"m.{name} {'ASC' if sign == '>' else 'DESC'}" for name, sign in zip(names, signs, strict=True)
        )
        listed = ", ".join([*(f"m.{name}" for name in names), *(["m.total"] if total else [])])
        text = f"SELECT {listed} FROM ({inner.text}) m{after.text}{order} LIMIT %s"
        if self.exact:
            text = sql.READ_THOSE.format(more=listed, those=text) + order
        found = fetched(Sql(head + text, (*inner.args, *after.args, count)))
        last = len(names) - 1
        rows = [Row(row[last], (*lead, *row[:last]), row[last + 1] if total else None) for row in found]
        if not self.exact:
            return [(row, None) for row in rows]
        bodies = reading.stored([row[last + 1 + total :] for row in found])
        return list(zip(rows, bodies, strict=True))

    @cached_property
    def _choice(self) -> Choice:
        """Where to begin, by counting the beginnings of the indexes."""
        given = self.sources
        sources = [source for source, _ in given if not source.scan]
        walks = not self.sort or self.sort[0].walk is not None or self.sort[0].column == "pack"
        points = [source for source in sources if source.span is not Span.STRETCH]
        first, size = _smallest(points, FEW)
        if size > _VERY_FEW and len(points) < len(sources):
            stretches = [source for source in sources if source.span is Span.STRETCH]
            other, least = _smallest(stretches, min(size, FEW))
            first, size = (other, least) if least < size else (first, size)
        if not sources and self.kinds:
            first, size = _smallest([_of_types(self.kinds)], FEW)
        if size <= FEW:
            return Choice(first, True)
        narrow = len(given) > 1 or not walks or not self.exact
        if sources and narrow and not (walks and _dense(self.conditions)):
            first, size = _smallest(sources, SOME)
            if size <= SOME:
                return Choice(first, True)
        if not sources and given:
            return Choice(given[0][0], True)
        return Choice(next((s for s in sources if s.ordered and not self.sort), None), False)


_LAST_NUMBER = 2**62
_TURNED = {"<": ">", ">": "<"}


def _columns(sort: Sequence[Key], first: int) -> Sql:
    """``, expression AS k1`` for the keys from a number on."""
    keys = [(n, key.value("r")) for n, key in enumerate(sort) if n >= first]
    return Sql(
        "".join(f", {key.text} AS k{n}" for n, key in keys), tuple(a for _, key in keys for a in key.args)
    )


def _sign(sort: Sequence[Key], n: int, back: bool) -> str:
    """``>`` or ``<`` for what comes after by a key; the number, which is last, follows the first key. Without any,
    the newest come first: what is added meanwhile is before the first page, and what is asked for is mostly recent."""
    descending = sort[n if n < len(sort) else 0].descending if sort else True
    return "<" if descending != back else ">"


def _after(names: Sequence[str], signs: Sequence[str], values: Sequence[Any]) -> Sql:
    """Strictly after a place in an order."""
    parts = []
    for n, (name, sign) in enumerate(zip(names, signs, strict=True)):
        same = "".join(f"m.{before} = %s AND " for before in names[:n])
        parts.append(Sql(f"{same}m.{name} {sign} %s", tuple(values[: n + 1])))
    text, args = joined(" OR ", parts, "TRUE")
    return Sql(f" WHERE {text}", args)


def plan(name: str, kinds: tuple[str, ...], conditions: Sequence[Condition], sort: Sequence[Key]) -> Plan:
    """How a search runs."""
    return Plan(name, kinds, tuple(conditions), tuple(sort))


def everything(name: str, kinds: tuple[str, ...], conditions: Sequence[Condition], most: int) -> list[Stored]:
    """All resources that fit.

    Raises:
        LienThongError: more than ``most``.
    """
    found = plan(name, kinds, conditions, ()).page(None, most + 1)
    if len(found) > most:
        raise problems.too_broad(name, most)
    opened = [stored for _, stored in found if stored is not None]
    return opened or reading.fetch([row.number for row, _ in found])


def _of_types(kinds: Sequence[str]) -> Source:
    text = f"SELECT id AS resource FROM records_resource WHERE type {marks(kinds)}"
    return Source(text, tuple(kinds), ordered=len(kinds) == 1, span=Span.CODE)


def _smallest(sources: Sequence[Source], most: int) -> tuple[Source | None, int]:
    """The source that gives the least, and how much: at most one more than ``most``."""
    if not sources:
        return None, most + 1
    parts = [f"(SELECT COUNT(*) FROM (SELECT 1 FROM ({source.text}) u LIMIT %s) c)" for source in sources]
    args = tuple(arg for source in sources for arg in (*source.args, most + 1))
    (sizes,) = fetched(Sql(f"SELECT {', '.join(parts)}", args))
    best = min(range(len(sources)), key=lambda n: sizes[n])
    return sources[best], int(sizes[best])


def _dense(conditions: Sequence[Condition]) -> bool:
    """Whether so many resources fit that walking soon fills a page: asked of a few hundred, spread over the store."""
    last = fetched(Sql("SELECT MAX(id) FROM records_resource"))[0][0] or 0
    sample = [1 + (n * _STRIDE) % last for n in range(min(_SAMPLE, last))]
    where = joined(" AND ", [condition.test("r") for condition in conditions], "TRUE")
    text = f"SELECT COUNT(*) FROM records_resource r WHERE r.id {marks(sample)} AND {where.text}"
    return bool(sample) and _number(Sql(text, (*sample, *where.args))) >= _ENOUGH


def _number(statement: Sql) -> int:
    return int(fetched(statement)[0][0])


def fetched(statement: Sql) -> list[tuple[Any, ...]]:
    """What a statement gives."""
    with connection.cursor() as cursor:
        cursor.execute(statement.text, statement.args)
        return list(cursor.fetchall())
