"""What the hub counts is what the hospitals' own steps say, in whatever order it hears of them."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lienthong.exchange import Relayed
from lienthong.transfers import rules
from lienthong.transfers.measures import figures, periods, reading
from lienthong.transfers.measures.facts import Facts, of_steps
from lienthong.transfers.measures.figures import FEWEST, Share, Spread, measured
from lienthong.transfers.models import LoopStep, State, Step
from measures_world import BEGUN, SECRETS, Told, told

NOW = BEGUN + timedelta(days=45)


def _own(one: Told) -> Facts | None:
    transfer = one.transfer
    ends = {"sender": transfer.sender, "receiver": transfer.receiver}
    return of_steps(one.steps, urgency=str(transfer.urgency), complete=one.complete, **ends)


def _rows(one: Told) -> list[LoopStep]:
    return [row for item in one.items if (row := reading._row(item)) is not None]


def _plain(found: Facts | None) -> Any:
    return msgspec.to_builtins(found)


@given(told(), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_the_hub_knows_of_a_transfer_what_its_steps_say(one: Told, chance: Any) -> None:
    rows = _rows(one)
    assert _plain(reading.facts(rows)) == _plain(_own(one))
    again = rows + rows[: len(rows) // 2]
    chance.shuffle(again)
    assert reading.facts(again) == reading.facts(rows)


@given(st.lists(st.integers(0, 40).flatmap(told), max_size=12, unique_by=lambda one: one.transfer.loop))
@settings(max_examples=40)
def test_the_hubs_measures_are_those_of_the_hospitals(some: list[Told]) -> None:
    at_hub = [found for one in some if (found := reading.facts(_rows(one)))]
    at_sites = [found for one in some if (found := _own(one))]
    assert measured(at_hub, NOW) == measured(at_sites, NOW)
    assert measured(at_hub[::-1], NOW, 1) == measured(at_sites, NOW, 1)


@given(told())
def test_nothing_of_a_patient_reaches_a_row(one: Told) -> None:
    for row in _rows(one):
        kept = repr({name: value for name, value in vars(row).items() if name != "_state"})
        assert not any(secret in kept for secret in SECRETS.values())
        assert "died" not in kept
    assert reading.facts([row for row in _rows(one) if row.kind != State.SENT]) is None


BODY = {
    "day": "2026-01-05",
    "step": {"id": "a" * 32, "kind": "sent", "at": "2026-01-05T01:00:00.000Z", "place": 1},
    "urgency": "planned",
    "complete": True,
    "code": "",
    "until": "",
}
BAD: list[Any] = [
    {},
    {"day": "2026-01-05"},
    {"day": "2026-01-05", "state": "seen", "at": "2026-01-05T01:00:00Z"},
    {**BODY, "complete": "yes"},
    {**BODY, "urgency": "soon"},
    {**BODY, "urgency": ["planned"]},
    {**BODY, "step": None},
    {**BODY, "step": {**BODY["step"], "id": "GIÁP THỊ BÍ MẬT"}},
    {**BODY, "step": {**BODY["step"], "kind": "drafted"}},
    {**BODY, "step": {**BODY["step"], "kind": "received"}},
    {**BODY, "step": {**BODY["step"], "kind": "seen"}},
    {**BODY, "step": {**BODY["step"], "kind": "x" * 10_000}},
    {**BODY, "step": {**BODY["step"], "place": 10**30}},
    {**BODY, "step": {**BODY["step"], "place": 0}},
    {**BODY, "step": {**BODY["step"], "place": True}},
    {**BODY, "step": {**BODY["step"], "at": "9999-12-31T23:59:59.000Z"}},
    {**BODY, "step": {**BODY["step"], "at": "2026-02-30T01:00:00.000Z"}},
    {**BODY, "step": {**BODY["step"], "at": "2026-02-03"}},
    {**BODY, "until": "9999-12-31T23:59:59.000Z"},
    {**BODY, "until": 5},
    {**BODY, "code": "x" * 100_000},
    None,
]


def _item(body: Any, loop: str = "b" * 32, kind: str = "transfer") -> Relayed:
    return Relayed(1, BEGUN, "c" * 32, kind, loop, "24011", "01929", body, None)


@pytest.mark.parametrize("body", BAD)
def test_what_is_no_step_of_this_edition_is_refused(body: Any) -> None:
    assert reading._row(_item(BODY)) is not None
    with pytest.raises((ValueError, msgspec.ValidationError)):
        reading._row(_item(body))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={name: st.just(value) | json_values for name, value in BODY.items()}
        | {"step": st.dictionaries(st.sampled_from(list(BODY["step"])), json_values)},  # type: ignore[call-overload]
    ),
    st.sampled_from(["transfer", "transfer-step"]),
)
def test_no_body_stops_the_reader(body: dict[str, Any], kind: str) -> None:
    try:
        row = reading._row(_item(body, kind=kind))
    except (ValueError, msgspec.ValidationError):
        return
    if row is not None:
        reading.facts([row])


def test_a_name_in_place_of_a_loop_is_not_kept_and_an_unknown_reason_is_another() -> None:
    with pytest.raises(msgspec.ValidationError):
        reading._row(_item(BODY, loop=SECRETS["name"]))
    step = {**BODY["step"], "kind": "declined", "place": 4}
    row = reading._row(_item({**BODY, "step": step, "code": SECRETS["name"]}, kind="transfer-step"))
    assert row is not None
    assert (row.code, row.sender, row.receiver) == ("other", "01929", "24011")


def _step(kind: State, minutes: float, place: int, **data: Any) -> Step:
    at = BEGUN + timedelta(minutes=minutes)
    return Step(id=f"{place:032x}", kind=kind, at=at, place=place, data=data)


def _facts(*steps: Step, urgency: str = "emergency") -> Facts:
    sent = _step(State.SENT, 0, 1)
    found = of_steps([*steps, sent], sender="24011", receiver="01929", urgency=urgency, complete=True)
    assert found is not None
    return found


def test_a_whole_way_is_measured_from_sending() -> None:
    one = _facts(
        _step(State.RECEIVED, 1, 2),
        _step(State.SEEN, 2, 3),
        _step(State.ACCEPTED, 12, 4),
        _step(State.BED, 15, 5),
        _step(State.DEPARTED, 40, 6),
        _step(State.ARRIVED, 100, 7),
        _step(State.ADMITTED, 110, 8),
        _step(State.OUTCOME, 1200, 9),
        _step(State.CLOSED, 1300, 10),
    )
    found = figures.figures([one], NOW)
    assert [found.times[name].median for name in figures.TIMES] == [12, 40, 100, 1200]
    assert found.shares == {"closed": Share(1, 1), "complete": Share(1, 1), "overdue": Share(0, 1)}
    assert (one.state, one.due) == ("closed", None)


def test_a_turn_taken_late_stays_overdue_and_a_turn_not_taken_becomes_so() -> None:
    late = _facts(_step(State.RECEIVED, 11, 2), _step(State.CANCELLED, 12, 3, code="mistaken"))
    assert late.late
    assert late.overdue(BEGUN)
    waiting = _facts(_step(State.RECEIVED, 1, 2))
    assert not waiting.late
    assert not waiting.overdue(BEGUN + timedelta(minutes=5, seconds=59))
    assert waiting.overdue(BEGUN + timedelta(minutes=6))


def test_a_promised_appointment_sets_the_clock_at_the_hub_too() -> None:
    row = reading._row(_item(BODY))
    promised = {**BODY, "step": {**BODY["step"], "id": "d" * 32, "kind": "appointment", "place": 3}}
    promised |= {"until": "2026-01-26T02:00:00.000Z"}
    step = replace(_item(promised, kind="transfer-step"), sender="01929", receiver="24011", message="e" * 32)
    receipt = _item(None)
    assert row
    assert receipt.body is None
    other = reading._row(step)
    assert other
    received = LoopStep(
        key="f" * 32, kind="received", step="9" * 32, at=BEGUN, place=2, number=1, taken_at=BEGUN
    )
    found = reading.facts([row, other, received])
    assert found
    assert found.due == datetime(2026, 1, 27, 2, 0, tzinfo=UTC)


def test_refusals_and_ends_are_counted_by_reason_and_a_death_never() -> None:
    once = _facts(_step(State.RECEIVED, 1, 2), _step(State.DECLINED, 2, 3, code="no-bed"))
    then = _facts(
        _step(State.RECEIVED, 1, 2),
        _step(State.DECLINED, 2, 3, code="incomplete"),
        _step(State.ACCEPTED, 3, 4),
        _step(State.CANCELLED, 4, 5, code="died"),
    )
    found = figures.figures([once, then], NOW)
    assert (found.declined, found.cancelled) == ({"incomplete": 1, "no-bed": 1}, {"other": 1})
    assert found.shares["closed"] == Share(0, 1)
    assert found.times["answer"].median == 2


@given(st.lists(st.floats(-100, 10_000), min_size=1, max_size=60))
def test_the_ninetieth_percentile_is_a_time_that_nine_of_ten_do_not_exceed(minutes: list[float]) -> None:
    moments = [(BEGUN, BEGUN + timedelta(minutes=m)) for m in minutes]
    found = figures._spread([figures._minutes(sent, at) for sent, at in moments])
    times = sorted(max(0.0, (at - sent).total_seconds() / 60) for sent, at in moments)
    assert found.ninetieth in times
    assert sum(time <= found.ninetieth for time in times) >= math.ceil(0.9 * len(times))
    assert sum(time < found.ninetieth for time in times) < 0.9 * len(times)
    assert found.median is not None
    assert times[0] <= found.median <= found.ninetieth or len(times) < 3


@given(st.lists(st.integers(0, 60).flatmap(told), max_size=14, unique_by=lambda one: one.transfer.loop))
@settings(max_examples=40)
def test_few_are_never_shown_apart_nor_given_away_by_the_rest(some: list[Told]) -> None:
    facts = [found for one in some if (found := _own(one))]
    shown, exact = measured(facts, NOW), measured(facts, NOW, 1)
    assert measured(facts, NOW, 1).all == figures.figures(facts, NOW)
    for name, groups in shown.groups.items():
        for group, one in groups.items():
            assert one.sent is None or one.sent >= FEWEST
            assert one.sent is not None or (one.declined, one.times["answer"]) == ({}, Spread(None))
            for spread in one.times.values():
                assert spread.count is None or spread.count == 0 or spread.count >= FEWEST
            for counts in (one.declined, one.cancelled):
                assert all(count is None or count >= FEWEST for count in counts.values())
            assert group in exact.groups[name]
        hidden = [exact.groups[name][group].sent for group, one in groups.items() if one.sent is None]
        assert len(hidden) != 1 or len(groups) == 1 or shown.all.sent is None


def test_one_small_group_takes_the_next_larger_with_it() -> None:
    assert figures._hidden({"a": 9, "b": 3, "c": 7}, 5) == {"b", "c"}
    assert figures._hidden({"a": 9, "b": 3, "c": 2}, 5) == {"b", "c"}
    assert figures._hidden({"a": 9, "b": 0, "c": 7}, 5) == set()


def test_a_period_is_whole_weeks_in_viet_nam() -> None:
    found = periods.of("2026-01-07", "2026-01-14")
    assert (found.first.isoformat(), found.last.isoformat()) == ("2026-01-05", "2026-01-18")
    assert found.begins == datetime(2026, 1, 4, 17, 0, tzinfo=UTC)
    assert found.ends == datetime(2026, 1, 18, 17, 0, tzinfo=UTC)
    assert len(found.weeks) == 2
    assert len(periods.of("x", "").weeks) == periods.USUAL_WEEKS
    assert len(periods.of("2001-01-01", "2026-01-14").weeks) == periods.MOST_WEEKS
    assert len(periods.of("2027-01-01", "2026-01-14").weeks) == 1
    assert figures.week(datetime(2026, 1, 4, 17, 0, tzinfo=UTC)).isoformat() == "2026-01-05"


@given(told())
def test_the_third_level_is_where_the_hub_is_told(one: Told) -> None:
    found = _own(one)
    assert found is not None
    if found.due is None:
        return
    hub_at = found.since + rules.LEVELS[-1] * (found.due - found.since)
    assert rules.level(found.since, found.due, hub_at) == 3
    assert rules.level(found.since, found.due, hub_at - timedelta(seconds=1)) == 2
