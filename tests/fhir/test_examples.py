"""The examples that HL7 publishes with R4: each is stored and read back as it was, or refused for a reason."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import urllib3

from fhir_door import Door

EXAMPLES = Path(__file__).resolve().parents[2] / "node_modules" / "hl7.fhir.r4.examples"
DEFINING = {
    "CodeSystem",
    "SearchParameter",
    "StructureDefinition",
    "ValueSet",
    "ConceptMap",
    "OperationDefinition",
}
"""Types of which the package holds the whole standard: examples of another kind, left out."""
OWNED = {"Task"}
"""Types that are not stored as they come: a Task is a step of a transfer."""
LARGEST = 200_000
LOST = 16
"""Of the examples that point to something unpublished, one of so many is tried."""
REFUSED = {
    "ActivityDefinition/blood-tubes-supply": "fhir-invariant",  # a narrative without words
    "ActivityDefinition/heart-valve-replacement": "fhir-invariant",
    "Basic/referral": "fhir-modifier-unknown",
    "DocumentReference/example": "fhir-outside-scope",  # labelled as very restricted, which our caller may not see
    "EventDefinition/example": "fhir-invariant",
    "Questionnaire/qs1": "fhir-cardinality",  # linkId is missing
    "Questionnaire/zika-virus-exposure-assessment": "fhir-invariant",
}
"""What HL7 publishes against its own rules, or may not be written by everybody, and why it is refused."""
_REFERENCE = re.compile(r"(?:[A-Z][A-Za-z]+)/[A-Za-z0-9.-]{1,64}")


def _files() -> Iterator[Path]:
    for path in sorted(EXAMPLES.glob("*-*.json")):
        kind = path.name.partition("-")[0]
        if kind[0].isupper() and kind not in DEFINING | OWNED and path.stat().st_size < LARGEST:
            yield path


class _Number(str):
    """A decimal as it was written; equal to no string."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Number) and str(self) == str(other)


def _exact(content: bytes) -> Any:
    """With the order of names and the digits of numbers kept: lists of pairs."""
    return json.loads(content, parse_float=_Number, object_pairs_hook=list)


def _without(pairs: Any, *names: str) -> Any:
    return [(name, value) for name, value in pairs if name not in names]


def _same(sent: Any, got: Any) -> bool:
    """Whether a resource came back with nothing changed but its version and when it was written."""
    metas = [next((value for name, value in pairs if name == "meta"), []) for pairs in (sent, got)]
    kept = [_without(meta, "versionId", "lastUpdated") for meta in metas]
    return _without(sent, "meta") == _without(got, "meta") and kept[0] == kept[1]


def _references(value: Any) -> Iterator[str]:
    """Every relative reference in a resource."""
    if isinstance(value, dict):
        told = value.get("reference")
        if isinstance(told, str) and _REFERENCE.fullmatch(told.partition("/_history")[0]):
            yield told.partition("/_history")[0]
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _references(one)


def test_read_back_unchanged_or_refused_for_a_reason(door: Door) -> None:
    door.client.token = door.client.ask_token().body["access_token"]
    kind = "application/fhir+json"  # asked for too, since a Binary comes as its own bytes otherwise
    headers = {"Authorization": f"Bearer {door.client.token}", "Content-Type": kind, "Accept": kind}
    pool = urllib3.PoolManager(retries=False, timeout=60)
    sent, bodies, pointing = {}, {}, {}
    for path in _files():
        content = path.read_bytes()
        body = json.loads(content)
        name = f"{body['resourceType']}/{body['id']}"
        sent[name], bodies[name], pointing[name] = content, body, set(_references(body)) - {name}

    def put(name: str) -> list[dict[str, Any]]:
        answer = pool.request("PUT", f"{door.base}/{name}", headers=headers, body=sent[name])
        assert answer.status in (200, 201, 422), (name, answer.data)
        return json.loads(answer.data)["issue"] if answer.status == 422 else []

    refused = {name: issues for name in sent if not pointing[name] and (issues := put(name))}
    stored = {name for name in sent if not pointing[name]} - refused.keys()
    together = {name for name in sent if pointing[name]}
    while True:  # what points to something that is not there or is refused is refused too
        while lost := {name for name in together if not pointing[name] <= stored | together}:
            together -= lost
        names = sorted(together)
        entries = [{"resource": bodies[n], "request": {"method": "PUT", "url": n}} for n in names]
        answer = door.client.call(
            "POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        )
        if answer.status == 200:
            break
        assert answer.status in (403, 422), answer.body
        number = re.match(r"Bundle\.entry\[(\d+)\]", answer.body["issue"][0]["expression"][0])
        assert number, answer.body
        name = names[int(number[1])]
        refused[name] = answer.body["issue"]
        together.remove(name)
    changed = []
    for name in stored | together:
        read = pool.request("GET", f"{door.base}/{name}", headers=headers)
        before = sent[name] if name in stored else json.dumps(bodies[name]).encode()
        if read.status != 200 or not _same(_exact(before), _exact(read.data)):
            changed.append(f"{name} {read.status}")
    assert changed == []
    for issues in refused.values():
        assert all(issue["expression"] and issue["diagnostics"] for issue in issues)
    assert set(refused) <= REFUSED.keys() | {n for n, i in refused.items() if _code(i) == "fhir-reference"}
    assert {name: _code(issues) for name, issues in refused.items() if name in REFUSED} == REFUSED
    for name in sorted(sent.keys() - stored - together - refused.keys())[::LOST]:
        assert "fhir-reference" in {_code([issue]) for issue in put(name)}, name


def _code(issues: list[dict[str, Any]]) -> str:
    return str(issues[0]["details"]["coding"][0]["code"])
