"""An invented transfer as its receiver keeps it, made from fixed keys and times: the same bytes in every run."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from lienthong.foundation import json
from lienthong.foundation.signing import SigningKey

HUB, SENDER, RECEIVER, OTHER = "SYT-24", "24011", "01929", "24012"
NAMES = {
    HUB: ("Sở Y tế", "Department of Health"),
    SENDER: ("Bệnh viện huyện A", "District hospital A"),
    RECEIVER: ("Bệnh viện tuyến trên B", "Referral hospital B"),
    OTHER: ("Bệnh viện huyện C", "District hospital C"),
}
LOOP = "019456a1c3e070008000000000000001"
START = datetime(2025, 1, 12, 0, 10, tzinfo=UTC)
NOTHING = "0" * 64


def seeded(name: str) -> Ed25519PrivateKey:
    """A private key that everybody knows."""
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def key_of(name: str) -> SigningKey:
    """The signing key of a node."""
    return SigningKey(seeded(name))


def moment(seconds: float) -> str:
    """So many seconds after the start."""
    return (START + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")[:-6] + "Z"


@dataclass
class Directory:
    """The hub's statements, one after another."""

    nodes: list[dict[str, Any]] = field(default_factory=list)
    signed: list[tuple[int, str, str, str]] = field(default_factory=list)
    """Number, time, hash, JWS."""

    def enter(self, facility: str, since: str, name: str = "", **more: Any) -> None:
        """Enters a key of a facility."""
        key = key_of(name or facility)
        role = "hub" if facility == HUB else "site"
        head = {"facility": facility, "role": role, "kid": key.kid, "jwk": key.jwk, "age": ""}
        self.nodes.append({**head, "from": since, "until": None, "revoked": None, **more})

    def change(self, name: str, **more: Any) -> None:
        """Changes what is said about a key."""
        kid = key_of(name).kid
        self.nodes = [{**node, **more} if node["kid"] == kid else node for node in self.nodes]

    def sign(self, at: str, signer: str = HUB) -> None:
        """Signs what is entered."""
        key, number = key_of(signer), len(self.signed) + 1
        places = [
            {"facility": code, "names": [{"vi": vi, "en": en, "from": "2020-01-01", "to": None}]}
            for code, (vi, en) in sorted(NAMES.items())
        ]
        value = {
            "v": 1,
            "number": number,
            "previous": self.signed[-1][2] if self.signed else NOTHING,
            "at": at,
            "by": {"facility": HUB, "kid": key.kid},
            "facilities": places,
            "nodes": self.nodes,
        }
        payload = json.canonical(value)
        jws = key.jws(payload, "lt-directory+jws")
        self.signed.append((number, at, hashlib.sha256(payload).hexdigest(), jws))


@dataclass
class Sent:
    """A message with its three papers."""

    id: str
    sender: str
    receiver: str
    created: str
    contents: Sequence[bytes]
    manifest: dict[str, Any]
    jws: str
    digest: str
    accepted_at: str = ""
    acceptance: str = ""
    receipt_at: str = ""
    receipt: str = ""


def send(
    number: int,
    sender: str,
    receiver: str,
    at: float,
    contents: Sequence[bytes],
    *,
    seq: int = 1,
    prev: str = NOTHING,
    loop: str = LOOP,
    refused: bool = False,
    signer: str = "",
    hub: str = HUB,
) -> Sent:
    """A message put at ``at`` seconds, accepted two seconds later and receipted three seconds after that."""
    key = key_of(signer or sender)
    roles = [("bundle", "application/fhir+json", 0), ("image", "application/dicom", 2)]
    parts = [
        {
            "sha256": hashlib.sha256(one).hexdigest(),
            "size": len(one),
            "role": role,
            "type": type_,
            "priority": priority,
            "sealed": {"sha256": hashlib.sha256(b"sealed" + one).hexdigest(), "size": len(one) + 200},
        }
        for one, (role, type_, priority) in zip(contents, roles, strict=False)
    ]
    value: dict[str, Any] = {
        "v": 2,
        "id": f"019456a1c3e87abc8def0123456789{number:02x}",
        "kind": "transfer" if sender == SENDER else "transfer-step",
        "loop": loop,
        "from": {"facility": sender, "kid": key.kid},
        "to": {"facility": receiver},
        "created": moment(at),
        "basis": "referral-duty",
        "seq": seq,
        "prev": prev,
        "body": {"day": "2025-01-12"},
        "parts": parts,
    }
    payload = json.canonical(value)
    digest = hashlib.sha256(payload).hexdigest()
    sent = Sent(
        value["id"],
        sender,
        receiver,
        moment(at),
        contents,
        value,
        key.jws(payload, "lt-manifest+jws"),
        digest,
    )
    accept(sent, at + 2, hub)
    answer(sent, at + 5, refused=refused)
    return sent


