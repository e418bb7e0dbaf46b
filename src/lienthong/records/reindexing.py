"""Makes all index rows anew when the rules by which they are made have changed."""

from __future__ import annotations

import logging

from django.db import connection, transaction

from lienthong.foundation import json
from lienthong.records import bulk, index, reading, sql

RULES = 1
"""Raised with every release whose index rows differ from those of the release before."""

log = logging.getLogger(__name__)

_AT_ONCE = 2000


def bring_up() -> int:
    """Before anything is written or searched: the rows of every resource by the present rules; returns of how many.
    When it is cut off, the next call goes on where it was."""
    if _counter("index") == RULES:
        return 0
    if _counter("reindexed") == 0:
        with transaction.atomic(), connection.cursor() as cursor:
            for table in bulk.TABLES.values():
                cursor.execute(f"DELETE FROM records_{table}")  # noqa: S608
    done = 0
    while True:
        with transaction.atomic():
            found = _next(_counter("reindexed"))
            if not found:
                _set("index", RULES)
                _set("reindexed", 0)
                return done
            _insert(found)
            _set("reindexed", found[-1][0])
        done += len(found)
        log.info("%d resources indexed anew", done)


def _next(after: int) -> list[tuple[int, int, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(sql.PLACES_AFTER, (after, _AT_ONCE))
        return list(cursor.fetchall())


def _insert(found: list[tuple[int, int, int, int]]) -> None:
    packs = reading.packs(pack for _, pack, _, _ in found)
    fresh = bulk.rows()
    for number, pack, start, length in found:
        rows = index.rows(json.loads(packs[pack][start : start + length]))
        for all_rows, some in zip(fresh, bulk.rows(rows), strict=True):
            all_rows.update((*row, number) for row in some)
    with connection.cursor() as cursor:
        bulk.insert_rows(cursor, fresh)


def _counter(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql.COUNTER, (name,))
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def _set(name: str, value: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SET_COUNTER, (name, value))
