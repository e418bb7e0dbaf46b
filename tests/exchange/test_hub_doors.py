"""What the hub's doors take, give and refuse."""

from __future__ import annotations

import random
import time
from datetime import timedelta
from typing import Any

import pytest
import zstandard
from django.conf import settings as django_settings
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import msgpack

from exchange_calls import HUB, OTHER, RECEIVER, SENDER, Site, call, envelope
from lienthong import exchange
from lienthong.access import audit
from lienthong.exchange import content, doors, hub, keys, manifest, peers, tokens
from lienthong.exchange.batches import CALL, MSGPACK
from lienthong.facilities.models import Node
from lienthong.foundation import clock, json

Sites = dict[str, Site]


def audited(action: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM access_auditevent WHERE action = %s", (action,))
        return int(cursor.fetchone()[0])


def test_an_assertion_gives_one_token(sites: Sites) -> None:
    site = sites[SENDER]
    assertion = site.assertion()
    answer = site.ask_token(assertion)
    assert answer.status == 200
    assert answer.json["token_type"] == "bearer"
    assert answer.json["expires_in"] == 600
    again = site.ask_token(assertion)
    assert again.status == 401
    assert again.json["error"] == "invalid_client"
    assert again.headers["Content-Type"] == "application/problem+json"
    assert (audited("token-issued"), audited("token-refused")) == (1, 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "urn:lienthong:hub:elsewhere"},
        {"aud": "https://elsewhere.example/oauth2/token"},
        {"exp": time.time() - 120},
        {"exp": time.time() + 3600},
        {"sub": "somebody"},
        {"jti": ""},
    ],
)
def test_a_wrong_assertion_is_refused(sites: Sites, changes: dict[str, object]) -> None:
    assert sites[SENDER].ask_token(sites[SENDER].assertion(**changes)).status == 401


def test_the_token_address_of_this_hub_is_an_audience(sites: Sites) -> None:
    node = django_settings.NODE
    here = f"http://{node.host}:{node.port}/oauth2/token"
    assert sites[SENDER].ask_token(sites[SENDER].assertion(aud=here)).status == 200


def test_an_unknown_key_the_hubs_own_key_and_another_scope_get_no_token(sites: Sites) -> None:
    site = sites[SENDER]
    assert site.ask_token(site.assertion(), scope="system/*.*").json["error"] == "invalid_scope"
    assert Site(HUB, keys.own()).ask_token(Site(HUB, keys.own()).assertion()).status == 401
    Node.objects.filter(kid=site.key.kid).delete()
    assert site.ask_token(site.assertion()).status == 401


def test_a_revoked_node_is_out_though_its_token_still_runs(sites: Sites) -> None:
    site = sites[SENDER]
    assert site.call("GET", "mailbox").status == 200
    Node.objects.filter(kid=site.key.kid).update(valid_to=clock.now() - timedelta(seconds=1))
    peers.forget()
    answer = site.call("GET", "mailbox")
    assert (answer.status, answer.json["code"]) == (401, "exchange-not-allowed")


@pytest.mark.parametrize(
    "path", ["mailbox", "messages", "receipts", "mailbox/done", "parts/" + "0" * 64, "else"]
)
def test_no_door_opens_without_a_token(sites: Sites, path: str) -> None:
    assert call("GET", f"/exchange/v1/{path}").status == 401
    assert call("GET", f"/exchange/v1/{path}", headers={"Authorization": "Bearer x.y.z"}).status == 401


def test_a_site_has_no_doors(sites: Sites, become: object) -> None:
    become(SENDER)  # type: ignore[operator]
    assert call("POST", tokens.PATH).status == 404
    assert call("GET", "/exchange/v1/mailbox").status == 404


