"""Hub: the node of a unit tells who is registered there (IHE PIXm ITI-104): its own Patients, and no other unit's."""

from __future__ import annotations

from typing import Any

from lienthong import records
from lienthong.foundation import json
from lienthong.foundation.wsgi import HttpError, Response
from lienthong.identity import problems
from lienthong.identity.following import facility_of
from lienthong.records.api.call import Call
from lienthong.terminology import systems

Resource = dict[str, Any]


def patient(call: Call, steps: list[str]) -> Response | None:
    """Hub: the node of a unit writes its own Patients, one by one, under its own name; nothing here for others.

    Raises:
        HttpError: 403, it is another unit's, or not so written.
    """
    if call.caller.kind != "node" or call.method in ("GET", "HEAD") or (steps and steps[0][0] in "$_"):
        return None
    if call.method != "PUT":
        raise HttpError(403, problems.not_your_patient())
    facility = call.caller.facility
    resource, _ = call.resource()
    ours = facility_of(resource) == facility and resource.get("meta", {}).get("source")
    own = f"{systems.patient_number(facility)}|"
    named = not call.query or all(name == "identifier" and text.startswith(own) for name, text in call.query)
    if not ours or not named or not _was_ours(steps, resource, facility):
        raise HttpError(403, problems.not_your_patient())
    return None


def _was_ours(steps: list[str], resource: Resource, facility: str) -> bool:
    held = [records.read("Patient", id) for id in {*steps[:1], str(resource.get("id", ""))} if id]
    return all(one is None or facility_of(one.resource) == facility for one in held)


def transaction(call: Call) -> Response | None:
    """Hub: a node writes Patients one by one, so that each is looked at; a transaction with Patients is refused.

    Raises:
        HttpError: 403.
    """
    if call.caller.kind != "node":
        return None
    if any(_puts_patient(entry) for entry in json.loads(call.body()).get("entry", ())):
        raise HttpError(403, problems.not_your_patient())
    return None


def _puts_patient(entry: Resource) -> bool:
    request = entry.get("request") or {}
    is_patient = str(request.get("url", "")).split("?")[0].split("/")[0].endswith("Patient")
    return request.get("method") not in ("GET", "HEAD") and (
        is_patient or (entry.get("resource") or {}).get("resourceType") == "Patient"
    )
