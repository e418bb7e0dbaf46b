"""Whatever comes: validation answers with problems and never raises; the quick schema is never the laxer one."""

from __future__ import annotations

import copy
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from lienthong.connectors.his_xml import samples
from lienthong.foundation import json
from lienthong.foundation.errors import Problem
from lienthong.records import validation
from lienthong.records.validation import schema

OURS = "https://lienthong.example/fhir/StructureDefinition/"
RESOURCES: list[dict[str, Any]] = [
    entry["resource"]
    for file in sorted(Path(samples.FOLDER).glob("*.bundle.json"))
    for entry in json.loads(file.read_bytes())["entry"]
]
PROFILES = {"Patient": OURS + "patient", "Encounter": OURS + "encounter", "Coverage": OURS + "coverage"}

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["", " ", "#", "#x", "Patient/1", "2025", "active", "http://x/Patient/1", "urn:uuid:1"])
    | st.text(max_size=12)
)
names = st.sampled_from(
    ["id", "url", "extension", "_status", "value", "contained", "resourceType", "coding", "meta"]
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(names | st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        found += places(part, (*path, key))
    return found


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, Any]:
    """A resource of the connector with one to three elements lost, doubled or replaced."""
    resource = copy.deepcopy(draw(st.sampled_from(RESOURCES)))
    for _ in range(draw(st.integers(1, 3))):
        found = places(resource)
        if not found:
            break
        *above, last = draw(st.sampled_from(found))
        parent: Any = resource
        for step in above:
            parent = parent[step]
        match draw(st.sampled_from(["lose", "replace", "double", "rename"])):
            case "lose":
                del parent[last]
            case "replace":
                parent[last] = draw(values)
            case "double":
                parent[last] = [parent[last], parent[last]]
            case "rename" if isinstance(parent, dict):
                parent[draw(names)] = parent.pop(last)
    return resource


@given(damaged())
def test_a_damaged_resource_gives_problems_and_never_an_exception(resource: dict[str, Any]) -> None:
    profile = PROFILES.get(str(resource.get("resourceType")))
    told = validation.problems(resource, thorough=True, profiles=[profile] if profile else [])
    assert all(isinstance(one, Problem) and one.where["path"] and one.vi and one.hint_en for one in told)
    assert json.dumps([one.as_dict() for one in told])


@given(values)
def test_anything_at_all_gives_problems(value: Any) -> None:
    assert validation.problems(value, thorough=True)


@given(damaged())
def test_the_quick_schema_accepts_only_what_the_exact_one_accepts(resource: dict[str, Any]) -> None:
    kind = str(resource.get("resourceType"))
    quick, exact = schema.quick(kind), schema.exact(kind)
    if quick is not None and quick.is_valid(resource):
        assert exact.is_valid(resource)


def test_elements_nested_too_deeply_are_refused() -> None:
    extension: dict[str, Any] = {"url": "u", "valueDecimal": Decimal("1.0")}
    for _ in range(3000):
        extension = {"url": "u", "extension": [extension]}
    told = validation.problems(
        {"resourceType": "Basic", "code": {"text": "a"}, "extension": [extension]}, thorough=True
    )
    assert [one.code for one in told] == ["fhir-structure"]
