"""Reading the store. Nothing here writes; whoever shows a record writes the audit event first."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import groupby
from typing import Any

import zstandard
from django.db import connection

from lienthong.foundation import clock, json
from lienthong.foundation.text import name_words
from lienthong.records import keys, sql, values

Resource = dict[str, Any]

_CHUNK = 400
_EVERYTHING = 1 << 31
_LAST = "\uffff"
_NUMBER, _NAME = keys.param("Patient", "number"), keys.param("Patient", "name")
_BIRTHDATE = keys.param("Patient", "birthdate")
_APPOINTED = keys.param("Appointment", "appointed")


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
        number, pack: its number in the store, and that of the transaction's part that holds it.
        kinds: of special protection that the resource has now, or had when it was deleted, a bit for each.
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
    number: int = 0
    pack: int = 0
    kinds: int = 0

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
    def wire(self) -> bytes:
        """The resource as JSON with ``meta.versionId`` and ``meta.lastUpdated``; every other element is byte for
        byte as it came."""
        told = b'{"versionId":"%d","lastUpdated":"%b"}' % (self.version, self.updated.encode())
        head = b'{"resourceType":"%b","id":"%b"' % (self.type.encode(), self.id.encode())
        if b'"meta"' not in self.body and self.body.startswith(head):  # mostly; it need not be taken apart
            return head + b',"meta":' + told + self.body[len(head) :]
        members = json.members(self.body)
        if "meta" in members:
            members["meta"] = json.raw(json.dumps(json.members(members["meta"]) | json.members(told)))
            return json.dumps(members)
        written = {}
        for name, value in members.items():
            written[name] = value
            if name == "id":
                written["meta"] = json.raw(told)
        return json.dumps(written)

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


def latest(refs: Iterable[str]) -> dict[str, Stored]:
    """The current versions of several ``Type/id`` by that text, also those that say that it is gone."""
    wanted = [keys.ref_key(ref) for ref in refs]
    found: dict[str, Stored] = {}
    for start in range(0, len(wanted), _CHUNK):
        chunk = wanted[start : start + _CHUNK]
        found |= {s.ref: s for s in _fetch(sql.READ_REFS.format(marks=sql.marks(len(chunk))), chunk)}
    return found


def version(ref: str, number: int) -> Stored | None:
    """A version of ``Type/id`` by its number."""
    key = keys.ref_key(ref)
    found = _fetch(sql.READ_REFS.format(marks="%s"), [key])
    if found and found[0].version != number:
        found = _fetch(sql.READ_VERSION, [key, number])
    return found[0] if found else None


def versions(
    kind: str = "",
    *,
    key: int | None = None,
    before: tuple[int, int] | None = None,
    since: str = "",
    limit: int = 50,
) -> list[Stored]:
    """Versions of everything, of a type, or of one resource (its key), newest first.

    Args:
        before: pack and number of the last one seen; go on after it.
        since: not older than that, ISO 8601 UTC.
    """
    conditions = ""
    given: list[Any] = []
    if kind:
        conditions, given = " AND r.type = %s", [kind]
    if key is not None:
        conditions, given = " AND r.key = %s", [key]
    if since:
        conditions += (
            " AND {t}.pack >= COALESCE((SELECT MIN(id) FROM records_pack WHERE at >= %s), 1000000000000)"
        )
        given = [*given, since]
    if before:
        conditions += " AND ({t}.pack < %s OR ({t}.pack = %s AND r.id < %s))"
        given = [*given, before[0], before[0], before[1]]
    current = _fetch(sql.CURRENT_VERSIONS.format(more=conditions.format(t="r")), [*given, limit])
    former = _fetch(sql.FORMER_VERSIONS.format(more=conditions.format(t="v")), [*given, limit])
    once = {
        (s.number, s.version): s for s in (*former, *current)
    }  # one may be replaced between the two queries
    return sorted(once.values(), key=lambda s: (-s.pack, -s.number))[:limit]


def fetch(numbers: Sequence[int]) -> list[Stored]:
    """Resources by their numbers, in that order; deleted and unknown ones are left out."""
    found: dict[int, Stored] = {}
    for start in range(0, len(numbers), _CHUNK):
        chunk = numbers[start : start + _CHUNK]
        for stored in _fetch(sql.READ_IDS.format(marks=sql.marks(len(chunk))), chunk):
            if not stored.deleted:
                found[stored.number] = stored
    return [found[number] for number in numbers if number in found]


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


def of_patient(
    patient: str,
    types: Sequence[str],
    *,
    since: str = "",
    until: str = "",
    stored: str = "",
    after: int = 0,
    limit: int,
) -> list[Stored]:
    """What belongs to a patient (FHIR id), in the order in which it was first stored, restricted ones too.

    Args:
        types: resource types.
        since, until: bounds of the clinical moment, ISO 8601 UTC, both included; what has none is within.
        stored: only what was stored since, ISO 8601 UTC.
        after: number of the last one seen.
    """
    if not types:
        return []
    statement = sql.OF_PATIENT.format(types=sql.marks(len(types)))
    key = keys.ref_key(f"Patient/{patient}")
    return _fetch(statement, [key, after, *types, since, until or "9999", stored, limit])


def of_type(type: str, *, after: int = 0, since: str = "", until: str = "", limit: int) -> list[Stored]:
    """Current resources of a type, restricted ones too, in the order in which they were first stored.

    Args:
        after: number of the last one seen.
        since, until: bounds of the time of storing, ISO 8601 UTC, both included.
    """
    return _fetch(sql.AFTER_OF_TYPE, [type, after, since, until or "9999", limit])


def appointments(since: str, until: str, *, limit: int = 500) -> list[Stored]:
    """Appointments for the days ``since`` to ``until`` (``yyyy-MM-dd``, both included), never a restricted one."""
    found = _fetch(sql.APPOINTED, [_APPOINTED, since, until, limit])
    return sorted(found, key=lambda stored: (values.appointed_day(stored.resource), stored.id))


def with_code(patient: str, type: str, system: str, code: str, *, limit: int = 50) -> list[Stored]:
    """A patient's resources of a type that has this code, newest first, e.g. every blood group that was
    told; never a restricted one."""
    found = [keys.param(type, "code"), keys.hash64(code), keys.hash32(system)]
    return _fetch(sql.WITH_CODE, [*found, keys.ref_key(f"Patient/{patient}"), type, limit])


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
    ids = _ids(sql.NUMBERED, [_NUMBER, keys.hash64(number), limit])
    if not ids:
        ids = _by_name(text, limit)
    if not ids:
        return []
    found = [s for s in _fetch(sql.READ_IDS.format(marks=sql.marks(len(ids))), ids) if not s.deleted]
    return sorted(found, key=lambda s: (s.resource.get("name", [{}])[0].get("text", ""), s.id))


def patients_numbered(text: str, *, limit: int = 20) -> list[str]:
    """FHIR ids of patients with that number (whole, whatever kind) or that FHIR id."""
    number = "".join(text.split()).upper()
    ids = _ids(sql.NUMBERED, [_NUMBER, keys.hash64(number), limit])
    found = (
        [s.id for s in _fetch(sql.READ_IDS.format(marks=sql.marks(len(ids))), ids) if not s.deleted]
        if ids
        else []
    )
    itself = read("Patient", text.strip())
    return sorted({*found, *([itself.id] if itself else [])})


def _by_name(text: str, limit: int) -> list[int]:
    words: list[str] = []
    births: list[tuple[int, int]] = []
    for word in text.split():
        birth = _birth(word)
        if birth:
            births.append(birth)
        else:
            words += name_words(word)
    if not words:
        return []
    named = [(word, word) for word in words[:-1]] + [(words[-1], words[-1] + _LAST)]
    named.sort(key=lambda pair: -len(pair[0]))
    first, *others = [
        ("records_string", "{v}.value >= %s AND {v}.value <= %s", (_NAME, *pair)) for pair in named
    ] + [("records_date", "{v}.low >= %s AND {v}.high <= %s", (_BIRTHDATE, *birth)) for birth in births]
    joins = " ".join(
        f"JOIN {table} v{n} ON v{n}.resource = v0.resource AND v{n}.param = %s"
        f" AND {condition.format(v=f'v{n}')}"
        for n, (table, condition, _) in enumerate(others, 1)
    )
    statement = (
        f"SELECT DISTINCT v0.resource FROM {first[0]} v0 {joins}"  # noqa: S608
        f" WHERE v0.param = %s AND {first[1].format(v='v0')} LIMIT %s"
    )
    parameters = [value for _, _, given in [*others, first] for value in given]
    return _ids(statement, [*parameters, limit])


def _birth(word: str) -> tuple[int, int] | None:
    """The first and last millisecond of a birth year, month or date: ``1960``, ``12/01/1960``, ``1960-01-12``."""
    match = re.fullmatch(r"(?:(?:(\d{1,2})/)?(\d{1,2})/)?(\d{4})|(\d{4})-(\d\d)(?:-(\d\d))?", word)
    if match is None:
        return None
    day, month, year = (
        int(part or 0) for part in (match.group(1, 2, 3) if match[3] else match.group(6, 5, 4))
    )
    try:
        first = date(year, month or 1, day or 1)
        if day:
            after = first + timedelta(days=1)
        else:
            after = date(year + (month in (0, 12)), month % 12 + 1 if month else 1, 1)
    except (ValueError, OverflowError):
        return None
    begin, end = (int(datetime.combine(d, time(), clock.VIETNAM).timestamp()) * 1000 for d in (first, after))
    return begin, end - 1


class _Kept:
    """Packs that were read lately; a pack never changes."""

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._lock = threading.Lock()
        self._packs: OrderedDict[tuple[str, int], bytes] = OrderedDict()

    def take(self, wanted: Iterable[int]) -> dict[int, bytes]:
        store = connection.settings_dict["NAME"]
        with self._lock:
            found = {number: self._packs.get((store, number)) for number in wanted}
            for number, body in found.items():
                if body is not None:
                    self._packs.move_to_end((store, number))
        return {number: body for number, body in found.items() if body is not None}

    def forget(self) -> None:
        with self._lock:
            self._packs.clear()
            self._size = 0

    def keep(self, packs: dict[int, bytes]) -> None:
        store = connection.settings_dict["NAME"]
        with self._lock:
            for number, body in packs.items():
                if (store, number) not in self._packs:
                    self._packs[store, number] = body
                    self._size += len(body)
            while self._size > self._most:
                self._size -= len(self._packs.popitem(last=False)[1])


_kept = _Kept(16 << 20)


def forget_packs() -> None:
    """Reads every pack anew: after the database was emptied or put back from a copy, numbers are given again."""
    _kept.forget()


def packs(numbers: Iterable[int]) -> dict[int, bytes]:
    """The JSON of packs by their number."""
    asked = set(numbers)
    found = _kept.take(asked)
    wanted = sorted(asked - found.keys())
    if not wanted:
        return found
    unpack = zstandard.ZstdDecompressor().decompress
    fresh: dict[int, bytes] = {}
    with connection.cursor() as cursor:
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            cursor.execute(sql.PACKS.format(marks=sql.marks(len(chunk))), chunk)
            fresh.update((number, unpack(bytes(body))) for number, body in cursor.fetchall())
    if not connection.in_atomic_block:
        _kept.keep(fresh)
    return found | fresh


def stored_at(pack: int) -> str:
    """When a pack was committed, ISO 8601 UTC."""
    with connection.cursor() as cursor:
        cursor.execute(sql.PACK_AT, (pack,))
        return str(cursor.fetchone()[0])


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one transaction stored: only resources that were new to the store, or other than before.

    ``number`` grows in the order of committing, so that whoever remembers the last one misses nothing; a resource that
    came first with this arrival has a number from ``begins`` to ``number`` (:func:`origins`). ``at`` is when, ISO 8601
    UTC. A text that holds ``}{`` may come with a comma between the two.
    """

    number: int
    at: str
    resources: list[Resource]
    begins: int = 0


