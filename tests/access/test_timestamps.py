"""Time-stamps over the audit trail, with a real time-stamping authority (openssl) behind HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

import fixed_tsa
from lienthong.access import audit, merkle, timestamps
from lienthong.access.tsa import Service
from lienthong.exchange.evidence import verify
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from tsa import Authority, Server, served

AT = datetime(2025, 1, 12, 3, 4, 5, tzinfo=UTC)
DOCTOR = audit.Actor("bs.hoa", "Nguyễn Thị Hoa", "doctor", "10.0.0.7")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "own")


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa") / "foreign", "ec")


@pytest.fixture
def server(authority: Authority, node_home: Path, db: None) -> Iterator[Server]:
    """The authority, which this node's settings name."""
    with served(authority) as running:
        settings.NODE = replace(settings.NODE, timestamp_url=running.url, timestamp_ca=str(authority.ca))
        yield running


def write(amount: int) -> None:
    for number in range(amount):
        audit.record(DOCTOR, "read", patient=f"p{number}", detail={"n": number})


def sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def the_service() -> Service:
    found = timestamps.service()
    assert found
    return found


def stamp() -> None:
    timestamps.make(now=True)
    timestamps.stamp_waiting(the_service())


@given(st.lists(st.binary(min_size=1, max_size=3), min_size=1, max_size=70), st.data())
def test_every_entry_leads_to_the_root_by_its_path_and_no_other_does(entries: list[bytes], data: Any) -> None:
    leaves = [merkle.leaf(entry) for entry in entries]
    index = data.draw(st.integers(0, len(entries) - 1))
    path = merkle.path(leaves, index)
    assert verify.merkle_root(entries[index], index, len(entries), path) == merkle.root(leaves)
    assert verify.merkle_root(entries[index] + b"x", index, len(entries), path) != merkle.root(leaves)
    for wrong in (path[:-1], [*path, b"\0" * 32]):
        if wrong != path:
            with pytest.raises(verify.Fault):
                verify.merkle_root(entries[index], index, len(entries), wrong)


