"""What is signed: the manifest of a message, the hub's acceptance, the receiver's receipt.

Each is a compact JWS over canonical JSON (RFC 8785); what it is stands in the protected header's ``typ``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from lienthong.exchange import problems
from lienthong.foundation import clock, json, signing
from lienthong.foundation.errors import LienThongError
from lienthong.foundation.signing import SigningKey

MANIFEST, ACCEPTANCE, RECEIPT = "lt-manifest+jws", "lt-acceptance+jws", "lt-receipt+jws"
LONGEST_JWS = 262_144
MOST_PARTS = 200
FIRST = "0" * 64
"""``prev`` of the first message to a receiver."""
SUMMARY, DOCUMENT, KEY_IMAGE, STUDY = range(4)
"""Lanes, the most urgent first."""

Id = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Facility = Annotated[str, Meta(pattern="^[0-9A-Za-z-]{1,16}$")]
Kid = Annotated[str, Meta(pattern="^[0-9A-Za-z_-]{43}$")]
Moment = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
Word = Annotated[str, Meta(pattern="^[a-z][a-z0-9.-]{0,39}$")]


class Party(Struct):
    """A node that signs."""

    facility: Facility
    kid: Kid


class Receiver(Struct):
    """Whom a message is for."""

    facility: Facility


class Sealed(Struct):
    """What travels of a part: an age file."""

    sha256: Sha256
    size: Annotated[int, Meta(ge=1, le=1 << 40)]


class Entry(Struct):
    """A part: content named by its hash; ``size`` in bytes of the content, not compressed.

    ``priority`` is a lane (:data:`SUMMARY` to :data:`STUDY`). Without ``sealed`` it does not travel, since the
    receiver has it.
    """

    sha256: Sha256
    size: Annotated[int, Meta(ge=0, le=1 << 40)]
    role: Word
    type: Annotated[str, Meta(min_length=1, max_length=100)]
    priority: Annotated[int, Meta(ge=0, le=3)]
    sealed: Sealed | None = None


_DAY = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])", re.ASCII)


class Withdrawn(Struct):
    """An earlier message of the sender to this receiver that never comes: its number and the hash of its manifest."""

    seq: Annotated[int, Meta(ge=1, lt=1 << 53)]
    manifest: Sha256


class Manifest(Struct, rename={"sender": "from"}):
    """What a message is, from whom to whom, and its parts."""

    v: Literal[2]
    id: Id
    kind: Word
    loop: Annotated[str, Meta(min_length=1, max_length=64)]
    sender: Party
    to: Receiver
    created: Moment
    basis: Annotated[str, Meta(max_length=200)]
    seq: Annotated[int, Meta(ge=1, lt=1 << 53)]
    prev: Sha256
    body: dict[str, Any]
    parts: Annotated[list[Entry], Meta(max_length=MOST_PARTS)]
    withdrawn: Annotated[list[Withdrawn], Meta(max_length=100)] = []

    @property
    def bytes(self) -> int:
        """Size of all parts."""
        return sum(part.size for part in self.parts)

    @property
    def sealed(self) -> dict[str, Sealed]:
        """What travels, by its SHA-256."""
        return {part.sealed.sha256: part.sealed for part in self.parts if part.sealed}

    @property
    def lane(self) -> int:
        """The lane in which the message travels: that of its least urgent part."""
        return max((part.priority for part in self.parts), default=SUMMARY)

    @property
    def day(self) -> str:
        """The day that the sender counts the message for (``body.day``, ISO 8601), or empty."""
        day = str(self.body.get("day", ""))
        return day if _DAY.fullmatch(day) else ""


class Acceptance(Struct):
    """The hub has the message and its parts, durably, since ``at``."""

    v: Literal[1]
    message: Id
    manifest: Sha256
    at: Moment
    by: Party


class ReceiptBody(Struct):
    """What the receiver did with a message; ``stored`` is the hash of what it stored."""

    v: Literal[1]
    message: Id
    manifest: Sha256
    outcome: Literal["stored", "refused"]
    stored: Annotated[str, Meta(max_length=128)]
    at: Moment
    by: Party
    problem: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A verified receipt, as the sender's handlers get it.

    Attributes:
        message: id of the message; manifest: SHA-256 of its signed payload.
        outcome: ``stored`` or ``refused``.
        stored: hash of what the receiver stored; empty when refused.
        at: when, aware; facility, kid: who signed.
        problem: why it was refused, as :meth:`Problem.as_dict` gives it.
    """

    message: str
    manifest: str
    outcome: Literal["stored", "refused"]
    stored: str
    at: datetime
    facility: str
    kid: str
    problem: dict[str, Any] | None


