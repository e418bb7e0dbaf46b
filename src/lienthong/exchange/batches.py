"""What travels together: the shapes of batches of messages and of the mailbox, and how large they may be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from lienthong.exchange import compact
from lienthong.exchange.compact import Signed
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

    manifest: Jws | Signed
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


class _Line(Struct):
    """An item as it travels."""

    number: Annotated[int, Meta(ge=1)]
    at: Moment
    type: str
    jws: Jws | Signed
    acceptance: Jws | Signed = ""
    parts: Parts = []


class _Mail(Struct):
    items: Annotated[list[_Line], Meta(max_length=MOST_ITEMS)]
    poll_after: Annotated[int, Meta(ge=0, le=3600)] = 0


class Result(Struct):
    """What became of a message at the hub: its acceptance, or the problem."""

    status: int
    acceptance: Jws | Signed = ""
    problem: dict[str, Any] | None = None


class _Results(Struct):
    results: Annotated[list[Result], Meta(max_length=MOST_MESSAGES)]


envelopes = msgspec.msgpack.Decoder(Envelope)
batches = msgspec.msgpack.Decoder(Batch)
_mail = msgspec.msgpack.Decoder(_Mail)
_results = msgspec.msgpack.Decoder(_Results)


def short(items: Iterable[Item]) -> list[_Line]:
    """Items with what is signed in the form for the line."""
    return [
        _Line(i.number, i.at, i.type, compact.short(i.jws), compact.short(i.acceptance), i.parts)
        for i in items
    ]


def read_mail(body: bytes) -> tuple[list[Item], int]:
    """The items of an answer of the mailbox, and how long to pause before asking again.

    Raises:
        msgspec.MsgspecError, UnicodeDecodeError, RecursionError: it is none.
    """
    mail = _mail.decode(body)
    items = [
        Item(i.number, i.at, i.type, compact.whole(i.jws), compact.whole(i.acceptance), i.parts)
        for i in mail.items
    ]
    return items, mail.poll_after


def read_results(body: bytes) -> list[Result]:
    """The answer to a call with messages; raises as :func:`read_mail`."""
    return _results.decode(body).results
