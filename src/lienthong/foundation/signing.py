"""Ed25519 keys and JSON Web Signatures (RFC 7515, EdDSA of RFC 8037)."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from jwt.utils import base64url_decode, base64url_encode

from lienthong.foundation import json

_jws = jwt.PyJWS(algorithms=["EdDSA"])


class BadSignature(Exception):
    """The signature, its algorithm or its form is not right."""


def public_jwk(key: Ed25519PublicKey) -> dict[str, str]:
    """The public key as JWK (RFC 8037): ``{"crv": "Ed25519", "kty": "OKP", "x": …}``."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return {"crv": "Ed25519", "kty": "OKP", "x": base64url_encode(raw).decode()}


def from_jwk(jwk: dict[str, Any]) -> Ed25519PublicKey:
    """The reverse of :func:`public_jwk`."""
    return Ed25519PublicKey.from_public_bytes(base64url_decode(jwk["x"]))


def thumbprint(jwk: dict[str, Any]) -> str:
    """The key's name: RFC 7638 SHA-256 thumbprint, base64url."""
    members = {name: jwk[name] for name in ("crv", "kty", "x")}
    return base64url_encode(hashlib.sha256(json.canonical(members)).digest()).decode()


class SigningKey:
    """A node's private key. ``kid`` names it, ``jwk`` is its public half."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.jwk = public_jwk(key.public_key())
        self.kid = thumbprint(self.jwk)

    @classmethod
    def load_or_make(cls, path: Path) -> SigningKey:
        """Reads the PEM file, or makes a new key and writes it readable by the owner alone."""
        if path.exists():
            loaded = serialization.load_pem_private_key(path.read_bytes(), password=None)
            if not isinstance(loaded, Ed25519PrivateKey):
                raise BadSignature(f"{path.name} holds no Ed25519 key")
            return cls(loaded)
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(pem)
        return cls(key)

    def jws(self, payload: bytes, typ: str) -> str:
        """Compact JWS over ``payload``; header ``alg``, ``kid`` and ``typ`` (what kind of thing is signed)."""
        return _jws.encode(payload, self._key, algorithm="EdDSA", headers={"kid": self.kid, "typ": typ})

    def jwt(self, claims: dict[str, Any]) -> str:
        """A signed JWT (RFC 7519), for client assertions and access tokens."""
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"kid": self.kid})


def peek(token: str) -> dict[str, Any]:
    """The header of a JWS, not yet trusted.

    Raises:
        BadSignature: it is no JWS.
    """
    try:
        return _jws.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise BadSignature(str(error)) from error


def verify(token: str, jwk: dict[str, Any], typ: str) -> bytes:
    """The payload of a JWS, when ``jwk`` signed it as ``typ``.

    Raises:
        BadSignature: another key, changed content, or another kind of thing.
    """
    if peek(token).get("typ") != typ:
        raise BadSignature(f"not a {typ}")
    try:
        return bytes(_jws.decode(token, from_jwk(jwk), algorithms=["EdDSA"]))
    except jwt.PyJWTError as error:
        raise BadSignature(str(error)) from error


def verify_jwt(token: str, jwk: dict[str, Any], audience: list[str], leeway: int = 0) -> dict[str, Any]:
    """The claims of a JWT that ``jwk`` signed for one of the audiences and that has not expired.

    Args:
        leeway: seconds by which the two clocks may differ.

    Raises:
        BadSignature: another key, expired, for somebody else, or a claim of ``iss sub aud exp jti`` is missing.
    """
    required = ["iss", "sub", "aud", "exp", "jti"]
    try:
        return dict(
            jwt.decode(
                token,
                from_jwk(jwk),
                algorithms=["EdDSA"],
                audience=audience,
                leeway=leeway,
                options={"require": required},
            )
        )
    except jwt.PyJWTError as error:
        raise BadSignature(str(error)) from error
