"""Hub: takes messages in, keeps a mailbox for each facility, hands over and collects receipts."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from django.conf import settings
from django.db import connection, transaction

from lienthong.access import audit
from lienthong.exchange import keys, manifest, peers, problems, sql, trace
from lienthong.exchange.manifest import Manifest, Receipt
from lienthong.exchange.tokens import Caller
from lienthong.exchange.work import marks
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.foundation.wsgi import HttpError

Item = tuple[int, str, str, str]
"""Number in the mailbox, time, ``message`` or ``receipt``, JWS."""


@dataclass(slots=True)
class _Bell:
    """Wakes those who wait for mail; what another process puts is found by asking again."""

    condition: threading.Condition = field(default_factory=threading.Condition)
    rung: dict[str, int] = field(default_factory=dict)

    def ring(self, facility: str) -> None:
        with self.condition:
            self.rung[facility] = self.rung.get(facility, 0) + 1
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


def accept(caller: Caller, jws: str) -> tuple[bool, str]:
    """Takes a message in: its row, the mailbox item and the trace in one transaction.

    Returns:
        Whether it is new, and the hub's signed acceptance (the same for the same message).

    Raises:
        HttpError: 400 malformed, 403 not the caller's, 404 receiver unknown, 409 id used for other content,
            422 parts missing (``missing`` lists their hashes).
    """
    found, payload = _checked(caller, jws)
    digest = manifest.digest(payload)
    before = _acceptance(caller, found.id, digest)
    if before:
        return False, before
    if found.to.facility == caller.facility:
        raise HttpError(422, problems.to_self())
    if not peers.has_site(found.to.facility):
        raise HttpError(404, problems.unknown_receiver(found.to.facility))
    _all_parts(caller, found)
    here, now = settings.NODE.facility, clock.iso(clock.now())
    acceptance = manifest.sign_acceptance(keys.own(), here, found.id, digest, now)
    receiver = found.to.facility
    head = (
        found.id,
        found.kind,
        found.loop,
        caller.facility,
        receiver,
        found.created,
        jws,
        digest,
        found.bytes,
    )
    with transaction.atomic(), connection.cursor() as cursor:
        today = clock.vietnam_day(now)
        cursor.execute(sql.RELAY, (*head, now, acceptance, today, found.day or today))
        row = cursor.fetchone()
        if row is not None:
            parts = [(row[0], i, p.sha256, p.size, p.role, p.type) for i, p in enumerate(found.parts)]
            cursor.executemany(sql.INSERT_PART, parts)
            number = _post(receiver, "message", found.id, now)
            cursor.execute(sql.RELAY_POSITION, (number, row[0]))
            way = f"{caller.facility} → {receiver}"
            trace.add(
                [
                    (found.id, now, here, trace.ACCEPTED, way),
                    (found.id, now, here, trace.IN_MAILBOX, f"{number}"),
                ]
            )
            detail = {"message": found.id, "manifest": digest, "to": receiver, "bytes": found.bytes}
            page = f"exchange/{found.kind}"
            audit.record(caller.actor, "message-accepted", page=page, why=found.basis, detail=detail)
    if row is None:
        return False, _acceptance(caller, found.id, digest)
    bell.ring(receiver)
    return True, acceptance


def _checked(caller: Caller, jws: str) -> tuple[Manifest, bytes]:
    try:
        key = peers.node(manifest.signer(jws))
        payload = manifest.verified(jws, key.jwk, manifest.MANIFEST)
        found = manifest.read_manifest(payload)
    except LienThongError as error:
        raise HttpError(400, error.problem) from error
    if found.sender != manifest.Party(caller.facility, key.kid) or key.facility != caller.facility:
        raise HttpError(403, problems.bad_signature("the manifest is not from the caller"))
    return found, payload


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


def _all_parts(caller: Caller, found: Manifest) -> None:
    wanted = {part.sha256: part.size for part in found.parts}
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(sql.OWN_UPLOADS.format(marks=marks(wanted)), (caller.facility, *wanted))
        have = dict(cursor.fetchall())
    missing = sorted(set(wanted) - set(have))
    if missing:
        raise HttpError(422, problems.missing_parts(len(missing)), missing=missing)
    for sha256, size in wanted.items():
        if have[sha256] != size:
            raise HttpError(422, problems.bad_manifest(f"part {sha256} has {have[sha256]} bytes, not {size}"))


def _post(facility: str, kind: Literal["message", "receipt"], message: str, now: str) -> int:
    """Puts an item in a mailbox. The counter's row lock makes numbers visible in their order."""
    with connection.cursor() as cursor:
        cursor.execute(sql.NEXT_POSITION, (facility,))
        number = int(cursor.fetchone()[0])
        cursor.execute(sql.INSERT_ITEM, (facility, number, kind, message, now))
    return number


