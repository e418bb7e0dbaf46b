"""Transactions in the shape that Synthea writes: everything points to what it should, and nothing is there twice."""

from __future__ import annotations

from typing import Any

import synthea_shaped
from fhir_door import Door


def _references(value: Any) -> list[str]:
    if isinstance(value, list):
        return [found for one in value for found in _references(one)]
    if not isinstance(value, dict):
        return []
    own = [value["reference"]] if isinstance(value.get("reference"), str) else []
    return own + [found for one in value.values() for found in _references(one)]


def test_imported_with_every_reference_resolved(door: Door) -> None:
    for _ in range(2):
        assert door.client.call("POST", "", synthea_shaped.hospitals()).status == 200
    practitioners = door.client.call(
        "GET", f"/Practitioner?identifier={synthea_shaped.STAFF}|&_summary=count"
    )
    assert practitioners.body["total"] == synthea_shaped.DOCTORS
    bundle = synthea_shaped.patient(1, 3)
    answer = door.client.call("POST", "", bundle)
    assert answer.status == 200, answer.body
    names = ["/".join(entry["response"]["location"].split("/")[-4:-2]) for entry in answer.body["entry"]]
    by_urn = {entry["fullUrl"]: name for entry, name in zip(bundle["entry"], names, strict=True)}
    for entry, name in zip(bundle["entry"], names, strict=True):
        stored = door.client.call("GET", f"/{name}").body
        for before, after in zip(_references(entry["resource"]), _references(stored), strict=True):
            kind, _, id = after.partition("/")
            assert by_urn.get(before, after) == after
            assert (kind, len(id) > 0) == (
                by_urn.get(before, before).partition("/")[0].partition("?")[0],
                True,
            )
    subject = names[0]
    observations = door.client.call("GET", f"/Observation?subject={subject}&_summary=count").body["total"]
    assert observations == sum(
        entry["resource"]["resourceType"] == "Observation" for entry in bundle["entry"]
    )
    visits = door.client.call("GET", f"/Encounter?subject={subject}&_include=Encounter:practitioner").body[
        "entry"
    ]
    assert [one["search"]["mode"] for one in visits].count("match") == 3
    assert {one["resource"]["resourceType"] for one in visits} == {"Encounter", "Practitioner"}


def test_nothing_is_kept_of_a_transaction_with_one_fault(door: Door) -> None:
    assert door.client.call("POST", "", synthea_shaped.hospitals()).status == 200
    bundle = synthea_shaped.patient(2, 1)
    del bundle["entry"][-1]["resource"]["status"]
    answer = door.client.call("POST", "", bundle)
    assert answer.status == 422
    assert answer.body["issue"][0]["expression"][0].startswith(
        f"Bundle.entry[{len(bundle['entry']) - 1}].resource"
    )
    identifier = bundle["entry"][0]["resource"]["identifier"][0]
    query = f"/Patient?identifier={identifier['system']}|{identifier['value']}"
    assert door.client.call("GET", query).body.get("total", 0) == 0
