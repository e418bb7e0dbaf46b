"""The directory as the hub signs it: statements one after another, each whole, each with the hash of the last."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from django.db import connection, transaction
from msgspec import Meta, Struct

from lienthong.access import audit
from lienthong.exchange import keys, peers, sql
from lienthong.exchange.manifest import LONGEST_JWS, Facility, Kid, Moment, Party, Sha256
from lienthong.exchange.trust import problems
from lienthong.facilities import directory, models
from lienthong.foundation import clock, json, signing
from lienthong.foundation.errors import LienThongError
from lienthong.foundation.signing import SigningKey

DIRECTORY = "lt-directory+jws"
FIRST = "0" * 64
"""``previous`` of the first statement."""
ITEM = "directory"
"""Type of the mailbox items that carry statements."""
_AGE = re.compile("(age1[02-9ac-hj-np-z]{58})?", re.ASCII)


class Name(Struct, rename={"since": "from", "until": "to"}):
    """What a facility is called from one day to another (ISO 8601)."""

    vi: Annotated[str, Meta(max_length=200)]
    en: Annotated[str, Meta(max_length=200)]
    since: str
    until: str | None
    source: Annotated[str, Meta(max_length=200)]


class Place(Struct):
    """A facility that has or had a node."""

    facility: Facility
    kind: Annotated[str, Meta(max_length=40)]
    confirmed: bool
    in_province: bool
    names: list[Name]


class Revoked(Struct):
    """When a key was revoked and why; ``since``: from when on what it signed is doubtful."""

    at: Moment
    why: Annotated[str, Meta(max_length=400)]
    since: Moment | None


class NodeEntry(Struct, rename={"since": "from"}):
    """The public keys of a node and when they are valid."""

    facility: Facility
    role: Literal["hub", "site"]
    kid: Kid
    jwk: dict[str, str]
    age: Annotated[str, Meta(max_length=100)]
    since: Moment
    until: Moment | None
    revoked: Revoked | None


class Statement(Struct):
    """All facilities with a node, as the hub knows them at ``at``."""

    v: Literal[1]
    number: Annotated[int, Meta(ge=1, lt=1 << 53)]
    previous: Sha256
    at: Moment
    by: Party
    facilities: list[Place]
    nodes: list[NodeEntry]


_statements = msgspec.json.Decoder(Statement)


def sign(key: SigningKey, number: int, previous: str, at: datetime) -> tuple[str, str]:
    """What the tables say now as a statement: the JWS, and the SHA-256 of its payload."""
    by = {"facility": directory.here(), "kid": key.kid}
    nodes = list(models.Node.objects.order_by("facility_id", "valid_from", "kid"))
    value = {
        "v": 1,
        "number": number,
        "previous": previous,
        "at": clock.iso(at),
        "by": by,
        "facilities": _places(sorted({node.facility_id for node in nodes})),
        "nodes": [_node(node) for node in nodes],
    }
    payload = json.canonical(value)
    return key.jws(payload, DIRECTORY), hashlib.sha256(payload).hexdigest()


def _places(codes: list[str]) -> list[dict[str, Any]]:
    found = models.Facility.objects.in_bulk(codes)
    names: dict[str, list[dict[str, Any]]] = {code: [] for code in codes}
    for name in models.FacilityName.objects.filter(facility__in=codes).order_by("valid_from", "id"):
        until = name.valid_to.isoformat() if name.valid_to else None
        days = {"from": name.valid_from.isoformat(), "to": until}
        names[name.facility_id].append(
            {"vi": name.name_vi, "en": name.name_en, "source": name.source, **days}
        )
    return [
        {
            "facility": code,
            "kind": found[code].kind,
            "confirmed": found[code].code_confirmed,
            "in_province": found[code].in_province,
            "names": names[code],
        }
        for code in codes
    ]


def _node(node: models.Node) -> dict[str, Any]:
    revoked = None
    if node.revoked_at:
        revoked = {
            "at": clock.iso(node.revoked_at),
            "why": node.revoked_why,
            "since": _moment(node.doubtful_from),
        }
    return {
        "facility": node.facility_id,
        "role": node.role,
        "kid": node.kid,
        "jwk": node.jwk,
        "age": node.age,
        "from": clock.iso(node.valid_from),
        "until": _moment(node.valid_to),
        "revoked": revoked,
    }


def _moment(moment: datetime | None) -> str | None:
    return clock.iso(moment) if moment else None


def publish(by: audit.Actor, why: str) -> models.Statement:
    """Hub: signs what the tables say now, keeps it and puts it into every site's mailbox.

    Joins the caller's transaction, which changed the tables. Locks are taken in the order in which messages take
    them: mailboxes, which also makes statements follow one another, then the end of the audit chain. The caller writes
    its own audit rows afterwards.

    Raises:
        LienThongError: ``trust-bad-directory``: it has become longer than a JWS may be.
    """
    with transaction.atomic():
        positions = _positions()
        newest, key, now = directory.newest_statement(), keys.own(), clock.now()
        number, previous = (newest.number + 1, newest.hash) if newest else (1, FIRST)
        jws, digest = sign(key, number, previous, now)
        if len(jws) > LONGEST_JWS:
            raise LienThongError(problems.bad_statement(f"longer than {LONGEST_JWS} characters"))
        kept = models.Statement.objects.create(number=number, at=clock.iso(now), hash=digest, jws=jws)
        with connection.cursor() as cursor:
            items = [(facility, place, ITEM, str(number), clock.iso(now)) for facility, place in positions]
            cursor.executemany(sql.INSERT_ITEM, items)
        audit.record(by, "directory-signed", page="exchange/directory", why=why)
        transaction.on_commit(_ring)
        transaction.on_commit(peers.forget)
    return kept


def _positions() -> list[tuple[str, int]]:
    """The next number in the mailbox of every site; the hub's own counter keeps statements apart before the first."""
    found = []
    with connection.cursor() as cursor:
        for facility in sorted({directory.here(), *(node.facility for node in directory.nodes("site"))}):
            cursor.execute(sql.NEXT_POSITIONS, (facility, 1))
            found.append((facility, int(cursor.fetchone()[0])))
    return [one for one in found if one[0] != directory.here()]


