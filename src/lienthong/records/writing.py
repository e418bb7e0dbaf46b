"""The only writer of clinical data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import zstandard
from django.db import connection

from lienthong.access import audit
from lienthong.foundation import clock, json
from lienthong.records import keys, reading, sql, validation, values

Resource = dict[str, Any]

_CHUNK = 400
_GONE = hashlib.sha256(b"").digest()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call of :func:`transact` did.

    Attributes:
        created, updated, unchanged, deleted: how many resources.
        hash: SHA-256 in hexadecimal over ``Type/id SHA-256`` lines, sorted, of everything as it now stands.
    """

    created: int
    updated: int
    unchanged: int
    deleted: int
    hash: str


@dataclass(slots=True)
class _Known:
    """What the store holds of a resource before the write."""

    id: int
    hash: bytes
    moment: str
    origin: int | None
    deleted: bool
    place: tuple[int, int, int]


def transact(
    resources: Sequence[Resource],
    *,
    origin: str,
    actor: audit.Actor,
    moment: str = "",
    complete: bool = True,
    why: str = "",
) -> Outcome:
    """Validates and stores resources, their search rows and the audit event, in the caller's transaction.

    A resource whose content did not change gets no new version. Patients, organisations and practitioners are shared
    by many origins: identifiers are joined, and the newest facts win.

    Args:
        resources: FHIR R4 resources with ``id``; each ``Type/id`` once.
        origin: the set they belong to, e.g. ``his-xml/24011/LK0001``.
        moment: as-of time of the shared facts, ISO 8601 UTC; an older set does not overwrite newer facts.
        complete: the set is whole: what the origin held before and does not hold now is deleted.
        why: purpose, for the audit trail.

    Raises:
        InvalidResource: one of them is not valid FHIR R4; nothing is stored.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("transact() takes part in the caller's transaction; open one")
    write = _Write(values.utc(moment))
    write.find([_ref(resource) for resource in resources])
    for resource in resources:
        write.add(resource)
    write.flush(origin, complete)
    patients = {r["id"] for r in resources if r["resourceType"] == "Patient"}
    audit.record(
        actor,
        "store",
        patient=min(patients, default=""),
        page=origin,
        why=why,
        detail={"created": write.created, "updated": write.updated, "deleted": write.deleted},
    )
    return Outcome(write.created, write.updated, write.unchanged, write.deleted, write.digest())


class _Write:
    """Reads, checks and compares first (``find``, ``add``); only ``flush`` writes."""

    def __init__(self, moment: str) -> None:
        self.cursor = connection.cursor()
        self.origin = 0
        self.moment = moment
        self.created = self.updated = self.unchanged = self.deleted = 0
        self.known: dict[str, _Known] = {}
        self.hashes: dict[str, bytes] = {}
        self.bodies: list[bytes] = []
        self.size = 0
        self.new: list[tuple[Resource, str, bytes, int, int]] = []
        self.changed: list[tuple[Resource | None, _Known, bytes, int, int]] = []
        self.fresh_values: list[tuple[int, str, int]] = []
        self.stale_values: list[tuple[int, str, int]] = []
        self.numbers: dict[str, int] = {}
        self.packs: dict[int, bytes] = {}

    def _one(self, statement: str, parameters: tuple[Any, ...]) -> int:
        self.cursor.execute(statement, parameters)
        return int(self.cursor.fetchone()[0])

    def find(self, refs: Sequence[str]) -> None:
        for start in range(0, len(refs), _CHUNK):
            chunk = [keys.ref_key(ref) for ref in refs[start : start + _CHUNK]]
            self.cursor.execute(sql.EXISTING.format(marks=sql.marks(len(chunk))), chunk)
            for id, ref, digest, moment, origin, deleted, *place in self.cursor.fetchall():
                self.known[ref] = _Known(id, bytes(digest), moment, origin, bool(deleted), tuple(place))
        self.numbers = {ref: known.id for ref, known in self.known.items()}

    def add(self, resource: Resource) -> None:
        ref = _ref(resource)
        known = self.known.get(ref)
        if known is not None and resource["resourceType"] == "Patient" and not known.deleted:
            resource = _merged(self._old(known), resource, newer=self.moment >= known.moment)
        body = json.dumps(resource)
        digest = hashlib.sha256(body).digest()
        self.hashes[ref] = digest
        if known is not None and known.hash == digest:
            self.unchanged += 1
            return
        validation.check(resource)
        start, length = self.size, len(body)
        self.bodies.append(body)
        self.size += length
        if known is None:
            self.new.append((resource, ref, digest, start, length))
            self.created += 1
        else:
            self.changed.append((resource, known, digest, start, length))
            self.updated += 1

    def flush(self, origin: str, complete: bool) -> None:
        self.origin = self._one(sql.ORIGIN, (origin,))
        if complete:
            self._remove_others()
        if self.new or self.changed:
            self._store()

    def _remove_others(self) -> None:
        self.cursor.execute(sql.EXISTING_OF_ORIGIN, (self.origin,))
        for id, ref, *place in self.cursor.fetchall():
            if ref not in self.hashes:
                known = _Known(id, b"", "", self.origin, False, tuple(place))
                self.changed.append((None, known, _GONE, 0, 0))
                self.deleted += 1

    def _store(self) -> None:
        pack = self._number()
        packed = zstandard.ZstdCompressor(level=3).compress(b"".join(self.bodies))
        self.cursor.execute(sql.INSERT_PACK, (pack, clock.iso(clock.now()), packed))
        self._insert(pack)
        self._update(pack)
        if self.stale_values:
            self.cursor.executemany(sql.DELETE_VALUE, self.stale_values)
        if self.fresh_values:
            self.cursor.executemany(sql.INSERT_VALUE, self.fresh_values)

    def _number(self) -> int:
        """Numbers the new resources; returns the number of the pack."""
        self.cursor.execute(sql.NEXT_NUMBERS, ("pack", 1, "resource", len(self.new)))
        last = dict(self.cursor.fetchall())
        first = last["resource"] - len(self.new) + 1
        self.numbers.update((ref, number) for number, (_, ref, *_rest) in enumerate(self.new, first))
        return int(last["pack"])

    def _facts(self, resource: Resource) -> tuple[int | None, str, int | None, int]:
        """Patient number, moment, origin, restricted."""
        kind = resource["resourceType"]
        patient = values.patient_ref(resource)
        number = keys.ref_key(patient) if patient else None
        shared = kind in values.SHARED
        moment = self.moment if shared else values.moment(resource)
        return number, moment, None if shared else self.origin, int(values.restricted(resource))

    def _insert(self, pack: int) -> None:
        rows = []
        for resource, ref, digest, start, length in self.new:
            number = self.numbers[ref]
            patient, moment, origin, restricted = self._facts(resource)
            kind = resource["resourceType"]
            rows.append(
                (
                    number,
                    keys.ref_key(ref),
                    ref,
                    kind,
                    patient,
                    moment,
                    origin,
                    restricted,
                    1,
                    pack,
                    start,
                    length,
                    digest,
                )
            )
            self.fresh_values += [(param, value, number) for param, value in values.search_values(resource)]
        if rows:
            self.cursor.executemany(sql.INSERT_RESOURCE, rows)

    def _update(self, pack: int) -> None:
        self._load_old([known for _, known, *_rest in self.changed])
        for resource, known, digest, start, length in self.changed:
            self.cursor.execute(sql.KEEP_VERSION, (known.id,))
            before = set() if known.deleted else values.search_values(self._old(known))
            after = values.search_values(resource) if resource else set()
            self.stale_values += [(param, value, known.id) for param, value in before - after]
            self.fresh_values += [(param, value, known.id) for param, value in after - before]
            if resource:
                patient, moment, origin, restricted = self._facts(resource)
                if resource["resourceType"] in values.SHARED:
                    moment = max(moment, known.moment)
                facts = (patient, moment, origin, restricted, pack, start, length, digest, 0, known.id)
            else:
                facts = (None, "", known.origin, 0, pack, 0, 0, digest, 1, known.id)
            self.cursor.execute(sql.UPDATE_RESOURCE, facts)

    def _load_old(self, known: Iterable[_Known]) -> None:
        self.packs = reading.packs({k.place[0] for k in known})

    def _old(self, known: _Known) -> Resource:
        pack, start, length = known.place
        if pack not in self.packs:
            self.packs = reading.packs({pack})
        old: Resource = json.loads(self.packs[pack][start : start + length])
        return old

    def digest(self) -> str:
        lines = sorted(f"{ref} {digest.hex()}\n" for ref, digest in self.hashes.items())
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def _ref(resource: Resource) -> str:
    """``Type/id``; without a type it is a ref that nothing has, and the check refuses it."""
    return f"{resource.get('resourceType', '')}/{resource['id']}"


def _merged(old: Resource, new: Resource, *, newer: bool) -> Resource:
    """The newer facts with the identifiers of both; numbers that a person once had are not forgotten."""
    first, second = (new, old) if newer else (old, new)
    merged = dict(first)
    identifiers = list(first.get("identifier", ()))
    have = {(i.get("system"), i.get("value")) for i in identifiers}
    identifiers += [i for i in second.get("identifier", ()) if (i.get("system"), i.get("value")) not in have]
    if identifiers:
        merged["identifier"] = identifiers
    return merged
