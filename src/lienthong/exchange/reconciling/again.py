"""Hub: what was damaged here is asked for again. It has no mailbox at a site, so it lays an item ``again`` into the
mailboxes of sender and receiver; the site brings what it has of the message to a door of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

import msgspec
from django.conf import settings
from django.db import connection, transaction
from msgspec import Meta, Struct

from lienthong.access import audit
from lienthong.exchange import keys, manifest, sealed
from lienthong.exchange import sql as exchange_sql
from lienthong.exchange.batches import Carried
from lienthong.exchange.manifest import Id, Moment, Party, Sha256
from lienthong.exchange.reconciling import asking, checks, conversation, discrepancies, rows, sql, taking
from lienthong.exchange.reconciling.discrepancies import OTHER_SIDE, Discrepancy
from lienthong.exchange.reconciling.giving import Papers
from lienthong.exchange.reconciling.proofs import Proofs
from lienthong.exchange.tokens import Caller
from lienthong.facilities import directory
from lienthong.foundation import clock, json
from lienthong.foundation.errors import LienThongError

AGAIN = "again"
TYP = "lt-again+jws"
MOST = 64
"""Messages that are brought in one call."""

Jws = Annotated[str, Meta(max_length=manifest.LONGEST_JWS)]


class Wish(Struct):
    """What the hub signs: bring what you have of this message, and these sealed parts."""

    v: Literal[1]
    message: Id
    sealed: Annotated[list[Sha256], Meta(max_length=manifest.MOST_PARTS)]
    at: Moment
    by: Party


class Brought(Struct):
    """What a site has of a message; empty texts for papers it has not, small sealed parts alone."""

    manifest: Jws
    acceptance: Jws = ""
    receipt: Jws = ""
    parts: Annotated[list[Carried], Meta(max_length=manifest.MOST_PARTS)] = []


_wishes = msgspec.json.Decoder(Wish)
_brought: msgspec.msgpack.Decoder[list[Brought]] = msgspec.msgpack.Decoder(
    Annotated[list[Brought], Meta(max_length=MOST)]
)


# Hub


def ask(found: Iterable[Discrepancy], *, now: bool = False) -> int:
    """Lays an item into the mailboxes of sender and receiver of each damaged message, in the caller's transaction."""
    before, messages = clock.now() - asking.AGAIN, dict[str, list[Discrepancy]]()
    for one in found:
        lately = one.asked_at is not None and one.asked_at > before and not now
        if one.side == "here" and one.message and one.what in (*asking.PAPERS, "sealed") and not lately:
            messages.setdefault(one.message, []).append(one)
    for message, items in messages.items():
        _lay(message, items)
    if messages:
        transaction.on_commit(_ring)
    return len(messages)


def _lay(message: str, items: Sequence[Discrepancy]) -> None:
    here, key, now = settings.NODE.facility, keys.own(), clock.iso(clock.now())
    value = {
        "v": 1,
        "message": message,
        "sealed": sorted(one.place for one in items if one.what == "sealed")[: manifest.MOST_PARTS],
        "at": now,
        "by": {"facility": here, "kid": key.kid},
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.WISH, (message, key.jws(json.canonical(value), TYP), now))
        for facility in sorted({one.sender for one in items} | {one.receiver for one in items}):
            if facility and directory.nodes("site", facility):
                cursor.execute(exchange_sql.NEXT_POSITIONS, (facility, 1))
                (number,) = cursor.fetchone()
                cursor.execute(exchange_sql.INSERT_ITEM, (facility, number, AGAIN, message, now))
    discrepancies.asked([one.key for one in items])


def _ring() -> None:
    from lienthong.exchange import hub

    hub.bell.ring_all()


def decode(body: bytes) -> list[Brought]:
    """The body of a call of the door.

    Raises:
        msgspec.MsgspecError: it is not of its shape.
    """
    return _brought.decode(body)


