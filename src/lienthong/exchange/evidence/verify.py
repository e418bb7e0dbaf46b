"""Checks an evidence package of Liên Thông from its bytes alone: ``python verify.py FILE``.

One file that runs by itself with Python 3.10 and the library ``cryptography`` 42, or later; it uses no network, reads
no setting and writes nothing. Exit status: 0 everything in the package holds and all three signatures of every message
are there, 1 something does not hold, 3 what is there holds but something is missing, 2 wrong arguments.

Sources: RFC 7515 and 8037 (signatures), 7638 (names of keys), 6962 section 2.1 (Merkle trees), 3161, 5652 and 5816
(time-stamps), PKWARE APPNOTE 6.3 (zip); the package itself is described in ``docs/reference/exchange-protocol.md``.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import io
import itertools
import json
import re
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from struct import Struct
from typing import Any, BinaryIO

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

LONGEST_PACKAGE = 0xFFFF_FFFE
MOST_MEMBERS = 20_000
LONGEST_DOCUMENT = 4 << 20
"""Bytes of a member that is read as a whole (everything but parts)."""
MANIFEST, ACCEPTANCE, RECEIPT = "lt-manifest+jws", "lt-acceptance+jws", "lt-receipt+jws"
DIRECTORY, PACKAGE = "lt-directory+jws", "lt-package+jws"
INDEX = "package.jws"
NOTHING = "0" * 64
_CHUNK = 1 << 20
_VIETNAM = timezone(timedelta(hours=7))


class Fault(Exception):
    """Why something does not hold, in Vietnamese and English."""

    def __init__(self, vi: str, en: str) -> None:
        super().__init__(en)
        self.vi, self.en = vi, en


# The container: a zip in the one form that these functions write, so that no byte of it is free.

_LOCAL, _CENTRAL, _END = Struct("<4s5H3I2H"), Struct("<4s6H3I5H2I"), Struct("<4s4H2IH")
_NAME = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9]+)*(?:/[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9]+)*){0,3}"
)
_DAY = 0x21
"""1 January 1980, the first day that a zip knows."""


@dataclass(frozen=True)
class Member:
    """A file in the package: where its bytes start, how many, their CRC-32 and SHA-256."""

    name: str
    start: int
    size: int
    crc: int
    sha256: str


def local_header(name: str, size: int, crc: int) -> bytes:
    """What stands before a member's bytes, which are stored as they are."""
    head = _LOCAL.pack(b"PK\x03\x04", 20, 0, 0, 0, _DAY, crc, size, size, len(name), 0)
    return head + name.encode("ascii")


def ending(members: Sequence[tuple[str, int, int]], offset: int) -> bytes:
    """The zip's directory and end for members (name, size, CRC-32), of which the first starts at 0."""
    entries, at = [], 0
    for name, size, crc in members:
        numbers = (20, 20, 0, 0, 0, _DAY, crc, size, size, len(name), 0, 0, 0, 0, 0, at)
        entries.append(_CENTRAL.pack(b"PK\x01\x02", *numbers) + name.encode("ascii"))
        at += _LOCAL.size + len(name) + size
    directory = b"".join(entries)
    count = len(members)
    return directory + _END.pack(b"PK\x05\x06", 0, 0, count, count, len(directory), offset, 0)


class Package:
    """The members of a package, read without trusting anything in it.

    Raises:
        Fault: it is not a package in its one form.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.members: dict[str, Member] = {}
        size = file.seek(0, 2)
        if not _END.size <= size <= LONGEST_PACKAGE:
            raise _no_package("size")
        mark, _, _, _, count, length, offset, _ = _END.unpack(self._slice(size - _END.size, _END.size))
        if mark != b"PK\x05\x06" or count > MOST_MEMBERS or offset + length + _END.size != size:
            raise _no_package("end")
        found: list[Member] = []
        directory, at, start = self._slice(offset, length), 0, 0
        for _ in range(count):
            if len(directory) - at < _CENTRAL.size:
                raise _no_package("directory")
            entry = _CENTRAL.unpack_from(directory, at)
            crc, data, named = entry[7], entry[9], entry[10]
            name = directory[at + _CENTRAL.size :][:named].decode("latin-1")
            if not _NAME.fullmatch(name) or len(name) > 200 or (found and found[-1].name >= name):
                raise _no_package("name")
            head = local_header(name, data, crc)
            if start + len(head) + data > offset or self._slice(start, len(head)) != head:
                raise _no_package(name)
            found.append(self._member(name, start + len(head), data, crc))
            start += len(head) + data
            at += _CENTRAL.size + named
        whole = ending([(one.name, one.size, one.crc) for one in found], start)
        if start != offset or self._slice(offset, length + _END.size) != whole:
            raise _no_package("directory")
        self.members = {one.name: one for one in found}

    def read(self, name: str) -> bytes:
        """The bytes of a member that is not a part.

        Raises:
            Fault: it is not there or too long.
        """
        member = self.members.get(name)
        if member is None or member.size > LONGEST_DOCUMENT:
            raise Fault(f"Thiếu {name} hoặc tệp quá lớn.", f"{name} is missing or too long.")
        return self._slice(member.start, member.size)

    def below(self, folder: str) -> list[str]:
        """The names of the members in a folder."""
        return [name for name in self.members if name.startswith(f"{folder}/")]

    def _member(self, name: str, start: int, size: int, crc: int) -> Member:
        digest, seen, left = hashlib.sha256(), 0, size
        self._file.seek(start)
        while left:
            chunk = self._file.read(min(left, _CHUNK))
            if not chunk:
                raise _no_package(name)
            digest.update(chunk)
            seen = zlib.crc32(chunk, seen)
            left -= len(chunk)
        if seen != crc:
            raise _no_package(name)
        return Member(name, start, size, crc, digest.hexdigest())

    def _slice(self, start: int, length: int) -> bytes:
        self._file.seek(start)
        return self._file.read(length)


def _no_package(where: str) -> Fault:
    return Fault(
        f"Tệp không phải là gói bằng chứng nguyên vẹn: đã bị cắt hoặc sửa ({where}).",
        f"The file is not a whole evidence package: it was cut or changed ({where}).",
    )


# JSON and signatures


def parse(data: bytes) -> dict[str, Any]:
    """A JSON object without doubled names.

    Raises:
        Fault: it is something else.
    """
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_once, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise Fault("Nội dung không phải JSON đúng.", "This is not proper JSON.") from error
    if not isinstance(value, dict):
        raise Fault("Nội dung không phải là một đối tượng JSON.", "This is not a JSON object.")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _refuse(_: str) -> Any:
    raise ValueError("no number")


def _base64url(text: str) -> bytes:
    """Base64url in its one form, without padding."""
    try:
        value = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error) as error:
        raise Fault("Chữ ký sai dạng.", "The signature is not well formed.") from error
    if base64.urlsafe_b64encode(value).rstrip(b"=").decode() != text:
        raise Fault("Chữ ký sai dạng.", "The signature is not well formed.")
    return value


@dataclass(frozen=True)
class Signed:
    """A compact JWS, read but not yet verified."""

    typ: str
    kid: str
    payload: bytes
    value: dict[str, Any]
    signature: bytes
    covered: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the payload."""
        return hashlib.sha256(self.payload).hexdigest()

    def verify(self, jwk: dict[str, Any]) -> None:
        """Checks the signature with a key.

        Raises:
            Fault: it does not fit.
        """
        try:
            key = ed25519.Ed25519PublicKey.from_public_bytes(_base64url(jwk["x"]))
            key.verify(self.signature, self.covered)
        except (InvalidSignature, KeyError, TypeError, ValueError) as error:
            raise Fault(
                "Chữ ký số không khớp với nội dung.", "The signature does not fit the content."
            ) from error


