"""Reading the store. Nothing here writes; whoever shows a record writes the audit event first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import zstandard
from django.db import connection

from lienthong.foundation import json
from lienthong.foundation.text import name_words
from lienthong.records import keys, sql, values

Resource = dict[str, Any]

_CHUNK = 400
_EVERYTHING = 1 << 31
_LAST = "\uffff"


@dataclass(frozen=True)
class Stored:
    """A version of a resource.

    Attributes:
        type, id: as in ``Type/id``.
        version: 1 for the first.
        updated: when it was committed, ISO 8601 UTC.
        moment: its clinical time, ISO 8601 UTC, or empty.
        origin: the set it belongs to, e.g. ``his-xml/24011/LK0001``; empty for shared ones (Patient …).
        restricted: labelled as specially protected.
        deleted: this version says that it is gone.
        body: its JSON as stored.
    """

    type: str
    id: str
    version: int
    updated: str
    moment: str
    origin: str
    restricted: bool
    deleted: bool
    body: bytes

    @cached_property
    def resource(self) -> Resource:
        """The resource as a dictionary, with ``meta.versionId`` and ``meta.lastUpdated``."""
        resource: Resource = json.loads(self.body)
        resource["meta"] = {
            "versionId": str(self.version),
            "lastUpdated": self.updated,
            **resource.get("meta", {}),
        }
        return resource

    @property
    def ref(self) -> str:
        """``Type/id``."""
        return f"{self.type}/{self.id}"


def read(type: str, id: str) -> Stored | None:
    """The current version, or None; also None when it was deleted."""
    return read_many([f"{type}/{id}"]).get(f"{type}/{id}")


def read_many(refs: Iterable[str]) -> dict[str, Stored]:
    """The current versions of several ``Type/id``, by that text; missing ones are left out."""
    wanted = list(dict.fromkeys(refs))
    found: dict[str, Stored] = {}
    for start in range(0, len(wanted), _CHUNK):
        chunk = [keys.ref_key(ref) for ref in wanted[start : start + _CHUNK]]
        for stored in _fetch(sql.READ_REFS.format(marks=sql.marks(len(chunk))), chunk):
            if not stored.deleted:
                found[stored.ref] = stored
    return found


def history(type: str, id: str) -> list[Stored]:
    """All versions, newest first."""
    key = keys.ref_key(f"{type}/{id}")
    return _fetch(sql.READ_REFS.format(marks="%s"), [key]) + _fetch(sql.HISTORY, [key])


def for_patient(
    patient: str,
    types: Sequence[str] | None = None,
    *,
    since: str = "",
    until: str = "",
    limit: int | None = None,
    with_restricted: bool = False,
) -> list[Stored]:
    """What belongs to a patient (FHIR id), newest moment first.

    Args:
        types: resource types; all when None.
        since, until: bounds of the clinical moment, ISO 8601 UTC, both included.
        limit: at most so many.
        with_restricted: also what is specially protected.
    """
    kinds = list(types or ())
    statement = sql.READ_PATIENT.format(
        types=f" AND r.type IN ({sql.marks(len(kinds))})" if kinds else "",
        open="" if with_restricted else " AND r.restricted = 0",
    )
    return _fetch(
        statement, [keys.ref_key(f"Patient/{patient}"), *kinds, since, until or "9999", limit or _EVERYTHING]
    )


def appointments(since: str, until: str, *, limit: int = 500) -> list[Stored]:
    """Appointments for the days ``since`` to ``until`` (``yyyy-MM-dd``, both included), never a restricted one."""
    found = _fetch(sql.APPOINTED, [values.APPOINTED, since, until, limit])
    return sorted(found, key=lambda stored: (values.appointed_day(stored.resource), stored.id))


def with_code(patient: str, type: str, system: str, code: str, *, limit: int = 50) -> list[Stored]:
    """A patient's resources of a type whose first coding is this code, newest first, e.g. every blood group that was
    told; never a restricted one."""
    return _fetch(
        sql.WITH_CODE, [values.CODE, f"{system}|{code}", keys.ref_key(f"Patient/{patient}"), type, limit]
    )


def of_origin(origin: str, types: Sequence[str] | None = None) -> list[Stored]:
    """The current resources of one origin, e.g. of one dossier, restricted ones too."""
    found = _fetch(sql.READ_ORIGIN, [origin])
    return [stored for stored in found if types is None or stored.type in types]


def restricted_count(patient: str) -> int:
    """How many specially protected resources a patient has."""
    return _number(sql.COUNT_RESTRICTED, [keys.ref_key(f"Patient/{patient}")])


def count(type: str) -> int:
    """How many current resources of a type are kept."""
    return _number(sql.COUNT, [type])


def find_patients(text: str, *, limit: int = 50) -> list[Stored]:
    """Patients by any of their numbers (whole), or by words of the name in any order, without or with tone marks,
    the last word may be begun only, and optionally a birth year or date: ``"tran thi anh 1960"``."""
    number = "".join(text.split()).upper()
    ids = _ids(
        "SELECT resource FROM records_searchvalue WHERE param = %s AND value = %s LIMIT %s",
        [values.NUMBER, number, limit],
    )
    if not ids:
        ids = _by_name(text, limit)
    if not ids:
        return []
    found = [s for s in _fetch(sql.READ_IDS.format(marks=sql.marks(len(ids))), ids) if not s.deleted]
    return sorted(found, key=lambda s: (s.resource.get("name", [{}])[0].get("text", ""), s.id))


def patients_numbered(text: str, *, limit: int = 20) -> list[str]:
    """FHIR ids of patients with that number (whole, whatever kind) or that FHIR id."""
    number = "".join(text.split()).upper()
    ids = _ids(
        "SELECT resource FROM records_searchvalue WHERE param = %s AND value = %s LIMIT %s",
        [values.NUMBER, number, limit],
    )
    found = (
        [s.id for s in _fetch(sql.READ_IDS.format(marks=sql.marks(len(ids))), ids) if not s.deleted]
        if ids
        else []
    )
    itself = read("Patient", text.strip())
    return sorted({*found, *([itself.id] if itself else [])})


def _by_name(text: str, limit: int) -> list[int]:
    conditions: list[tuple[int, str, str]] = []
    words = []
    for word in text.split():
        birth = _birth(word)
        if birth:
            conditions.append((values.BIRTHDATE, birth, birth + _LAST))
        else:
            words += name_words(word)
    conditions += [(values.NAME, word, word) for word in words[:-1]]
    conditions += [(values.NAME, word, word + _LAST) for word in words[-1:]]
    if not words:
        return []
    conditions.sort(key=lambda c: -len(c[1]))
    joins = " ".join(
        f"JOIN records_searchvalue v{n} ON v{n}.resource = v0.resource AND v{n}.param = %s"
        f" AND v{n}.value >= %s AND v{n}.value <= %s"
        for n in range(1, len(conditions))
    )
    statement = (
        f"SELECT DISTINCT v0.resource FROM records_searchvalue v0 {joins}"  # noqa: S608
        " WHERE v0.param = %s AND v0.value >= %s AND v0.value <= %s LIMIT %s"
    )
    parameters = [value for condition in conditions[1:] for value in condition]
    return _ids(statement, [*parameters, *conditions[0], limit])


def _birth(word: str) -> str:
    """A birth year or date as it stands in FHIR, or empty: ``1960``, ``12/01/1960``, ``1960-01-12``."""
    match = re.fullmatch(r"(?:(\d{1,2})/)?(?:(\d{1,2})/)?(\d{4})", word)
    if match:
        day, month, year = match.groups()
        if day and not month:
            day, month = None, day
        return "-".join([year, *(f"{int(part):02d}" for part in (month, day) if part)])
    return word if re.fullmatch(r"\d{4}-\d\d(-\d\d)?", word) else ""


def packs(numbers: Iterable[int]) -> dict[int, bytes]:
    """The JSON of packs by their number."""
    wanted = sorted(set(numbers))
    unpack = zstandard.ZstdDecompressor().decompress
    found: dict[int, bytes] = {}
    with connection.cursor() as cursor:
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            cursor.execute(sql.PACKS.format(marks=sql.marks(len(chunk))), chunk)
            found.update((number, unpack(bytes(body))) for number, body in cursor.fetchall())
    return found


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one transaction stored: only resources that were new to the store, or other than before.

    ``number`` grows in the order of committing, so that whoever remembers the last one misses nothing; ``at`` is
    when, ISO 8601 UTC. A text that holds ``}{`` may come with a comma between the two.
    """

    number: int
    at: str
    resources: list[Resource]


