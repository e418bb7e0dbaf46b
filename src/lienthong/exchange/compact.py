"""Bodies of calls in few bytes: signed things without base64, all in one zstd frame with the dictionary.

A compact JWS writes its payload as base64, which hides from compression that half of it was said before. On the line
it is ``[kid, typ, payload, signature]`` instead; whoever gets it writes the JWS again, letter by letter the same.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from lienthong.exchange import dictionaries
from lienthong.exchange.manifest import LONGEST_JWS, Kid
from lienthong.foundation import signing
from lienthong.foundation.signing import BadSignature

ENCODING = "zstd"
"""``Content-Encoding`` of a body, and ``Accept-Encoding`` of who can read such an answer."""


class Signed(Struct, array_like=True, forbid_unknown_fields=True):
    """A compact JWS with the header that this program writes (``alg``, ``kid``, ``typ``)."""

    kid: Kid
    typ: Annotated[str, Meta(max_length=40)]
    payload: Annotated[bytes, Meta(max_length=LONGEST_JWS)]
    signature: Annotated[bytes, Meta(min_length=64, max_length=64)]


def short(jws: str) -> Signed | str:
    """The form for the line; another header's JWS, or what is none, as it is."""
    try:
        head, payload, signature = signing.members(jws)
        named = _named(head)
    except BadSignature:
        return jws
    return jws if named is None else Signed(*named, payload, signature)


def whole(value: Signed | str) -> str:
    """The compact JWS."""
    if isinstance(value, str):
        return value
    return signing.compact(value.kid, value.typ, value.payload, value.signature)


@lru_cache(maxsize=1024)
def _named(head: str) -> tuple[str, str] | None:
    """``kid`` and ``typ`` of a header that is written as ours."""
    try:
        values = signing.peek(f"{head}..")
        kid, typ = str(values["kid"]), str(values["typ"])
    except (BadSignature, KeyError):
        return None
    fits = len(kid) == 43 and len(typ) <= 40 and signing.compact(kid, typ, b"", b"").startswith(f"{head}.")
    return (kid, typ) if fits else None


def pack(value: Any) -> bytes:
    """A body as MessagePack in one zstd frame."""
    return dictionaries.compress(msgspec.msgpack.encode(value))


def unpack(body: bytes, most: int) -> bytes:
    """The MessagePack of a body.

    Raises:
        ValueError: more than ``most`` bytes, or not one zstd frame.
    """
    return dictionaries.decompress(body, most)
