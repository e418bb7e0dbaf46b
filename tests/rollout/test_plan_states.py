"""The six states of a task, on any day."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from lienthong.rollout.plan import states
from lienthong.rollout.plan.states import Change, Facts, State

MARCH = date(2025, 3, 15)
DAY = timedelta(days=1)
days = st.dates(date(2025, 1, 1), date(2025, 12, 31))
maybe = st.none() | days


@st.composite
def changes(draw: st.DrawFn) -> Change:
    proposed = draw(days)
    decided = draw(st.none() | st.integers(0, 60).map(lambda n: proposed + n * DAY))
    return Change(proposed, draw(maybe), decided, decided is not None and draw(st.booleans()))


facts = st.builds(Facts, maybe, st.lists(changes(), max_size=3).map(tuple), maybe, maybe)


def test_a_task_without_work_waits_until_its_date_and_is_overdue_after_it() -> None:
    one = Facts(MARCH)
    assert states.state(one, MARCH) is State.NOT_DUE
    assert states.state(one, MARCH + DAY) is State.OVERDUE
    assert states.late_by(one, MARCH + 3 * DAY) == 3


def test_a_task_under_way_is_within_the_term_until_its_date() -> None:
    one = Facts(MARCH, started=date(2025, 1, 12))
    assert states.state(one, date(2025, 1, 11)) is State.NOT_DUE
    assert states.state(one, MARCH) is State.IN_TERM
    assert states.state(one, MARCH + DAY) is State.OVERDUE


def test_done_on_the_last_day_is_on_time_and_a_day_later_is_late() -> None:
    assert states.state(Facts(MARCH, done=MARCH), date(2025, 6, 1)) is State.DONE
    assert states.state(Facts(MARCH, done=MARCH + DAY), date(2025, 6, 1)) is State.DONE_LATE
    assert states.state(Facts(MARCH, done=MARCH + DAY), MARCH) is State.NOT_DUE


def test_a_proposal_shows_until_it_is_decided_and_moves_the_date_when_agreed() -> None:
    proposal = Change(date(2025, 3, 10), date(2025, 3, 31), date(2025, 3, 20), True)
    one = Facts(MARCH, (proposal,))
    assert states.state(one, date(2025, 3, 9)) is State.NOT_DUE
    assert states.state(one, date(2025, 3, 19)) is State.PROPOSED
    assert states.state(one, date(2025, 3, 20)) is State.NOT_DUE
    assert states.due_on(one, date(2025, 3, 20)) == date(2025, 3, 31)
    refused = Facts(MARCH, (Change(date(2025, 3, 10), date(2025, 3, 31), date(2025, 3, 20), False),))
    assert states.state(refused, date(2025, 3, 20)) is State.OVERDUE


def test_what_was_agreed_after_the_work_was_done_does_not_make_it_on_time() -> None:
    agreed_later = Change(date(2025, 3, 18), date(2025, 3, 31), date(2025, 3, 25), True)
    assert (
        states.state(Facts(MARCH, (agreed_later,), done=date(2025, 3, 20)), MARCH + 30 * DAY)
        is State.DONE_LATE
    )


def test_reminders_come_at_fourteen_seven_and_one_day() -> None:
    one = Facts(MARCH)
    told = {n: states.soon(one, MARCH - n * DAY) for n in (15, 14, 8, 7, 2, 1, 0)}
    assert told == {15: None, 14: 14, 8: 14, 7: 7, 2: 7, 1: 1, 0: 1}
    assert states.soon(one, MARCH + DAY) is None
    assert states.soon(Facts(MARCH, done=MARCH - 5 * DAY), MARCH - DAY) is None


@given(facts, days)
def test_what_is_typed_about_later_days_changes_no_earlier_state(one: Facts, day: date) -> None:
    known = Facts(
        one.due,
        tuple(
            change
            if change.decided_on is None or change.decided_on <= day
            else Change(change.proposed_on, change.due)
            for change in one.changes
            if change.proposed_on <= day
        ),
        one.started if one.started and one.started <= day else None,
        one.done if one.done and one.done <= day else None,
    )
    assert states.state(known, day) is states.state(one, day)
    assert states.due_on(known, day) == states.due_on(one, day)


@given(facts, days, days)
def test_done_stays_done(one: Facts, day: date, later: date) -> None:
    first, second = sorted((day, later))
    if states.state(one, first) in states.FINISHED:
        assert states.state(one, second) is states.state(one, first)


@given(facts, days)
def test_overdue_and_done_late_are_told_with_days_and_no_other_finished_state_is(
    one: Facts, day: date
) -> None:
    state, late = states.state(one, day), states.late_by(one, day)
    if state in (State.OVERDUE, State.DONE_LATE):
        assert late > 0
    elif state is not State.PROPOSED:
        assert late == 0
