"""Every search parameter that R4 defines, found by its own definition."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

import fhir_filler
import fhir_paths
from fhir_door import Door
from fhir_paths import Sample

AT_ONCE = 400
PARTS = 4
NOT_BY_VALUE = {
    ("Bundle", "composition"),  # a resource inside another one: for chaining alone
    ("Bundle", "message"),
    ("DeviceDefinition", "classification"),  # an element that R4 does not have
    ("DocumentReference", "relationship"),  # R4 crosses the types of its components
    ("MolecularSequence", "referenceseqid"),  # an invariant forbids it beside what the others need
    ("MolecularSequence", "referenceseqid-variant-coordinate"),
    ("MolecularSequence", "referenceseqid-window-coordinate"),
}
"""Parameters that are not tried here."""
NOT_MADE = {"Linkage", "StructureDefinition", "Task"}
"""Types whose rules ask for more than a small sample, and the steps of transfers, which are not stored as they come."""
ALL_WAYS = int(os.environ.get("LIENTHONG_EXAMPLES", "30")) > 30
"""Whether every value and modifier is tried; else one or two of each sample."""
POSTGRESQL = 5 if os.environ.get("LIENTHONG_DATABASE") else 0
"""On PostgreSQL one of so many samples; the SQL is the same."""


def _chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(items)
    while chunk := list(itertools.islice(rest, AT_ONCE)):
        yield chunk


def _bundle(door: Door, kind: str, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers; references may point to nothing, as each sample stands alone."""
    body = {"resourceType": "Bundle", "type": kind, "entry": entries}
    answer = door.client.call("POST", "", body, Prefer="handling=lenient")
    if kind == "transaction" and answer.status != 200:
        return _bundle(door, "batch", entries)  # which says of each what is wrong
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.body["entry"]
    return found


@pytest.fixture(scope="module")
def served(door: Door) -> dict[str, dict[str, str]]:
    """What the door says it takes: for each type its search parameters with their kinds."""
    rest = door.client.call("GET", "/metadata").body["rest"][0]
    return {
        one["type"]: {parameter["name"]: parameter["type"] for parameter in one.get("searchParam", ())}
        for one in rest["resource"]
    }


def test_all_that_r4_defines_are_there(served: dict[str, dict[str, str]]) -> None:
    missing = [
        f"{kind}.{parameter['code']}"
        for kind, parameters in served.items()
        for parameter in fhir_filler.parameters()
        if kind in parameter["base"] and parameters.get(parameter["code"]) != parameter["type"]
    ]
    assert missing == []


@pytest.mark.parametrize("part", range(PARTS))
def test_each_finds_its_value_and_no_other(door: Door, served: dict[str, dict[str, str]], part: int) -> None:
    kinds = sorted(served)[part::PARTS]
    samples = [
        sample
        for kind in kinds
        for sample in fhir_paths.samples(kind)
        if kind not in NOT_MADE and (kind, sample.code) not in NOT_BY_VALUE
    ]
    wanted = {
        (kind, parameter["code"])
        for kind in kinds
        for parameter in fhir_filler.parameters()
        if kind in parameter["base"]
        and parameter.get("expression")
        and parameter["type"] != "special"
        and kind not in NOT_MADE
    }
    assert wanted - {(sample.kind, sample.code) for sample in samples} <= NOT_BY_VALUE
    wrong = []
    for chunk in _chunks(samples if ALL_WAYS or not POSTGRESQL else samples[::POSTGRESQL]):
        wrong += _look(door, chunk)
    assert wrong == [], "\n".join(wrong)


def _look(door: Door, samples: list[Sample]) -> list[str]:
    """What is wrong: a line each."""
    made = _bundle(
        door,
        "transaction",
        [{"resource": one.body, "request": {"method": "POST", "url": one.kind}} for one in samples],
    )
    wrong, asked = [], []
    for place, (sample, entry) in enumerate(zip(samples, made, strict=True)):
        if not entry["response"]["status"].startswith("201"):
            wrong.append(f"{sample.kind}.{sample.code} not stored: {entry['response'].get('outcome')}")
            continue
        name = entry["response"]["location"].split(f"{sample.kind}/")[1].split("/")[0]
        for count, pairs in ((1, sample.right), (0, sample.wrong)):
            for modifier, value in pairs if ALL_WAYS else {*pairs[:count], pairs[place % len(pairs)]}:
                query = f"{sample.kind}?_id={name}&{sample.code}{modifier}={quote(value, safe='')}"
                asked.append((query, count, sample.way))
    for chunk in _chunks(asked):
        entries = [{"request": {"method": "GET", "url": query}} for query, _count, _way in chunk]
        for (query, count, way), entry in zip(chunk, _bundle(door, "batch", entries), strict=True):
            found = entry.get("resource", {})
            if found.get("resourceType") != "Bundle":
                wrong.append(f"{query}: {entry['response']} ({way})")
            elif len([one for one in found.get("entry", ()) if one["search"]["mode"] == "match"]) != count:
                wrong.append(f"{query}: not {count} ({way})")
    return wrong
