"""The table of the loop: whatever steps are taken, in whatever order they come to be known, both hospitals agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.transfers import rules
from lienthong.transfers.models import Side, State, Urgency

BEGUN = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = [kind for kind in State if kind is not State.DRAFTED]


@dataclass(frozen=True)
class One:
    id: str
    kind: str
    place: int
    at: datetime
    data: dict[str, Any] = field(default_factory=dict, hash=False)


def steps(*kinds: State, places: list[int] | None = None) -> list[One]:
    return [
        One(f"{n:032x}", kind, (places or range(1, 99))[n], BEGUN + timedelta(minutes=n))
        for n, kind in enumerate(kinds)
    ]


some_steps = st.lists(
    st.tuples(st.sampled_from(KINDS), st.integers(1, 12), st.integers(-600, 600)), max_size=14
).map(
    lambda rows: [
        One(f"{n:032x}", kind, place, BEGUN + timedelta(minutes=minutes))
        for n, (kind, place, minutes) in enumerate(rows)
    ]
)
urgencies = st.sampled_from(list(Urgency))


@given(some_steps, urgencies, st.randoms(use_true_random=False))
def test_no_order_of_arrival_changes_what_a_transfer_is(
    known: list[One], urgency: Urgency, chance: Any
) -> None:
    straight = rules.standing(known, urgency, BEGUN)
    assert straight.state in rules.TURNS
    assert straight.side in Side
    assert straight.role
    assert (straight.due is None) == (straight.state in rules.ENDED)
    assert straight.due is None or straight.due > straight.since
    mixed = list(known)
    chance.shuffle(mixed)
    assert rules.standing(mixed, urgency, BEGUN) == straight
    kept = [step for step in known if step.id not in straight.idle]
    assert rules.standing(kept, urgency, BEGUN).state == straight.state


@given(some_steps, urgencies)
def test_a_step_that_a_side_may_take_has_effect(known: list[One], urgency: Urgency) -> None:
    now = rules.standing(known, urgency, BEGUN)
    for side in Side:
        for kind in rules.allowed(now.state, side, urgency):
            new = One("f" * 32, kind, 99, BEGUN + timedelta(days=1))
            then = rules.standing([*known, new], urgency, BEGUN)
            assert new.id not in then.idle
            assert rules.STEPS[kind][0] in (side, None)


@given(st.data())
def test_two_hospitals_that_hear_of_each_other_late_agree_in_the_end(data: st.DataObject) -> None:
    """Each side takes steps that it may take by what it knows; what it did comes to the other whenever."""
    urgency = data.draw(urgencies)
    first = One("0" * 32, State.SENT, 1, BEGUN)
    known = {side: [first] for side in Side}
    known[Side.RECEIVER].append(One("1" * 32, State.RECEIVED, 2, BEGUN))
    for turn in range(data.draw(st.integers(0, 12))):
        side = data.draw(st.sampled_from(list(Side)))
        other = known[Side.RECEIVER if side is Side.SENDER else Side.SENDER]
        for step in other:
            if step not in known[side] and data.draw(st.booleans()):
                known[side].append(step)
        may = rules.allowed(rules.standing(known[side], urgency, BEGUN).state, side, urgency)
        if may:
            place = max(3, 1 + max(step.place for step in known[side]))
            kind = data.draw(st.sampled_from(may))
            known[side].append(One(f"{turn + 2:032x}", kind, place, BEGUN + timedelta(minutes=turn)))
    whole = {step.id: step for side in Side for step in known[side]}
    ends = [
        rules.standing(list(whole.values()), urgency, BEGUN),
        rules.standing([*whole.values()][::-1], urgency, BEGUN),
    ]
    assert ends[0] == ends[1]


WAYS = [
    (
        [
            "sent",
            "received",
            "seen",
            "accepted",
            "bed",
            "stabilised",
            "departed",
            "arrived",
            "admitted",
            "outcome",
        ],
        "outcome",
    ),
    (["sent", "received", "seen", "asked", "told", "declined"], "declined"),
    (["sent", "departed", "received", "arrived", "admitted", "interim", "outcome", "closed"], "closed"),
    (
        ["sent", "received", "accepted", "appointment", "no-show", "appointment", "arrived", "outcome"],
        "outcome",
    ),
    (["sent", "received", "cancelled"], "cancelled"),
    (["sent", "received", "cancelled", "arrived"], "arrived"),
    (["sent", "received", "declined", "accepted"], "accepted"),
    (["sent", "received", "declined", "departed", "arrived"], "arrived"),
    (["sent", "received", "arrived", "outcome", "closed", "outcome"], "outcome"),
    (["sent", "received", "departed", "accepted", "bed", "seen"], "departed"),
    (["sent", "closed", "outcome", "admitted"], "sent"),
    (["note", "sent", "note"], "sent"),
]


@pytest.mark.parametrize(("kinds", "end"), WAYS)
def test_known_ways(kinds: list[str], end: str) -> None:
    assert rules.standing(steps(*map(State, kinds)), Urgency.EMERGENCY, BEGUN).state == end


@pytest.mark.parametrize(
    ("before", "at_once", "end"),
    [
        (["sent", "received", "seen"], ("cancelled", "accepted"), "cancelled"),
        (["sent", "received", "seen"], ("departed", "declined"), "departed"),
        (["sent", "received", "accepted"], ("departed", "no-show"), "no-show"),
        (["sent", "received", "accepted"], ("cancelled", "arrived"), "arrived"),
        (["sent", "received", "asked"], ("told", "accepted"), "accepted"),
    ],
)
def test_what_both_sides_do_at_once_ends_the_same_way(
    before: list[str], at_once: tuple[str, str], end: str
) -> None:
    for pair in permutations(at_once):
        places = [*range(1, len(before) + 1), 9, 9]
        found = rules.standing(steps(*map(State, [*before, *pair]), places=places), Urgency.EMERGENCY, BEGUN)
        assert found.state == end


def test_every_state_has_an_owner_and_leads_somewhere() -> None:
    assert set(rules.TURNS) == set(State) - {State.NOTE}
    assert set(rules.STEPS) == set(State) - {State.DRAFTED}
    for urgency in Urgency:
        for state in rules.TURNS:
            ways = {kind for side in Side for kind in rules.allowed(state, side, urgency)}
            assert ways or state in (State.DRAFTED,), state


def test_a_planned_patient_leaves_only_when_expected_an_emergency_at_once() -> None:
    assert State.DEPARTED not in rules.allowed(State.SEEN, Side.SENDER, Urgency.PLANNED)
    assert State.DEPARTED in rules.allowed(State.SEEN, Side.SENDER, Urgency.EMERGENCY)
    assert State.DEPARTED in rules.allowed(State.APPOINTMENT, Side.SENDER, Urgency.PLANNED)


def test_the_clock_follows_what_was_promised() -> None:
    promised = {"arrives_at": "2026-01-01T05:00:00Z"}
    assert rules.due(State.DEPARTED, BEGUN, "emergency", promised) == BEGUN + timedelta(hours=6)
    assert rules.due(State.DEPARTED, BEGUN, "emergency", {}) == BEGUN + timedelta(hours=3)
    assert rules.due(State.DEPARTED, BEGUN, "emergency", {"arrives_at": "soon"}) == BEGUN + timedelta(hours=3)
    assert rules.due(State.CLOSED, BEGUN, "urgent", {}) is None


def test_an_overdue_step_goes_up_level_by_level() -> None:
    until = BEGUN + timedelta(minutes=30)
    levels = [
        rules.level(BEGUN, until, BEGUN + timedelta(minutes=m)) for m in (0, 29, 30, 44, 45, 59, 60, 600)
    ]
    assert levels == [0, 0, 1, 1, 2, 2, 3, 3]
