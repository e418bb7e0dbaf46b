"""What the door can do, from the tables that it works by."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from django.conf import settings

from lienthong.access.tokens import configuration
from lienthong.facilities import directory
from lienthong.transfers.fhir import searching, tokens

MEDIA = "application/fhir+json"
INTERACTIONS = {
    "ServiceRequest": ("create", "read", "update", "search-type"),
    "Task": ("read", "update", "patch", "search-type"),
    "Patient": ("read",),
    "Composition": ("read",),
    "DocumentReference": ("read",),
}
_PUBLISHED = "2026-11-23"
_VERSION = version("lienthong")
_OAUTH = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_SECURITY = "http://terminology.hl7.org/CodeSystem/restful-security-service"


def statement(base: str) -> dict[str, Any]:
    """The CapabilityStatement of this site's door."""
    name = directory.name(directory.here(), language="vi")
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": _PUBLISHED,
        "kind": "instance",
        "software": {"name": "Liên Thông", "version": _VERSION},
        "implementation": {"description": f"{settings.NODE.facility} {name}", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["json", MEDIA],
        "patchFormat": ["application/json-patch+json"],
        "rest": [
            {
                "mode": "server",
                "security": {
                    "service": [{"coding": [{"system": _SECURITY, "code": "SMART-on-FHIR"}]}],
                    "extension": [
                        {
                            "url": _OAUTH,
                            "extension": [{"url": "token", "valueUri": f"{base}/token"}],
                        }
                    ],
                },
                "resource": [_resource(kind) for kind in INTERACTIONS],
                "interaction": [{"code": "transaction"}],
            }
        ],
    }


def _resource(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": kind,
        "interaction": [{"code": code} for code in INTERACTIONS[kind]],
        "versioning": "versioned-update" if "update" in INTERACTIONS[kind] else "no-version",
    }
    if kind == "ServiceRequest":
        found["conditionalCreate"] = True
    if kind in searching.PARAMETERS:
        found["searchParam"] = [
            {"name": name, "type": parameter.type}
            for name, parameter in searching.PARAMETERS[kind].items()
            if ":" not in name and "." not in name
        ]
    return found


def smart(base: str) -> dict[str, Any]:
    """``.well-known/smart-configuration`` (SMART App Launch 2.0)."""
    supported = sorted({scope for some in tokens.SCOPES.values() for scope in some})
    return configuration(base, supported)
