"""The interactions of R4's RESTful API through the door of this process, each with what may go wrong."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

import fhir_calls
from fhir_calls import Answer, Client
from lienthong import records
from lienthong.access import audit

pytestmark = pytest.mark.django_db(transaction=True)

LIST, MERGE = "application/json-patch+json", "application/merge-patch+json"
MRN = "http://example.org/mrn"


@pytest.fixture
def his(db: None) -> Client:
    return fhir_calls.register("system/*.cruds")


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "name": [{"text": "VI VĂN THỤ"}], "gender": "male", **more}


def numbered(value: str, **more: Any) -> dict[str, Any]:
    return patient(identifier=[{"system": MRN, "value": value}], **more)


def observation(subject: str, **more: Any) -> dict[str, Any]:
    code = {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}
    subject_ = {"reference": subject}
    return {"resourceType": "Observation", "status": "final", "code": code, "subject": subject_, **more}


def bundle(kind: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def asked(method: str, url: str, resource: Any = None, **more: Any) -> dict[str, Any]:
    full = {"fullUrl": more.pop("fullUrl")} if "fullUrl" in more else {}
    inner = {} if resource is None else {"resource": resource}
    return {**full, **inner, "request": {"method": method, "url": url, **more}}


def refused(answer: Answer, status: int, code: str, path: str = "") -> None:
    """An OperationOutcome with code, path, and a sentence in both languages."""
    assert (answer.status, answer.body["resourceType"]) == (status, "OperationOutcome"), answer.body
    issue = answer.body["issue"][0]
    assert issue["details"]["coding"][0]["code"] == code, issue
    assert issue["details"]["text"]
    assert issue["diagnostics"]
    assert issue["severity"] == "error"
    if path:
        assert path in issue["expression"][0], issue


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Does ``work`` in threads that start together; gives what each returned, or the error."""
    found: list[Any] = [None] * count
    together = threading.Barrier(count)

    def one(place: int) -> None:
        together.wait()
        try:
            found[place] = work(place)
        except Exception as error:
            found[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(place,)) for place in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def everything() -> dict[str, list[Any]]:
    """All rows of the store."""
    with connection.cursor() as cursor:
        found = {}
        names = [
            "resource",
            "version",
            "pack",
            "token",
            "link",
            "string",
            "date",
            "number",
            "origin",
            "counter",
        ]
        for name in names:
            cursor.execute(f"SELECT * FROM records_{name}")
            found[name] = sorted(map(repr, cursor.fetchall()))
    return found


def wire(body: bytes, media: str = "application/fhir+json", path: str = "/Observation") -> bytes:
    """What the door holds of a body that is created, as it comes over the wire."""
    his = fhir_calls.register("system/*.cruds")
    made = his.call("POST", path, body, Content_Type=media, Prefer="handling=lenient")
    assert made.status == 201, made.body
    stored = records.read(path[1:], made.headers["location"].split("/")[-3])
    assert stored is not None
    return stored.wire


# ---- create


def test_create_gives_an_id_and_drops_the_servers_own_meta(his: Client) -> None:
    given = patient(
        id="mine", meta={"versionId": "9", "lastUpdated": "2001-01-01T00:00:00Z", "source": "urn:x"}
    )
    made = his.call("POST", "/Patient", given)
    id = made.body["id"]
    assert made.status == 201
    assert id != "mine"
    assert made.body["meta"]["versionId"] == "1"
    assert made.body["meta"]["source"] == "urn:x"
    assert not made.body["meta"]["lastUpdated"].startswith("2001")
    assert made.headers["location"].endswith(f"/fhir/Patient/{id}/_history/1")
    assert made.headers["etag"] == 'W/"1"'
    assert his.call("GET", f"/Patient/{id}").body == made.body


BYTES = b"""{
  "valueQuantity" : { "value": 15.200, "unit":"g\\/dL" ,"code": "g/dL", "system":"http://unitsofmeasure.org"},
  "resourceType" : "Observation",
  "_status" : { "extension": [ {"url": "http://example.org/unknown", "valueDecimal": 1.0E-7} ] },
  "status": "final",
  "code":{"text":"Hb \\u1ea1", "coding" : [ ]}
}"""


