"""``$validate`` (R4, Resource-validate): says what is wrong with a resource and stores nothing.

The answer is an OperationOutcome with status 200, whether the resource is valid or not.
"""

from __future__ import annotations

from typing import Any, Final

from lienthong.foundation.errors import Problem
from lienthong.foundation.wsgi import HttpError, Response
from lienthong.records import validation
from lienthong.records.api import outcomes, problems
from lienthong.records.api.call import Call
from lienthong.records.api.operations import Operation
from lienthong.records.api.read import seen
from lienthong.records.validation import faults

Resource = dict[str, Any]

MODES: Final = ("create", "update", "delete", "profile")


def run(call: Call, id: str) -> Response:
    """Validates the resource in the body, or the stored one that the path names.

    Parameters ``resource``, ``mode`` and ``profile`` stand in a Parameters resource; ``mode`` and ``profile`` may stand
    in the address too, with the bare resource as body.

    Raises:
        HttpError: 400 no such mode or nothing to validate, 404 and 410 of the resource that the path names.
    """
    kind = call.steps[0]
    resource, mode, profiles = _asked(call)
    if mode and mode not in MODES:
        raise HttpError(400, problems.not_understood(f"mode: {', '.join(MODES)}", "Parameters.parameter"))
    if mode == "profile" and not profiles:
        raise HttpError(400, problems.not_understood("mode=profile: profile", "Parameters.parameter"))
    if id and (mode in ("update", "delete") or resource is None):
        call.caller.needs(kind, "r")
        stored = seen(call, f"{kind}/{id}")
        resource = stored.resource if resource is None else resource
    elif mode == "delete":
        raise HttpError(400, problems.not_understood(f"{kind}/{{id}}/$validate?mode=delete"))
    elif resource is None:
        raise HttpError(400, problems.not_understood(f"resource: {kind}", "Parameters.parameter"))
    found = [] if mode == "delete" else _found(resource, kind, id, mode, profiles)
    return call.answer(outcomes.outcome(found, 200) if found else _all_well(kind))


def _asked(call: Call) -> tuple[Resource | None, str, list[str]]:
    """The resource, the mode and the profiles that a call names."""
    mode = next((value for name, value in call.query if name == "mode"), "")
    profiles = [value for name, value in call.query if name == "profile" and value]
    if not call.content:
        return None, mode, profiles
    resource, _ = call.resource()
    if resource.get("resourceType") != "Parameters" or call.steps[0] == "Parameters":
        return resource, mode, profiles
    inner: Resource | None = None
    parts = resource.get("parameter")
    for part in parts if isinstance(parts, list) else ():
        if not isinstance(part, dict):
            continue
        name = part.get("name")
        value = next((part[key] for key in part if key.startswith("value")), None)
        if name == "resource" and isinstance(part.get("resource"), dict):
            inner = part["resource"]
        elif name == "mode" and isinstance(value, str):
            mode = value
        elif name == "profile" and isinstance(value, str):
            profiles.append(value)
    return inner, mode, profiles


def _found(resource: Resource, kind: str, id: str, mode: str, profiles: list[str]) -> list[Problem]:
    given = resource.get("resourceType")
    if given != kind:
        return [
            faults.problem(
                faults.STRUCTURE,
                "resourceType",
                f"Tài nguyên thuộc loại {faults.shown(given)}, địa chỉ gọi là {kind}.",
                f"The resource is a {faults.shown(given)}, the address says {kind}.",
            )
        ]
    found = validation.problems(resource, profiles=profiles, thorough=True)
    if mode == "update" and id and resource.get("id") != id:
        found.append(
            faults.problem(
                faults.STRUCTURE,
                f"{kind}.id",
                f"Cập nhật {kind}/{id} cần id {id!r} trong tài nguyên.",
                f"An update of {kind}/{id} needs the id {id!r} in the resource.",
            )
        )
    return found


def _all_well(kind: str) -> Resource:
    """R4: an OperationOutcome holds at least one issue."""
    issue = {
        "severity": "information",
        "code": "informational",
        "details": {"text": f"{kind} hợp lệ."},
        "diagnostics": f"The {kind} is valid.",
    }
    return {"resourceType": "OperationOutcome", "issue": [issue]}


OPERATION: Final = Operation(
    name="validate",
    kind="",
    levels=frozenset({"type", "instance"}),
    run=run,
    definition="http://hl7.org/fhir/OperationDefinition/Resource-validate",
)
