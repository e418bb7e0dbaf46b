"""Hub: the doors of the exchange protocol as a plain WSGI application (``docs/reference/exchange-protocol.md``)."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO
from urllib.parse import parse_qsl

import msgspec
from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from lienthong.access.limits import Bucket
from lienthong.exchange import compact, hub, peers, problems, sealed, space, tokens, tus
from lienthong.exchange.batches import CALL, MOST_ITEMS, MOST_MESSAGES, MSGPACK, Item, batches, short
from lienthong.exchange.reconciling import again
from lienthong.exchange.tokens import Caller
from lienthong.exchange.trust import doors as trust
from lienthong.foundation.blobs import NoSuchBlob
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.foundation.wsgi import (
    Environ,
    HttpError,
    Request,
    Response,
    StartResponse,
    answer,
    problem_response,
    send,
)

log = logging.getLogger(__name__)

PREFIX = "/exchange/v1/"
RECEIPTS_LIMIT, MOST_RECEIPTS = 4 << 20, 200
LONGEST_WAIT, POLL_AGAIN = 30.0, 2
_FORM_LIMIT = 16_384
_AGAIN_WITH_ROOM = "30"
_SMALL = 1 << 18
_CHUNK = 1 << 18
_SHA256 = re.compile("[0-9a-f]{64}")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")

_knocks = Bucket(rate=20, burst=200)
_calls = Bucket(rate=1000, burst=3000)
_waiting = threading.BoundedSemaphore(settings.EXCHANGE_LONG_POLLS)
_closing = threading.Event()


def close() -> None:
    """Answers the calls that wait for mail, since the server is about to end."""
    _closing.set()
    hub.bell.ring_all()


def serves(path: str) -> bool:
    """Whether a path belongs to these doors."""
    return path == tokens.PATH or path.startswith(PREFIX)


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answers one call; every error is a problem document."""
    close_old_connections()
    request = Request(environ)
    try:
        response = _route(request)
    except HttpError as error:
        response = problem_response(error)
    except space.NoRoom as error:
        response = problem_response(_no_room(error.problem))
    except LienThongError as error:
        response = problem_response(HttpError(400, error.problem))
    except Exception as error:
        if space.disk_failed(error):
            log.error("%s %s: %s", request.method, request.path, error)
            response = problem_response(_no_room(problems.hub_full(space.room().free, space.room().reserve)))
        elif isinstance(error, DatabaseError):
            log.exception("%s %s", request.method, request.path)
            response = problem_response(HttpError(503, _busy(), headers=(("Retry-After", "2"),)))
        else:
            log.exception("%s %s", request.method, request.path)
            response = problem_response(HttpError(500, problems.hub_fault(500)))
    finally:
        if connection.in_atomic_block:
            connection.close()
        close_old_connections()
    return send(response, start_response)


def _route(request: Request) -> Response:
    if settings.NODE.role != "hub":
        raise HttpError(404, problems.no_door())
    if request.path == tokens.PATH:
        _method(request, "POST")
        _knocks.take(request.address)
        return _token(request)
    if request.path == f"{PREFIX}join":
        _method(request, "POST")
        return trust.join(request)
    try:
        caller = tokens.caller(request.header("authorization"), request.address)
    except HttpError:
        _knocks.take(request.address)
        raise
    _calls.take(caller.facility)
    name = request.path[len(PREFIX) :]
    if name == "uploads" or name.startswith("uploads/"):
        return tus.door(request, caller, name[len("uploads/") :])
    if name.startswith("parts/"):
        return _part(request, caller, name[len("parts/") :])
    door = _DOORS.get(name)
    if door is None:
        raise HttpError(404, problems.no_door())
    _method(request, door[0])
    return door[1](request, caller)


def _method(request: Request, *allowed: str) -> None:
    if request.method not in allowed:
        raise HttpError(405, problems.no_door(), headers=(("Allow", ", ".join(allowed)),))


def _token(request: Request) -> Response:
    try:
        form = dict(parse_qsl(request.body(_FORM_LIMIT).decode("ascii"), max_num_fields=20))
    except ValueError as error:
        raise HttpError(400, problems.not_understood("not a form"), error="invalid_request") from error
    return answer(200, tokens.issue(form, request.address))


