"""A seed decides what befalls a province."""

from __future__ import annotations

from itertools import pairwise

import pytest

from lienthong.config.drill import events
from lienthong.config.drill.proxy import Line

SEEDS = range(300)


def test_a_seed_always_gives_the_same_events_and_another_seed_others() -> None:
    assert events.plan(7) == events.plan(7) != events.plan(8)


def test_every_kind_falls_but_those_that_must_be_asked_for() -> None:
    fallen = {event.kind for seed in SEEDS for event in events.plan(seed)}
    assert fallen == set(events.KINDS) - {"power-cut"}


@pytest.mark.parametrize("kind", events.KINDS)
def test_only_the_kinds_that_are_named_fall(kind: str) -> None:
    for seed in range(20):
        planned = events.plan(seed, [kind])
        assert {event.kind for event in planned} == {kind}
        assert all(early.at <= late.at for early, late in pairwise(planned))


def test_a_node_has_one_disk_of_its_own_at_most() -> None:
    for seed in SEEDS:
        planned = events.plan(seed, ["full-disk", "power-cut"])
        full = {event.node for event in planned if event.kind == "full-disk"}
        cut = {event.node for event in planned if event.kind == "power-cut"}
        assert len(full) <= 1
        assert len(cut) <= 1
        assert not full & cut


def test_faults_of_a_line_add_up_and_end() -> None:
    slow, cut = (events.Event(1, 2, kind, "bac-giang", 0.5) for kind in ("slow", "cut"))
    line = events.line_of([slow, cut])
    assert line.state == "silent"
    assert line.up.rate == events.line_of([slow]).up.rate > 0
    assert events.line_of([]) == Line()


def test_clocks_go_wrong_by_minutes_and_by_days_both_ways() -> None:
    shifts = [events.clock_shift(value / 100) for value in range(101)]
    assert min(shifts) < -10 * 86_400
    assert max(shifts) > 10 * 86_400
    assert min(map(abs, shifts)) < 300
