"""Transfers as two hospitals make them by the rules, and as the hub sees them: for tests of measures."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from lienthong.exchange import Receipt, Relayed
from lienthong.foundation import ids
from lienthong.transfers import desk, rules, steps, taking
from lienthong.transfers.models import Side, State, Step, Transfer, Urgency

BEGUN = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
SECRETS = {"name": "GIÁP THỊ BÍ MẬT", "citizen": "024160009999", "note": "không được lọt ra ngoài"}
SITES = ("24011", "24004", "01929", "24022")
CODES = {State.DECLINED: steps.DECLINED, State.CANCELLED: steps.CANCELLED, State.NO_SHOW: steps.NO_SHOW}


@dataclass
class Told:
    """A transfer, its steps at the hospitals, and the messages and receipts by which the hub knows of it."""

    transfer: Transfer
    steps: list[Step] = field(default_factory=list)
    items: list[Relayed] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """As it was when it was sent first."""
        return bool(self.items[0].body["complete"]) if self.items and self.items[0].body else False


def data_of(kind: State, chance: Any, at: datetime) -> dict[str, Any]:
    """What a step of a kind says, with a patient's words wherever there is room for words."""
    promised = (at + timedelta(hours=chance(st.integers(-5, 900)))).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    said: dict[str, Any] = {
        State.ASKED: {"text": SECRETS["note"]},
        State.TOLD: {"text": SECRETS["note"]},
        State.NOTE: {"text": SECRETS["name"]},
        State.BED: {"ward": SECRETS["note"]},
        State.APPOINTMENT: {"at": promised, "note": SECRETS["name"]},
        State.DEPARTED: {"arrives_at": chance(st.sampled_from(["", promised])), "note": SECRETS["name"]},
        State.INTERIM: {"text": SECRETS["note"]},
        State.OUTCOME: {"diagnosis": SECRETS["note"], "result": "5"},
        State.ACCEPTED: {"note": SECRETS["citizen"]},
    }.get(kind, {})
    if kind in CODES:
        said = {"code": chance(st.sampled_from(sorted(CODES[kind]))), "note": SECRETS["name"]}
    return steps.checked(kind, said)


@st.composite
def told(draw: st.DrawFn, number: int = 0) -> Told:
    """A transfer that was sent, with what both sides did, each by what it had heard so far."""
    sender, receiver = draw(st.permutations(SITES))[:2]
    begun = BEGUN + timedelta(hours=draw(st.integers(0, 24 * 40)))
    found = Told(
        Transfer(
            loop=ids.stable_id("loop", str(number), sender, receiver),
            sender=sender,
            receiver=receiver,
            patient_name=SECRETS["name"],
            citizen=SECRETS["citizen"],
            urgency=draw(st.sampled_from(list(Urgency))),
            complete=draw(st.booleans()),
            begun_at=begun,
        )
    )
    sent = taking.fixed(found.transfer, State.SENT, begun, sender, person="Bác sĩ")
    _say(found, sent, desk.TRANSFER, draw)
    received = taking.fixed(found.transfer, State.RECEIVED, begun + timedelta(minutes=1), receiver)
    known: dict[Side, list[Step]] = {Side.SENDER: [sent], Side.RECEIVER: [sent, received]}
    found.steps = [sent]
    if draw(st.booleans()):
        _confirm(found, received, draw)
    now = begun
    for turn in range(draw(st.integers(0, 12))):
        now += timedelta(minutes=draw(st.integers(1, 2000)))
        side = draw(st.sampled_from(list(Side)))
        for step in found.steps:
            if step not in known[side] and draw(st.booleans()):
                known[side].append(step)
        standing = rules.standing(known[side], found.transfer.urgency, begun)
        may = rules.allowed(standing.state, side, found.transfer.urgency)
        if not may:
            continue
        kind = draw(st.sampled_from(may))
        step = Step(
            id=ids.stable_id(found.transfer.loop, str(turn)),
            transfer=found.transfer,
            kind=kind,
            at=now,
            place=max(3, 1 + max(step.place for step in known[side])),
            person=SECRETS["name"],
            facility=sender if side is Side.SENDER else receiver,
            data=data_of(kind, draw, now),
        )
        known[side].append(step)
        found.steps.append(step)
        _say(found, step, desk.STEP, draw)
    if found.transfer.urgency == Urgency.EMERGENCY and draw(st.booleans()):  # completed after it was sent
        found.transfer.complete = True
        again = taking.fixed(found.transfer, State.SENT, now + timedelta(minutes=9), sender)
        _say(found, again, desk.TRANSFER, draw)
    return found


def _say(found: Told, step: Step, kind: str, draw: st.DrawFn) -> None:
    own = found.transfer.sender if step.facility == found.transfer.sender else found.transfer.receiver
    other = found.transfer.receiver if own == found.transfer.sender else found.transfer.sender
    found.items.append(
        Relayed(
            number=len(found.items) + 1,
            at=step.at + timedelta(seconds=draw(st.integers(0, 90_000))),
            message=ids.stable_id(step.id, str(len(found.items))),
            kind=kind,
            loop=found.transfer.loop,
            sender=own,
            receiver=other,
            body=taking.skeleton(found.transfer, step),
            receipt=None,
        )
    )


def _confirm(found: Told, received: Step, draw: st.DrawFn) -> None:
    first = found.items[0]
    receipt = Receipt(first.message, "", "stored", "", received.at, received.facility, "", None)
    values = {name: getattr(first, name) for name in ("message", "kind", "loop", "sender", "receiver")}
    at = received.at + timedelta(seconds=draw(st.integers(0, 90_000)))
    found.items.append(Relayed(number=1, at=at, body=None, receipt=receipt, **values))
    found.steps.append(received)
