"""``_sort``: keys by which a page is ordered and continued. What lacks a key comes last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lienthong.records.search import fields, problems
from lienthong.records.search.conditions import Sql, marks
from lienthong.records.search.fields import Field
from lienthong.records.search.strings import LAST

_MOST = 4
_FURTHEST = 2**62 + 1
_LARGEST = 1.7976931348623157e308
_TABLES = {"date": "records_date", "number": "records_number", "quantity": "records_number"}


@dataclass(frozen=True, slots=True)
class Key:
    """One sort key.

    Attributes:
        field: a parameter of any type but composite and special; None for ``_id`` and ``_lastUpdated``.
        column: of ``records_resource``, for those two.
    """

    field: Field | None
    descending: bool
    column: str = ""

    @property
    def of_body(self) -> bool:
        """Whether rows do not tell the key (:mod:`.ranks`)."""
        return self.field is not None and self.field.type in ("token", "uri")

    @property
    def missing(self) -> Any:
        """What stands for a key that a resource lacks: beyond all others."""
        assert self.field is not None
        if self.field.type in ("string", "reference"):
            return "" if self.descending else LAST
        far: float = _FURTHEST if self.field.type == "date" else _LARGEST
        return -far if self.descending else far

    def value(self, alias: str) -> Sql:
        """The key of a ``records_resource`` row: of several dates or numbers the first of the order; of texts the
        longest, since a text's single words have rows too; of references ``Type/id`` of what is here."""
        if self.field is None:
            return Sql(f"{alias}.{self.column}")
        best = "MAX" if self.descending else "MIN"
        where = f"WHERE k.resource = {alias}.id AND +k.param {marks(self.field.params)}"
        if self.field.type == "string":
            text = (
                f"SELECT k.value FROM records_string k {where} ORDER BY LENGTH(k.value) DESC, k.value LIMIT 1"
            )
        elif self.field.type == "reference":
            only = self.field.targets if self.field.narrower else []
            text = (
                f"SELECT {best}(t.ref) FROM records_link k CROSS JOIN records_resource t {where}"
                f" AND t.key = k.target{f' AND t.type {marks(only)}' if only else ''}"
            )
            return Sql(f"COALESCE(({text}), %s)", (*self.field.params, *only, self.missing))
        else:
            text = f"SELECT {best}(k.low) FROM {_TABLES[self.field.type]} k {where}"
        return Sql(f"COALESCE(({text}), %s)", (*self.field.params, self.missing))

    @property
    def only(self) -> int:
        """The number of a parameter of which a resource has one row at most; 0 where it may have several."""
        field = self.field
        return field.params[0] if field and field.single and len(field.params) == 1 else 0

    @property
    def values(self) -> Sql:
        """A SELECT of ``k0``: every value that rows of the key have, for which an index has the order."""
        assert self.field is not None
        column, table = (
            ("value", "records_string") if self.field.type == "string" else ("low", _TABLES[self.field.type])
        )
        return Sql(
            f"SELECT {column} AS k0 FROM {table} WHERE param {marks(self.field.params)}", self.field.params
        )

    @property
    def walk(self) -> Sql | None:
        """A SELECT of ``resource`` and ``k0``, one row for each resource that has the key, for which an index has the
        order; None without."""
        if self.field is None or len(self.field.params) != 1 or self.field.type == "reference":
            return None
        (param,) = self.field.params
        if self.field.type == "string":
            longer = "LENGTH(e.value) > LENGTH(d.value) OR (LENGTH(e.value) = LENGTH(d.value) AND e.value < d.value)"
            return Sql(
                "SELECT d.resource AS resource, d.value AS k0 FROM records_string d WHERE d.param = %s"
                " AND NOT EXISTS (SELECT 1 FROM records_string e WHERE e.resource = d.resource"
                f" AND +e.param = %s AND ({longer}) LIMIT 1 OFFSET 0)",
                (param, param),
            )
        table, sign = _TABLES[self.field.type], ">" if self.descending else "<"
        rest = "(e.high, e.unit)" if self.field.type != "date" else "e.high"
        mine = "(d.high, d.unit)" if self.field.type != "date" else "d.high"
        return Sql(
            f"SELECT d.resource AS resource, d.low AS k0 FROM {table} d WHERE d.param = %s"
            f" AND NOT EXISTS (SELECT 1 FROM {table} e WHERE e.resource = d.resource AND +e.param = %s"
            f" AND (e.low {sign} d.low OR (e.low = d.low AND {rest} {sign} {mine})) LIMIT 1 OFFSET 0)",
            (param, param),
        )


def keys(kinds: tuple[str, ...], given: str) -> list[Key]:
    """The keys of ``_sort=-date,name``.

    Raises:
        LienThongError: a parameter that is not known, or by which is not sorted.
    """
    found: list[Key] = []
    for part in (one.strip() for one in given.split(",")):
        if not part:
            continue
        code, descending = part.removeprefix("-"), part.startswith("-")
        column = {"_id": "ref", "_lastUpdated": "pack"}.get(code, "")
        field = None if column else fields.field(kinds, code)
        if not column and field is None:
            raise problems.unknown_parameter(code, "/".join(kinds[:3]), fields.known(kinds))
        if field is not None and field.type in ("composite", "special"):
            raise problems.unsupported(
                f"_sort={part}",
                "Tham số ghép và tham số near không có thứ tự.",
                "Composite parameters and near have no order.",
            )
        found.append(Key(field, descending, column))
    if len(found) > _MOST:
        raise problems.too_complex("_sort", _MOST)
    return found
