"""What a site does with what the hub hands over, and what turns a message green."""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import msgpack

from exchange_calls import AGES, HUB, OTHER, RECEIVER, SENDER, Site, altered, seal
from lienthong import exchange
from lienthong.exchange import alerts, chain, content, inbox, manifest, outbox, receipts, sealed, work
from lienthong.exchange.batches import Carried, Item
from lienthong.exchange.inbox import Incoming
from lienthong.foundation import clock, json
from lienthong.foundation.blobs import BlobFolder, NoSuchBlob
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.foundation.signing import SigningKey

Sites = dict[str, Site]
handled: list[str] = []
receipted: list[str] = []
FAIL: set[str] = set()
SPOIL: set[str] = set()


def take(incoming: Incoming) -> str:
    if incoming.body.get("refuse"):
        raise exchange.Refused(Problem("test-refused", "Từ chối.", "Refused."))
    handled.append(incoming.id)
    if incoming.id in FAIL:
        raise RuntimeError("disk")
    if incoming.id in SPOIL:  # a constraint that the database checks only when all is committed
        query(
            "INSERT INTO facilities_node (kid, facility_id, role, jwk, valid_from) VALUES ('x', 'none', 'site', '{}',"
            " '2025-01-01 00:00:00') RETURNING kid"
        )
    return "stored-" + incoming.id


def came(message: str, loop: str, receipt: exchange.Receipt) -> None:
    receipted.append(message)


HANDLERS = {"test": take}
RECEIPT_HANDLERS = {"test": came}


@pytest.fixture(autouse=True)
def tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(django_settings, "EXCHANGE_HANDLERS", f"{__name__}.HANDLERS")
    monkeypatch.setattr(django_settings, "EXCHANGE_RECEIPT_HANDLERS", f"{__name__}.RECEIPT_HANDLERS")
    for kept in (handled, receipted, FAIL, SPOIL):
        kept.clear()


def item(site: Site, number: int, loop: str = "one", **body: Any) -> Item:
    return item_of(number, site.sign(site.manifest(RECEIVER, loop=loop, body=body)))


def item_of(number: int, jws: str, parts: Sequence[Carried] = ()) -> Item:
    """A message as the hub would hand it over."""
    found, at = manifest.read_manifest(manifest.payload_of(jws)), clock.iso(clock.now())
    hub = SigningKey.load_or_make(django_settings.NODE.home.parent / HUB / "keys" / "signing.pem")
    acceptance = manifest.sign_acceptance(hub, HUB, found.id, manifest.digest(manifest.payload_of(jws)), at)
    return Item(number, at, "message", jws, acceptance, list(parts))


def id_of(one: Item) -> str:
    return manifest.read_manifest(manifest.payload_of(one.jws)).id


def handle_all() -> None:
    while rows := work.claim("worker", "in", 10):
        for row in rows:
            try:
                found = inbox.checked(row)
            except LienThongError as error:
                work.hold(row, error.problem)
            else:
                inbox.handle([(row, found)])


def query(text: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text)
        return list(cursor.fetchall())


def clear() -> None:
    with connection.cursor() as cursor:
        for table in ("message", "part", "content", "sealed", "chain", "trace", "line"):
            cursor.execute(f"DELETE FROM exchange_{table}")
    handled.clear()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_doubled_and_disordered_delivery_stores_each_once_in_order(
    sites: Sites, become: Any, data: st.DataObject
) -> None:
    become(RECEIVER)
    clear()
    items = [item(sites[SENDER], number, loop=f"loop-{number % 3}") for number in range(1, 8)]
    for _ in range(data.draw(st.integers(1, 3))):
        inbox.collect(data.draw(st.permutations(items + data.draw(st.lists(st.sampled_from(items))))))
        if data.draw(st.booleans()):
            handle_all()
    handle_all()
    for loop in range(3):
        in_order = [id_of(one) for one in items if one.number % 3 == loop]
        assert [message for message in handled if message in in_order] == in_order
    assert len(handled) == len(items)
    before = query("SELECT message, receipt FROM exchange_message ORDER BY number")
    inbox.collect(items)
    handle_all()
    assert len(handled) == len(items)
    assert query("SELECT message, receipt FROM exchange_message ORDER BY number") == before


