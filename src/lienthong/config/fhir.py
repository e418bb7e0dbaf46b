"""``/fhir`` of every node: the interactions of the store and what other parts add to them, as one WSGI application.

What is here stands in ``GET /fhir/metadata``; ``docs/reference/fhir-api.md`` says the rest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import partial
from urllib.parse import parse_qsl, unquote

from django.conf import settings
from django.http.request import validate_host

from lienthong.access import audit, callers, tokens
from lienthong.access.limits import Bucket
from lienthong.documents.api import provide, retrieve, summary
from lienthong.exchange import space
from lienthong.exchange.answering import Headers, answered
from lienthong.facilities import directory
from lienthong.foundation import json
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.foundation.wsgi import (
    Environ,
    HttpError,
    Request,
    Response,
    StartResponse,
    answer,
    problem_response,
)
from lienthong.identity.api import feed, match, pix
from lienthong.records import validation
from lienthong.records.api import ROOT, capability, everything, outcomes, problems
from lienthong.records.api.call import JSON, Call, form, parameters
from lienthong.records.api.routing import Table, route
from lienthong.records.exporting import operations as exports
from lienthong.records.validation import operation as validate
from lienthong.records.xml import write as as_xml
from lienthong.transfers.fhir import answers as transfers

BODY = 64 << 20
_FORM_LIMIT = 32_768


TABLE = Table(
    operations=(
        validate.OPERATION,
        everything.OPERATION,
        summary.SUMMARY,
        match.OPERATION,
        pix.OPERATION,
        *exports.OPERATIONS,
    ),
    owners={
        "ServiceRequest": transfers.service_request,
        "Task": transfers.task,
        "Binary": retrieve.binary,
        "Patient": feed.patient,
        "Composition": transfers.paper("Composition"),
        "DocumentReference": transfers.paper("DocumentReference"),
    },
    bundles=(provide.provide, feed.transaction, transfers.bundle),
)
"""What other parts answer."""

_knocks = Bucket(rate=5, burst=50)
_calls = Bucket(rate=20_000, burst=20_000)


def serves(path: str) -> bool:
    """Whether a path belongs to this door."""
    return path == ROOT or path.startswith(f"{ROOT}/")


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answers one call; every error is an OperationOutcome."""
    wanted = _wanted(Request(environ))
    return answered(
        environ,
        start_response,
        _route,
        partial(_failed, wanted or JSON),
        status=outcomes.status,
        busy=problems.busy,
        fault=problems.fault,
    )


def _failed(media: str, found: Sequence[Problem], status: int, headers: Headers) -> Response:
    content = json.dumps(outcomes.outcome(found, status))
    content = content if media == JSON else as_xml(content)
    return Response(status, content, [("Content-Type", f"{media}; charset=utf-8"), *headers])


def _wanted(request: Request) -> str:
    """The media type of the answer; empty where the caller takes none of ours."""
    given = request.query.get("_format", "").replace("/fhir ", "/fhir+")  # a plus sign that was not escaped
    given = given or request.header("accept")
    return form(given) if given else JSON


def _route(request: Request) -> Response:
    steps = [unquote(step) for step in request.path[len(ROOT) :].split("/") if step]
    base = _base(request)
    media = _wanted(request)
    if not media and steps[:1] == ["Binary"] and "_format" not in request.query:
        media = JSON  # a Binary is given in its own media type
    if not media:
        raise HttpError(
            406, problems.not_acceptable(request.query.get("_format") or request.header("accept"))
        )
    if steps == ["metadata"]:
        _method(request, "GET", "HEAD")
        return _metadata(base, media)
    if steps == [".well-known", "smart-configuration"]:
        _method(request, "GET", "HEAD")
        return answer(200, tokens.configuration(base, ["system/*.cruds", "system/*.rs"]))
    if steps == ["token"]:
        _method(request, "POST")
        _knocks.take(request.address)
        return _token(request, base)
    try:
        caller = callers.caller(request, base)
    except HttpError:
        _knocks.take(request.address)
        raise
    _calls.take(caller.id)
    coded = request.header("content-encoding")
    if coded not in ("", "identity"):
        raise HttpError(415, problems.not_acceptable(f"Content-Encoding: {coded}"))
    content = request.body(BODY)
    if content:
        space.check(len(content))
    call = Call(
        method=request.method,
        steps=steps,
        query=[(n, v) for n, v in parameters(request.query_string) if n not in ("_format", "_pretty")],
        headers=request.header,
        caller=caller,
        base=base,
        content=content,
        media=request.header("content-type"),
        output=media,
        pretty=request.query.get("_pretty") == "true",
    )
    transfers.bring_up(call)
    try:
        return route(call, TABLE)
    except LienThongError as error:
        audit.append([call.event("fhir-refused", problem=error.problem.code)])
        raise


def _metadata(base: str, media: str) -> Response:
    name = f"{settings.NODE.facility} {directory.name(directory.here(), language='vi')}"
    found = json.dumps(capability.statement(base, name, TABLE, validation.supported()))
    content = found if media == JSON else as_xml(found)
    return Response(200, content, [("Content-Type", f"{media}; charset=utf-8")])


def _base(request: Request) -> str:
    """The door's address as the caller sees it.

    Raises:
        HttpError: 400: the Host header is none of this node's names.
    """
    host = request.header("host") or f"{settings.NODE.host}:{settings.NODE.port}"
    name = host.rpartition(":")[0] if re.search(r":\d+\Z", host) else host
    if not re.fullmatch(r"[A-Za-z0-9.:\[\]-]{1,200}", host) or not validate_host(name, settings.NODE.hosts):
        raise HttpError(400, problems.not_understood("Host"))
    return f"{'https' if settings.NODE.secure else 'http'}://{host}{ROOT}"


def _method(request: Request, *allowed: str) -> None:
    if request.method not in allowed:
        raise HttpError(405, problems.no_door(request.path), headers=(("Allow", ", ".join(allowed)),))


def _token(request: Request, base: str) -> Response:
    try:
        given = dict(parse_qsl(request.body(_FORM_LIMIT).decode("ascii"), max_num_fields=20))
    except ValueError as error:
        raise HttpError(400, problems.not_understood("application/x-www-form-urlencoded")) from error
    other = base.replace("https://", "http://") if base.startswith("https") else base
    try:
        found = tokens.issue(given, request.address, [f"{base}/token", f"{other}/token"])
    except HttpError as error:
        response = problem_response(error)
        response.headers[0] = ("Content-Type", "application/json")
        return response
    return answer(200, found, [("Pragma", "no-cache")])