def _messages(request: Request, caller: Caller) -> Response:
    if request.header("content-type") != MSGPACK:
        raise HttpError(415, problems.not_understood(f"Content-Type is {MSGPACK}"))
    encoding, body = request.header("content-encoding"), request.body(CALL)
    space.check(len(body))
    if encoding not in ("", compact.ENCODING):
        raise HttpError(415, problems.not_understood(f"Content-Encoding is {compact.ENCODING} or none"))
    try:
        batch = batches.decode(compact.unpack(body, CALL) if encoding else body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise HttpError(400, problems.not_understood(f"messages: at most {MOST_MESSAGES}")) from error
    results = hub.accept(caller, batch.messages)
    if not _compact(request):
        return answer(200, {"results": results})
    for result in results:
        if "acceptance" in result:
            result["acceptance"] = compact.short(result["acceptance"])
    return _packed({"results": results})


def _compact(request: Request) -> bool:
    """Whether the caller can read a compact answer."""
    return compact.ENCODING in request.header("accept-encoding")


def _packed(value: Any) -> Response:
    headers = [("Content-Type", MSGPACK), ("Content-Encoding", compact.ENCODING)]
    return Response(200, compact.pack(value), headers)


def _mailbox(request: Request, caller: Caller) -> Response:
    query = request.query
    try:
        after, limit = int(query.get("after", "0")), int(query.get("limit", str(MOST_ITEMS)))
        wait = min(float(query.get("wait", "0")), LONGEST_WAIT)
    except ValueError as error:
        raise HttpError(400, problems.not_understood("after, limit and wait are numbers")) from error
    if not (0 <= after < 1 << 62 and 1 <= limit <= MOST_ITEMS and wait >= 0):
        raise HttpError(
            400, problems.not_understood(f"limit is 1 to {MOST_ITEMS}, after and wait not negative")
        )
    if query.get("only") == "receipt":
        items, waited = hub.mailbox(caller, after, limit, receipts=True), True
    else:
        items, waited = _wait_for_mail(caller, after, limit, wait)
    value: dict[str, Any] = {"items": short(items) if _compact(request) else items}
    if not items and not waited:
        value["poll_after"] = POLL_AGAIN
    if _compact(request):
        return _packed(value)
    return Response(200, msgspec.msgpack.encode(value), [("Content-Type", MSGPACK)])


def _wait_for_mail(caller: Caller, after: int, limit: int, wait: float) -> tuple[list[Item], bool]:
    """The items, and whether the call could wait for them (only so many calls may wait at once)."""
    deadline = time.monotonic() + wait
    slot = False
    try:
        while True:
            heard = hub.bell.heard(caller.facility)
            items = hub.mailbox(caller, after, limit)
            left = deadline - time.monotonic()
            if items or left <= 0 or _closing.is_set():
                return items, slot
            slot = slot or _waiting.acquire(blocking=False)
            if not slot:
                return items, False
            hub.bell.wait(caller.facility, heard, min(left, 1.0))
    finally:
        if slot:
            _waiting.release()


def _receipts(request: Request, caller: Caller) -> Response:
    value = request.json(RECEIPTS_LIMIT)
    batch = value.get("receipts") if isinstance(value, dict) else None
    if (
        not isinstance(batch, list)
        or len(batch) > MOST_RECEIPTS
        or not all(isinstance(jws, str) for jws in batch)
    ):
        raise HttpError(400, problems.not_understood(f"receipts: a list of at most {MOST_RECEIPTS} JWS"))
    return answer(200, {"results": hub.take_receipts(caller, batch)})


def _done(request: Request, caller: Caller) -> Response:
    value = request.json(_FORM_LIMIT)
    up_to = value.get("up_to") if isinstance(value, dict) else None
    if not isinstance(up_to, int) or not 0 <= up_to < 1 << 62:
        raise HttpError(400, problems.not_understood("up_to: a number of the mailbox"))
    hub.done(caller, up_to)
    return Response(204)


def _again(request: Request, caller: Caller) -> Response:
    if request.header("content-type") != MSGPACK:
        raise HttpError(415, problems.not_understood(f"Content-Type is {MSGPACK}"))
    try:
        brought = again.decode(request.body(CALL))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise HttpError(400, problems.not_understood(f"again: at most {again.MOST}")) from error
    return answer(200, {"wanted": again.take(caller, brought)})


_DOORS: dict[str, tuple[str, Callable[[Request, Caller], Response]]] = {
    "messages": ("POST", _messages),
    "mailbox": ("GET", _mailbox),
    "mailbox/done": ("POST", _done),
    "receipts": ("POST", _receipts),
    "directory": ("GET", trust.directory),
    "keys": ("POST", trust.keys),
    "keys/settled": ("POST", trust.settled),
    "again": ("POST", _again),
}


def _part(request: Request, caller: Caller, sha256: str) -> Response:
    if not _SHA256.fullmatch(sha256):
        raise HttpError(404, problems.no_such_part())
    _method(request, "HEAD", "GET")
    size = hub.part_size(caller, sha256)
    if size is None and request.method == "HEAD":
        size = hub.own_size(caller, sha256)
    if size is None:
        raise HttpError(404, problems.no_such_part())
    return _give_part(request, caller, sha256)


def _give_part(request: Request, caller: Caller, sha256: str) -> Response:
    """The sealed part, whole or the range asked for."""
    try:
        stream, total = sealed.open_stream(sha256)
    except NoSuchBlob as error:
        raise HttpError(404, problems.no_such_part()) from error
    tag = f'"{sha256}"'
    headers = [("Content-Type", "application/octet-stream"), ("ETag", tag), ("Accept-Ranges", "bytes")]
    start, end, status = 0, total, 200
    try:
        span = _span(request.header("range"), total)
    except HttpError:
        stream.close()
        raise
    if span and request.header("if-range") in ("", tag) and request.method == "GET":
        start, end = span
        status = 206
        headers.append(("Content-Range", f"bytes {start}-{end - 1}/{total}"))
    headers.append(("Content-Length", str(end - start)))
    if request.method == "HEAD":
        stream.close()
        return Response(200, b"", headers)
    slices = _slices(stream, start, end - start)
    if end - start <= _SMALL:
        return Response(status, b"".join(slices), headers)
    try:
        tus.streams.take(caller.facility)
    except HttpError:
        stream.close()
        raise
    return Response(status, _Streamed(caller, slices), headers)


def _span(header: str, total: int) -> tuple[int, int] | None:
    """The half-open range of one ``Range``; None for none or several.

    Raises:
        HttpError: 416, outside the content.
    """
    match = _RANGE.fullmatch(header)
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    start = int(first) if first else max(0, total - int(last))
    end = min(int(last) + 1, total) if first and last else total
    if start >= end:
        outside = (("Content-Range", f"bytes */{total}"),)
        raise HttpError(416, problems.not_understood("the range is outside the content"), headers=outside)
    return start, end


def _slices(stream: BinaryIO, start: int, length: int) -> Iterator[bytes]:
    with stream:
        stream.seek(start)
        while length and (chunk := stream.read(min(length, _CHUNK))):
            length -= len(chunk)
            yield chunk


def _no_room(problem: Problem) -> HttpError:
    return HttpError(507, problem, headers=(("Retry-After", _AGAIN_WITH_ROOM),))


class _Streamed:
    """A body that may go for hours; it stops when its caller is cut off."""

    def __init__(self, caller: Caller, slices: Iterator[bytes]) -> None:
        self._caller, self._slices, self._open = caller, slices, True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        peers.node(self._caller.kid)
        return next(self._slices)

    def close(self) -> None:
        """Called by the server at the end, whatever it was."""
        if self._open:
            self._open = False
            self._slices.close()  # type: ignore[attr-defined]
            tus.streams.leave(self._caller.facility)


def _busy() -> Problem:
    return Problem(
        "exchange-busy",
        "Trục liên thông tạm thời chưa ghi được dữ liệu.",
        "The hub cannot write at the moment.",
        "Gói tin được giữ lại và sẽ tự gửi lại.",
        "The message is kept and sent again by itself.",
        retry=True,
    )
