"""The signed letter: made at the sending hospital, verified at the receiving one without any line.

Format: ``docs/reference/letter.md``, section 3.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any

from lienthong.exchange import keys
from lienthong.facilities import directory
from lienthong.facilities.directory import NodeKey
from lienthong.foundation import clock, signing
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.foundation.signing import BadSignature, SigningKey
from lienthong.transfers.letter import coding, minimum, problems, symbols
from lienthong.transfers.letter.minimum import Minimum
from lienthong.transfers.validity import slips, working_days

if TYPE_CHECKING:
    from lienthong.transfers.models import Transfer

VERSION = b"\x01"
TYPE = "lt-letter+jws"
_KID, _SIGNATURE = 32, 64
_HEAD = len(VERSION) + _KID + _SIGNATURE
MOST_FRAME = symbols.CAPACITY - _HEAD
ROW_FRAME = symbols.ROW * symbols.MOST_DATA - _HEAD
_FIRST_YEAR, _LAST_YEAR = 2000, 2100


class Proof(Enum):
    """What is known of who signed a letter."""

    PROVEN = "proven"
    UNKNOWN = "unknown"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that was read.

    Attributes:
        data: its bytes; kid: the key that signed it (RFC 7638).
        remarks: what a person must know before relying on it, the proof first.
    """

    minimum: Minimum
    data: bytes
    kid: str
    proof: Proof
    remarks: tuple[Problem, ...]


def make(transfer: Transfer, besides: Mapping[str, Any] | None = None) -> tuple[bytes, Minimum]:
    """The letter of a transfer, and the minimum set as it fitted; the same state and key give the same bytes.

    Args:
        besides: as for :func:`.minimum.of`.
    """
    fitted = fit(minimum.of(transfer, besides))
    return sign(fitted), fitted


def fit(whole: Minimum) -> Minimum:
    """As much of a minimum set as the symbols hold."""
    return minimum.fitted(whole, partial(_fits, ROW_FRAME), partial(_fits, MOST_FRAME))


def _fits(most: int, candidate: Minimum) -> bool:
    small = len(coding.content(candidate)) <= coding.MOST_CONTENT
    return small and len(coding.pack(candidate)) <= most


def sign(content: Minimum) -> bytes:
    """The letter, signed with this site's key."""
    return signed_frame(coding.pack(content), keys.own())


def signed_frame(frame: bytes, key: SigningKey) -> bytes:
    """The letter that a key makes of a frame."""
    _, _, signature = signing.members(key.jws(VERSION + frame, TYPE))
    return VERSION + urlsafe_b64decode(key.kid + "=") + signature + frame


def read(data: bytes) -> Letter:
    """The letter with what is known of its signer, from the directory at hand alone.

    Raises:
        LienThongError: ``letter-newer``, ``letter-unreadable``, ``letter-altered``, ``letter-foreign-sender``.
    """
    if data[: len(VERSION)] != VERSION and data:
        raise LienThongError(problems.newer())
    if not _HEAD < len(data) <= symbols.CAPACITY:
        raise LienThongError(problems.unreadable("length"))
    named, signature, frame = data[1 : 1 + _KID], data[1 + _KID : _HEAD], data[_HEAD:]
    kid = urlsafe_b64encode(named).decode().rstrip("=")
    key = directory.node_key(kid)
    if key is not None:
        try:
            signing.verify(signing.compact(kid, TYPE, VERSION + frame, signature), key.jwk, TYPE)
        except BadSignature as error:
            raise LienThongError(problems.altered()) from error
    try:
        content = coding.unpack(frame)
    except ValueError as error:
        raise LienThongError(problems.unreadable(str(error)[:100])) from error
    if key is not None and (key.role, key.facility) != ("site", content.sender):
        raise LienThongError(problems.foreign_sender(content.sender, key.facility))
    if not _FIRST_YEAR <= content.signed_at.year <= _LAST_YEAR:
        raise LienThongError(problems.unreadable("signed_at"))
    proof, doubt = _judged(key, kid, content)
    remarks = [*([doubt] if doubt else []), *_dated(content), *_addressed(content)]
    return Letter(content, data, kid, proof, tuple(remarks))


def _judged(key: NodeKey | None, kid: str, content: Minimum) -> tuple[Proof, Problem | None]:
    """A key that was replaced after signing still counts; a revoked one never: its thief can write any date."""
    now = clock.now()
    if key is None:
        return Proof.UNKNOWN, problems.unknown_key(kid)
    if key.revoked is not None and key.revoked <= now:
        return Proof.REVOKED, problems.key_revoked(kid)
    if not key.valid(now, content.signed_at):
        return Proof.UNKNOWN, problems.key_ended(kid)
    return Proof.PROVEN, None


def _dated(content: Minimum) -> list[Problem]:
    if content.signed_at - clock.now() > timedelta(days=1):
        return [problems.future()]
    validity = slips.valid_until(
        content.signed_at, one_year=content.one_year is True, calendar=working_days.calendar()
    )
    return [problems.old(validity.until)] if validity.on(clock.today()) == "expired" else []


def _addressed(content: Minimum) -> list[Problem]:
    if content.receiver == directory.here():
        return []
    return [problems.other_receiver(directory.name(content.receiver, language="vi"))]
