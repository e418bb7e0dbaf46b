"""What the hub's doors take, give and refuse."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest
import zstandard
from django.conf import settings as django_settings
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import msgpack

from exchange_calls import AGES, HUB, OTHER, RECEIVER, SENDER, Site, altered, call, envelope, parts_of, seal
from lienthong import exchange
from lienthong.access import audit
from lienthong.exchange import doors, hub, keys, manifest, peers, sealed, tokens
from lienthong.exchange.batches import CALL, MSGPACK
from lienthong.facilities.models import Node
from lienthong.foundation import clock, json

Sites = dict[str, Site]


def rows(query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


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
        {"exp": int(time.time()) - 120},
        {"exp": int(time.time()) + 3600},
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
    Node.objects.filter(kid=site.key.kid).update(revoked_at=clock.now())
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
    value = site.manifest(RECEIVER, [b"dossier"])
    site.put_part(value["parts"][0]["sealed"]["sha256"])
    first = site.post(site.sign(value), bare=True)
    again = site.post(site.sign(value))
    assert (first["status"], again["status"]) == (201, 200)
    assert first["acceptance"] == again["acceptance"]
    accepted = manifest.read_acceptance(
        manifest.verified(first["acceptance"], keys.own().jwk, manifest.ACCEPTANCE)
    )
    assert (accepted.message, accepted.manifest) == (value["id"], manifest.digest(json.canonical(value)))
    other = site.post(site.sign(value | {"basis": "emergency"}))
    assert (other["status"], other["problem"]["code"]) == (409, "exchange-id-taken")
    assert len(sites[RECEIVER].mail()) == 1
    assert audited("messages-accepted") == 1


def test_missing_parts_are_listed_and_another_hospitals_upload_does_not_count(sites: Sites) -> None:
    value = sites[SENDER].manifest(RECEIVER, [b"known to another"])
    name = value["parts"][0]["sealed"]["sha256"]
    sites[OTHER].put_part(name)
    answer = sites[SENDER].post(sites[SENDER].sign(value), bare=True)
    assert (answer["status"], answer["problem"]["code"]) == (422, "exchange-missing-parts")
    assert answer["missing"] == [name]


def test_sealed_content_sent_before_need_not_travel_again_and_counts_for_its_sender_alone(
    sites: Sites,
) -> None:
    before, _ = sites[SENDER].send(RECEIVER, [b"sent once"])
    for site, to, status in ((SENDER, OTHER, 201), (RECEIVER, SENDER, 422), (OTHER, RECEIVER, 422)):
        value = sites[site].manifest(to, parts=before["parts"])
        assert sites[site].post(sites[site].sign(value), bare=True)["status"] == status


def test_a_part_that_the_receiver_holds_need_not_come(sites: Sites) -> None:
    value = sites[SENDER].manifest(RECEIVER, [b"held"])
    del value["parts"][0]["sealed"]
    assert sites[SENDER].post(sites[SENDER].sign(value))["status"] == 201
    assert [item["parts"] for item in sites[RECEIVER].mail()] == [[]]


def test_a_manifest_from_another_hospital_is_refused(sites: Sites) -> None:
    jws = sites[OTHER].sign(sites[OTHER].manifest(RECEIVER))
    assert sites[SENDER].post(jws)["status"] == 403
    lent = sites[SENDER].manifest(RECEIVER) | {"from": {"facility": OTHER, "kid": sites[SENDER].key.kid}}
    assert sites[SENDER].post(sites[SENDER].sign(lent))["status"] == 403
    unknown = sites[SENDER].manifest("99999")
    answer = sites[SENDER].post(sites[SENDER].sign(unknown))
    assert (answer["status"], answer["problem"]["code"]) == (404, "exchange-unknown-receiver")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 1 << 20), letter=st.sampled_from("ABCDEFGHabcdefgh0123456789-_."))
def test_a_manifest_with_any_changed_character_is_refused(sites: Sites, place: int, letter: str) -> None:
    jws = sites[SENDER].sign(sites[SENDER].manifest(RECEIVER))
    assert sites[SENDER].post(altered(jws, place, letter))["status"] in (400, 403)
    assert rows("SELECT COUNT(*) FROM exchange_message") == [(0,)]


def test_parts_are_seen_by_sender_and_receiver_only(sites: Sites) -> None:
    value, _ = sites[SENDER].send(RECEIVER, [b"a" * 5000])
    name = value["parts"][0]["sealed"]["sha256"]
    path = f"parts/{name}"
    assert sites[RECEIVER].call("GET", path).body == AGES[name]
    assert sites[SENDER].call("GET", path).status == 200
    for method in ("GET", "HEAD"):
        assert sites[OTHER].call(method, path).status == 404
        assert sites[OTHER].call(method, "parts/" + "0" * 64).status == 404
    assert sites[OTHER].upload(name, AGES[name]).status == 201
    assert sites[OTHER].call("HEAD", path).status == 200
    assert sites[OTHER].call("GET", path).status == 404


def test_the_hub_cannot_read_what_it_keeps(sites: Sites, node_home: Path) -> None:
    secret = b"Ng\xc6\xb0\xe1\xbb\x9di b\xe1\xbb\x87nh: " + b"HIV " * 200
    large = random.Random(5).randbytes(100_000) + secret
    value, _ = sites[SENDER].send(RECEIVER, [secret])
    other = sites[SENDER].manifest(RECEIVER, [large])
    sites[SENDER].put_part(other["parts"][0]["sealed"]["sha256"])
    assert sites[SENDER].post(sites[SENDER].sign(other), bare=True)["status"] == 201
    kept = [bytes(age) for (age,) in rows("SELECT age FROM exchange_sealed")]
    kept += [path.read_bytes() for path in (node_home / HUB).rglob("*") if path.is_file()]
    assert len(kept) >= 3
    for data in kept:
        with pytest.raises(zstandard.ZstdError):
            zstandard.decompress(data)
        assert secret not in data
        with pytest.raises(sealed.CannotOpen):
            sealed.open_small(data)
    assert value["parts"][0]["sealed"]["sha256"] in sealed.has([value["parts"][0]["sealed"]["sha256"]])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200), named=st.binary(max_size=200))
def test_a_part_under_a_wrong_hash_is_refused(sites: Sites, content: bytes, named: bytes) -> None:
    if content != named:
        name = manifest.digest(named)
        answer = sites[SENDER].upload(name, content)
        assert (answer.status, answer.json["code"]) == (460, "exchange-wrong-part")
        assert sites[SENDER].call("HEAD", f"parts/{name}").status == 404


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=st.integers(0, 400), last=st.integers(0, 400))
def test_ranges_of_a_part(sites: Sites, first: int, last: int) -> None:
    if "sent" not in sites[SENDER].__dict__:
        sites[SENDER].__dict__["sent"] = sites[SENDER].send(RECEIVER, [bytes(range(100))])
    name = sites[SENDER].__dict__["sent"][0]["parts"][0]["sealed"]["sha256"]
    age, path = AGES[name], f"parts/{name}"
    answer = sites[RECEIVER].call("GET", path, range=f"bytes={first}-{last}")
    if first >= len(age) or last < first:
        assert answer.status == 416
    else:
        assert (answer.status, answer.body) == (206, age[first : last + 1])
    start = min(first, len(age) - 1)
    rest = sites[RECEIVER].call("GET", path, range=f"bytes={start}-", if_range=f'"{name}"')
    assert age[:start] + rest.body == age
    assert sites[RECEIVER].call("GET", path, range=f"bytes={start}-", if_range='"other"').body == age


def test_the_mailbox_holds_what_is_addressed_to_the_caller(sites: Sites) -> None:
    sent = [sites[SENDER].send(RECEIVER)[1] for _ in range(3)]
    items = sites[RECEIVER].mail()
    assert [item["jws"] for item in items] == sent
    assert [item["number"] for item in items] == [1, 2, 3]
    assert [item["number"] for item in sites[RECEIVER].mail(after=2)] == [3]
    assert sites[OTHER].mail() == []
    assert sites[SENDER].mail() == []
    assert audited("messages-handed-over") == 1


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
    assert len(sites[RECEIVER].mail()) == 1
    results = sites[RECEIVER].post_receipts("no.jws.here", right, sites[RECEIVER].receipt(value))
    assert [result["status"] for result in results] == ["refused", "kept", "kept"]
    denied = sites[RECEIVER].receipt(value, outcome="refused", problem={"code": "x"})
    assert sites[RECEIVER].post_receipts(denied)[0]["status"] == "refused"
    assert [(item["type"], item["jws"]) for item in sites[SENDER].mail()] == [("receipt", right)]
    assert sites[SENDER].call("POST", "mailbox/done", b'{"up_to": 1}').status == 204
    steps = [step.step for step in exchange.journey(value["id"])]
    assert steps == ["accepted", "in-mailbox", "handed-over", "receipt-at-hub", "receipt-taken"]
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
        return envelope(site.sign(site.manifest(RECEIVER, contents, **changes)))

    before = message(b"sent before")
    (accepted,) = site.post_all(before)
    first, twin, last = message(b"first", b"shared"), message(b"shared"), message(b"last")
    wrong = message(b"right") | {"parts": message(b"other")["parts"]}
    another = message(b"right")
    another["parts"][0]["age"] = seal(b"wrong", RECEIVER)[1]
    too_long = message(random.Random(1).randbytes(sealed.SMALL))
    results = site.post_all(
        first,
        None,
        {"manifest": 1},
        {"manifest": first["manifest"], "parts": [{"sha256": "x", "age": b""}]},
        envelope("no.jws.here"),
        envelope("a" * (manifest.LONGEST_JWS + 1)),
        envelope(sites[OTHER].sign(sites[OTHER].manifest(RECEIVER))),
        before,
        wrong,
        another,
        too_long,
        envelope(site.sign(site.manifest(RECEIVER, [b"never sent"])), bare=True),
        envelope(site.sign(site.manifest("99999", [b"to nobody"]))),
        first,
        twin,
        message(b"", b"x", b"x"),
        last,
    )
    refused = [400, 400, 400, 400, 400, 403, 200, 400, 400, 400, 422, 404]
    assert [result["status"] for result in results] == [201, *refused, 200, 201, 201, 201]
    codes = [result["problem"]["code"] for result in results[8:12] if "problem" in result]
    assert codes == ["exchange-bad-manifest", *["exchange-wrong-part"] * 2, "exchange-missing-parts"]
    assert results[7]["acceptance"] == accepted["acceptance"]
    assert results[13]["acceptance"] == results[0]["acceptance"]
    items = sites[RECEIVER].mail()
    assert [item["number"] for item in items] == [1, 2, 3, 4, 5]
    taken = [before, first, twin]
    assert [item["jws"] for item in items[:3]] == [one["manifest"] for one in taken]
    kept = {name for (name,) in rows("SELECT sha256 FROM exchange_sealed")}
    assert kept == {part["sha256"] for item in items for part in item["parts"]}
    assert audited("messages-accepted") == 2


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    held=st.binary(max_size=300),
    place=st.integers(0, 1 << 16),
    bit=st.integers(0, 7),
    cut=st.integers(0, 1 << 16),
)
def test_content_with_any_changed_byte_is_refused(
    sites: Sites, held: bytes, place: int, bit: int, cut: int
) -> None:
    jws = sites[SENDER].sign(sites[SENDER].manifest(RECEIVER, [held]))
    one = envelope(jws)
    age = one["parts"][0]["age"]
    changed = bytearray(age)
    changed[place % len(age)] ^= 1 << bit
    for sent in (age[: cut % len(age)], age + b"x", bytes(changed)):
        one["parts"][0]["age"] = sent
        assert sites[SENDER].post_all(one)[0]["problem"]["code"] == "exchange-wrong-part"
    assert not sealed.has(parts_of(jws))


def test_small_parts_and_the_acceptance_come_with_the_mail(
    sites: Sites, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = sites[SENDER].manifest(RECEIVER, [b"slip", b"bundle"])
    accepted = sites[SENDER].post(sites[SENDER].sign(first))["acceptance"]
    second, _ = sites[SENDER].send(RECEIVER, [b"later"])

    def carried(after: int = 0) -> list[list[str]]:
        mail = sites[RECEIVER].mail(after)
        assert all(part["age"] == AGES[part["sha256"]] for item in mail for part in item["parts"])
        return [[part["sha256"] for part in item["parts"]] for item in mail]

    names = [[part["sealed"]["sha256"] for part in value["parts"]] for value in (first, second)]
    assert carried() == names
    assert carried(after=1) == names[1:]
    assert sites[RECEIVER].mail()[0]["acceptance"] == accepted
    monkeypatch.setattr(hub, "CALL", len(sites[SENDER].sign(first)) + 400)
    assert carried() == [names[0][:1]], (
        "the first item comes whatever it weighs, what follows only if it fits"
    )


def test_an_answer_of_the_mailbox_is_bounded(sites: Sites) -> None:
    noise = random.Random(2)
    for _ in range(3):
        sites[SENDER].send(RECEIVER, [noise.randbytes(60_000) for _ in range(30)])
    taken: list[int] = []
    while mail := sites[RECEIVER].mail(after=len(taken)):
        assert sum(len(part["age"]) for item in mail for part in item["parts"]) <= CALL
        assert all(len(item["parts"]) == 30 for item in mail)
        taken += [item["number"] for item in mail]
    assert taken == [1, 2, 3]


def test_too_many_calls_are_sent_away(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    from lienthong.access.limits import Bucket

    assert sites[SENDER].call("GET", "mailbox").status == 200
    monkeypatch.setattr(doors, "_calls", Bucket(rate=0.001, burst=2))
    answers = [sites[SENDER].call("GET", "mailbox") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 0