def test_bytes_are_kept_as_they_came(his: Client) -> None:
    given = BYTES.replace(b', "coding" : [ ]', b"")
    kept = wire(given)
    for part in (b'{ "value": 15.200, "unit":"g\\/dL" ,', b"1.0E-7", b'"Hb \\u1ea1"', b'[ {"url": "http:'):
        assert part in kept
    names = list(json.loads(kept))
    assert [n for n in names if n not in ("id", "meta", "resourceType")] == [
        "valueQuantity",
        "_status",
        "status",
        "code",
    ]
    again = wire(kept.replace(b'"versionId"', b'"versionId" '))
    assert b"15.200" in again


def test_what_cannot_be_created(his: Client) -> None:
    refused(
        his.call("POST", "/Patient", observation("Patient/1")), 422, "fhir-not-understood", "resourceType"
    )
    refused(his.call("POST", "/Patient", b"{"), 400, "fhir-not-understood")
    refused(his.call("POST", "/Patient", b"[]"), 400, "fhir-not-understood")
    refused(
        his.call("POST", "/Patient", b'{"resourceType":"Patient","id":"a\\u0000"}'),
        400,
        "fhir-not-understood",
    )
    assert his.call("POST", "/Patient", patient(gender="x")).status == 422
    refused(his.call("POST", "/Patient", patient(), Content_Type="text/csv"), 415, "fhir-media-type")
    refused(his.call("POST", "/Nothing", patient()), 404, "fhir-no-door")
    assert records.count("Patient") == 0


def test_conditional_create(his: Client) -> None:
    unless = {"If_None_Exist": f"identifier={MRN}|7"}
    first = his.call("POST", "/Patient", numbered("7"), **unless)
    second = his.call("POST", "/Patient", numbered("7", birthDate="1990"), **unless)
    assert (first.status, second.status) == (201, 200)
    assert second.body == first.body
    assert his.call("POST", "/Patient", numbered("7")).status == 201
    refused(his.call("POST", "/Patient", numbered("7"), **unless), 412, "fhir-several")


def test_of_many_that_create_at_once_unless_it_exists_one_does(his: Client) -> None:
    his.call("GET", "/Patient")
    unless = {"If_None_Exist": f"identifier={MRN}|8"}
    found = at_once(8, lambda n: his.call("POST", "/Patient", numbered("8"), **unless))
    assert sorted(answer.status for answer in found) == [200] * 7 + [201]
    assert len({answer.body["id"] for answer in found}) == records.count("Patient") == 1


def test_a_call_repeated_with_its_key_gives_what_the_first_made(his: Client) -> None:
    key = {"Idempotency_Key": "k1"}
    first = his.call("POST", "/Patient", patient(), **key)
    id = first.body["id"]
    assert his.call("POST", "/Patient", patient(), **key).body == first.body
    refused(his.call("POST", "/Patient", patient(birthDate="1990"), **key), 409, "fhir-key-differs")
    assert his.call("PUT", f"/Patient/{id}", patient(id=id, birthDate="1991")).status == 200
    again = his.call("POST", "/Patient", patient(), **key)
    assert (again.status, again.body) == (201, first.body)
    assert his.call("GET", f"/Patient/{id}").body["birthDate"] == "1991"
    other = fhir_calls.register("system/*.cruds")
    assert other.call("POST", "/Patient", patient(), **key).body["id"] != id


def test_a_transaction_or_batch_repeated_with_its_key_is_done_once(his: Client) -> None:
    his.call("PUT", "/Patient/p", patient(id="p"))
    for kind in ("transaction", "batch"):
        key = {"Idempotency_Key": kind}
        given = bundle(
            kind,
            asked("POST", "Patient", numbered("1")),
            asked("POST", "Patient", numbered("2")),
            asked("PUT", "Patient/p", patient(id="p", birthDate="1980" if kind == "batch" else "1981")),
        )
        first = his.call("POST", "", given, **key)
        assert [e["response"]["status"] for e in first.body["entry"]] == ["201", "201", "200"], first.body
        before = everything()
        again = his.call("POST", "", given, **key)
        places = [[e["response"]["location"] for e in answer.body["entry"]] for answer in (first, again)]
        assert places[0] == places[1]
        assert everything() == before


# ---- update, patch, delete


