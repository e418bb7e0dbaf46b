"""The audit chain: whatever is altered in the tables is found."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong.access import audit
from lienthong.access.audit import Actor

COLUMNS = [
    "at",
    "person",
    "person_name",
    "role",
    "address",
    "action",
    "page",
    "patient",
    "why",
    "detail",
    "hash",
]
DOCTOR = Actor("bs.hoa", "Nguyễn Thị Hoa", "doctor", "10.0.0.7")


def _write(amount: int) -> None:
    for number in range(amount):
        audit.record(
            DOCTOR, "read", patient=f"p{number}", page="/patients", why="treatment", detail={"n": number}
        )


def _sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def chain(db: None) -> None:
    """Eight events that hold."""
    _write(8)
    assert audit.broken_at() is None


def test_an_empty_chain_holds(db: None) -> None:
    assert audit.broken_at() is None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seq=st.integers(1, 8),
    column=st.sampled_from(COLUMNS),
    where=st.integers(0, 63),
    letter=st.sampled_from("x7é "),
)
def test_one_changed_letter_is_found(chain: None, seq: int, column: str, where: int, letter: str) -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {column} FROM access_auditevent WHERE seq = %s", (seq,))
            before = cursor.fetchone()[0]
        place = where % len(before)
        after = before[:place] + (letter if before[place] != letter else "y") + before[place + 1 :]
        _sql(f"UPDATE access_auditevent SET {column} = %s WHERE seq = %s", after, seq)
        assert audit.broken_at() == seq
        transaction.set_rollback(True)


@pytest.mark.parametrize("seq", [1, 4, 8])
def test_a_removed_event_is_found(chain: None, seq: int) -> None:
    _sql("DELETE FROM access_auditevent WHERE seq = %s", seq)
    assert audit.broken_at() in (seq, 8)


def test_two_events_that_change_places_are_found(chain: None) -> None:
    _sql("UPDATE access_auditevent SET seq = 99 WHERE seq = 3")
    _sql("UPDATE access_auditevent SET seq = 3 WHERE seq = 4")
    _sql("UPDATE access_auditevent SET seq = 4 WHERE seq = 99")
    assert audit.broken_at() == 3


def test_an_event_put_in_by_hand_is_found(chain: None) -> None:
    columns = ", ".join(COLUMNS)
    _sql(
        f"INSERT INTO access_auditevent (seq, {columns}) SELECT 9, {columns} FROM access_auditevent WHERE seq = 8"
    )
    assert audit.broken_at() == 9


def test_a_head_set_back_is_found(chain: None) -> None:
    _sql("UPDATE access_audithead SET seq = 7")
    assert audit.broken_at() == 8


def test_events_added_while_the_chain_is_read_do_not_break_it(chain: None) -> None:
    reading = audit.links()
    assert next(reading)[0] == 1
    _write(3)
    assert [seq for seq, _ in reading] == list(range(2, 9))
    assert audit.broken_at() is None


def test_an_event_goes_with_its_transaction(db: None) -> None:
    with transaction.atomic():
        audit.record(DOCTOR, "read")
        transaction.set_rollback(True)
    assert audit.trail() == []
    assert audit.record(DOCTOR, "read") == 1
    assert audit.broken_at() is None


def test_events_added_together_are_links_of_the_same_chain(chain: None) -> None:
    doctor = audit.Wanted(DOCTOR, "read", patient="p9", why="ETREAT", detail={"basis": "emergency"})
    long = audit.Wanted(audit.system("lis"), "store", page="\\\t\n\r\\N" + "x" * 300)
    assert audit.record_many([]) == []
    assert audit.record_many([doctor, *[long] * 600]) == list(range(9, 610))
    assert audit.broken_at() is None
    (event,) = audit.seen_by("p9")
    assert (event.seq, event.person, event.why, event.detail) == (
        9,
        "bs.hoa",
        "ETREAT",
        {"basis": "emergency"},
    )
    _sql("UPDATE access_auditevent SET why = 'TREAT' WHERE seq = 9")
    assert audit.broken_at() == 9


@pytest.mark.django_db(transaction=True)
def test_threads_write_one_chain() -> None:
    def work() -> None:
        try:
            for start in range(0, 14, 7):
                audit.record_many([audit.Wanted(DOCTOR, "read", detail={"n": start})] * 7)
                audit.append([audit.Wanted(DOCTOR, "search", detail={"n": start})] * 3)
            _write(1)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert audit.broken_at() is None
    assert [event.seq for event in reversed(audit.trail(limit=200))] == list(range(1, 127))


@pytest.mark.django_db(transaction=True)
def test_events_appended_follow_on_the_newest_whoever_added_it() -> None:
    odd = audit.Wanted(
        Actor("hé", "Đỗ 'Văn' \\ \"É\" 😀", "doctor"), "read", page="\t\n\x7f%s", detail={"a": "{}"}
    )
    assert audit.append([]) == []
    assert audit.append([odd]) == [1]
    with CaptureQueriesContext(connection) as captured:
        assert audit.append([odd, odd]) == [2, 3]
    if connection.vendor == "postgresql":
        assert len(captured) == 1
    with transaction.atomic():
        audit.record(DOCTOR, "read")
        transaction.set_rollback(True)
    assert audit.append([odd]) == [4]
    known = audit._end[-1]
    audit.record(DOCTOR, "read")
    audit._end.append(known)  # as a process knows it that has not heard of the fifth
    assert audit.append([odd, odd]) == [6, 7]
    assert audit.broken_at() is None
    assert audit.trail(person="hé")[0].person_name == odd.actor.name


def test_the_trail_filters_and_pages(chain: None) -> None:
    audit.record(Actor("cntt.minh", "Minh"), "sign-in")
    assert [event.action for event in audit.trail(person="cntt.minh")] == ["sign-in"]
    assert [event.seq for event in audit.trail(action="read", limit=3)] == [8, 7, 6]
    assert [event.seq for event in audit.trail(before=3)] == [2, 1]
    assert audit.trail(since="2999") == audit.trail(until="1999") == []
    assert [event.detail for event in audit.seen_by("p2")] == [{"n": 2}]
