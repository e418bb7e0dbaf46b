"""ServiceRequest and Task of a transfer are told alike by every interaction of the FHIR door, after any steps."""

from __future__ import annotations

import importlib
import json
import threading
from dataclasses import replace
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as node_settings
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fhir_calls
from fhir_calls import CITIZEN, CODES, FACILITY, HIS, Client, request
from lienthong import exchange, records
from lienthong.access import audit
from lienthong.foundation import clock, ids
from lienthong.foundation import json as exact
from lienthong.records import validation
from lienthong.records.exporting import work
from lienthong.transfers import desk, resources, rules, steps, taking
from lienthong.transfers.fhir import keeping, requests, tasks
from lienthong.transfers.models import Changed, Side, State, Step, Transfer

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("hospitals")]
DOCTOR = audit.Actor("bs", "Bác sĩ Thử", "doctor", "127.0.0.1")
SAYS: dict[str, dict[str, Any]] = {
    "asked": {"text": "Men tim lúc mấy giờ?"},
    "told": {"text": "08:10"},
    "note": {"text": "Xe đến cổng số 2"},
    "declined": {"code": "no-bed"},
    "cancelled": {"code": "treated-here"},
    "no-show": {"code": "unknown"},
    "bed": {"ward": "Viện Tim mạch"},
    "appointment": {"at": "2026-12-05T08:00:00+07:00"},
    "interim": {"text": "Đã ổn định"},
    "outcome": {"diagnosis": "Đã đặt stent", "medicines": [{"name": "Aspirin", "days": "30"}]},
}


@pytest.fixture
def his() -> Client:
    return fhir_calls.register("system/*.cruds")


def begin(his: Client, number: str = "", **more: Any) -> str:
    answer = his.call("POST", "/ServiceRequest", request(number or ids.new_id(), **more))
    assert answer.status == 201, answer.body
    return str(answer.body["id"])


def comes(loop: str, kind: State) -> None:
    """Puts on record what a step message of the receiver would."""
    transfer = desk.get(loop)
    assert transfer is not None
    place = max((step.place for step in transfer.steps.all()), default=2) + 1
    said = steps.checked(kind, SAYS.get(kind, {})) if kind in steps.KINDS else {}
    step = Step(id=ids.new_id(), transfer=transfer, kind=kind, at=clock.now(), place=max(3, place))
    step.person, step.facility, step.data = "BS Nhận", "01929", said
    taking.add(transfer, [step])


def entries(his: Client, path: str) -> dict[str, Any]:
    answer = his.call("GET", path)
    assert answer.status == 200, (path, answer.body)
    found = [one["resource"] for one in answer.body.get("entry", [])]
    return {f"{one['resourceType']}/{one['id']}": one for one in found}


def exported(his: Client) -> dict[str, Any]:
    begun = his.call("GET", "/$export?_type=ServiceRequest,Task", Prefer="respond-async")
    assert begun.status == 202, begun.body
    work.work(threading.Event())
    status = begun.headers["content-location"].partition("/fhir")[2]
    found = {}
    for one in his.call("GET", status).body["output"]:
        body = his.call("GET", one["url"].partition("/fhir")[2]).body
        lines = [body] if isinstance(body, dict) else [json.loads(line) for line in body.splitlines()]
        found |= {f"{line['resourceType']}/{line['id']}": line for line in lines}
    return found