def test_update_makes_and_counts_versions(his: Client) -> None:
    assert his.call("PUT", "/Patient/a.B-1", patient(id="a.B-1")).status == 201
    same = his.call("PUT", "/Patient/a.B-1", patient(id="a.B-1"))
    assert (same.status, same.headers["etag"]) == (200, 'W/"1"')
    changed = his.call("PUT", "/Patient/a.B-1", patient(id="a.B-1", birthDate="1990"))
    assert (changed.status, changed.headers["etag"]) == (200, 'W/"2"')
    refused(his.call("PUT", "/Patient/a.B-1", patient(id="other")), 400, "fhir-not-understood", "Patient.id")
    refused(his.call("PUT", "/Patient/a_b", patient(id="a_b")), 404, "fhir-not-found")


def test_if_match(his: Client) -> None:
    his.call("PUT", "/Patient/p", patient(id="p"))
    for right in ('W/"1"', '"1"', "1"):
        assert his.call("PUT", "/Patient/p", patient(id="p"), If_Match=right).status == 200
    assert his.call("PUT", "/Patient/p", patient(id="p", birthDate="1990"), If_Match='W/"1"').status == 200
    refused(
        his.call("PUT", "/Patient/p", patient(id="p"), If_Match='W/"1"'), 412, "fhir-changed", "Patient/p"
    )
    refused(his.call("PUT", "/Patient/new", patient(id="new"), If_Match='W/"1"'), 412, "fhir-changed")
    refused(his.call("PUT", "/Patient/p", patient(id="p"), If_Match="two"), 400, "fhir-not-understood")
    refused(his.call("DELETE", "/Patient/p", If_Match='W/"1"'), 412, "fhir-changed")
    found = at_once(8, lambda n: his.call("PUT", "/Patient/p", numbered(str(n), id="p"), If_Match='W/"2"'))
    assert sorted(answer.status for answer in found) == [200] + [412] * 7


def test_deleting(his: Client) -> None:
    his.call("PUT", "/Patient/p", patient(id="p"))
    his.call("PUT", "/Observation/o", observation("Patient/p", id="o"))
    refused(his.call("DELETE", "/Patient/p"), 409, "fhir-referred-to", "Patient/p")
    assert his.call("DELETE", "/Observation/o").status == 204
    twice = his.call("DELETE", "/Observation/o")
    assert (twice.status, twice.headers["etag"]) == (204, 'W/"2"')
    refused(his.call("GET", "/Observation/o"), 410, "fhir-gone", "Observation/o")
    refused(his.call("GET", "/Observation/o/_history/2"), 410, "fhir-gone")
    assert his.call("GET", "/Observation/o/_history/1").status == 200
    assert "entry" not in his.call("GET", "/Observation?subject=Patient/p").body
    back = his.call("PUT", "/Observation/o", observation("Patient/p", id="o"))
    assert (back.status, back.headers["etag"]) == (201, 'W/"3"')
    assert len(his.call("GET", "/Observation?subject=Patient/p").body["entry"]) == 1
    refused(his.call("DELETE", "/Patient/never"), 404, "fhir-not-found")
    kinds = [e["request"]["method"] for e in his.call("GET", "/Observation/o/_history").body["entry"]]
    assert kinds == ["PUT", "DELETE", "POST"]


def test_conditional_update_patch_and_delete(his: Client) -> None:
    fits = f"/Patient?identifier={MRN}|5"
    assert his.call("PUT", fits, numbered("5")).status == 201
    assert his.call("PUT", fits, numbered("5", birthDate="1990")).headers["etag"] == 'W/"2"'
    refused(his.call("PUT", fits, numbered("5", id="another")), 400, "fhir-not-understood")
    assert his.call("PATCH", fits, {"gender": "other"}, Content_Type=MERGE).body["gender"] == "other"
    nobody = f"/Patient?identifier={MRN}|none"
    refused(his.call("PATCH", nobody, {"gender": "other"}, Content_Type=MERGE), 404, "fhir-none-fits")
    his.call("PUT", "/Patient/held", patient(id="held"))
    refused(his.call("PUT", nobody, patient(id="held", birthDate="1990")), 412, "fhir-changed")
    his.call("POST", "/Patient", numbered("5"))
    for method in ("PUT", "PATCH", "DELETE"):
        media = MERGE if method == "PATCH" else "application/fhir+json"
        body = None if method == "DELETE" else numbered("5")
        refused(his.call(method, fits, body, Content_Type=media), 412, "fhir-several")
    refused(his.call("DELETE", f"{fits}&_count=0"), 400, "fhir-not-understood", "_count")
    refused(his.call("DELETE", f"{fits}&_count={'9' * 5000}"), 400, "fhir-not-understood", "_count")
    assert his.call("DELETE", f"{fits}&_count=50").status == 204
    refused(his.call("DELETE", fits), 404, "fhir-none-fits")
    assert records.count("Patient") == 1
    refused(his.call("DELETE", "/Patient"), 405, "fhir-no-door")