def test_a_fault_in_one_handler_holds_its_loop_and_nothing_else(sites: Sites, become: Any) -> None:
    become(RECEIVER)
    first, second, other = (item(sites[SENDER], n, loop) for n, loop in ((1, "a"), (2, "a"), (3, "b")))
    FAIL.add(id_of(first))
    inbox.collect([first, second, other])
    handle_all()
    assert exchange.messages_of("b")[0].state == "stored"
    held = exchange.messages_of("a")
    assert [row.state for row in held] == ["collected", "collected"]
    assert held[0].problem is not None
    assert held[0].problem.code == "exchange-handler-failed"
    FAIL.clear()
    query("UPDATE exchange_message SET next_try = '' RETURNING number")
    handle_all()
    assert [row.state for row in exchange.messages_of("a")] == ["stored", "stored"]


def test_messages_are_handled_in_one_commit_and_one_that_spoils_it_stops_no_other(
    sites: Sites, become: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    become(RECEIVER)
    monkeypatch.setattr(inbox, "_LONGEST_COMMIT", 60.0)
    items = [item(sites[SENDER], n, f"loop-{n}", refuse=n == 5) for n in range(1, 7)]
    FAIL.add(id_of(items[1]))
    SPOIL.add(id_of(items[3]))
    inbox.collect(items)
    rows = work.claim("worker", "in", 10)
    assert inbox.handle([(row, inbox.checked(row)) for row in rows]) == 6
    states = query("SELECT state FROM exchange_message ORDER BY position")
    assert [state for (state,) in states] == [
        "stored",
        "collected",
        "stored",
        "collected",
        "refused",
        "stored",
    ]
    problems = query("SELECT problem FROM exchange_message WHERE state = 'collected' AND receipt = ''")
    assert [json.loads(text)["code"] for (text,) in problems] == ["exchange-handler-failed"] * 2
    before = len(handled)
    good = [item(sites[SENDER], n, f"loop-{n}") for n in range(10, 14)]
    inbox.collect(good)
    rows = work.claim("worker", "in", 10)
    inbox.handle([(row, inbox.checked(row)) for row in rows])
    assert len(handled) == before + 4
    monkeypatch.setattr(inbox, "_LONGEST_COMMIT", 0.0)
    inbox.collect([item(sites[SENDER], n, f"loop-{n}") for n in (20, 21)])
    rows = work.claim("worker", "in", 10)
    assert inbox.handle([(row, inbox.checked(row)) for row in rows]) == 1


def test_a_worker_that_comes_late_with_an_old_claim_changes_nothing(sites: Sites, become: Any) -> None:
    become(RECEIVER)
    inbox.collect([item(sites[SENDER], 1), item(sites[SENDER], 2, "two", refuse=True)])
    rows = work.claim("worker", "in", 10)
    for row in rows:
        inbox.handle([(row, inbox.checked(row))])
    before = query("SELECT message, state, receipt FROM exchange_message ORDER BY number")
    for row in rows:
        inbox.handle([(row, inbox.checked(row))])
    assert len(handled) == 1
    assert query("SELECT message, state, receipt FROM exchange_message ORDER BY number") == before


def test_a_refusal_is_signed(sites: Sites, become: Any) -> None:
    become(RECEIVER)
    inbox.collect([item(sites[SENDER], 1, refuse=True)])
    handle_all()
    ((jws,),) = query("SELECT receipt FROM exchange_message")
    payload = manifest.verified(jws, sites[RECEIVER].key.jwk, manifest.RECEIPT)
    receipt = manifest.read_receipt(payload)
    assert receipt.outcome == "refused"
    assert receipt.problem is not None
    assert receipt.problem["code"] == "test-refused"


def test_what_was_signed_by_another_or_is_for_another_is_set_aside(sites: Sites, become: Any) -> None:
    become(RECEIVER)
    kid = sites[SENDER].key.kid
    forged = sites[OTHER].sign(sites[OTHER].manifest(RECEIVER) | {"from": {"facility": SENDER, "kid": kid}})
    astray = sites[SENDER].sign(sites[SENDER].manifest(OTHER))
    inbox.collect([item_of(1, forged), item_of(2, astray), item(sites[SENDER], 3)])
    handle_all()
    states = query("SELECT state FROM exchange_message ORDER BY position")
    assert states == [("set-aside",), ("set-aside",), ("stored",)]
    assert len(handled) == 1
    assert exchange.flow().set_aside == 2


def put(loop: str = "one", **body: Any) -> tuple[str, dict[str, Any]]:
    with transaction.atomic():
        message = exchange.put(
            RECEIVER,
            "test",
            loop,
            body=body,
            parts=[exchange.Part("bundle", "text/plain", b"x")],
            basis="test",
        )
    ((jws,),) = query(f"SELECT jws FROM exchange_message WHERE message = '{message}'")
    return message, json.loads(manifest.payload_of(jws))


def test_small_parts_are_in_the_database_and_large_ones_are_not(sites: Sites, become: Any) -> None:
    become(SENDER)
    large = random.Random(1).randbytes(content.SMALL + 1)
    swollen = b"\0" * (content.SMALL_CONTENT + 1)
    with transaction.atomic():
        assert [content.put(one).sha256 for one in (b"", b"small", large, swollen)] == [
            manifest.digest(one) for one in (b"", b"small", large, swollen)
        ]
        held = query("SELECT sha256 FROM exchange_content")
        transaction.set_rollback(True)
    assert {sha256 for (sha256,) in held} == {manifest.digest(b""), manifest.digest(b"small")}
    assert query("SELECT sha256 FROM exchange_content") == []
    blobs = BlobFolder(django_settings.NODE.blobs)
    assert [blobs.read(manifest.digest(one)) for one in (large, swollen)] == [large, swollen]
    assert content.has([manifest.digest(one) for one in (b"small", large)]) == {manifest.digest(large)}


def test_calls_are_filled_up_to_their_limits(
    sites: Sites, become: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    become(SENDER)
    noise = random.Random(3)

    def send(loop: str, *contents: bytes) -> str:
        parts = [exchange.Part("bundle", "text/plain", one) for one in contents]
        with transaction.atomic():
            return exchange.put(RECEIVER, "test", loop, body={}, parts=parts, basis="test")

    small = [send(f"small-{n}", noise.randbytes(50_000)) for n in range(30)]
    large = send("large", noise.randbytes(sealed.SMALL + 1), b"beside")
    many = send("many", *(noise.randbytes(60_000) for _ in range(20)))
    last = send("last", b"x")
    calls = outbox.batches(work.claim("worker", "out", 64), 1 << 20)
    assert [one.row.message for call in calls for one in call if not one.alone] == [*small, last]
    assert [call[0].row.message for call in calls if call[0].alone] == [large, many]
    for call in calls:
        size = len(msgpack.encode({"messages": outbox.envelopes(call)}))
        assert size <= sum(one.weight for one in call) <= 1 << 20
        assert len(call) == 1 or not any(one.alone for one in call)
    assert sorted(len(call) for call in calls) == [1, 1, 11, 20]
    slow = outbox.batches([one.row for call in calls for one in call], 65_536)
    assert all(sum(one.weight for one in call) <= 65_536 for call in slow)
    query("DELETE FROM exchange_sealed RETURNING sha256")
    with pytest.raises(NoSuchBlob):
        outbox.envelopes(calls[0])


@pytest.mark.parametrize("more", [-40, -1, 0, 1, 200, 600, 1_100])
def test_content_about_as_long_as_what_travels_with_a_message_finds_its_way(
    sites: Sites, become: Any, more: int
) -> None:
    become(SENDER)
    noise = random.Random(5).randbytes(content.SMALL + more)
    with transaction.atomic():
        part = exchange.Part("bundle", "text/plain", noise)
        exchange.put(RECEIVER, "test", "loop", body={}, parts=[part], basis="test")
    ((one,),) = outbox.batches(work.claim("worker", "out", 64), 1 << 20)
    (envelope,) = outbox.envelopes([one])
    entry = manifest.read_manifest(manifest.payload_of(one.row.jws)).parts[0]
    for name in one.alone:
        stream, _ = sealed.open_stream(name)
        with stream:
            AGES[name] = stream.read()
    become(RECEIVER)
    if one.alone:
        taken(msgspec.to_builtins(entry))
    else:
        (carried,) = envelope.parts
        with transaction.atomic():
            content.keep([content.opened(entry, carried.age)])
    assert content.read(entry.sha256) == noise


def test_a_part_that_came_damaged_with_its_message_is_left_to_be_fetched(sites: Sites, become: Any) -> None:
    become(RECEIVER)
    value = sites[SENDER].manifest(RECEIVER, [b"right", b"also right", b"wrong"])
    names = [part["sealed"]["sha256"] for part in value["parts"]]
    ages = [AGES[names[0]], AGES[names[1]], seal(b"other", RECEIVER)[1], seal(b"not named", RECEIVER)[1]]
    carried = [Carried(name, age) for name, age in zip([*names, "0" * 64], ages, strict=True)]
    inbox.collect([item_of(1, sites[SENDER].sign(value), carried)])
    held = [manifest.digest(one) for one in (b"right", b"also right", b"wrong")]
    assert content.has(held) == set(held[:2])
    assert content.read(held[0]) == b"right"
    assert len(query("SELECT sha256 FROM exchange_part")) == 3


def taken(part: dict[str, Any]) -> None:
    """Fetches a part, as it were, and opens it."""
    entry = msgspec.convert(part, manifest.Entry)
    assert entry.sealed is not None
    partial = sealed.partial(entry.sealed.sha256)
    partial.write_bytes(AGES[entry.sealed.sha256])
    sealed.settle(partial, entry.sealed.sha256)
    with transaction.atomic():
        content.take(entry)


def test_sealed_content_that_was_fetched_is_opened_and_checked(sites: Sites, become: Any) -> None:
    become(RECEIVER)
    large = random.Random(4).randbytes(sealed.SMALL + 1)
    swollen = b"\0" * (content.SMALL_CONTENT + 1)
    for held in (b"small", large, large[: content.SMALL + 1], swollen):
        taken(sites[SENDER].part(RECEIVER, held))
        assert content.read(manifest.digest(held)) == held
    for held in (b"x", large):
        part = sites[SENDER].part(RECEIVER, held)
        for wrong in (part | {"sha256": "0" * 64}, part | {"size": len(held) - 1}, part | {"size": 10**9}):
            with pytest.raises(content.CannotOpen):
                taken(wrong)
        with pytest.raises(content.CannotOpen):
            taken(sites[SENDER].part(OTHER, held))
    assert not content.has(["0" * 64])
    assert not list((django_settings.NODE.blobs / "tmp").iterdir())


def test_messages_of_a_sender_are_chained(sites: Sites, become: Any) -> None:
    become(SENDER)
    values = [put(loop=f"loop-{n}")[1] for n in range(5)]
    assert [value["seq"] for value in values] == [1, 2, 3, 4, 5]
    assert [value["prev"] for value in values] == [
        manifest.FIRST,
        *(manifest.digest(json.canonical(value)) for value in values[:4]),
    ]


def chained(site: Site, number: int, prev: str, **changes: Any) -> tuple[Item, str]:
    value = site.manifest(RECEIVER, loop=f"loop-{number}-{prev[:4]}", seq=number, prev=prev, **changes)
    return item_of(number + 100 * len(handled), site.sign(value)), manifest.digest(json.canonical(value))


def test_the_receiver_sees_gaps_and_forks(sites: Sites, become: Any) -> None:
    become(RECEIVER)
    items, prev = [], manifest.FIRST
    for number in range(1, 7):
        one, prev = chained(sites[SENDER], number, prev)
        items.append(one)
    inbox.collect([items[0], items[1], items[4]])
    handle_all()
    assert chain.gaps() == [chain.Gap(SENDER, 3, 4)]
    inbox.collect([items[3], items[2], items[5]])
    handle_all()
    assert chain.gaps() == []
    assert alerts.open_alerts() == []
    inbox.collect([chained(sites[SENDER], 5, "1" * 64)[0]])
    handle_all()
    assert [(one.problem.code, one.about) for one in alerts.open_alerts()] == [("exchange-fork", SENDER)]
    alerts.clear("exchange-fork")
    inbox.collect([chained(sites[SENDER], 7, "2" * 64)[0]])
    handle_all()
    assert [one.problem.code for one in alerts.open_alerts()] == ["exchange-fork"]
    assert len(handled) == 8, "a fork is told, and loses nothing"


def test_an_urgent_message_overtakes_a_study_of_its_loop_and_no_other(sites: Sites, become: Any) -> None:
    become(SENDER)

    def send(priority: int) -> str:
        part = exchange.Part("bundle", "text/plain", b"x", priority)
        with transaction.atomic():
            return exchange.put(RECEIVER, "test", "one", body={}, parts=[part], basis="test")

    first, study, later, second_study = send(0), send(3), send(0), send(3)
    order = []
    while rows := work.claim("worker", "out", 10):
        for row in rows:
            order.append(row.message)
            query(
                f"UPDATE exchange_message SET state = 'accepted' WHERE number = {row.number} RETURNING number"
            )
    assert order == [first, later, study, second_study]
    assert len(set(order)) == 4


def test_content_that_the_receiver_has_does_not_travel_again(sites: Sites, become: Any) -> None:
    become(SENDER)
    _, first = put()
    _, second = put()
    assert "sealed" in second["parts"][0], "not before its receipt"
    inbox.collect([receipt_item(1, sites[RECEIVER].receipt(first))])
    _, third = put()
    assert "sealed" not in third["parts"][0]
    assert third["parts"][0]["sha256"] == first["parts"][0]["sha256"]
    with transaction.atomic():
        part = exchange.Part("bundle", "text/plain", b"x")
        exchange.put(OTHER, "test", "two", body={}, parts=[part], basis="test")
    assert len(query("SELECT 1 FROM exchange_part WHERE sealed <> ''")) == 3
    assert query("SELECT COUNT(*) FROM exchange_sealed") == [(2,)], "what has arrived is forgotten"


def test_a_message_to_a_hospital_without_a_node_is_not_queued(sites: Sites, become: Any) -> None:
    become(SENDER)
    with pytest.raises(LienThongError, match="exchange-unknown-receiver"), transaction.atomic():
        exchange.put("99999", "test", "one", body={}, parts=[], basis="test")


def test_a_file_is_prepared_before_the_transaction(sites: Sites, become: Any, tmp_path: Path) -> None:
    become(SENDER)
    study = tmp_path / "study.zip"
    study.write_bytes(random.Random(7).randbytes(5 << 20))
    ready = exchange.prepare(RECEIVER, [exchange.Part("study", "application/zip", study, 3)])
    with transaction.atomic():
        message = exchange.put(RECEIVER, "test", "one", body={}, parts=ready, basis="test")
    ((size, name, lane),) = query(
        "SELECT p.sealed_size, p.sealed, m.lane FROM exchange_part p JOIN exchange_message m USING (number)"
        f" WHERE m.message = '{message}'"
    )
    assert (size > 5 << 20, lane) == (True, 3)
    assert sealed.measure(sealed.path(name)) == manifest.Sealed(name, size)
    become(RECEIVER)
    sealed.settle(shutil.copy(sealed_at(SENDER, name), sealed.partial(name)), name)
    with transaction.atomic():
        content.take(msgspec.convert(manifest_of(message)["parts"][0], manifest.Entry))
    assert content.read(manifest.digest(study.read_bytes())) == study.read_bytes()


def sealed_at(facility: str, name: str) -> Path:
    folder: Path = django_settings.NODE.home.parent / facility / "sealed"
    return folder / name[:2] / f"{name[2:]}.age"


def manifest_of(message: str) -> dict[str, Any]:
    ((jws,),) = query(f"SELECT jws FROM exchange_message WHERE message = '{message}'")
    value: dict[str, Any] = json.loads(manifest.payload_of(jws))
    return value


def receipt_item(number: int, jws: str) -> Item:
    return Item(number, clock.iso(clock.now()), "receipt", jws)


def test_only_a_verified_receipt_turns_a_message_green(sites: Sites, become: Any) -> None:
    become(SENDER)
    message, value = put()
    wrong = [
        sites[OTHER].receipt(value),
        sites[OTHER].receipt(value, by={"facility": RECEIVER, "kid": sites[RECEIVER].key.kid}),
        sites[RECEIVER].receipt(value, manifest="0" * 64),
        sites[RECEIVER].receipt(value, by={"facility": OTHER, "kid": sites[RECEIVER].key.kid}),
        sites[RECEIVER].key.jws(json.canonical({"v": 1}), manifest.RECEIPT),
        sites[SENDER].receipt(value),
    ]
    for number, jws in enumerate(wrong, 1):
        inbox.collect([receipt_item(number, jws)])
        assert exchange.messages_of("one")[0].state == "queued"
    assert receipted == []
    right = sites[RECEIVER].receipt(value)
    inbox.collect([receipt_item(10, right), receipt_item(11, right)])
    (row,) = exchange.messages_of("one")
    assert (row.state, row.problem, receipted) == ("stored", None, [message])
    assert [step.step for step in exchange.journey(message)][-1] == "receipt-verified"


def test_an_acceptance_that_comes_after_the_refusal_leaves_its_reason(sites: Sites, become: Any) -> None:
    become(SENDER)
    message, value = put()
    why = Problem("test-refused", "Từ chối.", "Refused.").as_dict()
    inbox.collect(
        [receipt_item(1, sites[RECEIVER].receipt(value, outcome="refused", stored="", problem=why))]
    )
    outbox.accepted(
        [outbox.Sent(message, "acceptance", clock.iso(clock.now()), HUB, 0, clock.iso(clock.now()))]
    )
    (row,) = exchange.messages_of("one")
    assert row.state == "refused"
    assert row.problem is not None
    assert row.problem.code == "test-refused"


def test_a_receipt_brings_the_acceptance_that_the_line_lost(sites: Sites, become: Any) -> None:
    become(SENDER)
    message, value = put()
    receipt = sites[RECEIVER].receipt(value)
    accepted = item_of(1, sites[SENDER].sign(value)).acceptance
    foreign = item_of(1, sites[SENDER].sign(sites[SENDER].manifest(RECEIVER))).acceptance
    inbox.collect([Item(1, clock.iso(clock.now()), "receipt", "no.jws.here", accepted)])
    inbox.collect([Item(2, clock.iso(clock.now()), "receipt", receipt, foreign)])
    kept = "SELECT acceptance, state FROM exchange_message"
    assert query(kept) == [("", "stored")]
    inbox.collect([Item(3, clock.iso(clock.now()), "receipt", receipt, accepted)])
    assert query(kept) == [(accepted, "stored")]
    assert receipted == [message]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 1 << 16), letter=st.sampled_from("ABCDEFGHabcdefgh0123456789-_."))
