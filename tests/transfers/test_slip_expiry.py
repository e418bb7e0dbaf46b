"""Slips that are about to end: who is told when, and once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from lienthong.foundation import clock, ids
from lienthong.transfers.models import Call, State
from lienthong.transfers.validity import expiry, slips, uses, working_days
from slip_world import ACTOR, encounter, patient, slip, step, store, with_slip

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hospitals")]


def until(signed: datetime, *, one_year: bool = False) -> date:
    return slips.valid_until(signed, one_year=one_year, calendar=working_days.calendar()).until


def marks(today: date) -> list[str]:
    return [mark for _, mark in expiry.due(today)]


def test_a_short_slip_two_working_days_before_its_end() -> None:
    signed = clock.now() - timedelta(days=1)
    slip(signed=signed)
    end = until(signed)
    near = working_days.calendar().before(end, 2)
    assert marks(near - timedelta(days=1)) == []
    assert marks(near) == marks(end) == [f"{end} 2 working days"]
    assert marks(end + timedelta(days=1)) == []


def test_not_when_the_patient_has_come() -> None:
    signed = clock.now() - timedelta(days=1)
    transfer = slip(signed=signed, state=State.ARRIVED)
    assert marks(until(signed)) == []
    transfer.state = State.ACCEPTED
    transfer.save()
    assert marks(until(signed)) != []
    uses.use_slip(transfer.loop, token=ids.new_id(), how="card", actor=ACTOR)
    assert marks(until(signed)) == []


def test_not_when_the_his_has_a_visit_with_it() -> None:
    signed = clock.now() - timedelta(days=1)
    slip(signed=signed)
    store(patient(), encounter("e1", clock.iso(clock.now()), **with_slip("11/PCCSKBCB")))
    assert marks(until(signed)) == []


def test_a_yearly_slip_thirty_and_seven_days_before_also_when_it_was_used() -> None:
    signed = clock.now() - timedelta(days=200)
    transfer = slip(signed=signed, form={"one_year": True}, state=State.CLOSED)
    uses.use_slip(transfer.loop, token=ids.new_id(), how="card", actor=ACTOR)
    end = until(signed, one_year=True)
    found = {days: marks(end - timedelta(days=days)) for days in (31, 30, 8, 7, 0)}
    assert found == {
        31: [],
        30: [f"{end} 30 days"],
        8: [f"{end} 30 days"],
        7: [f"{end} 7 days"],
        0: [f"{end} 7 days"],
    }


def test_not_while_a_stay_keeps_it_valid() -> None:
    signed = clock.now() - timedelta(days=340)
    transfer = slip(signed=signed, form={"one_year": True})
    step(transfer, State.ADMITTED, signed + timedelta(days=330))
    assert marks(until(signed, one_year=True) - timedelta(days=5)) == []


@pytest.mark.parametrize(
    "more",
    [
        {"state": State.DRAFTED},
        {"state": State.CANCELLED},
        {"state": State.DECLINED},
        {"urgency": "emergency"},
        {"sender": "24004", "receiver": "01929"},
        {"signed_at": None, "left_at": None},
    ],
)
def test_not_for(more: dict[str, object]) -> None:
    signed = clock.now() - timedelta(days=1)
    slip(signed=signed, **more)  # type: ignore[arg-type]
    assert marks(until(signed)) == []


def test_each_mark_is_told_once_to_doctors_and_nurses() -> None:
    signed = datetime.now(UTC) - timedelta(days=200)
    transfer = slip(signed=signed, form={"one_year": True})
    end = until(signed, one_year=True)
    for days in (30, 29, 7, 6, 0):
        expiry.look(end - timedelta(days=days))
    calls = Call.objects.filter(loop=transfer.loop, reason="slip-expires").order_by("at")
    assert [call.about for call in calls] == [f"{end} 30 days", f"{end} 7 days"]
    assert all({"doctor", "nurse"} <= set(call.roles.strip(",").split(",")) for call in calls)
