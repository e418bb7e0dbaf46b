"""The FHIR door: who may call, beginning once, steps, search, what others must not see, and whatever anybody sends."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fhir_calls
from fhir_calls import CITIZEN, CODES, FACILITY, HIS, SID, Answer, Client, bundle, entry, request
from lienthong.access import audit, systems
from lienthong.access.limits import Bucket
from lienthong.access.models import AuditEvent, System
from lienthong.config import fhir as doors
from lienthong.foundation import clock, ids
from lienthong.foundation import json as exact
from lienthong.records import validation
from lienthong.transfers import desk, rules, taking
from lienthong.transfers.models import RequestIdentifier, State, Step, Transfer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("hospitals")]
DOCTOR = audit.Actor("bs", "Bác sĩ Thử", "doctor", "127.0.0.1")


@pytest.fixture(autouse=True)
def unknown_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test knocks as if for the first time."""
    monkeypatch.setattr(doors, "_knocks", Bucket(rate=5, burst=50))


@pytest.fixture
def his() -> Client:
    return fhir_calls.register()


def begin(his: Client, number: str = "CT-1", **more: Any) -> str:
    answer = his.call("POST", "/ServiceRequest", request(number, **more))
    assert answer.status == 201, answer.body
    return str(answer.body["id"])


def arrives(loop: str, kind: State, **said: Any) -> None:
    """Puts on record what a step message of the receiver would."""
    transfer = desk.get(loop)
    assert transfer is not None
    place = max(step.place for step in transfer.steps.all()) + 1
    from lienthong.transfers import steps

    step = Step(
        id=ids.new_id(),
        transfer=transfer,
        kind=kind,
        at=clock.now(),
        place=max(3, place),
        person="BS Nhận",
        facility="01929",
        data=steps.checked(kind, said),
    )
    taking.add(transfer, [step])


class TestTokens:
    @pytest.mark.parametrize("kind", ["EC", "RSA", "OKP"])
    def test_each_kind_of_key_gets_a_short_token_for_the_scopes_it_asks(self, kind: str) -> None:
        his = fhir_calls.register(kind=kind)
        answer = his.ask_token(scope="system/Task.rs system/*.c")
        assert answer.status == 200
        assert answer.body["scope"] == "system/ServiceRequest.c system/Task.rs"
        assert answer.body["expires_in"] <= 300
        assert his.call("GET", "/Task").status == 200
        assert System.objects.get().used_at is not None

    def test_an_assertion_counts_once(self, his: Client) -> None:
        assertion = his.assertion()
        assert his.ask_token(assertion).status == 200
        again = his.ask_token(assertion)
        assert (again.status, again.body["error"]) == (401, "invalid_client")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"aud": "https://other.example/token"},
            {"exp": int(time.time()) - 500},
            {"exp": int(time.time()) + 5000},
            {"exp": 10**30},
            {"exp": "soon"},
            {"sub": "somebody"},
            {"iss": "0" * 32},
            {"jti": ""},
            {"jti": "x" * 100},
            {"jti": None},
        ],
    )
    def test_a_wrong_claim_gets_no_token(self, his: Client, wrong: dict[str, Any]) -> None:
        assert his.ask_token(his.assertion(**wrong)).status == 401
        assert AuditEvent.objects.filter(action="token-refused").exists()

    def test_another_key_under_the_same_name_gets_no_token(self, his: Client) -> None:
        key, algorithm, _jwk = fhir_calls.make_key()
        assert replace(his, key=key, algorithm=algorithm).ask_token().status == 401

    def test_an_unsigned_assertion_and_a_weaker_algorithm_get_no_token(self, his: Client) -> None:
        _head, claims, _signature = his.assertion().split(".")
        for algorithm in ("none", "HS256", "ES256", ["ES384"]):
            head = fhir_calls.encoded({"alg": algorithm, "kid": his.kid})
            for said in (claims, fhir_calls.encoded({"iss": [his.client]}), fhir_calls.encoded([])):
                assert his.ask_token(f"{head}.{said}.").status == 401

    def test_a_stopped_system_and_a_taken_scope_end_its_tokens_at_once(self, his: Client) -> None:
        assert his.call("GET", "/Task").status == 200
        systems.change(his.client, by=DOCTOR, scopes=["system/ServiceRequest.rs"])
        refused = his.call("GET", "/Task")
        assert (refused.status, refused.problem) == (403, "fhir-out-of-scope")
        systems.change(his.client, by=DOCTOR, is_active=False)
        assert his.call("GET", "/ServiceRequest").status == 401
        assert his.ask_token().status == 401

    def test_a_token_with_one_letter_changed_opens_nothing(self, his: Client) -> None:
        his.call("GET", "/Task")
        his.token = his.token[:-5] + ("A" if his.token[-5] != "A" else "B") + his.token[-4:]
        assert his.call("GET", "/Task").status == 401

    def test_a_token_is_not_one_of_the_hubs(self, his: Client) -> None:
        from lienthong.exchange import keys

        expires = int(time.time()) + 100
        his.token = keys.own().jws(f"{his.client}.{expires}".encode(), "lt-token+jws")
        assert his.call("GET", "/Task").status == 401

    def test_scopes_open_their_interactions_alone(self) -> None:
        reader = fhir_calls.register("system/ServiceRequest.rs system/Task.rs")
        assert reader.call("GET", "/ServiceRequest").status == 200
        assert reader.call("POST", "/ServiceRequest", request()).problem == "fhir-out-of-scope"
        assert reader.call("POST", "/", bundle(request())).status == 403
        assert not Transfer.objects.exists()

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("{", "system-keys"),
            ("[]", "system-keys"),
            ('{"keys": []}', "system-keys"),
            ('{"kty": "oct", "k": "AAAA"}', "system-private-key"),
            ('{"kty": "EC", "crv": "P-384", "x": "A", "y": "B"}', "system-keys"),
            ('{"kty": ["EC"]}', "system-keys"),
            ('{"kty": "OKP", "crv": "Ed25519", "x": "AA", "d": "AA"}', "system-private-key"),
        ],
    )
    def test_what_is_no_public_key_is_not_registered(self, text: str, code: str) -> None:
        from lienthong.foundation.errors import LienThongError

        with pytest.raises(LienThongError, match=code):
            systems.read_keys(text)

    def test_a_short_rsa_key_is_not_registered(self) -> None:
        import jwt
        from cryptography.hazmat.primitives.asymmetric import rsa

        from lienthong.foundation.errors import LienThongError

        short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
        with pytest.raises(LienThongError, match="system-keys"):
            systems.read_keys(jwt.algorithms.RSAAlgorithm.to_jwk(short.public_key()))


