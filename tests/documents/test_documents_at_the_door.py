"""The FHIR door: $summary, Provide Document Bundle, Find Document Lists and References, Retrieve Document."""

from __future__ import annotations

import base64
import io
import json
import threading
from typing import Any
from urllib.parse import quote

import pytest
from django.db import transaction

from document_world import CITIZEN, PATIENT, keep
from fhir_calls import Answer, Client, register
from lienthong import records
from lienthong.access import audit
from lienthong.access.models import AuditEvent
from lienthong.config import fhir as door
from lienthong.documents import mhd
from lienthong.identity import deciding, following, index
from lienthong.records import validation
from lienthong.terminology import systems

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("hospitals")]
CONTENT = b"%PDF-1.7 giay mau"
WHO = quote(f"{systems.CITIZEN_NUMBER}|{CITIZEN}")


def _raw(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
    """The door's answer as it came; JSON is read."""
    found: dict[str, Any] = {}

    def start(status: str, sent: list[tuple[str, str]]) -> None:
        found.update(status=int(status[:3]), headers={name.lower(): value for name, value in sent})

    target, _, query = path.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": target,
        "QUERY_STRING": query,
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8710",
        "CONTENT_TYPE": headers.pop("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    content = b"".join(door.application(environ, start))
    media = found["headers"].get("content-type", "")
    return Answer(
        found["status"], found["headers"], json.loads(content) if "json" in media and content else content
    )


@pytest.fixture
def his() -> Client:
    """The hospital's own system, with every right."""
    keep()
    client = register("system/*.cruds")
    client.transport = _raw
    return client


def _bundle(number: str = "urn:oid:1.2.3") -> dict[str, Any]:
    subject = f"Patient/{PATIENT}"
    reference = {
        "resourceType": "DocumentReference",
        "masterIdentifier": {"system": systems.URI, "value": number},
        "status": "current",
        "type": {"coding": [{"system": systems.LOINC, "code": "18842-5"}]},
        "subject": {"reference": subject},
        "date": "2025-01-15T03:00:00Z",
        "content": [
            {
                "attachment": {
                    "contentType": "application/pdf",
                    "url": "urn:uuid:0b4aa6d4-0001-4000-8000-000000000003",
                }
            }
        ],
    }
    listed = mhd.submission_set(
        "0" * 31 + "1",
        subject=subject,
        items=["urn:uuid:0b4aa6d4-0001-4000-8000-000000000002"],
        at="2025-01-15T03:00:00Z",
        facility="24011",
        title="Giấy ra viện",
    )
    data = base64.b64encode(CONTENT).decode()
    made = [listed, reference, {"resourceType": "Binary", "contentType": "application/pdf", "data": data}]
    return {
        "resourceType": "Bundle",
        "meta": {"profile": [mhd.BUNDLE_PROFILE]},
        "type": "transaction",
        "entry": [
            {
                "fullUrl": f"urn:uuid:0b4aa6d4-0001-4000-8000-00000000000{place}",
                "resource": one,
                "request": {"method": "POST", "url": one["resourceType"]},
            }
            for place, one in enumerate(made, 1)
        ],
    }


def _found(answer: Answer) -> list[dict[str, Any]]:
    assert answer.status == 200, answer.body
    return [entry["resource"] for entry in answer.body.get("entry", ())]


def test_provided_found_and_retrieved(his: Client) -> None:
    answer = his.call("POST", "", _bundle())
    assert answer.status == 200, answer.body
    assert answer.body["type"] == "transaction-response"
    location = answer.body["entry"][1]["response"]["location"]
    assert location.startswith("http://127.0.0.1:8710/fhir/DocumentReference/")
    again = his.call("POST", "", _bundle())
    assert again.body["entry"][1]["response"]["location"] == location

    references = _found(his.call("GET", f"/DocumentReference?patient.identifier={WHO}&status=current"))
    assert len(references) == 1
    attachment = references[0]["content"][0]["attachment"]
    assert attachment["size"] == len(CONTENT)
    assert _found(his.call("GET", f"/DocumentReference?patient=Patient/{PATIENT}&type=18842-5"))
    assert not _found(his.call("GET", "/DocumentReference?patient.identifier=khong-co"))
    lists = _found(his.call("GET", f"/List?code=submissionset&patient.identifier={WHO}"))
    assert [one["entry"][0]["item"]["reference"] for one in lists] == [
        f"DocumentReference/{references[0]['id']}"
    ]

    path = attachment["url"].removeprefix("http://127.0.0.1:8710/fhir")
    for accept in ("*/*", "application/pdf", "text/html,*/*;q=0.5"):
        got = his.call("GET", path, Accept=accept)
        assert (got.status, got.body, got.headers["content-type"]) == (200, CONTENT, "application/pdf")
        assert got.headers["content-disposition"] == "attachment"
    resource = his.call("GET", path, Accept="application/fhir+json")
    assert resource.body["resourceType"] == "Binary"
    assert validation.problems(resource.body) == []
    assert his.call("GET", path, Accept="image/png").status == 406
    assert his.call("GET", "/Binary/khong-co", Accept="*/*").status == 404
    assert AuditEvent.objects.filter(action="document-read", patient=PATIENT).count() == 4


def test_a_document_is_found_by_the_number_of_the_persons_other_registration(his: Client) -> None:
    his.call("POST", "", _bundle())
    held = records.read("Patient", PATIENT)
    assert held is not None
    own = systems.patient_number("01929")
    other = {**held.resource, "id": "elsewhere", "meta": {"source": systems.patients_of("01929")}}
    other["identifier"] = [{"system": own, "value": "BM7"}]
    with transaction.atomic():
        records.transact([other], origin="test/elsewhere", actor=audit.system("test"), complete=False)
    following.catch_up(threading.Event())
    two = [index.of("24011", PATIENT), index.of("01929", "elsewhere")]
    assert all(two)
    numbers = sorted(one.number for one in two if one)
    clerk = audit.Actor("thu.ngan", "Lê Thị Thư", "clerk")
    deciding.decide((numbers[0], numbers[1]), "same", "đã đối chiếu", clerk)
    asked = f"/DocumentReference?patient.identifier={quote(f'{own}|BM7')}"
    (found,) = _found(his.call("GET", asked + "&status=current"))
    assert found["subject"]["reference"] == f"Patient/{PATIENT}"
    assert (
        len(_found(his.call("GET", f"/List?code=submissionset&patient.identifier={quote(f'{own}|BM7')}")))
        == 1
    )
    narrow = register(f"system/DocumentReference.rs system/Patient.rs?identifier={own}|BM7")
    assert not _found(narrow.call("GET", asked))  # the other registration is none of its business
    deciding.decide((numbers[0], numbers[1]), "different", "hai người", clerk)
    assert not _found(his.call("GET", asked))


def test_a_protected_document_is_not_there_for_who_may_not_see_it(his: Client) -> None:
    bundle = _bundle()
    label = {"system": systems.CONFIDENTIALITY, "code": "R"}
    bundle["entry"][1]["resource"]["meta"] = {"security": [label]}
    made = his.call("POST", "", bundle).body["entry"][2]["response"]["location"]
    path = made.removeprefix("http://127.0.0.1:8710/fhir").partition("/_history")[0]
    for accept in ("*/*", "application/fhir+json"):
        assert his.call("GET", path, Accept=accept).status == 404
    assert not _found(his.call("GET", f"/DocumentReference?patient=Patient/{PATIENT}"))


def test_a_wrong_bundle_is_refused_with_its_path(his: Client) -> None:
    bundle = _bundle()
    bundle["entry"][1]["resource"].pop("masterIdentifier")
    answer = his.call("POST", "", bundle)
    assert answer.status == 422
    assert answer.problem == "mhd-invalid"
    assert answer.body["issue"][0]["expression"] == ["Bundle.entry[1].resource.masterIdentifier"]


def test_summary_at_the_door(his: Client) -> None:
    answer = his.call("GET", f"/Patient/{PATIENT}/$summary")
    assert answer.status == 200, answer.body
    assert answer.body["type"] == "document"
    assert "trầm cảm" not in json.dumps(answer.body, ensure_ascii=False)
    assert his.call("GET", f"/Patient/{PATIENT}/$summary").body == answer.body
    assert his.call("GET", "/Patient/khong-co/$summary").status == 404
    assert AuditEvent.objects.filter(action="fhir-summary", patient=PATIENT).count() == 2
    narrow = register("system/Patient.r")
    narrow.transport, narrow.scope = _raw, "system/Patient.r"
    assert narrow.call("GET", f"/Patient/{PATIENT}/$summary").status == 403


def test_metadata_names_the_operation(his: Client) -> None:
    statement = his.call("GET", "/metadata").body
    patient = next(one for one in statement["rest"][0]["resource"] if one["type"] == "Patient")
    assert "summary" in [one["name"] for one in patient["operation"]]
