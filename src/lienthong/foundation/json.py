"""JSON that keeps decimals as they were written, and canonical JSON (RFC 8785) for what is signed."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any

import msgspec
import rfc8785

_encoder = msgspec.json.Encoder(decimal_format="number")
_decoder = msgspec.json.Decoder(float_hook=Decimal)
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_rows = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_sorted = msgspec.json.Encoder(order="sorted")
_LARGEST = (1 << 53) - 1

DecodeError = msgspec.DecodeError
Raw = msgspec.Raw


def dumps(value: Any) -> bytes:
    """Compact UTF-8 JSON; ``Decimal("15.20")`` is written as ``15.20``, keys stay in their order."""
    return _encoder.encode(value)


def loads(data: bytes | str | memoryview) -> Any:
    """Reads JSON; numbers with a point or exponent become :class:`~decimal.Decimal`.

    Raises:
        DecodeError: the text is not JSON.
    """
    return _decoder.decode(data)


def members(data: bytes | Raw) -> dict[str, Raw]:
    """The members of a JSON object with their values as they are written.

    Raises:
        DecodeError: the text is not a JSON object.
    """
    return _members.decode(data)


def rows(data: bytes | Raw) -> list[dict[str, Raw]]:
    """The same for a list of objects.

    Raises:
        DecodeError: the text is not a JSON list of objects.
    """
    return _rows.decode(data)


def raw(text: str | bytes) -> Raw:
    """JSON that is written as it is."""
    return Raw(text if isinstance(text, bytes) else text.encode())


def indented(data: bytes) -> bytes:
    """The same JSON with line breaks, for people; numbers stay as they are written."""
    return msgspec.json.format(data, indent=2)


def canonical(value: Any) -> bytes:
    """The one form of a value that both sides hash and sign (RFC 8785). No floats with more digits than a double."""
    return _sorted.encode(value) if _plain(value) else rfc8785.dumps(value)


def digest(value: Any) -> str:
    """SHA-256 in hexadecimal of a value, whatever the order of its keys; decimals count as they were written."""
    return hashlib.sha256(_sorted.encode(value)).hexdigest()


def _plain(value: Any) -> bool:
    """Whether two encoders cannot differ on a value: no floats, no integers beyond a double's, only ASCII keys."""
    kind = type(value)
    if kind is dict:
        return all(type(k) is str and k.isascii() and _plain(v) for k, v in value.items())
    if kind is list:
        return all(map(_plain, value))
    if kind is int:
        return bool(-_LARGEST <= value <= _LARGEST)
    return kind in (str, bool) or value is None
