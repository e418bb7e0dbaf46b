"""What a run must have come to, counted from the sites' databases and from what was acknowledged."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from base64 import urlsafe_b64decode
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from lienthong.config.drill.province import SITES, Node
from lienthong.config.drill.putting import Put
from lienthong.config.node import DATABASE

_OUT = (
    "SELECT message, loop, receiver, lane, seq, prev, state, receipt_state, receipt, manifest, problem"
    " FROM exchange_message WHERE direction = 'out' ORDER BY number"
)
_TAKEN = "SELECT message, stored FROM drill_taken ORDER BY number"
_OPEN = (
    "SELECT COUNT(*) FROM exchange_message WHERE (direction = 'out' AND state <> 'set-aside'"
    " AND receipt_state <> 'verified') OR (direction = 'in' AND state = 'collected')"
)


@dataclass(slots=True)
class Result:
    """The counts of one run or of several; ``faults`` says in words what did not hold.

    Attributes:
        acknowledged: messages whose putting process was told that they are kept.
        delivered: of these, taken by their addressee.
        receipts_verified: of these, with a receipt at the sender that the receiver's key has signed over its hash.
        lost: acknowledged, and neither at the addressee with all its bytes nor listed as refused.
        doubled: taken more than once, or taken though nobody had put it.
        out_of_order: pairs of a loop that were taken in the wrong order.
        refused_listed: acknowledged, refused by receiver or hub, and listed at the sender with the reason.
    """

    runs: int = 0
    acknowledged: int = 0
    delivered: int = 0
    receipts_verified: int = 0
    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0
    refused_listed: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)

    def add(self, other: Result) -> None:
        """Adds the counts of another run."""
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class _Out:
    message: str
    loop: str
    receiver: str
    lane: int
    seq: int
    prev: str
    state: str
    receipt_state: str
    receipt: str
    manifest: str
    problem: str


@dataclass(slots=True)
class _Site:
    out: dict[str, _Out]
    taken: list[tuple[str, str]]
    keys: dict[str, str]
    receipted: Counter[str]
    put: list[Put]


def open_messages(home: Path) -> int:
    """How many of a site's messages are still on their way."""
    return int(rows(home, _OPEN)[0][0])


def acknowledged(path: Path) -> list[Put]:
    """What a putting process has said, line by line; a line that it was killed in does not count."""
    if not path.exists():
        return []
    lines = path.read_text("utf-8").rpartition("\n")[0].splitlines()
    return [Put(**json.loads(line)) for line in lines]


def rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    """Reads a node's SQLite database."""
    address = f"file:{home / DATABASE}?mode=ro"
    with contextlib.closing(sqlite3.connect(address, uri=True, timeout=30)) as database:
        return database.execute(query).fetchall()


def count(nodes: Iterable[Node]) -> Result:
    """Counts one run. The nodes are the sites; nobody writes to them any more."""
    sites = {SITES[node.name]: _read(node) for node in nodes}
    result = Result(runs=1)
    for facility, site in sites.items():
        _messages(facility, site, sites, result)
        _order(facility, site, sites, result)
        _chain(facility, site, result)
    known = {message for site in sites.values() for message in site.out}
    for facility, site in sites.items():
        for message, times in Counter(message for message, _ in site.taken).items():
            if times > 1 or message not in known:
                result.doubled += 1
                result.faults.append(f"{facility} took {message} {times} times, put: {message in known}")
    return result


def _read(node: Node) -> _Site:
    if (state := rows(node.home, "PRAGMA integrity_check")) != [("ok",)]:
        raise RuntimeError(f"{node.name}: {state}")
    out = [_Out(*row) for row in rows(node.home, _OUT)]
    keys = {
        kid: json.loads(jwk)["x"]
        for kid, facility, jwk in rows(node.home, "SELECT kid, facility_id, jwk FROM facilities_node")
        if facility == SITES[node.name]
    }
    receipted = Counter(row[0] for row in rows(node.home, "SELECT message FROM drill_receipted"))
    taken = rows(node.home, _TAKEN)
    put = acknowledged(node.acknowledged)
    return _Site({one.message: one for one in out}, [(m, s) for m, s in taken], keys, receipted, put)