class TestBeginning:
    def test_a_whole_request_fills_the_form_and_is_sent(self, his: Client) -> None:
        his.person = "B%C3%A1c%20s%C4%A9%20P%E1%BA%A3o"
        loop = begin(his)
        transfer = Transfer.objects.get()
        assert (transfer.loop, transfer.state, transfer.complete) == (loop, State.SENT, True)
        assert (transfer.patient_name, transfer.citizen, transfer.diagnosis_code) == (
            "VI VĂN THỤ",
            "024058001234",
            "I21.0",
        )
        assert transfer.signed_by == "Bác sĩ Pảo (HIS thử)"
        form = transfer.form
        assert form["vitals"] == {
            "pulse": 112,
            "systolic": 95,
            "diastolic": 60,
            "breaths": 24,
            "spo2": 93,
            "temperature": 37.2,
            "at": "2026-11-20T01:30:00.000Z",
        }
        assert form["allergies"]["list"] == [
            {"substance": "Penicillin", "reaction": "Nổi mề đay", "severity": "moderate"}
        ]
        assert form["home_medicines"]["list"][0]["name"] == "Amlodipin 5 mg"
        assert form["infection"] == {"state": "present", "list": ["influenza"], "note": ""}
        assert form["key_results"][0]["range"] == "< 14"
        assert form["onset_at"] == "2026-11-19T23:00:00.000Z"
        assert form["person"]["card_until"] == "2026-12-31"
        event = AuditEvent.objects.filter(action="fhir-begin").get()
        assert (event.person, event.why, event.patient) == (f"system:{his.client}", "TREAT", transfer.patient)

    def test_contained_and_a_transaction_give_the_same_form(self, his: Client) -> None:
        begin(his)
        answer = his.call("POST", "/", bundle(request("CT-2")))
        assert answer.status == 200
        assert answer.body["entry"][-1]["response"]["status"] == "201 Created"
        assert validation.problems(exact.loads(json.dumps(answer.body))) == []
        first, second = Transfer.objects.order_by("begun_at")
        assert first.form == second.form

    def test_what_is_read_is_valid_and_sent_back_gives_the_same_form(self, his: Client) -> None:
        loop = begin(his, status="draft")
        read = his.call("GET", f"/ServiceRequest/{loop}")
        assert validation.problems(exact.loads(json.dumps(read.body))) == []
        before = Transfer.objects.get().form
        back = his.call("PUT", f"/ServiceRequest/{loop}", read.body, If_Match=read.headers["etag"])
        assert back.status == 200, back.body
        after = Transfer.objects.get().form
        for name in before.keys() - {"home_medicines"}:
            assert after[name] == before[name], name
        medicine = after["home_medicines"]["list"][0]
        assert (medicine["name"], medicine["dose"]) == ("Amlodipin 5 mg", "1 viên sáng")

    def test_a_draft_is_filled_in_and_sent_after(self, his: Client) -> None:
        bare = request("CT-9", status="draft", priority="routine", contained=[fhir_calls.person()])
        del bare["extension"]
        loop = begin_with(his, bare)
        read = his.call("GET", f"/ServiceRequest/{loop}")
        assert (read.body["status"], Transfer.objects.get().state) == ("draft", "drafted")
        early = his.call("PUT", f"/ServiceRequest/{loop}", {**bare, "id": loop, "status": "active"})
        assert (early.status, early.problem) == (422, "transfer-incomplete")
        whole = {**request("CT-9"), "id": loop, "priority": "routine"}
        sent = his.call("PUT", f"/ServiceRequest/{loop}", whole, If_Match=read.headers["etag"])
        assert sent.status == 200, sent.body
        assert Transfer.objects.get().state == State.SENT
        late = his.call("PUT", f"/ServiceRequest/{loop}", whole, If_Match=read.headers["etag"])
        assert (late.status, late.problem) == (412, "transfer-changed")

    def test_a_draft_is_sent_by_its_task(self, his: Client) -> None:
        loop = begin(his, status="draft")
        sent = his.step(loop, "sent")
        assert (sent.status, sent.body["status"]) == (200, "requested")
        assert his.step(loop, "sent").status == 200
        assert Transfer.objects.get().dossier_version == 1

    def test_a_repeated_call_makes_no_second_transfer(self, his: Client) -> None:
        loop = begin(his)
        for body, headers in (
            (request(), {}),
            (request(), {"Idempotency_Key": "a"}),
            (request("CT-8"), {"If_None_Exist": f"identifier={HIS}|CT-1"}),
        ):
            again = his.call("POST", "/ServiceRequest", body, **headers)
            assert (again.status, again.body["id"]) == (200, loop)
        assert Transfer.objects.count() == 1
        assert Transfer.objects.get().dossier_version == 1

    def test_a_key_of_one_system_is_not_anothers(self, his: Client) -> None:
        plain = request()
        del plain["identifier"]
        first = his.call("POST", "/ServiceRequest", plain, Idempotency_Key="k1")
        again = his.call("POST", "/ServiceRequest", plain, Idempotency_Key="k1")
        assert (first.status, again.status, again.body["id"]) == (201, 200, first.body["id"])
        other = fhir_calls.register()
        assert other.call("POST", "/ServiceRequest", plain, Idempotency_Key="k1").status == 201

    def test_the_same_identifier_with_other_content_is_told(self, his: Client) -> None:
        begin(his)
        other = his.call("POST", "/ServiceRequest", request(priority="urgent"))
        assert (other.status, other.problem) == (409, "fhir-request-differs")

    def test_without_any_identifier_nothing_begins(self, his: Client) -> None:
        plain = request()
        del plain["identifier"]
        answer = his.call("POST", "/ServiceRequest", plain)
        assert (answer.status, answer.problem) == (422, "fhir-no-identifier")
        assert not Transfer.objects.exists()

    def test_it_joins_the_transfer_of_the_same_episode(self, his: Client) -> None:
        by_page = desk.draft(actor=DOCTOR, receiver="01929")
        by_page.ma_lk = "LK77"
        by_page.save()
        episode = [{"system": HIS, "value": "x"}, {"system": f"{SID}episode/24011", "value": "LK77"}]
        joined = his.call("POST", "/ServiceRequest", request(identifier=episode))
        assert (joined.status, joined.body["id"]) == (200, by_page.loop)
        assert Transfer.objects.get().state == State.SENT

    def test_a_person_whom_the_record_knows_keeps_the_id(self, his: Client) -> None:
        from django.db import transaction

        from lienthong import records

        patient = {
            "resourceType": "Patient",
            "id": "known",
            "identifier": [{"system": CITIZEN, "value": "024058001234"}],
        }
        with transaction.atomic():
            records.transact([patient], origin="test", actor=DOCTOR)
        begin(his)
        assert Transfer.objects.get().patient == "known"

    @pytest.mark.parametrize(
        ("change", "code", "path"),
        [
            ({"status": "on-hold"}, "fhir-not-understood", "ServiceRequest.status"),
            ({"status": "soon"}, "fhir-binding", "ServiceRequest.status"),
            ({"priority": "soon"}, "fhir-binding", "ServiceRequest.priority"),
            ({"code": 5}, "fhir-structure", "ServiceRequest.code"),
            ({"subject": {"reference": "Patient/nobody"}}, "fhir-not-understood", "ServiceRequest.subject"),
            ({"contained": []}, "fhir-cardinality", "ServiceRequest.contained"),
            (
                {"performer": [{"identifier": {"system": FACILITY, "value": "99999"}}]},
                "transfer-receiver-not-connected",
                "",
            ),
            (
                {
                    "extension": [
                        {"url": fhir_calls.FORM, "extension": [{"url": "colour", "valueCode": "red"}]}
                    ]
                },
                "fhir-not-understood",
                "",
            ),
            (
                {"extension": [{"url": fhir_calls.FORM, "extension": [{"url": "case", "valueCode": "red"}]}]},
                "transfer-field",
                "",
            ),
            ({"contained": [{"resourceType": "Patient", "contained": [{}]}]}, "fhir-invariant", ""),
            ({"contained": 5}, "fhir-structure", ""),
            ({"note": [{"text": 5}]}, "fhir-structure", ""),
        ],
    )
    def test_what_cannot_be_taken_is_named_and_nothing_is_kept(
        self, his: Client, change: dict[str, Any], code: str, path: str
    ) -> None:
        answer = his.call("POST", "/ServiceRequest", {**request(), **change})
        assert (answer.status, answer.problem) == (422, code)
        assert validation.problems(exact.loads(json.dumps(answer.body))) == []
        if path:
            assert answer.body["issue"][0]["expression"] == [path]
        assert not Transfer.objects.exists()
        assert not RequestIdentifier.objects.exists()

    def test_what_speaks_of_another_person_is_refused(self, his: Client) -> None:
        order = request()
        order["contained"][1]["subject"] = {"reference": "Patient/another"}
        assert his.call("POST", "/ServiceRequest", order).body["issue"][0]["expression"] == [
            "Condition.subject"
        ]


