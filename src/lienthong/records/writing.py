"""The only writer of clinical data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import zstandard
from django.db import connection

from lienthong.access import audit
from lienthong.foundation import clock, json
from lienthong.records import bulk, index, keys, reading, sql, validation, values

Resource = dict[str, Any]

_CHUNK = 400
_PACK = 32 << 10
"""Bytes of JSON after which the next pack begins: whoever reads one resource unpacks no more than about that."""
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


@dataclass(frozen=True, slots=True)
class Entry:
    """One resource that a call of the FHIR door writes; ``resource`` None deletes it.

    Attributes:
        ref: ``Type/id``.
        body: its JSON as it is kept, byte for byte.
        origin: the set under which it is kept; none for shared types.
    """

    ref: str
    resource: Resource | None
    body: bytes = b""
    origin: str = ""

    @property
    def digest(self) -> bytes:
        """SHA-256 of the body."""
        return hashlib.sha256(self.body).digest()


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an :class:`Entry`: its version now and when that was stored (ISO 8601 UTC)."""

    ref: str
    version: int
    at: str
    what: Literal["created", "updated", "unchanged", "deleted"]


def transact(
    resources: Sequence[Resource],
    *,
    origin: str,
    actor: audit.Actor,
    moment: str = "",
    complete: bool = True,
    why: str = "",
) -> Outcome:
    """Validates and stores resources, their index rows and the audit event, in the caller's transaction.

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
    write = Writer(values.utc(moment))
    write.turn()
    write.find([_ref(resource) for resource in resources])
    for resource in resources:
        write.merge(resource, origin)
    if complete:
        write.remove_others(origin)
    write.flush([origin])
    patients = {r["id"] for r in resources if r["resourceType"] == "Patient"}
    new, changed = write.new, write.changed
    audit.record(
        actor,
        "store",
        patient=min(patients, default=""),
        page=origin,
        why=why,
        detail={"created": new, "updated": changed, "deleted": write.count("deleted")},
    )
    return Outcome(new, changed, write.count("unchanged"), write.count("deleted"), write.digest())


def _inside() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("clinical data is written in the caller's transaction; open one")


@dataclass(slots=True)
class Known:
    """What the store holds of a resource before the write.

    Attributes:
        source: key of its origin.
        restricted: its kinds of special protection, a bit for each.
    """

    id: int
    hash: bytes
    moment: str
    origin: int | None
    source: str
    deleted: bool
    version: int
    place: tuple[int, int, int]
    restricted: int = 0


@dataclass(slots=True)
class _Item:
    """A resource that gets a new version; ``resource`` None: it goes."""

    ref: str
    resource: Resource | None
    body: bytes
    digest: bytes
    known: Known | None
    origin: str
    number: int = 0
    place: tuple[int, int, int] = field(default=(0, 0, 0))


class Writer:
    """Reads, checks and compares first (``find``, then ``merge`` or ``put``); only ``flush`` writes, in the caller's
    transaction.

    Attributes:
        known: what the store holds of what was looked for, by ``Type/id``, deleted ones too.
        done: what became of each resource, by ``Type/id``.
    """

    def __init__(self, moment: str = "") -> None:
        _inside()
        self.cursor = connection.cursor()
        self.moment = moment
        self.at = clock.iso(clock.now())
        self.known: dict[str, Known] = {}
        self.items: list[_Item] = []
        self.hashes: dict[str, bytes] = {}
        self.done: dict[str, Done] = {}
        self.fresh = bulk.rows()
        self.origins: dict[str, int] = {}

    @property
    def new(self) -> int:
        return sum(item.known is None for item in self.items)

    @property
    def changed(self) -> int:
        return sum(item.known is not None and item.resource is not None for item in self.items)

    def count(self, what: str) -> int:
        return sum(done.what == what for done in self.done.values())

    def turn(self) -> None:
        """Waits until no other transaction writes: what is looked up from now on still holds when it is written, and
        nothing is committed after it that says an earlier time."""
        self.cursor.execute(sql.WRITERS_TURN)
        self.at = clock.iso(clock.now())

    def find(self, refs: Sequence[str]) -> None:
        """Looks up what is about to be written, or referred to."""
        for start in range(0, len(refs), _CHUNK):
            chunk = [keys.ref_key(ref) for ref in refs[start : start + _CHUNK]]
            self.cursor.execute(sql.EXISTING.format(marks=sql.marks(len(chunk))), chunk)
            for id, ref, digest, moment, origin, source, deleted, version, *place in self.cursor.fetchall():
                where = (place[0], place[1], place[2])
                self.known[ref] = Known(
                    id, bytes(digest), moment, origin, source or "", bool(deleted), version, where, place[3]
                )

    def merge(self, resource: Resource, origin: str) -> None:
        """Takes a resource of an origin; a Patient joins what is known of him."""
        ref = _ref(resource)
        known = self.known.get(ref)
        if known is not None and resource["resourceType"] == "Patient" and not known.deleted:
            resource = _merged(_old(known), resource, newer=self.moment >= known.moment)
        if self._take(Entry(ref, resource, json.dumps(resource), origin)):
            validation.check(resource)

    def put(self, entry: Entry) -> None:
        """Takes a valid resource as it is, or removes one. The same bytes again make no new version."""
        if entry.resource is None:
            known = self.known.get(entry.ref)
            if known is None or known.deleted:
                self.done[entry.ref] = Done(entry.ref, known.version if known else 0, self.at, "unchanged")
                return
            self._go(entry.ref, known)
        else:
            self._take(entry)

    def _take(self, entry: Entry) -> bool:
        """Whether the entry gets a new version."""
        known = self.known.get(entry.ref)
        digest = entry.digest
        self.hashes[entry.ref] = digest
        if known is not None and known.hash == digest:
            at = reading.stored_at(known.place[0])
            self.done[entry.ref] = Done(entry.ref, known.version, at, "unchanged")
            return False
        shared = entry.ref.partition("/")[0] in values.SHARED
        origin = "" if shared else entry.origin
        self.items.append(_Item(entry.ref, entry.resource, entry.body, digest, known, origin))
        new = known is None or known.deleted
        version = known.version + 1 if known else 1
        self.done[entry.ref] = Done(entry.ref, version, self.at, "created" if new else "updated")
        return True

    def _go(self, ref: str, known: Known) -> None:
        self.items.append(_Item(ref, None, b"", _GONE, known, ""))
        self.done[ref] = Done(ref, known.version + 1, self.at, "deleted")

    def remove_others(self, origin: str) -> None:
        self._number_origins([origin])
        self.cursor.execute(sql.EXISTING_OF_ORIGIN, (self.origins[origin],))
        for id, ref, version, *place in self.cursor.fetchall():
            if ref not in self.hashes:
                where = (place[0], place[1], place[2])
                held = Known(id, b"", "", self.origins[origin], origin, False, version, where, place[3])
                self._go(ref, held)

    def flush(self, origins: Iterable[str] = ()) -> None:
        """Writes resources, versions and index rows. ``origins`` are made even if they hold nothing."""
        origins = [*origins, *(item.origin for item in self.items if item.origin)]
        self._number_origins(origins)
        if not self.items:
            return
        packs = self._packs()
        new = [item for item in self.items if item.known is None]
        self.cursor.execute(sql.NEXT_NUMBERS, ("pack", len(packs), "resource", len(new)))
        last = dict(self.cursor.fetchall())
        first = last["pack"] - len(packs) + 1
        for number, item in enumerate(new, last["resource"] - len(new) + 1):
            item.number = number
        squeeze = zstandard.ZstdCompressor(level=3).compress
        bulk.insert(
            self.cursor, "pack", [(first + n, self.at, squeeze(b"".join(p))) for n, p in enumerate(packs)]
        )
        for item in self.items:
            item.place = (first + item.place[0], *item.place[1:])
        self._insert(new)
        self._update([item for item in self.items if item.known is not None])
        bulk.insert_rows(self.cursor, self.fresh)

    def _packs(self) -> list[list[bytes]]:
        """The bodies of each pack; every item learns its place, with packs counted from 0."""
        packs: list[list[bytes]] = [[]]
        size = 0
        for item in self.items:
            if size >= _PACK:
                packs.append([])
                size = 0
            item.place = (len(packs) - 1, size, len(item.body))
            packs[-1].append(item.body)
            size += len(item.body)
        return packs

    def _number_origins(self, names: Iterable[str]) -> None:
        """Numbers the origins that are not known yet."""
        wanted = [name for name in dict.fromkeys(names) if name not in self.origins]
        if not wanted:
            return
        self.cursor.execute(sql.ORIGIN_NUMBERS.format(marks=sql.marks(len(wanted))), wanted)
        self.origins.update(self.cursor.fetchall())
        for name in wanted:
            if name not in self.origins:
                self.cursor.execute(sql.ORIGIN, (name,))
                self.origins[name] = int(self.cursor.fetchone()[0])

    def _facts(self, item: _Item, resource: Resource) -> tuple[int | None, str, int | None, int]:
        """Patient's key, moment, origin, restricted."""
        patient = values.patient_ref(resource)
        shared = resource["resourceType"] in values.SHARED
        moment = values.moment(resource) if not shared else self.moment
        if shared and item.known is not None:
            moment = max(moment, item.known.moment)
        return (
            keys.ref_key(patient) if patient else None,
            moment,
            self.origins[item.origin] if item.origin else None,
            int(values.restricted(resource)),
        )

    def _insert(self, new: Sequence[_Item]) -> None:
        rows = []
        for item in new:
            resource = item.resource
            assert resource is not None
            patient, moment, origin, restricted = self._facts(item, resource)
            kind = resource["resourceType"]
            key, place = keys.ref_key(item.ref), item.place
            rows.append(
                (
                    item.number,
                    key,
                    item.ref,
                    kind,
                    patient,
                    moment,
                    origin,
                    restricted,
                    1,
                    *place,
                    item.digest,
                    0,
                )
            )
            for rows_of, found in zip(self.fresh, bulk.rows(index.rows(resource)), strict=True):
                rows_of.update((*row, item.number) for row in found)
        bulk.insert(self.cursor, "resource", rows)

    def _update(self, changed: Sequence[_Item]) -> None:
        stale = bulk.rows()
        for item in changed:
            known = item.known
            assert known is not None
            self.cursor.execute(sql.KEEP_VERSION, (known.id,))
            before = bulk.rows() if known.deleted else bulk.rows(index.rows(_old(known)))
            after = bulk.rows(index.rows(item.resource)) if item.resource else bulk.rows()
            for n, (old, new) in enumerate(zip(before, after, strict=True)):
                stale[n].update((*row, known.id) for row in old - new)
                self.fresh[n].update((*row, known.id) for row in new - old)
            if item.resource:
                patient, moment, origin, restricted = self._facts(item, item.resource)
                facts = (patient, moment, origin, restricted, *item.place, item.digest, 0, known.id)
            else:
                facts = (None, "", known.origin, known.restricted, *item.place, item.digest, 1, known.id)
            self.cursor.execute(sql.UPDATE_RESOURCE, facts)
        bulk.delete_rows(self.cursor, stale)

    def digest(self) -> str:
        lines = sorted(f"{ref} {digest.hex()}\n" for ref, digest in self.hashes.items())
        return hashlib.sha256("".join(lines).encode()).hexdigest()


def _old(known: Known) -> Resource:
    pack, start, length = known.place
    old: Resource = json.loads(reading.packs({pack})[pack][start : start + length])
    return old


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
