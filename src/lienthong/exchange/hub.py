"""Hub: takes messages in, keeps a mailbox for each facility, hands over and collects receipts."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
from django.conf import settings
from django.db import connection, transaction

from lienthong.access import audit
from lienthong.exchange import keys, manifest, outbox, peers, problems, sealed, sql
from lienthong.exchange.batches import CALL, Carried, Item, envelopes
from lienthong.exchange.manifest import Manifest, Receipt, Sealed
from lienthong.exchange.tokens import Caller
from lienthong.exchange.work import marks
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.foundation.wsgi import HttpError


@dataclass(frozen=True, slots=True)
class _Posted:
    """A checked message: its JWS, its manifest and that one's hash, the small sealed parts that came along."""

    jws: str
    digest: str
    manifest: Manifest
    parts: dict[str, bytes]


@dataclass(slots=True)
class _Bell:
    """Wakes those who wait for mail; what another process puts is found by asking again."""

    condition: threading.Condition = field(default_factory=threading.Condition)
    rung: dict[str, int] = field(default_factory=dict)

    def ring(self, facility: str) -> None:
        with self.condition:
            self.rung[facility] = self.rung.get(facility, 0) + 1
            self.condition.notify_all()

    def ring_all(self) -> None:
        with self.condition:
            for facility in self.rung:
                self.rung[facility] += 1
            self.condition.notify_all()

    def heard(self, facility: str) -> int:
        return self.rung.get(facility, 0)

    def wait(self, facility: str, heard: int, seconds: float) -> None:
        with self.condition:
            self.condition.wait_for(lambda: self.heard(facility) != heard, seconds)


bell = _Bell()


def uploaded(caller: Caller, sha256: str, size: int) -> bool:
    """Notes that the caller has put content, which is durable; False when it had before."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.UPLOADED, (caller.facility, sha256, size, clock.iso(clock.now())))
        return bool(cursor.rowcount)


def own_size(caller: Caller, sha256: str) -> int | None:
    """The size of content that the caller has put; None otherwise, whoever else has put it."""
    with connection.cursor() as cursor:
        cursor.execute(sql.OWN_UPLOAD, (caller.facility, sha256))
        row = cursor.fetchone()
    return int(row[0]) if row else None


def part_size(caller: Caller, sha256: str) -> int | None:
    """The size of a part of a message from or to the caller; None for every other."""
    with connection.cursor() as cursor:
        cursor.execute(sql.MAY_FETCH, (sha256, caller.facility, caller.facility))
        row = cursor.fetchone()
    return int(row[0]) if row else None


def accept(caller: Caller, batch: Sequence[msgspec.Raw]) -> list[dict[str, Any]]:
    """Takes messages in, with all that belongs to them in one transaction; a bad one does not stop the others.

    Returns:
        In the same order ``{"status": 201, "acceptance": JWS}``, 200 and the same JWS for a message that came before,
        or ``{"status", "problem", …}``: 400 malformed, 403 not the caller's, 404 receiver unknown, 409 id used for
        other content, 422 parts missing (``missing`` lists their hashes).
    """
    checked: list[_Posted | HttpError] = []
    for raw in batch:
        try:
            checked.append(_checked(caller, raw))
        except HttpError as error:
            checked.append(error)
    results: list[dict[str, Any]] = []
    fresh: list[_Posted] = []
    now = clock.iso(clock.now())
    with transaction.atomic():
        for one in checked:
            try:
                if isinstance(one, HttpError):
                    raise one
                results.append(_relay(caller, one, now, fresh))
            except HttpError as error:
                problem = error.problem.as_dict() | {"retry": error.problem.retry}
                results.append({"status": error.status, "problem": problem, **error.more})
        _deliver(caller, fresh, now)
    for receiver in {posted.manifest.to.facility for posted in fresh}:
        bell.ring(receiver)
    return results


def _checked(caller: Caller, raw: msgspec.Raw) -> _Posted:
    """A message with shape, signature, sender and the parts that came along checked."""
    try:
        envelope = envelopes.decode(raw)
        payload = manifest.payload_of(envelope.manifest)
        found = manifest.read_manifest(payload)
        signed = clock.from_iso(found.created)
        key = peers.judge(manifest.signer(envelope.manifest), clock.now(), signed)
        manifest.verified(envelope.manifest, key.jwk, manifest.MANIFEST)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise HttpError(400, problems.bad_manifest(str(error)[:200])) from error
    except LienThongError as error:
        raise HttpError(400, error.problem) from error
    if found.sender != manifest.Party(caller.facility, key.kid) or key.facility != caller.facility:
        raise HttpError(403, problems.bad_signature("the manifest is not from the caller"))
    named = found.sealed
    for part in envelope.parts:
        if part.sha256 not in named:
            raise HttpError(400, problems.bad_manifest("content that the manifest does not name"))
        if len(part.age) > sealed.SMALL or _measured(part.age) != named[part.sha256]:
            raise HttpError(400, problems.wrong_part(part.sha256))
    parts = {part.sha256: part.age for part in envelope.parts}
    return _Posted(envelope.manifest, manifest.digest(payload), found, parts)


def _measured(age: bytes) -> Sealed:
    return Sealed(hashlib.sha256(age).hexdigest(), len(age))


def _relay(caller: Caller, posted: _Posted, now: str, fresh: list[_Posted]) -> dict[str, Any]:
    """Keeps one message, in the caller's transaction; nothing is written when it cannot be taken."""
    found, here = posted.manifest, settings.NODE.facility
    before = _acceptance(caller, found.id, posted.digest)
    if before:
        return {"status": 200, "acceptance": before}
    receiver = found.to.facility
    if receiver == caller.facility:
        raise HttpError(422, problems.to_self())
    if not peers.has_site(receiver):
        raise HttpError(404, problems.unknown_receiver(receiver))
    _all_parts(caller, posted)
    acceptance = manifest.sign_acceptance(keys.own(), here, found.id, posted.digest, now)
    way = (caller.facility, receiver, found.created)
    chained = (found.lane, found.seq, found.prev)
    head = (found.id, found.kind, found.loop, *way, posted.jws, posted.digest, found.bytes, *chained)
    today = clock.vietnam_day(now)
    with connection.cursor() as cursor:
        cursor.execute(sql.RELAY, (*head, now, acceptance, today, found.day or today))
        row = cursor.fetchone()
        if row is None:  # another call has just brought it
            return {"status": 200, "acceptance": _acceptance(caller, found.id, posted.digest)}
        cursor.executemany(sql.INSERT_PART, outbox.part_rows(row[0], found))
    fresh.append(posted)
    return {"status": 201, "acceptance": acceptance}