def test_patch(his: Client) -> None:
    held = numbered("1", id="p", multipleBirthInteger=1, name=[{"text": "A"}, {"text": "B"}])
    his.call("PUT", "/Patient/p", held)

    def patched(*operations: dict[str, Any]) -> Answer:
        return his.call("PATCH", "/Patient/p", list(operations), Content_Type=LIST)

    done = patched(
        {"op": "test", "path": "/name/1/text", "value": "B"},
        {"op": "add", "path": "/name/-", "value": {"text": "C"}},
        {"op": "move", "from": "/name/0", "path": "/name/2"},
        {"op": "copy", "from": "/name/0", "path": "/name/0"},
        {"op": "remove", "path": "/multipleBirthInteger"},
        {"op": "replace", "path": "/gender", "value": "other"},
    )
    assert [n["text"] for n in done.body["name"]] == ["B", "B", "C", "A"]
    assert done.body["gender"] == "other"
    assert "multipleBirthInteger" not in done.body
    before = everything()["resource"]
    wrong: list[dict[str, Any]] = [
        {"op": "test", "path": "/gender", "value": "male"},
        {"op": "test", "path": "/gender", "value": True},
        {"op": "remove", "path": "/photo"},
        {"op": "add", "path": "/name/9", "value": {}},
        {"op": "add", "path": "", "value": {}},
        {"op": "add", "path": "/name/-"},
        {"op": "move", "from": "/nowhere", "path": "/name/-"},
        {"op": "grow", "path": "/gender", "value": "x"},
        {"op": "replace", "path": "/id", "value": "q"},
        {"path": "/gender"},
    ]
    for one in wrong:
        answer = patched({"op": "replace", "path": "/birthDate", "value": "1990"}, one)
        refused(answer, 422, "fhir-not-understood")
    assert patched({"op": "add", "path": "/gender", "value": "unknown-code"}).status == 422
    assert everything()["resource"] == before
    merged = his.call("PATCH", "/Patient/p", {"gender": None, "birthDate": "1990"}, Content_Type=MERGE)
    assert "gender" not in merged.body
    assert merged.body["birthDate"] == "1990"
    refused(his.call("PATCH", "/Patient/p", {}, Content_Type="text/plain"), 415, "fhir-media-type")
    nul = b'{"birthDate":"\\u0000"}'
    refused(his.call("PATCH", "/Patient/p", nul, Content_Type=MERGE), 400, "fhir-not-understood")
    old = his.call("PATCH", "/Patient/p", {"gender": "male"}, Content_Type=MERGE, If_Match='W/"1"')
    refused(old, 412, "fhir-changed")
    refused(his.call("PATCH", "/Patient/q", {}, Content_Type=MERGE), 404, "fhir-not-found")


def test_patches_at_once_lose_nothing(his: Client) -> None:
    his.call("PUT", "/Patient/p", patient(id="p"))
    add = [{"op": "add", "path": "/name/-", "value": {"text": "x"}}]

    def one(place: int) -> Answer:
        if place % 2:
            return his.call("PATCH", "/Patient/p", add, Content_Type=LIST)
        binary = {"resourceType": "Binary", "contentType": LIST, "data": encoded(add)}
        return his.call("POST", "", bundle("transaction", asked("PATCH", "Patient/p", binary)))

    found = at_once(10, one)
    assert {answer.status for answer in found} == {200}, found
    now = his.call("GET", "/Patient/p")
    assert len(now.body["name"]) == 11
    assert now.headers["etag"] == 'W/"11"'


def encoded(value: Any) -> str:
    import base64

    return base64.b64encode(json.dumps(value).encode()).decode()


