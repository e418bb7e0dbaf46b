"""The publisher's word about a document: a JWS over what it is, whose it is and how it stands."""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Literal

import msgspec

from lienthong.documents import problems
from lienthong.exchange import keys, peers
from lienthong.facilities import directory
from lienthong.foundation import clock, json, signing
from lienthong.foundation.errors import LienThongError
from lienthong.terminology import systems

TYPE = "lt-document+jws"
EXTENSION = systems.extension("publisher-signature")
LONGEST = 16_384
_SOURCE = {
    "system": "urn:iso-astm:E1762-95:2013",
    "code": "1.2.840.10065.1.12.1.14",
    "display": "Source Signature",
}

Resource = dict[str, Any]


class Statement(msgspec.Struct, frozen=True):
    """What a publisher signs.

    Attributes:
        document: its number, ``urn:uuid:…``; facility, kid: the publisher and its key.
        sha256, size, media: of the content; kind: LOINC code of its type.
        status: ``current`` or ``entered-in-error``; replaces: number of the document before it, or empty.
        patient: numbers of the patient as ``system|value``, sorted; at: when it was signed.
    """

    v: Literal[1]
    document: str
    facility: str
    kid: str
    sha256: str
    size: int
    media: str
    kind: str
    status: Literal["current", "entered-in-error"]
    replaces: str
    patient: list[str]
    at: str


_statements = msgspec.json.Decoder(Statement)


def sign(
    *,
    document: str,
    content: bytes | tuple[str, int],
    media: str,
    kind: str,
    status: str,
    replaces: str,
    patient: list[str],
) -> tuple[str, Statement]:
    """Signs with this node's key; content as bytes, or as its SHA-256 and size."""
    key = keys.own()
    sha256, size = (
        (hashlib.sha256(content).hexdigest(), len(content)) if isinstance(content, bytes) else content
    )
    value = {
        "v": 1,
        "document": document,
        "facility": directory.here(),
        "kid": key.kid,
        "sha256": sha256,
        "size": size,
        "media": media,
        "kind": kind,
        "status": status,
        "replaces": replaces,
        "patient": sorted(patient),
        "at": clock.iso(clock.now()),
    }
    payload = json.canonical(value)
    return key.jws(payload, TYPE), _statements.decode(payload)


def read(jws: str) -> Statement:
    """The statement, when its signature counts.

    Raises:
        LienThongError: ``document-bad-signature``, or ``exchange-unknown-key``.
    """
    try:
        if len(jws) > LONGEST:
            raise signing.BadSignature("too long")
        found = _statements.decode(signing.payload(jws))
        key = peers.judge(str(signing.peek(jws).get("kid", "")), clock.now(), clock.said(found.at))
        signing.verify(jws, key.jwk, TYPE)
    except (signing.BadSignature, msgspec.MsgspecError, ValueError, UnicodeDecodeError) as error:
        raise LienThongError(problems.bad_signature(str(error)[:200])) from error
    if (found.facility, found.kid) != (key.facility, key.kid):
        raise LienThongError(problems.bad_signature("signed by another facility"))
    return found


def extension(jws: str, at: str) -> Resource:
    """The signature as it stands in a DocumentReference."""
    signature = {
        "type": [_SOURCE],
        "when": at,
        "who": {"identifier": {"system": systems.FACILITY, "value": directory.here()}},
        "sigFormat": "application/jose",
        "data": base64.b64encode(jws.encode()).decode(),
    }
    return {"url": EXTENSION, "valueSignature": signature}


def of(reference: Resource) -> str:
    """The JWS in a DocumentReference; empty when it has none."""
    for one in reference.get("extension", ()):
        if isinstance(one, dict) and one.get("url") == EXTENSION:
            try:
                return base64.b64decode(str(one["valueSignature"]["data"]), validate=True).decode("ascii")
            except (KeyError, TypeError, ValueError):
                return ""
    return ""