def test_the_same_message_again_gets_the_same_acceptance(sites: Sites) -> None:
    site = sites[SENDER]
    site.put_part(b"dossier")
    value = site.manifest(RECEIVER, [b"dossier"])
    first = site.post(site.sign(value))
    again = site.post(site.sign(value))
    assert (first["status"], again["status"]) == (201, 200)
    assert first["acceptance"] == again["acceptance"]
    accepted = manifest.read_acceptance(first["acceptance"], keys.own().jwk)
    assert (accepted.message, accepted.manifest) == (value["id"], manifest.digest(json.canonical(value)))
    other = site.post(site.sign(value | {"basis": "emergency"}))
    assert (other["status"], other["problem"]["code"]) == (409, "exchange-id-taken")
    assert len(sites[RECEIVER].mail()) == 1
    assert audited("message-accepted") == 1


def test_missing_parts_are_listed_and_another_hospitals_upload_does_not_count(sites: Sites) -> None:
    sites[OTHER].put_part(b"known to another")
    value = sites[SENDER].manifest(RECEIVER, [b"known to another"])
    answer = sites[SENDER].post(sites[SENDER].sign(value))
    assert (answer["status"], answer["problem"]["code"]) == (422, "exchange-missing-parts")
    assert answer["missing"] == [manifest.digest(b"known to another")]


def test_content_sent_before_need_not_travel_again_and_counts_for_its_sender_alone(sites: Sites) -> None:
    sites[SENDER].send(RECEIVER, [b"sent once"])
    for site, to, status in ((SENDER, OTHER, 201), (RECEIVER, SENDER, 422), (OTHER, RECEIVER, 422)):
        value = sites[site].manifest(to, [b"sent once"])
        assert sites[site].post(sites[site].sign(value))["status"] == status


def test_a_manifest_from_another_hospital_is_refused(sites: Sites) -> None:
    jws = sites[OTHER].sign(sites[OTHER].manifest(RECEIVER))
    assert sites[SENDER].post(jws)["status"] == 403
    lent = sites[SENDER].manifest(RECEIVER) | {"from": {"facility": OTHER, "kid": sites[SENDER].key.kid}}
    assert sites[SENDER].post(sites[SENDER].sign(lent))["status"] == 403
    unknown = sites[SENDER].manifest("99999")
    answer = sites[SENDER].post(sites[SENDER].sign(unknown))
    assert (answer["status"], answer["problem"]["code"]) == (404, "exchange-unknown-receiver")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_manifest_with_any_changed_character_is_refused(sites: Sites, data: st.DataObject) -> None:
    jws = sites[SENDER].sign(sites[SENDER].manifest(RECEIVER))
    place = data.draw(st.integers(0, len(jws) - 1))
    letter = data.draw(st.sampled_from("ABCDEFGHabcdefgh0123456789-_.").filter(lambda c: c != jws[place]))
    changed = jws[:place] + letter + jws[place + 1 :]
    assert sites[SENDER].post(changed)["status"] in (400, 403)
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM exchange_message")
        assert cursor.fetchone()[0] == 0


def test_parts_are_seen_by_sender_and_receiver_only(sites: Sites) -> None:
    value, _ = sites[SENDER].send(RECEIVER, [b"a" * 5000])
    path = f"parts/{value['parts'][0]['sha256']}"
    assert sites[RECEIVER].call("GET", path).body == b"a" * 5000
    assert sites[SENDER].call("GET", path).status == 200
    for method in ("GET", "HEAD"):
        assert sites[OTHER].call(method, path).status == 404
        assert sites[OTHER].call(method, "parts/" + "0" * 64).status == 404
    assert (
        sites[OTHER].call("PUT", path, zstandard.compress(b"a" * 5000), content_encoding="zstd").status == 201
    )
    assert sites[OTHER].call("HEAD", path).status == 200
    assert sites[OTHER].call("GET", path).status == 404


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200), named=st.binary(max_size=200))
def test_a_part_under_a_wrong_hash_is_refused(sites: Sites, content: bytes, named: bytes) -> None:
    if content != named:
        path = f"parts/{manifest.digest(named)}"
        for body, encoding in ((zstandard.compress(content), "zstd"), (content, "")):
            answer = sites[SENDER].call("PUT", path, body, content_encoding=encoding)
            assert (answer.status, answer.json["code"]) == (400, "exchange-wrong-part")
        assert sites[SENDER].call("HEAD", path).status == 404