def _ring() -> None:
    from lienthong.exchange import hub

    hub.bell.ring_all()


def read(jws: str) -> tuple[Statement, str]:
    """A statement, not yet trusted, and the SHA-256 of its payload.

    Raises:
        LienThongError: ``trust-bad-directory``.
    """
    try:
        payload = signing.payload(jws)
        found = _statements.decode(payload)
        moments = [found.at, *(node.since for node in found.nodes)]
        moments += [node.until for node in found.nodes if node.until]
        moments += [node.revoked.at for node in found.nodes if node.revoked]
        for moment in moments:
            clock.from_iso(moment)
        for node in found.nodes:
            if signing.thumbprint(node.jwk) != node.kid:
                raise ValueError(f"{node.kid} is not the name of its key")
            if not _AGE.fullmatch(node.age):
                raise ValueError(f"{node.kid} has no age recipient")
    except (msgspec.MsgspecError, signing.BadSignature, ValueError, KeyError) as error:
        raise LienThongError(problems.bad_statement(str(error)[:200])) from error
    return found, hashlib.sha256(payload).hexdigest()


def take(jws: str, *, new_hub: bool = False) -> Statement | None:
    """Site: verifies a statement with a hub key known here, keeps it and applies the newest; None when known.

    Joins the caller's transaction or makes its own.

    Args:
        new_hub: the site has just joined a hub that it did not know; its statements follow none of those kept here.

    Raises:
        LienThongError: ``trust-bad-directory``, ``trust-directory-forked``.
    """
    found, digest = read(jws)
    with transaction.atomic():
        _verify(jws, found, directory.node_key(found.by.kid))
        newest = directory.newest_statement()
        epoch = (newest.epoch + new_hub) if newest else 0
        near = models.Statement.objects.filter(epoch=epoch, number__in=[found.number - 1, found.number])
        before = {row.number: row for row in near}
        same, last = before.get(found.number), before.get(found.number - 1)
        if same is not None and same.hash == digest:
            return None
        if same is not None or (last is not None and last.hash != found.previous):
            raise LienThongError(problems.forked(found.number))
        models.Statement.objects.create(epoch=epoch, number=found.number, at=found.at, hash=digest, jws=jws)
        if newest is None or (epoch, found.number) > (newest.epoch, newest.number):
            _apply(found)
        detail = {"number": found.number, "sha256": digest}
        audit.record(audit.system("trust"), "directory-taken", page="exchange/directory", detail=detail)
        transaction.on_commit(peers.forget)
    return found


def _verify(jws: str, found: Statement, key: directory.NodeKey | None) -> None:
    """Raises LienThongError when the hub's key did not sign it or was not valid then."""
    try:
        kid = str(signing.peek(jws).get("kid", ""))
        if key is None or key.role != "hub" or (kid, key.facility) != (key.kid, found.by.facility):
            raise signing.BadSignature("not signed with the key of the hub")
        at = clock.from_iso(found.at)
        if not key.valid(at, at):
            raise signing.BadSignature("the hub's key was not valid then")
        signing.verify(jws, key.jwk, DIRECTORY)
    except signing.BadSignature as error:
        raise LienThongError(problems.bad_statement(str(error))) from error


def _apply(found: Statement) -> None:
    """Makes the tables say what the statement says; keys that it does not name end."""
    for place in found.facilities:
        _enter_place(place)
    for node in found.nodes:
        revoked = node.revoked
        models.Node.objects.update_or_create(
            kid=node.kid,
            defaults={
                "facility_id": node.facility,
                "role": node.role,
                "jwk": node.jwk,
                "age": node.age,
                "valid_from": clock.from_iso(node.since),
                "valid_to": clock.from_iso(node.until) if node.until else None,
                "revoked_at": clock.from_iso(revoked.at) if revoked else None,
                "revoked_why": revoked.why if revoked else "",
                "doubtful_from": clock.from_iso(revoked.since) if revoked and revoked.since else None,
            },
        )
    others = models.Node.objects.exclude(kid__in=[node.kid for node in found.nodes]).filter(valid_to=None)
    others.update(valid_to=clock.from_iso(found.at))
    directory.forget_names()


def _enter_place(place: Place) -> None:
    facility, _ = models.Facility.objects.update_or_create(
        code=place.facility,
        defaults={
            "kind": place.kind,
            "code_confirmed": place.confirmed,
            "in_province": place.in_province,
        },
    )
    for name in place.names:
        models.FacilityName.objects.update_or_create(
            facility=facility,
            valid_from=datetime.fromisoformat(name.since).date(),
            defaults={
                "name_vi": name.vi,
                "name_en": name.en,
                "valid_to": datetime.fromisoformat(name.until).date() if name.until else None,
                "source": name.source,
            },
        )


def after(number: int, limit: int) -> list[str]:
    """Hub: statements after a number, the oldest first."""
    rows = models.Statement.objects.filter(epoch=0, number__gt=number).order_by("number")[:limit]
    return [row.jws for row in rows]


def newest_number() -> int:
    """The number of the newest statement here; 0 before the first."""
    newest = directory.newest_statement()
    return newest.number if newest else 0
