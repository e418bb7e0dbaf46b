"""Transfers as lines of a worklist and as a timeline of steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lienthong import exchange
from lienthong.access.models import Role
from lienthong.foundation import clock
from lienthong.foundation.errors import Problem
from lienthong.transfers import desk, form, rules
from lienthong.transfers.models import Side, State, Step, Transfer
from lienthong.transfers.steps import CANCELLED, DECLINED, NO_SHOW
from lienthong.web.record.person import age_words, sex

_RECEIPTED = {"receipt-signed", "receipt-verified"}


class Name(Protocol):
    """Gives a facility's name for its code."""

    def __call__(self, code: str) -> str: ...


NEXT = {
    State.DRAFTED: gettext_lazy("Finish and send"),
    State.SENT: gettext_lazy("The receipt comes by itself"),
    State.RECEIVED: gettext_lazy("Open and read"),
    State.SEEN: gettext_lazy("Accept, ask or decline"),
    State.ASKED: gettext_lazy("Answer the question"),
    State.TOLD: gettext_lazy("Accept, ask or decline"),
    State.ACCEPTED: gettext_lazy("Give a bed or an appointment"),
    State.DECLINED: gettext_lazy("Choose another hospital, or cancel"),
    State.BED: gettext_lazy("Send the patient on the way"),
    State.APPOINTMENT: gettext_lazy("Send the patient on the way"),
    State.STABILISED: gettext_lazy("Send the patient on the way"),
    State.DEPARTED: gettext_lazy("Receive the patient"),
    State.NO_SHOW: gettext_lazy("Find out where the patient is"),
    State.ARRIVED: gettext_lazy("Admit the patient"),
    State.ADMITTED: gettext_lazy("Treat; at discharge sign the return letter"),
    State.INTERIM: gettext_lazy("Treat; at discharge sign the return letter"),
    State.OUTCOME: gettext_lazy("Read the outcome and take note"),
    State.CLOSED: gettext_lazy("Nothing more"),
    State.CANCELLED: gettext_lazy("Nothing more"),
}
"""What comes next in each state, said to whoever has the turn."""


@dataclass(frozen=True, slots=True)
class Clock:
    """Whose turn it is and until when.

    Attributes:
        ours: it waits for this hospital.
        role: of whom, in words; hospital: name.
        due: until when; None where no clock runs.
        late: how long it is overdue, in words; empty while it is not. left: how long remains.
        level: how far an overdue step has gone up (:func:`lienthong.transfers.rules.level`).
    """

    ours: bool
    role: str
    hospital: str
    due: datetime | None
    left: str
    late: str
    level: int


@dataclass(frozen=True, slots=True)
class Line:
    """One transfer on a worklist.

    Attributes:
        who: name in capitals; ``about``: age and sex.
        other: name of the hospital at the other end.
        unopened: nobody here has opened it yet (incoming only).
        receipted: the receiver's signed receipt was verified.
        withheld: the slip is specially protected, so the transfer carries no diagnosis in words.
        clock: None once it needs nothing more; expected: when the patient is expected to arrive.
        letter: a return letter waits here for a signature, or a stay for a decision.
    """

    transfer: Transfer
    who: str
    about: str
    other: str
    tag: str
    state: str
    unopened: bool
    receipted: bool
    withheld: bool
    reason: str
    clock: Clock | None
    next: str
    expected: datetime | None
    letter: str


@dataclass(frozen=True, slots=True)
class Stage:
    """One step on the timeline.

    Attributes:
        effect: it counted; why: otherwise, why it did not.
        said: label and words of what the step says.
    """

    kind: str
    label: str
    at: datetime
    person: str
    facility: str
    effect: bool
    why: str
    said: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Word:
    """Something said in the conversation; ours: by this hospital; kind: note, asked or told."""

    kind: str
    label: str
    text: str
    at: datetime
    person: str
    facility: str
    ours: bool


def line(transfer: Transfer, *, incoming: bool, now: datetime, name: Name) -> Line:
    """The worklist line of a transfer at the receiver (``incoming``) or at the sender."""
    letters = {letter.stage for letter in transfer.letters.all()} if incoming else set()
    return Line(
        transfer=transfer,
        who=transfer.patient_name.upper(),
        about=", ".join(filter(None, (age_words(transfer.birth), sex(transfer.gender)))),
        other=name(transfer.sender if incoming else transfer.receiver),
        tag=tag(transfer.state, incoming=incoming),
        state=str(State(transfer.state).label) if transfer.state in State.values else transfer.state,
        unopened=incoming and transfer.state in {State.SENT, State.RECEIVED},
        receipted=any(step.kind == State.RECEIVED for step in transfer.steps.all()),
        withheld=withheld(transfer),
        reason=reason(transfer.reason),
        clock=clock_of(transfer, incoming=incoming, now=now, name=name),
        next=str(NEXT[State(transfer.state)]),
        expected=expected(transfer),
        letter="ready" if "ready" in letters else "unsure" if "unsure" in letters else "",
    )


def clock_of(transfer: Transfer, *, incoming: bool, now: datetime, name: Name) -> Clock | None:
    """Whose turn it is, until when; None for a transfer that has ended."""
    if State(transfer.state) in rules.ENDED:
        return None
    due = transfer.due
    late = due is not None and now >= due
    return Clock(
        ours=(transfer.owner_side == Side.RECEIVER) == incoming,
        role=str(Role(transfer.owner_role).label).lower(),
        hospital=name(transfer.owner),
        due=due,
        left=since(now, due) if due and not late else "",
        late=since(due, now) if due and late else "",
        level=rules.level(transfer.since, due, now),
    )