def test_a_part_that_swells_beyond_the_limit_is_refused(
    sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "PART_LIMIT", 1 << 20)
    content = b"\0" * (5 << 20)
    path = f"parts/{manifest.digest(content)}"
    assert sites[SENDER].call("PUT", path, zstandard.compress(content), content_encoding="zstd").status == 400
    assert sites[SENDER].call("PUT", path, content).status == 413


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.integers(0, 120), last=st.integers(0, 120))
def test_ranges_of_a_part(sites: Sites, first: int, last: int) -> None:
    content = bytes(range(100))
    if "sent" not in sites[SENDER].__dict__:
        sites[SENDER].__dict__["sent"] = sites[SENDER].send(RECEIVER, [content])
    path = f"parts/{manifest.digest(content)}"
    answer = sites[RECEIVER].call("GET", path, range=f"bytes={first}-{last}")
    if first >= 100 or last < first:
        assert answer.status == 416
    else:
        assert (answer.status, answer.body) == (206, content[first : last + 1])
    whole = sites[RECEIVER].call("GET", path, accept_encoding="zstd").body
    start = min(first, len(whole) - 1)
    part = sites[RECEIVER].call("GET", path, accept_encoding="zstd", range=f"bytes={start}-")
    assert whole[:start] + part.body == whole
    assert zstandard.decompress(whole) == content


def test_the_mailbox_holds_what_is_addressed_to_the_caller(sites: Sites) -> None:
    sent = [sites[SENDER].send(RECEIVER)[1] for _ in range(3)]
    items = sites[RECEIVER].mail()
    assert [item["jws"] for item in items] == sent
    assert [item["number"] for item in items] == [1, 2, 3]
    assert [item["number"] for item in sites[RECEIVER].mail(after=2)] == [3]
    assert sites[OTHER].mail() == []
    assert sites[SENDER].mail() == []
    assert audited("message-handed-over") == 3


def test_only_the_receivers_receipt_reaches_the_sender(sites: Sites) -> None:
    value, _ = sites[SENDER].send(RECEIVER)
    stolen = sites[OTHER].receipt(value)
    assert sites[OTHER].post_receipts(stolen)[0]["status"] == "refused"
    assert sites[RECEIVER].post_receipts(stolen)[0]["status"] == "refused"
    assert (
        sites[RECEIVER].post_receipts(sites[RECEIVER].receipt(value, manifest="0" * 64))[0]["status"]
        == "refused"
    )
    right = sites[RECEIVER].receipt(value)
    results = sites[RECEIVER].post_receipts("no.jws.here", right, sites[RECEIVER].receipt(value))
    assert [result["status"] for result in results] == ["refused", "kept", "kept"]
    denied = sites[RECEIVER].receipt(value, outcome="refused", problem={"code": "x"})
    assert sites[RECEIVER].post_receipts(denied)[0]["status"] == "refused"
    assert [(item["type"], item["jws"]) for item in sites[SENDER].mail()] == [("receipt", right)]
    assert sites[SENDER].call("POST", "mailbox/done", b'{"up_to": 1}').status == 204
    steps = [step.step for step in exchange.journey(value["id"])]
    assert steps == ["accepted", "in-mailbox", "receipt-at-hub", "receipt-taken"]
    (day,) = exchange.traffic(value["kind"], 1)
    assert (day.sender, day.receiver, day.sent, day.receipted) == (SENDER, RECEIVER, 1, 1)
    assert [row.id for row in exchange.find(value["id"][:10])] == [value["id"]]
    assert audit.broken_at() is None


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "mailbox?after=-1", b"", 400),
        ("GET", "mailbox?limit=51", b"", 400),
        ("GET", "mailbox?after=x", b"", 400),
        ("POST", "mailbox", b"", 405),
        ("DELETE", "parts/" + "0" * 64, b"", 405),
        ("GET", "parts/..", b"", 404),
        ("POST", "receipts", b"[]", 400),
        ("POST", "receipts", b'{"receipts": [1]}', 400),
        ("POST", "receipts", b"{", 400),
        ("POST", "mailbox/done", b'{"up_to": "1"}', 400),
        ("POST", "messages", b"\xff", 400),
        ("POST", "messages", b"", 400),
        ("POST", "messages", msgpack.encode({"messages": 1}), 400),
        ("POST", "messages", msgpack.encode({"messages": [None] * 65}), 400),
        ("POST", "messages", b"\x81\xa8messages\x91" + b"\x91" * 100_000 + b"\xc0", 400),
        ("POST", "messages", b"a" * (CALL + 1), 413),
        ("GET", "nothing", b"", 404),
    ],
)
def test_what_is_not_of_the_protocol_gets_a_problem(
    sites: Sites, method: str, path: str, body: bytes, status: int
) -> None:
    answer = sites[SENDER].call(method, path, body, content_type=MSGPACK)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert {"type", "title", "status", "code", "message"} <= answer.json.keys()