def told_alike(his: Client, loop: str, asked: str = "") -> None:
    """Asks in one way first, since each brings the store up by itself; then in every other."""
    order, task = f"ServiceRequest/{loop}", f"Task/{loop}"
    transfer = Transfer.objects.get(loop=loop)
    state = f"{CODES}transfer-state|{transfer.state}"
    ways = {
        f"/Task?_id={loop}&_include=Task:focus": (order, task),
        f"/ServiceRequest?_id={loop}&_revinclude=Task:focus": (order, task),
        f"/ServiceRequest?_has:Task:focus:business-status={state}&_id={loop}": (order,),
        f"/Task?focus:ServiceRequest.identifier={resources.identifier(transfer)['value']}": (task,),
        f"/Task?business-status={transfer.state}&_lastUpdated=ge2020": (task,),
        f"/Task?owner:identifier={FACILITY}|{transfer.owner}&_id={loop}": (task,),
        f"/Task?owner={transfer.owner}&modified=ge2020-01-01": (task,),
        f"/Task?_id={loop}&_include=Task:owner": (task,),
        f"/ServiceRequest?_id={loop}&status={requests.resource(transfer)['status']}": (order,),
        f"/Task/{loop}/_history?_count=1": (task,),
        f"/ServiceRequest/{loop}/_history?_count=1": (order,),
        f"/Patient/{transfer.patient}/$everything?_type=Task,ServiceRequest": (order, task),
        f"/Patient/{transfer.patient}/*?_id={loop}": (order, task),
        f"/Patient?_id={transfer.patient}&_revinclude=Task:patient": (task,),
        f"/?_type=Task,ServiceRequest&_id={loop}": (order, task),
    }
    first = entries(his, asked) if asked else {}
    read = {ref: his.call("GET", f"/{ref}").body for ref in (order, task)}
    assert {ref: one for ref, one in first.items() if ref in read}.items() <= read.items()
    for ref, live in ((order, requests.resource(transfer)), (task, tasks.resource(transfer))):
        without = {name: value for name, value in read[ref].items() if name != "meta"}
        assert without == json.loads(exact.dumps(live))
        version = read[ref]["meta"]["versionId"]
        assert his.call("GET", f"/{ref}/_history/{version}").body == read[ref]
        assert validation.problems(exact.loads(json.dumps(read[ref]))) == []
    for path, refs in ways.items():
        if "Patient/" in path and not transfer.patient:
            continue
        found = entries(his, path)
        for ref in refs:
            assert found.get(ref) == read[ref], path


WAYS = (
    "/Task?_include=Task:focus&_sort=-_lastUpdated&_count=3",
    "/ServiceRequest?_revinclude=Task:focus&_sort=-_lastUpdated&_count=3",
    "/?_type=Task,ServiceRequest&_sort=-_lastUpdated&_count=3",
    "/Task/_history?_count=1",
    "/_history?_count=1",
    "/Organization?_id=01929&_revinclude=Task:owner",
)


@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_after_any_steps_every_interaction_tells_what_a_read_tells(his: Client, data: Any) -> None:
    his.token = ""
    loop = begin(his, status=data.draw(st.sampled_from(["active", "draft"])))
    for _ in range(data.draw(st.integers(1, 6))):
        transfer = Transfer.objects.get(loop=loop)
        sent = transfer.state != State.DRAFTED
        ours = [(kind, Side.SENDER) for kind in taking.allowed_steps(transfer)]
        theirs = rules.allowed(State(transfer.state), Side.RECEIVER, transfer.urgency) if sent else []
        possible = [*ours, *((kind, Side.RECEIVER) for kind in theirs)]
        if not possible:
            break
        kind, side = data.draw(st.sampled_from(possible))
        if side is Side.RECEIVER:
            comes(loop, kind)
        elif kind is State.SENT:
            desk.send_draft(loop, version=transfer.version, actor=DOCTOR)
        elif data.draw(st.booleans()):
            desk.take(loop, kind, actor=DOCTOR, data=SAYS.get(kind, {}))
        else:
            said = {name: value for name, value in SAYS.get(kind, {}).items() if name != "medicines"}
            done = his.step(loop, kind, **said)
            assert done.status == 200, done.body
        if data.draw(st.booleans()):
            told = entries(his, data.draw(st.sampled_from(WAYS)))
            assert all(one == his.call("GET", f"/{ref}").body for ref, one in told.items() if loop in ref)
    told_alike(his, loop, data.draw(st.sampled_from(WAYS)))


