"""The SQL of the index, by name. The same text runs on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection

LOCK = (
    "INSERT INTO identity_progress (name, position) VALUES ('write', 0)"
    " ON CONFLICT (name) DO UPDATE SET position = identity_progress.position"
)
OF = "SELECT id, person, fields, shown, gone FROM identity_registration WHERE fhir_id = %s AND facility = %s"
INSERT = (
    "INSERT INTO identity_registration (facility, fhir_id, person, fields, shown) VALUES (%s, %s, 0, %s, %s)"
    " RETURNING id"
)
ALONE = "UPDATE identity_registration SET person = id WHERE id = %s"
ALL_ALONE = "UPDATE identity_registration SET person = id WHERE person = 0"
UPDATE = "UPDATE identity_registration SET fields = %s, shown = %s WHERE id = %s"
KEEP = (
    "INSERT INTO identity_past (registration, at, fields, shown)"
    " SELECT id, %s, fields, shown FROM identity_registration WHERE id = %s"
)
INSERT_KEY = "INSERT INTO identity_key (block, registration) VALUES (%s, %s) ON CONFLICT DO NOTHING"
DELETE_KEY = "DELETE FROM identity_key WHERE block = %s AND registration = %s"
IN_BLOCK = (
    "SELECT * FROM (SELECT block, registration FROM identity_key WHERE block = %s ORDER BY registration"
    " LIMIT {most}) b{n}"
)
ROWS = "SELECT id, facility, fhir_id, person, fields, shown, gone FROM identity_registration WHERE id IN ({marks})"
AFTER = (
    "SELECT id, facility, fhir_id, person, fields, shown, gone FROM identity_registration WHERE id > %s ORDER BY id"
    " LIMIT %s"
)
MEMBERS = (
    "SELECT id, facility, fhir_id, person, fields, shown, gone FROM identity_registration WHERE person IN ({marks})"
    " ORDER BY id"
)
SET_GONE = "UPDATE identity_registration SET gone = %s WHERE id = %s"
MOVE = "UPDATE identity_registration SET person = %s WHERE id = %s"
SAID_OF = (
    "SELECT event, first, second, source, value, bits FROM identity_said"
    " WHERE first IN ({marks}) OR second IN ({marks})"
)
SAID_BY = "SELECT event, first, second, source, value, bits FROM identity_said WHERE event IN ({marks})"
UNDOING = "SELECT id, undoes FROM identity_event WHERE undoes IN ({marks})"
INSERT_SAID = (
    "INSERT INTO identity_said (event, first, second, source, value, bits) VALUES (%s, %s, %s, %s, %s, %s)"
)
ASK = (
    "INSERT INTO identity_question (first, second, bits, reason, at, open) VALUES (%s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (first, second) DO UPDATE SET bits = excluded.bits, reason = excluded.reason"
)
_WAITING = (
    " FROM identity_question q JOIN identity_registration a ON a.id = q.first"
    " JOIN identity_registration b ON b.id = q.second WHERE q.open AND a.person <> b.person"
    " AND a.gone = '' AND b.gone = ''"
    " AND (%s = '' OR a.facility = %s OR b.facility = %s)"
)
PENDING = (
    "SELECT q.first, q.second, q.bits, q.reason, q.at"
    + _WAITING
    + " ORDER BY q.bits DESC, q.id LIMIT %s OFFSET %s"
)
PENDING_COUNT = "SELECT COUNT(*)" + _WAITING
QUESTIONS = "SELECT first, second FROM identity_question WHERE open AND second IN ({marks})"
FORGET = "DELETE FROM identity_question WHERE open AND first = %s AND second = %s"
FORGET_ALL = "DELETE FROM identity_question WHERE open AND (first = %s OR second = %s)"
STATE = (
    "SELECT (SELECT MAX(id) FROM identity_registration), (SELECT MAX(id) FROM identity_past),"
    " (SELECT MAX(id) FROM identity_event)"
)
NEW_SINCE = "SELECT COUNT(*) FROM identity_registration WHERE id > %s"
CHANGED_SINCE = "SELECT COUNT(DISTINCT registration) FROM identity_past WHERE id > %s"
EVENTS_SINCE = "SELECT COUNT(*) FROM identity_event WHERE id > %s"
NUMBERS = (
    "SELECT n.registration, n.system, n.value, n.since, n.until, r.facility, r.fhir_id, r.person"
    " FROM identity_number n JOIN identity_registration r ON r.id = n.registration WHERE {where} ORDER BY n.id"
)
SYSTEM = "SELECT 1 FROM identity_number WHERE system = %s LIMIT 1"

_CHUNK = 400


def run(statement: str, parameters: Sequence[Any] = ()) -> None:
    """Executes a statement whose rows nobody wants."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def many(statement: str, rows: Sequence[Sequence[Any]]) -> None:
    """Executes a statement for each of the rows, if there are any."""
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def all_rows(statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of a statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def among(statement: str, values: Iterable[int], *, lists: int = 1) -> list[tuple[Any, ...]]:
    """The rows of a statement with ``{marks}``, in portions; ``lists``: how many lists of the values it has."""
    wanted = sorted(set(values))
    found: list[tuple[Any, ...]] = []
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        found += all_rows(statement.format(marks=", ".join(["%s"] * len(chunk))), chunk * lists)
    return found


def in_blocks(keys: Sequence[int], most: int) -> list[tuple[int, int]]:
    """Block and registration of each block, ``most`` + 1 registrations of one at most."""
    if not keys:
        return []
    parts = (IN_BLOCK.format(most=most + 1, n=n) for n in range(len(keys)))
    return [(block, one) for block, one in all_rows(" UNION ALL ".join(parts), keys)]