def test_messages_in_another_form_are_refused(sites: Sites) -> None:
    assert sites[SENDER].call("POST", "messages", b"{}", content_type="application/json").status == 415


def test_a_bad_message_in_a_call_stops_no_other(sites: Sites) -> None:
    site = sites[SENDER]

    def message(*contents: bytes, **changes: Any) -> dict[str, Any]:
        return envelope(site.sign(site.manifest(RECEIVER, contents, **changes)), contents)

    before = message(b"sent before")
    (accepted,) = site.post_all(before)
    first, twin, last = message(b"first", b"shared"), message(b"shared"), message(b"last")
    noise = random.Random(1).randbytes(content.SMALL)
    wrong = message(b"right") | {"parts": envelope("", [b"other"])["parts"]}
    another = envelope(site.sign(site.manifest(RECEIVER, [b"right"])))
    another["parts"] = [{"sha256": manifest.digest(b"right"), "zstd": zstandard.compress(b"wrong")}]
    results = site.post_all(
        first,
        None,
        {"manifest": 1},
        {"manifest": first["manifest"], "parts": [{"sha256": "x", "zstd": b""}]},
        envelope("no.jws.here"),
        envelope("a" * (manifest.LONGEST_JWS + 1)),
        envelope(sites[OTHER].sign(sites[OTHER].manifest(RECEIVER))),
        before,
        wrong,
        another,
        message(noise),
        message(b"\0" * (content.SMALL_CONTENT + 1)),
        envelope(site.sign(site.manifest(RECEIVER, [b"never sent"]))),
        envelope(site.sign(site.manifest("99999", [b"to nobody"])), [b"to nobody"]),
        first,
        twin,
        message(b"", b"x", b"x"),
        last,
    )
    refused = [400, 400, 400, 400, 400, 403, 200, 400, 400, 400, 400, 422, 404]
    assert [result["status"] for result in results] == [201, *refused, 200, 201, 201, 201]
    codes = [result["problem"]["code"] for result in results[8:13] if "problem" in result]
    assert codes == ["exchange-bad-manifest", *["exchange-wrong-part"] * 3, "exchange-missing-parts"]
    assert results[7]["acceptance"] == accepted["acceptance"]
    assert results[14]["acceptance"] == results[0]["acceptance"]
    items = sites[RECEIVER].mail()
    assert [item["number"] for item in items] == [1, 2, 3, 4, 5]
    taken = [before, first, twin]
    assert [item["jws"] for item in items[:3]] == [one["manifest"] for one in taken]
    for named in (b"other", b"right", b"wrong", b"never sent", b"to nobody"):
        assert not content.has([manifest.digest(named)])
    assert audited("message-accepted") == 5


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_content_with_any_changed_byte_is_refused(sites: Sites, data: st.DataObject) -> None:
    held = data.draw(st.binary(min_size=1, max_size=300))
    one = envelope(sites[SENDER].sign(sites[SENDER].manifest(RECEIVER, [held])), [held])
    frame = bytearray(zstandard.compress(held))
    place, bit = data.draw(st.integers(0, len(frame) - 1)), data.draw(st.integers(0, 7))
    frame[place] ^= 1 << bit
    cut = data.draw(st.integers(0, len(frame) - 1))
    other = bytes(frame)
    try:
        # some bits of a frame's head mean nothing
        same = zstandard.ZstdDecompressor().decompressobj().decompress(other) == held
    except zstandard.ZstdError:
        same = False
    for sent in (
        bytes(zstandard.compress(held)[:cut]),
        zstandard.compress(held) + b"x",
        *([] if same else [other]),
    ):
        one["parts"][0]["zstd"] = sent
        assert sites[SENDER].post_all(one)[0]["problem"]["code"] == "exchange-wrong-part"
    assert not content.has([manifest.digest(held)])


