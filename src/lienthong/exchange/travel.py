"""The way of one message through sender, hub and receiver, as far as this node knows it, with what proves each step."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from lienthong.exchange import manifest, reading, sql, trace
from lienthong.exchange.reading import MessageRow
from lienthong.exchange.trace import TraceStep
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError

ORDER = (
    trace.QUEUED,
    trace.UPLOADED,
    trace.ACCEPTED,
    trace.IN_MAILBOX,
    trace.HANDED_OVER,
    trace.COLLECTED,
    trace.STORED,
    trace.REFUSED,
    trace.RECEIPT_SIGNED,
    trace.RECEIPT_SENT,
    trace.RECEIPT_AT_HUB,
    trace.RECEIPT_TAKEN,
    trace.RECEIPT_VERIFIED,
)
"""Steps in the order in which they must happen, whatever the clocks of three nodes say."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The receiver's signed receipt.

    Attributes:
        hash: SHA-256 of its payload; stored: hash of what was stored, as the receipt says.
        kid: name of the key that signed it; at: the receiver's time; outcome: ``stored`` or ``refused``.
    """

    hash: str
    stored: str
    kid: str
    at: datetime
    outcome: str


@dataclass(frozen=True, slots=True)
class Travel:
    """A message with its steps in order, the hash of its manifest, and its receipt if it is here."""

    row: MessageRow
    manifest: str
    steps: list[TraceStep]
    proof: Proof | None
    replaced_by: str


def travel(message: str) -> Travel | None:
    """The way of a message; None when it did not pass here."""
    rows = reading.by_id(message)
    if not rows:
        return None
    row = rows[0]
    with connection.cursor() as cursor:
        cursor.execute(sql.PAPERS, (row.direction, message))
        digest, accepted_at, receipt, receipt_at, replaced_by = cursor.fetchone()
    proof = _proof(receipt)
    steps = trace.journey(message)
    known = {(step.place, step.step) for step in steps}
    steps += [
        step for step in _told(row, accepted_at, receipt_at, proof) if (step.place, step.step) not in known
    ]
    return Travel(row, digest, _in_order(steps), proof, replaced_by)


def _hub() -> str:
    """The code of the province's hub."""
    hubs = [] if directory.is_hub() else directory.nodes("hub")
    return hubs[-1].facility if hubs else directory.here()


def _proof(receipt: str) -> Proof | None:
    if not receipt:
        return None
    try:
        payload = manifest.payload_of(receipt)
        found = manifest.read_receipt(payload)
    except LienThongError:
        return None
    return Proof(manifest.digest(payload), found.stored, found.kid, found.at, found.outcome)


def _told(row: MessageRow, accepted_at: str, receipt_at: str, proof: Proof | None) -> list[TraceStep]:
    """What other nodes told: the sender's manifest, the hub's acceptance, the receiver's receipt and its mail."""
    steps = [TraceStep(row.created, row.sender, trace.QUEUED, "")]
    if accepted_at:
        steps.append(TraceStep(clock.from_iso(accepted_at), _hub(), trace.ACCEPTED, ""))
    if proof:
        steps.append(TraceStep(proof.at, row.receiver, proof.outcome, proof.stored))
    if receipt_at and row.direction != "in":
        steps.append(TraceStep(clock.from_iso(receipt_at), _hub(), trace.RECEIPT_AT_HUB, ""))
    return steps


def _in_order(steps: list[TraceStep]) -> list[TraceStep]:
    """By what must come first; what may happen at any time (held, set aside) goes by the clock of its place."""
    fixed = sorted((s for s in steps if s.step in ORDER), key=lambda s: (ORDER.index(s.step), s.at))
    for step in sorted((s for s in steps if s.step not in ORDER), key=lambda s: s.at):
        before = [i for i, s in enumerate(fixed) if s.place == step.place and s.at <= step.at]
        fixed.insert(before[-1] + 1 if before else 0, step)
    return fixed
