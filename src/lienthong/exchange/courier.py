"""Site: the loops that carry messages to the hub and bring the mail. Any number of processes may run them at once."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait

from django.conf import settings
from django.db import close_old_connections, connection, transaction

from lienthong.exchange import (
    content,
    inbox,
    outbox,
    peers,
    problems,
    receipts,
    reconciling,
    sealed,
    sql,
    work,
)
from lienthong.exchange.batches import MOST_ITEMS, MOST_MESSAGES
from lienthong.exchange.client import Hub, HubRefused, NoLine
from lienthong.exchange.manifest import Entry, Manifest
from lienthong.exchange.outbox import Outgoing
from lienthong.exchange.work import Claimed
from lienthong.foundation import clock, ids
from lienthong.foundation.blobs import NoSuchBlob
from lienthong.foundation.errors import LienThongError

log = logging.getLogger(__name__)

_AHEAD = 32
_GATHER = 0.1
_BETWEEN = 0.003
"""Pause between two commits, so that other threads and processes get their turn to write."""
_RENEW = 2.0
_LOOK_AGAIN = 0.5
_POLL = 20
_LONGEST_PAUSE = 60.0

Result = outbox.Sent | Exception
Checked = tuple[Claimed, Manifest]
Fetches = dict[Future[None], Checked]


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
        self._reached = False

    def run_outbox(self) -> None:
        """Uploads parts and manifests of what was put, and keeps the hub's acceptances."""
        with ThreadPoolExecutor(1, "post") as posts, ThreadPoolExecutor(2, "upload") as uploads:
            self._repeat(lambda: self._send_all(posts, uploads))

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

    def _send_all(self, posts: ThreadPoolExecutor, uploads: ThreadPoolExecutor) -> None:
        """Works on the queue as long as there is something in it; then waits for a put.

        One call with small messages is under way at a time; what is put meanwhile fills the next.
        """
        pending: dict[Future[list[Result]], list[Outgoing]] = {}
        try:
            while not self._stop.is_set():
                outbox.wake.clear()
                for future in [future for future in pending if future.done()]:
                    line = self._sent(pending.pop(future), future)
                    if line:
                        raise line
                if all(batch[0].alone for batch in pending.values()) and len(pending) < _AHEAD:
                    for batch in outbox.batches(work.claim(self._worker, "out", MOST_MESSAGES)):
                        future = (uploads if batch[0].alone else posts).submit(self._send, batch)
                        pending[future] = batch
                        future.add_done_callback(lambda _: outbox.wake.set())
                if not outbox.wake.wait(_LOOK_AGAIN):
                    work.renew(self._worker, _numbers(pending.values()))
                if not pending:
                    return
        finally:
            for future in pending:
                future.cancel()
            wait(pending)
            for future, batch in pending.items():
                if future.cancelled():
                    work.release(self._worker, _numbers([batch]))
                else:
                    self._sent(batch, future)

    def _send(self, batch: Sequence[Outgoing]) -> list[Result]:
        """Brings messages to the hub; runs in a thread of a pool. A bad one is tried by itself."""
        close_old_connections()
        try:
            return self._post(batch)
        except NoLine:
            raise
        except Exception as error:
            if len(batch) == 1:
                return [error]
            return [result for one in batch for result in self._send([one])]

    def _post(self, batch: Sequence[Outgoing]) -> list[Result]:
        uploaded = {
            name: self._hub.put_part(name)
            for one in batch
            for name in one.alone
            if not self._hub.has_part(name)
        }
        answers = self._hub.post_messages(outbox.envelopes(batch))
        now = clock.iso(clock.now())
        results: list[Result] = []
        for one, answer in zip(batch, answers, strict=True):
            try:
                if isinstance(answer, HubRefused):
                    raise answer
                size = one.weight + sum(uploaded.get(name, 0) for name in one.alone)
                results.append(_accepted(one.row, answer, size, now))
            except LienThongError as error:
                results.append(error)
        return results

    def _sent(self, batch: Sequence[Outgoing], future: Future[list[Result]]) -> NoLine | None:
        """Keeps what became of a batch; returns the fault of the line that stopped it."""
        error = future.exception()
        if error is not None:
            work.release(self._worker, _numbers([batch]))
            if isinstance(error, NoLine):
                return error
            raise error
        good = [result for result in future.result() if isinstance(result, outbox.Sent)]
        if good:
            outbox.accepted(good)
        for one, result in zip(batch, future.result(), strict=True):
            row = one.row
            if isinstance(result, NoSuchBlob):
                outbox.set_aside(row, problems.part_lost(str(result.args[0])))
            elif isinstance(result, HubRefused) and not result.problem.retry:
                outbox.set_aside(row, result.problem)
            elif isinstance(result, LienThongError):
                work.try_again(row, result.problem)
            elif isinstance(result, Exception):
                log.error("message %s could not be sent", row.message, exc_info=result)
                work.try_again(row, problems.handler_failed(result))
        return None

    # Inbox

    def _collect(self) -> None:
        after = inbox.position()
        items, pause = self._hub.mailbox(after, MOST_ITEMS, _POLL if self._reached else 0)
        self._reached = True
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
                cursor.execute(sql.CLOCK, (round(self._hub.ahead.total_seconds()),))
        receipts.again()
        self._stop.wait(pause)

    def _handle_all(self, pool: ThreadPoolExecutor) -> None:
        """Works on what was collected as long as there is something; then waits for more."""
        pending: Fetches = {}
        try:
            while not self._stop.is_set():
                inbox.collected.clear()
                ready, line = self._fetched(pending)
                if line is None and len(pending) < _AHEAD // 2:
                    ready += self._start(pool, work.claim(self._worker, "in", _AHEAD), pending)
                self._handle(ready, pending)
                if line:
                    raise line
                if not ready and not inbox.collected.wait(_LOOK_AGAIN):
                    work.renew(self._worker, [row.number for row, _ in pending.values()])
                if not ready and not pending:
                    return
        finally:
            for future in pending:
                future.cancel()
            wait(pending)
            work.release(self._worker, [row.number for row, _ in pending.values()])

    def _handle(self, ready: Sequence[Checked], pending: Fetches) -> None:
        done, renewed = 0, time.monotonic()
        while done < len(ready) and not self._stop.is_set():
            done += inbox.handle(ready[done:])
            if time.monotonic() > renewed + _RENEW:
                renewed = time.monotonic()
                work.renew(self._worker, [row.number for row, _ in (*ready[done:], *pending.values())])
            self._stop.wait(_BETWEEN)
        work.release(self._worker, [row.number for row, _ in ready[done:]])

    def _start(self, pool: ThreadPoolExecutor, rows: Sequence[Claimed], pending: Fetches) -> list[Checked]:
        """Checks messages; returns those whose parts are all here and starts to fetch the parts of the others."""
        good: list[Checked] = []
        for row in rows:
            try:
                good.append((row, inbox.checked(row)))
            except LienThongError as error:
                if error.problem.retry:
                    work.try_again(row, error.problem)
                else:
                    inbox.distrust(row, error.problem)
        here = content.has({part.sha256 for _, found in good for part in found.parts})
        ready = []
        for row, found in good:
            missing = [part for part in found.parts if part.sha256 not in here]
            unsent = [part.sha256 for part in missing if part.sealed is None]
            if unsent:
                with transaction.atomic():
                    reconciling.request(row.message, unsent)
            if missing:
                future = pool.submit(self._fetch, missing)
                pending[future] = (row, found)
                future.add_done_callback(lambda _: inbox.collected.set())
            else:
                ready.append((row, found))
        return ready

    def _fetch(self, missing: Sequence[Entry]) -> None:
        close_old_connections()
        for part in sorted(missing, key=lambda part: part.priority):
            if part.sealed is None:
                raise LienThongError(problems.content_awaited(1))
            self._hub.get_part(part.sealed)
            try:
                with transaction.atomic():
                    content.take(part)
                    sealed.forget([part.sealed.sha256])
            except content.CannotOpen as error:
                raise LienThongError(problems.cannot_open(part.sha256)) from error

    def _fetched(self, pending: Fetches) -> tuple[list[Checked], NoLine | None]:
        """Takes out the messages whose parts came; sees to those whose parts did not. Also a fault of the line."""
        ready: list[Checked] = []
        line: NoLine | None = None
        for future in [future for future in pending if future.done()]:
            row, found = pending.pop(future)
            error = future.exception()
            if error is None:
                ready.append((row, found))
            elif isinstance(error, NoLine):
                work.release(self._worker, [row.number])
                line = error
            elif isinstance(error, LienThongError) and not error.problem.retry:
                inbox.refuse(row, found, error.problem)
            elif isinstance(error, LienThongError):
                work.try_again(row, error.problem)
            else:
                log.error("parts of message %s could not be fetched", row.message, exc_info=error)
                work.try_again(row, problems.handler_failed(error))
        return ready, line

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


def _accepted(row: Claimed, jws: str, uploaded: int, uploaded_at: str) -> outbox.Sent:
    found, key = peers.acceptance(jws, row.message, row.manifest)
    return outbox.Sent(row.message, jws, found.at, key.facility, uploaded, uploaded_at)


def _numbers(batches: Iterable[Sequence[Outgoing]]) -> list[int]:
    return [one.row.number for batch in batches for one in batch]
