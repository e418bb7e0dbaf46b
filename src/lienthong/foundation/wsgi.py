"""The little that a plain WSGI door needs: a bounded request, a response, errors as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from lienthong.foundation import json
from lienthong.foundation.errors import LienThongError, Problem

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

_CHUNK = 1 << 16
_PHRASES = {460: "Checksum Mismatch"}
"""Statuses outside HTTP: tus 1.0, checksum."""


@dataclass(slots=True)
class Response:
    """Status, headers and body of an answer."""

    status: int
    body: bytes | Iterable[bytes] = b""
    headers: list[tuple[str, str]] = field(default_factory=list)


class HttpError(LienThongError):
    """A problem with the HTTP status, headers and further members that it is answered with."""

    def __init__(
        self, status: int, problem: Problem, *, headers: tuple[tuple[str, str], ...] = (), **more: Any
    ) -> None:
        super().__init__(problem)
        self.status, self.headers, self.more = status, headers, more


class Request:
    """One call of a door."""

    def __init__(self, environ: Environ) -> None:
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        self.path: str = environ.get("PATH_INFO", "")
        self.address: str = environ.get("REMOTE_ADDR", "")

    def header(self, name: str) -> str:
        """A header's value, or an empty text."""
        key = name.upper().replace("-", "_")
        return str(
            self.environ.get(key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}") or ""
        )

    @property
    def query_string(self) -> str:
        """What stands after ``?``, as it came."""
        return str(self.environ.get("QUERY_STRING", ""))

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """The parameters after ``?`` in their order, repeated ones too; at most 20, else none."""
        try:
            return parse_qsl(self.environ.get("QUERY_STRING", ""), keep_blank_values=True, max_num_fields=20)
        except ValueError:
            return []

    @property
    def query(self) -> dict[str, str]:
        """The parameters after ``?`` that say something; of a repeated one the last."""
        return {name: value for name, value in self.parameters if value}

    def chunks(self, limit: int) -> Iterator[bytes]:
        """The body piece by piece.

        Raises:
            HttpError: 413, more than ``limit`` bytes.
        """
        length = self.header("content-length")
        if length and (not length.isdigit() or int(length) > limit):
            raise HttpError(413, too_large(limit))
        left = int(length) if length else None
        taken, stream = 0, self.environ["wsgi.input"]
        while left is None or left > 0:
            chunk = stream.read(_CHUNK if left is None else min(_CHUNK, left))
            if not chunk:
                break
            taken += len(chunk)
            if taken > limit:
                raise HttpError(413, too_large(limit))
            if left is not None:
                left -= len(chunk)
            yield chunk
        if left:
            raise HttpError(400, _CUT_SHORT)

    def body(self, limit: int) -> bytes:
        """The whole body."""
        return b"".join(self.chunks(limit))

    def json(self, limit: int) -> Any:
        """The body as JSON.

        Raises:
            HttpError: 413 too large, 400 not JSON.
        """
        try:
            return json.loads(self.body(limit))
        except json.DecodeError as error:
            raise HttpError(400, _NOT_JSON) from error


def answer(status: int, value: Any, headers: Iterable[tuple[str, str]] = ()) -> Response:
    """A JSON answer."""
    return Response(status, json.dumps(value), [("Content-Type", "application/json"), *headers])


def problem_response(error: HttpError) -> Response:
    """The error as ``application/problem+json``: the members of RFC 9457 beside those of :class:`Problem`."""
    problem = error.problem
    value = {
        "type": f"urn:lienthong:problem:{problem.code}",
        "title": problem.en,
        "status": error.status,
        "detail": problem.hint_en,
        "retry": problem.retry,
        **problem.as_dict(),
        **error.more,
    }
    return Response(
        error.status, json.dumps(value), [("Content-Type", "application/problem+json"), *error.headers]
    )


def send(response: Response, start_response: StartResponse) -> Iterable[bytes]:
    """Gives the response to the server."""
    headers = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"), *response.headers]
    whole = isinstance(response.body, bytes)
    if whole and not any(name == "Content-Length" for name, _ in headers):
        headers.append(("Content-Length", str(len(response.body))))  # type: ignore[arg-type]
    phrase = _PHRASES.get(response.status) or HTTPStatus(response.status).phrase
    start_response(f"{response.status} {phrase}", headers)
    return [response.body] if isinstance(response.body, bytes) else response.body


def too_large(limit: int) -> Problem:
    """More bytes than the door takes."""
    return Problem(
        "http-too-large",
        f"Nội dung gửi lên lớn hơn giới hạn {limit} byte.",
        f"The content sent is larger than the limit of {limit} bytes.",
    )


_CUT_SHORT = Problem(
    "http-cut-short",
    "Nội dung gửi lên bị đứt giữa chừng.",
    "The content sent ended too early.",
    "Hãy gửi lại.",
    "Send it again.",
    retry=True,
)
_NOT_JSON = Problem(
    "http-not-json",
    "Nội dung gửi lên không phải là JSON.",
    "The content sent is not JSON.",
)
