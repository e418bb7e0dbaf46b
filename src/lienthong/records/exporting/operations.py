"""``$export``, the question how far it is, and its files (Bulk Data Access 2.0, sections "Request Flow")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from django.db import transaction

from lienthong.access import audit
from lienthong.foundation import clock, ids, json
from lienthong.foundation.errors import LienThongError
from lienthong.foundation.wsgi import HttpError, Response
from lienthong.records import search, validation, values
from lienthong.records.api import operations, problems
from lienthong.records.api.call import Call
from lienthong.records.api.operations import Operation
from lienthong.records.exporting import work
from lienthong.records.models import Export

MEDIA = "application/fhir+ndjson"
MOST = 3
"""Exports of one system at a time."""
_FORMATS = (MEDIA, "application/ndjson", "ndjson")
_KNOWN = ("_outputFormat", "_since", "_type")
_CHUNK = 1 << 18
_DEFINITION = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/"


def begin(call: Call, id: str) -> Response:
    """Notes the export and answers 202; the work begins after the commit.

    Raises:
        HttpError: 400, 403; 429 when the system has three under way.
    """
    if call.caller.kind != "system":
        raise HttpError(403, problems.only_systems())
    if "respond-async" not in call.headers("prefer"):
        raise HttpError(400, problems.not_understood("Prefer: respond-async"))
    asked = _parameters(call)
    kinds = _kinds(call, asked.get("_type", ""))
    _restrictions(call, kinds)
    since = asked.get("_since", "")
    if since and not values.utc(since):
        raise HttpError(400, problems.not_understood("_since: instant", "_since"))
    if asked.get("_outputFormat", MEDIA).replace(" ", "+") not in _FORMATS:
        raise HttpError(400, problems.not_understood(f"_outputFormat: {MEDIA}", "_outputFormat"))
    now = clock.now()
    export = Export(
        id=ids.new_id(),
        caller=call.caller.id,
        caller_name=call.caller.name[:200],
        request="/".join([call.base, *call.steps]) + (f"?{urlencode(call.query)}" if call.query else ""),
        base=call.base,
        types=kinds,
        grants=[grant.scope for grant in call.caller.grants],
        kinds=sorted(call.caller.kinds),
        since=values.utc(since) if since else "",
        until=clock.iso(now),
        made_at=now,
    )
    with transaction.atomic():
        under_way = Export.objects.filter(caller=call.caller.id, state=Export.State.RUNNING).count()
        if under_way >= MOST:
            raise HttpError(429, problems.too_many_exports(MOST), headers=(("Retry-After", "60"),))
        export.save(force_insert=True)
        audit.record_many([call.event("fhir-export", types=kinds, since=since)])
    return Response(202, b"", [("Content-Location", f"{call.base}/$export-status?_export={export.id}")])


def status(call: Call, id: str) -> Response:
    """202 with how far it is, or 200 with the list of files; ``DELETE`` ends it.

    Raises:
        HttpError: 404; 500, it failed.
    """
    export = _own(call)
    if call.method == "DELETE":
        work.cancel(export)
        return Response(202)
    if export.state == Export.State.FAILED:
        raise HttpError(500, problems.fault())
    if export.state == Export.State.RUNNING:
        done = sum(export.counts.values())
        told = f"{export.place}/{len(export.types)} types, {done} resources"
        return Response(202, b"", [("X-Progress", told), ("Retry-After", "5")])
    return Response(200, json.dumps(_manifest(call, export)), [("Content-Type", "application/json")])


def file(call: Call, id: str) -> Response:
    """The NDJSON of one type, or a part of it (``Range: bytes=…-``).

    Raises:
        HttpError: 404, 416.
    """
    export = _own(call)
    kind = dict(call.query).get("_of", "")
    place = work.path(export.id, kind) if validation.is_type(kind) else None
    if export.state != Export.State.DONE or place is None or not place.exists():
        raise HttpError(404, problems.not_found(f"{kind}.ndjson"[:80]))
    size = place.stat().st_size
    first, last = _range(call.headers("range"), size)
    audit.append([call.event("fhir-export-file", of=kind, bytes=last - first + 1)])
    headers = [("Content-Type", MEDIA), ("Accept-Ranges", "bytes"), ("Content-Length", str(last - first + 1))]
    if call.headers("range"):
        headers.append(("Content-Range", f"bytes {first}-{last}/{size}"))
    body = _chunks(place, first, last) if call.method != "HEAD" else b""
    return Response(206 if call.headers("range") else 200, body, headers)


def _parameters(call: Call) -> dict[str, str]:
    """Those of the query, or of a Parameters resource.

    Raises:
        HttpError: 400, one that is not taken.
    """
    asked: dict[str, str] = {}
    for name, value in operations.asked(call):
        asked[name] = f"{asked[name]},{value}" if name in asked else value
    wrong = [name for name in asked if name not in _KNOWN]
    if wrong and call.strict:
        raise HttpError(400, problems.not_understood(", ".join(_KNOWN), wrong[0]))
    return asked


def _kinds(call: Call, given: str) -> list[str]:
    wanted = [kind for kind in given.split(",") if kind]
    for kind in wanted:
        if not validation.is_type(kind):
            raise HttpError(400, problems.not_understood(f"_type: {kind[:40]}", "_type"))
        call.caller.needs(kind, "r")
    every = search.compartment_kinds() if call.steps[0] == "Patient" else validation.types()
    found = [kind for kind in wanted or every if call.caller.may(kind, "r")]
    if not found:
        call.caller.needs("Patient", "r")
    return found


def _restrictions(call: Call, kinds: list[str]) -> None:
    """Those of the caller's scopes can be kept to, so that no export fails on them later.

    Raises:
        LienThongError: ``search-…``, one is not understood.
    """
    for grant in call.caller.grants:
        for kind in kinds if grant.query and grant.kind == "*" else {grant.kind} & {*kinds}:
            try:
                search.matches({"resourceType": kind}, grant.query)
            except LienThongError as error:
                if grant.kind != "*" or error.problem.code != "search-unknown-parameter":
                    raise


def _own(call: Call) -> Export:
    identifier = dict(call.query).get("_export", "")
    export = Export.objects.filter(id=identifier[:32], caller=call.caller.id).first()
    if export is None or export.state == Export.State.CANCELLED:
        raise HttpError(404, problems.not_found("$export"))
    return export


def _manifest(call: Call, export: Export) -> dict[str, Any]:
    return {
        "transactionTime": export.until,
        "request": export.request,
        "requiresAccessToken": True,
        "output": [
            {
                "type": kind,
                "url": f"{call.base}/$export-file?_export={export.id}&_of={kind}",
                "count": export.counts[kind],
            }
            for kind in export.types
            if export.counts.get(kind)
        ],
        "error": [],
    }


def _range(header: str, size: int) -> tuple[int, int]:
    """First and last byte that are asked for."""
    match = re.fullmatch(r"bytes=(\d{1,15})-(\d{0,15})", header.strip())
    if not header:
        return 0, size - 1
    first = int(match[1]) if match else size
    last = min(int(match[2]), size - 1) if match and match[2] else size - 1
    if first > last:
        raise HttpError(416, problems.not_understood(f"Range: bytes=0-{size - 1}"))
    return first, last


def _chunks(place: Path, first: int, last: int) -> Iterator[bytes]:
    with place.open("rb") as stream:
        stream.seek(first)
        left = last - first + 1
        while left > 0 and (chunk := stream.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk


OPERATIONS: Final = (
    Operation("export", "", frozenset({"system"}), begin, f"{_DEFINITION}export"),
    Operation("export", "Patient", frozenset({"type"}), begin, f"{_DEFINITION}patient-export"),
    Operation(
        "export-status", "", frozenset({"system"}), status, f"{_DEFINITION}export", ends=True, listed=False
    ),
    Operation("export-file", "", frozenset({"system"}), file, f"{_DEFINITION}export", listed=False),
)
