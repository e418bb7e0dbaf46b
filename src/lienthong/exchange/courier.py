"""Site: the loops that carry messages to the hub and bring the mail. Any number of processes may run them at once."""

from __future__ import annotations

import contextlib
import logging
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from django.conf import settings
from django.db import close_old_connections, connection, transaction

from lienthong.exchange import (
    alerts,
    content,
    inbox,
    outbox,
    peers,
    problems,
    receipts,
    reconciling,
    sealed,
    space,
    sql,
    work,
)
from lienthong.exchange.batches import MOST_ITEMS, MOST_MESSAGES
from lienthong.exchange.bulk import Bulk
from lienthong.exchange.client import Hub, HubRefused, NoLine
from lienthong.exchange.line import LANES, Held, Line
from lienthong.exchange.manifest import Entry, Manifest
from lienthong.exchange.outbox import Outgoing
from lienthong.exchange.work import Claimed, Leases
from lienthong.foundation import clock, ids
from lienthong.foundation.blobs import NoSuchBlob
from lienthong.foundation.errors import LienThongError, Problem

log = logging.getLogger(__name__)

_AHEAD = 32
_GATHER = 0.1
_BETWEEN = 0.003
"""Pause between two commits, so that other threads and processes get their turn to write."""
_RENEW = 2.0
_LOOK_AGAIN = 0.5
_POLL = 20
_LONGEST_PAUSE = 60.0
_LONGEST_WITHOUT_LINE = 10.0
"""The same while the line is away: a try costs nothing then, and what a line comes back for is too dear to sleep."""
_NO_ROOM = 5.0
"""Pause between two looks whether there is room again."""
_OF_CONTENT = (400, 413, 422)
"""Answers to a whole call that may be the fault of what it carries; any other concerns this site or the hub."""
_HUB_FULL = "exchange-hub-full"

Result = outbox.Sent | Exception
Checked = tuple[Claimed, Manifest]
Sends = dict[Future[list[Result]], list[Outgoing]]
Fetches = dict[Future[None], Checked]
T = TypeVar("T")


