"""What one node checks, mends, asks for and gives, in this process; also on PostgreSQL."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, transaction
from msgspec import json as msgjson
from msgspec import msgpack

from exchange_calls import HUB, OTHER, RECEIVER, SENDER, Site
from lienthong import exchange
from lienthong.exchange import inbox, manifest, outbox, reconciling, work
from lienthong.exchange.batches import MSGPACK, Item
from lienthong.exchange.inbox import Incoming
from lienthong.exchange.reconciling import (
    again,
    asking,
    checking,
    comparing,
    entries,
    giving,
    night,
    rows,
    taking,
)
from lienthong.exchange.reconciling.giving import Papers
from lienthong.exchange.reconciling.night import Worker
from lienthong.foundation import clock

Sites = dict[str, Site]


def query(text: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        return list(cursor.fetchall()) if cursor.description else []


def put(to: str, count: int = 1, content: bytes = b"content") -> list[str]:
    with transaction.atomic():
        return [
            exchange.put(
                to,
                "test",
                f"loop-{n}",
                body={},
                parts=[exchange.Part("bundle", "text/plain", b"%d" % n + content)],
                basis="test",
            )
            for n in range(count)
        ]


def carry(sites: Sites, become: Any, sender: str = SENDER) -> None:
    """Brings what is queued at a sender to the hub and keeps the acceptances."""
    become(sender)
    for batch in outbox.batches(work.claim("worker", "out", 64), 1 << 20):
        envelopes = [
            {"manifest": e.manifest, "parts": [{"sha256": p.sha256, "age": p.age} for p in e.parts]}
            for e in outbox.envelopes(batch)
        ]
        become(HUB)
        results = sites[sender].post_all(*envelopes)
        become(sender)
        now = clock.iso(clock.now())
        outbox.accepted(
            [
                outbox.Sent(
                    one.row.message,
                    r["acceptance"],
                    manifest.read_acceptance(manifest.payload_of(r["acceptance"])).at,
                    HUB,
                    0,
                    now,
                )
                for one, r in zip(batch, results, strict=True)
            ]
        )


def check_all() -> None:
    last, _ = checking.span()
    position = 0
    while position < last:
        position, _ = checking.step(position, last)


def named() -> set[tuple[str, str, str]]:
    return {(one.message, one.what, one.finding) for one in reconciling.still_open()}


def test_what_is_sound_is_not_named_and_columns_are_mended_from_the_manifest(
    sites: Sites, become: Any
) -> None:
    become(SENDER)
    messages = put(RECEIVER, 5)
    carry(sites, become)
    check_all()
    assert named() == set()
    before = rows.read("SELECT " + reconciling_columns() + " FROM exchange_message ORDER BY number", ())
    query(
        "UPDATE exchange_message SET loop = 'x', bytes = 1, seq = 77 WHERE direction = 'out' AND message = %s",
        messages[1],
    )
    query(
        "DELETE FROM exchange_part WHERE number = ("
        "SELECT number FROM exchange_message WHERE direction = 'out' AND message = %s)",
        messages[2],
    )
    query(
        "UPDATE exchange_message SET accepted_at = '2020-01-01T00:00:00.000Z' WHERE direction = 'out' AND message = %s",
        messages[3],
    )
    check_all()
    assert named() == set()
    assert {(one.message, one.what) for one in reconciling.latest(10)} == {
        (messages[1], "columns"),
        (messages[2], "parts"),
        (messages[3], "columns"),
    }
    assert (
        rows.read("SELECT " + reconciling_columns() + " FROM exchange_message ORDER BY number", ()) == before
    )


def reconciling_columns() -> str:
    from lienthong.exchange.reconciling import sql

    return sql.MESSAGE


def test_damaged_content_is_put_aside_and_asked_of_the_other_side_once(sites: Sites, become: Any) -> None:
    become(SENDER)
    (message,) = put(RECEIVER)
    carry(sites, become)
    ((sha256,),) = query(
        "SELECT p.sha256 FROM exchange_part p JOIN exchange_message m ON m.number = p.number WHERE m.direction = 'out'"
    )
    query("UPDATE exchange_content SET zstd = %s WHERE sha256 = %s", b"\x00\x01", sha256)
    check_all()
    assert named() == {(message, "content", "damaged")}
    from django.conf import settings

    assert (settings.NODE.home / "damaged" / sha256).read_bytes() == b"\x00\x01"
    for _ in range(2):
        with transaction.atomic():
            asking.ask(reconciling.still_open())
    assert query("SELECT COUNT(*) FROM exchange_message WHERE kind = 'content-request'") == [(1,)]


def collected(sites: Sites, become: Any, contents: list[bytes]) -> tuple[str, str]:
    """A message from the sender, collected by the receiver and stored; id and JWS."""
    become(HUB)
    value, jws = sites[SENDER].send(RECEIVER, contents)
    item = sites[RECEIVER].mail()[-1]
    become(RECEIVER)
    inbox.collect([Item(item["number"], item["at"], "message", jws, item["acceptance"])])
    return value["id"], jws


def test_content_that_the_manifest_takes_for_known_is_asked_for_once(sites: Sites, become: Any) -> None:
    message, _ = collected(sites, become, [b"one"])
    for _ in range(3):
        with transaction.atomic():
            reconciling.request(message, [manifest.digest(b"one")])
    (wanted,) = query("SELECT receiver, kind FROM exchange_message WHERE direction = 'out'")
    assert wanted == (SENDER, asking.REQUEST)
    assert named() == {(message, "content", "missing")}


def test_only_a_party_of_the_message_gets_anything(sites: Sites, become: Any) -> None:
    become(SENDER)
    (message,) = put(RECEIVER)
    carry(sites, become)
    become(SENDER)
    ((digest, sha256),) = query(
        "SELECT m.manifest, p.sha256 FROM exchange_message m JOIN exchange_part p ON p.number = m.number"
        " WHERE m.direction = 'out'"
    )
    wanted = msgjson.encode(
        [{"message": message, "manifest": digest, "papers": True, "contents": [sha256, "0" * 64]}]
    ).decode()
    giving.give("0" * 32, OTHER, wanted)
    assert query("SELECT COUNT(*) FROM exchange_message WHERE kind = 'content'") == [(0,)]
    giving.give("0" * 32, RECEIVER, wanted)
    assert query("SELECT receiver FROM exchange_message WHERE kind = 'content'") == [(RECEIVER,)]
    parts = query(
        "SELECT p.role, p.sha256 FROM exchange_part p JOIN exchange_message m ON m.number = p.number"
        " WHERE m.kind = 'content' ORDER BY p.place"
    )
    assert [role for role, _ in parts] == ["papers", "content"]
    assert parts[1][1] == sha256
    assert query("SELECT COUNT(*) FROM access_auditevent WHERE action = 'content-given'") == [(1,)]


def papers_of(direction: str, message: str, **changes: str) -> Papers:
    row = rows.one(direction, message)
    assert row is not None
    return Papers(
        message,
        changes.get("manifest", row.jws),
        changes.get("acceptance", row.acceptance),
        changes.get("receipt", row.receipt),
        [],
    )


def test_papers_are_taken_only_when_asked_for_and_only_when_they_verify(sites: Sites, become: Any) -> None:
    become(SENDER)
    message, other = put(RECEIVER, 2)
    carry(sites, become)
    good = papers_of("out", message)
    digest = query("SELECT manifest FROM exchange_message WHERE message = %s AND direction = 'out'", message)[
        0
    ][0]
    query("DELETE FROM exchange_message WHERE direction = 'out' AND message = %s", message)
    from lienthong.exchange.reconciling.proofs import Proofs

    def give(papers: Papers) -> None:
        with transaction.atomic():
            taking.take_papers("out", papers, Proofs())

    give(good)
    assert rows.one("out", message) is None  # nobody has asked for it
    last, _ = checking.span()
    checking.links(0, last)
    checking.ends()
    assert [(one.what, one.manifest) for one in reconciling.still_open()] == [("message", digest)]
    give(papers_of("out", other))
    forged = sites[OTHER].receipt(sites[OTHER].manifest(RECEIVER))
    give(Papers(message, good.manifest, forged, forged, []))
    assert rows.one("out", message) is None
    give(Papers(message, good.manifest, good.acceptance, forged, []))
    restored = rows.one("out", message)
    assert restored is not None
    assert (restored.state, restored.receipt, restored.jws) == ("accepted", "", good.manifest)
    assert named() == set()


def test_the_hub_gets_back_only_what_it_asked_for(sites: Sites, become: Any) -> None:
    become(SENDER)
    message, whole = put(RECEIVER, 2)
    carry(sites, become)
    become(HUB)
    ((name,),) = query(
        "SELECT p.sealed FROM exchange_part p JOIN exchange_message m ON m.number = p.number"
        " WHERE m.direction = 'relay' AND m.message = %s",
        message,
    )
    ((age,),) = query("SELECT age FROM exchange_sealed WHERE sha256 = %s", name)
    query("UPDATE exchange_sealed SET age = %s WHERE sha256 = %s", bytes(age)[:-1] + b"!", name)
    row = rows.one("relay", whole)
    query("DELETE FROM exchange_message WHERE direction = 'relay' AND message = %s", whole)
    query("DELETE FROM exchange_mailboxitem WHERE facility = %s AND message = %s", SENDER, whole)
    check_all()
    from lienthong.exchange.reconciling import mailboxes

    mailboxes.lost()
    relayed = named()
    assert (message, "sealed", "damaged") in relayed
    assert (whole, "message", "missing") in relayed
    with transaction.atomic():
        again.ask(reconciling.still_open())
    wishes = [item for item in sites[SENDER].mail() if item["type"] == "again"]
    assert len(wishes) == 1
    assert row is not None
    out = rows.one("out", whole)
    assert out is not None

    def bring(site: Site, **changes: Any) -> int:
        body = [
            {"manifest": rows.one("out", message).jws, "parts": [{"sha256": name, "age": bytes(age)}]},
            {"manifest": out.jws, "acceptance": out.acceptance},
        ]
        answer = site.call("POST", "again", msgpack.encode(body), content_type=MSGPACK)
        assert answer.status == 200
        return int(answer.json["wanted"])

    assert bring(sites[OTHER]) == 0
    assert bring(sites[SENDER]) == 2
    assert bytes(query("SELECT age FROM exchange_sealed WHERE sha256 = %s", name)[0][0]) == bytes(age)
    again_there = rows.one("relay", whole)
    assert again_there is not None
    assert again_there._replace(number=0) == row._replace(number=0)
    assert named() == set()
    assert bring(sites[SENDER]) == 0


def test_the_sides_of_a_comparison_say_the_same_and_find_what_is_gone(sites: Sites, become: Any) -> None:
    become(SENDER)
    messages = put(RECEIVER, 6)
    carry(sites, become)
    become(HUB)
    items = sites[RECEIVER].mail()
    become(RECEIVER)
    inbox.collect(
        [
            Item(i["number"], i["at"], "message", i["jws"], i["acceptance"])
            for i in items
            if i["type"] == "message"
        ]
    )
    query("DELETE FROM exchange_message WHERE direction = 'in' AND message = %s", messages[2])
    query(
        "UPDATE exchange_message SET manifest = %s WHERE direction = 'in' AND message = %s",
        "1" * 64,
        messages[4],
    )
    become(SENDER)
    horizon = entries.newest("out")
    asking_side, comparison = entries.Kept(SENDER, RECEIVER, horizon), comparing.Comparison()
    while asked := comparison.question(asking_side):
        become(RECEIVER)
        reply = comparing.answer(entries.Kept(SENDER, RECEIVER, horizon), asked)
        become(SENDER)
        comparison.take(asking_side, reply, asking_side.look)
    assert {d.message: d.word for d in comparison.differences.values()} == {
        messages[2]: "missing-there",
        messages[4]: "other-manifest",
    }


def test_a_killed_worker_is_followed_by_one_that_goes_on(
    sites: Sites, become: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    become(SENDER)
    put(RECEIVER, 7)
    carry(sites, become)
    monkeypatch.setattr(checking, "STEP", 2)
    monkeypatch.setattr(night, "_SLICE", 0.0)
    stop = threading.Event()
    first = Worker(stop)
    reconciling.start()
    assert reconciling.progress().wanted
    for _ in range(3):
        first.turn()
    reached = reconciling.progress()
    assert reached.phase == "checking"
    assert not Worker(stop).turn()  # the first holds the work
    query("UPDATE exchange_reconciliation SET claimed_until = ''")
    second, seen = Worker(stop), reached.checked
    for _ in range(30):
        second.turn()
        now = reconciling.progress()
        assert now.checked >= seen
        seen = now.checked
        if not now.phase:
            break
    assert not reconciling.progress().phase
    assert reconciling.progress().checked == reached.total


def test_a_result_that_passes_the_hub_gives_its_figure(sites: Sites, become: Any) -> None:
    from lienthong.exchange.reconciling import conversation

    become(HUB)
    body = {
        "run": "a" * 32,
        "horizon": "2025-01-12T00:00:00.000Z",
        "messages": 10,
        "differing": 1,
        "differences": [["b" * 32, "missing-there"]],
    }
    sites[SENDER].send(RECEIVER, [b"[]"], kind="reconcile-result", body=body)
    sites[RECEIVER].send(SENDER, [b"[]"], kind="reconcile-result", body={"nonsense": 1})
    conversation.gather()
    (pair,) = reconciling.pairs()
    assert (pair.sender, pair.receiver, pair.messages, pair.matching, pair.differing) == (
        SENDER,
        RECEIVER,
        10,
        9,
        1,
    )
    assert pair.differences == {"b" * 32: "missing-there"}


def test_questions_of_another_shape_or_too_large_are_refused(sites: Sites, become: Any) -> None:
    from lienthong.exchange.reconciling import conversation

    become(RECEIVER)
    big = manifest.Entry("0" * 64, conversation.LARGEST + 1, "reconcile", "application/json", 1)
    incoming = Incoming("1" * 32, "reconcile", "run", SENDER, clock.now(), "integrity-check", {}, (big,))
    with pytest.raises(exchange.Refused):
        conversation.take(incoming)
    with transaction.atomic():
        query(
            "INSERT INTO exchange_inquiry (message, kind, peer, content, at)"
            " VALUES ('x', 'reconcile', %s, 'no json', '')",
            SENDER,
        )
    assert conversation.attend() == 1
    assert query("SELECT COUNT(*) FROM exchange_inquiry") == [(0,)]
