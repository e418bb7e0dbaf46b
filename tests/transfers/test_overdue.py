"""Whose turn it is is told when its time is over, then the head: once for each state, only where the turn is ours."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from lienthong.foundation import clock, ids
from lienthong.transfers import overdue, taking
from lienthong.transfers.models import Call, State, Step, Transfer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hospitals")]
HERE, OTHER = "24011", "01929"
START = datetime.fromisoformat("2026-03-02T01:00:00+00:00")


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the clock so many minutes after the start."""

    def put(minutes: float) -> None:
        monkeypatch.setattr(clock, "now", lambda: START + timedelta(minutes=minutes))

    put(0)
    return put


def _transfer(sender: str = HERE, receiver: str = OTHER, *, received: bool = False) -> Transfer:
    """An emergency that was sent at the start; the receiver has five minutes once it has it."""
    transfer = Transfer.objects.create(
        loop=ids.new_id(),
        sender=sender,
        receiver=receiver,
        urgency="emergency",
        started_by="Bác sĩ",
        begun_at=START,
        since=START,
        changed_at=START,
        state="drafted",
    )
    steps = [taking.fixed(transfer, State.SENT, START, sender)]
    if received:
        steps.append(taking.fixed(transfer, State.RECEIVED, START, receiver))
    taking.add(transfer, steps)
    return transfer


def _told() -> list[tuple[str, str]]:
    return [
        (call.reason, call.roles) for call in Call.objects.filter(reason__startswith="overdue").order_by("id")
    ]


def test_the_owner_is_told_then_the_head_each_once(at: Any) -> None:
    transfer = _transfer()
    version = Transfer.objects.get().version
    for minutes, count in ((9.9, 0), (10, 1), (14.9, 0), (15, 1), (20, 0), (600, 0)):
        at(minutes)
        assert overdue.look() == count
        assert overdue.look() == 0
    assert _told() == [("overdue-owner", ",doctor,"), ("overdue-head", ",head,")]
    assert Transfer.objects.get(loop=transfer.loop).version == version  # nobody's page is out of date by it


def test_a_node_that_was_off_tells_both_at_once(at: Any) -> None:
    _transfer()
    at(6000)
    assert overdue.look() == 2
    assert {reason for reason, _ in _told()} == {"overdue-owner", "overdue-head"}


def test_a_new_state_has_a_clock_of_its_own(at: Any) -> None:
    transfer = _transfer()
    at(16)
    overdue.look()
    fresh = Transfer.objects.get(loop=transfer.loop)
    received = taking.fixed(fresh, State.RECEIVED, START + timedelta(minutes=17), OTHER)
    asked = Step(id="b" * 32, kind="asked", at=START + timedelta(minutes=18), place=3, facility=OTHER)
    asked.transfer, asked.data = fresh, {"text": "?"}
    taking.add(fresh, [received, asked])
    at(33.5)
    assert overdue.look() == 1
    assert [reason for reason, _ in _told()].count("overdue-owner") == 2


def test_only_the_hospital_whose_turn_it_is_tells(at: Any) -> None:
    _transfer(received=True)
    _transfer(OTHER, HERE)
    at(600)
    assert overdue.look() == 0
    theirs = Transfer.objects.get(sender=HERE)  # became theirs between the look and the lock
    assert overdue._tell(theirs.loop, clock.now()) == 0
    mine = _transfer(OTHER, HERE, received=True)
    assert overdue.look() == 2
    assert set(Call.objects.values_list("loop", flat=True)) == {mine.loop}


def test_a_draft_without_receiver_is_the_senders(at: Any) -> None:
    Transfer.objects.create(
        loop=ids.new_id(),
        sender=HERE,
        urgency="emergency",
        begun_at=START,
        since=START,
        due=START + timedelta(minutes=30),
        changed_at=START,
        state="drafted",
    )
    at(31)
    assert overdue.look() == 1


def test_a_closed_transfer_is_never_overdue(at: Any) -> None:
    transfer = _transfer()
    step = Step(id="c" * 32, kind="cancelled", at=START, place=3, facility=HERE, data={"code": "mistaken"})
    step.transfer = transfer
    taking.add(transfer, [step])
    at(10**6)
    assert overdue.look() == 0


def test_a_clock_that_jumps_back_tells_nothing_twice(at: Any) -> None:
    _transfer()
    for minutes in (12, -600, 12, 16, 3, 16):
        at(minutes)
        overdue.look()
    assert len(_told()) == 2


def test_one_that_cannot_be_told_does_not_keep_the_others_silent(at: Any) -> None:
    wrong, right = _transfer(), _transfer()
    Transfer.objects.filter(loop=wrong.loop).update(owner_role="nobody", due=START)
    at(10)
    assert overdue.look() == 1
    assert Call.objects.get().loop == right.loop


@pytest.mark.django_db(transaction=True)
def test_several_processes_tell_once(at: Any, hospitals: Any) -> None:
    for _ in range(8):
        _transfer()
    at(16)
    counts: list[int] = []

    def look() -> None:
        try:
            counts.append(overdue.look())
        finally:
            connection.close()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 16
    assert len(_told()) == 16
    assert set(Transfer.objects.values_list("told_level", flat=True)) == {2}
