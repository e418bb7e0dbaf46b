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

Jws = Annotated[str, Meta(max_length=LONGEST_JWS)]


class Carried(Struct):
    """Small sealed content that travels with its message."""

    sha256: Sha256
    age: bytes


Parts = Annotated[list[Carried], Meta(max_length=MOST_PARTS)]


class Envelope(Struct):
    """A message on its way to the hub."""

    manifest: Jws
    parts: Parts = []


class Batch(Struct):
    """The body of a call with messages; each is read by itself, so that a bad one does not stop the others."""

    messages: Annotated[list[msgspec.Raw], Meta(max_length=MOST_MESSAGES)]


class Item(Struct):
    """An item of a mailbox.

    Attributes:
        number: in this mailbox; at: the hub's time.
        type: ``message``, ``receipt`` or another that this version does not know and passes over.
        jws: what was signed; acceptance: the hub's, for a message.
        parts: small sealed parts of the message.
    """

    number: Annotated[int, Meta(ge=1)]
    at: Moment
    type: str
    jws: Jws
    acceptance: Jws = ""
    parts: Parts = []


envelopes = msgspec.msgpack.Decoder(Envelope)
batches = msgspec.msgpack.Decoder(Batch)
