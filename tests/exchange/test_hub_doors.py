"""What the hub's doors take, give and refuse."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
import zstandard
from django.conf import settings as django_settings
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange_calls import HUB, OTHER, RECEIVER, SENDER, Site, call
from lienthong import exchange
from lienthong.access import audit
from lienthong.exchange import doors, keys, manifest, peers, tokens
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
    assert (first.status, again.status) == (201, 200)
    assert first.json == again.json
    accepted = manifest.read_acceptance(first.json["acceptance"], keys.own().jwk)
    assert (accepted.message, accepted.manifest) == (value["id"], manifest.digest(json.canonical(value)))
    other = site.post(site.sign(value | {"basis": "emergency"}))
    assert (other.status, other.json["code"]) == (409, "exchange-id-taken")
    assert len(sites[RECEIVER].mail()) == 1
    assert audited("message-accepted") == 1


def test_missing_parts_are_listed_and_another_hospitals_upload_does_not_count(sites: Sites) -> None:
    sites[OTHER].put_part(b"known to another")
    value = sites[SENDER].manifest(RECEIVER, [b"known to another"])
    answer = sites[SENDER].post(sites[SENDER].sign(value))
    assert (answer.status, answer.json["code"]) == (422, "exchange-missing-parts")
    assert answer.json["missing"] == [manifest.digest(b"known to another")]


def test_a_manifest_from_another_hospital_is_refused(sites: Sites) -> None:
    jws = sites[OTHER].sign(sites[OTHER].manifest(RECEIVER))
    assert sites[SENDER].post(jws).status == 403
    lent = sites[SENDER].manifest(RECEIVER) | {"from": {"facility": OTHER, "kid": sites[SENDER].key.kid}}
    assert sites[SENDER].post(sites[SENDER].sign(lent)).status == 403
    unknown = sites[SENDER].manifest("99999")
    answer = sites[SENDER].post(sites[SENDER].sign(unknown))
    assert (answer.status, answer.json["code"]) == (404, "exchange-unknown-receiver")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_manifest_with_any_changed_character_is_refused(sites: Sites, data: st.DataObject) -> None:
    jws = sites[SENDER].sign(sites[SENDER].manifest(RECEIVER))
    place = data.draw(st.integers(0, len(jws) - 2))  # the last character holds bits that mean nothing
    letter = data.draw(st.sampled_from("ABCDEFGHabcdefgh0123456789-_.").filter(lambda c: c != jws[place]))
    changed = jws[:place] + letter + jws[place + 1 :]
    assert sites[SENDER].post(changed).status in (400, 403)
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
        ("POST", "messages", b"a" * 300_000, 413),
        ("GET", "nothing", b"", 404),
    ],
)
def test_what_is_not_of_the_protocol_gets_a_problem(
    sites: Sites, method: str, path: str, body: bytes, status: int
) -> None:
    answer = sites[SENDER].call(method, path, body)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert {"type", "title", "status", "code", "message"} <= answer.json.keys()


def test_too_many_calls_are_sent_away(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> None:
    from lienthong.exchange.limits import Bucket

    assert sites[SENDER].call("GET", "mailbox").status == 200
    monkeypatch.setattr(doors, "_calls", Bucket(rate=0.001, burst=2))
    answers = [sites[SENDER].call("GET", "mailbox") for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 0