def begin_with(his: Client, body: dict[str, Any]) -> str:
    answer = his.call("POST", "/ServiceRequest", body)
    assert answer.status == 201, answer.body
    return str(answer.body["id"])


@pytest.fixture
def coming(his: Client, settings: Any) -> str:
    """A transfer to Bạch Mai, where this node now is."""
    loop = begin(his)
    settings.NODE = replace(settings.NODE, facility="01929")
    transfer = desk.get(loop)
    assert transfer is not None
    taking.add(transfer, [taking.fixed(transfer, State.RECEIVED, clock.now(), "01929")])
    return loop


class TestSteps:
    def test_the_receiver_accepts_finds_a_bed_and_sends_the_outcome_home(
        self, his: Client, coming: str
    ) -> None:
        waiting = his.call("GET", f"/Task?owner:identifier={FACILITY}|01929&status=requested,received")
        assert [one["resource"]["id"] for one in waiting.body["entry"]] == [coming]
        assert his.step(coming, "accepted").body["status"] == "accepted"
        bed = his.step(coming, "bed", ward="Viện Tim mạch", bed="C7-12", contact="024 0000 000")
        assert bed.status == 200
        found = {one["type"]["coding"][0]["code"]: one["valueString"] for one in bed.body["input"]}
        assert found == {"bed.ward": "Viện Tim mạch", "bed.bed": "C7-12", "bed.contact": "024 0000 000"}
        assert his.step(coming, "arrived", how="his").body["status"] == "in-progress"
        assert his.step(coming, "admitted", ward="C7").status == 200
        task = his.call("GET", f"/Task/{coming}")
        task.body["contained"] = [
            {
                "resourceType": "MedicationStatement",
                "id": "m1",
                "status": "intended",
                "medicationCodeableConcept": {"text": "Ticagrelor 90 mg"},
                "subject": {"reference": "Patient/x"},
                "dosage": [
                    {
                        "text": "1 viên",
                        "timing": {
                            "code": {"text": "ngày 2 lần"},
                            "repeat": {"boundsDuration": {"value": 30, "unit": "d"}},
                        },
                    }
                ],
            },
            {
                "resourceType": "Composition",
                "id": "gv",
                "status": "final",
                "type": {"text": "Giấy ra viện"},
                "date": "2026-11-28",
                "author": [{"display": "BS Hiển"}],
                "title": "Giấy ra viện",
            },
        ]
        output = [
            entry("outcome", "diagnosis", "Nhồi máu cơ tim cấp, đã đặt stent LAD"),
            entry("outcome", "result", {"valueCode": "2"}),
            entry("outcome", "appointment_at", "2026-12-05T08:00:00+07:00"),
            entry("outcome", "medicines", {"valueReference": {"reference": "#m1"}}),
            entry("outcome", "document", {"valueReference": {"reference": "#gv"}}),
        ]
        done = his.put(task, "outcome", output=output)
        assert (done.status, done.body["status"]) == (200, "completed"), done.body
        said = Step.objects.get(kind="outcome").data
        assert said["medicines"] == [
            {"name": "Ticagrelor 90 mg", "dose": "1 viên", "frequency": "ngày 2 lần", "days": "30"}
        ]
        assert said["appointment_at"] == "2026-12-05T01:00:00.000Z"
        assert validation.problems(exact.loads(json.dumps(done.body))) == []
        (document,) = [
            one["valueReference"]["reference"]
            for one in done.body["output"]
            if one["type"]["coding"][0]["code"] == "outcome.document"
        ]
        paper = his.call("GET", f"/{document}")
        assert (paper.status, paper.body["title"]) == (200, "Giấy ra viện")
        assert paper.body["subject"]["reference"] == f"Patient/{Transfer.objects.get().patient}"
        again = his.put(his.call("GET", f"/Task/{coming}"), "outcome")
        assert again.status == 200
        assert Step.objects.filter(kind="outcome").count() == 1

    def test_declining_says_a_reason_and_advice(self, his: Client, coming: str) -> None:
        bare = his.step(coming, "declined")
        assert (bare.status, bare.problem) == (422, "transfer-step-data")
        assert Step.objects.filter(facility="01929").count() == 1
        declined = his.step(coming, "declined", code="no-bed", advice="Chuyển Viện Tim mạch Hà Nội")
        assert (declined.status, declined.body["status"]) == (200, "rejected")
        said = Step.objects.get(kind="declined").data
        assert (said["code"], said["advice"]) == ("no-bed", "Chuyển Viện Tim mạch Hà Nội")

    def test_of_two_the_second_is_told_and_may_repeat_what_was_done(self, his: Client, coming: str) -> None:
        task = his.call("GET", f"/Task/{coming}")
        assert his.put(task, "accepted").status == 200
        assert his.put(task, "accepted").status == 200
        late = his.put(task, "declined", code="no-bed")
        assert (late.status, late.problem) == (412, "transfer-changed")
        assert Step.objects.filter(facility="01929").count() == 2

    def test_a_client_that_knows_only_the_status_of_a_task(self, his: Client, coming: str) -> None:
        patch = [{"op": "replace", "path": "/status", "value": "accepted"}]
        done = his.call("PATCH", f"/Task/{coming}", patch, **{"Content-Type": "application/json-patch+json"})
        assert (done.status, done.body["businessStatus"]["coding"][0]["code"]) == (200, "accepted")

    def test_a_patch_with_data(self, his: Client, coming: str) -> None:
        patch = [
            {"op": "test", "path": "/businessStatus/coding/0/code", "value": "received"},
            {"op": "replace", "path": "/businessStatus/coding/0/code", "value": "asked"},
            {"op": "add", "path": "/input", "value": [entry("asked", "text", "Men tim lúc mấy giờ?")]},
        ]
        done = his.call("PATCH", f"/Task/{coming}", patch)
        assert (done.status, done.body["status"]) == (200, "on-hold")
        failed = his.call("PATCH", f"/Task/{coming}", patch)
        assert failed.status == 422

    @pytest.mark.parametrize("step", ["drafted", "sent", "cancelled", "closed", "outcome", "nothing"])
    def test_a_step_that_is_not_this_sides_or_not_yet_is_refused(
        self, his: Client, coming: str, step: str
    ) -> None:
        said = {"diagnosis": "x"} if step == "outcome" else {"code": "died"} if step == "cancelled" else {}
        assert his.step(coming, step, **said).status == 422
        assert Transfer.objects.get().state == State.RECEIVED

    def test_a_word_in_the_conversation(self, his: Client, coming: str) -> None:
        noted = his.step(coming, "note", text="Xe đến cổng số 2")
        assert noted.body["note"][0]["text"] == "Xe đến cổng số 2"

    def test_the_sender_reads_the_outcome_and_closes(self, his: Client) -> None:
        loop = begin(his)
        for kind, said in (
            (State.ACCEPTED, {}),
            (State.ARRIVED, {}),
            (State.OUTCOME, {"diagnosis": "Ổn định", "medicines": [{"name": "Aspirin", "days": "mãi"}]}),
        ):
            arrives(loop, kind, **said)
        task = his.call("GET", f"/Task?focus=ServiceRequest/{loop}").body["entry"][0]["resource"]
        output = {one["type"]["coding"][0]["code"]: one for one in task["output"]}
        assert output["outcome.diagnosis"]["valueString"] == "Ổn định"
        assert task["contained"][0]["dosage"] == [{"patientInstruction": "mãi"}]
        assert his.step(loop, "closed").body["status"] == "completed"
        assert Transfer.objects.get().state == State.CLOSED


