"""patch (R4, section "RESTful API"): JSON Patch or JSON Merge Patch on the current version, by id or by criteria."""

from __future__ import annotations

from typing import Any

from lienthong.foundation import json
from lienthong.foundation.wsgi import HttpError, Response
from lienthong.records import reading
from lienthong.records.api import problems
from lienthong.records.api.call import Call, loaded
from lienthong.records.api.commit import Plan, commit
from lienthong.records.api.create import criteria_of, fitting, plan_of, written
from lienthong.records.api.json_patch import merged, patched
from lienthong.records.api.preparing import entry
from lienthong.records.api.read import visible

_LISTS, _MERGES = "application/json-patch+json", "application/merge-patch+json"


def patch(call: Call, kind: str, id: str) -> Response:
    """Changes the resource by what the body says, all of it or nothing."""
    call.caller.needs(kind, "u")
    media = call.media.partition(";")[0].strip().lower()
    if media not in (_LISTS, _MERGES, "application/json"):
        raise HttpError(415, problems.not_acceptable(f"{call.media} ({_LISTS}, {_MERGES})"))
    wanted = loaded(call.content)
    right = {_LISTS: list, _MERGES: dict}.get(media, (list, dict))
    if not isinstance(wanted, right):
        raise HttpError(422, problems.not_understood(f"{_LISTS}: [...], {_MERGES}: {{...}}"))
    plan = _plan(call, kind, id, wanted)
    try:
        done = commit(plan)[0]
    except HttpError as error:
        if error.status != 412 or call.version() is not None:
            raise
        plan.again = lambda: _plan(call, kind, id, wanted)  # somebody else's change came between
        done = commit(plan)[0]
    return written(call, None, done, 200)


def _plan(call: Call, kind: str, id: str, wanted: Any) -> Plan:
    """What the present version becomes."""
    stored = reading.latest([f"{kind}/{id}"]).get(f"{kind}/{id}")
    if stored is None or not visible(call, stored, "u"):
        raise HttpError(404, problems.not_found(f"{kind}/{id}"))
    if stored.deleted:
        raise HttpError(410, problems.gone(stored.ref))
    asked = call.version()
    if asked not in (None, stored.version):
        raise HttpError(412, problems.changed(stored.ref, stored.version))
    held = json.loads(stored.body)
    changed = merged(held, wanted) if isinstance(wanted, dict) else patched(held, wanted)
    if changed.get("id") != id or changed.get("resourceType") != kind:
        raise HttpError(422, problems.not_understood("id, resourceType", f"{kind}.id"))
    made = entry(call, kind, changed, json.dumps(changed), id, "u")
    return plan_of(call, made, version=stored.version)


def conditional(call: Call, kind: str) -> Response:
    """``PATCH /Type?criteria``: changes the one that fits."""
    criteria = criteria_of(call)
    found = fitting(call, kind, criteria, "u")
    if found is None:
        raise HttpError(404, problems.none_fits(kind, criteria))
    return patch(call, kind, found)