def test_what_an_export_brought_is_not_changed_here(his: Client) -> None:
    from django.db import transaction

    his.call("PUT", "/Patient/p", patient(id="p"))
    with transaction.atomic():
        origin = "his-xml/24011/LK1"
        records.transact([observation("Patient/p", id="o")], origin=origin, actor=audit.system("test"))
    before = everything()
    changed = observation("Patient/p", id="o", status="amended")
    for answer in (
        his.call("PUT", "/Observation/o", changed),
        his.call("PATCH", "/Observation/o", {"status": "amended"}, Content_Type=MERGE),
        his.call("DELETE", "/Observation/o"),
        his.call("POST", "", bundle("transaction", asked("PUT", "Observation/o", changed))),
    ):
        refused(answer, 409, "fhir-of-a-source")
    assert everything() == before


def test_references_must_be_here_unless_the_caller_is_lenient(his: Client) -> None:
    for subject in ("Patient/none", "http://127.0.0.1:8710/fhir/Patient/none", "Patient/none/_history/1"):
        refused(his.call("POST", "/Observation", observation(subject)), 422, "fhir-reference", "subject")
    escaped = json.dumps(observation("Patient/none")).replace("Patient/", "Patient\\/").encode()
    refused(his.call("POST", "/Observation", escaped), 422, "fhir-reference", "subject")
    assert his.call("POST", "/Observation", observation("http://other.example/fhir/Patient/1")).status == 201
    lenient = his.call("POST", "/Observation", observation("Patient/none"), Prefer="handling=lenient")
    assert lenient.status == 201
    his.call("PUT", "/Patient/p", patient(id="p"))
    assert his.call("DELETE", "/Patient/p").status == 204
    refused(his.call("POST", "/Observation", observation("Patient/p")), 422, "fhir-reference")


def test_prefer_says_what_is_returned(his: Client) -> None:
    for method, path, given in (("POST", "/Patient", patient()), ("PUT", "/Patient/p", patient(id="p"))):
        assert his.call(method, path, given, Prefer="return=minimal").body is None
        assert his.call(method, path, given, Prefer="return=representation").body["resourceType"] == "Patient"
        told = his.call(method, path, given, Prefer="return=OperationOutcome")
        assert told.body["resourceType"] == "OperationOutcome"
        assert told.headers["etag"] == 'W/"1"'


# ---- read, history, forms


def test_conditional_read_and_vread(his: Client) -> None:
    for year in ("1990", "1991"):
        read = his.call("PUT", "/Patient/p", patient(id="p", birthDate=year))
    for header in ({"If_None_Match": 'W/"2"'}, {"If_Modified_Since": read.headers["last-modified"]}):
        answer = his.call("GET", "/Patient/p", **header)
        assert (answer.status, answer.body) == (304, None)
    assert his.call("GET", "/Patient/p", If_None_Match='W/"1"').status == 200
    assert his.call("GET", "/Patient/p", If_Modified_Since="yesterday").status == 200
    for version, year in (("1", "1990"), ("2", "1991")):
        old = his.call("GET", f"/Patient/p/_history/{version}")
        assert (old.body["birthDate"], old.body["meta"]["versionId"]) == (year, version)
    for none in ("0", "3", "x", "%C2%B2", "1" * 40):
        refused(his.call("GET", f"/Patient/p/_history/{none}"), 404, "fhir-not-found")
    head = his.call("HEAD", "/Patient/p")
    assert (head.status, head.headers["etag"]) == (200, 'W/"2"')


def test_history_goes_on_page_by_page_while_others_write(his: Client) -> None:
    for n in range(6):
        his.call("PUT", f"/Patient/p{n % 2}", numbered(str(n), id=f"p{n % 2}"))
    his.call("PUT", "/Observation/o", observation("Patient/p1", id="o"))
    for path, least in (("/Patient/p1/_history", 3), ("/Patient/_history", 6), ("/_history", 7)):
        whole = his.call("GET", f"{path}?_count=500").body["entry"]
        assert len(whole) >= least
        seen, at = [], f"{path}?_count=2"
        while at:
            page = his.call("GET", at).body
            seen += page["entry"]
            his.call("PUT", "/Patient/p1", numbered(uuid.uuid4().hex, id="p1"))
            links = {link["relation"]: link["url"] for link in page["link"]}
            at = links.get("next", "").partition("/fhir")[2]
        assert seen == whole
    now = his.call("GET", "/Patient/p0").body["meta"]["lastUpdated"]
    later = his.call("GET", f"/_history?_since={now}").body["entry"]
    assert len(later) >= 1
    assert "entry" not in his.call("GET", "/_history?_since=2100-01-01T00:00:00Z").body
    for wrong in ("_count=0", "_count=x", "_count=%C2%B2", "_since=x", "_before=1", "_at=2020", "name=x"):
        refused(his.call("GET", f"/_history?{wrong}"), 400, "fhir-not-understood")
    refused(his.call("GET", "/Patient/none/_history"), 404, "fhir-not-found")


