"""patch (R4, section "RESTful API"): JSON Patch, JSON Merge Patch or FHIRPath Patch on the current version, by id or by
criteria."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lienthong.foundation import json
from lienthong.foundation.wsgi import HttpError, Response
from lienthong.records import reading
from lienthong.records.api import fhirpath_patch, json_patch, problems
from lienthong.records.api.call import Call, loaded
from lienthong.records.api.commit import Plan, commit
from lienthong.records.api.create import criteria_of, fitting, plan_of, written
from lienthong.records.api.preparing import entry
from lienthong.records.api.read import visible
from lienthong.records.api.rewriting import rewritten

Change = Callable[[dict[str, Any]], dict[str, Any]]

_LISTS, _MERGES = "application/json-patch+json", "application/merge-patch+json"


def patch(call: Call, kind: str, id: str) -> Response:
    """Changes the resource by what the body says, all of it or nothing."""
    call.caller.needs(kind, "u")
    wanted = _wanted(call)
    plan = _plan(call, kind, id, wanted)
    try:
        done = commit(plan)[0]
    except HttpError as error:
        if error.status != 412 or call.version() is not None:
            raise
        plan.again = lambda: _plan(call, kind, id, wanted)  # somebody else's change came between
        done = commit(plan)[0]
    return written(call, None, done, 200)


def _wanted(call: Call) -> Change:
    """What the body says, as a change of a resource."""
    media = call.media.partition(";")[0].strip().lower()
    if media not in (_LISTS, _MERGES):
        given = loaded(call.body())
        if isinstance(given, dict) and given.get("resourceType") == "Parameters":
            return change(given)
        if media != "application/json":
            raise HttpError(415, problems.not_acceptable(f"{call.media} ({_LISTS}, {_MERGES}, Parameters)"))
    else:
        given = loaded(call.content)
    right = {_LISTS: list, _MERGES: dict}.get(media, (list, dict))
    if not isinstance(given, right):
        raise HttpError(422, problems.not_understood(f"{_LISTS}: [...], {_MERGES}: {{...}}"))
    return change(given)


def change(given: Any) -> Change:
    """What makes of a resource the changed one: a JSON Patch, a FHIRPath Patch, or members to merge."""
    if isinstance(given, dict) and given.get("resourceType") == "Parameters":
        return lambda held: fhirpath_patch.patched(held, given)
    if isinstance(given, dict):
        return lambda held: json_patch.merged(held, given)
    return lambda held: json_patch.patched(held, given)


def _plan(call: Call, kind: str, id: str, wanted: Change) -> Plan:
    """What the present version becomes."""
    stored = reading.latest([f"{kind}/{id}"]).get(f"{kind}/{id}")
    if stored is None or not visible(call, stored, "u"):
        raise HttpError(404, problems.not_found(f"{kind}/{id}"))
    if stored.deleted:
        raise HttpError(410, problems.gone(stored.ref))
    asked = call.version()
    if asked not in (None, stored.version):
        raise HttpError(412, problems.changed(stored.ref, stored.version))
    changed = wanted(json.loads(stored.body))
    if changed.get("id") != id or changed.get("resourceType") != kind:
        raise HttpError(422, problems.not_understood("id, resourceType", f"{kind}.id"))
    made = entry(call, kind, changed, rewritten(stored.body, changed), id, "u")
    return plan_of(call, made, version=stored.version)


def conditional(call: Call, kind: str) -> Response:
    """``PATCH /Type?criteria``: changes the one that fits."""
    criteria = criteria_of(call)
    found = fitting(call, kind, criteria, "u")
    if found is None:
        raise HttpError(404, problems.none_fits(kind, criteria))
    return patch(call, kind, found)
