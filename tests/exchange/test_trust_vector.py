"""The worked example of joining, directory and rotation in ``docs/reference/exchange-protocol.md``, byte for byte."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lienthong.exchange.trust import codes, joining, rotating, statement
from lienthong.foundation import json, signing
from lienthong.foundation.signing import SigningKey

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reference" / "exchange-protocol.md"
SECTION = DOCUMENT.read_text("utf-8").partition("### 8.6 ")[2].partition("\n## ")[0]
VECTOR = dict(re.findall(r"^([a-z0-9 ]+):\n\n```text\n(.*)\n```$", SECTION, re.MULTILINE))


def key(name: str) -> SigningKey:
    return SigningKey(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(VECTOR[f"{name} seed"])))


@pytest.mark.parametrize(
    ("name", "what", "typ"),
    [
        ("unit", "join request", joining.REQUEST),
        ("hub", "join answer", joining.ANSWER),
        ("hub", "directory", statement.DIRECTORY),
    ],
)
def test_what_is_signed(name: str, what: str, typ: str) -> None:
    payload = VECTOR[f"{what} payload"].encode()
    assert json.canonical(json.loads(payload)) == payload
    assert key(name).kid == VECTOR[f"{name} kid"]
    assert key(name).jws(payload, typ) == VECTOR[f"{what} jws"]
    assert signing.verify(VECTOR[f"{what} jws"], key(name).jwk, typ) == payload


def test_the_code_its_macs_and_the_digits() -> None:
    code = codes.read(VECTOR["code"])
    assert (code.text, code.key.hex()) == (VECTOR["code"], VECTOR["code key"])
    for what in ("request", "answer"):
        assert codes.mac(code.key, what, VECTOR[f"join {what} jws"]) == VECTOR[f"join {what} mac"]
    request = json.loads(VECTOR["join request payload"])
    assert request["code"] == code.name
    assert codes.fingerprint(VECTOR["hub kid"], request["jwk"], request["age"]) == VECTOR["join digits"]
    answer = json.loads(VECTOR["join answer payload"])
    assert answer["request"] == hashlib.sha256(VECTOR["join request jws"].encode()).hexdigest()


def test_the_statement_reads() -> None:
    found, digest = statement.read(VECTOR["directory jws"])
    assert digest == VECTOR["directory sha256"]
    assert [node.kid for node in found.nodes] == [VECTOR["unit kid"], VECTOR["hub kid"]]
    assert found.previous == statement.FIRST


def test_new_keys_are_signed_with_both() -> None:
    inner = key("next").jws(VECTOR["rotation payload"].encode(), rotating.ROTATION)
    assert inner == VECTOR["rotation inner jws"]
    assert key("unit").jws(inner.encode(), rotating.ROTATION) == VECTOR["rotation jws"]