def test_the_tree_is_that_of_rfc_6962() -> None:
    """Roots of the first entries of the test set of Certificate Transparency's reference implementation."""
    entries = [bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243")]
    leaves = [merkle.leaf(entry) for entry in entries]
    assert merkle.root(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert merkle.root(leaves[:2]).hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
    assert merkle.root(leaves[:6]).hex() == "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"


def test_a_batch_is_stamped_and_openssl_agrees(server: Server, authority: Authority) -> None:
    write(5)
    assert timestamps.make() == [1]
    assert timestamps.stamp_waiting(the_service()) == 1
    batch = timestamps.of(3)
    assert batch
    assert (batch.first, batch.last, batch.facility) == (1, 5, "24011")
    assert batch.stamped_by == "CN=Invented Time Stamps,O=Invented,C=VN"
    assert authority.says_right(batch.answer, batch.statement)
    assert not authority.says_right(batch.answer, batch.statement + b" ")
    links = audit.naming(["n"], [event.at for event in audit.trail()])
    path = [bytes.fromhex(one) for one in timestamps.paths(batch, [3])[3]]
    root = verify.merkle_root(bytes.fromhex(links[2].hash), 2, 5, path)
    assert root.hex() == batch.root
    assert timestamps.check() == timestamps.Checked(None, None, 0, 5, 5, batch.stamped_at, 0)


def test_events_wait_until_it_is_time_for_a_batch(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    write(2)
    assert timestamps.make() == [1]
    write(2)
    assert timestamps.make() == []
    monkeypatch.setattr(timestamps, "MOST_EVENTS", 2)
    assert timestamps.make() == [2]
    write(5)
    assert timestamps.make() == [3, 4]
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=11))
    assert timestamps.make() == [5]
    assert timestamps.make() == []


def test_batches_wait_for_a_service_that_cannot_be_reached(server: Server) -> None:
    write(3)
    timestamps.make(now=True)
    good, settings.NODE = settings.NODE, replace(settings.NODE, timestamp_url="http://127.0.0.1:1/")
    with pytest.raises(LienThongError, match="timestamp-no-service") as caught:
        timestamps.stamp_waiting(the_service())
    assert caught.value.problem.retry
    write(3)
    timestamps.make(now=True)
    assert timestamps.check().waiting == 2
    settings.NODE = good
    assert timestamps.stamp_waiting(the_service()) == 2
    assert timestamps.check().waiting == 0


def answers(
    server: Server, authority: Authority, foreign: Authority
) -> dict[str, Callable[[bytes], tuple[int, bytes]]]:
    """What a bad service may answer."""
    other = authority.answer(authority.query(b"something else"))

    batch = timestamps.of(1)
    assert batch
    replayed = authority.answer(authority.query(batch.statement))

    def granted(query: bytes) -> tuple[int, bytes]:
        answer = authority.answer(query)
        place = answer.index(b"\x30\x03\x02\x01\x00") + 4
        return 200, answer[:place] + b"\x02" + answer[place + 1 :]

    return {
        "another nonce": lambda query: (200, replayed),
        "another digest": lambda query: (200, other),
        "a foreign CA": lambda query: (200, foreign.answer(query)),
        "not granted": granted,
        "rubbish": lambda query: (200, b"rubbish"),
        "nothing": lambda query: (200, b""),
        "deep nesting": lambda query: (200, b"\x30\x80" * 50_000),
        "too much": lambda query: (200, b"\x30" * 200_000),
        "elsewhere": lambda query: (302, b""),
        "a fault": lambda query: (500, b"oops"),
        "cut short": lambda query: (200, authority.answer(query)[:-9]),
        "one bit": lambda query: (200, flipped(authority.answer(query))),
    }


def flipped(answer: bytes) -> bytes:
    return answer[:-40] + bytes([answer[-40] ^ 1]) + answer[-39:]


def test_wrong_answers_are_not_believed(server: Server, authority: Authority, foreign: Authority) -> None:
    write(1)
    timestamps.make(now=True)
    for name, reply in answers(server, authority, foreign).items():
        before, server.reply = server.calls, reply  # type: ignore[method-assign]
        with pytest.raises(LienThongError) as caught:
            timestamps.stamp_waiting(the_service())
        assert caught.value.problem.code == "timestamp-bad-answer", name
        assert server.calls == before + 1, name
        assert timestamps.check().waiting == 1, name


def test_a_certificate_for_something_else_does_not_stamp(
    authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> None:
    answer = authority.answer(authority.query(b"x"))
    start = answer.index(
        b"\x30", answer.index(b"\x04", answer.index(bytes.fromhex("2a864886f70d0109100104")))
    )
    info = answer[start : start + 2 + answer[start + 1]]
    assert verify.check_stamp(authority.signed_anyhow(info), b"x").by == verify.check_stamp(answer, b"x").by
    servers = Authority(tmp_path_factory.mktemp("tsa") / "servers", usage="other")
    with pytest.raises(verify.Fault, match="not meant for time-stamping"):
        verify.check_stamp(servers.signed_anyhow(info), b"x")
    year = info.index(b"\x18\x0f") + 2
    early = info[:year] + b"2001" + info[year + 4 :]
    with pytest.raises(verify.Fault, match="not valid when it stamped"):
        verify.check_stamp(authority.signed_anyhow(early), b"x")


def test_an_unreadable_ca_file_is_a_problem_and_no_silent_trust(server: Server, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    for name in ("ca.pem", "missing.pem"):
        settings.NODE = replace(settings.NODE, timestamp_ca=str(tmp_path / name))
        with pytest.raises(LienThongError, match="timestamp-ca-unreadable"):
            timestamps.service()


def test_a_check_begins_after_the_last_checked_stamp(server: Server) -> None:
    write(4)
    stamp()
    write(3)
    assert timestamps.check().events == 7
    found = timestamps.check()
    assert (found.since, found.events, found.holds) == (4, 3, True)
    timestamps.make(now=True)
    assert timestamps.check().since == 4  # checked, but not yet stamped
    assert timestamps.check().since == 4
    timestamps.stamp_waiting(the_service())
    timestamps.check()
    assert timestamps.check().since == 7
    assert timestamps.check(full=True).events == 7


def test_a_change_after_the_last_check_is_found_at_once_and_an_older_one_by_the_full_check(
    server: Server,
) -> None:
    write(4)
    stamp()
    write(3)
    assert timestamps.check().holds
    sql("UPDATE access_auditevent SET why = 'x' WHERE seq = 6")
    assert timestamps.check().broken == 6
    sql("UPDATE access_auditevent SET why = '' WHERE seq = 6")
    sql("UPDATE access_auditevent SET why = 'x' WHERE seq = 2")
    assert timestamps.check().holds
    assert timestamps.check(full=True).broken == 2
    assert timestamps.check().broken == 2  # what was found broken is not forgotten


def test_a_whole_chain_computed_anew_is_found_by_its_stamp(server: Server) -> None:
    write(6)
    stamp()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE access_auditevent SET why = 'x' WHERE seq = 2")
        cursor.execute("SELECT * FROM access_auditevent ORDER BY seq")
        previous = audit.START
        for *values, _ in cursor.fetchall():
            previous = audit._digest(previous, tuple(values))
            sql("UPDATE access_auditevent SET hash = %s WHERE seq = %s", previous, values[0])
    sql("UPDATE access_audithead SET hash = %s", previous)
    assert audit.broken_at() is None
    assert timestamps.check().bad_batch == 1
    leaves = [merkle.leaf(bytes.fromhex(one)) for one in timestamps._hashes(0, 6)]
    sql("UPDATE access_auditbatch SET root = %s, head = %s", merkle.root(leaves).hex(), previous)
    assert timestamps.check().bad_batch == 1  # the stamp covers the old root


def test_an_end_cut_off_is_found_by_its_batch(server: Server) -> None:
    write(6)
    stamp()
    sql("DELETE FROM access_auditevent WHERE seq > 4")
    with connection.cursor() as cursor:
        cursor.execute("SELECT hash FROM access_auditevent WHERE seq = 4")
        (digest,) = cursor.fetchone()
    sql("UPDATE access_audithead SET seq = 4, hash = %s", digest)
    assert audit.broken_at() is None
    assert timestamps.check().broken == 5


@pytest.mark.parametrize("column", ["first", "last", "root", "head", "facility", "stamped_at"])
def test_a_changed_batch_is_found(server: Server, column: str) -> None:
    write(3)
    stamp()
    changed = {"first": 2, "last": 2, "stamped_at": "2020-01-01T00:00:00.000Z"}.get(column, "0" * 16)
    sql(f"UPDATE access_auditbatch SET {column} = %s", changed)
    assert not timestamps.check().holds
    assert not timestamps.check(full=True).holds


def test_without_a_service_batches_are_made_and_checked_all_the_same(node_home: Path, db: None) -> None:
    assert timestamps.service() is None
    write(3)
    timestamps.make(now=True)
    write(2)
    assert timestamps.check().events == 5
    found = timestamps.check()
    assert (found.since, found.events, found.stamped, found.waiting) == (3, 2, 0, 1)


@pytest.mark.django_db(transaction=True)
def test_the_loop_stamps_and_tells_of_trouble_once_it_ends(
    authority: Authority, node_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timestamps, "_LOOK", 0.01)
    monkeypatch.setattr(timestamps, "_LONGEST_PAUSE", 0.02)
    told: list[str | None] = []
    stop, bad, good = threading.Event(), threading.Event(), threading.Event()

    def tell(problem: Any) -> None:
        told.append(problem.code if problem else None)
        (bad if problem else good).set()

    write(3)
    with served(authority) as server:
        right = server.reply
        server.reply = lambda query: (503, b"")  # type: ignore[method-assign]
        settings.NODE = replace(settings.NODE, timestamp_url=server.url, timestamp_ca=str(authority.ca))
        thread = threading.Thread(target=timestamps.run, args=(stop, tell))
        thread.start()
        assert bad.wait(30)
        server.reply = right  # type: ignore[method-assign]
        assert good.wait(30)
        stop.set()
        thread.join(30)
    assert told[0] == "timestamp-no-service"
    assert told[-1] is None
    assert timestamps.check().stamped == 3


def test_another_time_under_the_same_signature_is_found() -> None:
    answer = fixed_tsa.answer(b"x", AT, 1)
    assert verify.check_stamp(answer, b"x").at == AT
    assert answer.count(b"20250112") == 1
    with pytest.raises(verify.Fault, match="messageDigest"):
        verify.check_stamp(answer.replace(b"20250112", b"20240112"), b"x")


@given(st.integers(min_value=0), st.integers(0, 7))
def test_a_stamp_with_one_bit_changed_says_the_same_or_nothing(place: int, bit: int) -> None:
    answer = fixed_tsa.answer(b"x", AT, 1)
    at = place % len(answer)
    changed = answer[:at] + bytes([answer[at] ^ 1 << bit]) + answer[at + 1 :]
    roots = [fixed_tsa.certificates()[0]]
    try:
        found = verify.check_stamp(changed, b"x", roots)
    except verify.Fault:
        return
    assert found == verify.check_stamp(answer, b"x", roots)


@given(st.binary(max_size=200))
def test_no_answer_of_a_stranger_raises_anything_but_a_fault(answer: bytes) -> None:
    for one in (answer, b"\x30" + bytes([len(answer) % 128]) + answer):
        with pytest.raises(verify.Fault):
            verify.check_stamp(one, b"x")
