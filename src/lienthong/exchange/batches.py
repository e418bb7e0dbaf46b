"""What travels together: the shapes of batches of messages and of the mailbox, and how large they may be."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from lienthong.exchange.manifest import LONGEST_JWS, MOST_PARTS, Moment, Sha256

MSGPACK = "application/msgpack"
MOST_MESSAGES, MOST_ITEMS = 64, 50
CALL = 4 << 20
"""Bytes of one call with messages, and of one answer of the mailbox."""
CALL_CONTENT = 64 << 20
"""Bytes that the parts of one call may hold together, unpacked."""

Jws = Annotated[str, Meta(max_length=LONGEST_JWS)]


class Carried(Struct):
    """Small content that travels with its message: one zstd frame."""

    sha256: Sha256
    zstd: bytes


Parts = Annotated[list[Carried], Meta(max_length=MOST_PARTS)]


class Envelope(Struct):
    """A message on its way to the hub."""

    manifest: Jws
    parts: Parts = []


class Batch(Struct):
    """The body of a call with messages; each is read by itself, so that a bad one does not stop the others."""

    messages: Annotated[list[msgspec.Raw], Meta(max_length=MOST_MESSAGES)]


class Item(Struct):
    """An item of a mailbox: its number there, the hub's time, ``message`` or ``receipt``, the JWS, small parts."""

    number: Annotated[int, Meta(ge=1)]
    at: Moment
    type: str
    jws: Jws
    parts: Parts = []


envelopes = msgspec.msgpack.Decoder(Envelope)
batches = msgspec.msgpack.Decoder(Batch)
