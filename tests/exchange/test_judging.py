"""Whether what a key signed counts: one rule, for every order of making, replacing, revoking and clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lienthong.exchange import peers
from lienthong.facilities import directory
from lienthong.facilities.directory import SKEW, NodeKey
from lienthong.facilities.models import Facility, Node
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError

START = datetime(2026, 3, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 4_000).map(lambda s: START + timedelta(seconds=s))
MAYBE = st.none() | MOMENTS
TICK = timedelta(milliseconds=1)


def key(since: datetime, until: datetime | None = None, revoked: datetime | None = None) -> NodeKey:
    return NodeKey("k", "24011", "site", {}, "", since, until, revoked)


@given(MOMENTS, MAYBE, MAYBE, MOMENTS, MOMENTS)
def test_nothing_counts_from_the_moment_of_revocation_on(
    since: datetime, until: datetime | None, revoked: datetime | None, at: datetime, signed: datetime
) -> None:
    if revoked is not None and at >= revoked:
        assert not key(since, until, revoked).valid(at, signed)
    else:
        assert key(since, until, revoked).valid(at, signed) == key(since, until).valid(at, signed)


@given(MOMENTS, MAYBE, MOMENTS, MOMENTS)
@example(
    START, START + timedelta(seconds=100), START + timedelta(seconds=3000), START + timedelta(seconds=160)
)
def test_a_replaced_key_counts_for_what_was_signed_or_taken_before_its_end(
    since: datetime, until: datetime | None, at: datetime, signed: datetime
) -> None:
    counts = key(since, until).valid(at, signed)
    assert counts == (at >= since - SKEW and (until is None or min(at, signed) < until + SKEW))
    assert key(since, until).valid(at) == key(since, until).valid(at, at)
    if counts:  # however long it has waited, it goes on counting when the hub takes it later
        assert key(since, until).valid(at + timedelta(days=40), min(at, signed))


@given(MOMENTS, MOMENTS, st.integers(-60_000, 60_000).filter(lambda ms: abs(ms) < 60_000))
def test_a_clock_that_is_off_by_less_than_a_minute_loses_nothing(
    since: datetime, until: datetime, off: int
) -> None:
    since, until = sorted((since, until))
    true = until - TICK
    later = until + timedelta(days=3)
    assert key(since, until).valid(later, true + timedelta(milliseconds=off))
    assert key(since, until).valid(since + timedelta(milliseconds=off), since)


@given(MOMENTS, st.integers(1, 2_000), MOMENTS, MOMENTS)
def test_rotation_leaves_no_gap(since: datetime, overlap: int, at: datetime, signed: datetime) -> None:
    """Whatever moment: the old key or the new one counts, when both overlap."""
    change = START + timedelta(seconds=2_000)
    old, new = key(START - SKEW, change + timedelta(seconds=overlap)), key(change)
    assert old.valid(at, min(at, signed)) or new.valid(at, min(at, signed))


@pytest.mark.django_db(transaction=True)
def test_the_judge_asks_the_directory_and_hears_of_every_change() -> None:
    Facility.objects.create(code="24011", kind="hospital")
    now = clock.now()
    directory.add_node("24011", "site", {"x": "y"}, "k" * 43, now - timedelta(hours=1))
    peers.forget()
    assert peers.judge("k" * 43, now).facility == "24011"
    with pytest.raises(LienThongError, match="exchange-unknown-key"):
        peers.judge("k" * 43, now - timedelta(hours=2))
    with pytest.raises(LienThongError, match="exchange-unknown-key"):
        peers.judge("n" * 43, now)
    Node.objects.update(revoked_at=now - timedelta(minutes=1))
    peers.forget()
    with pytest.raises(LienThongError, match="exchange-unknown-key"):
        peers.judge("k" * 43, now)
    assert peers.judge("k" * 43, now - timedelta(minutes=2)).kid == "k" * 43