def test_an_export_and_the_history_tell_each_state_that_was_told(his: Client) -> None:
    loops = [begin(his), begin(his, status="draft")]
    for kind in (State.RECEIVED, State.ACCEPTED, State.ARRIVED, State.OUTCOME):
        comes(loops[0], kind)
        his.call("GET", "/Task")
    comes(loops[0], State.NOTE)
    found = exported(his)
    for loop in loops:
        for kind in ("ServiceRequest", "Task"):
            assert found[f"{kind}/{loop}"] == his.call("GET", f"/{kind}/{loop}").body
    history = his.call("GET", f"/Task/{loops[0]}/_history").body["entry"]
    states = [one["resource"]["businessStatus"]["coding"][0]["code"] for one in history]
    assert states == ["outcome", "outcome", "arrived", "accepted", "received", "sent"]
    since = history[0]["resource"]["meta"]["lastUpdated"]
    assert list(entries(his, f"/Task?_lastUpdated=ge{since}")) == [f"Task/{loops[0]}"]


def test_a_search_gives_the_oldest_change_first_and_knows_every_name_of_a_transfer(his: Client) -> None:
    loops = [begin(his, f"CT-{n}") for n in range(3)]
    comes(loops[0], State.ACCEPTED)
    assert [one.partition("/")[2] for one in entries(his, "/Task")] == [loops[1], loops[2], loops[0]]
    assert list(entries(his, f"/Task?identifier={HIS}|CT-1")) == [f"Task/{loops[1]}"]
    reader = fhir_calls.register("system/ServiceRequest.rs system/Task.rs system/Patient.r")
    for kind in ("Task", "ServiceRequest"):
        assert len(entries(reader, f"/{kind}?patient.identifier={CITIZEN}|024058001234")) == 3
        assert not entries(reader, f"/{kind}?patient.identifier=024058009999")
    assert reader.call("GET", "/Patient").status == 403


def test_nobody_else_writes_what_stands_for_a_transfer(his: Client) -> None:
    loop = begin(his)
    before = {kind: his.call("GET", f"/{kind}/{loop}").body for kind in ("ServiceRequest", "Task")}
    other = {"resourceType": "ServiceRequest", "id": loop, "status": "revoked", "intent": "order"}
    other["subject"] = {"display": "khác"}
    entry = {"resource": other, "request": {"method": "PUT", "url": f"ServiceRequest/{loop}"}}
    whole = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    mine = f"{HIS}|{before['ServiceRequest']['identifier'][1]['value']}"
    named = {name: value for name, value in other.items() if name != "id"}
    patch = [{"op": "replace", "path": "/status", "value": "revoked"}]
    assert his.call("PUT", f"/ServiceRequest/{loop}", other).status == 422
    assert his.call("POST", "/", whole).status == 409
    assert his.call("PUT", f"/ServiceRequest?identifier={mine}", named).status == 409
    assert his.call("DELETE", f"/ServiceRequest?identifier={mine}").status == 409
    content = {"Content-Type": "application/json-patch+json"}
    assert his.call("PATCH", f"/ServiceRequest?identifier={mine}", patch, **content).status == 409
    for kind in ("ServiceRequest", "Task"):
        assert his.call("DELETE", f"/{kind}/{loop}").status == 405
    assert (
        his.call("POST", "/Task", {"resourceType": "Task", "status": "draft", "intent": "order"}).status
        == 405
    )
    assert his.call("PUT", "/Task/mine", {"resourceType": "Task", "id": "mine"}).status == 404
    patient = before["ServiceRequest"]["subject"]["reference"]
    assert his.call("DELETE", f"/{patient}").status == 409
    assert before == {kind: his.call("GET", f"/{kind}/{loop}").body for kind in before}


def test_a_dossier_says_nothing_of_other_transfers(his: Client) -> None:
    loop = begin(his)
    before = {kind: his.call("GET", f"/{kind}/{loop}").body for kind in ("ServiceRequest", "Task")}
    forged = [{**one, "status": "completed", "contained": []} for one in before.values()]
    told = taking.without_transfers([*forged, {"resourceType": "ServiceRequest", "id": "x1"}], ids.new_id())
    assert told == [{"resourceType": "ServiceRequest", "id": "x1"}]
    step = {"id": ids.new_id(), "kind": "interim", "at": clock.iso(clock.now()), "place": 9}
    step |= {"person": "BS", "role": "doctor", "facility": "01929", "data": {"text": "Đã ổn định"}}
    content = {"step": step, "bundle": {"resourceType": "Bundle", "type": "collection"}}
    content["bundle"]["entry"] = [{"resource": one} for one in forged]
    from lienthong.exchange.manifest import Entry
    from lienthong.foundation.blobs import BlobFolder

    body = exact.dumps(content)
    part = Entry(BlobFolder(node_settings.NODE.blobs).put(body), len(body), "step", "application/json", 0)
    comes(loop, State.ARRIVED)
    incoming = exchange.Incoming("m1", desk.STEP, loop, "01929", clock.now(), desk.REFERRAL_DUTY, {}, (part,))
    with transaction.atomic():
        desk.take_step(incoming)
    after = his.call("GET", f"/Task/{loop}").body
    assert (after["status"], after["businessStatus"]["coding"][0]["code"]) == ("in-progress", "interim")
    told_alike(his, loop)


