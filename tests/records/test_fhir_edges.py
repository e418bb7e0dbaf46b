"""Calls at the edge of what R4 allows: they are answered as R4 says, and never as a fault of the program."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest

import fhir_calls
from fhir_calls import Client

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def his(db: None) -> Client:
    return fhir_calls.register("system/*.cruds")


def raw(client: Client, method: str, path: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
    """Status and bytes of an answer that need not be JSON."""
    from lienthong.config import fhir

    client.token = client.token or client.ask_token().body["access_token"]
    target, _, query = path.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": f"/fhir{target}",
        "QUERY_STRING": query,
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8710",
        "HTTP_AUTHORIZATION": f"Bearer {client.token}",
        "CONTENT_LENGTH": str(len(body)),
        "CONTENT_TYPE": "application/fhir+json",
        "wsgi.input": io.BytesIO(body),
        **{f"HTTP_{name.upper()}": value for name, value in headers.items()},
    }
    status: list[int] = []
    content = b"".join(fhir.application(environ, lambda line, sent: status.append(int(line[:3]))))
    return status[0], content


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/Patient/\0", b"", 404),
        ("GET", "/Patient?na%01me=1", b"", 400),
        ("POST", "/Patient", rb'{"resourceType": "Patient", "a\u0001b": 1}', 422),
        ("POST", "/Patient", rb'{"resourceType": "Patient", "gender": "a\uffffb"}', 422),
    ],
)
def test_a_problem_that_quotes_what_xml_cannot_hold_is_told_in_xml(
    his: Client, method: str, path: str, body: bytes, status: int
) -> None:
    found, content = raw(his, method, path, body, accept="application/fhir+xml")
    assert found == status
    assert content.startswith(b"<?xml")
    assert b"OperationOutcome" in content


@pytest.mark.parametrize("value", ["1e999999999", "1e-999999999", "-5E+300000000"])
def test_a_decimal_beyond_any_quantity_is_kept_and_breaks_nothing(his: Client, value: str) -> None:
    body = '{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":%s}}'
    status, content = raw(his, "POST", "/Observation", (body % value).encode())
    assert status == 201
    assert f'"value":{value}'.encode() in content
    status, content = raw(his, "GET", "/Observation?value-quantity=gt5")
    assert status == 200


@pytest.mark.parametrize(
    "criteria", ["identifier=", "identifier=,", "_total=none", "_sort=_id", "active=true&name="]
)
def test_criteria_that_say_nothing_fit_nothing(his: Client, criteria: str) -> None:
    """A program whose variable is empty neither gets, changes nor deletes the one that happens to be here."""
    only = {"resourceType": "Patient", "id": "only", "active": True}
    assert his.call("PUT", "/Patient/only", only).status == 201
    other = {"resourceType": "Patient", "name": [{"text": "LÒ VĂN PHÓNG"}]}
    patch = {"active": False}
    entry = {"resource": other, "request": {"method": "POST", "url": "Patient", "ifNoneExist": criteria}}
    for answer in (
        his.call("POST", "/Patient", other, If_None_Exist=criteria),
        his.call("PUT", f"/Patient?{criteria}", other),
        his.call("PATCH", f"/Patient?{criteria}", patch, Content_Type="application/merge-patch+json"),
        his.call("DELETE", f"/Patient?{criteria}"),
        his.call("DELETE", f"/Patient?{criteria}&_count=50"),
        his.call("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}),
    ):
        assert (answer.status, answer.problem) == (400, "search-no-criteria"), answer.body
    assert his.call("GET", "/Patient?_summary=count").body["total"] == 1
    assert his.call("GET", "/Patient/only").body["active"] is True


def test_the_pages_after_a_post_search_are_fetched_by_get(his: Client) -> None:
    for n in range(3):
        his.call("PUT", f"/Patient/p{n}", {"resourceType": "Patient", "id": f"p{n}"})
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    page = his.call("POST", "/Patient/_search?_count=2", b"_sort=_id", **form)
    links = {link["relation"]: link["url"] for link in page.body["link"]}
    assert "_sort=_id" in links["self"]
    rest = his.call("GET", links["next"].partition("/fhir")[2])
    assert [entry["resource"]["id"] for entry in rest.body["entry"]] == ["p2"]


def test_a_put_that_must_find_nothing_replaces_nothing(his: Client) -> None:
    one = {"resourceType": "Patient", "id": "p1", "active": True}
    entry = {"resource": {**one, "active": False}, "request": {"method": "PUT", "url": "Patient/p1"}}
    entry["request"]["ifNoneMatch"] = "*"
    assert his.call("PUT", "/Patient/p1", one, If_None_Match="*").status == 201
    whole = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    for answer in (
        his.call("PUT", "/Patient/p1", {**one, "active": False}, If_None_Match="*"),
        his.call("POST", "", whole),
    ):
        assert (answer.status, answer.problem) == (412, "fhir-changed")
    assert his.call("GET", "/Patient/p1").body["active"] is True


def test_an_assertion_counts_from_its_beginning(his: Client) -> None:
    """RFC 7523, section 3, point 5."""
    assert his.ask_token(his.assertion(nbf=int(time.time()) - 5)).status == 200
    for begins in (int(time.time()) + 200, "soon"):
        answer = his.ask_token(his.assertion(nbf=begins))
        assert (answer.status, answer.body["error"]) == (401, "invalid_client")


def test_a_compressed_body_is_refused_by_its_name(his: Client) -> None:
    answer = his.call("POST", "/Patient", b"\x1f\x8b", Content_Encoding="gzip")
    assert (answer.status, answer.problem) == (415, "fhir-media-type")
    assert "gzip" in answer.body["issue"][0]["diagnostics"]


def test_a_plus_sign_in_format_need_not_be_escaped(his: Client) -> None:
    answer = his.call("GET", "/Patient?_format=application/fhir+json")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/fhir+json; charset=utf-8")


def test_an_entry_without_a_request_is_named(his: Client) -> None:
    entry = {"resource": {"resourceType": "Patient"}}
    answer = his.call("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [entry]})
    assert (answer.status, answer.body["issue"][0]["expression"]) == (422, ["Bundle.entry[0].request"])


def test_everything_takes_its_parameters_from_the_body_too(his: Client) -> None:
    his.call("PUT", "/Patient/p1", {"resourceType": "Patient", "id": "p1"})
    wanted = {"resourceType": "Parameters", "parameter": [{"name": "_type", "valueCode": "Observation"}]}
    assert his.call("POST", "/Patient/p1/$everything", wanted).body["total"] == 0
    assert his.call("POST", "/Patient/p1/$everything", {"resourceType": "Patient"}).status == 400


def test_what_the_capability_statement_lists_is_there(his: Client) -> None:
    rest = his.call("GET", "/metadata").body["rest"][0]
    at = {kind["type"]: kind for kind in rest["resource"]}
    assert his.call("GET", "/Location?near=21.3|106.2|5|km").status == 200
    assert "near" in {parameter["name"] for parameter in at["Location"]["searchParam"]}
    assert {one["name"] for one in rest["operation"]} == {"export"}
    assert "validate" in {one["name"] for one in at["Encounter"]["operation"]}


def test_criteria_of_a_reference_count_what_the_same_transaction_writes(his: Client) -> None:
    """R4, section "Transaction Processing Rules": conditional references are resolved after all entries."""

    def person(number: str, **more: Any) -> dict[str, Any]:
        return {"resourceType": "Patient", "identifier": [{"system": "urn:mrn", "value": number}], **more}

    def sent(number: str, *entries: dict[str, Any]) -> Any:
        about = {"subject": {"reference": f"Patient?identifier=urn:mrn|{number}"}}
        seen = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **about}
        last = {"resource": seen, "request": {"method": "POST", "url": "Observation"}}
        return his.call(
            "POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [last, *entries]}
        )

    def of(number: str) -> int:
        return int(his.call("GET", f"/Observation?patient.identifier=urn:mrn|{number}").body["total"])

    assert sent("1", {"resource": person("1"), "request": {"method": "POST", "url": "Patient"}}).status == 200
    assert of("1") == 1
    assert his.call("PUT", "/Patient/p2", person("2", id="p2")).status == 201
    moved = {"resource": person("3", id="p2"), "request": {"method": "PUT", "url": "Patient/p2"}}
    for number in ("2", "4"):
        assert sent(number, moved).problem == "fhir-none-fits"
    again = {"resource": person("2"), "request": {"method": "POST", "url": "Patient"}}
    assert sent("2", again).problem == "fhir-several"
    unless = {**again, "request": {**again["request"], "ifNoneExist": "identifier=urn:mrn|2"}}
    assert sent("2", unless).status == 200
    assert sent("3", moved).status == 200
    assert of("3") == 2


def test_a_version_that_is_not_here_is_named_as_a_version(his: Client) -> None:
    his.call("PUT", "/Patient/p1", {"resourceType": "Patient", "id": "p1"})
    answer = his.call("GET", "/Patient/p1/_history/7")
    assert (answer.status, answer.body["issue"][0]["expression"]) == (404, ["Patient/p1/_history/7"])