def arrivals(after: int, most: int) -> list[Arrival]:
    """What was stored after an arrival, in order; at most so many transactions, each whole."""
    unpack = zstandard.ZstdDecompressor().decompress
    rows = _packs_after(after, most)
    whole = len(rows) < most
    while not whole and (more := _packs_after(rows[-1][0], most)):
        last = rows[-1][1]
        same = [row for row in more if row[1] == last]
        rows += same
        whole = len(same) < len(more)
    return [
        Arrival(packs[-1][0], at, [one for _, _, body in packs for one in _split(unpack(body))], packs[0][0])
        for at, packs in ((at, list(found)) for at, found in groupby(rows, key=lambda row: row[1]))
    ]


def _packs_after(after: int, most: int) -> list[tuple[int, str, bytes]]:
    """Number, moment and body of packs; those of one transaction have one moment."""
    with connection.cursor() as cursor:
        cursor.execute(sql.PACKS_AFTER, (after, most))
        return [(number, at, bytes(body)) for number, at, body in cursor.fetchall()]


def removed(type: str, after: int, until: int) -> list[str]:
    """``Type/id`` of resources of a type that were deleted after one arrival and not after another."""
    with connection.cursor() as cursor:
        cursor.execute(sql.REMOVED, (after, until, type))
        return [ref for (ref,) in cursor.fetchall()]


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
        return stored(cursor.fetchall())


def stored(rows: Sequence[tuple[Any, ...]]) -> list[Stored]:
    """The resources of rows as ``sql.py`` reads them, with their JSON."""
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
            number=number,
            pack=pack,
            kinds=restricted,
        )
        for kind, ref, version, at, moment, origin, restricted, deleted, pack, start, length, number in rows
    ]


def _ids(statement: str, parameters: Sequence[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [row[0] for row in cursor.fetchall()]


def _number(statement: str, parameters: Sequence[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.fetchone()[0])
