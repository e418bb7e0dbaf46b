"""Hub: reads the steps out of the manifests that it relays and the receipts that come back, each once.

What a manifest says is a hospital's word: what is not a step of this edition is left out and counted, and a step
counts only for the loop between the two hospitals of its message.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from django.db import close_old_connections, connection, transaction
from msgspec import Meta, Struct

from lienthong import exchange
from lienthong.exchange import Relayed
from lienthong.foundation import clock, ids
from lienthong.transfers import desk, rules, steps
from lienthong.transfers.measures.facts import Facts, of_steps
from lienthong.transfers.models import Loop, LoopReading, LoopStep, Side, State, Urgency

log = logging.getLogger(__name__)

EVERY = 5.0
KINDS = (desk.TRANSFER, desk.STEP)
_TOGETHER = 200
_YEARS = range(2000, 2200)

Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
_MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z"
Moment = Annotated[str, Meta(pattern=rf"^{_MOMENT}\Z")]
Promised = Annotated[str, Meta(pattern=rf"^({_MOMENT})?\Z")]


class _Step(Struct):
    id: Id
    kind: Annotated[str, Meta(max_length=12)]
    at: Moment
    place: Annotated[int, Meta(ge=1, lt=1_000_000)]


class _Body(Struct):
    """As :func:`lienthong.transfers.taking.skeleton` makes it."""

    step: _Step
    urgency: Literal["emergency", "urgent", "planned"]
    complete: bool
    code: Annotated[str, Meta(max_length=40)] = ""
    until: Promised = ""


@dataclass(slots=True)
class _Known:
    """A step as the rules look at it."""

    id: str
    kind: str
    place: int
    at: datetime
    data: dict[str, Any]


def run(stop: threading.Event) -> None:
    """Reads what comes, until ``stop``; several processes may, one at a time does."""
    while not stop.is_set():
        try:
            close_old_connections()
            while read() and not stop.is_set():
                pass
        except Exception:
            log.exception("measures")
        stop.wait(EVERY)
    connection.close()


def read() -> int:
    """Takes the next part of every mailbox, each in a transaction; returns how many items it looked at."""
    last = exchange.mailboxes()
    before = LoopReading.objects.filter(name="hub").first()
    positions = before.positions if before else {}
    return sum(_read(facility) for facility in sorted(last) if last[facility] > positions.get(facility, 0))


def _read(facility: str) -> int:
    with transaction.atomic():
        LoopReading.objects.bulk_create([LoopReading(name="hub")], ignore_conflicts=True)
        state = LoopReading.objects.select_for_update().get(name="hub")
        after = int(state.positions.get(facility, 0))
        items, reached = exchange.relayed(facility, after, KINDS, _TOGETHER)
        rows = []
        for item in items:
            try:
                row = _row(item)
            except (msgspec.ValidationError, ValueError) as error:
                log.warning("a step of %s was left out: %s", item.sender, error)
                state.skipped += 1
                continue
            if row is not None:
                rows.append(row)
        LoopStep.objects.bulk_create(rows, ignore_conflicts=True)
        _stand({(row.loop, row.sender, row.receiver) for row in rows})
        state.positions[facility] = reached
        state.save()
        return reached - after


def _row(item: Relayed) -> LoopStep | None:
    """A row of a message or receipt; None for what is not counted.

    Raises:
        ValueError: it is no step of this edition.
    """
    loop = msgspec.convert(item.loop, Id)
    if item.body is None and item.receipt is None:
        raise ValueError("unreadable")
    if item.receipt is not None:
        if item.kind != desk.TRANSFER or item.receipt.outcome != "stored":
            return None
        return LoopStep(
            key=ids.stable_id(item.message, "receipt"),
            loop=loop,
            sender=item.sender,
            receiver=item.receiver,
            step=ids.stable_id(loop, State.RECEIVED.value),
            kind=State.RECEIVED,
            at=_moment(clock.iso(item.receipt.at)),
            place=2,
            number=item.number,
            taken_at=item.at,
        )
    body = msgspec.convert(item.body, _Body)
    kind = State(body.step.kind)
    if kind is State.NOTE:
        return None
    by_itself = kind in (State.DRAFTED, State.RECEIVED)
    if by_itself or (kind is State.SENT) != (item.kind == desk.TRANSFER):
        raise ValueError(f"{kind} in a message {item.kind}")
    by = rules.STEPS[kind][0]
    ways = (item.sender, item.receiver) if by is Side.SENDER else (item.receiver, item.sender)
    return LoopStep(
        key=item.message,
        loop=loop,
        sender=ways[0],
        receiver=ways[1],
        step=body.step.id,
        kind=kind,
        at=_moment(body.step.at),
        place=body.step.place,
        urgency=body.urgency,
        complete=body.complete,
        code=_code(kind, body.code),
        until=clock.iso(_moment(body.until)) if body.until else "",
        number=item.number,
        taken_at=item.at,
    )


_REASONS = {
    State.DECLINED: steps.DECLINED,
    State.CANCELLED: steps.CANCELLED,
    State.NO_SHOW: steps.NO_SHOW,
}


def _code(kind: State, code: str) -> str:
    if kind not in _REASONS:
        return ""
    return code if code in _REASONS[kind] and code != "died" else "other"


def _moment(text: str) -> datetime:
    found = clock.from_iso(text)
    if found.year not in _YEARS:
        raise ValueError(text)
    return found


def _stand(loops: Iterable[tuple[str, str, str]]) -> None:
    """Writes down anew what the steps of these loops come to."""
    for loop, sender, receiver in sorted(loops):
        known = LoopStep.objects.filter(loop=loop, sender=sender, receiver=receiver)
        found = facts(list(known))
        if found is not None:
            _keep(loop, found, max(row.taken_at for row in known))


def _keep(loop: str, found: Facts, taken_at: datetime) -> None:
    values = asdict(found)
    hub_at = None
    if found.due is not None:  # a hospital's clock may be ahead; nothing happened after the hub knew of it
        hub_at = min(found.since, taken_at) + rules.LEVELS[-1] * (found.due - found.since)
    key = {name: values.pop(name) for name in ("sender", "receiver")}
    Loop.objects.update_or_create(loop=loop, **key, defaults={**values, "hub_at": hub_at})


def facts(rows: Sequence[LoopStep]) -> Facts | None:
    """What the rows of one loop, in any order, come to; None while the hub does not know that it was sent."""
    ordered = sorted(rows, key=lambda row: (row.number, row.key))
    said = [
        row
        for row in ordered
        if row.kind != State.RECEIVED and rules.STEPS[State(row.kind)][0] is Side.SENDER
    ]
    sent = next((row for row in said if row.kind == State.SENT), None)
    if sent is None:
        return None
    known: dict[tuple[str, str], _Known] = {}
    for row in ordered:
        data = {"code": row.code, "arrives_at": row.until, "at": row.until}
        known.setdefault((row.kind, row.step), _Known(row.step, row.kind, row.place, row.at, data))
    return of_steps(
        list(known.values()),
        sender=sent.sender,
        receiver=sent.receiver,
        urgency=said[-1].urgency or Urgency.PLANNED,
        complete=sent.complete,
    )
