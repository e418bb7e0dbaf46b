"""From conditions to rows: by which condition the database begins, and the SELECT that gives one page.

A search that few resources fit gathers them and sorts; one that many fit walks along an index in the order that is
asked for until the page is full. Both cost about the same where :data:`FEW` parts them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection

from lienthong.records import reading
from lienthong.records.reading import Stored
from lienthong.records.search import problems
from lienthong.records.search.conditions import Condition, Source, Sql, Subject, joined, marks
from lienthong.records.search.cursors import Position
from lienthong.records.search.sorting import Key

_VERY_FEW = 100
FEW = 2000
SOME = 30_000
MOST_OPENED = 20_000
"""Bodies that one search may open where only they decide."""

_SAMPLE, _ENOUGH = 400, 2
_STRIDE = 2_654_435_761  # a prime, so that what recurs in the order of storing is hit evenly


class Row(NamedTuple):
    """A resource that the database found: its number and sort keys, and how many there are (None: not counted)."""

    number: int
    keys: tuple[Any, ...]
    total: int | None


@dataclass(frozen=True)
class Plan:
    """How a search runs.

    Attributes:
        name: the parameter to blame when it is too broad.
        conditions: all of them, what may be seen included.
        first: where to begin; None: with the order.
        begun: the condition that ``first`` is of, if it need not be tested again.
        few: so few that sorting all of them is cheap.
    """

    name: str
    kinds: tuple[str, ...]
    conditions: tuple[Condition, ...]
    sort: tuple[Key, ...]
    first: Source | None
    few: bool
    begun: Condition | None = None

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
            return [(row, None) for row in self._rows(start, count, back)]
        found: list[tuple[Row, Stored | None]] = []
        opened = 0
        for rows in self._batches(start, max(2 * count, 20), back):
            found += self._opened(rows)
            opened += len(rows)
            if len(found) >= count:
                break
            if opened >= MOST_OPENED:
                raise problems.too_broad(self.name, MOST_OPENED)
        return found[:count]

    def _batches(self, start: Position | None, size: int, back: bool) -> Iterator[list[Row]]:
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
            start = Position(rows[-1].keys, rows[-1].number, back)
            size = min(size * 2, 1000)

    def count(self) -> int:
        """How many fit.

        Raises:
            LienThongError: more bodies would have to be opened than one search may.
        """
        if not self.exact:
            return len(self.page(None, MOST_OPENED + 1))
        where = joined(" AND ", self._tests(), "TRUE")
        if self.first is None:
            return _number(Sql(f"SELECT COUNT(*) FROM records_resource r WHERE {where.text}", where.args))
        return _number(
            Sql(
                f"WITH picked AS MATERIALIZED (SELECT DISTINCT resource FROM ({self.first.text}) u)"
                " SELECT COUNT(*) FROM picked p CROSS JOIN records_resource r WHERE r.id = p.resource"
                f" AND {where.text}",
                (*self.first.args, *where.args),
            )
        )

    def _tests(self) -> list[Sql]:
        return [condition.test("r") for condition in self.conditions if condition is not self.begun]

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

    def _rows(self, start: Position | None, count: int, back: bool) -> list[Row]:
        if self.first is not None and self.few:
            return self._gathered(start, count, back)
        if self.first is not None:
            return self._streamed(start, count, back)
        walk = self.sort[0].walk if self.sort else None
        if walk is not None:
            return self._walked(walk, start, count, back)
        return self._ordered((), start, count, back)

    def _gathered(self, start: Position | None, count: int, back: bool) -> list[Row]:
        """All that may fit, sorted."""
        assert self.first is not None
        keys = _columns(self.sort, 0)
        where = joined(" AND ", self._tests(), "TRUE")
        inner = (
            f"SELECT r.id AS id{keys.text}, COUNT(*) OVER () AS total FROM picked p CROSS JOIN records_resource r"
            f" WHERE r.id = p.resource AND {where.text}"
        )
        args = (*self.first.args, *keys.args, *where.args)
        head = f"WITH picked AS MATERIALIZED (SELECT DISTINCT resource FROM ({self.first.text}) u) "
        return self._select(Sql(inner, args), start, count, back, head=head)

    def _streamed(self, start: Position | None, count: int, back: bool) -> list[Row]:
        """In the order of numbers, which the first condition's index has."""
        assert self.first is not None
        where = joined(" AND ", self._tests(), "TRUE")
        inner = (
            f"SELECT p.resource AS id FROM ({self.first.text}) p CROSS JOIN records_resource r"
            f" WHERE r.id = p.resource AND {where.text}"
        )
        return self._select(Sql(inner, (*self.first.args, *where.args)), start, count, back)

    def _ordered(
        self, lead: tuple[Any, ...], start: Position | None, count: int, back: bool, more: Sequence[Sql] = ()
    ) -> list[Row]:
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

    def _walked(self, walk: Sql, start: Position | None, count: int, back: bool) -> list[Row]:
        """Along the index of the first key; those without that key come after all others."""
        within = start is not None and start.keys[0] == self.sort[0].missing
        sections = [True, False] if back else [False, True]
        if start is not None and sections[0] != within:
            del sections[0]
        found: list[Row] = []
        for lacking in sections:
            if len(found) < count:
                here = start if lacking == within else None
                rest = count - len(found)
                found += self._lacking(here, rest, back) if lacking else self._having(walk, here, rest, back)
        return found

    def _having(self, walk: Sql, start: Position | None, count: int, back: bool) -> list[Row]:
        keys = _columns(self.sort, 1)
        where = joined(" AND ", self._tests(), "TRUE")
        bound = Sql("")
        if start is not None:
            bound = Sql(f" AND p.k0 {_sign(self.sort, 0, back)}= %s", (start.keys[0],))
        inner = (
            f"SELECT p.resource AS id, p.k0 AS k0{keys.text} FROM ({walk.text}) p CROSS JOIN records_resource r"
            f" WHERE r.id = p.resource{bound.text} AND {where.text}"
        )
        args = (*keys.args, *walk.args, *bound.args, *where.args)
        return self._select(Sql(inner, args), start, count, back)

    def _lacking(self, start: Position | None, count: int, back: bool) -> list[Row]:
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
    ) -> list[Row]:
        names = [*(f"k{n}" for n in range(len(lead), len(self.sort))), "id"]
        signs = [_sign(self.sort, n, back) for n in range(len(lead), len(self.sort) + 1)]
        after = _after(names, signs, (*start.keys[len(lead) :], start.number)) if start else Sql("")
        order = ", ".join(
            f"m.{name} {'ASC' if sign == '>' else 'DESC'}" for name, sign in zip(names, signs, strict=True)
        )
        total = ", m.total" if head else ""
        text = (
            f"{head}SELECT {', '.join(f'm.{name}' for name in names)}{total} FROM ({inner.text}) m{after.text}"
            f" ORDER BY {order} LIMIT %s"
        )
        with connection.cursor() as cursor:
            cursor.execute(text, [*inner.args, *after.args, count])
            found = cursor.fetchall()
        last = len(names) - 1
        return [Row(row[last], (*lead, *row[:last]), row[last + 1] if head else None) for row in found]


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
    """Chooses where to begin, by counting the beginnings of the indexes."""
    given = [(source, condition) for condition in conditions if (source := condition.source()) is not None]
    seekable = [(source, condition) for source, condition in given if not source.scan]
    walks = not sort or sort[0].walk is not None or sort[0].column == "pack"

    def made(first: Source | None, few: bool) -> Plan:
        begun = next((c for source, c in given if source is first and c.tested), None) if first else None
        return Plan(name, kinds, tuple(conditions), tuple(sort), first, few, begun)

    sources = [source for source, _ in seekable]
    points = [source for source in sources if not source.stretch]
    first, size = _smallest(points, FEW)
    if size > _VERY_FEW and len(points) < len(sources):
        other, least = _smallest([source for source in sources if source.stretch], min(size, FEW))
        first, size = (other, least) if least < size else (first, size)
    if not sources and kinds:
        first, size = _smallest([_of_types(kinds)], FEW)
    if size <= FEW:
        return made(first, True)
    narrow = len(given) > 1 or not walks or not all(condition.exact for condition in conditions)
    if sources and narrow and not (walks and _dense(conditions)):
        first, size = _smallest(sources, SOME)
        if size <= SOME:
            return made(first, True)
    if not sources and given:
        return made(given[0][0], True)
    return made(next((source for source in sources if source.ordered and not sort), None), False)


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
    return Source(text, tuple(kinds))


