"""``_summary`` and ``_elements``: a resource with fewer elements, marked as SUBSETTED."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any

from lienthong.foundation import json
from lienthong.records.reading import Stored
from lienthong.records.search import controls
from lienthong.records.search.controls import Shape

Resource = dict[str, Any]
Tree = Mapping[str, Any]
"""Names of elements to those within them; an empty branch is the whole element."""

_WHOLE: Tree = {}
_SUBSETTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "SUBSETTED",
    "display": "subsetted",
}


def shape(parameters: Iterable[tuple[str, str]]) -> Shape | None:
    """What ``_summary`` and ``_elements`` among the parameters ask for; None for the whole resource.

    Raises:
        LienThongError: a value that cannot be read.
    """
    found = Shape()
    for name, value in parameters:
        if name in ("_summary", "_elements") and value:
            found = controls.shaped(found, name, value)
    return found if found != Shape() else None


def trimmed(stored: Stored, shape: Shape) -> Resource:
    """A stored resource in that shape, with ``meta.versionId`` and ``meta.lastUpdated``."""
    return trim(json.loads(stored.wire), shape)


def trim(resource: Resource, shape: Shape) -> Resource:
    """A copy of a resource with only what the shape names, and what no resource of its type may lack."""
    kind = str(resource.get("resourceType", ""))
    known = _summaries().get(kind, {"summary": {}, "always": ["id", "meta"]})
    always: dict[str, Any] = dict.fromkeys(known["always"], _WHOLE)
    if shape.elements:
        named = {name.removeprefix(f"{kind}.").partition(".")[0]: _WHOLE for name in shape.elements}
        kept = _kept(resource, always | named)
    elif shape.summary == "text":
        kept = _kept(resource, always | {"text": _WHOLE})
    elif shape.summary == "data":
        kept = {name: value for name, value in resource.items() if name != "text"}
    else:
        kept = _kept(resource, known["summary"])
    meta = kept.get("meta", {})
    tags = [*meta.get("tag", ()), _SUBSETTED]
    return {"resourceType": kind, **_first(kept, "id"), "meta": {**meta, "tag": tags}, **_without(kept)}


def _kept(value: Any, tree: Tree) -> Any:
    """The parts of an element that a tree names."""
    if not tree:
        return value
    if isinstance(value, list):
        return [_kept(one, tree) for one in value]
    if not isinstance(value, dict):
        return value
    found = {}
    for name, inner in value.items():
        branch = _branch(tree, name.removeprefix("_"))
        if branch is not None:
            found[name] = _kept(inner, branch)
    return found


def _branch(tree: Tree, name: str) -> Tree | None:
    """What a tree holds for a JSON member; ``value[x]`` stands for ``valueQuantity`` and its like."""
    if name in tree:
        found: Tree = tree[name]
        return found
    for stem, branch in tree.items():
        if stem.endswith("[x]") and name.startswith(stem[:-3]) and name[len(stem) - 3 :][:1].isupper():
            return dict(branch)
    return None


def _first(kept: Resource, name: str) -> Resource:
    return {name: kept[name]} if name in kept else {}


def _without(kept: Resource) -> Resource:
    return {name: value for name, value in kept.items() if name not in ("resourceType", "id", "meta")}


@cache
def _summaries() -> dict[str, Any]:
    data = resources.files("lienthong.records").joinpath("data/summary_r4.json").read_bytes()
    found: dict[str, Any] = json.loads(data)
    return found
