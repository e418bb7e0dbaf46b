"""Ed25519 keys and JSON Web Signatures (RFC 7515, EdDSA of RFC 8037); public keys of other systems (RFC 7518)."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode
from functools import lru_cache
from pathlib import Path
from typing import Any

import jwt
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from jwt.types import Options
from jwt.utils import base64url_decode, base64url_encode

from lienthong.foundation import clock, files, json

_LONGEST_HEADER = 1024


class BadSignature(Exception):
    """The signature, its algorithm or its form is not right."""


def public_jwk(key: Ed25519PublicKey) -> dict[str, str]:
    """The public key as JWK (RFC 8037): ``{"crv": "Ed25519", "kty": "OKP", "x": …}``."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return {"crv": "Ed25519", "kty": "OKP", "x": base64url_encode(raw).decode()}


def from_jwk(jwk: dict[str, Any]) -> Ed25519PublicKey:
    """The reverse of :func:`public_jwk`."""
    return Ed25519PublicKey.from_public_bytes(base64url_decode(jwk["x"]))


_NAMED = {"OKP": ("crv", "kty", "x"), "EC": ("crv", "kty", "x", "y"), "RSA": ("e", "kty", "n")}
_ALGORITHMS = {("OKP", "Ed25519"): "EdDSA", ("EC", "P-384"): "ES384", ("RSA", None): "RS384"}
_RSA_BITS = range(2048, 4097)


def algorithm(jwk: dict[str, Any]) -> str:
    """The one algorithm that a public key is taken for: EdDSA, ES384 or RS384 (RFC 7518, RFC 8037).

    Raises:
        BadSignature: another kind of key, an RSA key that is too short or too long, or no key at all.
    """
    try:
        found = _ALGORITHMS[jwk["kty"], jwk.get("crv")]
        key = jwt.PyJWK({name: jwk[name] for name in _NAMED[jwk["kty"]]}, algorithm=found).key
    except (KeyError, TypeError, ValueError, jwt.PyJWTError) as error:
        raise BadSignature("no public key for EdDSA, ES384 or RS384") from error
    if found == "RS384" and key.key_size not in _RSA_BITS:
        raise BadSignature("an RSA key has 2048 to 4096 bits")
    return found


def thumbprint(jwk: dict[str, Any]) -> str:
    """The key's name: RFC 7638 SHA-256 thumbprint, base64url."""
    members = {name: jwk[name] for name in _NAMED[jwk["kty"]]}
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
        if not path.exists():
            pem = Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            files.write(path, pem, new=True)
        loaded = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(loaded, Ed25519PrivateKey):
            raise BadSignature(f"{path.name} holds no Ed25519 key")
        return cls(loaded)

    def jws(self, payload: bytes, typ: str) -> str:
        """Compact JWS over ``payload``; header ``alg``, ``kid`` and ``typ`` (what kind of thing is signed)."""
        signed = header(self.kid, typ) + b"." + base64url_encode(payload)
        return (signed + b"." + base64url_encode(self._key.sign(signed))).decode("ascii")

    def jwt(self, claims: dict[str, Any]) -> str:
        """A signed JWT (RFC 7519), for client assertions and access tokens."""
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"kid": self.kid})


@lru_cache(maxsize=64)
def header(kid: str, typ: str) -> bytes:
    """The first member of the compact JWS that a key makes, as base64url."""
    return base64url_encode(json.canonical({"alg": "EdDSA", "kid": kid, "typ": typ}))


def compact(kid: str, typ: str, payload: bytes, signature: bytes) -> str:
    """The compact JWS that :meth:`SigningKey.jws` made, of its members."""
    members = (header(kid, typ), base64url_encode(payload), base64url_encode(signature))
    return b".".join(members).decode("ascii")


def members(token: str) -> tuple[str, bytes, bytes]:
    """The header as it stands, payload and signature of a compact JWS, not yet trusted.

    Raises:
        BadSignature: it is no compact JWS.
    """
    header, payload, signature = _split(token)
    return header, _decode(payload), _decode(signature)


def peek(token: str) -> dict[str, Any]:
    """The header of a JWS, not yet trusted.

    Raises:
        BadSignature: it is no compact JWS.
    """
    header, _, _ = _split(token)
    value = _decoded_header(header)
    return dict(value)


def verify(token: str, jwk: dict[str, Any], typ: str) -> bytes:
    """The payload of a compact JWS, when ``jwk`` signed it with EdDSA as ``typ``.

    Raises:
        BadSignature: another key, changed content, or another kind of thing.
    """
    header, payload, signature = _split(token)
    head = _decoded_header(header)
    if head.get("typ") != typ or head.get("alg") != "EdDSA" or "crit" in head or "b64" in head:
        raise BadSignature(f"not a {typ}")
    try:
        _public(jwk["x"]).verify(_decode(signature), f"{header}.{payload}".encode("ascii"))
    except (InvalidSignature, KeyError, ValueError) as error:
        raise BadSignature("the signature does not fit") from error
    return _decode(payload)


def payload(token: str) -> bytes:
    """The payload of a compact JWS, not yet trusted.

    Raises:
        BadSignature: it is no compact JWS.
    """
    return _decode(_split(token)[1])


def _split(token: str) -> tuple[str, str, str]:
    parts = token.split(".")
    if len(parts) != 3:
        raise BadSignature("not a compact JWS")
    return parts[0], parts[1], parts[2]


def _decode(text: str) -> bytes:
    """Base64url in its one form, without padding (RFC 7515); PyJWT would take others too."""
    try:
        value = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise BadSignature("not base64url") from error
    if base64url_encode(value).decode() != text:
        raise BadSignature("not base64url")
    return value


@lru_cache(maxsize=1024)
def _decoded_header(text: str) -> dict[str, Any]:
    if len(text) > _LONGEST_HEADER:
        raise BadSignature("the header is too long")
    try:
        value = json.loads(_decode(text))
    except (json.DecodeError, UnicodeDecodeError) as error:
        raise BadSignature("the header is not JSON") from error
    if not isinstance(value, dict):
        raise BadSignature("the header is no object")
    return value


@lru_cache(maxsize=1024)
def _public(x: str) -> Ed25519PublicKey:
    return from_jwk({"x": x})


def verify_jwt(token: str, jwk: dict[str, Any], audience: list[str], leeway: int = 0) -> dict[str, Any]:
    """The claims of a JWT that ``jwk`` signed for one of the audiences and that has not expired.

    Args:
        leeway: seconds by which the two clocks may differ.

    Raises:
        BadSignature: another key, expired, not valid yet, for somebody else, or a claim of ``iss sub aud exp jti`` is
            missing.
    """
    required = ["iss", "sub", "aud", "exp", "jti"]
    options: Options = {"require": required, "verify_exp": False, "verify_iat": False, "verify_nbf": False}
    try:
        used = algorithm(jwk)
        key = jwt.PyJWK({name: jwk[name] for name in _NAMED[jwk["kty"]]}, algorithm=used)
        claims = dict(jwt.decode(token, key, algorithms=[used], audience=audience, options=options))
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise BadSignature(str(error)) from error
    if not isinstance(claims["exp"], int) or claims["exp"] + leeway <= clock.now().timestamp():
        raise BadSignature("expired")
    begins = claims.get("nbf", 0)
    if not isinstance(begins, int) or begins - leeway > clock.now().timestamp():
        raise BadSignature("not valid yet (nbf)")
    return claims