def _smallest(sources: Sequence[Source], most: int) -> tuple[Source | None, int]:
    """The source that gives the least, and how much: at most one more than ``most``."""
    if not sources:
        return None, most + 1
    parts = [f"(SELECT COUNT(*) FROM (SELECT 1 FROM ({source.text}) u LIMIT %s) c)" for source in sources]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(parts)}", [arg for source in sources for arg in (*source.args, most + 1)]
        )
        sizes = cursor.fetchone()
    best = min(range(len(sources)), key=lambda n: sizes[n])
    return sources[best], int(sizes[best])


def _dense(conditions: Sequence[Condition]) -> bool:
    """Whether so many resources fit that walking soon fills a page: asked of a few hundred, spread over the store."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT MAX(id) FROM records_resource")
        last = cursor.fetchone()[0] or 0
    sample = [1 + (n * _STRIDE) % last for n in range(min(_SAMPLE, last))]
    where = joined(" AND ", [condition.test("r") for condition in conditions], "TRUE")
    text = f"SELECT COUNT(*) FROM records_resource r WHERE r.id {marks(sample)} AND {where.text}"
    return bool(sample) and _number(Sql(text, (*sample, *where.args))) >= _ENOUGH


def _number(statement: Sql) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement.text, statement.args)
        return int(cursor.fetchone()[0])
