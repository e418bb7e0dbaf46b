"""The journey of a message as a picture: here, hub and the other hospital side by side, one stop under the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lienthong.exchange import trace
from lienthong.exchange.trace import TraceStep
from lienthong.exchange.travel import Travel
from lienthong.transfers.models import State, Step
from lienthong.web import words
from lienthong.web.templatetags.lienthong import size

SENDER, HUB, RECEIVER = range(3)
_GOOD = {trace.STORED, trace.RECEIPT_VERIFIED}
_BAD = {trace.REFUSED, trace.SET_ASIDE}
_SIGNED = {trace.STORED, trace.REFUSED, trace.RECEIPT_SIGNED, trace.RECEIPT_VERIFIED}
_PROGRAMS = {"his-xml": gettext_lazy("by itself, from an export of the HIS")}
_SAID = (State.SENT, State.RECEIVED)
"""States of a transfer that the message's own steps tell already."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One step on the way.

    Attributes:
        lane: 0 sender, 1 hub, 2 receiver; came: the lane of the stop before, to draw the arrow.
        what: in words; who: a person or a key; detail: bytes, hash, position.
        shape: ``ok``, ``bad`` or ``info``.
    """

    number: int
    at: datetime
    lane: int
    came: int
    what: str
    who: str
    detail: str
    shape: str

    @property
    def way(self) -> str:
        """How it came here: ``right``, ``left`` or not at all."""
        return "right" if self.lane > self.came else "left" if self.lane < self.came else ""

    @property
    def by(self) -> int:
        """Over how many lanes."""
        return abs(self.lane - self.came)


@dataclass(frozen=True, slots=True)
class Leg:
    """Sender, hub, receiver and the receipt at the sender in one line: each with its moment, if it came so far."""

    queued: datetime | None
    at_hub: datetime | None
    stored: datetime | None
    receipt: datetime | None
    refused: bool


def stops(travel: Travel, told: Sequence[Step]) -> list[Stop]:
    """All steps, those of the other hospital's doctors after the message's own."""
    row = travel.row
    lanes = {row.sender: SENDER, row.receiver: RECEIVER}
    found: list[Stop] = []
    for step in travel.steps:
        shape = "ok" if step.step in _GOOD else "bad" if step.step in _BAD else "info"
        what = str(words.STEPS.get(step.step, step.step))
        lane = lanes.get(step.place, HUB)
        found.append(_stop(found, step.at, lane, what, _who(step, travel, told), _detail(step), shape))
    for state in sorted(told, key=lambda s: s.at):
        if state.kind in _SAID or state.facility not in lanes:
            continue
        what = str(State(state.kind).label)
        found.append(_stop(found, state.at, lanes[state.facility], what, state.person, "", "info"))
    return found


def _who(step: TraceStep, travel: Travel, told: Sequence[Step]) -> str:
    """The person who queued it; for what a receipt tells, the key that signed."""
    if step.step == trace.QUEUED:
        persons = [s.person for s in told if s.message == travel.row.id and s.kind == State.SENT]
        return str(_PROGRAMS.get(persons[0], persons[0])) if persons else ""
    if step.step in _SIGNED and travel.proof:
        return _("key %(kid)s") % {"kid": f"{travel.proof.kid[:10]}…"}
    return ""


def _detail(step: TraceStep) -> str:
    """What tells more than the step itself."""
    if step.step == trace.UPLOADED:
        return size(int(step.detail.split()[0]))
    if step.step == trace.STORED:
        return f"SHA-256 {step.detail[:16]}…" if step.detail else ""
    return step.detail if step.step in (trace.HELD, trace.SET_ASIDE, trace.REFUSED, trace.GIVEN_UP) else ""


def _stop(before: list[Stop], at: datetime, lane: int, what: str, who: str, detail: str, shape: str) -> Stop:
    came = before[-1].lane if before else lane
    return Stop(len(before) + 1, at, lane, came, what, who, detail, shape)


def leg(travel: Travel) -> Leg:
    """The four moments that matter."""
    at = {step.step: step.at for step in travel.steps}
    back = trace.RECEIPT_AT_HUB if travel.row.direction == "relay" else trace.RECEIPT_VERIFIED
    return Leg(
        at.get(trace.QUEUED),
        at.get(trace.ACCEPTED),
        at.get(trace.STORED) or at.get(trace.REFUSED),
        at.get(back) or at.get(trace.RECEIPT_SENT),
        trace.REFUSED in at,
    )