def test_each_error_is_an_outcome_with_its_status(his: Client) -> None:
    his.call("PUT", "/Patient/p", patient(id="p"))
    refused(his.call("GET", "/Nothing/1"), 404, "fhir-no-door", "Nothing/1")
    refused(his.call("GET", "/Patient/none"), 404, "fhir-not-found", "Patient/none")
    refused(his.call("GET", "/Patient/p/$nothing"), 404, "fhir-no-door")
    refused(his.call("GET", "/Patient/p/Nothing"), 404, "fhir-no-door")
    for method, path, allowed in (
        ("POST", "/Patient/p", "GET, PUT, PATCH, DELETE"),
        ("PUT", "/Patient", "GET, POST"),
        ("DELETE", "/_history", "GET"),
        ("PUT", "", "GET, POST"),
        ("GET", "/Patient/_search", "POST"),
    ):
        answer = his.call(method, path, patient() if method in ("POST", "PUT") else None)
        refused(answer, 405, "fhir-no-door")
        assert answer.headers["allow"] == allowed
    refused(his.call("GET", "/Patient/p", Accept="text/csv"), 406, "fhir-media-type")
    refused(his.call("GET", "/Patient/p?_format=csv"), 406, "fhir-media-type")
    refused(his.call("GET", "/Patient?nothing=1"), 400, "search-unknown-parameter", "nothing")
    refused(his.call("POST", "", patient()), 422, "fhir-not-understood", "Bundle.type")


def test_a_body_over_the_limit_is_refused(his: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from lienthong.config import fhir

    monkeypatch.setattr(fhir, "BODY", 2000)
    refused(his.call("POST", "/Patient", patient(name=[{"text": "x" * 2000}])), 413, "http-too-large")
    monkeypatch.setattr("lienthong.records.api.batch.MOST", 1)
    two = bundle("batch", asked("GET", "Patient"), asked("GET", "Patient"))
    refused(his.call("POST", "", two), 413, "fhir-not-understood", "Bundle.entry")


def test_forms(his: Client) -> None:
    his.call("PUT", "/Patient/p", patient(id="p"))
    for given, media in (("xml", "fhir+xml"), ("application/fhir%2Bjson", "fhir+json")):
        assert media in content(f"/Patient/p?_format={given}", his)[0]
    assert content("/Patient/p?_format=xml", his)[1].startswith(b"<")
    assert b"\n  " in content("/Patient/p?_pretty=true", his)[1]
    xml = b'<Patient xmlns="http://hl7.org/fhir"><gender value="female"/></Patient>'
    made = his.call("POST", "/Patient", xml, Content_Type="application/fhir+xml")
    assert (made.status, made.body["gender"]) == (201, "female")
    broken = his.call("POST", "/Patient", xml[:-3], Content_Type="application/fhir+xml")
    refused(broken, 400, "fhir-xml")


def content(path: str, client: Client) -> tuple[str, bytes]:
    """Media type and bytes of an answer."""
    import io

    from lienthong.config import fhir

    sent: dict[str, str] = {}
    target, _, query = path.partition("?")
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": f"/fhir{target}",
        "QUERY_STRING": query,
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8710",
        "HTTP_AUTHORIZATION": f"Bearer {client.token}",
        "wsgi.input": io.BytesIO(),
    }
    body = b"".join(fhir.application(environ, lambda status, headers: sent.update(headers)))
    return sent["Content-Type"], body


# ---- batch and transaction