class TestSearching:
    def test_filters_and_pages(self, his: Client) -> None:
        loops = [begin(his, f"CT-{n}") for n in range(5)]
        arrives(loops[0], State.RECEIVED)
        first = his.call("GET", "/ServiceRequest?_count=2")
        assert (first.body["total"], len(first.body["entry"])) == (5, 2)
        seen = [one["resource"]["id"] for one in first.body["entry"]]
        answer: Answer = first
        while following := [one["url"] for one in answer.body["link"] if one["relation"] == "next"]:
            parts = urlsplit(following[0])
            answer = his.call("GET", f"{parts.path.removeprefix('/fhir')}?{parts.query}")
            seen += [one["resource"]["id"] for one in answer.body["entry"]]
        assert sorted(seen) == sorted(loops)
        wanted = {
            f"/ServiceRequest?identifier={HIS}|CT-3": 1,
            "/ServiceRequest?identifier=CT-3": 1,
            f"/ServiceRequest?identifier={SID}transfer|{loops[0]}": 1,
            "/ServiceRequest?identifier=urn:other|CT-3": 0,
            "/ServiceRequest?status=draft": 0,
            "/ServiceRequest?status=active": 5,
            f"/ServiceRequest?patient.identifier={CITIZEN}|024058001234": 5,
            "/ServiceRequest?patient.identifier=024058009999": 0,
            "/ServiceRequest?_lastUpdated=ge2020-01-01&_lastUpdated=lt2021-01-01": 0,
            "/ServiceRequest?_lastUpdated=ge2020-01-01T00:00:00%2B07:00": 5,
            "/ServiceRequest?performer=Organization/01929": 5,
            "/ServiceRequest?requester=01929": 0,
            "/Task?business-status=sent,received": 5,
            "/Task?status=completed": 0,
            "/Task?owner=24011": 4,
            f"/Task?owner:identifier={FACILITY}|01929": 1,
            f"/Task?focus=ServiceRequest/{loops[1]}": 1,
            "/Task?modified=lt2021": 0,
            "/Task?colour=red": None,
            "/Task?status=red": 0,
            "/Task?_count=many": None,
            "/Task?_after=x": None,
            "/Task?_count=0": 5,
        }
        for path, total in wanted.items():
            answer = his.call("GET", path)
            assert answer.status == (400 if total is None else 200), path
            assert answer.body.get("total") == total, path
            assert validation.problems(exact.loads(json.dumps(answer.body))) == [], path

    def test_what_belongs_to_other_hospitals_is_not_there(self, his: Client, settings: Any) -> None:
        loop = desk.draft(actor=DOCTOR, receiver="01929").loop
        settings.NODE = replace(settings.NODE, facility="24004")
        assert his.call("GET", f"/Task/{loop}").status == 404
        for kind in ("Task", "ServiceRequest"):
            assert his.call("GET", f"/{kind}").body["total"] == 0
        assert his.call("PUT", f"/ServiceRequest/{loop}", {**request(), "id": loop}).status in (409, 422)
        task = {"resourceType": "Task", "id": loop, "status": "cancelled", "intent": "order"}
        assert his.call("PUT", f"/Task/{loop}", task).status == 404

    def test_a_patient_of_a_transfer_can_be_read_though_the_record_does_not_know_him(
        self, his: Client
    ) -> None:
        begin(his)
        found = his.call("GET", f"/Patient/{Transfer.objects.get().patient}")
        assert found.body["name"][0]["text"] == "VI VĂN THỤ"
        assert his.call("GET", "/Patient/other").status == 404

    def test_every_call_leaves_a_row_with_its_purpose(self, his: Client) -> None:
        loop = begin(his)
        his.more = {"X-Purpose-Of-Use": "ETREAT"}
        his.call("GET", f"/Task/{loop}")
        his.call("GET", "/Task")
        his.call("GET", "/Task/none")
        found = list(AuditEvent.objects.filter(why="ETREAT").order_by("seq").values_list("action", flat=True))
        assert list(dict.fromkeys(found)) == ["fhir-read", "fhir-search", "fhir-refused"]
        his.more = {"X-Purpose-Of-Use": "FUN"}
        assert his.call("GET", "/Task").status == 400


