"""Many callers of the door at one moment, and any sequence of interactions against a plain model of them."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fhir_calls
from fhir_calls import Answer, Client
from lienthong import records
from lienthong.access import audit

pytestmark = pytest.mark.django_db(transaction=True)

CALLERS = 40
TURNS = 2
MRN = "http://example.org/mrn"
IDS = ("a", "b")


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **more}


def observation(subject: str, **more: Any) -> dict[str, Any]:
    code = {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": code,
        "subject": {"reference": subject},
        **more,
    }


def test_every_acknowledged_write_of_many_callers_is_there(db: None) -> None:
    his = fhir_calls.register("system/*.cruds")
    his.call("PUT", "/Patient/shared", patient(id="shared", name=[{"text": "VI"}]))
    made: list[dict[str, Any]] = []
    wrong: list[Any] = []

    def one(caller: int) -> None:
        try:
            _play(his, caller, made, wrong)
        except Exception as error:
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(caller,)) for caller in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(made) == CALLERS * TURNS * 2
    for resource in made:
        stored = records.read(resource["resourceType"], resource["id"])
        assert stored is not None
        assert (stored.version, stored.resource) == (1, resource)
    assert records.count("Patient") == CALLERS * TURNS + 1
    shared = his.call("GET", "/Patient/shared")
    versions = [
        e["resource"]["meta"]["versionId"]
        for e in his.call("GET", "/Patient/shared/_history?_count=500").body["entry"]
    ]
    assert versions == [str(n) for n in range(CALLERS * TURNS + 1, 0, -1)]
    assert len(shared.body["name"]) == CALLERS * TURNS + 1
    assert audit.broken_at() is None


def _play(his: Client, caller: int, made: list[dict[str, Any]], wrong: list[Any]) -> None:
    """Creates with what refers to it, reads, searches, changes what all change, and sends what must be refused."""
    for turn in range(TURNS):
        value = f"{caller}-{turn}"
        numbered = patient(identifier=[{"system": MRN, "value": value}])
        born = his.call("POST", "/Patient", numbered)
        seen = his.call("POST", "/Observation", observation(f"Patient/{born.body['id']}"))
        made += [born.body, seen.body]
        refused = [
            his.call("POST", "/Observation", observation(f"Patient/none-{value}")),
            his.call("PUT", f"/Patient/{born.body['id']}", born.body, If_Match='W/"9"'),
            his.call("DELETE", f"/Patient/{born.body['id']}"),
        ]
        found = his.call("GET", f"/Patient?identifier={MRN}|{value}")
        name = [{"op": "add", "path": "/name/-", "value": {"text": value}}]
        changed = his.call("PATCH", "/Patient/shared", name, Content_Type="application/json-patch+json")
        statuses = [answer.status for answer in refused]
        if statuses != [422, 412, 409] or changed.status != 200 or len(found.body["entry"]) != 1:
            wrong.append((statuses, changed, found))


class Model:
    """What the door must answer: for each id the years of its versions, None where it was deleted."""

    def __init__(self) -> None:
        self.held: dict[str, list[str | None]] = {}

    def version(self, id: str) -> int:
        return len(self.held.get(id, ()))

    def now(self, id: str) -> str | None:
        return self.held[id][-1] if id in self.held else None

    def put(self, id: str, year: str, match: int | None) -> int:
        if match is not None and match != self.version(id):
            return 412
        new = self.now(id) is None
        if self.now(id) != year:
            self.held.setdefault(id, []).append(year)
        return 201 if new else 200

    def patch(self, id: str, year: str, match: int | None) -> int:
        if id not in self.held:
            return 404
        if self.now(id) is None:
            return 410
        return self.put(id, year, match)

    def delete(self, id: str, match: int | None) -> int:
        if id not in self.held:
            return 404
        if match is not None and match != self.version(id):
            return 412
        if self.now(id) is not None:
            self.held[id].append(None)
        return 204


step = st.tuples(
    st.sampled_from(("put", "patch", "delete", "transaction")),
    st.sampled_from(IDS),
    st.sampled_from(("1990", "1991")),
    st.sampled_from((None, None, 1, 2, 3)),
)


@pytest.fixture
def his(db: None) -> Client:
    return fhir_calls.register("system/*.cruds")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(step, min_size=3, max_size=12))
def test_any_sequence_of_interactions_is_answered_as_the_model_does(his: Client, steps: list[Any]) -> None:
    model, run = Model(), uuid.uuid4().hex  # other ids in every run, since the store keeps what was before
    for what, short, year, match in steps:
        answer, wanted = _stepped(his, model, what, f"{short}{run}", year, match)
        assert answer.status == wanted, (what, answer.body)
    for id in model.held:
        _agrees(his, model, id)


def _stepped(
    his: Client, model: Model, what: str, id: str, year: str, match: int | None
) -> tuple[Answer, int]:
    headers = {} if match is None else {"If_Match": f'W/"{match}"'}
    if what == "put":
        given = patient(id=id, birthDate=year)
        return his.call("PUT", f"/Patient/{id}", given, **headers), model.put(id, year, match)
    if what == "patch":
        headers["Content_Type"] = "application/merge-patch+json"
        return his.call("PATCH", f"/Patient/{id}", {"birthDate": year}, **headers), model.patch(
            id, year, match
        )
    if what == "delete":
        return his.call("DELETE", f"/Patient/{id}", **headers), model.delete(id, match)
    request: dict[str, Any] = {"method": "PUT", "url": f"Patient/{id}"}
    if match is not None:
        request["ifMatch"] = f'W/"{match}"'
    entry = {"resource": patient(id=id, birthDate=year), "request": request}
    other = {"resource": patient(), "request": {"method": "POST", "url": "Patient"}}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [other, entry]}
    before = records.count("Patient")
    answer = his.call("POST", "", bundle)
    made = int(model.now(id) is None)
    status = model.put(id, year, match)
    assert records.count("Patient") - before == (0 if status == 412 else 1 + made)
    return answer, 412 if status == 412 else 200


def _agrees(his: Client, model: Model, id: str) -> None:
    held = model.held[id]
    read = his.call("GET", f"/Patient/{id}")
    assert read.headers["etag"] == f'W/"{len(held)}"'
    assert (read.status, read.body.get("birthDate")) == ((200, held[-1]) if held[-1] else (410, None))
    entries = his.call("GET", f"/Patient/{id}/_history").body["entry"]
    assert [entry.get("resource", {}).get("birthDate") for entry in entries] == held[::-1]
    found = his.call("GET", f"/Patient?_id={id}&birthdate={held[-1] or '1990'}").body
    assert len(found.get("entry", ())) == int(held[-1] is not None)
