"""The CapabilityStatement, from the tables that the door works by."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from lienthong.records import index, validation
from lienthong.records.api.call import JSON, XML
from lienthong.records.api.routing import Table

INTERACTIONS = (
    "read",
    "vread",
    "update",
    "patch",
    "delete",
    "history-instance",
    "history-type",
    "create",
    "search-type",
)
_PUBLISHED = "2026-11-23"
_VERSION = version("lienthong")
_PARAMETER = "http://hl7.org/fhir/SearchParameter"
_OAUTH = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_SECURITY = "http://terminology.hl7.org/CodeSystem/restful-security-service"


def statement(base: str, name: str, table: Table, profiles: Mapping[str, list[str]]) -> dict[str, Any]:
    """The CapabilityStatement of a node.

    Args:
        name: of the node, for people.
        profiles: resource type to the canonical URLs that are supported.
    """
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _PUBLISHED,
        "kind": "instance",
        "software": {"name": "Liên Thông", "version": _VERSION},
        "implementation": {"description": name, "url": base},
        "fhirVersion": "4.0.1",
        "format": ["json", JSON, "xml", XML],
        "patchFormat": ["application/json-patch+json", JSON, XML],
        "rest": [
            {
                "mode": "server",
                "security": {
                    "service": [{"coding": [{"system": _SECURITY, "code": "SMART-on-FHIR"}]}],
                    "extension": [
                        {"url": _OAUTH, "extension": [{"url": "token", "valueUri": f"{base}/token"}]}
                    ],
                },
                "resource": [_resource(kind, table, profiles) for kind in validation.types()],
                "interaction": [
                    {"code": code} for code in ("transaction", "batch", "search-system", "history-system")
                ],
                "searchParam": [
                    {"name": "_content", "definition": f"{_PARAMETER}/Resource-content", "type": "string"},
                    {"name": "_has", "type": "special"},
                    {"name": "_list", "type": "special"},
                    {"name": "_text", "definition": f"{_PARAMETER}/DomainResource-text", "type": "string"},
                ],
                **({"operation": operations} if (operations := _operations("", table)) else {}),
                "compartment": ["http://hl7.org/fhir/CompartmentDefinition/patient"],
            }
        ],
    }


def _resource(kind: str, table: Table, profiles: Mapping[str, list[str]]) -> dict[str, Any]:
    parameters = index.parameters(kind)
    found: dict[str, Any] = {"type": kind, "profile": f"http://hl7.org/fhir/StructureDefinition/{kind}"}
    if kind in profiles:
        found["supportedProfile"] = profiles[kind]
    references = sorted(f"{kind}:{name}" for name, one in parameters.items() if one.type == "reference")
    found |= {
        "interaction": [{"code": code} for code in INTERACTIONS],
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "multiple",
        "referencePolicy": ["literal", "logical", "resolves", "enforced"],
    }
    if references:
        found["searchInclude"] = ["*", *references]
    found["searchParam"] = [
        {"name": name, "definition": one.url, "type": one.type} for name, one in sorted(parameters.items())
    ]
    operations = _operations(kind, table)
    return found | ({"operation": operations} if operations else {})


def _operations(kind: str, table: Table) -> list[dict[str, str]]:
    """Those of a type, or (empty) of the system; one for every type stands with each of them."""
    return [
        {"name": one.name, "definition": one.definition}
        for one in table.operations
        if one.listed and one.kind in ("", kind) and ("system" in one.levels) != bool(kind)
    ]
