"""``/fhir/`` of a site as a plain WSGI application: one call, one transaction, one row in the audit trail.

Interactions, elements and codes: ``docs/reference/fhir-door.md``.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection, transaction
from django.http.request import validate_host

from lienthong import records
from lienthong.access import audit
from lienthong.access.limits import Bucket
from lienthong.exchange import space
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
    send,
)
from lienthong.records import validation
from lienthong.records.api import json_patch, outcomes
from lienthong.transfers import resources
from lienthong.transfers.fhir import (
    beginning,
    capability,
    problems,
    requests,
    searching,
    tasks,
    tokens,
)
from lienthong.transfers.fhir.tokens import Caller
from lienthong.transfers.fhir.words import Resource
from lienthong.transfers.models import Transfer

log = logging.getLogger(__name__)

ROOT = "/fhir"
BODY, MOST_ENTRIES = 2 << 20, 200
PURPOSES = ("TREAT", "ETREAT", "CAREMGT", "COC", "HOPERAT", "HPAYMT", "PATADMIN", "PUBHLTH")
"""Purposes of use (v3-PurposeOfUse) that ``X-Purpose-Of-Use`` may name; ``TREAT`` without it."""
_JSON = ("application/fhir+json", "application/json", "application/json-patch+json")
_FORM_LIMIT = 32_768
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_ETAG = re.compile(r'W/"(\d{1,9})"')
_STATUS = {
    "transfer-unknown": 404,
    "transfer-changed": 412,
    "transfer-no-visit": 422,
    "fhir-invalid": 422,
}

_knocks = Bucket(rate=5, burst=50)
_calls = Bucket(rate=50, burst=300)


def serves(path: str) -> bool:
    """Whether a path belongs to this door."""
    return path == ROOT or path.startswith(f"{ROOT}/")


def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """Answers one call; every error is an OperationOutcome."""
    close_old_connections()
    request = Request(environ)
    try:
        response = _route(request)
    except HttpError as error:
        response = _failed([error.problem], error.status, error.headers)
    except space.NoRoom as error:
        response = _failed([error.problem], 507, (("Retry-After", "30"),))
    except records.InvalidResource as error:
        response = _failed(error.problems, 422)
    except LienThongError as error:
        response = _failed([error.problem], _STATUS.get(error.problem.code, 422))
    except Exception as error:
        log.exception("%s %s", request.method, request.path)
        passing = space.disk_failed(error) or isinstance(error, DatabaseError)
        found = (problems.busy(), 503) if passing else (problems.fault(), 500)
        response = _failed([found[0]], found[1], (("Retry-After", "5"),) if passing else ())
    finally:
        if connection.in_atomic_block:
            connection.close()
        close_old_connections()
    return send(response, start_response)


def _failed(found: Sequence[Problem], status: int, headers: Iterable[tuple[str, str]] = ()) -> Response:
    return _fhir(status, outcomes.outcome(found, status), headers)


def _fhir(status: int, resource: Resource, headers: Iterable[tuple[str, str]] = ()) -> Response:
    content = f"{capability.MEDIA}; charset=utf-8"
    return Response(status, json.dumps(resource), [("Content-Type", content), *headers])


def _route(request: Request) -> Response:
    steps = [step for step in request.path[len(ROOT) :].split("/") if step]
    if settings.NODE.role != "site":
        raise HttpError(404, problems.no_door(request.path))
    base = _base(request)
    if steps == ["metadata"]:
        _method(request, "GET")
        return _fhir(200, capability.statement(base))
    if steps == [".well-known", "smart-configuration"]:
        _method(request, "GET")
        return answer(200, capability.smart(base))
    if steps == ["token"]:
        _method(request, "POST")
        _knocks.take(request.address)
        return _token(request, base)
    try:
        caller = _caller(request)
    except HttpError:
        _knocks.take(request.address)
        raise
    _calls.take(caller.id)
    try:
        return _call(request, steps, caller, base)
    except (HttpError, LienThongError) as error:
        _note(caller, "fhir-refused", request, {"problem": error.problem.code})
        raise


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
        form = dict(parse_qsl(request.body(_FORM_LIMIT).decode("ascii"), max_num_fields=20))
    except ValueError as error:
        raise HttpError(400, problems.not_understood("application/x-www-form-urlencoded")) from error
    other = base.replace("https://", "http://") if base.startswith("https") else base
    try:
        found = tokens.issue(form, request.address, [f"{base}/token", f"{other}/token"])
    except HttpError as error:
        response = problem_response(error)
        response.headers[0] = ("Content-Type", "application/json")
        return response
    return answer(200, found, [("Pragma", "no-cache")])


def _caller(request: Request) -> Caller:
    found = tokens.caller(request.header("authorization"), request.address)
    purpose = request.header("x-purpose-of-use") or "TREAT"
    if purpose not in PURPOSES:
        raise HttpError(400, problems.not_understood(f"X-Purpose-Of-Use: {', '.join(PURPOSES)}"))
    person = unquote(request.header("x-acting-person"), errors="replace")
    person = "".join(letter for letter in person if letter.isprintable())[:80].strip()
    return replace(found, purpose=purpose, person=person)


def _note(caller: Caller, action: str, request: Request, detail: dict[str, Any], patient: str = "") -> None:
    audit.record(
        caller.actor,
        action,
        patient=patient,
        page=f"{request.method} {request.path}".encode("ascii", "replace").decode().replace("\0", "?"),
        why=caller.purpose,
        detail=detail,
    )


def _call(request: Request, steps: list[str], caller: Caller, base: str) -> Response:
    if request.query.get("_format", "json") not in ("json", *_JSON):
        raise HttpError(406, problems.not_understood(f"_format: {capability.MEDIA}"))
    if not steps:
        _method(request, "POST")
        return _transaction(request, caller, base)
    kind, *rest = steps
    if kind not in capability.INTERACTIONS or len(rest) > 1 or not all(map(_ID.fullmatch, rest)):
        raise HttpError(404, problems.no_door(request.path))
    if not rest:
        return _of_type(request, kind, caller, base)
    if kind == "Task":
        return _task(request, rest[0], caller)
    if kind == "ServiceRequest":
        return _service_request(request, rest[0], caller, base)
    _method(request, "GET")
    return _beside(request, kind, rest[0], caller)


def _of_type(request: Request, kind: str, caller: Caller, base: str) -> Response:
    if kind == "ServiceRequest" and request.method == "POST":
        caller.needs(kind, "c")
        given = _resource(request, kind)
        beside = given.get("contained", [])
        _one_person(given, beside, set())
        return _begun(request, given, beside, caller, base, request.header("if-none-exist"))
    if kind not in searching.PARAMETERS:
        raise HttpError(404, problems.no_door(request.path))
    _method(request, "GET")
    caller.needs(kind, "s")
    parameters = request.parameters
    found = searching.search(kind, parameters)
    _note(caller, "fhir-search", request, {"found": len(found.transfers), "total": found.total})
    shown = requests.resource if kind == "ServiceRequest" else tasks.resource
    return _fhir(200, searching.bundle(found, kind, base, parameters, shown))


def _body(request: Request) -> Any:
    kind = request.header("content-type").partition(";")[0].strip().lower()
    if kind not in _JSON:
        raise HttpError(415, problems.not_understood(f"Content-Type: {capability.MEDIA}"))
    content = request.body(BODY)
    space.check(len(content))
    try:
        if b"\\u0000" in content:
            raise ValueError("NUL")
        return json.loads(content)
    except (json.DecodeError, ValueError, RecursionError) as error:
        raise HttpError(400, problems.not_understood("JSON")) from error


def _resource(request: Request, kind: str) -> Resource:
    """The resource in the body, valid FHIR R4."""
    return _valid(_body(request), kind, kind)


def _valid(value: Any, kind: str, path: str) -> Resource:
    if not isinstance(value, dict) or value.get("resourceType") != kind:
        raise HttpError(422, problems.not_understood(f"resourceType: {kind}", path))
    validation.check(value)
    return value


def _begun(
    request: Request, given: Resource, beside: Sequence[Resource], caller: Caller, base: str, unless: str
) -> Response:
    """Begins, and answers only after the commit."""
    key = request.header("idempotency-key")[:200]
    with transaction.atomic():
        found = beginning.begin(
            given,
            beside,
            caller=caller,
            key=key.encode("ascii", "replace").decode().replace("\0", "?"),
            unless=searching.identifier_of(unless) if unless else None,
        )
        transfer = searching.known(found.transfer.loop)
        detail = {"loop": transfer.loop, "new": found.new, "ignored": list(found.ignored)}
        _note(caller, "fhir-begin", request, detail, transfer.patient)
    headers = [
        *_etag(transfer),
        ("Location", f"{base}/ServiceRequest/{transfer.loop}/_history/{transfer.version}"),
    ]
    return _fhir(201 if found.new else 200, requests.resource(transfer), headers)


def _etag(transfer: Transfer) -> list[tuple[str, str]]:
    return [("ETag", f'W/"{transfer.version}"')]


def _version(given: str) -> int | None:
    """The version that an ``If-Match`` names."""
    match = _ETAG.fullmatch(given)
    if given and match is None:
        raise HttpError(400, problems.not_understood('If-Match: W/"<versionId>"'))
    return int(match[1]) if match else None


def _service_request(request: Request, loop: str, caller: Caller, base: str) -> Response:
    _method(request, "GET", "PUT")
    transfer = searching.known(loop)
    if request.method == "GET":
        caller.needs("ServiceRequest", "r")
        _note(caller, "fhir-read", request, {"loop": loop}, transfer.patient)
        return _fhir(200, requests.resource(transfer), _etag(transfer))
    caller.needs("ServiceRequest", "u")
    version = _version(request.header("if-match"))
    given = _resource(request, "ServiceRequest")
    _same_id(given, loop)
    beside = given.get("contained", [])
    _one_person(given, beside, {f"Patient/{transfer.patient}"} if transfer.patient else set())
    return _changed(request, loop, given, beside, version, caller)


def _changed(
    request: Request,
    loop: str,
    given: Resource,
    beside: Sequence[Resource],
    version: int | None,
    caller: Caller,
) -> Response:
    with transaction.atomic():
        found = beginning.change(loop, given, beside, version=version, caller=caller)
        transfer = searching.known(loop)
        _note(
            caller, "fhir-change", request, {"loop": loop, "ignored": list(found.ignored)}, transfer.patient
        )
    return _fhir(200, requests.resource(transfer), _etag(transfer))


def _same_id(given: Resource, loop: str) -> None:
    if given.get("id") != loop:
        raise HttpError(400, problems.not_understood(f"id: {loop}", f"{given['resourceType']}.id"))


def _task(request: Request, loop: str, caller: Caller) -> Response:
    _method(request, "GET", "PUT", "PATCH")
    transfer = searching.known(loop)
    if request.method == "GET":
        caller.needs("Task", "r")
        _note(caller, "fhir-read", request, {"loop": loop}, transfer.patient)
        return _fhir(200, tasks.resource(transfer), _etag(transfer))
    caller.needs("Task", "u")
    version = _version(request.header("if-match"))
    if request.method == "PATCH":
        given = _valid(json_patch.patched(tasks.resource(transfer), _body(request)), "Task", "Task")
        version = transfer.version if version is None else version
    else:
        given = _resource(request, "Task")
    _same_id(given, loop)
    with transaction.atomic():
        tasks.write(loop, given, version=version, caller=caller)
        transfer = searching.known(loop)
        _note(caller, "fhir-step", request, {"loop": loop, "state": transfer.state}, transfer.patient)
    return _fhir(200, tasks.resource(transfer), _etag(transfer))


def _beside(request: Request, kind: str, identifier: str, caller: Caller) -> Response:
    """The patient of a transfer, or a document that came with its outcome."""
    caller.needs("Patient" if kind == "Patient" else "Composition", "r")
    if kind == "Patient":
        about = searching.of_patient(identifier)
        stored = records.read("Patient", identifier) if about else None
        found = stored.resource if stored else resources.patient(about[0]) if about else None
        patient = identifier
    else:
        found = tasks.document(kind, identifier)
        patient = str((found or {}).get("subject", {}).get("reference", "")).removeprefix("Patient/")
    if found is None:
        raise HttpError(404, problems.not_known(kind))
    _note(caller, "fhir-read", request, {}, patient)
    return _fhir(200, found)


def _transaction(request: Request, caller: Caller, base: str) -> Response:
    """A transaction Bundle with one ServiceRequest (POST or PUT) and what stands beside it."""
    bundle = _valid(_body(request), "Bundle", "Bundle")
    entries = bundle.get("entry", [])
    if bundle["type"] != "transaction" or not 0 < len(entries) <= MOST_ENTRIES:
        raise HttpError(422, problems.not_understood(f"transaction, 1–{MOST_ENTRIES} entry", "Bundle"))
    found = [_entry(entry, place) for place, entry in enumerate(entries)]
    orders = [place for place, one in enumerate(found) if one["resourceType"] == "ServiceRequest"]
    if len(orders) != 1:
        raise HttpError(422, problems.not_understood("1 ServiceRequest", "Bundle.entry"))
    place = orders[0]
    order, asked = found[place], entries[place]["request"]
    beside = [*order.get("contained", []), *(one for one in found if one is not order)]
    urls = {
        name
        for entry, one in zip(entries, found, strict=True)
        if one["resourceType"] == "Patient"
        for name in (entry.get("fullUrl", ""), f"Patient/{one.get('id', '')}")
    }
    _one_person(order, beside, urls)
    url = str(asked["url"]).removeprefix(f"{base}/")
    if (asked["method"], url) == ("POST", "ServiceRequest"):
        caller.needs("ServiceRequest", "c")
        response = _begun(request, order, beside, caller, base, str(asked.get("ifNoneExist", "")))
    elif asked["method"] == "PUT" and url.startswith("ServiceRequest/"):
        caller.needs("ServiceRequest", "u")
        loop = url.removeprefix("ServiceRequest/")
        searching.known(loop)
        version = _version(str(asked.get("ifMatch", "")))
        response = _changed(request, loop, order, beside, version, caller)
    else:
        path = f"Bundle.entry[{place}].request"
        raise HttpError(422, problems.not_understood("POST ServiceRequest | PUT ServiceRequest/{id}", path))
    return _answered(response, found, place)


def _entry(entry: Resource, place: int) -> Resource:
    """The resource of an entry, valid by itself."""
    path = f"Bundle.entry[{place}]"
    inner = entry.get("resource")
    if not isinstance(inner, dict) or "request" not in entry:
        raise HttpError(422, problems.not_understood("resource, request", path))
    return _valid(inner, str(inner.get("resourceType")), path)


def _one_person(order: Resource, beside: Sequence[Resource], urls: set[str]) -> None:
    """Refuses what speaks of somebody else than the patient of the request."""
    names = urls | {f"#{one.get('id')}" for one in beside if one["resourceType"] == "Patient"}
    names = names or {str(order["subject"].get("reference", ""))}
    for one in (order, *beside):
        about = one.get("subject") or one.get("patient") or {}
        if isinstance(about, dict) and about.get("reference") and about["reference"] not in names:
            path = f"{one['resourceType']}.subject"
            raise HttpError(422, problems.not_understood(f"{path}: {', '.join(sorted(names))}"[:300], path))


def _answered(response: Response, found: Sequence[Resource], place: int) -> Response:
    """A transaction-response: what stood beside the request became part of it and is no resource of its own."""
    headers = dict(response.headers)
    assert isinstance(response.body, bytes)
    order: Resource = json.loads(response.body)
    beside: Resource = {"status": "200 OK", "location": f"ServiceRequest/{order['id']}"}
    entries: list[Resource] = [{"response": beside} for _ in found]
    done = {
        "status": "201 Created" if response.status == 201 else "200 OK",
        "location": headers.get("Location", f"ServiceRequest/{order['id']}"),
        "etag": headers["ETag"],
        "lastModified": order["meta"]["lastUpdated"],
    }
    entries[place] = {"resource": order, "response": done}
    body = {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}
    return _fhir(200, body)