def test_each_entry_of_a_batch_is_a_call_of_its_own(his: Client) -> None:
    his.call("PUT", "/Patient/old", patient(id="old"))
    answer = his.call(
        "POST",
        "",
        bundle(
            "batch",
            asked("GET", "Patient/new"),
            asked("PUT", "Patient/new", patient(id="new")),
            asked("POST", "Patient", patient(gender="x")),
            asked("DELETE", "Patient/old"),
            asked("GET", "Patient?nothing=1"),
            asked("PUT", "Patient/new", patient(id="new", birthDate="1990"), ifMatch='W/"7"'),
            asked("GET", "Patient/old"),
            asked("POST", "Patient/_search"),
            asked("GET", "Nothing/1"),
        ),
    )
    entries = answer.body["entry"]
    statuses = [entry["response"]["status"] for entry in entries]
    assert statuses == ["200", "201", "422", "204", "400", "412", "410", "415", "404"]
    assert entries[0]["resource"]["id"] == "new"
    for entry in entries[2], entries[4], entries[8]:
        assert entry["response"]["outcome"]["issue"][0]["diagnostics"]
    nested = bundle("batch", asked("POST", "/", bundle("batch", asked("GET", "Patient/p"))))
    refused(his.call("POST", "", nested), 422, "fhir-not-understood", "Bundle.entry[0]")
    assert "entry" not in his.call("POST", "", {"resourceType": "Bundle", "type": "batch"}).body


def urn() -> str:
    return f"urn:uuid:{uuid.uuid4()}"


def test_a_transaction_resolves_references_in_every_place_that_r4_names(his: Client) -> None:
    one, other, absolute = urn(), urn(), "http://other.example/fhir/Patient/77"
    link_ = f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{other}">x</a> {other}</div>'
    first = observation(
        one,
        text={"status": "generated", "div": link_.replace('\\"', '"')},
        identifier=[{"system": "urn:ietf:rfc:3986", "value": other}],
        derivedFrom=[{"reference": other, "display": other}],
        note=[{"text": other}],
        extension=[
            {"url": "http://example.org/uri", "valueUri": other},
            {"url": "http://example.org/text", "valueString": other},
        ],
    )
    second = observation("Patient/77", hasMember=[{"reference": "Observation/first"}])
    given = bundle(
        "transaction",
        asked("POST", "Observation", first, fullUrl="http://other.example/fhir/Observation/first"),
        asked("POST", "Patient", patient(), fullUrl=one),
        asked("POST", "Observation", second, fullUrl=other),
        asked("POST", "Patient", patient(), fullUrl=absolute),
    )
    answer = his.call("POST", "", given)
    assert answer.status == 200, answer.body
    refs = [
        entry["response"]["location"].partition("/fhir/")[2].partition("/_")[0]
        for entry in answer.body["entry"]
    ]
    stored = his.call("GET", f"/{refs[0]}").body
    assert stored["subject"]["reference"] == refs[1]
    assert stored["derivedFrom"] == [{"reference": refs[2], "display": other}]
    assert stored["identifier"][0]["value"] == stored["note"][0]["text"] == other
    assert [list(e.values())[1] for e in stored["extension"]] == [refs[2], other]
    assert f'href="{refs[2]}"' in stored["text"]["div"]
    assert f"</a> {other}" in stored["text"]["div"]
    circle = his.call("GET", f"/{refs[2]}").body
    assert circle["hasMember"][0]["reference"] == refs[0]
    assert circle["subject"]["reference"] == refs[3]


def test_conditional_references(his: Client) -> None:
    id = his.call("POST", "/Patient", numbered("3")).body["id"]
    given = bundle("transaction", asked("POST", "Observation", observation(f"Patient?identifier={MRN}|3")))
    answer = his.call("POST", "", given, Prefer="return=representation")
    assert answer.body["entry"][0]["resource"]["subject"]["reference"] == f"Patient/{id}"
    none = json.loads(json.dumps(given).replace("|3", "|none"))
    refused(his.call("POST", "", none), 412, "fhir-none-fits", "Bundle.entry[0]")
    his.call("POST", "/Patient", numbered("3"))
    refused(his.call("POST", "", given), 412, "fhir-several", "Bundle.entry[0]")