def _deliver(caller: Caller, fresh: Sequence[_Posted], now: str) -> None:
    """Keeps the parts of new messages and puts them in their mailboxes; all of it is one event of the audit trail."""
    if not fresh:
        return
    sealed.keep({name: age for posted in fresh for name, age in posted.parts.items()})
    numbers = _post({posted.manifest.id: posted.manifest.to.facility for posted in fresh}, "message", now)
    with connection.cursor() as cursor:
        cursor.executemany(sql.RELAY_POSITION, [(number, message) for message, number in numbers.items()])
    messages = [[p.manifest.id, p.digest, p.manifest.to.facility, p.manifest.basis] for p in fresh]
    audit.record(caller.actor, "messages-accepted", page="exchange/messages", detail={"messages": messages})


def _acceptance(caller: Caller, message: str, digest: str) -> str:
    """The acceptance given before, or an empty text."""
    with connection.cursor() as cursor:
        cursor.execute(sql.RELAYED, (message,))
        row = cursor.fetchone()
    if row is None:
        return ""
    sender, _, kept, acceptance, _ = row
    if (sender, kept) != (caller.facility, digest):
        raise HttpError(409, problems.other_content())
    return str(acceptance)


def _all_parts(caller: Caller, posted: _Posted) -> None:
    """Checks that the caller has given every part, with this message or before it."""
    named = posted.manifest.sealed
    wanted = {name: part.size for name, part in named.items() if name not in posted.parts}
    if not wanted:
        return
    with connection.cursor() as cursor:
        values = (caller.facility, *wanted)
        cursor.execute(sql.OWN_CONTENTS.format(marks=marks(wanted)), (*values, *values))
        have = dict(cursor.fetchall())
    missing = sorted(set(wanted) - set(have))
    if missing:
        raise HttpError(422, problems.missing_parts(len(missing)), missing=missing)
    for sha256, size in wanted.items():
        if have[sha256] != size:
            raise HttpError(422, problems.bad_manifest(f"part {sha256} has {have[sha256]} bytes, not {size}"))


def _post(ways: Mapping[str, str], kind: Literal["message", "receipt"], now: str) -> dict[str, int]:
    """Puts messages (id to facility) in mailboxes, in their order; returns their numbers there.

    The counter's row lock makes numbers visible in their order.
    """
    numbers: dict[str, int] = {}
    with connection.cursor() as cursor:
        for facility in sorted(set(ways.values())):  # in order, so that two batches never wait for each other
            messages = [message for message, to in ways.items() if to == facility]
            cursor.execute(sql.NEXT_POSITIONS, (facility, len(messages)))
            first = int(cursor.fetchone()[0]) - len(messages) + 1
            rows = [(facility, number, kind, message, now) for number, message in enumerate(messages, first)]
            cursor.executemany(sql.INSERT_ITEM, rows)
            numbers |= {message: number for _, number, _, message, _ in rows}
    return numbers