_manifests = msgspec.json.Decoder(Manifest)
_acceptances = msgspec.json.Decoder(Acceptance)
_receipts = msgspec.json.Decoder(ReceiptBody)


def digest(payload: bytes) -> str:
    """SHA-256 of a signed payload: the name by which acceptances and receipts refer to it."""
    return hashlib.sha256(payload).hexdigest()


def payload_of(jws: str) -> bytes:
    """The payload of a JWS, not yet trusted.

    Raises:
        LienThongError: it is no JWS.
    """
    try:
        return signing.payload(jws)
    except signing.BadSignature as error:
        raise LienThongError(problems.bad_manifest(str(error))) from error


def read_manifest(payload: bytes) -> Manifest:
    """Checks the shape of a manifest.

    Raises:
        LienThongError: ``exchange-bad-manifest``.
    """
    try:
        found = _manifests.decode(payload)
        clock.from_iso(found.created)
    except (msgspec.MsgspecError, ValueError) as error:
        raise LienThongError(problems.bad_manifest(str(error)[:200])) from error
    return found


def sign_manifest(key: SigningKey, value: dict[str, Any]) -> tuple[str, bytes]:
    """Signs a manifest after checking its shape; returns the JWS and its payload.

    Raises:
        LienThongError: ``exchange-bad-manifest``: a value is outside the protocol or too long.
    """
    try:
        payload = json.canonical(value)
    except (ValueError, TypeError) as error:
        raise LienThongError(problems.bad_manifest(str(error)[:200])) from error
    read_manifest(payload)
    jws = key.jws(payload, MANIFEST)
    if len(jws) > LONGEST_JWS:
        raise LienThongError(problems.bad_manifest(f"longer than {LONGEST_JWS} characters"))
    return jws, payload


def sign_acceptance(key: SigningKey, facility: str, message: str, manifest: str, at: str) -> str:
    """The hub's signed word that it has a message."""
    by = {"facility": facility, "kid": key.kid}
    value = {"v": 1, "message": message, "manifest": manifest, "at": at, "by": by}
    return key.jws(json.canonical(value), ACCEPTANCE)


def sign_receipt(
    key: SigningKey,
    facility: str,
    *,
    message: str,
    manifest: str,
    stored: str,
    at: str,
    problem: dict[str, Any] | None = None,
) -> str:
    """The receiver's signed word: stored, or refused when there is a problem."""
    value: dict[str, Any] = {
        "v": 1,
        "message": message,
        "manifest": manifest,
        "outcome": "stored" if problem is None else "refused",
        "stored": stored,
        "at": at,
        "by": {"facility": facility, "kid": key.kid},
    }
    if problem is not None:
        value["problem"] = problem
    return key.jws(json.canonical(value), RECEIPT)


def read_acceptance(payload: bytes) -> Acceptance:
    """Checks the shape of an acceptance.

    Raises:
        LienThongError: ``exchange-bad-receipt``.
    """
    try:
        found = _acceptances.decode(payload)
        clock.from_iso(found.at)
    except (msgspec.MsgspecError, ValueError) as error:
        raise LienThongError(problems.bad_receipt(str(error)[:200])) from error
    return found


def read_receipt(payload: bytes) -> Receipt:
    """Checks the shape of a receipt.

    Raises:
        LienThongError: ``exchange-bad-receipt``.
    """
    try:
        body = _receipts.decode(payload)
        at = clock.from_iso(body.at)
    except (msgspec.MsgspecError, ValueError) as error:
        raise LienThongError(problems.bad_receipt(str(error)[:200])) from error
    return Receipt(
        body.message,
        body.manifest,
        body.outcome,
        body.stored,
        at,
        body.by.facility,
        body.by.kid,
        body.problem,
    )


def verified(jws: str, jwk: dict[str, Any], typ: str) -> bytes:
    """The payload, when the key signed it as that kind of thing.

    Raises:
        LienThongError: ``exchange-bad-signature``.
    """
    try:
        return signing.verify(jws, jwk, typ)
    except signing.BadSignature as error:
        raise LienThongError(problems.bad_signature(str(error)[:200])) from error


def signer(jws: str) -> str:
    """The key name in the header, not yet trusted.

    Raises:
        LienThongError: ``exchange-bad-signature``: it is no JWS.
    """
    try:
        return str(signing.peek(jws).get("kid", ""))
    except signing.BadSignature as error:
        raise LienThongError(problems.bad_signature(str(error)[:200])) from error