def test_a_transaction_of_every_kind_of_entry(his: Client) -> None:
    for id in ("a", "b", "c"):
        his.call("PUT", f"/Patient/{id}", numbered(id, id=id))
    his.call("PUT", "/Observation/o", observation("Patient/a", id="o"))
    binary = {"resourceType": "Binary", "contentType": LIST}
    binary["data"] = encoded([{"op": "add", "path": "/birthDate", "value": "1990"}])
    answer = his.call(
        "POST",
        "",
        bundle(
            "transaction",
            asked("GET", "Patient/b"),
            asked("PATCH", "Patient/b", binary),
            asked("PUT", "Patient/c", numbered("c", id="c", gender="other"), ifMatch='W/"1"'),
            asked("POST", "Patient", numbered("c"), ifNoneExist=f"identifier={MRN}|c"),
            asked("POST", "Patient", numbered("d"), ifNoneExist=f"identifier={MRN}|d"),
            asked("DELETE", "Patient/a"),
            asked("DELETE", "Observation?subject=Patient/a"),
            asked("GET", f"Patient?identifier={MRN}|d"),
        ),
    )
    # the conditional create and the update both mean Patient/c: the update alone writes it
    assert [entry["response"]["status"] for entry in answer.body["entry"]] == [
        "200", "200", "200", "200", "201", "204", "204", "200",
    ]  # fmt: skip
    assert answer.body["entry"][0]["resource"]["birthDate"] == "1990"
    assert len(answer.body["entry"][7]["resource"]["entry"]) == 1
    assert his.call("GET", "/Patient/c").body["gender"] == "other"
    assert his.call("GET", "/Patient/a").status == 410


FAULTS: list[tuple[dict[str, Any], int]] = [
    (asked("POST", "Patient", patient(gender="x")), 422),
    (asked("POST", "Observation", observation("Patient/none")), 422),
    (asked("POST", "Observation", observation("urn:uuid:00000000-0000-4000-8000-000000000000")), 422),
    (asked("PUT", "Patient/held", patient(id="held", birthDate="1990"), ifMatch='W/"9"'), 412),
    (asked("PUT", "Patient/held", patient(id="other")), 400),
    (asked("PUT", "Patient/fresh", patient(id="fresh")), 400),
    (asked("POST", "Patient", patient(), fullUrl="urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"), 400),
    (asked("DELETE", "Patient/held"), 409),
    (asked("PATCH", "Patient/none", {"resourceType": "Binary", "contentType": LIST, "data": "W10="}), 404),
    (asked("PATCH", "Patient/held", {"resourceType": "Binary", "contentType": LIST, "data": "e30"}), 422),
    (asked("PUT", f"Patient?identifier={MRN}|x", patient(id="held")), 412),
    (asked("POST", "Nothing", {"resourceType": "Patient"}), 422),
    (asked("POST", "Patient"), 422),
    ({"resource": patient()}, 422),
]


@pytest.mark.parametrize("fault", range(len(FAULTS)))
def test_a_transaction_with_one_fault_changes_nothing(his: Client, fault: int) -> None:
    his.call("PUT", "/Patient/held", patient(id="held"))
    his.call("PUT", "/Observation/o", observation("Patient/held", id="o"))
    before = everything()
    entry, status = FAULTS[fault]
    good = asked(
        "PUT", "Patient/fresh", patient(id="fresh"), fullUrl="urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"
    )
    answer = his.call("POST", "", bundle("transaction", good, asked("POST", "Patient", patient()), entry))
    assert (answer.status, answer.body["resourceType"]) == (status, "OperationOutcome"), answer.body
    assert everything() == before


def test_a_transaction_of_300_entries(his: Client) -> None:
    who = urn()
    entries = [asked("POST", "Patient", patient(), fullUrl=who)]
    entries += [asked("POST", "Observation", observation(who, valueInteger=n)) for n in range(299)]
    answer = his.call("POST", "", bundle("transaction", *entries))
    assert [entry["response"]["status"] for entry in answer.body["entry"]] == ["201"] * 300
    assert records.count("Observation") == 299
    id = answer.body["entry"][0]["response"]["location"].split("/")[-3]
    assert len(his.call("GET", f"/Observation?subject=Patient/{id}&_count=500").body["entry"]) == 299
    last = answer.body["entry"][-1]["response"]["location"].partition("/fhir")[2]
    assert his.call("GET", last).body["valueInteger"] == 298