def test_what_the_door_says_of_itself_is_valid_and_true() -> None:
    statement = fhir_calls.in_process("GET", "/fhir/metadata", {}, b"")
    assert validation.problems(exact.loads(json.dumps(statement.body))) == []
    kinds = {one["type"]: one for one in statement.body["rest"][0]["resource"]}
    assert kinds.keys() == set(validation.types())
    smart = fhir_calls.in_process("GET", "/fhir/.well-known/smart-configuration", {}, b"")
    assert smart.body["token_endpoint"] == "http://127.0.0.1:8710/fhir/token"
    assert fhir_calls.in_process("GET", "/fhir/metadata", {"Host": "evil.example"}, b"").status == 400


def test_a_hub_has_no_transfers(his: Client, settings: Any) -> None:
    loop = desk.draft(actor=DOCTOR, receiver="01929").loop
    settings.NODE = replace(settings.NODE, role="hub")
    assert his.call("GET", f"/Task/{loop}").status == 404


def test_limits(his: Client) -> None:
    large = his.call("POST", "/ServiceRequest", b" " * (65 << 20))
    assert (large.status, large.body["issue"][0]["code"]) == (413, "too-long")
    assert his.call("POST", "/ServiceRequest", b"{}", **{"Content-Type": "text/plain"}).status == 415
    deep = b"[" * 100_000 + b"]" * 100_000
    assert his.call("POST", "/ServiceRequest", deep).status == 400
    many = bundle(request())
    many["entry"] = many["entry"] * 30
    assert his.call("POST", "/", many).status == 422


