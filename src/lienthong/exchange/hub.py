"""Hub: takes messages in, keeps a mailbox for each facility, hands over and collects receipts."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
from django.conf import settings
from django.db import connection, transaction

from lienthong.access import audit
from lienthong.exchange import compact, keys, manifest, outbox, peers, problems, sealed, sql, tokens
from lienthong.exchange.batches import CALL, Carried, Item, envelopes
from lienthong.exchange.commits import Commits
from lienthong.exchange.manifest import Manifest, Receipt, Sealed
from lienthong.exchange.tokens import Caller
from lienthong.exchange.work import marks
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.foundation.signing import SigningKey
from lienthong.foundation.wsgi import HttpError


@dataclass(frozen=True, slots=True)
class _Posted:
    """A checked message: its JWS, its manifest and that one's hash, the small sealed parts that came along, and the
    acceptance that it gets if it is new."""

    jws: str
    digest: str
    manifest: Manifest
    parts: dict[str, bytes]
    acceptance: str


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
_commits = Commits()


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

    Signatures are checked and made before it begins, so that other processes may write meanwhile.

    Returns:
        In the same order ``{"status": 201, "acceptance": JWS}``, 200 and the same JWS for a message that came before,
        or ``{"status", "problem", …}``: 400 malformed, 403 not the caller's, 404 receiver unknown, 409 id used for
        other content, 422 parts missing (``missing`` lists their hashes).
    """
    now, key = clock.iso(clock.now()), keys.own()
    checked: list[_Posted | HttpError] = []
    for raw in batch:
        try:
            checked.append(_checked(caller, raw, now, key))
        except HttpError as error:
            checked.append(error)
    posted = [one for one in checked if isinstance(one, _Posted)]
    taken = _commits.run(lambda: _taken(caller, posted, now))
    results: list[dict[str, Any]] = []
    for one in checked:
        answer = taken[id(one)] if isinstance(one, _Posted) else one
        if isinstance(answer, HttpError):
            problem = answer.problem.as_dict() | {"retry": answer.problem.retry}
            results.append({"status": answer.status, "problem": problem, **answer.more})
        else:
            results.append({"status": answer[0], "acceptance": answer[1]})
    for receiver in {one.manifest.to.facility for one in posted}:
        bell.ring(receiver)
    return results


def _checked(caller: Caller, raw: msgspec.Raw, now: str, hub: SigningKey) -> _Posted:
    """A message with shape, signature, sender, receiver and the parts that came along checked."""
    try:
        envelope = envelopes.decode(raw)
        jws = compact.whole(envelope.manifest)
        payload = manifest.payload_of(jws)
        found = manifest.read_manifest(payload)
        signed = clock.from_iso(found.created)
        key = peers.judge(manifest.signer(jws), clock.from_iso(now), signed)
        manifest.verified(jws, key.jwk, manifest.MANIFEST)
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
    digest = manifest.digest(payload)
    acceptance = manifest.sign_acceptance(hub, settings.NODE.facility, found.id, digest, now)
    return _Posted(jws, digest, found, parts, acceptance)


def _measured(age: bytes) -> Sealed:
    return Sealed(hashlib.sha256(age).hexdigest(), len(age))


def _taken(caller: Caller, posted: Sequence[_Posted], now: str) -> dict[int, tuple[int, str] | HttpError]:
    """Keeps those that are new; status and acceptance, or the refusal, of each by its ``id()``.

    Nothing is written of one that is refused.
    """
    answers: dict[int, tuple[int, str] | HttpError] = {}
    fresh: dict[str, _Posted] = {}
    named: dict[str, Sealed] = {}
    before = _before(one.manifest.id for one in posted)
    for one in posted:
        try:
            same = fresh.get(one.manifest.id)
            if one.manifest.id in before:
                answers[id(one)] = 200, _same(caller, one, *before[one.manifest.id])
            elif same is not None:
                answers[id(one)] = 200, _same(caller, one, caller.facility, same.digest, same.acceptance)
            else:
                _can_go(caller, one, named)
                fresh[one.manifest.id] = one
                named |= one.manifest.sealed
                answers[id(one)] = 201, one.acceptance
        except HttpError as error:
            answers[id(one)] = error
    for one in _relay(caller, list(fresh.values()), now):
        kept = _before([one.manifest.id])[one.manifest.id]
        try:
            answers[id(one)] = 200, _same(caller, one, *kept)
        except HttpError as error:
            answers[id(one)] = error
    return answers


def _before(messages: Iterable[str]) -> dict[str, tuple[str, str, str]]:
    """Those of the messages that were taken before: sender, manifest hash, acceptance."""
    names = sorted(set(messages))
    if not names:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(sql.RELAYED.format(marks=marks(names)), names)
        return {row[0]: (row[1], row[3], row[4]) for row in cursor.fetchall()}


def _same(caller: Caller, posted: _Posted, sender: str, digest: str, acceptance: str) -> str:
    """The acceptance given before for the same message.

    Raises:
        HttpError: 409, its id is another message's.
    """
    if (sender, digest) != (caller.facility, posted.digest):
        raise HttpError(409, problems.other_content())
    return acceptance


