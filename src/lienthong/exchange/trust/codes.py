"""The code by which a unit joins: one text with the hub's address, the name of the code and a secret.

``29ZKT-…-8MQ4R@truc.example.vn``: seven groups of five characters of Crockford's base32, then the address (``https://``
is left out). 8 characters name the code, 24 are the secret (120 bits), 3 check all of it, the address too.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from lienthong.exchange.trust import problems
from lienthong.foundation import json
from lienthong.foundation.errors import LienThongError

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("OIL", "011", "- \t\r\n\u2013\u2014")
_NAME, _SECRET, _CHECK = 8, 24, 3
_GROUP = 5
_POLYNOMIAL = 0x4599
LONGEST = 300


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was read.

    Attributes:
        name: by which the hub finds it; not secret.
        secret: 24 characters; it never travels, not even hashed.
        address: of the hub, e.g. ``https://truc.example.vn``.
    """

    name: str
    secret: str = field(repr=False)
    address: str

    @property
    def text(self) -> str:
        """As it is shown and typed."""
        letters = self.name + self.secret + _check(self.name + self.secret, self.address)
        groups = [letters[i : i + _GROUP] for i in range(0, len(letters), _GROUP)]
        return f"{'-'.join(groups)}@{self.address.removeprefix('https://')}"

    @property
    def key(self) -> bytes:
        """What both sides sign with (HMAC); the hub keeps it instead of the secret until the code is used up."""
        return hashlib.sha256(b"lt-join " + self.secret.encode("ascii")).digest()


def new(address: str) -> Code:
    """A code that nobody else has.

    Raises:
        LienThongError: ``trust-code-address``: no address of a hub.
    """
    return Code(_random(_NAME), _random(_SECRET), _address(address))


def read(text: str) -> Code:
    """Reads what was typed or scanned; small letters, O for 0, I or L for 1 and spaces do no harm.

    Raises:
        LienThongError: ``trust-code-mistyped``.
    """
    letters, at, address = text.strip().partition("@")
    letters = letters.upper().translate(_MISREAD)
    if (
        not at
        or len(text) > LONGEST
        or len(letters) != _NAME + _SECRET + _CHECK
        or set(letters) - set(_LETTERS)
    ):
        raise LienThongError(problems.code_mistyped())
    code = Code(letters[:_NAME], letters[_NAME:-_CHECK], _address(address))
    if _check(code.name + code.secret, code.address) != letters[-_CHECK:]:
        raise LienThongError(problems.code_mistyped())
    return code


def mac(key: bytes, what: str, jws: str) -> str:
    """HMAC-SHA256 in hexadecimal over ``what`` (``request`` or ``answer``), a line feed and what was signed."""
    return hmac.new(key, f"{what}\n{jws}".encode(), hashlib.sha256).hexdigest()


def fingerprint(hub_kid: str, jwk: dict[str, Any], age: str) -> str:
    """Sixteen digits that both sides show and people compare by telephone: of the keys of hub and unit."""
    value = json.canonical({"age": age, "hub": hub_kid, "jwk": jwk})
    number = int.from_bytes(hashlib.sha256(value).digest(), "big") % 10**16
    digits = f"{number:016}"
    return " ".join(digits[i : i + 4] for i in range(0, 16, 4))


def _random(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _check(letters: str, address: str) -> str:
    """CRC-15/CAN over ``letters@address``: one wrong character or two exchanged neighbours are always noticed."""
    crc = 0
    for byte in f"{letters}@{address}".encode("ascii"):
        crc ^= byte << 7
        for _ in range(8):
            crc = (crc << 1 ^ (_POLYNOMIAL if crc & 0x4000 else 0)) & 0x7FFF
    return "".join(_LETTERS[crc >> shift & 31] for shift in (10, 5, 0))


def _address(text: str) -> str:
    """The address in its one form: scheme, host, port; ``https`` when nothing is said."""
    text = text.strip().rstrip("/").lower()
    if not re.match(r"https?://", text):
        text = f"https://{text}"
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as error:
        raise LienThongError(problems.code_address()) from error
    if not re.fullmatch(r"[a-z0-9.-]{1,200}|\[[0-9a-f:.]+\]", url.netloc.removesuffix(f":{port}")):
        raise LienThongError(problems.code_address())
    if url.path or url.query or url.fragment:
        raise LienThongError(problems.code_address())
    return text