def test_a_caller_that_calls_too_often_is_told_to_wait(his: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "_calls", Bucket(rate=0.1, burst=3))
    answers = [his.call("GET", "/Task/none") for _ in range(5)]
    assert [one.status for one in answers[:3]] == [404] * 3
    told = [one for one in answers if one.status == 429]
    assert told
    assert told[0].body["issue"][0]["code"] == "throttled"
    assert int(told[0].headers["retry-after"]) >= 1


def test_without_room_nothing_is_taken(his: Client, settings: Any) -> None:
    assert his.call("GET", "/Task").status == 200
    settings.NODE = replace(settings.NODE, reserve_mb=1 << 40)
    answer = his.call("POST", "/ServiceRequest", request())
    assert (answer.status, answer.body["issue"][0]["code"]) == (507, "no-store")
    assert not Transfer.objects.exists()


def test_the_same_call_at_the_same_moment_makes_one_transfer(his: Client) -> None:
    his.call("GET", "/Task")

    def call(_number: int) -> Answer:
        try:
            return his.call("POST", "/ServiceRequest", request())
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(call, range(12)))
    assert sorted(one.status for one in answers) == [200] * 11 + [201]
    assert len({one.body["id"] for one in answers}) == 1
    assert Transfer.objects.get().dossier_version == 1


