"""Receipts on their way: from the receiver to the hub, and at the sender, where only a verified one counts."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db import connection, transaction
from django.utils.module_loading import import_string

from lienthong.access import audit
from lienthong.exchange import (
    alerts,
    causes,
    manifest,
    peers,
    problems,
    sealed,
    space,
    sql,
    trace,
    work,
)
from lienthong.exchange.inbox import ReceiptHandler
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError, Problem

log = logging.getLogger(__name__)
BATCH = 100
_LATER = timedelta(minutes=1)


def due() -> list[tuple[int, str, str]]:
    """Receipts signed here that the hub does not have yet: number, message id, JWS."""
    with connection.cursor() as cursor:
        cursor.execute(sql.DUE_RECEIPTS, (*work.due(), BATCH))
        return list(cursor.fetchall())


def sent(results: list[tuple[int, str, Problem | None]]) -> None:
    """Notes what the hub answered to receipts: number, message id, why it did not take it.

    One that it may take later is sent again after a minute; any other is held, with an alert.
    """
    here, now = settings.NODE.facility, clock.iso(clock.now())
    steps: list[trace.Row] = []
    with transaction.atomic(), connection.cursor() as cursor:
        for number, message, problem in results:
            if problem and problem.retry:
                cursor.execute(sql.RECEIPT_LATER, (clock.iso(clock.now() + _LATER), number))
                continue
            if problem:
                alerts.raise_alert(causes.receipt_held(problem), message)
            text = work.as_text(problem) if problem else ""
            cursor.execute(sql.RECEIPT_SENT, ("held" if problem else "sent", text, text, number))
            steps.append((message, now, here, trace.HELD if problem else trace.RECEIPT_SENT, ""))
        trace.add(steps)


def keep(jws: str, at: str, acceptance: str = "") -> None:
    """Keeps a receipt that came from the hub, then verifies it; joins the caller's transaction.

    The hub's acceptance comes along, for a sender whom its answer to the message never reached.

    A receipt that proves nothing is logged and forgotten; one whose handler fails stays for :func:`again`.
    """
    try:
        payload = manifest.payload_of(jws)
        receipt = manifest.read_receipt(payload)
    except LienThongError as error:
        log.error("not a receipt: %s", error)
        alerts.raise_alert(error.problem)
        return
    _accepted(receipt.message, acceptance)
    with connection.cursor() as cursor:
        cursor.execute(sql.KEEP_RECEIPT, (jws, manifest.digest(payload), at, receipt.message))
        if cursor.rowcount:
            _verify(receipt.message, jws, at)


def _accepted(message: str, acceptance: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.NOT_ACCEPTED, (message,))
        row = cursor.fetchone()
        if row is None or not acceptance:
            return
        try:
            found, _ = peers.acceptance(acceptance, message, row[0])
        except LienThongError as error:
            log.error("acceptance of message %s: %s", message, error)
            return
        cursor.execute(sql.ACCEPTED, (found.at, clock.vietnam_day(found.at), acceptance, message))


def again() -> int:
    """Tries the receipts once more whose key was not known or whose handler failed; returns how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(sql.OPEN_RECEIPTS, work.due())
        rows = cursor.fetchall()
    for message, jws, at in rows:
        with transaction.atomic():
            _verify(message, jws, at)
    return len(rows)


def _verify(message: str, jws: str, at: str) -> None:
    """Turns a message green (or refused) when the receiver's own key signed the receipt for exactly this manifest."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SENDER_MESSAGE, (message,))
        _, kind, loop, receiver, digest, _ = cursor.fetchone()
        try:
            receipt = manifest.read_receipt(manifest.payload_of(jws))
            key = peers.judge(manifest.signer(jws), clock.from_iso(at), receipt.at)
            manifest.verified(jws, key.jwk, manifest.RECEIPT)
            if (receipt.facility, receipt.kid, key.facility) != (receiver, key.kid, receiver):
                raise LienThongError(problems.bad_receipt("not signed by the receiver"))
            if (receipt.message, receipt.manifest) != (message, digest):
                raise LienThongError(problems.bad_receipt("for another manifest"))
            handlers: dict[str, ReceiptHandler] = import_string(settings.EXCHANGE_RECEIPT_HANDLERS)
            with transaction.atomic():
                why = work.as_text(Problem.from_dict(receipt.problem)) if receipt.problem else ""
                cursor.execute(sql.RECEIPTED, (receipt.outcome, why, message))
                if cursor.fetchone() is None:
                    return
                if kind in handlers:
                    handlers[kind](message, loop, receipt)
                if receipt.problem:
                    alerts.raise_alert(causes.refused(Problem.from_dict(receipt.problem)), message)
                if receipt.outcome == "stored":
                    cursor.execute(sql.ARRIVED, (message,))
                    sealed.forget(row[0] for row in cursor.fetchall())
                here, now, then = settings.NODE.facility, clock.iso(clock.now()), clock.iso(receipt.at)
                trace.add(
                    [
                        (message, then, receiver, receipt.outcome, receipt.stored),
                        (message, now, here, trace.RECEIPT_VERIFIED, key.kid),
                    ]
                )
                signer = audit.Actor(f"node:{key.kid}", receiver, "site")
                detail = {"message": message, "manifest": digest, "receipt": manifest.digest(jws.encode())}
                audit.record(signer, f"receipt-{receipt.outcome}", page=f"exchange/{kind}", detail=detail)
        except LienThongError as error:
            if error.problem.retry:
                _hold(message, error.problem)
            else:
                log.error("receipt of message %s: %s", message, error)
                alerts.raise_alert(error.problem, message)
                cursor.execute(sql.FORGET_RECEIPT, (work.as_text(error.problem), message))
        except Exception as error:
            if space.disk_failed(error):
                raise
            log.exception("receipt handler of %s failed on message %s", kind, message)
            _hold(message, problems.handler_failed(error))


def _hold(message: str, problem: Problem) -> None:
    again_at = clock.iso(clock.now() + timedelta(seconds=30))
    with connection.cursor() as cursor:
        cursor.execute(sql.HOLD_RECEIPT, (work.as_text(problem), again_at, message))
