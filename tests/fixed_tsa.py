"""A time-stamping authority whose key, certificates and stamps follow from a seed: the same bytes in every run.

It writes DER by itself, so that it shares nothing with the reader in the program.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lienthong.access.tsa import Stamp

_SINCE, _UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2045, 1, 1, tzinfo=UTC)


def _numbers(seed: str, bits: int) -> int:
    data = b"".join(hashlib.sha512(f"{seed} {i}".encode()).digest() for i in range(bits // 512 + 1))
    return int.from_bytes(data[: bits // 8], "big") | 3 << (bits - 2) | 1


def _prime(seed: str, bits: int = 1024) -> int:
    number = _numbers(seed, bits)
    small = [n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2))]
    while any(number % n == 0 for n in small) or any(pow(b, number - 1, number) != 1 for b in (2, 3, 5, 7)):
        number += 2
    return number


@lru_cache
def key(seed: str) -> rsa.RSAPrivateKey:
    """An RSA key of 2,048 bits, known to everyone who knows the seed."""
    p, q, e = _prime(f"{seed} p"), _prime(f"{seed} q"), 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(e, p * q)
    )
    return numbers.private_key()


def _named(name: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )


@lru_cache
def certificates() -> tuple[x509.Certificate, x509.Certificate]:
    """The root and the unit that stamps."""

    def builder(name: str, seed: str, serial: int) -> x509.CertificateBuilder:
        made = x509.CertificateBuilder(_named("Invented Root"), _named(name), key(seed).public_key(), serial)
        return made.not_valid_before(_SINCE).not_valid_after(_UNTIL)

    root = builder("Invented Root", "root", 1).add_extension(x509.BasicConstraints(True, 0), critical=True)
    unit = builder("Invented Time Stamps", "unit", 2)
    unit = unit.add_extension(x509.BasicConstraints(False, None), critical=True)
    unit = unit.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    return root.sign(key("root"), hashes.SHA256()), unit.sign(key("root"), hashes.SHA256())


def root_pem() -> bytes:
    """The root certificate."""
    return certificates()[0].public_bytes(Encoding.PEM)


def _der(tag: int, *inside: bytes) -> bytes:
    value = b"".join(inside)
    if len(value) < 0x80:
        return bytes([tag, len(value)]) + value
    length = len(value).to_bytes((len(value).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + value


def _whole(number: int) -> bytes:
    return _der(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def _oid(text: str) -> bytes:
    first, second, *rest = map(int, text.split("."))
    out = b""
    for number in (40 * first + second, *rest):
        part = bytes([number & 0x7F])
        while number := number >> 7:
            part = bytes([0x80 | number & 0x7F]) + part
        out += part
    return _der(6, out)


_SHA256 = _der(0x30, _oid("2.16.840.1.101.3.4.2.1"), _der(5))
_TST_INFO = _oid("1.2.840.113549.1.9.16.1.4")


def _attribute(name: str, value: bytes) -> bytes:
    return _der(0x30, _oid(name), _der(0x31, value))


def answer(content: bytes, at: datetime, serial: int) -> bytes:
    """A TimeStampResp over the content at a time (whole seconds)."""
    unit = certificates()[1]
    raw = unit.public_bytes(Encoding.DER)
    imprint = _der(0x30, _SHA256, _der(4, hashlib.sha256(content).digest()))
    time = _der(0x18, at.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode())
    info = _der(0x30, _whole(1), _oid("1.2.3.4.1"), imprint, _whole(serial), time)
    named = _der(0x30, _der(0x30, _der(0x30, _der(4, hashlib.sha256(raw).digest()))))
    attributes = sorted(
        [
            _attribute("1.2.840.113549.1.9.3", _TST_INFO),
            _attribute("1.2.840.113549.1.9.4", _der(4, hashlib.sha256(info).digest())),
            _attribute("1.2.840.113549.1.9.16.2.47", named),
        ]
    )
    signature = key("unit").sign(_der(0x31, *attributes), padding.PKCS1v15(), hashes.SHA256())
    who = _der(0x30, unit.issuer.public_bytes(), _whole(unit.serial_number))
    rsa_encryption = _der(0x30, _oid("1.2.840.113549.1.1.1"), _der(5))
    signer = _der(0x30, _whole(1), who, _SHA256, _der(0xA0, *attributes), rsa_encryption, _der(4, signature))
    signed = _der(
        0x30,
        *(_whole(3), _der(0x31, _SHA256), _der(0x30, _TST_INFO, _der(0xA0, _der(4, info)))),
        *(_der(0xA0, raw), _der(0x31, signer)),
    )
    token = _der(0x30, _oid("1.2.840.113549.1.7.2"), _der(0xA0, signed))
    return _der(0x30, _der(0x30, _whole(0)), token)


class FixedService:
    """Stands for :class:`lienthong.access.tsa.Service`: stamps at one time."""

    def __init__(self, at: datetime) -> None:
        self._at, self._serial = at, 0

    def stamp(self, content: bytes) -> Stamp:
        """A stamp."""
        self._serial += 1
        by = certificates()[1].subject.rfc4514_string()
        return Stamp(answer(content, self._at, self._serial), self._at, by)