def take(caller: Caller, brought: Iterable[Brought]) -> int:
    """Takes what a site brings of messages that the hub asked for and of which the site is a party.

    Returns:
        How many of them were wanted.
    """
    proofs, count = Proofs(), 0
    for one in brought:
        signed = proofs.manifest(one.manifest)
        if signed is None or caller.facility not in (signed[0].sender.facility, signed[0].to.facility):
            continue
        named = {name: part.size for name, part in signed[0].sealed.items()}
        ages = {
            part.sha256: part.age
            for part in one.parts
            if len(part.age) == named.get(part.sha256) and hashlib.sha256(part.age).hexdigest() == part.sha256
        }
        message, digest = signed[0].id, signed[1]
        papers = Papers(message, one.manifest, one.acceptance, one.receipt, [])
        with transaction.atomic():
            if not discrepancies.of_message(message, digest):
                continue
            before = rows.one("relay", message)
            taking.take_papers("relay", papers, proofs, None)
            if before is None:
                _place(message)
            sealed.keep(ages)
            _close_sealed(message, digest, sorted(named))
            audit.record(
                caller.actor, "message-brought-again", page="exchange/again", detail={"message": message}
            )
            count += 1
    return count


def _place(message: str) -> None:
    """Gives a restored message the numbers that its items have in the mailboxes."""
    with connection.cursor() as cursor:
        cursor.execute(sql.POSITIONS_AGAIN, (message,))


def _close_sealed(message: str, digest: str, names: Sequence[str]) -> None:
    """Sealed content that is here again, whether it came along or was uploaded before."""
    there = sealed.has(names)
    keys_ = [
        one.key
        for one in discrepancies.of_message(message, digest)
        if one.what == "sealed" and one.place in there and checks.sealed_state(one.place) is None
    ]
    discrepancies.mended(keys_, OTHER_SIDE)


# Site


def from_mail(jws: str) -> None:
    """Keeps a wish of the hub for the worker, in the caller's transaction; one that no hub signed is passed over."""
    try:
        key = directory.node_key(manifest.signer(jws))
        if key is None or key.role != "hub":
            return
        wish = _wishes.decode(manifest.verified(jws, key.jwk, TYP))
    except (LienThongError, msgspec.MsgspecError):
        return
    text = "\n" + json.dumps({"message": wish.message, "sealed": wish.sealed}).decode()
    with connection.cursor() as cursor:
        values = (ids_of(jws), AGAIN, key.facility, text, clock.iso(clock.now()))
        cursor.execute(sql.INQUIRE, values)
    transaction.on_commit(conversation.wake.set)


def ids_of(jws: str) -> str:
    """A name for the work that a wish makes."""
    return hashlib.sha256(jws.encode()).hexdigest()[:32]


def bring(inquiry: str, text: str) -> None:
    """Brings the hub what is here of a message.

    Raises:
        NoLine: the hub cannot be reached; tried again.
    """
    from lienthong.exchange.bulk import Bulk
    from lienthong.exchange.client import Hub
    from lienthong.exchange.line import Held, Line

    wish: dict[str, Any] = json.loads(text)
    row = rows.one("out", wish["message"]) or rows.one("in", wish["message"])
    proofs = Proofs()
    if row is not None:
        papers = checks.papers(row, rows.parts([row.number])[row.number], proofs)
        if papers.manifest:
            node = settings.NODE
            line = Line(node.cap_up_kbit, node.cap_down_kbit, node.night_window, node.night_lane)
            hub = Hub(node.hub_url, line)
            ages = sealed.small(wish["sealed"])
            one = Brought(
                row.jws,
                row.acceptance if papers.acceptance else "",
                row.receipt if papers.receipt else "",
                [Carried(name, age) for name, age in ages.items()],
            )
            try:
                for name in sealed.has(wish["sealed"]) - ages.keys():
                    Bulk(hub, line).upload(name, manifest.STUDY)
            except Held:
                return  # the night window brings it
            hub.bring(msgspec.msgpack.encode([one]))
    with transaction.atomic():
        conversation.done(inquiry)
