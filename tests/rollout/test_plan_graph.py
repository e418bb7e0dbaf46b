"""What waits for what, and which tasks decide the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.rollout.plan import graph
from lienthong.rollout.plan.schedule import Schedule, Work, schedule

TODAY = date(2025, 2, 18)
DAY = timedelta(days=1)
NAMES = [f"T{n:02d}" for n in range(8)]


@st.composite
def acyclic(draw: st.DrawFn) -> dict[str, set[str]]:
    """Edges from later names to earlier ones."""
    return {
        name: draw(st.sets(st.sampled_from(NAMES[:place]), max_size=3))
        for place, name in enumerate(NAMES)
        if place
    }


def _works(draw: st.DrawFn, done: bool) -> dict[str, Work]:
    begins = st.none() | st.integers(-10, 40).map(lambda n: TODAY + n * DAY)
    dones = st.none() | st.integers(-40, 0).map(lambda n: TODAY + n * DAY) if done else st.none()
    return {name: Work(draw(st.integers(1, 30)), draw(begins), draw(begins), draw(dones)) for name in NAMES}


works = st.composite(_works)


def test_blockers_go_through_and_stop_at_what_is_done() -> None:
    needs = {"trial": {"security", "training"}, "security": {"install"}, "training": {"install"}}
    assert graph.blockers(needs, set(), "trial") == {"security", "training", "install"}
    assert graph.blockers(needs, {"install"}, "trial") == {"security", "training"}
    assert graph.blockers(needs, {"install", "security", "training"}, "trial") == set()
    assert graph.holds_up(needs, set(), "install") == {"security", "training", "trial"}
    assert graph.holds_up(needs, {"install"}, "install") == set()


def test_a_circle_is_named_from_the_task_back_to_it() -> None:
    needs = {"T07": {"T05"}, "T05": {"T11"}}
    assert graph.chain(needs, "T11", "T07") == ["T11", "T07", "T05", "T11"]
    assert graph.chain(needs, "T07", "T11") is None
    assert graph.chain(needs, "T07", "T07") == ["T07", "T07"]


def test_layers_refuse_a_circle() -> None:
    with pytest.raises(ValueError):
        graph.layers({"a": {"b"}, "b": {"a"}}, {"a", "b"})


@given(acyclic(), st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_an_edge_is_refused_just_when_it_would_close_a_circle(
    needs: dict[str, set[str]], task: str, before: str
) -> None:
    with_it = {**needs, task: needs.get(task, set()) | {before}}
    found = graph.chain(needs, task, before)
    if found is None:
        graph.layers(with_it, NAMES)
    else:
        assert found[0] == found[-1] == task
        assert all(later in with_it[one] for one, later in pairwise(found))
        if task != before:
            with pytest.raises(ValueError):
                graph.layers(with_it, NAMES)


@given(acyclic(), st.sets(st.sampled_from(NAMES)))
def test_who_blocks_and_who_is_held_up_are_the_same_seen_from_both_ends(
    needs: dict[str, set[str]], done: set[str]
) -> None:
    for one in NAMES:
        for other in set(NAMES) - done - {one}:
            if one not in done:
                assert (other in graph.blockers(needs, done, one)) == (
                    one in graph.holds_up(needs, done, other)
                )


@given(acyclic())
def test_everything_stands_right_of_what_it_waits_for(needs: dict[str, set[str]]) -> None:
    column = graph.layers(needs, NAMES)
    assert all(column[before] < column[task] for task in needs for before in needs[task])


def _schedule(works: dict[str, Work], needs: dict[str, set[str]]) -> Schedule:
    return schedule(works, needs, TODAY)


def test_the_longest_way_decides_the_end() -> None:
    needs = {"trial": {"security", "training"}, "security": {"install"}, "training": {"install"}}
    found = _schedule(
        {
            "install": Work(30),
            "security": Work(15),
            "training": Work(10, due=TODAY + 30 * DAY),
            "trial": Work(30),
        },
        needs,
    )
    assert found.critical == ("install", "security", "trial")
    assert found.end == TODAY + 74 * DAY
    training = found.forecasts["training"]
    assert (training.slack, training.spare) == (5, -9)


@given(works(True), acyclic())
def test_nothing_begins_before_what_it_waits_for(works: dict[str, Work], needs: dict[str, set[str]]) -> None:
    found = _schedule(works, needs)
    for task, one in found.forecasts.items():
        assert one.start >= TODAY
        assert (one.finish - one.start).days + 1 == works[task].days
        for before in needs.get(task, ()):
            if before in found.forecasts:
                assert found.forecasts[before].finish < one.start
    assert set(found.forecasts) == {task for task, work in works.items() if work.done is None}


@given(works(True), acyclic())
def test_the_critical_chain_leads_to_the_end_without_a_gap(
    works: dict[str, Work], needs: dict[str, set[str]]
) -> None:
    found = _schedule(works, needs)
    if not found.forecasts:
        assert (found.end, found.critical) == (None, ())
        return
    assert found.forecasts[found.critical[-1]].finish == found.end
    assert all(found.forecasts[task].slack == 0 for task in found.critical)
    for one, after in pairwise(found.critical):
        assert one in needs[after]
        assert found.forecasts[one].finish + DAY == found.forecasts[after].start
    first = found.critical[0]
    begin = works[first].begin
    assert found.forecasts[first].start == max([TODAY, *([begin] if begin else [])])


@given(works(False), acyclic(), st.sampled_from(NAMES), st.integers(1, 20))
def test_slack_is_what_a_task_may_take_longer_without_moving_the_end(
    works: dict[str, Work], needs: dict[str, set[str]], task: str, more: int
) -> None:
    before = _schedule(works, needs)
    assert before.end is not None
    slack = before.forecasts[task].slack
    longer = {**works, task: replace(works[task], days=works[task].days + slack + more)}
    exact = {**works, task: replace(works[task], days=works[task].days + slack)}
    assert _schedule(exact, needs).end == before.end
    assert _schedule(longer, needs).end == before.end + more * DAY
