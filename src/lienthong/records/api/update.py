"""update and conditional update (R4, section "RESTful API"); a PUT to an unknown id makes the resource."""

from __future__ import annotations

from lienthong.foundation import ids
from lienthong.foundation.wsgi import HttpError, Response
from lienthong.records.api import problems
from lienthong.records.api.call import Call
from lienthong.records.api.commit import Plan, commit
from lienthong.records.api.create import criteria_of, fitting, plan_of, written
from lienthong.records.api.preparing import ID, entry


def update(call: Call, kind: str, id: str) -> Response:
    """Stores the resource as the new version of this id; ``If-Match`` names the version that it replaces,
    ``If-None-Match: *`` says that it replaces none."""
    call.caller.needs(kind, "u")
    resource, content = call.resource()
    if resource.get("id") != id:
        raise HttpError(400, problems.not_understood(f"id: {id}", f"{kind}.id"))
    made = entry(call, kind, resource, content, id, "u")
    version = 0 if call.headers("if-none-match").strip() == "*" else call.version()
    done = commit(plan_of(call, made, version=version))[0]
    return written(call, made, done, 201 if done.what == "created" else 200)


def conditional(call: Call, kind: str) -> Response:
    """``PUT /Type?criteria``: updates the one that fits, makes one where none does."""
    call.caller.needs(kind, "u")
    resource, content = call.resource()
    criteria = criteria_of(call)
    given = resource.get("id")
    if given is not None and not (isinstance(given, str) and ID.fullmatch(given)):
        raise HttpError(400, problems.not_understood("id", f"{kind}.id"))

    def plan(found: str | None) -> Plan:
        if found and given not in (None, found):
            raise HttpError(400, problems.not_understood(f"id: {found}", f"{kind}.id"))
        made = entry(call, kind, resource, content, found or given or fresh, "u")
        version = call.version()
        planned = plan_of(call, made, version=version if found else None)
        if not found and given:
            planned.versions = {made.ref: 0}
        return planned

    fresh = ids.new_id()
    first = plan(fitting(call, kind, criteria, "u"))
    first.again = lambda: plan(fitting(call, kind, criteria, "u"))
    done = commit(first)[0]
    return written(call, None, done, 201 if done.what == "created" else 200)