class Courier:
    """Carries this site's messages until ``stop`` is set; the loops return then.

    Each ``run_`` method is one loop and blocks; give each its own thread. Faults of the line are waited out, with
    pauses that grow to a minute and end when another call gets through; nothing is ever dropped. Short pauses under
    load gather many messages into one call and one commit.
    """

    def __init__(self, stop: threading.Event) -> None:
        node = settings.NODE
        self._stop = stop
        self._worker = ids.new_id()
        self._line = Line(node.cap_up_kbit, node.cap_down_kbit, node.night_window, node.night_lane, stop)
        self._hub = Hub(node.hub_url, self._line)
        self._bulk = Bulk(self._hub, self._line)
        self._leases = Leases(self._worker)
        self._reached = False
        self._receipts_taken = 0
        self._hub_full = True

    def run_outbox(self) -> None:
        """Uploads parts and manifests of what was put, and keeps the hub's acceptances."""
        pending: Sends = {}
        with (
            self._helped("leases-out", self._prolong),
            _Lanes("post", LANES[:1]) as posts,
            _Lanes("up", LANES) as ups,
        ):
            self._repeat(lambda: self._send_all(posts, ups, pending))
            self._end_sends(pending)

    def run_inbox(self) -> None:
        """Asks for mail, fetches parts, gives messages to their handlers, sends receipts."""
        pending: Fetches = {}
        with (
            self._helped("leases-in", self._prolong),
            self._helped("collect", self._collect, 3.0),
            self._helped("receipts", self._send_receipts),
            _Lanes("fetch", LANES) as fetches,
        ):
            self._repeat(lambda: self._handle_all(fetches, pending))
            _end(pending)
            self._leases.release([row.number for row, _ in pending.values()])

    @contextlib.contextmanager
    def _helped(self, name: str, turn: Callable[[], None], longest: float = _LONGEST_PAUSE) -> Iterator[None]:
        """A thread that takes turns of its own meanwhile."""
        helper = threading.Thread(target=self._repeat, args=(turn, longest), name=name, daemon=True)
        helper.start()
        yield
        helper.join(1.0)  # it may sit in a long poll; what comes in then is left in the mailbox

    def _prolong(self) -> None:
        self._stop.wait(_RENEW)
        self._leases.renew()

    def _repeat(self, turn: Callable[[], None], longest: float = _LONGEST_PAUSE) -> None:
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
                    if isinstance(error, space.NoRoom) or space.disk_failed(error):
                        log.error("the work waits until the disk can be written: %s", error)
                    elif not isinstance(error, NoLine | HubRefused):
                        log.exception("courier")
                    self._pause(faults, error, longest)
        finally:
            connection.close()

    def _pause(self, faults: int, error: Exception, longest: float = _LONGEST_PAUSE) -> None:
        """Waits after a fault, shorter when the line is found to be back meanwhile."""
        if isinstance(error, NoLine):
            longest = min(longest, _LONGEST_WITHOUT_LINE)
        pause = min(longest, 0.5 * 2.0 ** min(faults, 8)) * random.uniform(0.5, 1.0)  # noqa: S311 - jitter
        if isinstance(error, HubRefused):
            self._trouble(error.problem)
        if isinstance(error, NoLine):
            self._trouble(error.problem)
            self._stop.wait(max(error.wait, min(pause, 0.5)))
            self._line.wait_until_alive(pause)
        else:
            self._stop.wait(pause)

    def _insist(self, work: Callable[[], T]) -> T:
        """Does it again until the line lets it.

        Raises:
            Held: this node stops, or the work must wait for the night; and what else ``work`` raises.
        """
        faults = 0
        while True:
            close_old_connections()
            try:
                return work()
            except NoLine as error:
                faults += 1
                self._pause(faults, error)
            if self._stop.is_set():
                raise Held

    def _trouble(self, problem: Problem) -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql.TROUBLE, (work.as_text(problem),))
                if problem.code == _HUB_FULL:
                    self._hub_full = True
                    alerts.settle(_HUB_FULL, {"": problem})
        except Exception:
            log.exception("the state of the line could not be kept")

    # Outbox

    def _send_all(self, posts: _Lanes, ups: _Lanes, pending: Sends) -> None:
        """Works on the queue as long as there is something in it; then waits for a put.

        One call with small messages is under way at a time; what is put meanwhile fills the next. Messages with
        large parts go beside it, one of each lane at a time, so that none waits for a less urgent one.
        """
        while not self._stop.is_set():
            outbox.wake.clear()
            for future in [future for future in pending if future.done()]:
                line = self._sent(pending.pop(future), future)
                if line:
                    raise line
            if all(batch[0].alone for batch in pending.values()):
                self._claim_out(posts, ups, pending)
            if not outbox.wake.wait(_LOOK_AGAIN) and not pending:
                return

    def _claim_out(self, posts: _Lanes, ups: _Lanes, pending: Sends) -> None:
        held = Counter(batch[0].row.lane for batch in pending.values())
        lanes = [lane for lane in LANES if lane <= self._line.open_lane() and held[lane] < _AHEAD]
        batches = outbox.batches(self._leases.claim("out", MOST_MESSAGES, lanes), self._line.call_bytes)
        posted = False
        for batch in batches:
            lane = batch[0].row.lane
            if batch[0].alone:
                future = ups[lane].submit(self._send, batch)
            elif posted:  # after the first call there may be more urgent ones
                self._leases.release(_numbers([batch]))
                continue
            else:
                future, posted = posts[0].submit(self._send, batch), True
            pending[future] = batch
            future.add_done_callback(lambda _: outbox.wake.set())

    def _end_sends(self, pending: Sends) -> None:
        _end(pending)
        for future, batch in pending.items():
            if future.cancelled():
                self._leases.release(_numbers([batch]))
            else:
                self._sent(batch, future)

    def _send(self, batch: Sequence[Outgoing]) -> list[Result]:
        """Brings messages to the hub; runs in a thread of a pool. A bad one is tried by itself."""
        close_old_connections()
        try:
            return self._insist(lambda: self._post(batch)) if batch[0].alone else self._post(batch)
        except (NoLine, Held):
            raise
        except Exception as error:
            alone = (
                len(batch) == 1 and batch[0].alone and isinstance(error, HubRefused) and error.problem.retry
            )
            if isinstance(error, HubRefused) and error.status not in _OF_CONTENT and not alone:
                raise NoLine(error.problem, wait=30.0) from error
            if space.disk_failed(error):
                raise
            if len(batch) == 1:
                return [error]
            return [result for one in batch for result in self._send([one])]

    def _post(self, batch: Sequence[Outgoing]) -> list[Result]:
        uploaded = {name: self._bulk.upload(name, one.row.lane) for one in batch for name in one.alone}
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
        self._leases.drop(_numbers([batch]))
        if error is not None:
            self._leases.release(_numbers([batch]))
            if isinstance(error, NoLine):
                return error
            if isinstance(error, Held):
                return None
            raise error
        good = [result for result in future.result() if isinstance(result, outbox.Sent)]
        if good:
            outbox.accepted(good)
            if self._hub_full:
                alerts.clear(_HUB_FULL)
                self._hub_full = False
        for one, result in zip(batch, future.result(), strict=True):
            row = one.row
            if isinstance(result, NoSuchBlob):
                work.set_aside(row, problems.part_lost(str(result.args[0])))
            elif isinstance(result, LienThongError):
                damaged = outbox.damaged(one) if result.problem.code == "exchange-wrong-part" else None
                work.hold(row, damaged or result.problem)
            elif isinstance(result, Exception):
                log.error("message %s could not be sent", row.message, exc_info=result)
                work.hold(row, problems.handler_failed(result))
        return None

    # Inbox

    def _collect(self) -> None:
        if space.problem() is not None:
            self._collect_receipts()
            return
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

    def _collect_receipts(self) -> None:
        """While the disk is full the mail stays at the hub; receipts come all the same, since they make room."""
        after = max(inbox.position(), self._receipts_taken)
        items, _ = self._hub.mailbox(after, MOST_ITEMS, 0, receipts=True)
        if items:
            inbox.take_receipts(items)
            self._receipts_taken = items[-1].number
        self._stop.wait(_GATHER if items else _NO_ROOM)

    def _handle_all(self, fetches: _Lanes, pending: Fetches) -> None:
        """Works on what was collected as long as there is something; then waits for more."""
        while not self._stop.is_set():
            inbox.collected.clear()
            ready = self._fetched(pending)
            held = Counter(row.lane for row, _ in pending.values())
            lanes = [lane for lane in LANES if held[lane] < _AHEAD]
            ready += self._start(fetches, self._leases.claim("in", _AHEAD, lanes), pending)
            self._handle(ready)
            if not ready and not inbox.collected.wait(_LOOK_AGAIN) and not pending:
                return

    def _handle(self, ready: Sequence[Checked]) -> None:
        done = 0
        while done < len(ready) and not self._stop.is_set():
            count = inbox.handle(ready[done:])
            self._leases.drop([row.number for row, _ in ready[done : done + count]])
            done += count
            self._stop.wait(_BETWEEN)
        self._leases.release([row.number for row, _ in ready[done:]])

    def _start(self, fetches: _Lanes, rows: Sequence[Claimed], pending: Fetches) -> list[Checked]:
        """Checks messages; returns those whose parts are all here and starts to fetch the parts of the others."""
        good: list[Checked] = []
        for row in rows:
            try:
                good.append((row, inbox.checked(row)))
            except LienThongError as error:
                self._leases.drop([row.number])
                work.hold(row, error.problem)
        here = content.has({part.sha256 for _, found in good for part in found.parts})
        ready = []
        for row, found in good:
            missing = [part for part in found.parts if part.sha256 not in here]
            unsent = [part.sha256 for part in missing if part.sealed is None]
            if unsent:
                with transaction.atomic():
                    reconciling.request(row.message, unsent)
            if not missing:
                ready.append((row, found))
            elif row.lane > self._line.open_lane():
                self._leases.drop([row.number])
                work.pause(row)
            else:
                future = fetches[row.lane].submit(self._fetch, row.lane, missing)
                pending[future] = (row, found)
                future.add_done_callback(lambda _: inbox.collected.set())
        return ready

    def _fetch(self, lane: int, missing: Sequence[Entry]) -> None:
        """Fetches and opens parts. Opening is not in the transaction, since it takes long."""
        for part in sorted(missing, key=lambda part: part.priority):
            if part.sealed is None:
                raise LienThongError(problems.content_awaited(1))
            this = part.sealed
            space.check(this.size + part.size)
            self._insist(lambda: self._bulk.download(this, lane))  # noqa: B023 - called at once
            try:
                content.take(part)
            except content.CannotOpen as error:
                raise LienThongError(problems.cannot_open(part.sha256)) from error
            with transaction.atomic():
                sealed.forget([this.sha256])

    def _fetched(self, pending: Fetches) -> list[Checked]:
        """Takes out the messages whose parts came; sees to those whose parts did not."""
        ready: list[Checked] = []
        for future in [future for future in pending if future.done()]:
            row, found = pending.pop(future)
            error = future.exception()
            if error is None:
                ready.append((row, found))
                continue
            self._leases.drop([row.number])
            if isinstance(error, Held):
                work.pause(row)
            elif isinstance(error, LienThongError) and error.problem.code == "exchange-cannot-open":
                inbox.refuse(row, found, error.problem)
            elif isinstance(error, LienThongError):
                work.hold(row, error.problem)
            elif space.disk_failed(error):
                work.hold(row, problems.disk_failed())
            else:
                log.error("parts of message %s could not be fetched", row.message, exc_info=error)
                work.hold(row, problems.handler_failed(error))
        return ready

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


class _Lanes:
    """A thread for each lane, so that none stands behind a less urgent one."""

    def __init__(self, name: str, lanes: Iterable[int]) -> None:
        self._pools = {lane: ThreadPoolExecutor(1, f"{name}-{lane}") for lane in lanes}

    def __getitem__(self, lane: int) -> ThreadPoolExecutor:
        return self._pools[lane]

    def __enter__(self) -> _Lanes:
        return self

    def __exit__(self, *_: object) -> None:
        for pool in self._pools.values():
            pool.shutdown()


def _end(pending: Iterable[Future[Any]]) -> None:
    for future in pending:
        future.cancel()
    wait(pending)


def _numbers(batches: Iterable[Sequence[Outgoing]]) -> list[int]:
    return [one.row.number for batch in batches for one in batch]
