"""``$validate`` at the door: 200 with what is wrong, and nothing stored."""

from __future__ import annotations

from typing import Any

import pytest

import fhir_calls
from fhir_calls import Answer, Client
from lienthong import records
from lienthong.foundation import json
from lienthong.records import validation, xml

pytestmark = pytest.mark.django_db(transaction=True)

OURS = "https://lienthong.example/fhir/StructureDefinition/"
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"text": "VI VĂN THỤ"}],
    "gender": "male",
}
BAD = {**PATIENT, "gender": "nam", "name": []}
SHORT = {**PATIENT, "identifier": [{"system": fhir_calls.CITIZEN, "value": "123"}]}


@pytest.fixture
def his() -> Client:
    return fhir_calls.register("system/*.cruds")


def issues(answer: Answer) -> list[tuple[str, str, str]]:
    """Severity, type and place of each issue of an answer that says 200."""
    assert answer.status == 200
    assert validation.problems(json.loads(json.dumps(answer.body)), thorough=True) == []
    return [(one["severity"], one["code"], one.get("expression", [""])[0]) for one in answer.body["issue"]]


def parameters(**given: Any) -> dict[str, Any]:
    shapes = {"resource": "resource", "mode": "valueCode", "profile": "valueUri"}
    parts = [{"name": name, shapes[name]: value} for name, value in given.items()]
    return {"resourceType": "Parameters", "parameter": parts}


FINE = [("information", "informational", "")]
WRONG = [("error", "required", "Patient.name"), ("error", "code-invalid", "Patient.gender")]


def test_a_bare_resource_and_one_in_parameters(his: Client) -> None:
    assert issues(his.call("POST", "/Patient/$validate", PATIENT)) == FINE
    assert sorted(issues(his.call("POST", "/Patient/$validate", BAD))) == sorted(WRONG)
    assert sorted(
        issues(his.call("POST", "/Patient/$validate", parameters(resource=BAD, mode="create")))
    ) == sorted(WRONG)
    answer = his.call("POST", "/Patient/$validate", BAD)
    said = answer.body["issue"][0]
    assert said["details"]["coding"][0]["code"].startswith("fhir-")
    assert "\n" in said["details"]["text"]
    assert "\n" in said["diagnostics"]
    assert records.read("Patient", "p1") is None


def test_xml_is_taken(his: Client) -> None:
    content = xml.write({**PATIENT, "gender": "nam"})
    sent = his.call("POST", "/Patient/$validate", content, Content_Type="application/fhir+xml")
    assert issues(sent) == WRONG[1:]
    broken = his.call("POST", "/Patient/$validate", b"<Patient", Content_Type="application/fhir+xml")
    assert (broken.status, broken.problem) == (400, "fhir-xml")


def test_profiles_that_are_asked_for(his: Client) -> None:
    assert issues(his.call("POST", "/Patient/$validate", SHORT)) == FINE
    expected = [("error", "business-rule", "Patient.identifier[0].value")]
    body = parameters(resource=SHORT, mode="profile", profile=OURS + "patient")
    assert issues(his.call("POST", "/Patient/$validate", body)) == expected
    assert issues(his.call("POST", f"/Patient/$validate?profile={OURS}patient", SHORT)) == expected
    unknown = his.call("POST", "/Patient/$validate?profile=urn:nowhere", SHORT)
    assert issues(unknown) == [("error", "not-found", "Patient")]


def test_a_stored_resource_its_update_and_its_deletion(his: Client) -> None:
    assert his.call("PUT", "/Patient/p1", SHORT).status == 201
    assert issues(his.call("GET", "/Patient/p1/$validate")) == FINE
    assert issues(his.call("GET", f"/Patient/p1/$validate?mode=profile&profile={OURS}patient"))[0][:2] == (
        "error",
        "business-rule",
    )
    other = {**PATIENT, "id": "p2"}
    assert issues(his.call("POST", "/Patient/p1/$validate?mode=update", other)) == [
        ("error", "structure", "Patient.id")
    ]
    assert issues(his.call("POST", "/Patient/p1/$validate?mode=update", PATIENT)) == FINE
    assert issues(his.call("POST", "/Patient/p1/$validate?mode=delete")) == FINE
    assert his.call("GET", "/Patient/nobody/$validate").status == 404
    assert his.call("POST", "/Patient/nobody/$validate?mode=delete").status == 404


def test_calls_that_cannot_be_understood(his: Client) -> None:
    for path, body in (
        ("/Patient/$validate?mode=destroy", PATIENT),
        ("/Patient/$validate?mode=profile", PATIENT),
        ("/Patient/$validate?mode=delete", PATIENT),
        ("/Patient/$validate", parameters(mode="create")),
        ("/Patient/$validate", b"{"),
    ):
        answer = his.call("POST", path, body)
        assert (answer.status, answer.problem) == (400, "fhir-not-understood"), path
    assert issues(his.call("POST", "/Encounter/$validate", PATIENT)) == [
        ("error", "structure", "resourceType")
    ]


def test_a_write_is_held_to_the_same(his: Client) -> None:
    refused = his.call("PUT", "/Patient/p1", {**SHORT, "meta": {"profile": [OURS + "patient"]}})
    assert (refused.status, refused.problem) == (422, "fhir-profile")
    assert his.call("PUT", "/Patient/p1", {**SHORT, "meta": {"profile": ["urn:theirs"]}}).status == 201
    assert OURS + "patient" in next(
        one["supportedProfile"]
        for one in his.call("GET", "/metadata").body["rest"][0]["resource"]
        if one["type"] == "Patient"
    )
