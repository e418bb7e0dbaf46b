"""create and conditional create (R4, section "RESTful API")."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from lienthong.foundation import ids
from lienthong.foundation.wsgi import HttpError, Response
from lienthong.records import reading, search, values
from lienthong.records.api import problems
from lienthong.records.api.call import Call, Resource, conditions_of, versioned
from lienthong.records.api.commit import Plan, commit
from lienthong.records.api.preparing import changing, entry
from lienthong.records.api.read import visible
from lienthong.records.api.references import mentioned
from lienthong.records.writing import Done, Entry


def create(call: Call, kind: str) -> Response:
    """Stores the resource under a new id. With ``If-None-Exist`` (or parameters) only where nothing fits; with
    ``Idempotency-Key`` a repeated call gives what the first one made."""
    call.caller.needs(kind, "c")
    resource, content = call.resource()
    unless = call.headers("if-none-exist") or criteria_of(call)
    key = call.headers("idempotency-key")
    id = ids.stable_id("idempotency-key", call.caller.id, key) if key else ids.new_id()
    made = entry(call, kind, resource, content, id, "c")
    plan = plan_of(call, made, once=bool(key))
    if unless:
        plan.again = lambda: _unless(call, kind, unless, plan)
    done = commit(plan)[0]
    new = done.what == "created" or bool(key)
    return written(call, made if done.ref == made.ref else None, done, 201 if new else 200)


def plan_of(call: Call, made: Entry, *, once: bool = False, version: int | None = None) -> Plan:
    """What one resource's write commits."""
    resource = made.resource or {}
    kind = str(resource.get("resourceType", ""))
    patient = values.patient_ref(resource).removeprefix("Patient/") if resource else ""
    return Plan(
        [made],
        lambda done: [call.event(f"fhir-{done[0].what}", patient, ref=done[0].ref, version=done[0].version)],
        versions={} if version is None else {made.ref: version},
        once=frozenset([made.ref] if once else []),
        refers=dict.fromkeys(mentioned(made.body, call.base), (made, kind)) if call.strict else {},
        may=changing(call),
    )


def criteria_of(call: Call) -> str:
    """The parameters of a conditional interaction."""
    return urlencode(call.query)


def _unless(call: Call, kind: str, unless: str, plan: Plan) -> Plan:
    """Inside the transaction: nothing is made where something fits already."""
    found = fitting(call, kind, unless)
    if found is None:
        return replace(plan, again=None)
    stored = reading.latest([f"{kind}/{found}"])[f"{kind}/{found}"]
    return Plan([Entry(stored.ref, stored.resource, stored.body)], plan.events)


def fitting(call: Call, kind: str, criteria: str, letter: str = "c") -> str | None:
    """The id of the one resource that criteria fit, or None.

    Args:
        letter: what the caller wants to do with it, one of ``cud``; who may not read looks among what it may treat so.

    Raises:
        HttpError: 412, several fit; 400, no criteria.
    """
    given = conditions_of(kind, criteria)
    if not given:
        raise HttpError(400, problems.not_understood(f"{kind}?{criteria[:80]}"))
    view = call.view("r" if call.caller.may(kind, "r") else letter)
    found = search.find(kind, given, view, most=2, base=call.base)
    if len(found) > 1:
        raise HttpError(412, problems.several(kind, criteria))
    return found[0] if found else None


def written(call: Call, made: Entry | None, done: Done, status: int) -> Response:
    """The answer to a write, as ``Prefer`` wants it; without the resource where the caller did not send what is here
    now (``made`` is None) and may not read it."""
    headers = [
        *versioned(done.version, done.at),
        ("Location", f"{call.base}/{done.ref}/_history/{done.version}"),
    ]
    if call.prefer == "minimal":
        return Response(status, b"", headers)
    if call.prefer == "OperationOutcome":
        return call.answer(_stored(done), status, headers)
    kind, _, id = done.ref.partition("/")
    if made is None:
        stored = reading.latest([done.ref])[done.ref]
        if not visible(call, stored):
            return Response(status, b"", headers)
        return call.answer(stored.wire, status, headers)
    wire = reading.Stored(kind, id, done.version, done.at, "", "", False, False, made.body).wire
    return call.answer(wire, status, headers)


def _stored(done: Done) -> Resource:
    return {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "information",
                "code": "informational",
                "diagnostics": f"{done.ref}: {done.what}, version {done.version}",
            }
        ],
    }