def expected(transfer: Transfer) -> datetime | None:
    """When the patient is expected: as the last step says, else as the form says; None once the patient is there."""
    if State(transfer.state) in (*rules.ENDED, *_THERE):
        return None
    told = ""
    for step in transfer.steps.all():
        if step.effect and step.kind == State.DEPARTED:
            told = step.data.get("arrives_at") or told
        if step.effect and step.kind == State.APPOINTMENT:
            told = step.data.get("at") or told
    return clock.moment(told or str(transfer.form.get("arrives_at") or ""))


_THERE = (State.ARRIVED, State.ADMITTED, State.INTERIM, State.OUTCOME)


def withheld(transfer: Transfer) -> bool:
    """Whether the diagnosis is left out because the slip is specially protected."""
    return not transfer.diagnosis and bool(transfer.slip or transfer.kept_back)


def tag(state: str, *, incoming: bool) -> str:
    """The shape of a state: what waits for this hospital stands out; only a receipt turns anything green."""
    if incoming:
        return (
            "warn" if state in {State.SENT, State.RECEIVED} else "wait" if state == State.OUTCOME else "info"
        )
    return "wait" if state in {State.DRAFTED, State.SENT} else "info"


def reason(code: str) -> str:
    """MA_LYDO_CT in the words of Circular 01/2025/TT-BYT annex VI; another code stays as it is."""
    return str(form.REASONS.get(code, code))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves that one message of a transfer arrived.

    Attributes:
        hash: SHA-256 of what the receiver stored, as its receipt says; empty while there is no receipt.
        signed_by: name of the facility that signed the receipt.
    """

    message: str
    created: datetime
    state: str
    receipt_at: datetime | None
    hash: str
    signed_by: str
    problem: Problem | None


def evidence(transfer: Transfer, name: Name) -> list[Evidence]:
    """Each message that carried the dossier, with its receipt, oldest first."""
    found = []
    for row in exchange.messages_of(transfer.loop):
        if row.kind != desk.TRANSFER:
            continue
        signed = [s for s in exchange.journey(row.id) if s.step in _RECEIPTED]
        found.append(
            Evidence(
                message=row.id,
                created=row.created,
                state=row.state,
                receipt_at=row.receipt_at,
                hash=signed[-1].detail if signed and row.receipt_at else "",
                signed_by=name(row.receiver),
                problem=row.problem,
            )
        )
    return sorted(found, key=lambda e: e.created)


def since(then: datetime, now: datetime) -> str:
    """A span in the largest unit that fits: ``12 minutes``, ``3 hours``, ``2 days``."""
    minutes = max(0, int((now - then).total_seconds() // 60))
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    if minutes < 48 * 60:
        return ngettext("%(n)d hour", "%(n)d hours", minutes // 60) % {"n": minutes // 60}
    return ngettext("%(n)d day", "%(n)d days", minutes // 1440) % {"n": minutes // 1440}


def stages(transfer: Transfer, name: Name) -> list[Stage]:
    """What was done so far, in order; the conversation is shown by itself."""
    found = []
    steps = sorted(transfer.steps.all(), key=rules.in_order)
    for place, step in enumerate(steps):
        if step.kind == State.NOTE:
            continue
        why = ""
        if not step.effect:
            before = rules.standing(steps[:place], transfer.urgency, transfer.begun_at).state
            why = _("It had no effect, because the transfer was already “%(state)s”.") % {
                "state": State(before).label
            }
        found.append(
            Stage(
                kind=step.kind,
                label=str(State(step.kind).label),
                at=step.at,
                person=step.person,
                facility=name(step.facility),
                effect=step.effect,
                why=why,
                said=said(step),
            )
        )
    return found


_SAID = {
    "code": gettext_lazy("Reason"),
    "advice": gettext_lazy("Advice"),
    "text": gettext_lazy("Said"),
    "ward": gettext_lazy("Ward"),
    "bed": gettext_lazy("Bed"),
    "doctor": gettext_lazy("Doctor"),
    "at": gettext_lazy("Expected at"),
    "arrives_at": gettext_lazy("Expected at"),
    "transport": gettext_lazy("Transport"),
    "escort_name": gettext_lazy("Escort"),
    "escort_title": gettext_lazy("Title of the escort"),
    "contact": gettext_lazy("Contact"),
    "diagnosis": gettext_lazy("Diagnosis"),
    "condition": gettext_lazy("Condition"),
    "note": gettext_lazy("Remark"),
}


def said(step: Step) -> list[tuple[str, str]]:
    """Label and words of what a step says; of an outcome nothing, which has a page of its own."""
    if step.kind == State.OUTCOME:
        return []
    codes = {State.DECLINED: DECLINED, State.CANCELLED: CANCELLED, State.NO_SHOW: NO_SHOW}
    found = []
    for field, label in _SAID.items():
        value = step.data.get(field)
        if not value:
            continue
        if field == "code":
            value = codes.get(State(step.kind), {}).get(value, value)
        elif field == "transport":
            value = form.TRANSPORT.get(value, value)
        elif field in ("at", "arrives_at"):
            value = f"{clock.from_iso(value).astimezone(clock.VIETNAM):%d/%m/%Y %H:%M}"
        found.append((str(label), str(value)))
    return found


def conversation(transfer: Transfer, name: Name, here: str) -> list[Word]:
    """What was said, asked and answered, in order."""
    return [
        Word(
            kind=step.kind,
            label="" if step.kind == State.NOTE else str(State(step.kind).label),
            text=str(step.data.get("text", "")),
            at=step.at,
            person=step.person,
            facility=name(step.facility),
            ours=step.facility == here,
        )
        for step in sorted(transfer.steps.all(), key=rules.in_order)
        if step.kind in (State.NOTE, State.ASKED, State.TOLD)
    ]