def arrivals(after: int, most: int) -> list[Arrival]:
    """What was stored after an arrival, in order; at most so many transactions."""
    unpack = zstandard.ZstdDecompressor().decompress
    with connection.cursor() as cursor:
        cursor.execute(sql.PACKS_AFTER, (after, most))
        return [Arrival(number, at, _split(unpack(bytes(body)))) for number, at, body in cursor.fetchall()]


def _split(body: bytes) -> list[Resource]:
    """The resources of a pack, which has nothing between two of them."""
    found: list[Resource] = json.loads(b"[" + body.replace(b"}{", b"},{") + b"]")
    return found


def origins(refs: Iterable[str]) -> dict[str, tuple[str, int]]:
    """``Type/id`` to the set it belongs to and the number of the arrival that brought it first; shared ones and
    unknown ones are left out."""
    wanted = list(dict.fromkeys(refs))
    found: dict[str, tuple[str, int]] = {}
    with connection.cursor() as cursor:
        for start in range(0, len(wanted), _CHUNK):
            chunk = [keys.ref_key(ref) for ref in wanted[start : start + _CHUNK]]
            cursor.execute(sql.ORIGINS.format(marks=sql.marks(len(chunk))), chunk)
            found.update((ref, (origin, first)) for ref, origin, first in cursor.fetchall())
    return found


def _fetch(statement: str, parameters: Sequence[Any]) -> list[Stored]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows = cursor.fetchall()
    bodies = packs(row[8] for row in rows)
    return [
        Stored(
            type=kind,
            id=ref[len(kind) + 1 :],
            version=version,
            updated=at,
            moment=moment,
            origin=origin or "",
            restricted=bool(restricted),
            deleted=bool(deleted),
            body=bodies[pack][start : start + length],
        )
        for kind, ref, version, at, moment, origin, restricted, deleted, pack, start, length in rows
    ]


def _ids(statement: str, parameters: Sequence[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [row[0] for row in cursor.fetchall()]


def _number(statement: str, parameters: Sequence[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.fetchone()[0])
