"""Everything typed has author and time, shows before and after, and can be taken back exactly."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.django_db

DAY = date(2025, 2, 18)
FACILITIES, KEYS = ("24011", "24004"), ("servers", "computers")


@pytest.fixture
def by() -> Any:
    from lienthong.access import audit

    return audit.Actor("so-y-te", "Vi Thị Hương Giang", "department", "127.0.0.1")


def _held() -> list[tuple[Any, ...]]:
    from lienthong.rollout.facts import Fact

    return list(
        Fact.objects.order_by("facility", "key", "valid_from").values_list(
            "id", "facility", "key", "value", "valid_from", "source", "confirmed"
        )
    )


def test_before_and_after_author_and_time(by: Any) -> None:
    from lienthong.access.models import AuditEvent
    from lienthong.rollout import changes, facts

    with changes.batch(by, "facts", unit="24011", page="/board") as batch:
        assert facts.put(batch, "24011", "computers", "300", DAY, source="Báo cáo")
    with changes.batch(by, "facts", unit="24011", why="kiểm kê lại") as batch:
        assert facts.put(batch, "24011", "computers", "308", DAY)
    fact = facts.value("24011", "computers", DAY)
    assert fact is not None
    newest = changes.of(fact)[0]
    assert (newest.field, newest.before, newest.after) == ("value", "300", "308")
    assert newest.batch.by_name == "Vi Thị Hương Giang"
    assert newest.batch.why == "kiểm kê lại"
    assert fact.changed_by == "Vi Thị Hương Giang"
    assert AuditEvent.objects.filter(action="board-changed").count() == 2


def test_a_batch_that_changes_nothing_leaves_no_trace(by: Any) -> None:
    from lienthong.access.models import AuditEvent
    from lienthong.rollout import changes, facts

    for _ in range(2):
        with changes.batch(by, "facts") as batch:
            facts.put(batch, "24011", "servers", "4", DAY)
    assert changes.BatchRow.objects.count() == 1
    assert AuditEvent.objects.filter(action="board-changed").count() == 1


def test_nobody_overwrites_what_he_has_not_read(by: Any) -> None:
    from lienthong.foundation.errors import LienThongError
    from lienthong.rollout import changes, facts

    with changes.batch(by, "facts") as batch:
        facts.put(batch, "24011", "servers", "4", DAY)
    read = facts.value("24011", "servers", DAY)
    assert read is not None
    seen = read.seen()
    with changes.batch(by, "facts") as batch:
        facts.put(batch, "24011", "servers", "5", DAY)
    read.value = "6"
    with pytest.raises(LienThongError, match="row-changed"), changes.batch(by, "facts") as batch:
        batch.save(read, seen=seen)
    assert facts.value("24011", "servers", DAY).value == "5"  # type: ignore[union-attr]


def test_a_later_change_stops_an_undo(by: Any) -> None:
    from lienthong.foundation.errors import LienThongError
    from lienthong.rollout import changes, facts

    with changes.batch(by, "import") as first:
        facts.put(first, "24011", "servers", "4", DAY)
        facts.put(first, "24011", "printers", "40", DAY)
    with changes.batch(by, "facts"):
        pass
    with changes.batch(by, "facts") as later:
        facts.put(later, "24011", "servers", "5", DAY)
    before = _held()
    (conflict,) = changes.undo(first.id, by)
    assert (conflict.field, conflict.expected, conflict.found) == ("value", "4", "5")
    assert _held() == before
    assert changes.undo(later.id, by) == []
    assert changes.undo(first.id, by) == []
    assert _held() == []
    with pytest.raises(LienThongError, match="batch-undone"):
        changes.undo(first.id, by)


def test_an_undo_can_be_undone(by: Any) -> None:
    from lienthong.rollout import changes, facts

    with changes.batch(by, "facts") as first:
        facts.put(first, "24011", "servers", "4", DAY, source="Báo cáo")
    held = _held()
    assert changes.undo(first.id, by) == []
    back = changes.BatchRow.objects.get(undoes=first.id)
    assert changes.undo(back.id, by) == []
    assert _held() == held


_WRITES = st.lists(
    st.tuples(
        st.sampled_from(FACILITIES),
        st.sampled_from(KEYS),
        st.sampled_from(["", "1", "2", "3"]),
        st.integers(0, 2),
        st.booleans(),
    ),
    max_size=6,
)


@settings(max_examples=40, deadline=None)
@given(st.lists(_WRITES, min_size=1, max_size=4))
def test_undoing_everything_newest_first_gives_back_every_state(rounds: list[Any]) -> None:
    from django.db import transaction

    from lienthong.access import audit
    from lienthong.rollout import changes, facts

    someone = audit.Actor("so-y-te", "Vi Thị Hương Giang")
    with transaction.atomic():
        states, done = [_held()], []
        for writes in rounds:
            with changes.batch(someone, "facts") as batch:
                for facility, key, value, day, sure in writes:
                    facts.put(batch, facility, key, value, DAY + timedelta(day), confirmed=sure)
            if batch.changes:
                done.append(batch.id)
                states.append(_held())
        for batch_id in reversed(done):
            assert _held() == states.pop()
            assert changes.undo(batch_id, someone) == []
        assert _held() == states.pop()
        transaction.set_rollback(True)