def test_an_old_version_never_passes_though_nobody_has_looked_since(his: Client) -> None:
    loop = begin(his)
    task = his.call("GET", f"/Task/{loop}")
    order = his.call("GET", f"/ServiceRequest/{loop}")
    desk.take(loop, State.CANCELLED, actor=DOCTOR, data=SAYS["cancelled"])
    late = his.put(task, "departed")
    assert (late.status, late.problem) == (412, "transfer-changed")
    late = his.call("PUT", f"/ServiceRequest/{loop}", order.body, If_Match=order.headers["etag"])
    assert (late.status, late.problem) == (412, "transfer-changed")
    assert his.call("GET", f"/Task/{loop}").headers["etag"] != task.headers["etag"]


def test_transfers_of_before_come_into_the_store_once_and_after_an_interruption(
    his: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    loops = [begin(his) for _ in range(3)]
    desk.take(loops[1], State.CANCELLED, actor=DOCTOR, data=SAYS["cancelled"])
    for loop in loops:  # as the release before left them: a request of old in the dossier's set, no Task
        old = resources.service_request(Transfer.objects.get(loop=loop))
        form = [one.resource for one in records.of_origin(f"transfer-form/{loop}")]
        for one in form:
            one.pop("meta")
        with transaction.atomic():
            records.transact([], origin=keeping.origin(loop), actor=DOCTOR)
            records.transact([*form, old], origin=f"transfer-form/{loop}", actor=DOCTOR)
    Changed.objects.all().delete()
    assert not entries(his, "/Task")
    importlib.import_module("lienthong.transfers.migrations.0010_changed")._all(apps, None)
    monkeypatch.setattr(keeping, "_AT_ONCE", 1)
    flush, done = records.Writer.flush, [0]

    def cut_off(write: records.Writer, *given: Any) -> None:
        flush(write, *given)
        done[0] += 1
        if done[0] == 2:
            raise OSError("power")

    with monkeypatch.context() as broken:
        broken.setattr(records.Writer, "flush", cut_off)
        with pytest.raises(OSError, match="power"):
            keeping.bring_up()
    assert records.count("Task") == 1
    assert Changed.objects.count() == 2
    keeping.bring_up()
    assert (records.count("Task"), Changed.objects.count()) == (3, 0)
    told_alike(his, loops[1])
    for loop in loops:
        assert {one.ref for one in records.of_origin(keeping.origin(loop))} == {
            f"ServiceRequest/{loop}",
            f"Task/{loop}",
        }
    version = his.call("GET", f"/Task/{loops[0]}").headers["etag"]
    importlib.import_module("lienthong.transfers.migrations.0010_changed")._all(apps, None)
    assert his.call("GET", f"/Task/{loops[0]}").headers["etag"] == version


def test_the_receiver_tells_its_own_request_and_not_the_senders(his: Client, settings: Any) -> None:
    loop = begin(his)
    order = his.call("GET", f"/ServiceRequest/{loop}").body
    settings.NODE = replace(settings.NODE, facility="01929")
    transfer = desk.get(loop)
    assert transfer is not None
    taking.add(transfer, [taking.fixed(transfer, State.RECEIVED, clock.now(), "01929")])
    told_alike(his, loop)
    assert his.step(loop, "accepted").status == 200
    told_alike(his, loop, "/Task")
    assert his.call("GET", f"/ServiceRequest/{loop}").body["contained"] == order["contained"]