def _messages(facility: str, site: _Site, sites: dict[str, _Site], result: Result) -> None:
    promised = {one.message: one for one in site.put}
    result.acknowledged += len(promised)
    for message, put in promised.items():
        one, here = site.out.get(message), dict(sites[put.to].taken)
        if one is None:
            wrong = "is not at its sender"
        elif put.fate == "stored":
            wrong = _stored(one, put, here, sites[put.to], site, result)
        else:
            wrong = _refused(one, put, here, sites[put.to], result)
        if wrong:
            result.lost += 1
            where = f"{put.number} of {facility} to {put.to}, {put.fate}"
            state = f"; {one.state} {one.receipt_state} {one.problem}" if one else ""
            result.faults.append(f"{message} ({where}) {wrong}{state}")
    for message, one in site.out.items():
        settled = one.state == "set-aside" or one.receipt_state == "verified"
        if message not in promised and not settled:
            result.faults.append(f"{message} of {facility} is not acknowledged, and did not end: {one.state}")


def _stored(
    one: _Out, put: Put, taken: dict[str, str], receiver: _Site, sender: _Site, result: Result
) -> str:
    """Why an acknowledged message did not come to its end; empty when it did."""
    if one.message not in taken:
        return "was not taken"
    if taken[one.message] != put.stored:
        return "was taken with other bytes"
    result.delivered += 1
    if one.state != "stored" or one.receipt_state != "verified":
        return "has no verified receipt"
    if (wrong := _wrong_receipt(one, receiver, "stored")) or sender.receipted[one.message] != 1:
        return wrong or f"had its receipt handled {sender.receipted[one.message]} times"
    if _payload(one.receipt)["stored"] != put.stored:
        return "has a receipt for other bytes"
    result.receipts_verified += 1
    return ""


def _refused(one: _Out, put: Put, taken: dict[str, str], receiver: _Site, result: Result) -> str:
    if one.message in taken:
        return "was taken"
    if not one.problem or not json.loads(one.problem).get("message"):
        return "gives no reason"
    if put.fate == "bad" and one.state != "set-aside":
        return "is not set aside"
    if put.fate == "refused" and (wrong := _wrong_receipt(one, receiver, "refused")):
        return wrong
    result.refused_listed += 1
    return ""


def _wrong_receipt(one: _Out, receiver: _Site, outcome: str) -> str:
    """Why a receipt proves nothing; empty when a key of the receiver has signed it for this manifest."""
    try:
        head, payload, signature = one.receipt.split(".")
        key = receiver.keys[json.loads(_bytes(head))["kid"]]
        Ed25519PublicKey.from_public_bytes(_bytes(key)).verify(
            _bytes(signature), f"{head}.{payload}".encode()
        )
    except (ValueError, KeyError, InvalidSignature) as error:
        return f"has a receipt that the receiver has not signed ({type(error).__name__})"
    said = _payload(one.receipt)
    if (said["message"], said["manifest"], said["outcome"]) != (one.message, one.manifest, outcome):
        return "has a receipt for something else"
    return ""


def _payload(jws: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_bytes(jws.split(".")[1]))
    return found


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _order(facility: str, site: _Site, sites: dict[str, _Site], result: Result) -> None:
    """Of two messages of a loop, the later one is taken later, unless the earlier one is less urgent."""
    loops = defaultdict(list)
    for one in site.out.values():
        loops[one.receiver, one.loop].append(one)
    for (receiver, loop), messages in loops.items():
        places = {message: place for place, (message, _) in enumerate(sites[receiver].taken)}
        there = [one for one in messages if one.message in places]
        for later, second in enumerate(there):
            for first in there[:later]:
                if first.lane <= second.lane and places[first.message] > places[second.message]:
                    result.out_of_order += 1
                    result.faults.append(
                        f"{facility} to {receiver}, {loop}: {second.message} was taken before {first.message}"
                    )


def _chain(facility: str, site: _Site, result: Result) -> None:
    """What a site sent to another is numbered without a gap, and each names the hash of the one before."""
    last: dict[str, tuple[int, str]] = {}
    for one in site.out.values():
        seq, before = last.get(one.receiver, (0, "0" * 64))
        if (one.seq, one.prev) != (seq + 1, before):
            result.faults.append(f"{facility} to {one.receiver}: {one.message} is {one.seq} after {seq}")
        last[one.receiver] = one.seq, one.manifest
