"""A hospital's own figures come from its own steps, and say what the hub reads from its messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from django.db import connection, transaction

from lienthong import exchange
from lienthong.access import audit
from lienthong.exchange import Relayed
from lienthong.foundation import clock
from lienthong.transfers import desk, taking
from lienthong.transfers.measures import own, periods, reading
from lienthong.transfers.models import State, Step, Transfer
from lienthong.transfers.notice import Notice

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hospitals")]
DOCTOR = audit.Actor("bs", "Bác sĩ Thử", "doctor", "127.0.0.1")
NOTICE = Notice(
    sender="24011",
    receiver="01929",
    ma_lk="LK1",
    slip="24011-25-1",
    left_at=datetime(2025, 1, 14, 3, 0, tzinfo=UTC),
    patient="p1",
    patient_name="TRẦN THỊ ÁNH",
    birth="1960",
    gender="female",
    diagnosis="Viêm phổi",
    diagnosis_code="J18.9",
    reason="2",
    condition="Tỉnh, thở oxy",
)
PATIENT = {"resourceType": "Patient", "id": "p1", "name": [{"text": "TRẦN THỊ ÁNH"}]}


def _send(notice: Notice = NOTICE) -> Transfer:
    with transaction.atomic():
        return desk.send(notice, [PATIENT], actor=audit.system("his-xml"))


def _at_hub(transfer: Transfer) -> list[Relayed]:
    """The messages of a transfer that left here, as the hub would find them in the mailbox of the receiver."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT message, kind FROM exchange_message WHERE direction = 'out' AND loop = %s ORDER BY number",
            (transfer.loop,),
        )
        rows = cursor.fetchall()
    bodies = exchange.bodies([message for message, _ in rows])
    ends = transfer.loop, transfer.sender, transfer.receiver
    return [
        Relayed(number, clock.now(), message, kind, *ends, bodies[message], None)
        for number, (message, kind) in enumerate(rows, 1)
    ]


def test_the_hospital_and_the_hub_count_the_same() -> None:
    transfer = _send()
    receipt = exchange.Receipt("m", "", "stored", "", clock.now(), "01929", "", None)
    with transaction.atomic():
        desk.receipt_came("m", transfer.loop, receipt)
    desk.take(transfer.loop, State.CANCELLED, actor=DOCTOR, data={"code": "treated-here"})
    items = _at_hub(transfer)
    received = replace(items[0], body=None, receipt=receipt, message="0" * 32)
    rows = [row for item in (*items, received) if (row := reading._row(item))]
    (mine,) = own.facts(periods.latest(2))
    theirs = reading.facts(rows)
    assert theirs is not None
    for name in ("sent_at", "since"):  # a manifest has milliseconds
        assert abs(getattr(mine, name) - getattr(theirs, name)) < timedelta(milliseconds=1)
    same = replace(mine, sent_at=theirs.sent_at, since=theirs.since)
    assert msgspec.to_builtins(same) == msgspec.to_builtins(theirs)
    assert (mine.state, mine.cancelled, mine.complete) == ("cancelled", "treated-here", False)


def test_whole_when_sent_is_what_the_first_message_said() -> None:
    transfer = _send()
    Transfer.objects.update(complete=True)
    (mine,) = own.facts(periods.latest(2))
    assert not mine.complete
    Step.objects.update(message="")
    assert own.facts(periods.latest(2))[0].complete
    assert transfer.loop


def test_the_other_sides_steps_count_and_drafts_do_not() -> None:
    transfer = _send()
    now = clock.now()
    received = taking.fixed(transfer, State.RECEIVED, now, "01929")
    answer = Step(id="a" * 32, kind="declined", at=now + timedelta(minutes=4), place=3, facility="01929")
    answer.transfer, answer.data = transfer, {"code": "no-bed"}
    taking.add(Transfer.objects.get(loop=transfer.loop), [received, answer])
    desk.draft(actor=DOCTOR)
    (mine,) = own.facts(periods.latest(2))
    assert (mine.declined, mine.owner, mine.answered_at) == ("no-bed", "24011", now + timedelta(minutes=4))
    assert own.facts(periods.latest(2), "emergency") == []
    assert own.facts(periods.of("2025-01-01", "2025-02-01")) == []
