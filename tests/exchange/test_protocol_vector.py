"""The worked example of ``docs/reference/exchange-protocol.md``, byte for byte."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode
from pathlib import Path

import pyrage
import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pyrage import x25519

from lienthong.exchange import manifest
from lienthong.foundation import json
from lienthong.foundation.errors import LienThongError
from lienthong.foundation.signing import SigningKey

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "exchange-protocol.md"
VECTOR = dict(re.findall(r"^([a-z0-9 ]+):\n\n```text\n(.*)\n```$", DOCUMENT.read_text("utf-8"), re.MULTILINE))


def key(name: str) -> SigningKey:
    return SigningKey(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(VECTOR[f"{name} seed"])))


@pytest.mark.parametrize(
    ("name", "what", "typ"),
    [
        ("sender", "manifest", manifest.MANIFEST),
        ("hub", "acceptance", manifest.ACCEPTANCE),
        ("receiver", "receipt", manifest.RECEIPT),
    ],
)
def test_the_example_is_what_this_program_signs_and_verifies(name: str, what: str, typ: str) -> None:
    payload = VECTOR[f"{what} payload"].encode()
    assert json.canonical(json.loads(payload)) == payload
    assert key(name).kid == VECTOR[f"{name} kid"]
    assert key(name).jws(payload, typ) == VECTOR[f"{what} jws"]
    assert manifest.verified(VECTOR[f"{what} jws"], key(name).jwk, typ) == payload
    with pytest.raises(LienThongError, match="exchange-bad-signature"):
        manifest.verified(VECTOR[f"{what} jws"], key(name).jwk, "other+jws")


def test_the_hashes_of_the_example_fit() -> None:
    assert manifest.digest(VECTOR["manifest payload"].encode()) == VECTOR["manifest sha256"]
    found = manifest.read_manifest(VECTOR["manifest payload"].encode())
    assert (found.body, found.day) == ({"day": "2025-01-12"}, "2025-01-12")
    part = VECTOR["part"].encode()
    assert (found.parts[0].sha256, found.bytes) == (hashlib.sha256(part).hexdigest(), len(part))
    receipt = manifest.read_receipt(VECTOR["receipt payload"].encode())
    assert (receipt.message, receipt.manifest) == (found.id, VECTOR["manifest sha256"])


def test_the_sealed_part_of_the_example_opens() -> None:
    found = manifest.read_manifest(VECTOR["manifest payload"].encode()).parts[0].sealed
    age = b64decode(VECTOR["sealed part in base64"])
    assert found == manifest.Sealed(hashlib.sha256(age).hexdigest(), len(age))
    identity = x25519.Identity.from_str(VECTOR["receiver age identity"])
    assert str(identity.to_public()) == VECTOR["receiver age recipient"]
    frame = pyrage.decrypt(age, [identity])
    assert frame == b64decode(VECTOR["part frame in base64"])
    assert zstandard.decompress(frame) == VECTOR["part"].encode()
