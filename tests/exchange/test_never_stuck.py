"""What goes wrong is classed: line and disk are waited out, the rest is set aside and holds up nothing."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack

from exchange_calls import HUB, RECEIVER, SENDER, Site, call
from lienthong import exchange
from lienthong.access import audit
from lienthong.exchange import again, alerts, chain, faults, inbox, manifest, outbox, problems, work
from lienthong.exchange.batches import Item
from lienthong.exchange.courier import Courier
from lienthong.exchange.inbox import Incoming
from lienthong.exchange.watch import Watch
from lienthong.foundation import clock, json
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.foundation.signing import SigningKey

Sites = dict[str, Site]
ME = audit.Actor("it", "Vi Văn Sinh", "it")
handled: list[str] = []
FAIL: set[str] = set()


def take(incoming: Incoming) -> str:
    if incoming.id in FAIL:
        raise RuntimeError("a fault of the software")
    handled.append(incoming.id)
    return "stored-" + incoming.id


HANDLERS = {"test": take, "whole": take}
NEWEST_STANDS = frozenset({"whole"})


@pytest.fixture(autouse=True)
def tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "EXCHANGE_HANDLERS", f"{__name__}.HANDLERS")
    monkeypatch.setattr(settings, "EXCHANGE_RECEIPT_HANDLERS", f"{__name__}.HANDLERS_OF_RECEIPTS")
    monkeypatch.setattr(settings, "EXCHANGE_NEWEST_STANDS", f"{__name__}.NEWEST_STANDS")
    handled.clear()
    FAIL.clear()


HANDLERS_OF_RECEIPTS: dict[str, Any] = {}


def query(text: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        return list(cursor.fetchall()) if cursor.description else []


def item_of(number: int, jws: str) -> Item:
    found, at = manifest.read_manifest(manifest.payload_of(jws)), clock.iso(clock.now())
    hub = SigningKey.load_or_make(settings.NODE.home.parent / HUB / "keys" / "signing.pem")
    digest = manifest.digest(manifest.payload_of(jws))
    return Item(number, at, "message", jws, manifest.sign_acceptance(hub, HUB, found.id, digest, at), [])


def come(site: Site, number: int, **changes: Any) -> str:
    value = site.manifest(RECEIVER, **changes)
    inbox.collect([item_of(number, site.sign(value))])
    return str(value["id"])


def handle_all() -> None:
    while rows := work.claim("worker", "in", 10):
        for row in rows:
            try:
                found = inbox.checked(row)
            except LienThongError as error:
                work.hold(row, error.problem)
            else:
                inbox.handle([(row, found)])


def now_due() -> None:
    query("UPDATE exchange_message SET next_try = ''")


def try_out() -> None:
    """Lets all tries pass."""
    for _ in range(faults.TRIES + 1):
        now_due()
        handle_all()


def put(content: bytes = b"{}", loop: str = "one", kind: str = "test") -> str:
    with transaction.atomic():
        part = exchange.Part("bundle", "text/plain", content)
        return exchange.put(RECEIVER, kind, loop, body={"n": 1}, parts=[part], basis="referral-duty")


def claimed() -> work.Claimed:
    (row,) = work.claim("worker", "out", 1)
    return row


def state(message: str) -> str:
    return str(query("SELECT state FROM exchange_message WHERE message = %s", message)[0][0])


def open_codes() -> list[tuple[str, str]]:
    return [(alert.problem.code, alert.about) for alert in alerts.open_alerts()]


def test_every_code_has_one_class_and_the_protocol_says_the_same() -> None:
    text = (Path(__file__).parents[2] / "docs/reference/exchange-protocol.md").read_text("utf-8")
    rows = re.findall(r"^\| `(network|refused|content)` \| ([^|]*) \|", text, re.M)
    told = {name: set(re.findall(r"`([a-z-]+)`", codes)) for name, codes in rows}
    assert told["network"] == faults.NETWORK
    assert told["content"] == faults.CONTENT
    assert not faults.NETWORK & faults.CONTENT
    for code in told["refused"]:
        assert faults.fault_of(Problem(code, "", "")) == "refused"


@given(st.sampled_from(sorted(faults.NETWORK)), st.integers(0, 10**6), st.booleans())
def test_line_and_disk_are_waited_out_for_ever(code: str, attempts: int, retry: bool) -> None:
    assert faults.goes_on(Problem(code, "", "", retry=retry), attempts)


@given(st.sampled_from(["exchange-refused", *sorted(faults.CONTENT)]), st.integers(0, 50))
def test_the_rest_is_tried_only_so_often(code: str, attempts: int) -> None:
    assert not faults.goes_on(Problem(code, "", ""), attempts)
    assert faults.goes_on(Problem(code, "", "", retry=True), attempts) == (attempts < faults.TRIES)


def test_what_cannot_be_handled_is_set_aside_with_one_alert_and_its_loop_goes_on(
    sites: Sites, become: Any
) -> None:
    become(RECEIVER)
    first, second = come(sites[SENDER], 1, loop="one"), come(sites[SENDER], 2, loop="one")
    FAIL.add(first)
    handle_all()
    assert handled == [], "the second waits while the first may still succeed"
    try_out()
    assert (state(first), handled) == ("set-aside", [second])
    (alert,) = alerts.open_alerts()
    assert (alert.problem.code, alert.about, alert.times) == ("exchange-set-aside", first, 1)
    assert alert.problem.where["fault"] == "content"
    FAIL.clear()
    assert inbox.resume() == 1
    handle_all()
    assert handled == [second, first]
    Watch().look()
    assert ("exchange-set-aside", first) not in open_codes()


def test_what_waited_too_long_does_not_take_the_place_of_something_newer(sites: Sites, become: Any) -> None:
    become(RECEIVER)
    old, new = (
        come(sites[SENDER], 1, loop="one", kind="whole"),
        come(sites[SENDER], 2, loop="one", kind="whole"),
    )
    FAIL.add(old)
    try_out()
    FAIL.clear()
    inbox.resume()
    handle_all()
    assert handled == [new]
    (receipt,) = query("SELECT receipt FROM exchange_message WHERE message = %s", old)
    told = manifest.read_receipt(manifest.payload_of(receipt[0]))
    assert told.problem is not None
    assert (told.outcome, told.problem["code"]) == ("refused", "exchange-newer-stored")


def test_a_dead_workers_claims_end_by_themselves(
    sites: Sites, become: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    become(SENDER)
    message = put()
    (row,) = work.claim("dead", "out", 10)
    assert row.message == message
    assert work.claim("alive", "out", 10) == []
    later = clock.now() + work.LEASE + timedelta(seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert [row.message for row in work.claim("alive", "out", 10)] == [message]


def test_an_untrusted_message_is_set_aside_without_a_receipt(sites: Sites, become: Any) -> None:
    become(RECEIVER)
    value = sites[SENDER].manifest(RECEIVER)
    inbox.collect([item_of(1, sites[RECEIVER].key.jws(json.canonical(value), manifest.MANIFEST))])
    handle_all()
    assert query("SELECT state, receipt FROM exchange_message") == [("set-aside", "")]
    message = str(value["id"])
    assert open_codes() == [("exchange-set-aside", message)]
    again.give_up(message, why="Chữ ký không phải của đơn vị", actor=ME)
    assert query("SELECT state, receipt FROM exchange_message") == [("given-up", "")]
    assert open_codes() == []


def test_giving_up_a_message_that_came_tells_its_sender(sites: Sites, become: Any) -> None:
    become(RECEIVER)
    message = come(sites[SENDER], 1)
    FAIL.add(message)
    try_out()
    again.give_up(message, why="Phần mềm không đọc được", actor=ME)
    ((jws, digest, found),) = query("SELECT receipt, receipt_hash, state FROM exchange_message")
    assert found == "refused"
    payload = manifest.verified(jws, sites[RECEIVER].key.jwk, manifest.RECEIPT)
    receipt = manifest.read_receipt(payload)
    assert receipt.problem is not None
    assert "Phần mềm không đọc được" in receipt.problem["hint"]
    assert [row.id for row in exchange.find(manifest.digest(payload)[:10])] == [message]
    assert digest == manifest.digest(payload)


def test_sent_again_it_is_a_new_message_and_the_receiver_sees_no_gap(sites: Sites, become: Any) -> None:
    become(SENDER)
    first, second, third = put(b"1"), put(b"2"), put(b"3", loop="two")
    work.set_aside(claimed(), problems.unknown_receiver(RECEIVER))
    assert (state(first), open_codes()) == ("set-aside", [("exchange-set-aside", first)])
    new = again.again(first, actor=ME)
    assert (state(first), open_codes()) == ("replaced", [])
    assert query("SELECT replaced_by FROM exchange_message WHERE message = %s", first) == [(new,)]
    found = {
        m: manifest.read_manifest(manifest.payload_of(j))
        for m, j in query("SELECT message, jws FROM exchange_message")
    }
    old = query("SELECT manifest FROM exchange_message WHERE message = %s", first)[0][0]
    assert [(one.seq, one.manifest) for one in found[new].withdrawn] == [(1, old)]
    assert (found[new].body, found[new].loop, found[new].parts[0].sha256) == (
        {"n": 1},
        "one",
        found[first].parts[0].sha256,
    )
    assert found[new].parts[0].sealed != found[first].parts[0].sealed, "sealed anew"
    (event,) = audit.trail(action="message-again", limit=5)
    assert event.detail == {"message": first, "as": new, "to": RECEIVER}
    with pytest.raises(LienThongError, match="exchange-not-possible"):
        again.again(first, actor=ME)
    jws = dict(query("SELECT message, jws FROM exchange_message"))
    query("DELETE FROM exchange_message")
    become(RECEIVER)
    inbox.collect([item_of(n, jws[m]) for n, m in enumerate((second, third), 1)])
    follow(second, third)
    assert chain.gaps() == [chain.Gap(SENDER, 1, 1)]
    inbox.collect([item_of(3, jws[new])])
    follow(new)
    assert chain.gaps() == []
    assert query("SELECT seq FROM exchange_chain WHERE direction = 'in'") == [(4,)]
    assert open_codes() == []


def follow(*messages: str) -> None:
    """As if their handlers had stored them."""
    for message in messages:
        query("UPDATE exchange_message SET state = 'stored' WHERE message = %s", message)
    texts = [query("SELECT jws FROM exchange_message WHERE message = %s", m)[0][0] for m in messages]
    chain.follow(manifest.read_manifest(manifest.payload_of(text)) for text in texts)


def test_given_up_it_is_told_with_the_next_message(sites: Sites, become: Any) -> None:
    become(SENDER)
    first = put(b"1")
    work.set_aside(claimed(), problems.unknown_receiver(RECEIVER))
    with pytest.raises(LienThongError, match="exchange-no-reason"):
        again.give_up(first, why="  ", actor=ME)
    again.give_up(first, why="Người bệnh không chuyển nữa", actor=ME)
    second = put(b"2")
    ((jws,),) = query("SELECT jws FROM exchange_message WHERE message = %s", second)
    assert [one.seq for one in manifest.read_manifest(manifest.payload_of(jws)).withdrawn] == [1]
    ((third,),) = query("SELECT jws FROM exchange_message WHERE message = %s", put(b"3"))
    assert manifest.read_manifest(manifest.payload_of(third)).withdrawn == [], "told once"


def test_an_old_dossier_is_not_sent_after_a_newer_one(sites: Sites, become: Any) -> None:
    become(SENDER)
    old = put(b"old", kind="whole")
    work.set_aside(claimed(), problems.unknown_receiver(RECEIVER))
    new = put(b"new", kind="whole")
    with pytest.raises(LienThongError, match="exchange-newer-sent"):
        again.again(old, actor=ME)
    query("UPDATE exchange_message SET state = 'stored' WHERE message = %s", new)
    Watch().look()
    assert query("SELECT state, replaced_by FROM exchange_message WHERE message = %s", old) == [
        ("replaced", new)
    ]
    assert ("exchange-set-aside", old) not in open_codes()


def test_lost_content_cannot_be_sent_again(sites: Sites, become: Any) -> None:
    become(SENDER)
    message = put(b"1")
    work.set_aside(claimed(), problems.unknown_receiver(RECEIVER))
    query("DELETE FROM exchange_content")
    with pytest.raises(LienThongError, match="exchange-part-lost"):
        again.again(message, actor=ME)
    assert state(message) == "set-aside"


def test_a_sender_whose_own_content_is_damaged_sets_the_message_aside(sites: Sites, become: Any) -> None:
    become(SENDER)
    put(b"1")
    (batch,) = outbox.batches([claimed()], 1 << 20)
    assert outbox.damaged(batch[0]) is None
    query("UPDATE exchange_sealed SET age = %s", b"other")
    found = outbox.damaged(batch[0])
    assert found is not None
    assert (found.code, faults.goes_on(found, 0)) == ("exchange-part-damaged", False)


@contextmanager
def hub_that(status: int, code: str, posts: bytes = b"") -> Iterator[str]:
    """A hub that gives tokens and answers messages with ``posts``, or every other call with a problem."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            token = self.path == "/oauth2/token"
            body = json.dumps({"access_token": "x", "expires_in": 600}) if token else posts
            if not body:
                body = json.dumps(Problem(code, "Không nhận.", "Refused.").as_dict())
            self.send_response(200 if token or posts else status)
            kind = "application/json" if token or posts else "application/problem+json"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if status == 507:
                self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def send(url: str, until: Callable[[], bool]) -> None:
    """Lets the courier work until something is so."""
    settings.NODE = replace(settings.NODE, hub_url=url)
    stop = threading.Event()
    thread = threading.Thread(target=Courier(stop).run_outbox)
    thread.start()
    try:
        deadline = time.monotonic() + 60
        while not until():
            assert time.monotonic() < deadline, query("SELECT state, attempts, problem FROM exchange_message")
            time.sleep(0.05)
    finally:
        stop.set()
        outbox.wake.set()
        thread.join()


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "exchange-no-door"),
        (415, "exchange-not-understood"),
        (403, "exchange-not-allowed"),
        (410, "gone"),
        (507, "exchange-hub-full"),
    ],
)
def test_a_hub_that_refuses_whole_calls_sets_no_message_aside(
    sites: Sites, become: Any, status: int, code: str
) -> None:
    become(SENDER)
    messages = [put(b"1"), put(b"2", loop="two")]
    with hub_that(status, code) as url:
        send(url, lambda: exchange.flow().last_error is not None)
    error = exchange.flow().last_error
    assert error is not None
    assert error.code == code
    assert [state(message) for message in messages] == ["queued", "queued"]
    Watch().look()
    told = {"exchange-hub-refuses", "exchange-line-down", "exchange-hub-full"}
    assert {code for code, _ in open_codes()} & told


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_message_that_no_call_can_carry_is_set_aside(sites: Sites, become: Any, status: int) -> None:
    become(SENDER)
    message = put(b"1")
    with hub_that(status, "http-too-large") as url:
        send(url, lambda: state(message) != "queued")
    assert (state(message), open_codes()) == ("set-aside", [("exchange-set-aside", message)])


