"""A time-stamping service (RFC 3161): asks it for a stamp over given bytes and believes only a right answer."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import urllib3
from cryptography import x509
from django.conf import settings
from django.utils.module_loading import import_string
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from lienthong.foundation.errors import LienThongError, Problem

_LONGEST_ANSWER = 131_072
_TIMEOUT = urllib3.Timeout(connect=10.0, read=20.0, total=30.0)

Check = Callable[[bytes, bytes, Sequence[x509.Certificate]], Any]
"""Checks a TimeStampResp over content against root certificates, as ``settings.TIMESTAMP_CHECK`` names it: the same
code by which anybody checks an evidence package."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a service answered.

    Attributes:
        answer: the whole TimeStampResp (RFC 3161, section 2.4.2), DER.
        at: the service's time, aware.
        by: subject of the service's certificate (RFC 4514).
    """

    answer: bytes
    at: datetime
    by: str


class Service:
    """One time-stamping service.

    Args:
        url: its address, ``http://`` or ``https://``.
        ca: PEM file with the certificates that its certificate must lead to; None takes any service's word: the
            stamp is checked against the certificate that it brings along.

    Raises:
        LienThongError: ``timestamp-ca-unreadable``.
    """

    def __init__(self, url: str, ca: Path | None = None) -> None:
        self._url = url
        self._roots = _certificates(ca) if ca else []
        self._pool = urllib3.PoolManager(maxsize=1, retries=False, timeout=_TIMEOUT)

    def stamp(self, content: bytes) -> Stamp:
        """A time-stamp over the SHA-256 of the content.

        Raises:
            LienThongError: ``timestamp-no-service`` (not reachable), ``timestamp-bad-answer`` (not a right stamp).
        """
        builder = TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA256)
        request = builder.nonce(nonce=True).cert_request(cert_request=True).build()
        found, nonce = self._checked(self._ask(request.as_bytes()), content)
        if nonce != request.nonce:
            raise LienThongError(_bad_answer("nonce"))
        return found

    def verify(self, answer: bytes, content: bytes) -> Stamp:
        """Checks a stamp that was kept.

        Raises:
            LienThongError: ``timestamp-bad-answer``.
        """
        return self._checked(answer, content)[0]

    def _ask(self, request: bytes) -> bytes:
        headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        try:
            answer = self._pool.request(
                "POST", self._url, body=request, headers=headers, preload_content=False, redirect=False
            )
            with contextlib.closing(answer):
                body = answer.read(_LONGEST_ANSWER + 1, decode_content=False)
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise LienThongError(_no_service(type(error).__name__)) from error
        if answer.status in (429, 502, 503, 504):
            raise LienThongError(_no_service(f"HTTP {answer.status}"))
        if answer.status != 200 or len(body) > _LONGEST_ANSWER:
            reason = f"HTTP {answer.status}" if answer.status != 200 else f"more than {_LONGEST_ANSWER} bytes"
            raise LienThongError(_bad_answer(reason))
        return body

    def _checked(self, answer: bytes, content: bytes) -> tuple[Stamp, int | None]:
        check: Check = import_string(settings.TIMESTAMP_CHECK)
        try:
            found = check(answer, content, self._roots)
        except Exception as error:  # whatever an unknown service answers
            raise LienThongError(_bad_answer(str(error)[:200])) from error
        return Stamp(answer, found.at, found.by), found.nonce


def _certificates(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise LienThongError(_no_ca(path)) from error


def _no_service(reason: str) -> Problem:
    return Problem(
        "timestamp-no-service",
        "Chưa kết nối được với dịch vụ cấp dấu thời gian.",
        "The time-stamping service cannot be reached.",
        "Không mất gì: nhật ký được đóng dấu khi có lại kết nối. Kiểm tra đường truyền và timestamp_url"
        " trong lienthong.toml.",
        "Nothing is lost: the trail is stamped when it can be reached again. Check the line and timestamp_url in"
        " lienthong.toml.",
        severity="warning",
        where={"reason": reason},
        retry=True,
    )


def _bad_answer(reason: str) -> Problem:
    return Problem(
        "timestamp-bad-answer",
        "Dịch vụ cấp dấu thời gian trả lời một dấu thời gian không hợp lệ.",
        "The time-stamping service answered with a stamp that does not hold.",
        "Kiểm tra timestamp_url và tệp chứng thư timestamp_ca trong lienthong.toml, hoặc hỏi nơi cung cấp dịch vụ.",
        "Check timestamp_url and the certificate file timestamp_ca in lienthong.toml, or ask the provider.",
        severity="warning",
        where={"reason": reason},
        retry=True,
    )


def _no_ca(path: Path) -> Problem:
    return Problem(
        "timestamp-ca-unreadable",
        f"Không đọc được tệp chứng thư {path.name} của dịch vụ cấp dấu thời gian.",
        f"The certificate file {path.name} of the time-stamping service cannot be read.",
        "Đặt timestamp_ca trong lienthong.toml là đường dẫn tới một tệp PEM.",
        "Set timestamp_ca in lienthong.toml to the path of a PEM file.",
        where={"file": path.name},
    )
