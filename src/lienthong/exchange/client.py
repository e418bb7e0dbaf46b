"""Site: calls to the hub. Every call goes out; nothing comes in but answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
import urllib3

from lienthong.exchange import keys, problems, sealed, tokens
from lienthong.exchange.batches import MOST_ITEMS, MSGPACK, Envelope, Item
from lienthong.exchange.manifest import Sealed
from lienthong.facilities import directory
from lienthong.foundation import clock, ids, json
from lienthong.foundation.errors import LienThongError, Problem

_SMALL = 1 << 20
_CHUNK = 1 << 16
_LONGEST_ANSWER = 32 << 20
_RENEW_BEFORE = 60.0
_CLOCKS_DIFFER = 30.0
_TIMEOUT = urllib3.Timeout(connect=10.0, read=60.0)


class _Mail(msgspec.Struct):
    items: Annotated[list[Item], msgspec.Meta(max_length=MOST_ITEMS)]
    poll_after: Annotated[int, msgspec.Meta(ge=0, le=3600)] = 0


_mail = msgspec.msgpack.Decoder(_Mail)


class NoLine(LienThongError):
    """The hub cannot be reached or cannot work now: wait, then try everything again."""

    def __init__(self, problem: Problem, wait: float = 0.0) -> None:
        super().__init__(problem)
        self.wait = wait


class HubRefused(LienThongError):
    """The hub will not take this, however often it is tried. ``status`` and ``document`` are its answer."""

    def __init__(self, status: int, document: dict[str, Any]) -> None:
        super().__init__(Problem.from_dict(document))
        self.status, self.document = status, document


class Hub:
    """The hub as this site sees it; may be used by several threads."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._pool = urllib3.PoolManager(maxsize=8, block=False, retries=False, timeout=_TIMEOUT)
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0
        self.ahead = timedelta()
        """How far the hub's clock is ahead of ours; assertions carry its time, so that a wrong clock stops nothing."""

    def has_part(self, sha256: str) -> bool:
        """Whether the hub has a sealed part that this site put."""
        try:
            self._call("HEAD", f"/exchange/v1/parts/{sha256}").drain_conn()
        except HubRefused:
            return False
        return True

    def put_part(self, sha256: str) -> int:
        """Sends a sealed part by itself; returns the bytes sent.

        Raises:
            NoSuchBlob: it is not there.
        """
        stream, size = sealed.open_stream(sha256)
        with stream:
            body = stream.read() if size <= _SMALL else stream
            headers = {"Content-Length": str(size)}
            self._call("PUT", f"/exchange/v1/parts/{sha256}", body, headers).drain_conn()
        return size

    def post_messages(self, batch: Sequence[Envelope]) -> list[str | HubRefused]:
        """Sends manifests and the parts that travel with them; for each the hub's acceptance (JWS) or its refusal."""
        body = msgspec.msgpack.encode({"messages": batch})
        answer = _json(self._call("POST", "/exchange/v1/messages", body, {"Content-Type": MSGPACK}))
        try:
            results = [
                str(r["acceptance"]) if "acceptance" in r else HubRefused(int(r["status"]), r["problem"])
                for r in answer["results"]
            ]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise NoLine(problems.hub_fault(200)) from error
        if len(results) != len(batch):
            raise NoLine(problems.hub_fault(200))
        return results

    def mailbox(self, after: int, limit: int, wait: int) -> tuple[list[Item], int]:
        """Items after a number, waiting up to ``wait`` seconds for one; and how long to pause before asking again."""
        query = urlencode({"after": after, "limit": limit, "wait": wait})
        try:
            mail = _mail.decode(_body(self._call("GET", f"/exchange/v1/mailbox?{query}")))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise NoLine(problems.hub_fault(200)) from error
        return mail.items, mail.poll_after

    def get_part(self, part: Sealed) -> None:
        """Fetches a sealed part into the folder of sealed content, durably.

        Raises:
            LienThongError: ``exchange-wrong-part``: what came has another hash or size.
        """
        if part.sha256 in sealed.has([part.sha256]):
            return
        answer = self._call("GET", f"/exchange/v1/parts/{part.sha256}")
        try:
            sealed.take(part, _content(answer))
        except ValueError as error:
            raise LienThongError(problems.wrong_part(part.sha256)) from error
        finally:
            answer.release_conn()

    def post_receipts(self, batch: list[str]) -> list[Problem | None]:
        """Sends receipts; for each, why the hub does not take it, or None."""
        answer = _json(self._call("POST", "/exchange/v1/receipts", json.dumps({"receipts": batch})))
        results = answer.get("results", [])
        if len(results) != len(batch):
            raise NoLine(problems.hub_fault(200))
        return [None if r["status"] == "kept" else Problem.from_dict(r["problem"]) for r in results]

    def bring(self, body: bytes) -> None:
        """Brings again what the hub asked for, as ``reconciling/again.py`` makes it."""
        self._call("POST", "/exchange/v1/again", body, {"Content-Type": MSGPACK}).drain_conn()

    def done(self, up_to: int) -> None:
        """Tells the hub which receipts were taken."""
        self._call("POST", "/exchange/v1/mailbox/done", json.dumps({"up_to": up_to})).drain_conn()

    def _call(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        answer = self._send(
            method, path, body, {**(headers or {}), "Authorization": f"Bearer {self._bearer()}"}
        )
        if answer.status == 401:
            answer.drain_conn()
            with self._lock:
                self._until = 0.0
            if hasattr(body, "seek"):
                body.seek(0)
            answer = self._send(
                method, path, body, {**(headers or {}), "Authorization": f"Bearer {self._bearer()}"}
            )
        return _good(answer)

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        try:
            return self._pool.request(
                method, self._url + path, body=body, headers=headers, preload_content=False, redirect=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise NoLine(problems.no_line(type(error).__name__)) from error

    def _bearer(self) -> str:
        with self._lock:
            if time.monotonic() >= self._until:
                self._token, seconds = self._new_token()
                self._until = time.monotonic() + max(1.0, seconds - _RENEW_BEFORE)
            return self._token

    def _new_token(self) -> tuple[str, float]:
        answer = self._ask_for_token()
        if answer.status in (400, 401) and abs(self._reckon(answer)) > _CLOCKS_DIFFER:
            answer.drain_conn()
            answer = self._ask_for_token()
        if 400 <= answer.status < 500 and answer.status != 429:
            document = _json(answer)
            raise NoLine(Problem.from_dict(document), wait=30.0)
        self._reckon(answer)
        value = _json(_good(answer))
        return str(value["access_token"]), float(value["expires_in"])

    def _ask_for_token(self) -> urllib3.BaseHTTPResponse:
        key, now = keys.own(), int((clock.now() + self.ahead).timestamp())
        hubs = directory.nodes("hub")
        if not hubs:
            raise NoLine(problems.unknown_key("hub"))
        claims = {"iss": key.kid, "sub": key.kid, "aud": tokens.hub_id(hubs[0].facility), "jti": ids.new_id()}
        assertion = key.jwt({**claims, "iat": now, "exp": now + tokens.LONGEST_ASSERTION - 60})
        form = {
            "grant_type": "client_credentials",
            "scope": tokens.SCOPE,
            "client_assertion_type": tokens.ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._send("POST", tokens.PATH, urlencode(form).encode(), headers)

    def _reckon(self, answer: urllib3.BaseHTTPResponse) -> float:
        """By how many seconds the hub's clock is ahead of ours, from the Date of an answer; kept in :attr:`ahead`."""
        try:
            told = parsedate_to_datetime(answer.headers["Date"])
        except (KeyError, ValueError):
            return 0.0
        self.ahead = told - clock.now()
        return self.ahead.total_seconds()


def _good(answer: urllib3.BaseHTTPResponse) -> urllib3.BaseHTTPResponse:
    """The answer, if it is a success.

    Raises:
        NoLine: the hub or the line cannot now; HubRefused: it will not.
    """
    if answer.status < 300:
        return answer
    status, wait = answer.status, answer.headers.get("Retry-After", "")
    problem = answer.headers.get("Content-Type", "") == "application/problem+json"
    if status in (401, 429, 502, 503, 504) or not problem:
        answer.drain_conn()
        raise NoLine(problems.hub_fault(status), float(wait) if wait.isdigit() else 0.0)
    if status >= 500:
        answer.drain_conn()
        raise LienThongError(problems.hub_fault(status))
    raise HubRefused(status, _json(answer))


def _content(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    try:
        yield from answer.stream(_CHUNK, decode_content=False)
    except urllib3.exceptions.HTTPError as error:
        raise NoLine(problems.no_line(type(error).__name__)) from error


def _body(answer: urllib3.BaseHTTPResponse) -> bytes:
    body = b"".join(_bounded(_content(answer)))
    answer.release_conn()
    return body


def _json(answer: urllib3.BaseHTTPResponse) -> dict[str, Any]:
    try:
        value = json.loads(_body(answer) or b"{}")  # a HEAD is answered without a body
    except json.DecodeError as error:
        raise NoLine(problems.hub_fault(answer.status)) from error
    if not isinstance(value, dict):
        raise NoLine(problems.hub_fault(answer.status))
    return value


def _bounded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    taken = 0
    for chunk in chunks:
        taken += len(chunk)
        if taken > _LONGEST_ANSWER:
            raise NoLine(problems.hub_fault(200))
        yield chunk