def read_jws(data: bytes, typ: str) -> Signed:
    """A compact JWS of a kind, with JSON in it.

    Raises:
        Fault: it is something else.
    """
    try:
        header, payload, signature = data.decode("ascii").split(".")
    except ValueError as error:
        raise Fault("Chữ ký sai dạng.", "The signature is not well formed.") from error
    if len(header) > 1400:
        raise Fault("Chữ ký sai dạng.", "The signature is not well formed.")
    head, body = parse(_base64url(header)), _base64url(payload)
    if head.get("alg") != "EdDSA" or head.get("typ") != typ or "crit" in head or "b64" in head:
        raise Fault(f"Không phải là “{typ}” ký bằng EdDSA.", f"This is not a “{typ}” signed with EdDSA.")
    covered = f"{header}.{payload}".encode("ascii")
    return Signed(typ, str(head.get("kid", "")), body, parse(body), _base64url(signature), covered)


def thumbprint(jwk: dict[str, Any]) -> str:
    """The name of an Ed25519 key (RFC 7638)."""
    text = json.dumps(
        {name: jwk.get(name) for name in ("crv", "kty", "x")}, separators=(",", ":"), sort_keys=True
    )
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


# Shapes

Check = Callable[[Any], bool]


def _text(pattern: str) -> Check:
    found = re.compile(pattern, re.ASCII)
    return lambda value: isinstance(value, str) and found.fullmatch(value) is not None


def _whole(least: int, most: int) -> Check:
    return lambda value: type(value) is int and least <= value <= most