@pytest.mark.parametrize("far", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00"])
def test_times_that_nobody_can_mean_are_refused(his: Client, far: str) -> None:
    order = request()
    order["extension"][0]["extension"][-1]["valueDateTime"] = far
    assert his.call("POST", "/ServiceRequest", order).status == 422
    loop = begin(his)
    assert his.step(loop, "departed", arrives_at=far).status == 422
    assert Transfer.objects.get().state == State.SENT


def test_every_state_of_the_loop_has_a_task_status_of_r4() -> None:
    known = {"draft", "requested", "received", "accepted", "rejected", "in-progress", "on-hold", "completed"}
    assert {turn.task for turn in rules.TURNS.values()} <= known | {"cancelled"}


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=12,
)
_places = st.lists(
    st.one_of(st.integers(0, 12), st.sampled_from(["contained", "extension", "code", "subject"]))
)


def _spoiled(value: Any, path: list[Any], new: Any) -> Any:
    """A copy in which one place, wherever the path leads, is something else."""
    if not path or not isinstance(value, dict | list) or not value:
        return new
    if isinstance(value, list):
        place = hash(path[0]) % len(value)
        return [_spoiled(one, path[1:], new) if n == place else one for n, one in enumerate(value)]
    names = sorted(value)
    name = path[0] if path[0] in value else names[hash(str(path[0])) % len(names)]
    return {**value, name: _spoiled(value[name], path[1:], new)}