def mailbox(caller: Caller, after: int, limit: int) -> list[Item]:
    """The caller's items after a number, with their small parts; notes which are handed over for the first time.

    Together they have at most ``CALL`` bytes; of a first item that is larger, parts are left out.
    """
    with connection.cursor() as cursor:
        cursor.execute(sql.ITEMS, (caller.facility, after, limit))
        rows = cursor.fetchall()
    items = _with_parts(rows)
    fresh = [row[0] for row in rows[: len(items)] if not row[3]]
    if fresh:
        now = clock.iso(clock.now())
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql.HANDED.format(marks=marks(fresh)), (now, caller.facility, *fresh))
            handed = sorted(number for number, kind in cursor.fetchall() if kind == "message")
            if handed:
                detail = {"numbers": handed}
                audit.record(caller.actor, "messages-handed-over", page="exchange/mailbox", detail=detail)
    return items


def _with_parts(rows: Sequence[tuple[Any, ...]]) -> list[Item]:
    """As many items as one answer may carry."""
    messages = [row[4] for row in rows if row[1] == "message"]
    lengths: dict[str, dict[str, int]] = {}
    if messages:
        with connection.cursor() as cursor:
            cursor.execute(sql.ITEM_PARTS.format(marks=marks(messages)), messages)
            for message, name, length in cursor.fetchall():
                lengths.setdefault(message, {})[name] = length
    items: list[Item] = []
    names: list[list[str]] = []
    left = CALL
    for number, kind, at, _, message, jws, acceptance in rows:
        parts = lengths.get(message, {}) if kind == "message" else {}
        if items and len(jws) + sum(parts.values()) > left:
            break
        left -= len(jws)
        chosen = []
        for name, length in parts.items():
            if length <= left:
                chosen.append(name)
                left -= length
        names.append(chosen)
        items.append(Item(number, at, kind, jws, acceptance if kind == "message" else ""))
    ages = sealed.small({name for chosen in names for name in chosen})
    for item, chosen in zip(items, names, strict=True):
        item.parts = [Carried(name, ages[name]) for name in chosen]
    return items


def done(caller: Caller, up_to: int) -> None:
    """The caller has taken the receipts in its mailbox up to a number."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.DONE, (clock.iso(clock.now()), caller.facility, up_to))


def take_receipts(caller: Caller, batch: Sequence[str]) -> list[dict[str, Any]]:
    """Takes receipts of the caller in one transaction; one bad receipt does not stop the others.

    Returns:
        In the same order ``{"status": "kept"}`` or ``{"status": "refused", "problem": …}``.
    """
    checked = [_receipt(caller, jws) for jws in batch]
    results: list[dict[str, Any]] = []
    news: dict[str, str] = {}
    now = clock.iso(clock.now())
    with transaction.atomic():
        for jws, receipt in zip(batch, checked, strict=True):
            problem = (
                receipt if isinstance(receipt, Problem) else _keep_receipt(caller, jws, receipt, now, news)
            )
            results.append({"status": "kept"} if problem is None else _refused(problem))
        numbers = _post(news, "receipt", now)
        with connection.cursor() as cursor:
            cursor.executemany(sql.RECEIPT_POSITION, [(n, message) for message, n in numbers.items()])
    for sender in set(news.values()):
        bell.ring(sender)
    return results


def _refused(problem: Problem) -> dict[str, Any]:
    return {"status": "refused", "problem": problem.as_dict()}


def _receipt(caller: Caller, jws: str) -> Receipt | Problem:
    try:
        if len(jws) > manifest.LONGEST_JWS:
            raise LienThongError(problems.bad_receipt("too long"))
        receipt = manifest.read_receipt(manifest.payload_of(jws))
        key = peers.judge(manifest.signer(jws), clock.now(), receipt.at)
        manifest.verified(jws, key.jwk, manifest.RECEIPT)
        if (receipt.facility, receipt.kid, key.facility) != (caller.facility, key.kid, caller.facility):
            raise LienThongError(problems.bad_receipt("not signed by the caller"))
    except LienThongError as error:
        return error.problem
    return receipt


def _keep_receipt(
    caller: Caller, jws: str, receipt: Receipt, now: str, news: dict[str, str]
) -> Problem | None:
    with connection.cursor() as cursor:
        cursor.execute(sql.RELAYED, (receipt.message,))
        row = cursor.fetchone()
        if row is None or (row[1], row[2]) != (caller.facility, receipt.manifest):
            return problems.bad_receipt("no such message for this facility")
        sender, _, _, _, before = row
        if before:
            same = manifest.read_receipt(manifest.payload_of(before)).outcome == receipt.outcome
            return None if same else problems.bad_receipt("another outcome was receipted before")
        cursor.execute(sql.RELAY_RECEIPT, (jws, now, receipt.outcome, receipt.message))
        if cursor.fetchone() is None:
            return None
    news[receipt.message] = sender
    return None
