"""Through the FHIR door: what restricted scopes and special protection leave of the record, however it is asked."""

from __future__ import annotations

from typing import Any

import pytest

import fhir_calls
from fhir_calls import Client
from lienthong.access.models import AuditEvent

pytestmark = pytest.mark.django_db(transaction=True)
SECURITY = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
SECRET = "B20"


def observation(id: str, category: str, code: str, *labels: tuple[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "category": [{"coding": [{"system": CATEGORY, "code": category}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
        "subject": {"reference": "Patient/p1"},
        "valueString": "x",
    }
    if labels:
        found["meta"] = {"security": [{"system": system, "code": label} for system, label in labels]}
    return found


def let_in(scope: str, **more: Any) -> Client:
    return fhir_calls.register(scope, transport=fhir_calls.in_process, **more)


def with_kinds(client: Client, *kinds: str) -> Client:
    from lienthong.access import audit, systems

    systems.change(client.client, by=audit.system("test"), kinds=kinds)
    return client


@pytest.fixture
def record() -> Client:
    """A person with an open laboratory result, a vital sign, and two protected results, one labelled by its kind."""
    his = with_kinds(let_in("system/*.cruds"), "HIV", "PSY")
    assert his.call("PUT", "/Patient/p1", {"resourceType": "Patient", "id": "p1"}).status == 201
    restricted = (CONFIDENTIALITY, "R")
    for one in (
        observation("open", "laboratory", "718-7"),
        observation("sign", "vital-signs", "8867-4"),
        observation("hiv", "laboratory", SECRET, restricted, (SECURITY, "HIV")),
        observation("psy", "laboratory", "psy", (SECURITY, "PSY")),
    ):
        answer = his.call("PUT", f"/Observation/{one['id']}", one)
        assert answer.status == 201, answer.body
    return his


def found(client: Client, path: str, **headers: str) -> set[str]:
    answer = client.call("GET", path, **headers)
    assert answer.status == 200, answer.body
    return {entry["resource"]["id"] for entry in answer.body.get("entry", [])}


WAYS = (
    "/Observation",
    "/Observation?patient=p1",
    "/Patient/p1/Observation",
    "/Patient?_id=p1&_revinclude=Observation:subject",
    "/Observation/_history",
    "/?_type=Observation",
)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_protected_is_in_no_answer_and_no_answer_tells(record: Client, way: str) -> None:
    viewer = let_in("system/*.rs")
    answer = viewer.call("GET", way)
    assert {"open", "sign"} <= {e["resource"]["id"] for e in answer.body["entry"]} <= {"open", "sign", "p1"}
    shown = str(answer.body)
    assert not any(word in shown for word in ("hiv", "HIV", "PSY", SECRET, "psy"))
    assert answer.body.get("total", 2) in (1, 2)


def test_nor_can_it_be_asked_for_or_guessed(record: Client) -> None:
    viewer = let_in("system/*.rs")
    for path in ("/Observation/hiv", "/Observation/hiv/_history/1", "/Observation/psy"):
        nothing = viewer.call("GET", path.replace("hiv", "none").replace("psy", "none"))
        there = viewer.call("GET", path)
        assert (there.status, there.problem) == (nothing.status, nothing.problem) == (404, "fhir-not-found")
    assert found(viewer, f"/Patient?_has:Observation:subject:code={SECRET}") == set()
    assert found(viewer, "/Patient?_has:Observation:subject:code=718-7") == {"p1"}
    assert found(viewer, f"/Observation?code={SECRET}") == set()


def test_registration_and_basis_open_each_kind_by_itself(record: Client) -> None:
    viewer = with_kinds(let_in("system/*.rs"), "PSY")
    assert found(viewer, "/Observation") == {"open", "sign", "psy"}
    assert viewer.call("GET", "/Observation/hiv").status == 404
    assert viewer.call("GET", "/Observation?_count=0").body.get("total") != 4


def test_a_restricted_scope_shows_and_takes_what_fits_alone(record: Client) -> None:
    lis = let_in("system/Observation.crus?category=laboratory system/Patient.rs")
    for way in WAYS[:4]:
        assert found(lis, way) - {"p1"} == {"open"}, way
    assert lis.call("GET", "/Observation/sign").status == 404
    refused = lis.call("PUT", "/Observation/new", observation("new", "vital-signs", "8867-4"))
    assert (refused.status, refused.problem) == (403, "fhir-outside-scope")
    assert lis.call("PUT", "/Observation/new", observation("new", "laboratory", "718-7")).status == 201
    changed = lis.call("PUT", "/Observation/new", observation("new", "vital-signs", "718-7"))
    assert changed.status == 403
    for mine in (observation("sign", "laboratory", "718-7"), observation("hiv", "laboratory", "718-7")):
        stolen = lis.call("PUT", f"/Observation/{mine['id']}", mine)
        assert (stolen.status, stolen.problem) == (403, "fhir-outside-scope")
        entry = {"resource": mine, "request": {"method": "PUT", "url": f"Observation/{mine['id']}"}}
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
        assert lis.call("POST", "", bundle).status == 403
    assert record.call("GET", "/Observation/sign").body["category"][0]["coding"][0]["code"] == "vital-signs"
    assert lis.call("GET", "/Condition").status == 403


def test_each_call_leaves_a_row_with_system_person_purpose_and_basis(record: Client) -> None:
    record.person = "B%C3%A1c%20s%C4%A9%20Hoa"
    sent = {"X_Purpose_Of_Use": "ETREAT", "X_Access_Reason": "h%C3%B4n%20m%C3%AA"}
    assert record.call("GET", "/Observation/open", **sent).status == 200
    event = AuditEvent.objects.get(action="fhir-read")
    assert (event.person, event.person_name) == (f"system:{record.client}", "Bác sĩ Hoa (HIS thử)")
    assert (event.why, event.patient) == ("ETREAT", "p1")
    assert '"basis":"emergency"' in event.detail
    assert '"reason":"hôn mê"' in event.detail
    refused = record.call("GET", "/Observation/open", X_Purpose_Of_Use="HRESCH")
    assert (refused.status, refused.problem) == (403, "fhir-purpose-not-allowed")
    assert refused.body["issue"][0]["diagnostics"]


def test_who_may_not_read_is_not_shown_what_was_there_by_writing(record: Client) -> None:
    there = {
        "resourceType": "Patient",
        "id": "named",
        "name": [{"text": "LÙ THỊ NGẢI"}],
        "identifier": [{"system": "urn:mrn", "value": "7"}],
    }
    assert record.call("PUT", "/Patient/named", there).status == 201
    maker, changer, remover = (let_in(f"system/Patient.{letter}") for letter in "cud")
    unless = "identifier=urn:mrn|7"
    given = maker.call("POST", "/Patient", {"resourceType": "Patient"}, If_None_Exist=unless)
    assert (given.status, given.body) == (200, None)
    assert "/Patient/named/" in given.headers["location"]
    merge = {"Content_Type": "application/merge-patch+json"}
    for path in ("/Patient/named", f"/Patient?{unless}"):
        changed = changer.call("PATCH", path, {"active": path == "/Patient/named"}, **merge)
        assert (changed.status, changed.body) == (200, None)
    entry = {"resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}}
    entry["request"]["ifNoneExist"] = unless
    whole = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    answer = maker.call("POST", "", whole, Prefer="return=representation")
    assert answer.status == 200
    assert "NGẢI" not in str(answer.body)
    assert remover.call("DELETE", f"/Patient?{unless}").status == 204


def test_a_removal_that_is_refused_names_what_the_caller_may_see_alone(record: Client) -> None:
    """Otherwise anyone who may delete learns that there is a protected result of this person."""
    clerk = let_in("system/Patient.rd system/Observation.rs?category=laboratory")
    removal = {"request": {"method": "DELETE", "url": "Patient/p1"}}
    whole = {"resourceType": "Bundle", "type": "transaction", "entry": [removal]}
    for refused in (clerk.call("DELETE", "/Patient/p1"), clerk.call("POST", "", whole)):
        assert (refused.status, refused.problem) == (409, "fhir-referred-to")
        told = str(refused.body)
        assert "Observation/open" in told
        assert not any(f"Observation/{hidden}" in told for hidden in ("sign", "hiv", "psy"))


def test_a_refusal_within_a_batch_leaves_its_row_too(record: Client) -> None:
    viewer = let_in("system/Observation.rs")
    urls = ("Patient/p1", "Observation/open", "Patient?name=a")
    entries = [{"request": {"method": "GET", "url": url}} for url in urls]
    before = AuditEvent.objects.filter(action="fhir-refused").count()
    answer = viewer.call("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entries})
    assert [entry["response"]["status"] for entry in answer.body["entry"]] == ["403", "200", "403"]
    rows = AuditEvent.objects.filter(action="fhir-refused").order_by("seq")[before:]
    assert [row.page for row in rows] == ["GET /fhir/Patient/p1", "GET /fhir/Patient"]


def test_nobody_learns_of_what_was_deleted_outside_their_scope(record: Client) -> None:
    lis = let_in("system/Observation.rs?category=laboratory")
    for gone in ("open", "sign"):
        assert record.call("DELETE", f"/Observation/{gone}").status == 204
    assert lis.call("GET", "/Observation/open").status == 410
    for path in ("/Observation/sign", "/Observation/sign/_history", "/Observation/sign/_history/2"):
        assert lis.call("GET", path).status == 404
    shown = str(lis.call("GET", "/Observation/_history").body)
    assert "Observation/open" in shown
    assert "Observation/sign" not in shown


def wraps(kind: str) -> dict[str, Any]:
    """A resource without a label of its own that holds, or says that it is, something protected."""
    hidden = observation("x1", "laboratory", SECRET, (SECURITY, "HIV"))
    label = [{"coding": [{"system": CONFIDENTIALITY, "code": "R"}, {"system": SECURITY, "code": "HIV"}]}]
    if kind == "Bundle":
        entry = {"fullUrl": "urn:uuid:6bdbd3a9-8d34-4f8c-8f0d-1a4d3c1e2b10", "resource": hidden}
        return {"type": "collection", "entry": [entry]}
    if kind == "DocumentReference":
        content = {"attachment": {"contentType": "text/plain", "data": "eA=="}}
        return {"status": "current", "content": [content], "securityLabel": label}
    return {
        "status": "final",
        "type": {"text": "x"},
        "date": "2026-11-20",
        "title": "x",
        "author": [{"display": "x"}],
        "confidentiality": "V",
    }


@pytest.mark.parametrize("kind", ["Bundle", "DocumentReference", "Composition"])
def test_what_holds_something_protected_is_protected(record: Client, kind: str) -> None:
    with_kinds(record, "HIV", "PSY", "OTHER")
    viewer = let_in("system/*.crus")
    whole = {"resourceType": kind, "id": "whole", **wraps(kind)}
    assert record.call("PUT", f"/{kind}/whole", whole).status == 201
    assert record.call("GET", f"/{kind}/whole").status == 200
    assert viewer.call("GET", f"/{kind}/whole").status == 404
    assert found(viewer, f"/{kind}") == set()
    assert viewer.call("PUT", f"/{kind}/other", {**whole, "id": "other"}).problem == "fhir-outside-scope"