def test_what_one_call_may_unpack_is_bounded(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "CALL_CONTENT", 1000)
    site = sites[SENDER]
    contents = [bytes([n]) * 400 for n in range(4)]
    results = site.post_all(*(envelope(site.sign(site.manifest(RECEIVER, [c])), [c]) for c in contents))
    assert [result["status"] for result in results] == [201, 201, 413, 413]
    assert results[2]["problem"]["code"] == "http-too-large"
    two = site.sign(site.manifest(RECEIVER, contents[:3]))
    small = site.sign(site.manifest(RECEIVER, contents[3:]))
    results = site.post_all(envelope(two, contents[:3]), envelope(small, contents[3:]))
    assert [result["status"] for result in results] == [413, 201]


def test_small_parts_come_with_the_mail_once(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    first, jws = sites[SENDER].send(RECEIVER, [b"slip", b"shared", b"slip"])
    sites[SENDER].send(RECEIVER, [b"shared", b"bundle"])

    def carried(after: int = 0) -> list[list[bytes]]:
        mail = sites[RECEIVER].mail(after)
        assert all(
            manifest.digest(zstandard.decompress(p["zstd"])) == p["sha256"] for i in mail for p in i["parts"]
        )
        return [[zstandard.decompress(part["zstd"]) for part in item["parts"]] for item in mail]

    assert carried() == [[b"slip", b"shared"], [b"bundle"]]
    assert carried(after=1) == [[b"shared", b"bundle"]]
    sites[RECEIVER].post_receipts(sites[RECEIVER].receipt(first))
    assert carried(after=1) == [[b"bundle"]], "what the receiver has stored came again"
    assert carried() == [[b"slip", b"shared"], [b"bundle"]]
    monkeypatch.setattr(hub, "CALL", len(jws) + 20)
    assert carried() == [[b"slip"]], "the first item comes whatever it weighs, what follows only if it fits"


def test_an_answer_of_the_mailbox_is_bounded(sites: Sites) -> None:
    noise = random.Random(2)
    for _ in range(3):
        sites[SENDER].send(RECEIVER, [noise.randbytes(60_000) for _ in range(30)])
    taken: list[int] = []
    while mail := sites[RECEIVER].mail(after=len(taken)):
        assert sum(len(part["zstd"]) for item in mail for part in item["parts"]) <= CALL
        assert all(len(item["parts"]) == 30 for item in mail)
        taken += [item["number"] for item in mail]
    assert taken == [1, 2, 3]


def test_too_many_calls_are_sent_away(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    from lienthong.exchange.limits import Bucket

    assert sites[SENDER].call("GET", "mailbox").status == 200
    monkeypatch.setattr(doors, "_calls", Bucket(rate=0.001, burst=2))
    answers = [sites[SENDER].call("GET", "mailbox") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 0
