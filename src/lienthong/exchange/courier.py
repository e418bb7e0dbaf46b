"""Site: the loops that carry messages to the hub and bring the mail. Any number of processes may run them at once."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from django.conf import settings
from django.db import close_old_connections, connection, transaction

from lienthong.exchange import inbox, manifest, outbox, peers, problems, receipts, sql, work
from lienthong.exchange.client import Hub, HubRefused, NoLine
from lienthong.exchange.manifest import Manifest
from lienthong.exchange.work import Claimed
from lienthong.foundation import clock, ids
from lienthong.foundation.blobs import BlobFolder, NoSuchBlob
from lienthong.foundation.errors import LienThongError

log = logging.getLogger(__name__)

_AHEAD = 32
_GATHER = 0.1
_GATHER_SENT = 0.03
_LOOK_AGAIN = 0.5
_POLL = 20
_LONGEST_PAUSE = 60.0


class Courier:
    """Carries this site's messages until ``stop`` is set; the loops return then.

    Each ``run_`` method is one loop and blocks; give each its own thread. Faults of the line are waited out, with
    pauses that grow to a minute; nothing is ever dropped. Short pauses under load gather many messages into one call
    and one commit.
    """

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._worker = ids.new_id()
        self._hub = Hub(settings.NODE.hub_url)

    def run_outbox(self) -> None:
        """Uploads parts and manifests of what was put, and keeps the hub's acceptances."""
        with ThreadPoolExecutor(3, "upload") as pool:
            self._repeat(lambda: self._send_all(pool))

    def run_inbox(self) -> None:
        """Asks for mail, fetches parts, gives messages to their handlers, sends receipts."""
        helpers = [
            threading.Thread(target=self._repeat, args=(loop,), name=name, daemon=True)
            for name, loop in (("collect", self._collect), ("receipts", self._send_receipts))
        ]
        for helper in helpers:
            helper.start()
        with ThreadPoolExecutor(3, "fetch") as pool:
            self._repeat(lambda: self._handle_all(pool))
        for helper in helpers:
            helper.join(1.0)  # one may sit in a long poll; what comes in then is left in the mailbox

    def _repeat(self, turn: Callable[[], None]) -> None:
        """Takes turns until stopped; pauses after a fault, longer each time."""
        faults = 0
        try:
            while not self._stop.is_set():
                close_old_connections()
                try:
                    turn()
                    faults = 0
                except Exception as error:
                    faults += 1
                    pause = min(_LONGEST_PAUSE, 0.5 * 2.0 ** min(faults, 8)) * random.uniform(0.5, 1.0)  # noqa: S311
                    if isinstance(error, NoLine):
                        pause = max(pause, error.wait)
                        self._trouble(error)
                    else:
                        log.exception("courier")
                    self._stop.wait(pause)
        finally:
            connection.close()

    def _trouble(self, error: NoLine) -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql.TROUBLE, (work.as_text(error.problem),))
        except Exception:
            log.exception("the state of the line could not be kept")

    # Outbox

    def _send_all(self, pool: ThreadPoolExecutor) -> None:
        """Works on the queue as long as there is something in it; then waits for a put."""
        pending: dict[Future[outbox.Sent], Claimed] = {}
        try:
            while not self._stop.is_set():
                outbox.wake.clear()
                if len(pending) < _AHEAD // 2:
                    for row in work.claim(self._worker, "out", _AHEAD - len(pending)):
                        pending[pool.submit(self._send, row)] = row
                if not pending:
                    outbox.wake.wait(_LOOK_AGAIN)
                    return
                wait(pending, _LOOK_AGAIN, FIRST_COMPLETED)
                done, _ = wait(pending, _GATHER_SENT)
                self._sent({future: pending[future] for future in done})
                for future in done:
                    del pending[future]
                if not done:
                    work.renew(self._worker, [row.number for row in pending.values()])
        finally:
            for future in pending:
                future.cancel()
            wait(pending)
            work.release(self._worker, [row.number for row in pending.values()])

    def _send(self, row: Claimed) -> outbox.Sent:
        """Brings one message to the hub; runs in a thread of the pool."""
        found = manifest.read_manifest(manifest.payload_of(row.jws))
        uploaded = 0
        if row.attempts == 0:
            uploaded = sum(self._hub.put_part(sha256) for sha256 in _distinct(found))
        else:
            uploaded = sum(
                self._hub.put_part(sha256) for sha256 in _distinct(found) if not self._hub.has_part(sha256)
            )
        uploaded_at = clock.iso(clock.now())
        jws = self._hub.post_message(row.jws)
        key = peers.node(manifest.signer(jws))
        acceptance = manifest.read_acceptance(jws, key.jwk)
        digest = manifest.digest(manifest.payload_of(row.jws))
        if key.role != "hub" or (acceptance.message, acceptance.manifest) != (row.message, digest):
            raise LienThongError(problems.bad_receipt("the acceptance is not the hub's for this message"))
        return outbox.Sent(row.message, jws, acceptance.at, key.facility, uploaded, uploaded_at)

    def _sent(self, results: dict[Future[outbox.Sent], Claimed]) -> None:
        good = [future.result() for future in results if future.exception() is None]
        if good:
            outbox.accepted(good)
        line: NoLine | None = None
        for future, row in results.items():
            error = future.exception()
            if isinstance(error, NoLine):
                line = error
                work.release(self._worker, [row.number])
            elif isinstance(error, HubRefused):
                if error.problem.retry:
                    work.try_again(row, error.problem)
                else:
                    outbox.set_aside(row, error.problem)
            elif isinstance(error, FileNotFoundError | NoSuchBlob):
                outbox.set_aside(row, problems.part_lost(str(error)[:64]))
            elif isinstance(error, LienThongError):
                work.try_again(row, error.problem)
            elif error is not None:
                log.error("message %s could not be sent", row.message, exc_info=error)
                work.try_again(row, problems.handler_failed(error))
        if line:
            raise line

    # Inbox

    def _collect(self) -> None:
        after = inbox.position()
        items, pause = self._hub.mailbox(after, 50, _POLL)
        if self._stop.is_set():
            return
        if items:
            inbox.collect(items)
            if any(item.type == "receipt" for item in items):
                self._hub.done(items[-1].number)
            self._stop.wait(_GATHER)
        else:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql.CONTACT, (clock.iso(clock.now()),))
        receipts.again()
        self._stop.wait(pause)

    def _handle_all(self, pool: ThreadPoolExecutor) -> None:
        """Works on what was collected as long as there is something; then waits for more."""
        pending: dict[Future[Manifest], Claimed] = {}
        try:
            while not self._stop.is_set():
                inbox.collected.clear()
                if len(pending) < _AHEAD // 2:
                    for row in work.claim(self._worker, "in", _AHEAD - len(pending)):
                        self._fetch(pool, row, pending)
                if not pending:
                    inbox.collected.wait(_LOOK_AGAIN)
                    return
                done, _ = wait(pending, _LOOK_AGAIN, FIRST_COMPLETED)
                self._handle({future: pending[future] for future in done})
                for future in done:
                    del pending[future]
                work.renew(self._worker, [row.number for row in pending.values()] if not done else [])
        finally:
            for future in pending:
                future.cancel()
            wait(pending)
            work.release(self._worker, [row.number for row in pending.values()])

    def _fetch(
        self, pool: ThreadPoolExecutor, row: Claimed, pending: dict[Future[Manifest], Claimed]
    ) -> None:
        try:
            found = inbox.checked(row)
        except LienThongError as error:
            if error.problem.retry:
                work.try_again(row, error.problem)
            else:
                inbox.distrust(row, error.problem)
        else:
            pending[pool.submit(self._fetch_parts, found)] = row

    def _fetch_parts(self, found: Manifest) -> Manifest:
        blobs = BlobFolder(settings.NODE.blobs)
        for part in found.parts:
            if not blobs.has(part.sha256):
                self._hub.get_part(part.sha256, part.size)
        return found

    def _handle(self, fetched: dict[Future[Manifest], Claimed]) -> None:
        good = [(row, future.result()) for future, row in fetched.items() if future.exception() is None]
        if good:
            inbox.handle_all(sorted(good, key=lambda one: one[0].position))
        line: NoLine | None = None
        for future, row in fetched.items():
            error = future.exception()
            if isinstance(error, NoLine):
                line = error
                work.release(self._worker, [row.number])
            elif isinstance(error, LienThongError):
                work.try_again(row, error.problem)
            elif error is not None:
                log.error("parts of message %s could not be fetched", row.message, exc_info=error)
                work.try_again(row, problems.handler_failed(error))
        if line:
            raise line

    def _send_receipts(self) -> None:
        inbox.due.clear()
        batch = receipts.due()
        if not batch:
            inbox.due.wait(_LOOK_AGAIN)
            return
        answers = self._hub.post_receipts([jws for _, _, jws in batch])
        receipts.sent(
            [(number, message, why) for (number, message, _), why in zip(batch, answers, strict=True)]
        )
        self._stop.wait(_GATHER)


def _distinct(found: Manifest) -> list[str]:
    return list(dict.fromkeys(part.sha256 for part in found.parts))
