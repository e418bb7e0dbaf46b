"""The examples that HL7 publishes with R4: each is stored and read back as it was, or refused with a reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fhir_door import Door

EXAMPLES = Path(__file__).resolve().parents[2] / "node_modules" / "hl7.fhir.r4.examples"
DEFINING = (
    "CodeSystem",
    "SearchParameter",
    "StructureDefinition",
    "ValueSet",
    "ConceptMap",
    "OperationDefinition",
)
"""Types of which the package holds the whole standard; of them a sample is enough."""
SAMPLE = 10
LARGEST = 400_000
AT_ONCE = 4_000_000
PARTS = 2


def _files() -> Iterator[Path]:
    seen: dict[str, int] = {}
    for path in sorted(EXAMPLES.glob("*-*.json")):
        kind = path.name.partition("-")[0]
        if kind[0].isupper() and path.stat().st_size < LARGEST:
            seen[kind] = seen.get(kind, 0) + 1
            if kind not in DEFINING or seen[kind] <= SAMPLE:
                yield path


class _Number(str):
    """A decimal as it was written; equal to no string."""

    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Number) and str(self) == str(other)


def _exact(content: bytes | str) -> Any:
    """With the order of names and the digits of numbers kept."""
    return json.loads(content, parse_float=_Number, object_pairs_hook=list)


def _without(pairs: Any, *names: str) -> Any:
    return [(name, value) for name, value in pairs if name not in names]


def _same(sent: Any, got: Any) -> bool:
    """Whether a resource came back with nothing changed but its id, its version and when it was written."""
    before, after = _without(sent, "id", "meta"), _without(got, "id", "meta")
    metas = [next((value for name, value in pairs if name == "meta"), []) for pairs in (sent, got)]
    return before == after and _without(metas[0], "versionId", "lastUpdated") == _without(
        metas[1], "versionId", "lastUpdated"
    )


@pytest.fixture(scope="module")
def served(door: Door) -> set[str]:
    rest = door.client.call("GET", "/metadata").body["rest"][0]
    return {one["type"] for one in rest["resource"]}


@pytest.mark.parametrize("part", range(PARTS))
def test_read_back_unchanged_or_refused_with_a_reason(door: Door, served: set[str], part: int) -> None:
    import urllib3

    pool = urllib3.PoolManager(retries=False)
    token = door.client.ask_token().body["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}
    stored, refused, wrong = 0, [], []
    for path in list(_files())[part::PARTS]:
        content = path.read_bytes()
        kind = json.loads(content)["resourceType"]
        made = pool.request("POST", f"{door.base}/{kind}", headers=headers, body=content)
        if made.status == 201:
            stored += 1
            read = pool.request("GET", made.headers["Location"], headers=headers)
            if not _same(_exact(content), _exact(read.data)):
                wrong.append(f"{path.name}: came back changed")
            continue
        issues = json.loads(made.data)["issue"]
        refused.append(
            f"{path.name} {made.status} {issues[0]['details']['coding'][0]['code']} {issues[0].get('expression')}"
        )
        if kind not in served and made.status in (404, 405):
            continue
        if made.status != 422 or not all(issue.get("expression") for issue in issues):
            wrong.append(refused[-1])
    print("\n".join(refused))
    assert wrong == []
    assert stored > len(refused)
