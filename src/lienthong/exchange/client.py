"""Site: calls to the hub. Every call goes out; nothing comes in but answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
import urllib3

from lienthong.access import assertions
from lienthong.exchange import batches, compact, keys, problems, sockets, tokens
from lienthong.exchange.batches import MSGPACK, Envelope, Item
from lienthong.exchange.line import Line
from lienthong.facilities import directory
from lienthong.foundation import clock, ids, json
from lienthong.foundation.errors import LienThongError, Problem

_CHUNK = 1 << 16
_LONGEST_ANSWER = 32 << 20
_RENEW_BEFORE = 60.0
_COMPACT = {"Accept-Encoding": compact.ENCODING}
_CLOCKS_DIFFER = 30.0


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

    def __init__(self, url: str, line: Line | None = None) -> None:
        self._url, self._line = url.rstrip("/"), line or Line(0, 0, "", 3)
        self._calls, self._bulk = sockets.for_calls(), sockets.for_bulk()
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0
        self.ahead = timedelta()
        """How far the hub's clock is ahead of ours; assertions carry its time, so that a wrong clock stops nothing."""

    def post_messages(self, batch: Sequence[Envelope]) -> list[str | HubRefused]:
        """Sends manifests and the parts that travel with them; for each the hub's acceptance (JWS) or its refusal."""
        messages = [Envelope(compact.short(str(one.manifest)), one.parts) for one in batch]
        headers = {"Content-Type": MSGPACK, "Content-Encoding": compact.ENCODING, **_COMPACT}
        answer = self.call("POST", "/exchange/v1/messages", compact.pack({"messages": messages}), headers)
        try:
            results = [
                compact.whole(one.acceptance) if one.acceptance else HubRefused(one.status, one.problem or {})
                for one in batches.read_results(_unpacked(answer.headers, answer.data))
            ]
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise NoLine(problems.hub_fault(200)) from error
        if len(results) != len(batch):
            raise NoLine(problems.hub_fault(200))
        return results

    def mailbox(self, after: int, limit: int, wait: int, *, receipts: bool = False) -> tuple[list[Item], int]:
        """Items after a number, waiting up to ``wait`` seconds for one; and how long to pause before asking again.

        ``receipts``: no messages, which then stay where they are.
        """
        only = {"only": "receipt"} if receipts else {}
        query = urlencode({"after": after, "limit": limit, "wait": wait, **only})
        try:
            answer = self.open("GET", f"/exchange/v1/mailbox?{query}", headers=_COMPACT)
            body = self._read(answer)
            self._line.got_through(0, 0.0)
            return batches.read_mail(_unpacked(answer.headers, body))
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise NoLine(problems.hub_fault(200)) from error

    def post_receipts(self, batch: list[str]) -> list[Problem | None]:
        """Sends receipts; for each, why the hub does not take it, or None."""
        answer = _json(self.call("POST", "/exchange/v1/receipts", json.dumps({"receipts": batch})).data)
        results = answer.get("results", [])
        if len(results) != len(batch):
            raise NoLine(problems.hub_fault(200))
        return [None if r["status"] == "kept" else Problem.from_dict(r["problem"]) for r in results]

    def bring(self, body: bytes) -> None:
        """Brings again what the hub asked for, as ``reconciling/again.py`` makes it."""
        self.call("POST", "/exchange/v1/again", body, {"Content-Type": MSGPACK})

    def done(self, up_to: int) -> None:
        """Tells the hub which receipts were taken."""
        self.call("POST", "/exchange/v1/mailbox/done", json.dumps({"up_to": up_to}))

    def directory(self, after: int) -> list[str]:
        """The hub's statements of the directory after a number (JWS), the oldest first."""
        return _statements(self.call("GET", f"/exchange/v1/directory?after={after}").data)

    def propose_keys(self, proposal: str, after: int) -> list[str]:
        """Has the hub enter new keys of this site; returns the statements after a number."""
        return _statements(
            self.call("POST", "/exchange/v1/keys", json.dumps({"proposal": proposal, "after": after})).data
        )

    def settle_keys(self, kid: str, after: int) -> list[str]:
        """Has the hub end the keys of this site before ``kid``, with which it calls; returns the statements after."""
        with self._lock:
            self._until = 0.0
        return _statements(
            self.call("POST", "/exchange/v1/keys/settled", json.dumps({"kid": kid, "after": after})).data
        )

    def call(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answered:
        """A call with a short answer, while large content pauses.

        Raises:
            NoLine: the hub or the line cannot now; HubRefused: it will not.
        """
        began = time.monotonic()
        with self._line.call():
            answer = self.open(method, path, body, headers)
            answered = Answered(answer.headers, self._read(answer))
            self._line.got_through(len(body), time.monotonic() - began)
            self._line.pay("up", len(body))
        return answered

    def open(
        self,
        method: str,
        path: str,
        body: bytes | Iterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        bulk: bool = False,
    ) -> urllib3.BaseHTTPResponse:
        """A call whose answer the caller reads, with a token; raises as :meth:`call`.

        A body that is an iterator is not given twice: its call may fail because the token has just ended.
        """
        bearer = self._bearer()
        answer = self._send(method, path, body, headers or {}, bearer, bulk)
        if answer.status == 401:
            with self._lock:
                if self._token == bearer:
                    self._until = 0.0
            if isinstance(body, bytes) or body is None:
                answer.drain_conn()
                answer = self._send(method, path, body, headers or {}, self._bearer(), bulk)
        return self._good(answer)

    def _send(
        self,
        method: str,
        path: str,
        body: bytes | Iterator[bytes] | None,
        headers: Mapping[str, str],
        bearer: str = "",
        bulk: bool = False,
    ) -> urllib3.BaseHTTPResponse:
        if bearer:
            headers = {**headers, "Authorization": f"Bearer {bearer}"}
        try:
            return (self._bulk if bulk else self._calls).request(
                method, self._url + path, body=body, headers=headers, preload_content=False, redirect=False
            )
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise NoLine(problems.no_line(type(error).__name__)) from error

    def _read(self, answer: urllib3.BaseHTTPResponse) -> bytes:
        """The short body of an answer."""
        pieces: list[bytes] = []
        with self._line.call():
            try:
                while piece := read(answer, _CHUNK):
                    pieces.append(piece)
                    self._line.pay("down", len(piece))
                    if len(pieces) * _CHUNK > _LONGEST_ANSWER:
                        raise NoLine(problems.hub_fault(answer.status))
            except NoLine:
                answer.close()
                raise
            answer.release_conn()
        return b"".join(pieces)

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
            document = _json(self._read(answer))
            raise NoLine(Problem.from_dict(document), wait=30.0)
        self._reckon(answer)
        value = _json(self._read(self._good(answer)))
        return str(value["access_token"]), float(value["expires_in"])

    def _ask_for_token(self) -> urllib3.BaseHTTPResponse:
        key, now = keys.own(), int((clock.now() + self.ahead).timestamp())
        hubs = directory.nodes("hub")
        if not hubs:
            raise NoLine(problems.unknown_key("hub"))
        claims = {"iss": key.kid, "sub": key.kid, "aud": tokens.hub_id(hubs[0].facility), "jti": ids.new_id()}
        assertion = key.jwt({**claims, "iat": now, "exp": now + assertions.LONGEST - 60})
        form = {
            "grant_type": "client_credentials",
            "scope": tokens.SCOPE,
            "client_assertion_type": assertions.TYPE,
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

    def _good(self, answer: urllib3.BaseHTTPResponse) -> urllib3.BaseHTTPResponse:
        """The answer, if it is a success.

        Raises:
            NoLine: the hub or the line cannot now; HubRefused: it will not, or not this now (``problem.retry``).
        """
        if answer.status < 300:
            return answer
        status, wait = answer.status, answer.headers.get("Retry-After", "")
        problem = answer.headers.get("Content-Type", "") == "application/problem+json"
        body, seconds = self._read(answer), float(wait) if wait.isdigit() else 0.0
        if problem and seconds and status in (503, 507):
            raise NoLine(Problem.from_dict(_json(body)), seconds)
        if status in (401, 429, 502, 503, 504) or not problem:
            raise NoLine(problems.hub_fault(status), seconds)
        if status >= 500 and status != 507:
            raise LienThongError(problems.hub_fault(status))
        raise HubRefused(status, _json(body))


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer read to its end."""

    headers: Mapping[str, str]
    data: bytes


def read(answer: urllib3.BaseHTTPResponse, size: int) -> bytes:
    """So many bytes of a body, fewer at its end, none after it.

    Raises:
        NoLine: it was cut.
    """
    try:
        return answer.read(size, decode_content=False)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise NoLine(problems.no_line(type(error).__name__)) from error


def _unpacked(headers: Mapping[str, str], body: bytes) -> bytes:
    """The MessagePack of an answer.

    Raises:
        ValueError: it is not what the encoding says, or too long.
    """
    packed = headers.get("Content-Encoding", "") == compact.ENCODING
    return compact.unpack(body, _LONGEST_ANSWER) if packed else body


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")  # a HEAD is answered without a body
    except json.DecodeError as error:
        raise NoLine(problems.hub_fault(200)) from error
    if not isinstance(value, dict):
        raise NoLine(problems.hub_fault(200))
    return value


def _statements(body: bytes) -> list[str]:
    found = _json(body).get("statements")
    if not isinstance(found, list) or not all(isinstance(jws, str) for jws in found):
        raise NoLine(problems.hub_fault(200))
    return found