def test_a_key_that_the_hub_does_not_know_is_tried_some_times_then_told(sites: Sites, become: Any) -> None:
    become(SENDER)
    message = put(b"1")
    problem = problems.unknown_key("x").as_dict() | {"retry": True}
    answer = msgpack.encode({"results": [{"status": 400, "problem": problem}]})
    attempts = "SELECT attempts FROM exchange_message"
    with hub_that(200, "", answer) as url:
        send(url, lambda: query(attempts) == [(1,)])
        assert state(message) == "queued"
        query("UPDATE exchange_message SET attempts = %s, next_try = ''", faults.TRIES)
        send(url, lambda: state(message) != "queued")
    assert (state(message), open_codes()) == ("set-aside", [("exchange-set-aside", message)])


def test_without_room_the_hub_takes_nothing_new_and_all_that_makes_room(sites: Sites) -> None:
    value, _ = sites[SENDER].send(RECEIVER, [b"1"])
    room = settings.NODE
    settings.NODE = replace(room, reserve_mb=1 << 40)
    refused = sites[SENDER].call(
        "POST", "messages", b"\x81\xa8messages\x90", content_type="application/msgpack"
    )
    assert (refused.status, refused.json["code"], refused.headers["Retry-After"]) == (
        507,
        "exchange-hub-full",
        "30",
    )
    assert refused.json["retry"] is True
    assert len(sites[RECEIVER].mail()) == 1
    assert sites[RECEIVER].post_receipts(sites[RECEIVER].receipt(value)) == [{"status": "kept"}]
    assert call("GET", "/exchange/v1/mailbox").status == 401
    assert sites[SENDER].call("POST", "mailbox/done", b'{"up_to": 1}').status == 204
    settings.NODE = room
    sites[SENDER].send(RECEIVER, [b"2"])


def test_receipts_come_ahead_of_messages_while_there_is_no_room_for_these(sites: Sites) -> None:
    value, _ = sites[SENDER].send(RECEIVER)
    sites[RECEIVER].send(SENDER)
    sites[RECEIVER].post_receipts(sites[RECEIVER].receipt(value))
    answer = sites[SENDER].call("GET", "mailbox?after=0&only=receipt")
    assert [item["type"] for item in msgpack.decode(answer.body)["items"]] == ["receipt"]
    assert [item["type"] for item in sites[SENDER].mail()] == ["message", "receipt"]