def _can_go(caller: Caller, posted: _Posted, named: Mapping[str, Sealed]) -> None:
    """Checks receiver and parts; ``named`` are the parts of the messages before it in the call.

    Raises:
        HttpError: 404 or 422.
    """
    receiver = posted.manifest.to.facility
    if receiver == caller.facility:
        raise HttpError(422, problems.to_self())
    if not peers.has_site(receiver):
        raise HttpError(404, problems.unknown_receiver(receiver))
    _all_parts(caller, posted, named)


def _relay(caller: Caller, fresh: Sequence[_Posted], now: str) -> list[_Posted]:
    """Keeps new messages and their parts and puts them in their mailboxes; one event of the audit trail for all.

    Returns:
        Those that another call has brought a moment ago: nothing is written of them.
    """
    if not fresh:
        return []
    numbers = _numbers({one.manifest.id: one.manifest.to.facility for one in fresh})
    today = clock.vietnam_day(now)
    values: list[Any] = []
    for one in fresh:
        found = one.manifest
        head = (found.id, found.kind, found.loop, caller.facility, found.to.facility, found.created)
        values += (*head, one.jws, one.digest, found.bytes, found.lane, found.seq, found.prev)
        values += (numbers[found.id], now, one.acceptance, today, found.day or today)
    with connection.cursor() as cursor:
        cursor.execute(sql.RELAY.format(rows=", ".join([sql.RELAY_ROW] * len(fresh))), values)
        rows: dict[str, int] = dict(cursor.fetchall())
        new = [one for one in fresh if one.manifest.id in rows]
        parts = [part for one in new for part in outbox.part_rows(rows[one.manifest.id], one.manifest)]
        cursor.executemany(sql.INSERT_PART, parts)
    _post("message", {one.manifest.id: one.manifest.to.facility for one in new}, numbers, now)
    sealed.keep({name: age for one in new for name, age in one.parts.items()})
    if new:
        said = [[one.manifest.id, one.digest, one.manifest.to.facility, one.manifest.basis] for one in new]
        audit.record(caller.actor, "messages-accepted", page="exchange/messages", detail={"messages": said})
    return [one for one in fresh if one.manifest.id not in rows]


def _all_parts(caller: Caller, posted: _Posted, named: Mapping[str, Sealed]) -> None:
    """Checks that the caller has given every part, with this message or before it."""
    own = posted.manifest.sealed
    wanted = {n: part.size for n, part in own.items() if n not in posted.parts and part != named.get(n)}
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


def _numbers(ways: Mapping[str, str]) -> dict[str, int]:
    """Numbers in the mailboxes of facilities (message to facility), in the order of the messages.

    The counter's row lock, held until the transaction ends, makes numbers visible in their order.
    """
    numbers: dict[str, int] = {}
    with connection.cursor() as cursor:
        for facility in sorted(set(ways.values())):  # in order, so that two batches never wait for each other
            messages = [message for message, to in ways.items() if to == facility]
            cursor.execute(sql.NEXT_POSITIONS, (facility, len(messages)))
            first = int(cursor.fetchone()[0]) - len(messages) + 1
            numbers |= {message: number for number, message in enumerate(messages, first)}
    return numbers


def _post(
    kind: Literal["message", "receipt"], ways: Mapping[str, str], numbers: Mapping[str, int], now: str
) -> None:
    """Puts messages (id to facility), or the receipts for them, in mailboxes under their numbers."""
    rows = [(facility, numbers[message], kind, message, now) for message, facility in ways.items()]
    with connection.cursor() as cursor:
        cursor.executemany(sql.INSERT_ITEM, rows)


def mailbox(caller: Caller, after: int, limit: int, *, receipts: bool = False) -> list[Item]:
    """The caller's items after a number, with their small parts; notes which are handed over for the first time.

    Together they have at most ``CALL`` bytes; of a first item that is larger, parts are left out. ``receipts``: these
    alone.

    Raises:
        HttpError: 401, the caller was cut off while it waited.
    """
    tokens.still_in(caller)
    with connection.cursor() as cursor:
        cursor.execute(sql.RECEIPT_ITEMS if receipts else sql.ITEMS, (caller.facility, after, limit))
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
        if kind == "directory":
            jws = directory.statement(int(message))
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
        items.append(Item(number, at, kind, jws, acceptance or ""))
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
        numbers = _numbers(news)
        _post("receipt", news, numbers, now)
        with connection.cursor() as cursor:
            cursor.executemany(sql.RECEIPT_POSITION, [(n, message) for message, n in numbers.items()])
    for sender in set(news.values()):
        bell.ring(sender)
    return results


def _refused(problem: Problem) -> dict[str, Any]:
    return {"status": "refused", "problem": problem.as_dict() | {"retry": problem.retry}}


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
        cursor.execute(sql.RELAYED.format(marks="%s"), (receipt.message,))
        row = cursor.fetchone()
        if row is None or (row[2], row[3]) != (caller.facility, receipt.manifest):
            return problems.bad_receipt("no such message for this facility")
        _, sender, _, _, _, before = row
        if before:
            same = manifest.read_receipt(manifest.payload_of(before)).outcome == receipt.outcome
            return None if same else problems.bad_receipt("another outcome was receipted before")
        digest = manifest.digest(manifest.payload_of(jws))
        cursor.execute(sql.RELAY_RECEIPT, (jws, digest, now, receipt.outcome, receipt.message))
        if cursor.fetchone() is None:
            return None
    news[receipt.message] = sender
    return None