_settings = settings(
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    deadline=None,
)


@_settings
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "X"]),
    path=st.one_of(
        st.text(max_size=40),
        st.sampled_from(
            ["", "/", "/Task", "/ServiceRequest", "/Task/x", "/Patient/é", "/token", "/metadata"]
        ),
    ),
    query=st.text(max_size=60),
    body=st.one_of(st.binary(max_size=200), _values.map(lambda v: json.dumps(v).encode())),
    header=st.sampled_from(
        [
            "Authorization",
            "Host",
            "If-Match",
            "If-None-Exist",
            "Content-Type",
            "X-Acting-Person",
            "Idempotency-Key",
        ]
    ),
    said=st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=60),
)
def test_whatever_is_sent_gets_an_answer_and_writes_nothing(
    his: Client, method: str, path: str, query: str, body: bytes, header: str, said: str
) -> None:
    if not his.token:
        his.call("GET", "/Task")
    headers = {"Authorization": f"Bearer {his.token}", "Content-Type": "application/fhir+json", header: said}
    answer = fhir_calls.in_process(method, f"/fhir{path}".replace("?", "") + f"?{query}", headers, body)
    assert answer.status < 500
    assert not Transfer.objects.exists()


@_settings
@given(path=_places, new=_values, whole=st.booleans())
def test_a_spoiled_request_is_taken_whole_or_refused(
    his: Client, path: list[Any], new: Any, whole: bool
) -> None:
    number = ids.new_id()
    order = bundle(request(number)) if whole else request(number)
    answer = his.call("POST", "/" if whole else "/ServiceRequest", _spoiled(order, path, new))
    if answer.status == 429:
        return
    assert answer.status < 500, answer.body
    kept = RequestIdentifier.objects.filter(value=number).exists()
    assert kept <= (answer.status in (200, 201))


@_settings
@given(path=_places, new=_values)
def test_a_spoiled_task_is_taken_or_refused(his: Client, path: list[Any], new: Any) -> None:
    loop = Transfer.objects.values_list("loop", flat=True).first() or begin(his)
    task = his.call("GET", f"/Task/{loop}")
    if task.status == 429:
        return
    before = Step.objects.count()
    body = {**task.body, "input": [entry("note", "text", "Một lời")]}
    body["businessStatus"] = {"coding": [{"system": f"{CODES}transfer-state", "code": "note"}]}
    answer = his.call("PUT", f"/Task/{loop}", _spoiled(body, path, new))
    assert answer.status < 500, answer.body
    assert Step.objects.count() - before <= (answer.status == 200)
    patched = his.call("PATCH", f"/Task/{loop}", [{"op": "replace", "path": "/status", "value": new}, new])
    assert patched.status < 500
