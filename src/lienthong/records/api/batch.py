"""batch and transaction (R4, section "RESTful API", "batch/transaction")."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from lienthong.foundation import json
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.foundation.wsgi import HttpError, Response
from lienthong.records import validation
from lienthong.records.api import outcomes, problems
from lienthong.records.api.bundles import bundle
from lienthong.records.api.call import JSON, Call, Resource, parameters, parsed
from lienthong.records.api.notes import note
from lienthong.records.api.transaction import Asked, transaction

MOST = 20_000
"""Entries of one Bundle."""


Route = Callable[[Call], Response]


def batch(call: Call, route: Route, bundles: Sequence[Callable[[Call], Response | None]]) -> Response:
    """A Bundle of calls: each for itself (batch), or all of them or none (transaction).

    Args:
        route: answers a call.
        bundles: other parts that may answer a transaction as a whole.
    """
    kind, entries = _opened(call)
    if kind == "transaction":
        for own in bundles:
            response = own(call)
            if response is not None:
                return response
        return transaction(call, entries, lambda asked: _run(call, asked, route))
    done = [b""] * len(entries)
    for place in sorted(range(len(entries)), key=lambda n: _TURN.get(entries[n].method, 9)):
        done[place] = _run(call, entries[place], route)
    return call.answer(bundle("batch-response", done))


_TURN = {"DELETE": 0, "POST": 1, "PUT": 2, "PATCH": 2, "GET": 3, "HEAD": 3}


def _opened(call: Call) -> tuple[str, list[Asked]]:
    """The type of the Bundle and its entries; the resources in them are read and checked one by one later.

    Raises:
        HttpError: 400, 413, 415, 422. InvalidResource: the Bundle itself is not valid.
    """
    try:
        members = json.members(call.body())
        raws = json.rows(members.pop("entry")) if "entry" in members else []
    except json.DecodeError as error:
        raise HttpError(400, problems.not_understood(f"JSON: {str(error)[:120]}", "Bundle.entry")) from error
    for place, entry in enumerate(raws):
        if "request" not in entry:
            raise HttpError(422, problems.not_understood("request", f"Bundle.entry[{place}].request"))
    bare = [{name: raw for name, raw in entry.items() if name != "resource"} for entry in raws]
    shell = parsed(json.dumps(members | ({"entry": json.raw(json.dumps(bare))} if bare else {})))
    if shell.get("resourceType") != "Bundle" or shell.get("type") not in ("batch", "transaction"):
        raise HttpError(422, problems.not_understood("Bundle.type: batch, transaction", "Bundle.type"))
    if len(bare) > MOST:
        raise HttpError(413, problems.not_understood(f"1–{MOST} entry", "Bundle.entry"))
    validation.check(shell)
    return shell["type"], [
        _asked(call, n, *both) for n, both in enumerate(zip(shell.get("entry", []), raws, strict=True))
    ]


def _asked(call: Call, place: int, entry: Resource, raw: dict[str, json.Raw]) -> Asked:
    request = entry["request"]
    parts = urlsplit(str(request["url"]).removeprefix(f"{call.base}/"))
    if request["method"] == "POST" and parts.path in ("", "/"):
        raise HttpError(422, problems.not_understood("Bundle in Bundle", f"Bundle.entry[{place}].request"))
    return Asked(
        place=place,
        method=str(request["method"]),
        steps=[unquote(step) for step in parts.path.split("/") if step],
        query=parameters(parts.query),
        conditions={
            "if-match": str(request.get("ifMatch", "")),
            "if-none-match": str(request.get("ifNoneMatch", "")),
            "if-modified-since": str(request.get("ifModifiedSince", "")),
            "if-none-exist": str(request.get("ifNoneExist", "")),
        },
        full_url=str(entry.get("fullUrl", "")),
        raw=bytes(raw.get("resource", b"")),
    )


def _run(call: Call, asked: Asked, route: Route) -> bytes:
    """One entry as a call of its own, and its answer as an entry."""
    inner = _inner(call, asked)
    try:
        response = route(inner)
    except LienThongError as error:
        note([inner.event("fhir-refused", problem=error.problem.code)])
        status = error.status if isinstance(error, HttpError) else outcomes.status(error)
        return failed(getattr(error, "problems", [error.problem]), status)
    headers = {name.lower(): value for name, value in response.headers}
    told: Resource = {"status": str(response.status)}
    for header, name in (("location", "location"), ("etag", "etag")):
        if header in headers:
            told[name] = headers[header]
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    entry: Resource = {"resource": json.raw(body)} if body else {}
    return json.dumps({**entry, "response": told})


def failed(found: Sequence[Problem], status: int) -> bytes:
    """The entry that answers a call which failed."""
    return json.dumps({"response": {"status": str(status), "outcome": outcomes.outcome(found, status)}})


def _inner(call: Call, asked: Asked) -> Call:
    content, media = asked.raw, JSON
    if asked.method == "PATCH" and asked.resource.get("resourceType") == "Binary":
        content, media = asked.binary(), "application/json-patch+json"
    conditions = asked.conditions

    key = call.headers("idempotency-key")

    def header(name: str) -> str:
        if name == "idempotency-key" and key:
            return f"{key}/{asked.place}"
        return conditions.get(name) or ("" if name.startswith("if-") else call.headers(name))

    return replace(
        call,
        method=asked.method,
        steps=asked.steps,
        query=asked.query,
        headers=header,
        content=content,
        media=media,
        output=JSON,
        pretty=False,
    )