def test_a_receipt_with_any_changed_character_proves_nothing(
    sites: Sites, become: Any, place: int, letter: str
) -> None:
    become(SENDER)
    clear()
    _, value = put()
    inbox.collect([receipt_item(1, altered(sites[RECEIVER].receipt(value), place, letter))])
    assert exchange.messages_of("one")[0].state == "queued"


def test_a_receipt_of_a_key_not_yet_known_waits_for_the_directory(sites: Sites, become: Any) -> None:
    from lienthong.facilities.models import Node

    become(SENDER)
    _, value = put()
    node = Node.objects.get(kid=sites[RECEIVER].key.kid)
    node.delete()
    inbox.collect([receipt_item(1, sites[RECEIVER].receipt(value))])
    assert exchange.messages_of("one")[0].problem is not None
    Node.objects.create(
        kid=sites[RECEIVER].key.kid,
        facility_id=RECEIVER,
        role="site",
        jwk=node.jwk,
        valid_from=node.valid_from,
    )
    query("UPDATE exchange_message SET next_try = '' RETURNING number")
    assert receipts.again() == 1
    assert exchange.messages_of("one")[0].state == "stored"


def test_a_put_joins_the_callers_transaction(sites: Sites, become: Any) -> None:
    become(SENDER)
    with pytest.raises(RuntimeError, match="atomic"):
        exchange.put(RECEIVER, "test", "one", body={}, parts=[], basis="test")
    with transaction.atomic():
        exchange.put(RECEIVER, "test", "one", body={}, parts=[], basis="test")
        transaction.set_rollback(True)
    assert exchange.messages_of("one") == []
    with pytest.raises(LienThongError, match="exchange-to-self"), transaction.atomic():
        exchange.put(SENDER, "test", "one", body={}, parts=[], basis="test")
    put()
    flow = exchange.flow()
    assert (flow.waiting, flow.sent_today, flow.set_aside) == (1, 0, 0)


def test_two_workers_never_claim_the_same_message_nor_two_of_one_loop(sites: Sites, become: Any) -> None:
    become(SENDER)
    for number in range(6):
        put(loop=f"loop-{number % 3}")
    one, two = work.claim("one", "out", 2), work.claim("two", "out", 10)
    assert len(one) == 2
    assert len(two) == 1
    assert len({row.number for row in one + two}) == 3
    work.release("one", [row.number for row in one])
    assert len(work.claim("two", "out", 10)) == 2
