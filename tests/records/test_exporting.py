"""Bulk export: files that hold each resource once, also after interruptions; only for the system that asked."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction

import fhir_calls
from fhir_calls import Client
from lienthong import records
from lienthong.access import audit, systems
from lienthong.foundation import json as exact
from lienthong.records.exporting import work
from lienthong.records.models import Export

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("hospitals")]
ACTOR = audit.system("test")
ASYNC = {"Prefer": "respond-async"}


@pytest.fixture
def reader() -> Client:
    return fhir_calls.register("system/Patient.rs system/Observation.rs")


def stored(count: int) -> None:
    found: list[dict[str, Any]] = [{"resourceType": "Patient", "id": "p1"}]
    for n in range(count):
        secret = {"meta": {"security": [{"code": "R"}]}} if n % 10 == 0 else {}
        code = {"coding": [{"system": "urn:c", "code": "WBC"}]}
        value = {"value": exact.loads("1.50"), "unit": "G/L"}
        subject = {"reference": "Patient/p1"}
        found.append(
            {"resourceType": "Observation", "id": f"o{n}", "status": "final", "code": code}
            | {"subject": subject, "valueQuantity": value}
            | secret
        )
    with transaction.atomic():
        records.transact(found, origin="o", actor=ACTOR)


def begun(reader: Client, path: str = "/$export") -> str:
    answer = reader.call("GET", path, **ASYNC)
    assert answer.status == 202, answer.body
    return answer.headers["content-location"].partition("/fhir")[2]


def finished() -> None:
    work.work(threading.Event())


def fetched(reader: Client, url: str, **headers: str) -> bytes:
    """The bytes of a file."""
    body = reader.call("GET", url, **headers).body
    assert isinstance(body, bytes)
    return body


def lines(reader: Client, manifest: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    url = next(one["url"] for one in manifest["output"] if one["type"] == kind).partition("/fhir")[2]
    return [json.loads(line) for line in fetched(reader, url).splitlines()]


def test_files_hold_each_resource_that_the_system_may_read_once(reader: Client) -> None:
    stored(25)
    place = begun(reader)
    assert reader.call("GET", place).status == 202
    finished()
    manifest = reader.call("GET", place).body
    assert {one["type"]: one["count"] for one in manifest["output"]} == {"Patient": 1, "Observation": 22}
    found = lines(reader, manifest, "Observation")
    assert {one["id"] for one in found} == {f"o{n}" for n in range(25) if n % 10}
    assert found[0]["meta"]["versionId"] == "1"


@pytest.mark.parametrize("after", range(4))
def test_an_interrupted_export_goes_on_without_loss_or_doubles(
    reader: Client, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(25)
    monkeypatch.setattr(work, "AT_ONCE", 7)
    place = begun(reader, "/$export?_type=Observation")
    export = Export.objects.get()
    for _ in range(after):
        work._piece(export)
        export.refresh_from_db()
    if after:
        with work.path(export.id, "Observation").open("ab") as file:
            file.write(b'{"resourceType":"Observation","id":"written before the power went')
    finished()
    found = lines(reader, reader.call("GET", place).body, "Observation")
    assert sorted(one["id"] for one in found) == sorted(f"o{n}" for n in range(25) if n % 10)


def test_only_the_system_that_asked_may_see_and_end_it(reader: Client) -> None:
    stored(3)
    place = begun(reader)
    other = fhir_calls.register("system/Patient.rs")
    assert other.call("GET", place).status == 404
    finished()
    file = reader.call("GET", place).body["output"][0]["url"].partition("/fhir")[2]
    assert other.call("GET", file).status == 404
    assert reader.call("DELETE", place).status == 202
    assert reader.call("GET", place).status == 404
    assert not work.folder(Export.objects.get().id).exists()


def test_a_stopped_system_gets_nothing_more(reader: Client) -> None:
    stored(3)
    begun(reader)
    systems.change(reader.client, by=ACTOR, is_active=False)
    finished()
    export = Export.objects.get()
    assert (export.state, work.folder(export.id).exists()) == (Export.State.CANCELLED, False)


def test_parts_of_a_file(reader: Client) -> None:
    stored(3)
    place = begun(reader, "/$export?_type=Patient")
    finished()
    url = reader.call("GET", place).body["output"][0]["url"].partition("/fhir")[2]
    whole = fetched(reader, url)
    assert fetched(reader, url, Range="bytes=5-") == whole[5:]
    assert fetched(reader, url, Range="bytes=2-9") == whole[2:10]
    assert reader.call("GET", url, Range=f"bytes={len(whole)}-").status == 416


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/$export", {}, 400),
        ("/$export?_type=Cat", ASYNC, 400),
        ("/$export?_type=Condition", ASYNC, 403),
        ("/$export?_since=soon", ASYNC, 400),
        ("/$export?_outputFormat=csv", ASYNC, 400),
        ("/$export?_typeFilter=x", ASYNC, 400),
        ("/$export-status?_export=nothing", {}, 404),
        ("/$export-file?_export=nothing&_of=Patient", {}, 404),
        ("/Patient/$export", ASYNC, 202),
        ("/Observation/$export", ASYNC, 404),
    ],
)
def test_what_is_asked_wrongly_is_told(
    reader: Client, path: str, headers: dict[str, str], status: int
) -> None:
    assert reader.call("GET", path, **headers).status == status


def test_only_what_is_newer_and_what_was_there(reader: Client) -> None:
    stored(2)
    place = begun(reader, "/$export?_since=2090-01-01T00:00:00Z")
    early = begun(reader)
    Export.objects.update(until="2020-01-01T00:00:00.000Z")
    finished()
    assert reader.call("GET", place).body["output"] == []
    assert reader.call("GET", early).body["output"] == []


def test_what_cannot_be_exported_stops_no_other_export(reader: Client) -> None:
    stored(3)
    for restriction in ("nonsense=1", "date=junk"):
        wrong = replace(reader, scope=f"system/Observation.rs?{restriction}")
        refused = wrong.call("GET", "/$export", **ASYNC)
        assert refused.status == 400
        assert refused.problem.startswith("search-")
    broken = begun(reader)
    Export.objects.update(grants=["system/Observation.rs?date=junk"])
    good = begun(reader)
    finished()
    assert reader.call("GET", broken).status == 500
    assert [one["type"] for one in reader.call("GET", good).body["output"]] == ["Observation", "Patient"]
