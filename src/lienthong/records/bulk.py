"""Many rows at once: COPY on PostgreSQL, one prepared statement on SQLite."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection

from lienthong.records.index import Rows

COLUMNS = {
    "pack": ("id", "at", "body"),
    "resource": (
        "id",
        "key",
        "ref",
        "type",
        "patient",
        "moment",
        "origin",
        "restricted",
        "version",
        "pack",
        "start",
        "length",
        "hash",
        "deleted",
    ),
    "token": ("param", "value", "system", "resource"),
    "link": ("target", "param", "resource"),
    "string": ("param", "value", "resource"),
    "date": ("param", "low", "high", "resource"),
    "number": ("param", "low", "high", "unit", "resource"),
}
TABLES = {"tokens": "token", "links": "link", "strings": "string", "dates": "date", "numbers": "number"}
"""Kind of index row to its table."""

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_FEW = 8


IndexRows = list[set[tuple[Any, ...]]]
"""Rows by kind, in the order of :data:`TABLES`."""


def rows(found: Rows | None = None) -> IndexRows:
    """The rows of a resource by kind; without one an empty set for each kind."""
    return [set[tuple[Any, ...]]() for _ in TABLES] if found is None else [set(some) for some in found]


def insert_rows(cursor: Any, found: IndexRows) -> None:
    """Inserts index rows in the order of their keys, so that neighbours meet on a page of the tree."""
    for table, some in zip(TABLES.values(), found, strict=True):
        insert(cursor, table, sorted(some))


def delete_rows(cursor: Any, found: IndexRows) -> None:
    """Deletes index rows that are given whole."""
    for table, some in zip(TABLES.values(), found, strict=True):
        delete(cursor, table, some)


def insert(cursor: Any, table: str, rows: Collection[tuple[Any, ...]]) -> None:
    """Inserts rows of :data:`COLUMNS`."""
    if not rows:
        return
    names = ", ".join(COLUMNS[table])
    if connection.vendor == "postgresql" and len(rows) > _FEW:
        with cursor.copy(f"COPY records_{table} ({names}) FROM STDIN") as copy:
            copy.write("".join(map(_line, rows)).encode())
        return
    one = f"({', '.join(['%s'] * len(COLUMNS[table]))})"
    if connection.vendor == "postgresql":
        statement = f"INSERT INTO records_{table} ({names}) VALUES {', '.join([one] * len(rows))}"  # noqa: S608
        cursor.execute(statement, [value for row in rows for value in row])
    else:
        cursor.executemany(f"INSERT INTO records_{table} ({names}) VALUES {one}", rows)  # noqa: S608


def delete(cursor: Any, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Deletes rows that are given whole."""
    listed = list(rows)
    if listed:
        condition = " AND ".join(f"{name} = %s" for name in COLUMNS[table])
        cursor.executemany(f"DELETE FROM records_{table} WHERE {condition}", listed)  # noqa: S608


def _line(row: tuple[Any, ...]) -> str:
    return "\t".join(map(_text, row)) + "\n"


def _text(value: Any) -> str:
    kind = type(value)
    if kind is str:
        return str(value).translate(_ESCAPES)
    if kind is bytes:
        return f"\\\\x{value.hex()}"
    return "\\N" if value is None else str(value)
