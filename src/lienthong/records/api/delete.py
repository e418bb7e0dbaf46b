"""delete and conditional delete (R4, section "RESTful API"); earlier versions stay under ``_history``."""

from __future__ import annotations

import re
from functools import partial
from urllib.parse import urlencode

from lienthong.foundation.wsgi import HttpError, Response
from lienthong.records import reading, search, values
from lienthong.records.api import problems
from lienthong.records.api.call import Call
from lienthong.records.api.commit import Plan, commit
from lienthong.records.api.create import fitting
from lienthong.records.api.preparing import changing
from lienthong.records.api.read import shown, visible
from lienthong.records.writing import Entry

MOST = 100


def delete(call: Call, kind: str, id: str) -> Response:
    """Removes the resource; a second call changes nothing."""
    call.caller.needs(kind, "d")
    version = call.version()
    stored = reading.latest([f"{kind}/{id}"]).get(f"{kind}/{id}")
    if stored is None or not visible(call, stored, "d"):
        raise HttpError(404, problems.not_found(f"{kind}/{id}"))
    done = commit(removal(call, [stored.ref], {} if version is None else {stored.ref: version}))[0]
    return Response(204, b"", [("ETag", f'W/"{done.version}"')])


def conditional(call: Call, kind: str) -> Response:
    """``DELETE /Type?criteria``: removes the one that fits, or with ``_count`` up to so many."""
    call.caller.needs(kind, "d")
    several = [value for name, value in call.query if name == "_count"]
    query = [(name, value) for name, value in call.query if name != "_count"]
    criteria = urlencode(query)
    if several:
        most = int(several[0]) if re.fullmatch("[0-9]{1,9}", several[0]) else 0
        if not 0 < most <= MOST or not query:
            raise HttpError(400, problems.not_understood(f"_count: 1–{MOST}", "_count"))
        found = search.find(kind, query, call.view("d"), most=most, base=call.base)
    else:
        one = fitting(call, kind, criteria, "d")
        found = [one] if one else []
    if not found:
        raise HttpError(404, problems.none_fits(kind, criteria))
    commit(removal(call, [f"{kind}/{id}" for id in found], {}))
    return Response(204)


def removal(call: Call, refs: list[str], versions: dict[str, int]) -> Plan:
    """What the removal of resources commits."""
    held = reading.latest(refs)
    patients = {
        ref: values.patient_ref(held[ref].resource).removeprefix("Patient/")
        for ref in refs
        if ref in held and not held[ref].deleted
    }
    return Plan(
        [Entry(ref, None) for ref in refs],
        lambda done: [
            call.event(f"fhir-{one.what}", patients.get(one.ref, ""), ref=one.ref, version=one.version)
            for one in done
        ],
        versions=versions,
        may=changing(call),
        shown=partial(shown, call),
    )
