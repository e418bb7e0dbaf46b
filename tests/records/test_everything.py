"""``$everything``: one patient's record, page by page, with what it refers to."""

from __future__ import annotations

from typing import Any

import pytest

import fhir_calls
from fhir_calls import Client
from lienthong.access import audit, systems

pytestmark = pytest.mark.django_db(transaction=True)
RESTRICTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "HIV"}


def seen(id: str, day: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": id,
        "status": "final",
        "code": {"text": "Hb"},
        "subject": {"reference": "Patient/p"},
        "performer": [{"reference": "Practitioner/dr"}],
        "effectiveDateTime": day,
        **more,
    }


@pytest.fixture
def his(db: None) -> Client:
    client = fhir_calls.register("system/*.cruds")
    systems.change(client.client, by=audit.system("test"), kinds=["HIV"])
    for one in (
        {"resourceType": "Practitioner", "id": "dr"},
        {"resourceType": "Patient", "id": "other"},
        {"resourceType": "Patient", "id": "p"},
        seen("o1", "2020-05-01"),
        seen("o2", "2021-05-01"),
        seen("hiv", "2021-05-02", meta={"security": [RESTRICTED]}),
        seen("not-his", "2021-05-01", subject={"reference": "Patient/other"}),
        {
            "resourceType": "Condition",
            "id": "c",
            "subject": {"reference": "Patient/p"},
            "recordedDate": "2022-01-01",
        },
    ):
        answer = client.call("PUT", f"/{one['resourceType']}/{one['id']}", one)
        assert answer.status == 201, answer.body
    client.call("PUT", "/Patient/p", {"resourceType": "Patient", "id": "p", "gender": "male"})
    return client


def everything(client: Client, query: str = "") -> list[list[str]]:
    """The ids on each page."""
    pages, at = [], f"/Patient/p/$everything?{query}"
    while at:
        answer = client.call("GET", at)
        assert answer.status == 200, answer.body
        pages.append([entry["resource"]["id"] for entry in answer.body.get("entry", [])])
        links = {link["relation"]: link["url"] for link in answer.body["link"]}
        at = links.get("next", "").partition("/fhir")[2]
    return pages


def test_the_record_and_what_it_refers_to(his: Client) -> None:
    assert everything(his) == [["p", "o1", "o2", "hiv", "c", "dr"]]
    pages = everything(his, "_count=2")
    assert [one for page in pages for one in page if one != "dr"] == ["p", "o1", "o2", "hiv", "c"]
    assert [page.count("dr") for page in pages] == [1, 1]


def test_what_is_protected_is_hidden(his: Client) -> None:
    viewer = fhir_calls.register("system/*.rs")
    assert everything(viewer) == [["p", "o1", "o2", "c", "dr"]]
    his.call("DELETE", "/Observation/hiv")
    for path in ("/Observation/hiv/_history/1", "/Observation/hiv/_history", "/Observation/hiv"):
        assert viewer.call("GET", path).status == 404, path
    assert "hiv" not in str(viewer.call("GET", "/_history?_count=500").body)
    assert his.call("GET", "/Observation/hiv/_history/1").status == 200
    his.call("PUT", "/Observation/o1", seen("o1", "2020-05-01", meta={"security": [RESTRICTED]}))
    assert viewer.call("GET", "/Observation/o1/_history/1").status == 404


def test_bounds_and_types(his: Client) -> None:
    assert everything(his, "start=2021-01-01&end=2021-12-31") == [["p", "o2", "hiv", "dr"]]
    for end in ("2021", "2021-12", "2021-05", "2021-05-02", "2021-05-02T12:00:00%2B07:00"):
        assert everything(his, f"start=2021&end={end}") == [["p", "o2", "hiv", "dr"]], end
    assert everything(his, "end=9999-12-31") == everything(his, "end=9999") == everything(his)
    assert everything(his, "end=2021-04") == [["p", "o1", "dr"]]
    assert everything(his, "_type=Condition") == [["c"]]
    changed = his.call("PUT", "/Observation/o1", seen("o1", "2020-05-03"))
    since = changed.body["meta"]["lastUpdated"]
    assert "o1" in everything(his, f"_since={since}")[0]
    assert everything(his, "_since=2100-01-01T00:00:00Z") == [[]]
    for wrong in ("start=x", "_type=Nothing", "_count=x", "name=x"):
        answer = his.call("GET", f"/Patient/p/$everything?{wrong}")
        assert (answer.status, answer.problem) == (400, "fhir-not-understood"), wrong
    assert his.call("GET", "/Patient/none/$everything").status == 404
