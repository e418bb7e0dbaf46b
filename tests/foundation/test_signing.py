"""A signature holds for one key, one content and one kind of thing."""

from __future__ import annotations

import stat
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from jwt.utils import base64url_encode

from lienthong.foundation import json, signing

KEY = signing.SigningKey(Ed25519PrivateKey.generate())
OTHER = signing.SigningKey(Ed25519PrivateKey.generate())


@given(st.binary(max_size=200))
def test_what_was_signed_comes_back(payload: bytes) -> None:
    assert signing.verify(KEY.jws(payload, "manifest"), KEY.jwk, "manifest") == payload


@given(st.binary(min_size=1, max_size=60), st.data())
def test_any_changed_character_is_seen(payload: bytes, data: st.DataObject) -> None:
    token = KEY.jws(payload, "receipt")
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(st.sampled_from("ABCDEFGHabcdefgh0123456789-_.=").filter(lambda c: c != token[place]))
    with pytest.raises(signing.BadSignature):
        signing.verify(token[:place] + letter + token[place + 1 :], KEY.jwk, "receipt")


def test_the_content_of_another_token_is_not_accepted() -> None:
    header, _, signature = KEY.jws(b"accepted", "receipt").split(".")
    other = KEY.jws(b"refused", "receipt").split(".")[1]
    with pytest.raises(signing.BadSignature):
        signing.verify(f"{header}.{other}.{signature}", KEY.jwk, "receipt")


def test_another_key_or_kind_is_refused() -> None:
    token = KEY.jws(b"x", "receipt")
    with pytest.raises(signing.BadSignature):
        signing.verify(token, OTHER.jwk, "receipt")
    with pytest.raises(signing.BadSignature):
        signing.verify(token, KEY.jwk, "manifest")


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_weaker_algorithm_is_refused(algorithm: str) -> None:
    header = base64url_encode(json.dumps({"alg": algorithm, "kid": KEY.kid, "typ": "receipt"})).decode()
    public = base64url_encode(KEY.jwk["x"].encode()).decode()
    for signature in ("", public):
        with pytest.raises(signing.BadSignature):
            signing.verify(f"{header}.eA.{signature}", KEY.jwk, "receipt")


@pytest.mark.parametrize("garbage", ["", ".", "a.b.c", "..", "e30.e30.", "ế.ế.ế", "x" * 5000])
def test_what_is_no_signature_is_refused(garbage: str) -> None:
    with pytest.raises(signing.BadSignature):
        signing.verify(garbage, KEY.jwk, "receipt")


def test_a_signature_has_one_form_only() -> None:
    token = KEY.jws(b"x", "receipt")
    header, payload, signature = token.split(".")
    for other in (
        f"{token}==",
        f"{token}\n",
        f"{header}=.{payload}.{signature}",
        f"{header}.{payload}==.{signature}",
    ):
        with pytest.raises(signing.BadSignature):
            signing.verify(other, KEY.jwk, "receipt")


def test_a_long_header_is_refused() -> None:
    head = signing.base64url_encode(json.canonical({"alg": "EdDSA", "kid": "x" * 2000})).decode()
    with pytest.raises(signing.BadSignature, match="too long"):
        signing.peek(f"{head}.eA.eA")


def test_the_header_names_key_and_kind() -> None:
    assert signing.peek(KEY.jws(b"x", "manifest")) == {"alg": "EdDSA", "kid": KEY.kid, "typ": "manifest"}


def test_a_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "node.pem"
    made = signing.SigningKey.load_or_make(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert signing.SigningKey.load_or_make(path).kid == made.kid
    assert signing.verify(signing.SigningKey.load_or_make(path).jws(b"x", "t"), made.jwk, "t") == b"x"


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "node.pem"
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(pem)
    with pytest.raises(signing.BadSignature):
        signing.SigningKey.load_or_make(path)


def test_the_public_key_of_the_standard_has_the_standards_thumbprint() -> None:
    # RFC 8037, appendix A.3
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert signing.thumbprint(jwk) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert signing.public_jwk(signing.from_jwk(jwk)) == jwk


def test_a_signed_jwt_holds_its_claims() -> None:
    claims = {"iss": "24011", "jti": "1"}
    token = KEY.jwt(claims)
    assert jwt.decode(token, signing.from_jwk(KEY.jwk), algorithms=["EdDSA"]) == claims
