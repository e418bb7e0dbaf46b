"""Joining, cut-off and new keys at the hub's doors, in this process."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from pyrage import x25519

from exchange_calls import HUB, OTHER, RECEIVER, SENDER, Answer, Site, call
from lienthong.access import audit
from lienthong.access.limits import Bucket
from lienthong.exchange import keys, peers
from lienthong.exchange.models import JoinCode
from lienthong.exchange.trust import codes, cutting, doors, joining, rotating, statement
from lienthong.facilities import directory
from lienthong.facilities.models import Facility, Node, Statement
from lienthong.foundation import clock, json, signing
from lienthong.foundation.errors import LienThongError
from lienthong.foundation.signing import SigningKey

Sites = dict[str, Site]
NEW = "24009"
BY = audit.Actor("so-y-te", "Vi Thị Mẫu", "department")


@pytest.fixture
def unit(sites: Sites, monkeypatch: pytest.MonkeyPatch) -> str:
    """A facility without a node, with its security review on record."""
    monkeypatch.setattr(doors, "_joining", Bucket(rate=1000, burst=1000))
    Facility.objects.get_or_create(code=NEW, defaults={"kind": "hospital"})
    reviewed(NEW)
    return NEW


def reviewed(facility: str, level: int = 3) -> None:
    day = clock.today()
    joining.enter_review(facility, document="12/QĐ-SYT", day=day, level=level, approved_by="Sở Y tế", by=BY)


def key(tmp: Any, name: str) -> SigningKey:
    return SigningKey.load_or_make(tmp / f"{name}.pem")


def request(own: SigningKey, code: codes.Code, **changes: Any) -> str:
    value = {
        "v": 1,
        "code": code.name,
        "facility": NEW,
        "jwk": own.jwk,
        "age": str(x25519.Identity.generate().to_public()),
        "at": clock.iso(clock.now()),
        "nonce": "ab" * 16,
    } | changes
    return own.jws(json.canonical(value), joining.REQUEST)


def ask(jws: str, code: codes.Code, mac: str | None = None) -> Answer:
    body = {"request": jws, "mac": mac or codes.mac(code.key, "request", jws)}
    return call("POST", "/exchange/v1/join", json.dumps(body))


def answered(found: Answer, code: codes.Code) -> dict[str, Any]:
    assert found.status == 200, found.json
    jws = found.json["answer"]
    assert codes.mac(code.key, "answer", jws) == found.json["mac"]
    value: dict[str, Any] = json.loads(signing.verify(jws, keys.own().jwk, joining.ANSWER))
    return value


def audited(action: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM access_auditevent WHERE action = %s", (action,))
        return int(cursor.fetchone()[0])


def test_without_a_good_security_review_there_is_no_code(sites: Sites) -> None:
    Facility.objects.get_or_create(code=NEW, defaults={"kind": "hospital"})
    with pytest.raises(LienThongError, match="trust-no-review"):
        joining.make_code(NEW, "truc.example.vn", BY)
    reviewed(NEW, level=1)
    with pytest.raises(LienThongError, match="trust-level-too-low"):
        joining.make_code(NEW, "truc.example.vn", BY)
    reviewed(NEW, level=2)
    assert joining.make_code(NEW, "truc.example.vn", BY).address == "https://truc.example.vn"
    reviewed(SENDER)
    with pytest.raises(LienThongError, match="trust-connected-already"):
        joining.make_code(SENDER, "truc.example.vn", BY)


def test_a_unit_asks_waits_and_is_let_in(unit: str, tmp_path: Any) -> None:
    code, own = joining.make_code(unit, "truc.example.vn", BY), key(tmp_path, "new")
    jws = request(own, code)
    first = answered(ask(jws, code), code)
    assert (first["state"], first["directory"]) == ("waiting", None)
    assert first["request"] == hashlib.sha256(jws.encode()).hexdigest()
    assert directory.node_key(own.kid) is None
    assert Site(unit, own).ask_token(Site(unit, own).assertion()).status == 401
    (waiting,) = joining.waiting(unit)
    body = json.loads(signing.payload(jws))
    assert waiting.fingerprint == codes.fingerprint(first["kid"], own.jwk, body["age"])
    joining.approve(waiting.code, BY)
    last = answered(ask(jws, code), code)
    assert last["state"] == "approved"
    found, _ = statement.read(last["directory"])
    assert own.kid in {node.kid for node in found.nodes}
    assert Site(unit, own).call("GET", "mailbox").status == 200
    with pytest.raises(LienThongError, match="trust-not-waiting"):
        joining.approve(waiting.code, BY)
    assert [audited(a) for a in ("join-code-made", "join-asked", "join-approved")] == [1, 1, 1]


def test_a_refused_unit_is_told_and_stays_out(unit: str, tmp_path: Any) -> None:
    code, own = joining.make_code(unit, "truc.example.vn", BY), key(tmp_path, "new")
    jws = request(own, code)
    ask(jws, code)
    joining.refuse(joining.waiting(unit)[0].code, BY)
    assert answered(ask(jws, code), code)["state"] == "refused"
    assert directory.node_key(own.kid) is None


def test_every_code_that_does_not_work_gets_the_same_answer(unit: str, tmp_path: Any) -> None:
    code, own = joining.make_code(unit, "truc.example.vn", BY), key(tmp_path, "new")
    unknown = codes.new("truc.example.vn")
    wrong = codes.Code(code.name, unknown.secret, code.address)
    jws = request(own, code)
    answers = [ask(request(own, unknown), unknown), ask(jws, wrong), ask(jws, code, mac="0" * 64)]
    ask(jws, code)
    answers.append(ask(request(key(tmp_path, "thief"), code), code))  # used by another
    answers.append(ask(request(own, code, nonce="cd" * 16), code))
    JoinCode.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    answers.append(ask(jws, code))
    older = joining.make_code(unit, "truc.example.vn", BY)
    joining.make_code(unit, "truc.example.vn", BY)
    answers.append(ask(request(own, older), older))  # replaced by a newer code
    assert {(a.status, a.body) for a in answers} == {(403, answers[0].body)}
    assert answers[0].json["code"] == "trust-code-not-valid"
    assert audited("join-code-refused") == len(answers)


def test_a_code_is_for_one_unit_and_one_fresh_key(unit: str, tmp_path: Any, sites: Sites) -> None:
    code, own = joining.make_code(unit, "truc.example.vn", BY), key(tmp_path, "new")
    other = ask(request(own, code, facility=OTHER), code)
    assert (other.status, other.json["code"]) == (409, "trust-code-for-another")
    assert ask(request(sites[OTHER].key, code), code).status == 400
    forged = request(own, code, jwk=sites[OTHER].key.jwk)
    assert ask(forged, code).status == 400
    assert call("POST", "/exchange/v1/join", b'{"request": 1}').status == 400
    assert call("POST", "/exchange/v1/join", b"[]").status == 400
    assert not joining.waiting()


def test_the_secret_is_nowhere_at_the_hub_and_its_key_ends_with_the_code(unit: str, tmp_path: Any) -> None:
    code = joining.make_code(unit, "truc.example.vn", BY)
    row = JoinCode.objects.get()
    assert code.secret not in str(vars(row))
    joining.make_code(unit, "truc.example.vn", BY)
    assert JoinCode.objects.get(pk=code.name).key == ""


def test_one_address_may_not_try_for_ever(unit: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr(doors, "_joining", Bucket(rate=0.001, burst=3))
    code = codes.new("truc.example.vn")
    statuses = [ask(request(key(tmp_path, "new"), code), code).status for _ in range(5)]
    assert statuses == [403, 403, 403, 429, 429]


def test_a_cut_off_site_is_out_of_every_door_at_once(sites: Sites) -> None:
    lost, other = sites[RECEIVER], sites[OTHER]
    assert lost.call("GET", "mailbox").status == other.call("GET", "mailbox").status == 200
    before, _ = sites[SENDER].send(RECEIVER, [b"under way"])
    kept, _ = lost.send(OTHER, [b"taken before"])
    assert cutting.cut_off(RECEIVER, "stolen", BY) == 1
    for method, path in [
        ("GET", "mailbox"),
        ("GET", "directory"),
        ("POST", "messages"),
        ("POST", "receipts"),
    ]:
        assert lost.call(method, path, b"{}").status == 401, path
    refused = lost.ask_token(lost.assertion())
    assert (refused.status, refused.json["code"]) == (401, "trust-cut-off")
    result = sites[SENDER].post(sites[SENDER].sign(sites[SENDER].manifest(RECEIVER)))
    assert (result["status"], result["problem"]["code"]) == (404, "exchange-unknown-receiver")
    assert other.call("GET", "mailbox").status == 200
    assert [item["type"] for item in other.mail()] == ["message", "directory"]
    assert peers.judge(lost.key.kid, clock.from_iso(kept["created"])).facility == RECEIVER
    with connection.cursor() as cursor:
        cursor.execute("SELECT message, state FROM exchange_message ORDER BY number")
        assert cursor.fetchall() == [(before["id"], "returned"), (kept["id"], "accepted")]
    assert audited("cut-off") == 1
    for why, code in (("", "trust-reason-needed"), ("again", "trust-not-connected")):
        with pytest.raises(LienThongError, match=code):
            cutting.cut_off(RECEIVER, why, BY)


def test_another_hub_process_that_remembers_the_key_refuses_it_too(sites: Sites) -> None:
    """The other process is played by the short memory: the row changes under it, as in a shared database."""
    lost = sites[RECEIVER]
    assert lost.call("GET", "mailbox").status == 200
    Node.objects.filter(kid=lost.key.kid).update(revoked_at=clock.now(), revoked_why="lost")
    assert lost.call("GET", "mailbox").status == 200  # still remembered
    Statement.objects.create(number=77, at=clock.iso(clock.now()), hash="0" * 64, jws="x")
    assert lost.call("GET", "mailbox").status == 401


def test_after_joining_anew_the_mail_of_before_is_not_handed_over(
    sites: Sites, unit: str, tmp_path: Any
) -> None:
    sites[SENDER].send(RECEIVER, [b"under way"])
    cutting.cut_off(RECEIVER, "lost", BY)
    reviewed(RECEIVER)
    code, own = joining.make_code(RECEIVER, "truc.example.vn", BY), key(tmp_path, "again")
    jws = request(own, code, facility=RECEIVER)
    ask(jws, code)
    joining.approve(joining.waiting(RECEIVER)[0].code, BY)
    assert answered(ask(jws, code), code)["mailbox"] == 1
    again = Site(RECEIVER, own)
    assert [item["type"] for item in again.mail()] == ["directory"]
    fresh, _ = sites[SENDER].send(RECEIVER, [b"after"])
    (item,) = [item for item in again.mail() if item["type"] == "message"]
    assert json.loads(signing.payload(item["jws"]))["id"] == fresh["id"]


def test_doubt_reaches_back_but_deletes_nothing(sites: Sites) -> None:
    now = clock.now()
    cutting.cut_off(SENDER, "keys copied", BY, since=now - timedelta(hours=2))
    assert cutting.doubtful_since(SENDER, now - timedelta(hours=1)) is not None
    assert cutting.doubtful_since(SENDER, now - timedelta(hours=3)) is None
    assert cutting.doubtful_since(OTHER, now - timedelta(hours=1)) is None
    assert peers.judge(sites[SENDER].key.kid, now - timedelta(hours=1))


def proposal(site: Site, new: SigningKey, **changes: Any) -> bytes:
    value = {
        "v": 1,
        "facility": site.facility,
        "kid": site.key.kid,
        "jwk": new.jwk,
        "age": str(x25519.Identity.generate().to_public()),
        "at": clock.iso(clock.now()),
    } | changes
    inner = new.jws(json.canonical(value), rotating.ROTATION)
    return json.dumps({"proposal": site.key.jws(inner.encode(), rotating.ROTATION), "after": 0})


def test_new_keys_stand_beside_the_old_ones_until_the_new_are_used(sites: Sites, tmp_path: Any) -> None:
    site, new = sites[SENDER], key(tmp_path, "new")
    body = proposal(site, new)
    answer = site.call("POST", "keys", body)
    assert answer.status == 200
    assert len(answer.json["statements"]) == 1
    assert site.call("POST", "keys", body).json == answer.json  # the same again changes nothing
    for own in (site, Site(SENDER, new)):
        value = Site(SENDER, own.key).manifest(RECEIVER)
        assert own.post(own.sign(value))["status"] == 201
    early = site.call("POST", "keys/settled", json.dumps({"kid": new.kid, "after": 0}))
    assert early.status == 400  # not called with the new key
    done = Site(SENDER, new).call("POST", "keys/settled", json.dumps({"kid": new.kid, "after": 1}))
    assert (done.status, len(done.json["statements"])) == (200, 1)
    old = directory.node_key(site.key.kid)
    assert old is not None
    assert old.until is not None
    assert old.until > clock.now() + timedelta(hours=23)
    queued = site.sign(site.manifest(RECEIVER))
    assert Site(SENDER, new).post(queued)["status"] == 201  # signed with the old key, sent after


def test_keys_are_not_proposed_for_another(sites: Sites, tmp_path: Any) -> None:
    site, new = sites[SENDER], key(tmp_path, "new")
    assert site.call("POST", "keys", proposal(site, new, facility=OTHER)).status == 400
    assert site.call("POST", "keys", proposal(site, new, kid=sites[OTHER].key.kid)).status == 400
    assert sites[OTHER].call("POST", "keys", proposal(site, new)).status == 400
    assert site.call("POST", "keys", proposal(site, new, jwk=sites[OTHER].key.jwk)).status == 400
    stranger = key(tmp_path, "stranger")
    assert site.call("POST", "keys", proposal(site, new, jwk=stranger.jwk)).status == 400
    assert site.call("POST", "keys", json.dumps({"proposal": "x"})).status == 400
    assert directory.node_key(new.kid) is None
    assert directory.node_key(stranger.kid) is None


def test_statements_form_a_chain_that_the_hub_key_signs_through_its_own_change(sites: Sites) -> None:
    first = keys.own().kid
    cutting.cut_off(OTHER, "lost", BY)
    second = rotating.rotate_hub(BY)
    assert second == keys.own().kid != first
    found = [statement.read(row.jws) for row in Statement.objects.order_by("number")]
    assert [one.number for one, _ in found] == [1, 2, 3]
    assert [one.previous for one, _ in found] == [statement.FIRST, found[0][1], found[1][1]]
    assert [one.by.kid for one, _ in found] == [first, first, second]
    assert second in {node.kid for node in found[1][0].nodes}
    assert sites[SENDER].call("GET", "mailbox").status in (200, 401)
    sites[SENDER].token = ""
    assert [item["type"] for item in sites[SENDER].mail()] == ["directory"] * 3
    rotating.finish_hub(BY)  # nothing is left to do
    assert Statement.objects.count() == 3
    assert directory.statement_at(clock.now()) == Statement.objects.order_by("-number")[0].jws
    assert directory.statement_at(clock.now() - timedelta(days=1)) is None


def test_hub_only(sites: Sites, become: Any) -> None:
    become(SENDER)
    assert call("POST", "/exchange/v1/join", b"{}").status == 404
    become(HUB)