def accept(sent: Sent, at: float, hub: str = HUB) -> None:
    """The hub accepts a message."""
    key, sent.accepted_at = key_of(hub), moment(at)
    value = {"v": 1, "message": sent.id, "manifest": sent.digest, "at": sent.accepted_at}
    value["by"] = {"facility": HUB, "kid": key.kid}
    sent.acceptance = key.jws(json.canonical(value), "lt-acceptance+jws")


def answer(sent: Sent, at: float, *, refused: bool = False, signer: str = "", facility: str = "") -> None:
    """The receiver, or somebody else, signs its receipt."""
    key, sent.receipt_at = key_of(signer or sent.receiver), moment(at)
    stored = hashlib.sha256(b"".join(sent.contents)).hexdigest()
    value: dict[str, Any] = {
        "v": 1,
        "message": sent.id,
        "manifest": sent.digest,
        "outcome": "refused" if refused else "stored",
        "stored": "" if refused else stored,
        "at": sent.receipt_at,
        "by": {"facility": facility or sent.receiver, "kid": key.kid},
    }
    if refused:
        value["problem"] = {"code": "test-refused", "message": "Không nhận.", "message_en": "Not taken."}
    sent.receipt = key.jws(json.canonical(value), "lt-receipt+jws")


def directory() -> Directory:
    """Two statements: before the transfer, and a later one in which a third facility's key is revoked."""
    found = Directory()
    for facility in (HUB, SENDER, RECEIVER, OTHER):
        found.enter(facility, moment(-86_400))
    found.sign(moment(-3_600))
    found.change(OTHER, revoked={"at": moment(3_000), "why": "Máy chủ bị mất cắp", "since": moment(2_000)})
    found.sign(moment(3_600))
    return found


CONTENTS = (
    b'{"resourceType":"Bundle","type":"document","entry":[]}',
    b"DICM" + bytes(range(256)),
)


def transfer() -> list[Sent]:
    """The dossier from the sender, and the answer that goes back."""
    first = send(1, SENDER, RECEIVER, 300, CONTENTS)
    return [first, send(2, RECEIVER, SENDER, 900, [b'{"state":"answered"}'])]


def store(home: Path, found: Directory, messages: Sequence[Sent], here: str = RECEIVER) -> None:
    """Enters all of it at this node, as if it had come in by itself."""
    from django.db import transaction

    from lienthong.exchange import content
    from lienthong.exchange.models import Message, Part
    from lienthong.facilities.models import Statement

    pem = seeded(here).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (home / "keys").mkdir(parents=True, exist_ok=True)
    (home / "keys" / "signing.pem").write_bytes(pem)
    with transaction.atomic():
        for number, at, digest, jws in found.signed:
            Statement.objects.create(number=number, at=at, hash=digest, jws=jws)
        for sent in messages:
            row = Message.objects.create(
                direction="out" if sent.sender == here else "in" if sent.receiver == here else "relay",
                message=sent.id,
                kind=sent.manifest["kind"],
                loop=sent.manifest["loop"],
                sender=sent.sender,
                receiver=sent.receiver,
                created=sent.created,
                jws=sent.jws,
                manifest=sent.digest,
                bytes=sum(map(len, sent.contents)),
                state="stored",
                accepted_at=sent.accepted_at,
                acceptance=sent.acceptance,
                receipt=sent.receipt,
                receipt_at=sent.receipt_at,
                receipt_state="verified",
            )
            for place, part in enumerate(sent.manifest["parts"]):
                kept = {name: part[name] for name in ("sha256", "size", "role", "type")}
                Part.objects.create(number=row.number, place=place, **kept)
            for one in sent.contents:
                content.put(one)


def record(monkeypatch: Any, messages: Sequence[Sent], stamped_after: float = 1_800) -> None:
    """The audit trail of the node: who took or sent the messages, under a time-stamp."""
    from fixed_tsa import FixedService
    from lienthong.access import audit, timestamps
    from lienthong.foundation import clock

    actor = audit.system("exchange")
    monkeypatch.setattr(clock, "now", lambda: START)
    audit.record(audit.system("test"), "sign-in")
    for sent in messages:
        at = datetime.fromisoformat(sent.receipt_at or sent.accepted_at)
        monkeypatch.setattr(clock, "now", lambda at=at: at)
        detail = {"message": sent.id, "manifest": sent.digest}
        audit.record(actor, "message-stored", page=f"exchange/{sent.manifest['kind']}", detail=detail)
        audit.record(audit.system("test"), "read", detail={"message": "another"})
    stamped = START + timedelta(seconds=stamped_after)
    monkeypatch.setattr(clock, "now", lambda: stamped)
    timestamps.make(now=True)
    timestamps.stamp_waiting(FixedService(stamped))  # type: ignore[arg-type]