def mailbox(caller: Caller, after: int, limit: int) -> list[Item]:
    """The caller's items after a number; notes which are handed over for the first time."""
    with connection.cursor() as cursor:
        cursor.execute(sql.ITEMS, (caller.facility, after, limit))
        rows = cursor.fetchall()
        fresh = [row[0] for row in rows if not row[3]]
        if fresh:
            now = clock.iso(clock.now())
            with transaction.atomic():
                cursor.execute(sql.HANDED.format(marks=marks(fresh)), (now, caller.facility, *fresh))
                _handed_over(caller, cursor.fetchall(), now)
    return [(number, at, kind, jws) for number, kind, at, _, _, jws in rows]


def _handed_over(caller: Caller, items: Sequence[tuple[int, str, str]], now: str) -> None:
    messages = [message for _, kind, message in sorted(items) if kind == "message"]
    trace.add(
        [(message, now, settings.NODE.facility, trace.HANDED_OVER, caller.facility) for message in messages]
    )
    for message in messages:
        audit.record(
            caller.actor, "message-handed-over", page="exchange/mailbox", detail={"message": message}
        )


def done(caller: Caller, up_to: int) -> None:
    """The caller has taken the receipts in its mailbox up to a number."""
    now = clock.iso(clock.now())
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.DONE, (now, caller.facility, up_to))
        steps = [
            (row[0], now, settings.NODE.facility, trace.RECEIPT_TAKEN, caller.facility)
            for row in cursor.fetchall()
        ]
        trace.add(steps)


def take_receipts(caller: Caller, batch: Sequence[str]) -> list[dict[str, Any]]:
    """Takes receipts of the caller in one transaction; one bad receipt does not stop the others.

    Returns:
        In the same order ``{"status": "kept"}`` or ``{"status": "refused", "problem": …}``.
    """
    checked = [_receipt(caller, jws) for jws in batch]
    results: list[dict[str, Any]] = []
    news: list[tuple[str, str]] = []
    now = clock.iso(clock.now())
    with transaction.atomic():
        for jws, receipt in zip(batch, checked, strict=True):
            problem = (
                receipt if isinstance(receipt, Problem) else _keep_receipt(caller, jws, receipt, now, news)
            )
            results.append({"status": "kept"} if problem is None else _refused(problem))
        for sender, message in sorted(news):  # in order, so that two batches never wait for each other
            _post(sender, "receipt", message, now)
    for sender in {sender for sender, _ in news}:
        bell.ring(sender)
    return results


def _refused(problem: Problem) -> dict[str, Any]:
    return {"status": "refused", "problem": problem.as_dict()}


def _receipt(caller: Caller, jws: str) -> Receipt | Problem:
    try:
        if len(jws) > manifest.LONGEST_JWS:
            raise LienThongError(problems.bad_receipt("too long"))
        key = peers.node(manifest.signer(jws))
        receipt = manifest.read_receipt(manifest.verified(jws, key.jwk, manifest.RECEIPT))
        if (receipt.facility, receipt.kid, key.facility) != (caller.facility, key.kid, caller.facility):
            raise LienThongError(problems.bad_receipt("not signed by the caller"))
    except LienThongError as error:
        return error.problem
    return receipt


def _keep_receipt(
    caller: Caller, jws: str, receipt: Receipt, now: str, news: list[tuple[str, str]]
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
    news.append((sender, receipt.message))
    trace.add([(receipt.message, now, settings.NODE.facility, trace.RECEIPT_AT_HUB, receipt.outcome)])
    return None
