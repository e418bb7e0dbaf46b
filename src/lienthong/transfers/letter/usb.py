"""The same transfer as one file on a USB stick: the letter and the whole dossier, sealed to the receiving hospital.

Inside is the message that waits for the line: its signed manifest and its part ``dossier``. So the file proves as much
as the message does, and what came by hand and what comes by line are the same. Format: ``docs/reference/letter.md``,
section 6.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from django.db import transaction
from msgspec import Meta, Struct

from lienthong import exchange
from lienthong.access import audit
from lienthong.access.audit import Actor
from lienthong.exchange import content, dictionaries, manifest, sealed
from lienthong.exchange.manifest import Entry, Manifest
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.transfers import desk
from lienthong.transfers.letter import problems, signed, symbols
from lienthong.transfers.letter.signed import Letter, Proof
from lienthong.transfers.models import Transfer

MOST_BYTES = 64 << 20
"""Bytes of a file, and of what it holds when it is opened."""
SUFFIX = ".lienthong"
_ROLE = "dossier"


class _File(Struct, array_like=True, forbid_unknown_fields=True):
    """What is sealed."""

    version: Literal[1]
    letter: Annotated[bytes, Meta(max_length=symbols.CAPACITY)]
    manifest: Annotated[str, Meta(max_length=manifest.LONGEST_JWS)]
    dossier: Annotated[bytes, Meta(max_length=MOST_BYTES)]


@dataclass(frozen=True, slots=True)
class Carried:
    """A file that was opened and proven: letter, manifest of the message, its part ``dossier`` with its entry."""

    letter: Letter
    manifest: Manifest
    entry: Entry
    dossier: bytes


def make(transfer: Transfer, letter: bytes, *, actor: Actor) -> tuple[str, bytes]:
    """Name and bytes of the file of a transfer that was sent; who took it is written into the trail.

    Args:
        letter: as :func:`.signed.make` gives it.

    Raises:
        LienThongError: ``letter-receiver-has-no-key``, ``letter-nothing-sent``, ``letter-dossier-too-large``.
    """
    recipient = directory.recipient(transfer.receiver)
    if not recipient:
        raise LienThongError(problems.receiver_has_no_key(directory.name(transfer.receiver, language="vi")))
    sent = [
        m for m in exchange.messages_of(transfer.loop) if m.kind == desk.TRANSFER and m.direction == "out"
    ]
    if not sent:
        raise LienThongError(problems.nothing_sent())
    newest = max(sent, key=lambda message: message.created)
    jws = exchange.signed_manifest(newest)
    entry = _entry(manifest.read_manifest(manifest.payload_of(jws)))
    if entry.size > MOST_BYTES // 2:
        raise LienThongError(problems.dossier_too_large(MOST_BYTES >> 21))
    packed = msgspec.msgpack.encode(_File(1, letter, jws, content.read(entry.sha256)))
    data = sealed.seal(dictionaries.compress(packed), recipient)
    audit.record(
        actor,
        "letter-file-taken",
        patient=transfer.patient,
        page=f"transfer/{transfer.loop}",
        why=transfer.form.get("basis") or desk.REFERRAL_DUTY,
        detail={"to": transfer.receiver, "message": newest.id, "sha256": hashlib.sha256(data).hexdigest()},
    )
    return f"{transfer.loop}{SUFFIX}", data


def opened(data: bytes) -> Carried:
    """Opens a file that was sealed to this site and proves it from the directory at hand.

    Raises:
        LienThongError: ``letter-file-…``, or what :func:`.signed.read` raises.
    """
    if not data.startswith(b"age-encryption.org/v1"):
        raise LienThongError(problems.no_file_of_ours())
    try:
        packed = dictionaries.decompress(sealed.open_small(data), MOST_BYTES)
        file = msgspec.msgpack.decode(packed, type=_File)
    except sealed.CannotOpen as error:
        raise LienThongError(problems.file_not_for_us()) from error
    except (ValueError, msgspec.DecodeError) as error:
        raise LienThongError(problems.file_altered(str(error)[:100])) from error
    letter = signed.read(file.letter)
    if letter.proof is not Proof.PROVEN:
        raise LienThongError(problems.file_without_proof())
    said = _proven(file.manifest)
    entry = _entry(said)
    same = (said.loop, said.sender.facility, said.to.facility) == (
        letter.minimum.loop.hex(),
        letter.minimum.sender,
        directory.here(),
    )
    if not same or said.kind != desk.TRANSFER:
        raise LienThongError(problems.file_altered("loop, sender or receiver"))
    if (hashlib.sha256(file.dossier).hexdigest(), len(file.dossier)) != (entry.sha256, entry.size):
        raise LienThongError(problems.file_altered("dossier"))
    return Carried(letter, said, entry, file.dossier)


def _proven(jws: str) -> Manifest:
    kid = manifest.signer(jws)
    key = directory.node_key(kid)
    if key is None:
        raise LienThongError(problems.file_without_proof())
    said = manifest.read_manifest(manifest.verified(jws, key.jwk, manifest.MANIFEST))
    if not key.valid(clock.now(), clock.from_iso(said.created)):
        raise LienThongError(problems.file_without_proof())
    if (key.role, key.facility, key.kid) != ("site", said.sender.facility, said.sender.kid):
        raise LienThongError(problems.file_altered("signer"))
    return said


def _entry(said: Manifest) -> Entry:
    for entry in said.parts:
        if entry.role == _ROLE:
            return entry
    raise LienThongError(problems.file_altered("no dossier"))


def take(carried: Carried, *, actor: Actor) -> Transfer:
    """Stores the dossier as its message would, and gives the transfer; what came by line already is left as it is.

    Raises:
        LienThongError: as :func:`lienthong.transfers.desk.take_dossier` refuses.
    """
    said = carried.manifest
    with transaction.atomic():
        here = exchange.messages_of(said.loop)
        if not any(message.id == said.id and message.state == "stored" for message in here):
            content.put(carried.dossier)
            parts = (carried.entry,)
            created, sender = clock.from_iso(said.created), said.sender.facility
            desk.take_dossier(
                exchange.Incoming(
                    said.id, said.kind, said.loop, sender, created, said.basis, said.body, parts
                )
            )
        transfer = Transfer.objects.get(loop=said.loop)
        audit.record(
            actor,
            "letter-file-read",
            patient=transfer.patient,
            page=f"transfer/{said.loop}",
            why=said.basis,
            detail={"from": said.sender.facility, "message": said.id},
        )
        return transfer