_hash, _id, _facility = _text("[0-9a-f]{64}"), _text("[0-9a-f]{32}"), _text("[0-9A-Za-z-]{1,16}")
_kid, _word = _text("[0-9A-Za-z_-]{43}"), _text("[a-z][a-z0-9.-]{0,39}")
_spelled = _text(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_SIZE = _whole(0, 1 << 40)


def _moment(value: Any) -> bool:
    try:
        return _spelled(value) and 1 < _when(value).year < 9999
    except ValueError:
        return False


def _when(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)  # noqa: UP017


def _object(**members: Check) -> Check:
    def check(value: Any) -> bool:
        return isinstance(value, dict) and all(holds(value.get(name)) for name, holds in members.items())

    return check


def _list(holds: Check, most: int) -> Check:
    return lambda value: isinstance(value, list) and len(value) <= most and all(map(holds, value))


def _maybe(holds: Check) -> Check:
    return lambda value: value is None or holds(value)


def _is(*values: Any) -> Check:
    return lambda value: any(type(value) is type(one) and value == one for one in values)


_PARTY = _object(facility=_facility, kid=_kid)
_SEALED = _object(sha256=_hash, size=_SIZE)
_PART = _object(
    sha256=_hash,
    size=_SIZE,
    role=_word,
    type=lambda value: isinstance(value, str) and 1 <= len(value) <= 100,
    priority=_whole(0, 3),
    sealed=_maybe(_SEALED),
)
_MANIFEST_MEMBERS: dict[str, Check] = {
    "v": _is(2),
    "id": _id,
    "kind": _word,
    "loop": lambda value: isinstance(value, str) and 1 <= len(value) <= 64,
    "from": _PARTY,
    "to": _object(facility=_facility),
    "created": _moment,
    "basis": lambda value: isinstance(value, str) and len(value) <= 200,
    "seq": _whole(1, 1 << 53),
    "prev": _hash,
    "body": lambda value: isinstance(value, dict),
    "parts": _list(_PART, 200),
}
_SHAPES: dict[str, Check] = {
    MANIFEST: _object(**_MANIFEST_MEMBERS),
    ACCEPTANCE: _object(v=_is(1, 2), message=_id, manifest=_hash, at=_moment, by=_PARTY),
    RECEIPT: _object(
        v=_is(1, 2),
        message=_id,
        manifest=_hash,
        outcome=_is("stored", "refused"),
        stored=lambda value: isinstance(value, str) and len(value) <= 128,
        at=_moment,
        by=_PARTY,
        problem=_maybe(lambda value: isinstance(value, dict)),
    ),
    DIRECTORY: _object(
        v=_is(1),
        number=_whole(1, 1 << 53),
        previous=_hash,
        at=_moment,
        by=_PARTY,
        nodes=_list(
            _object(
                **{
                    "facility": _facility,
                    "role": _is("hub", "site"),
                    "kid": _kid,
                    "jwk": _object(crv=_is("Ed25519"), kty=_is("OKP"), x=_kid),
                    "from": _moment,
                    "until": _maybe(_moment),
                    "revoked": _maybe(
                        _object(at=_moment, why=lambda value: isinstance(value, str), since=_maybe(_moment))
                    ),
                }
            ),
            100_000,
        ),
    ),
    PACKAGE: _object(
        v=_is(1),
        kind=_is("message", "loop"),
        about=lambda value: isinstance(value, str) and 1 <= len(value) <= 64,
        content=_is(True, False),
        by=_PARTY,
        at=_moment,
        members=_list(
            _object(name=lambda value: isinstance(value, str), sha256=_hash, size=_SIZE), MOST_MEMBERS
        ),
    ),
}
_PROOF = _object(
    v=_is(1),
    previous=_hash,
    hash=_hash,
    batch=_maybe(_whole(1, 1 << 53)),
    index=_maybe(_whole(0, 1 << 53)),
    path=_maybe(_list(_hash, 64)),
)
_BATCH = _object(
    v=_is(1),
    facility=_facility,
    batch=_whole(1, 1 << 53),
    first=_whole(1, 1 << 53),
    last=_whole(1, 1 << 53),
    root=_hash,
    head=_hash,
)


def shaped(signed: Signed) -> dict[str, Any]:
    """The value of a JWS when it has the shape of its kind and names the key in its header.

    Raises:
        Fault: it has another.
    """
    if not _SHAPES[signed.typ](signed.value):
        raise Fault(f"Cấu trúc “{signed.typ}” không đúng.", f"This is not the shape of a “{signed.typ}”.")
    named = signed.value["from" if signed.typ == MANIFEST else "by"]["kid"]
    if named != signed.kid:
        raise Fault("Tên khóa trong chữ ký không khớp.", "The key named in the signature is another.")
    return signed.value


# Time-stamps: strict DER (X.690), CMS SignedData (RFC 5652) around a TSTInfo (RFC 3161)

_SIGNED_DATA, _TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE, _SIGNING_CERTIFICATE_2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
_SHA256 = "2.16.840.1.101.3.4.2.1"
_RSA = "1.2.840.113549.1.1."
_RSA_HASH = {_RSA + "11": "SHA256", _RSA + "12": "SHA384", _RSA + "13": "SHA512"}
_ECDSA_HASH = {f"1.2.840.10045.4.3.{n}": name for n, name in ((2, "SHA256"), (3, "SHA384"), (4, "SHA512"))}
_INTEGER, _OCTETS, _OID, _SEQUENCE, _SET, _GENERAL_TIME = 0x02, 0x04, 0x06, 0x30, 0x31, 0x18


@dataclass(frozen=True)
class Stamp:
    """A time-stamp that holds.

    Attributes:
        at: the service's time, aware.
        by: subject of the service's certificate (RFC 4514).
        nonce: of the request, or None.
        trusted: whether the certificate leads to one that the caller trusts.
    """

    at: datetime
    by: str
    nonce: int | None
    trusted: bool


@dataclass(frozen=True)
class _Der:
    """A value with its tag; ``raw`` with tag and length."""

    tag: int
    value: bytes
    raw: bytes

    def inside(self, tag: int = _SEQUENCE) -> list[_Der]:
        """The values in a constructed one."""
        if self.tag != tag:
            raise _no_stamp("tag")
        return list(_ders(self.value))

    @property
    def oid(self) -> str:
        """An object identifier in dotted form."""
        if self.tag != _OID or not self.value or self.value[-1] & 0x80:
            raise _no_stamp("OID")
        numbers, one = [], 0
        for byte in self.value:
            if one == 0 and byte == 0x80:
                raise _no_stamp("OID")
            one = one << 7 | byte & 0x7F
            if not byte & 0x80:
                numbers.append(one)
                one = 0
        first = min(numbers[0] // 40, 2)
        return ".".join(map(str, [first, numbers[0] - 40 * first, *numbers[1:]]))

    @property
    def number(self) -> int:
        """A whole number."""
        short = len(self.value) > 1 and (self.value[0], self.value[1] & 0x80) in ((0, 0), (0xFF, 0x80))
        if self.tag != _INTEGER or not self.value or short:
            raise _no_stamp("INTEGER")
        return int.from_bytes(self.value, "big", signed=True)

    def octets(self) -> bytes:
        """The bytes of an OCTET STRING."""
        if self.tag != _OCTETS:
            raise _no_stamp("OCTET STRING")
        return self.value


def _ders(data: bytes) -> Iterator[_Der]:
    """The values one behind the other, with definite lengths in their shortest form."""
    at = 0
    while at < len(data):
        if len(data) - at < 2 or data[at] & 0x1F == 0x1F:
            raise _no_stamp("DER")
        length, start = data[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            digits = data[start : start + count]
            length, start = int.from_bytes(digits, "big"), start + count
            if not 1 <= count <= 4 or len(digits) != count or length < 0x80 or digits[0] == 0:
                raise _no_stamp("DER")
        if start + length > len(data):
            raise _no_stamp("DER")
        yield _Der(data[at], data[start : start + length], data[at : start + length])
        at = start + length


def _der(data: bytes) -> _Der:
    """The one value that fills the data."""
    found = list(_ders(data))
    if len(found) != 1:
        raise _no_stamp("DER")
    return found[0]


def check_stamp(answer: bytes, content: bytes, roots: Sequence[x509.Certificate] = ()) -> Stamp:
    """Checks a TimeStampResp (DER) over the SHA-256 of the content.

    Args:
        roots: certificates that the service's must lead to; without any, the stamp is checked against the
            certificate that it brings along, and is not ``trusted``.

    Raises:
        Fault: the stamp does not hold, or leads to none of the roots.
    """
    try:
        return _stamp(answer, content, roots)
    except Fault:
        raise
    except Exception as error:  # whatever the certificates of a stranger make the library say
        raise _no_stamp(type(error).__name__) from error


def _stamp(answer: bytes, content: bytes, roots: Sequence[x509.Certificate]) -> Stamp:
    status, token = _der(answer).inside()
    if status.inside()[0].number not in (0, 1):
        raise _no_stamp("status")
    kind, wrapped = token.inside()
    (signed_data,) = wrapped.inside(0xA0)
    members = signed_data.inside()
    if kind.oid != _SIGNED_DATA or len(members) < 4:
        raise _no_stamp("SignedData")
    info_kind, info_wrapped = members[2].inside()
    (info_octets,) = info_wrapped.inside(0xA0)
    if info_kind.oid != _TST_INFO:
        raise _no_stamp("TSTInfo")
    info = info_octets.octets()
    certificates = [one.raw for one in members[3].inside(0xA0)] if members[3].tag == 0xA0 else []
    (signer,) = members[-1].inside(_SET)
    at, nonce = _tst_info(_der(info), hashlib.sha256(content).digest())
    certificate = _signed_by(
        signer, info, [*certificates, *(one.public_bytes(Encoding.DER) for one in roots)]
    )
    _stamps(certificate, at)
    embedded = [x509.load_der_x509_certificate(one) for one in certificates]
    if roots and not _leads(certificate, embedded, roots, at):
        raise Fault(
            "Chứng thư của dịch vụ cấp dấu thời gian không dẫn tới chứng thư gốc đã cho.",
            "The certificate of the time-stamping service does not lead to the root certificate given.",
        )
    return Stamp(at, certificate.subject.rfc4514_string(), nonce, bool(roots))


def _tst_info(info: _Der, digest: bytes) -> tuple[datetime, int | None]:
    """Time and nonce of a TSTInfo over a digest."""
    members = info.inside()
    if members[0].number != 1 or members[1].oid == "":
        raise _no_stamp("TSTInfo")
    algorithm, hashed = members[2].inside()
    if algorithm.inside()[0].oid != _SHA256 or hashed.octets() != digest:
        raise Fault(
            "Dấu thời gian được cấp cho nội dung khác.",
            "The time-stamp is over other content.",
        )
    nonces = [one.number for one in members[5:] if one.tag == _INTEGER]
    return _general_time(members[4]), nonces[0] if nonces else None


def _general_time(value: _Der) -> datetime:
    found = re.fullmatch(r"(\d{14})(?:\.(\d{1,6}))?Z", value.value.decode("ascii"), re.ASCII)
    if value.tag != _GENERAL_TIME or found is None or (found[2] or "1").endswith("0"):
        raise _no_stamp("genTime")
    moment = datetime.strptime(found[1], "%Y%m%d%H%M%S").replace(tzinfo=timezone.utc)  # noqa: UP017
    if moment.year > 9998:
        raise _no_stamp("genTime")
    return moment + timedelta(microseconds=int((found[2] or "0").ljust(6, "0")))


def _signed_by(signer: _Der, info: bytes, certificates: Sequence[bytes]) -> x509.Certificate:
    """The certificate whose key signed the TSTInfo, after all that RFC 5652 section 5.4 and RFC 5816 ask."""
    _, who, digest_kind, attributes, kind, signature = signer.inside()[:6]
    issuer, serial = who.inside()
    digest_name = digest_kind.inside()[0].oid
    digest = _HASHES[digest_name]
    found: dict[str, _Der] = {}
    for attribute in attributes.inside(0xA0):
        name, values = attribute.inside()
        if name.oid in found:
            raise _no_stamp("signedAttrs")
        (found[name.oid],) = values.inside(_SET)
    if found[_CONTENT_TYPE].oid != _TST_INFO:
        raise _no_stamp("contentType")
    if found[_MESSAGE_DIGEST].octets() != hashlib.new(digest.name.replace("-", ""), info).digest():
        raise _no_stamp("messageDigest")
    for raw in certificates:
        fields = _der(raw).inside()[0].inside()
        fields = fields[1:] if fields[0].tag == 0xA0 else fields
        if (fields[2].raw, fields[0].raw) == (issuer.raw, serial.raw) and _is_meant(found, raw):
            certificate = x509.load_der_x509_certificate(raw)
            covered = b"\x31" + attributes.raw[1:]
            _fits(certificate, kind.inside()[0].oid, digest, signature.octets(), covered)
            return certificate
    raise Fault(
        "Dấu thời gian không kèm chứng thư của nơi cấp.",
        "The time-stamp does not bring its service's certificate.",
    )


def _is_meant(attributes: dict[str, _Der], raw: bytes) -> bool:
    """Whether the signed attribute names exactly this certificate by its hash."""
    if _SIGNING_CERTIFICATE_2 in attributes:
        first = attributes[_SIGNING_CERTIFICATE_2].inside()[0].inside()[0].inside()
        name = first[0].inside()[0].oid if first[0].tag == _SEQUENCE else _SHA256
        named = (first[1] if first[0].tag == _SEQUENCE else first[0]).octets()
        return hashlib.new(_HASHES[name].name, raw).digest() == named
    first = attributes[_SIGNING_CERTIFICATE].inside()[0].inside()[0].inside()
    return hashlib.sha1(raw, usedforsecurity=False).digest() == first[0].octets()


def _fits(
    certificate: x509.Certificate, kind: str, digest: hashes.HashAlgorithm, signature: bytes, covered: bytes
) -> None:
    key, name = certificate.public_key(), digest.name.upper()
    try:
        if isinstance(key, rsa.RSAPublicKey) and (kind == _RSA + "1" or _RSA_HASH.get(kind) == name):
            key.verify(signature, covered, padding.PKCS1v15(), digest)
        elif isinstance(key, rsa.RSAPublicKey) and kind == _RSA + "10":
            key.verify(signature, covered, padding.PSS(padding.MGF1(digest), padding.PSS.AUTO), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey) and _ECDSA_HASH.get(kind) == name:
            key.verify(signature, covered, ec.ECDSA(digest))
        elif isinstance(key, ed25519.Ed25519PublicKey) and kind == "1.3.101.112":
            key.verify(signature, covered)
        else:
            raise _no_stamp("algorithm")
    except InvalidSignature as error:
        raise Fault(
            "Chữ ký của dấu thời gian không khớp.",
            "The signature of the time-stamp does not fit.",
        ) from error


def _stamps(certificate: x509.Certificate, at: datetime) -> None:
    """Checks that a certificate may stamp, and could at that moment."""
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise Fault(
            "Chứng thư này không dành riêng cho cấp dấu thời gian.",
            "This certificate is not meant for time-stamping alone.",
        )
    if not _valid(certificate, at):
        raise Fault(
            "Chứng thư của dịch vụ không còn hoặc chưa có hiệu lực khi cấp dấu thời gian.",
            "The service's certificate was not valid when it stamped.",
        )


def _valid(certificate: x509.Certificate, at: datetime) -> bool:
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def _leads(
    certificate: x509.Certificate,
    embedded: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    at: datetime,
    steps: int = 4,
) -> bool:
    """Whether a chain of certificates valid at that moment leads to one of the roots."""
    if certificate in roots:
        return True
    above = [one for one in (*roots, *embedded[:8]) if one != certificate and _valid(one, at)]
    return steps > 0 and any(
        _issued(certificate, one) and _leads(one, embedded, roots, at, steps - 1) for one in above
    )


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        if not issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca:
            return False
        certificate.verify_directly_issued_by(issuer)
    except Exception:
        return False
    return True


def _no_stamp(where: str) -> Fault:
    return Fault(
        f"Không phải dấu thời gian RFC 3161 hợp lệ ({where}).",
        f"This is not a proper RFC 3161 time-stamp ({where}).",
    )


# Merkle paths


def merkle_root(entry: bytes, index: int, count: int, path: Sequence[bytes]) -> bytes:
    """The root that a path leads to from an entry, the ``index``-th (from 0) of ``count`` (RFC 6962).

    Raises:
        Fault: the path has another length than such a tree.
    """
    node, last, used = hashlib.sha256(b"\x00" + entry).digest(), count - 1, 0
    if not 0 <= index < count:
        raise _no_path()
    while last > 0:
        if index & 1 or index != last:
            if used == len(path):
                raise _no_path()
            left, right = (path[used], node) if index & 1 else (node, path[used])
            node, used = hashlib.sha256(b"\x01" + left + right).digest(), used + 1
        index, last = index >> 1, last >> 1
    if used != len(path):
        raise _no_path()
    return node


def _no_path() -> Fault:
    return Fault("Đường dẫn cây băm không khớp.", "The path in the hash tree does not fit.")


# The report

_WORDS = {
    "not-a-package": ("{fault}", "{fault}"),
    "whole": (
        "Gói nguyên vẹn: {count} tệp đúng như danh mục.",
        "The package is whole: {count} files are as listed.",
    ),
    "not-as-listed": ("{name} không đúng như danh mục.", "{name} is not as listed."),
    "bad-list": ("Danh mục tệp của gói không đúng: {fault}", "The package's list is wrong: {fault}"),
    "maker": (
        "Gói do {facility} lập và ký (khóa {kid}).",
        "The package was made and signed by {facility} (key {kid}).",
    ),
    "maker-unknown": (
        "Không kiểm tra được chữ ký của đơn vị lập gói: {fault}",
        "The signature of who made the package cannot be checked: {fault}",
    ),
    "bad-maker": (
        "Chữ ký của đơn vị lập gói không đúng: {fault}",
        "The signature of who made the package does not hold: {fault}",
    ),
    "maker-revoked": (
        "Khóa của đơn vị lập gói đã bị thu hồi lúc {at}.",
        "The key of who made the package was revoked at {at}.",
    ),
    "proves-nothing": ("{name} không chứng minh gì.", "{name} proves nothing."),
    "no-message": ("Gói không có gói tin nào.", "There is no message in the package."),
    "no-directory": (
        "Không có danh bạ do trục ký: không biết khóa nào của ai.",
        "No directory signed by the hub: whose key is whose is not known.",
    ),
    "bad-directory": ("Danh bạ {name} không đúng: {fault}", "Directory {name} is wrong: {fault}"),
    "directory-not-trusted": (
        "Danh bạ số {number} không do khóa đáng tin nào của trục ký (khóa {kid}).",
        "Directory no. {number} is not signed with a trusted key of the hub (key {kid}).",
    ),
    "directory-forked": (
        "Danh bạ số {number} không nối tiếp số {before}: trục đã ký hai bản khác nhau.",
        "Directory no. {number} does not follow no. {before}: the hub signed two versions.",
    ),
    "directory": (
        "Danh bạ do {facility} ký, các bản số {numbers}; bản mới nhất lúc {at}.",
        "Directory signed by {facility}, numbers {numbers}; the newest of {at}.",
    ),
    "hub-key-given": (
        "Khóa gốc của trục đúng là khóa bạn đưa ra: {kids}.",
        "The hub's key is the one you gave: {kids}.",
    ),
    "hub-key-as-stated": (
        "CHÚ Ý: khóa của trục mới chỉ là THEO LỜI KHAI TRONG GÓI: {kids}. Hỏi Sở Y tế tên khóa này rồi kiểm tra lại"
        " với --hub-key.",
        "NOTE: the hub's key is only AS STATED IN THE PACKAGE: {kids}. Ask the Department of Health for its name and"
        " check again with --hub-key.",
    ),
    "key-doubtful": (
        "Khóa của {facility} bị nghi ngờ từ {at}, trước khi ký: chữ ký này một mình chưa đủ.",
        "The key of {facility} is doubtful since {at}, before it signed: this signature alone is not enough.",
    ),
    "key-revoked-later": (
        "Khóa của {facility} bị thu hồi sau đó, lúc {at}; chữ ký này có trước nên vẫn có giá trị.",
        "The key of {facility} was revoked later, at {at}; this signature is older and stands.",
    ),
    "directory-of-later": (
        "Gói không có danh bạ của thời điểm đó; đã xét theo danh bạ sau.",
        "The package has no directory of that time; a later one was used.",
    ),
    "missing-manifest": ("Thiếu bản kê do bên gửi ký.", "The manifest signed by the sender is missing."),
    "missing-acceptance": ("Thiếu xác nhận do trục ký.", "The acceptance signed by the hub is missing."),
    "missing-receipt": ("Thiếu biên nhận do bên nhận ký.", "The receipt signed by the receiver is missing."),
    "bad-manifest": (
        "Bản kê của bên gửi không đúng: {fault}",
        "The sender's manifest does not hold: {fault}",
    ),
    "bad-acceptance": (
        "Xác nhận của trục không đúng: {fault}",
        "The hub's acceptance does not hold: {fault}",
    ),
    "bad-receipt": (
        "Biên nhận của bên nhận không đúng: {fault}",
        "The receiver's receipt does not hold: {fault}",
    ),
    "signed": (
        "{facility} đã ký bản kê lúc {at} (giờ của bên gửi).",
        "{facility} signed the manifest at {at} (the sender's clock).",
    ),
    "accepted": (
        "{facility} (trục) đã ký xác nhận nhận đủ đúng bản kê này lúc {at}.",
        "{facility} (the hub) signed that it has exactly this manifest with all parts, at {at}.",
    ),
    "clock-ahead": (
        "Đồng hồ của bên gửi chạy nhanh hơn đồng hồ của trục.",
        "The sender's clock was ahead of the hub's.",
    ),
    "stored": (
        "{facility} đã ký biên nhận: ĐÃ LƯU đúng bản kê này lúc {at} (giờ của bên nhận).",
        "{facility} signed that it has STORED exactly this manifest, at {at} (the receiver's clock).",
    ),
    "refused": (
        "{facility} đã ký biên nhận: TỪ CHỐI đúng bản kê này lúc {at} (giờ của bên nhận).",
        "{facility} signed that it has REFUSED exactly this manifest, at {at} (the receiver's clock).",
    ),
    "refused-because": ("Lý do từ chối: {fault}", "Reason of the refusal: {fault}"),
    "bad-part": (
        "Phần “{role}” không khớp mã băm đã ký.",
        "The content “{role}” does not fit the signed hash.",
    ),
    "parts": (
        "{inside} trên {count} phần của gói tin có trong gói và khớp mã băm mà bên gửi đã ký.",
        "{inside} of {count} parts are in the package and fit the hashes that the sender signed.",
    ),
    "parts-by-hash": (
        "{count} phần chỉ có mã băm trong gói; ai giữ nội dung có thể đối chiếu với mã băm.",
        "Of {count} parts the package has only the hash; who has the content can compare it.",
    ),
    "follows": (
        "Số thứ tự {number} nối tiếp đúng gói tin trước của bên gửi.",
        "Number {number} follows the sender's message before.",
    ),
    "forked": (
        "Số thứ tự {number} của bên gửi bị rẽ nhánh: bên gửi đã ký hai chuỗi khác nhau.",
        "The sender's number {number} forks: the sender has signed two different sequences.",
    ),
    "bad-event": ("Nhật ký {name} không đúng: {fault}", "Audit trail {name} does not hold: {fault}"),
    "events": (
        "{count} sự kiện nhật ký của {facility} khớp chuỗi băm.",
        "{count} events of the audit trail of {facility} fit their hashes.",
    ),
    "events-not-stamped": (
        "Các sự kiện này chưa có dấu thời gian: thời gian là theo đồng hồ của đơn vị lập gói.",
        "These events have no time-stamp yet: their times are those of the clock of who made the package.",
    ),
    "batch-waits": ("Lô {number} đang chờ dấu thời gian.", "Batch {number} waits for its time-stamp."),
    "stamp": (
        "Dấu thời gian của lô {number}: {at}, do “{by}” cấp.",
        "Time-stamp of batch {number}: {at}, by “{by}”.",
    ),
    "stamp-as-stated": (
        "Chứng thư của dịch vụ cấp dấu thời gian mới chỉ là theo lời khai trong gói; kiểm tra lại với --tsa-ca.",
        "The certificate of the time-stamping service is only as stated in the package; check again with --tsa-ca.",
    ),
    "proven-sent": (
        "{sender} đã gửi gói tin “{kind}” {id} cho {facility}; trục đã nhận đủ lúc {at}.",
        "{sender} sent the message “{kind}” {id} to {facility}; the hub had all of it at {at}.",
    ),
    "proven-stored": (
        "{facility} ĐÃ NHẬN VÀ LƯU gói tin “{kind}” {id} lúc {at} (mã băm đã lưu {stored}).",
        "{facility} HAS RECEIVED AND STORED the message “{kind}” {id} at {at} (hash of what was stored: {stored}).",
    ),
    "proven-refused": (
        "{facility} ĐÃ NHẬN VÀ TỪ CHỐI gói tin “{kind}” {id} lúc {at}.",
        "{facility} HAS RECEIVED AND REFUSED the message “{kind}” {id} at {at}.",
    ),
    "proven-stamped": (
        "Điều nhật ký ghi về gói tin {id} đã tồn tại muộn nhất lúc {at} (dấu thời gian).",
        "What the audit trail says of the message {id} existed at {at} at the latest (time-stamp).",
    ),
    "unproven-hub-key": (
        "Rằng khóa của trục là thật: gói tự khai; cần đối chiếu với Sở Y tế (--hub-key).",
        "That the hub's key is genuine: the package states it itself; compare it with the Department of Health"
        " (--hub-key).",
    ),
    "unproven-later": (
        "Rằng không khóa nào bị thu hồi sau danh bạ mới nhất trong gói ({at}).",
        "That no key was revoked after the newest directory in the package ({at}).",
    ),
    "unproven-time": (
        "Thời gian do bên thứ ba độc lập xác nhận, với những gói tin chưa có dấu thời gian.",
        "The time by an independent third party, for messages without a time-stamp.",
    ),
    "unproven-service": (
        "Rằng dịch vụ cấp dấu thời gian là thật: cần chứng thư gốc của dịch vụ (--tsa-ca).",
        "That the time-stamping service is genuine: its root certificate is needed (--tsa-ca).",
    ),
    "unproven-meaning": (
        "Rằng nội dung đúng về chuyên môn, hoặc đã có người đọc; dạng mã hóa khi truyền không nằm trong gói.",
        "That the content is medically right, or that somebody read it; the sealed form in which it travelled is not"
        " in the package.",
    ),
}
"""Codes of steps and conclusions with their sentences, Vietnamese and English."""
_CONCLUSIONS = {
    "valid": (
        "HỢP LỆ: mọi thứ trong gói đều khớp, mỗi gói tin có đủ ba chữ ký.",
        "VALID: everything in the package holds, every message has its three signatures.",
    ),
    "incomplete": (
        "CHƯA ĐỦ: những gì có trong gói đều khớp, nhưng còn thiếu bằng chứng.",
        "INCOMPLETE: what is in the package holds, but some of the proof is missing.",
    ),
    "invalid": (
        "KHÔNG HỢP LỆ: có chỗ không khớp. Không dùng gói này làm bằng chứng.",
        "INVALID: something does not hold. Do not use this package as evidence.",
    ),
}
MARKS = {"holds": "✓", "broken": "✗", "missing": "–", "note": "–"}
_KNOWN = re.compile(
    r"README\.md|package\.jws|messages/[0-9a-f]{32}/(?:manifest|acceptance|receipt)\.jws|directory/\d+-\d+\.jws"
    r"|audit/\d+\.(?:event|json)|audit/batch-\d+\.(?:json|tsr)",
    re.ASCII,
)
_MESSAGE = re.compile("messages/([0-9a-f]{32})/.+", re.ASCII)


@dataclass(frozen=True)
class Step:
    """One thing looked at.

    Attributes:
        mark: ``holds``, ``broken``, ``missing`` (the proof is not whole) or ``note``.
        about: ``package``, ``directory``, ``audit`` or the id of a message.
        code: which sentence it is; vi, en: the sentence.
    """

    mark: str
    about: str
    code: str
    vi: str
    en: str


@dataclass
class Message:
    """What a message is, as its manifest says, and what was proven about it (empty: not).

    Attributes:
        sender, receiver: facilities; created: the sender's time; manifest: hash of the manifest.
        signed: whether the sender's signature proves it.
        accepted: the hub's time; outcome, received, stored: of the receipt.
        stamped: by when an independent service says that the audit trail named this manifest.
        parts: as the manifest lists them.
    """

    id: str
    kind: str = ""
    loop: str = ""
    sender: str = ""
    receiver: str = ""
    created: str = ""
    manifest: str = ""
    signed: bool = False
    accepted: str = ""
    outcome: str = ""
    received: str = ""
    stored: str = ""
    stamped: str = ""
    parts: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Report:
    """The result.

    Attributes:
        verdict: ``valid``, ``incomplete`` or ``invalid``.
        about: message or loop; made_by: facility that made the package.
        hub_keys: the keys that all rests on; pinned: whether the caller named them.
        proven, unproven: what follows, when nothing is broken.
        names: facilities' names, Vietnamese and English, as the newest directory has them.
    """

    verdict: str = "invalid"
    about: str = ""
    made_by: str = ""
    hub_keys: list[str] = field(default_factory=list)
    pinned: bool = False
    steps: list[Step] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    proven: list[Step] = field(default_factory=list)
    unproven: list[Step] = field(default_factory=list)
    names: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The exit status."""
        return {"valid": 0, "incomplete": 3}.get(self.verdict, 1)

    def conclusion(self, language: int) -> str:
        """The verdict as a sentence: 0 Vietnamese, 1 English."""
        return _CONCLUSIONS[self.verdict][language]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "status": self.status}


@dataclass(frozen=True)
class _Facility:
    """A facility in a sentence: it is shown with its name in the language of the sentence."""

    code: str


class Verifier:
    """Checks one package.

    Args:
        hub_keys: names (kid) of hub keys that the caller trusts; without any, the keys stated in the package count
            and the report says so.
        roots: root certificates of the time-stamping service; without any, its certificate counts as stated.
    """

    def __init__(
        self, package: Package, hub_keys: Sequence[str] = (), roots: Sequence[x509.Certificate] = ()
    ) -> None:
        self._package, self._roots = package, roots
        self._statements: list[Signed] = []
        self._manifests: list[Signed] = []
        self.report = Report(hub_keys=list(hub_keys), pinned=bool(hub_keys))

    def run(self) -> Report:
        """Checks everything and concludes."""
        index = self._read_index()
        self._read_directory()
        if index:
            self._check_maker(index)
        ids = {found[1] for name in self._package.members if (found := _MESSAGE.fullmatch(name))}
        self.report.messages = [self._message(id) for id in sorted(ids)]
        self._sequences()
        self._audit()
        self._others()
        self._conclude()
        return self.report

    def _sentence(self, mark: str, about: str, code: str, values: dict[str, Any]) -> Step:
        vi, en = (
            text.format(**{name: self._shown(value, language) for name, value in values.items()})
            for language, text in enumerate(_WORDS[code])
        )
        return Step(mark, about, code, vi, en)

    def _shown(self, value: Any, language: int) -> str:
        if isinstance(value, Fault):
            return value.en if language else value.vi
        if isinstance(value, _Facility):
            name = self.report.names.get(value.code)
            return f"{name[language]} ({value.code})" if name else value.code
        return str(value)

    def _say(self, mark: str, about: str, code: str, **values: Any) -> None:
        self.report.steps.append(self._sentence(mark, about, code, values))

    # The package itself

    def _read_index(self) -> Signed | None:
        try:
            signed = read_jws(self._package.read(INDEX), PACKAGE)
            value = shaped(signed)
            self.report.about, self.report.made_by = value["about"], value["by"]["facility"]
            listed = {one["name"]: (one["sha256"], one["size"]) for one in value["members"]}
            if len(listed) != len(value["members"]):
                raise Fault("Có tên hai lần.", "A name stands twice.")
        except Fault as fault:
            self._say("broken", "package", "bad-list", fault=fault)
            return None
        here = {
            one.name: (one.sha256, one.size) for one in self._package.members.values() if one.name != INDEX
        }
        for name in sorted(listed.keys() | here.keys()):
            if listed.get(name) != here.get(name):
                self._say("broken", "package", "not-as-listed", name=name)
        if listed == here:
            self._say("holds", "package", "whole", count=len(here))
        return signed

    def _check_maker(self, index: Signed) -> None:
        facility = index.value["by"]["facility"]
        if not self._statements:
            self._say("missing", "package", "maker-unknown", fault=_no_directory())
            return
        try:
            node = _node(self._statements[-1], index.kid)
            if node["facility"] != facility:
                raise _other_facility()
            index.verify(node["jwk"])
        except Fault as fault:
            self._say("broken", "package", "bad-maker", fault=fault)
            return
        self._say("holds", "package", "maker", facility=_Facility(facility), kid=index.kid)
        if node.get("revoked"):
            self._say("note", "package", "maker-revoked", at=_local(node["revoked"]["at"]))

    def _others(self) -> None:
        """Names what is in the package and proves nothing."""
        named = {f"parts/{part['sha256']}" for one in self.report.messages for part in one.parts}
        for name in self._package.members:
            if not _KNOWN.fullmatch(name) and name not in named:
                self._say("note", "package", "proves-nothing", name=name)

    # The directory

    def _read_directory(self) -> None:
        found: list[Signed] = []
        for name in self._package.below("directory"):
            try:
                signed = read_jws(self._package.read(name), DIRECTORY)
                for node in shaped(signed)["nodes"]:
                    if thumbprint(node["jwk"]) != node["kid"]:
                        raise Fault("Tên khóa không khớp với khóa.", "A key's name does not fit the key.")
                found.append(signed)
            except Fault as fault:
                self._say("broken", "directory", "bad-directory", name=name, fault=fault)
        found.sort(key=_order)
        if not found:
            self._say("missing", "directory", "no-directory")
            return
        self._trust(found)
        for before, after in itertools.pairwise(self._statements):
            self._follows(before, after)
        if self._statements:
            self._tell_directory(self._statements[-1].value)

    def _trust(self, found: Sequence[Signed]) -> None:
        """Keeps the statements whose signers lead to the hub keys that all rests on."""
        if not self.report.pinned:
            self.report.hub_keys = sorted({one.kid for one in found})
        known: dict[str, dict[str, Any]] = {
            node["kid"]: node["jwk"]
            for one in found
            for node in one.value["nodes"]
            if node["kid"] in self.report.hub_keys and node["role"] == "hub"
        }
        left = list(found)
        while reached := [one for one in left if one.kid in known]:
            for one in reached:
                left.remove(one)
                try:
                    one.verify(known[one.kid])
                    _may_sign(one, found[-1])
                except Fault as fault:
                    name = one.value["number"]
                    self._say("broken", "directory", "bad-directory", name=name, fault=fault)
                    continue
                self._statements.append(one)
                facility = one.value["by"]["facility"]
                for node in one.value["nodes"]:
                    if (node["role"], node["facility"]) == ("hub", facility):
                        known[node["kid"]] = node["jwk"]
        for one in left:
            number = one.value["number"]
            self._say("broken", "directory", "directory-not-trusted", number=number, kid=one.kid)
        self._statements.sort(key=_order)

    def _follows(self, before: Signed, after: Signed) -> None:
        numbers = (before.value["number"], after.value["number"])
        next_one = numbers[1] == numbers[0] + 1
        if before.kid == after.kid and (
            numbers[0] >= numbers[1] or (next_one and after.value["previous"] != before.digest)
        ):
            self._say("broken", "directory", "directory-forked", number=numbers[1], before=numbers[0])

    def _tell_directory(self, newest: dict[str, Any]) -> None:
        places = newest.get("facilities")
        for place in places if isinstance(places, list) else []:
            try:
                last = place["names"][-1]
                self.report.names[str(place["facility"])] = (str(last["vi"]), str(last["en"]))
            except (TypeError, KeyError, IndexError):
                continue
        numbers = ", ".join(str(one.value["number"]) for one in self._statements)
        hub = _Facility(newest["by"]["facility"])
        self._say("holds", "directory", "directory", facility=hub, numbers=numbers, at=_local(newest["at"]))
        code = ("holds", "hub-key-given") if self.report.pinned else ("note", "hub-key-as-stated")
        self._say(code[0], "directory", code[1], kids=", ".join(self.report.hub_keys))

    def _check(
        self, signed: Signed, party: dict[str, Any], role: str, at: str, judged: str, about: str
    ) -> bool:
        """Checks a signature with the party's key, which the directory in force at ``judged`` and the newest one name.

        ``at`` is the time of signing as the signer states it, ``judged`` the hub's. False: the key is doubtful, so that
        the signature holds but proves nothing by itself.

        Raises:
            Fault: it does not count.
        """
        if not self._statements:
            raise _no_directory()
        before = [one for one in self._statements if one.value["at"] <= judged]
        newest = self._statements[-1]
        for statement in (before[-1] if before else self._statements[0], newest):
            node = _node(statement, party["kid"])
            if (node["facility"], node["role"]) != (party["facility"], role):
                raise _other_facility()
            _valid_at(node, at, judged)
        signed.verify(node["jwk"])
        facility, revoked = _Facility(party["facility"]), node.get("revoked")
        since = (revoked or {}).get("since") or ""
        doubtful = bool(since) and since <= at
        if doubtful:
            self._say("missing", about, "key-doubtful", facility=facility, at=_local(since))
        elif revoked:
            self._say("note", about, "key-revoked-later", facility=facility, at=_local(revoked["at"]))
        if not before:
            self._say("note", about, "directory-of-later")
        return not doubtful

    # Messages

    def _message(self, id: str) -> Message:
        message, manifest = Message(id), self._paper(id, "manifest", MANIFEST)
        acceptance, receipt = self._paper(id, "acceptance", ACCEPTANCE), self._paper(id, "receipt", RECEIPT)
        if manifest is None:
            return message
        value = manifest.value
        message.kind, message.loop, message.created = value["kind"], value["loop"], value["created"]
        message.sender, message.receiver = value["from"]["facility"], value["to"]["facility"]
        message.manifest, message.parts = manifest.digest, list(value["parts"])
        self._check_manifest(message, manifest, acceptance.value["at"] if acceptance else value["created"])
        if acceptance:
            self._check_acceptance(message, acceptance)
        if receipt:
            self._check_receipt(message, receipt)
        self._parts(message)
        return message

    def _paper(self, id: str, name: str, typ: str) -> Signed | None:
        path = f"messages/{id}/{name}.jws"
        if path not in self._package.members:
            self._say("missing", id, f"missing-{name}")
            return None
        try:
            signed = read_jws(self._package.read(path), typ)
            shaped(signed)
        except Fault as fault:
            self._say("broken", id, f"bad-{name}", fault=fault)
            return None
        return signed

    def _check_manifest(self, message: Message, manifest: Signed, judged: str) -> None:
        try:
            if manifest.value["id"] != message.id or message.sender == message.receiver:
                raise Fault("Mã gói tin hoặc nơi nhận sai.", "The id or the receiver is wrong.")
            message.signed = self._check(
                manifest, manifest.value["from"], "site", message.created, judged, message.id
            )
        except Fault as fault:
            self._say("broken", message.id, "bad-manifest", fault=fault)
            return
        self._manifests.append(manifest)
        facility = _Facility(message.sender)
        self._say("holds", message.id, "signed", facility=facility, at=_local(message.created))

    def _check_acceptance(self, message: Message, acceptance: Signed) -> None:
        value = acceptance.value
        at, party = value["at"], value["by"]
        try:
            _same(value, message)
            proves = self._check(acceptance, party, "hub", at, at, message.id)
        except Fault as fault:
            self._say("broken", message.id, "bad-acceptance", fault=fault)
            return
        message.accepted = at if proves else ""
        self._say("holds", message.id, "accepted", facility=_Facility(party["facility"]), at=_local(at))
        if message.created > at:
            self._say("note", message.id, "clock-ahead")

    def _check_receipt(self, message: Message, receipt: Signed) -> None:
        value = receipt.value
        at, party = value["at"], value["by"]
        try:
            _same(value, message)
            if party["facility"] != message.receiver:
                raise Fault("Không phải bên nhận ký.", "It was not signed by the receiver.")
            proves = self._check(receipt, party, "site", at, max(at, message.accepted), message.id)
        except Fault as fault:
            self._say("broken", message.id, "bad-receipt", fault=fault)
            return
        if proves:
            message.received, message.outcome, message.stored = at, value["outcome"], value["stored"]
        self._say("holds", message.id, value["outcome"], facility=_Facility(message.receiver), at=_local(at))
        if value["outcome"] == "refused":
            problem = value.get("problem") or {}
            why = Fault(str(problem.get("message", "")), str(problem.get("message_en", "")))
            self._say("note", message.id, "refused-because", fault=why)

    def _parts(self, message: Message) -> None:
        inside, count = 0, len(message.parts)
        for part in message.parts:
            member = self._package.members.get(f"parts/{part['sha256']}")
            if member and (member.sha256, member.size) != (part["sha256"], part["size"]):
                self._say("broken", message.id, "bad-part", role=part["role"])
            elif member:
                inside += 1
        if inside:
            self._say("holds", message.id, "parts", inside=inside, count=count)
        if inside < count:
            self._say("note", message.id, "parts-by-hash", count=count - inside)

    def _sequences(self) -> None:
        """Sender's numbers: no fork among the messages here, each naming the one before."""
        ways: dict[tuple[str, str], list[Signed]] = {}
        for one in self._manifests:
            ways.setdefault((one.value["from"]["facility"], one.value["to"]["facility"]), []).append(one)
        for found in ways.values():
            found.sort(key=lambda one: int(one.value["seq"]))
            first = found[0].value
            if first["seq"] == 1 and first["prev"] != NOTHING:
                self._say("broken", first["id"], "forked", number=1)
            for before, after in itertools.pairwise(found):
                gap, number = after.value["seq"] - before.value["seq"], after.value["seq"]
                if gap == 0 or (gap == 1 and after.value["prev"] != before.digest):
                    self._say("broken", after.value["id"], "forked", number=number)
                elif gap == 1:
                    self._say("holds", after.value["id"], "follows", number=number)

    # The audit trail

    def _audit(self) -> None:
        stamps: dict[int, Stamp | None] = {}
        before, count = (0, NOTHING), 0
        events = [name for name in self._package.below("audit") if name.endswith(".event")]
        for name in sorted(events, key=lambda name: (len(name), name)):
            try:
                seq, value, proof = self._event(name)
                if seq == before[0] + 1 and proof["previous"] != before[1]:
                    raise Fault("Không nối với sự kiện trước.", "It does not follow the event before.")
                before, batch = (seq, proof["hash"]), proof.get("batch")
                if batch and batch not in stamps:
                    stamps[batch] = self._batch(batch)
                if batch:
                    self._under(batch, seq, proof)
                self._date(value, stamps.get(batch or 0))
                count += 1
            except Fault as fault:
                self._say("broken", "audit", "bad-event", name=name, fault=fault)
        if count:
            self._say("holds", "audit", "events", count=count, facility=_Facility(self.report.made_by))
        if count and not any(stamps.values()):
            self._say("note", "audit", "events-not-stamped")

    def _event(self, name: str) -> tuple[int, dict[str, Any], dict[str, Any]]:
        content = self._package.read(name)
        value, proof = parse(content), parse(self._package.read(name.removesuffix(".event") + ".json"))
        seq = value.get("seq")
        if not _PROOF(proof) or type(seq) is not int or name != f"audit/{seq}.event":
            raise Fault("Cấu trúc sai.", "The shape is wrong.")
        if hashlib.sha256(proof["previous"].encode() + content).hexdigest() != proof["hash"]:
            raise Fault("Sự kiện không khớp mã băm.", "The event does not fit its hash.")
        return seq, value, proof

    def _batch(self, number: int) -> Stamp | None:
        content = self._package.read(f"audit/batch-{number}.json")
        value = parse(content)
        if not _BATCH(value) or value["batch"] != number or value["last"] < value["first"]:
            raise Fault("Cấu trúc của lô sai.", "The shape of the batch is wrong.")
        if value["facility"] != self.report.made_by:
            raise Fault("Lô thuộc đơn vị khác.", "The batch belongs to another facility.")
        name = f"audit/batch-{number}.tsr"
        if name not in self._package.members:
            self._say("note", "audit", "batch-waits", number=number)
            return None
        stamp = check_stamp(self._package.read(name), content, self._roots)
        self._say("holds", "audit", "stamp", number=number, at=_local(stamp.at), by=stamp.by)
        if not stamp.trusted:
            self._say("note", "audit", "stamp-as-stated")
        return stamp

    def _under(self, number: int, seq: int, proof: dict[str, Any]) -> None:
        """Checks that an event lies under the root of its batch."""
        batch = parse(self._package.read(f"audit/batch-{number}.json"))
        index, path = proof.get("index"), proof.get("path")
        if index is None or path is None or batch["first"] + index != seq:
            raise _no_path()
        steps = [bytes.fromhex(one) for one in path]
        count = batch["last"] - batch["first"] + 1
        if merkle_root(bytes.fromhex(proof["hash"]), index, count, steps).hex() != batch["root"]:
            raise _no_path()

    def _date(self, value: dict[str, Any], stamp: Stamp | None) -> None:
        """Notes which manifests a stamped event names."""
        detail = str(value.get("detail", ""))
        for message in self.report.messages:
            if stamp and message.manifest and message.manifest in detail:
                at = stamp.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
                message.stamped = min(message.stamped or at, at)

    # The conclusion

    def _conclude(self) -> None:
        report = self.report
        if not report.messages:
            self._say("missing", "package", "no-message")
        marks = {step.mark for step in report.steps}
        report.verdict = "invalid" if "broken" in marks else "incomplete" if "missing" in marks else "valid"
        if report.verdict == "invalid":
            return
        for message in report.messages:
            self._prove(message)
        if not report.pinned:
            self._leave_open("unproven-hub-key")
        if self._statements:
            self._leave_open("unproven-later", at=_local(self._statements[-1].value["at"]))
        if not all(one.stamped for one in report.messages):
            self._leave_open("unproven-time")
        if any(one.stamped for one in report.messages) and not self._roots:
            self._leave_open("unproven-service")
        self._leave_open("unproven-meaning")

    def _leave_open(self, code: str, **values: Any) -> None:
        self.report.unproven.append(self._sentence("note", "package", code, values))

    def _prove(self, message: Message) -> None:
        values = {"kind": message.kind, "id": message.id, "facility": _Facility(message.receiver)}
        values |= {"sender": _Facility(message.sender), "stored": message.stored}
        for code, at in (
            ("proven-sent", message.accepted if message.signed else ""),
            (f"proven-{message.outcome}", message.received),
            ("proven-stamped", message.stamped),
        ):
            if at:
                step = self._sentence("holds", message.id, code, {**values, "at": _local(at)})
                self.report.proven.append(step)


def _order(one: Signed) -> tuple[str, int]:
    return one.value["at"], one.value["number"]


def _may_sign(one: Signed, newest: Signed) -> None:
    """A hub key signs only while it is valid and not revoked, as its own and the newest statement say."""
    own = _node(one, one.kid)
    if (own["role"], own["facility"]) != ("hub", one.value["by"]["facility"]):
        raise _other_facility()
    for node in [own, *(node for node in newest.value["nodes"] if node["kid"] == one.kid)]:
        _valid_at(node, one.value["at"], one.value["at"])


def _node(statement: Signed, kid: str) -> dict[str, Any]:
    for node in statement.value["nodes"]:
        if node["kid"] == kid:
            found: dict[str, Any] = node
            return found
    number = statement.value["number"]
    raise Fault(
        f"Khóa {kid} không có trong danh bạ số {number}.", f"The key {kid} is not in directory no. {number}."
    )


def _valid_at(node: dict[str, Any], at: str, judged: str) -> None:
    """A key counts when it had begun and was not revoked at the hub's time, and had not ended then or at signing."""
    if judged < node["from"] or (node.get("until") and min(at, judged) >= node["until"]):
        raise Fault(f"Khóa không có hiệu lực lúc {_local(at)}.", f"The key was not valid at {_local(at)}.")
    if node.get("revoked") and node["revoked"]["at"] <= judged:
        when = _local(node["revoked"]["at"])
        raise Fault(f"Khóa đã bị thu hồi lúc {when}.", f"The key was revoked at {when}.")


def _same(value: dict[str, Any], message: Message) -> None:
    if (value["message"], value["manifest"]) != (message.id, message.manifest):
        raise Fault("Thuộc về bản kê khác.", "It belongs to another manifest.")


def _other_facility() -> Fault:
    return Fault("Khóa thuộc đơn vị khác.", "The key belongs to another facility.")


def _no_directory() -> Fault:
    return Fault("Không có danh bạ do trục ký.", "There is no directory signed by the hub.")


def _local(moment: str | datetime) -> str:
    found = _when(moment) if isinstance(moment, str) else moment
    return f"{found.astimezone(_VIETNAM):%H:%M:%S %d/%m/%Y}"


def verify(file: BinaryIO, hub_keys: Sequence[str] = (), roots: Sequence[x509.Certificate] = ()) -> Report:
    """Checks a package; never raises for what is in it."""
    try:
        return Verifier(Package(file), hub_keys, roots).run()
    except Fault as fault:
        return Report(steps=[Step("broken", "package", "not-a-package", fault.vi, fault.en)])


def grouped(report: Report, language: int) -> list[tuple[str, list[Step]]]:
    """The steps below headings: 0 Vietnamese, 1 English."""
    titles = {
        "package": ("Gói", "Package"),
        "directory": ("Danh bạ và khóa", "Directory and keys"),
        **{one.id: (f"Gói tin {one.id}", f"Message {one.id}") for one in report.messages},
        "audit": ("Nhật ký và dấu thời gian", "Audit trail and time-stamps"),
    }
    groups = [
        (title[language], [step for step in report.steps if step.about == about])
        for about, title in titles.items()
    ]
    return [(title, steps) for title, steps in groups if steps]


def as_text(report: Report, language: int, file: str) -> str:
    """The report for a person: 0 Vietnamese, 1 English."""
    heading = ("KIỂM TRA GÓI BẰNG CHỨNG", "CHECK OF AN EVIDENCE PACKAGE")[language]
    times = ("Giờ Việt Nam (UTC+7)", "Times of Viet Nam (UTC+7)")[language]
    lines = [heading, file, times, "", report.conclusion(language), ""]
    groups = grouped(report, language)
    groups.append((("Đã được chứng minh", "What is proven")[language], report.proven))
    groups.append((("Không được chứng minh", "What is not proven")[language], report.unproven))
    for title, steps in groups:
        if steps:
            lines += [
                title,
                *(f"  {MARKS[step.mark]} {step.en if language else step.vi}" for step in steps),
                "",
            ]
    text = "\n".join(lines)
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="verify", description="Kiểm tra gói bằng chứng của Liên Thông. / Checks an evidence package."
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument(
        "--hub-key",
        action="append",
        default=[],
        metavar="KID",
        help="a hub key that you trust; may be repeated",
    )
    parser.add_argument(
        "--tsa-ca", type=Path, metavar="PEM", help="root certificates of the time-stamping service"
    )
    parser.add_argument("--json", action="store_true", help="the result as JSON")
    parser.add_argument("--lang", choices=["vi", "en"], default="vi")
    options = parser.parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # a console of another code page would break off at ✓
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        roots = x509.load_pem_x509_certificates(options.tsa_ca.read_bytes()) if options.tsa_ca else []
        file = options.file.open("rb")
    except (OSError, ValueError) as error:
        parser.error(str(error))
    with file:
        report = verify(file, options.hub_key, roots)
    if options.json:
        print(json.dumps(report.as_dict(), ensure_ascii=False, indent=1))
    else:
        print(as_text(report, int(options.lang == "en"), options.file.name))
    return report.status


if __name__ == "__main__":
    sys.exit(main())
