"""What transfers answer at the FHIR door: ServiceRequest and Task of a transfer, its patient, its outcome's papers.

Every other ServiceRequest is a resource of the store like any other. Interactions, elements and codes:
``docs/reference/fhir-door.md``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction

from lienthong.access import audit
from lienthong.foundation import json
from lienthong.foundation.wsgi import HttpError, Response
from lienthong.records import validation
from lienthong.records.api import finding, json_patch
from lienthong.records.api.call import Call, version_of
from lienthong.records.reading import Stored
from lienthong.terminology import systems
from lienthong.transfers import resources
from lienthong.transfers.fhir import beginning, problems, requests, searching, tasks, words
from lienthong.transfers.fhir.words import Resource
from lienthong.transfers.models import Transfer

MOST_ENTRIES = 200
_REFERRAL = "3457005"
_LOOP = re.compile("[0-9a-f]{32}")


def service_request(call: Call, steps: list[str]) -> Response | None:
    """A call on ``ServiceRequest``; None where it is about no transfer."""
    if not _here():
        return None
    if not steps and call.method == "POST":
        given, _ = call.resource()
        if not is_transfer(given):
            return None
        call.caller.needs("ServiceRequest", "c")
        beside = _valid(given, "ServiceRequest").get("contained", [])
        _one_person(given, beside, set())
        return _begun(call, given, beside, call.headers("if-none-exist"))
    if not steps and call.method in ("GET", "HEAD"):
        found = _searched(call, "ServiceRequest", requests.resource, alone=False)
        return found or finding.find(call, "ServiceRequest", without=_of_transfers)
    if len(steps) != 1 or _transfer(steps[0]) is None:
        return None
    loop = steps[0]
    if call.method in ("GET", "HEAD"):
        call.caller.needs("ServiceRequest", "r")
        return _shown(call, searching.known(loop), requests.resource)
    if call.method != "PUT":
        raise HttpError(405, problems.no_door(call.address), headers=(("Allow", "GET, PUT"),))
    call.caller.needs("ServiceRequest", "u")
    transfer = searching.known(loop)
    given = _valid(call.resource()[0], "ServiceRequest")
    _same_id(given, loop)
    beside = given.get("contained", [])
    _one_person(given, beside, {f"Patient/{transfer.patient}"} if transfer.patient else set())
    return _changed(call, loop, given, beside, call.version())


def task(call: Call, steps: list[str]) -> Response | None:
    """A call on ``Task``; every Task of a site is that of a transfer."""
    if not _here():
        return None
    if not steps and call.method in ("GET", "HEAD"):
        return _searched(call, "Task", tasks.resource, alone=True)
    if len(steps) != 1 or call.method not in ("GET", "HEAD", "PUT", "PATCH"):
        raise HttpError(404 if steps else 405, problems.no_door(call.address), headers=(("Allow", "GET"),))
    loop = steps[0]
    transfer = searching.known(loop)
    if call.method in ("GET", "HEAD"):
        call.caller.needs("Task", "r")
        return _shown(call, transfer, tasks.resource)
    call.caller.needs("Task", "u")
    version = call.version()
    if call.method == "PATCH":
        try:
            operations = json.loads(call.content)
        except (json.DecodeError, RecursionError) as error:
            raise HttpError(400, problems.not_understood("JSON")) from error
        given = _valid(json_patch.patched(tasks.resource(transfer), operations), "Task")
        version = transfer.version if version is None else version
    else:
        given = _valid(call.resource()[0], "Task")
    _same_id(given, loop)
    with transaction.atomic():
        tasks.write(loop, given, version=version, caller=call.caller)
        transfer = searching.known(loop)
        _note(call, "fhir-step", transfer.patient, loop=loop, state=transfer.state)
    return call.answer(tasks.resource(transfer), 200, _etag(transfer))


def patient(call: Call, steps: list[str]) -> Response | None:
    """The patient of a transfer who has no record here."""
    if not _here() or len(steps) != 1 or call.method not in ("GET", "HEAD"):
        return None
    about = searching.of_patient(steps[0])
    if not about:
        return None
    call.caller.needs("Patient", "r")
    return _told(call, resources.patient(about[0]), steps[0])


def paper(kind: str) -> Callable[[Call, list[str]], Response | None]:
    """A document that came with an outcome."""
    return partial(_paper, kind)


def _paper(kind: str, call: Call, steps: list[str]) -> Response | None:
    if not _here() or len(steps) != 1 or call.method not in ("GET", "HEAD"):
        return None
    found = tasks.document(kind, steps[0])
    if found is None:
        return None
    call.caller.needs("Composition", "r")
    return _told(call, found, str(found.get("subject", {}).get("reference", "")).removeprefix("Patient/"))


def bundle(call: Call) -> Response | None:
    """A transaction Bundle with one ServiceRequest of a transfer (POST or PUT) and what stands beside it."""
    if not _here():
        return None
    given, _ = call.resource()
    entries = given.get("entry", [])
    for place, entry in enumerate(entries):
        asked = entry.get("request") or {}
        if str(asked.get("url", "")).partition("/")[0] == "Task" and asked.get("method") not in (
            "GET",
            "HEAD",
        ):
            raise HttpError(422, problems.not_understood("PUT, PATCH /Task/{id}", f"Bundle.entry[{place}]"))
    inner = [entry.get("resource") for entry in entries]
    orders = [
        place
        for place, one in enumerate(inner)
        if isinstance(one, dict) and one.get("resourceType") == "ServiceRequest" and is_transfer(one)
    ]
    if not orders:
        return None
    if len(orders) != 1 or len(entries) > MOST_ENTRIES:
        raise HttpError(
            422, problems.not_understood(f"1 ServiceRequest, 1–{MOST_ENTRIES} entry", "Bundle.entry")
        )
    found = [_entry(entry, place) for place, entry in enumerate(entries)]
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
    url = str(asked["url"]).removeprefix(f"{call.base}/")
    if (asked["method"], url) == ("POST", "ServiceRequest"):
        call.caller.needs("ServiceRequest", "c")
        response = _begun(call, order, beside, str(asked.get("ifNoneExist", "")))
    elif asked["method"] == "PUT" and url.startswith("ServiceRequest/"):
        call.caller.needs("ServiceRequest", "u")
        loop = url.removeprefix("ServiceRequest/")
        searching.known(loop)
        response = _changed(call, loop, order, beside, version_of(str(asked.get("ifMatch", ""))))
    else:
        path = f"Bundle.entry[{place}].request"
        raise HttpError(422, problems.not_understood("POST ServiceRequest | PUT ServiceRequest/{id}", path))
    return _answered(call, response, found, place)


def is_transfer(given: Resource) -> bool:
    """Whether a ServiceRequest asks a facility to take a patient over: it names a facility as performer by its code,
    or is a patient referral (SNOMED CT 3457005)."""
    performers = given.get("performer")
    named = [
        one["identifier"].get("system")
        for one in (performers if isinstance(performers, list) else [])
        if isinstance(one, dict) and isinstance(one.get("identifier"), dict)
    ]
    return systems.FACILITY in named or _REFERRAL in words.codings(given.get("code"), systems.SNOMED)


def _here() -> bool:
    return bool(settings.NODE.role == "site")


def _of_transfers(found: Sequence[Stored]) -> set[str]:
    """The store's copies of what transfers answer for."""
    loops = Transfer.objects.filter(loop__in=[stored.id for stored in found]).values_list("loop", flat=True)
    return {f"ServiceRequest/{loop}" for loop in loops}


def _transfer(loop: str) -> Transfer | None:
    return Transfer.objects.filter(searching.ours(), loop=loop).first() if _LOOP.fullmatch(loop) else None


def _valid(value: Any, kind: str) -> Resource:
    if not isinstance(value, dict) or value.get("resourceType") != kind:
        raise HttpError(422, problems.not_understood(f"resourceType: {kind}", kind))
    validation.check(value)
    return value


def _searched(call: Call, kind: str, one: Callable[[Transfer], Resource], *, alone: bool) -> Response | None:
    """The transfers that fit; None where none does and the store may hold others, or where the parameters are those
    of the store alone."""
    call.caller.needs(kind, "s")
    if not alone and any(
        name not in (*searching.PARAMETERS[kind], "_count", "_after") for name, _ in call.query
    ):
        return None
    found = searching.search(kind, call.query)
    if not alone and not found.total:
        return None
    patients = sorted({transfer.patient for transfer in found.transfers})
    with transaction.atomic():
        audit.record_many(
            [
                call.event("fhir-search", patient, found=len(found.transfers), total=found.total)
                for patient in patients or [""]
            ]
        )
    return call.answer(searching.bundle(found, kind, call.base, call.query, one))


def _shown(call: Call, transfer: Transfer, one: Callable[[Transfer], Resource]) -> Response:
    with transaction.atomic():
        _note(call, "fhir-read", transfer.patient, loop=transfer.loop)
    return call.answer(one(transfer), 200, _etag(transfer))


def _told(call: Call, resource: Resource, about: str) -> Response:
    with transaction.atomic():
        _note(call, "fhir-read", about)
    return call.answer(resource)


def _note(call: Call, action: str, about: str, **detail: Any) -> None:
    audit.record_many([call.event(action, about, **detail)])


def _begun(call: Call, given: Resource, beside: Sequence[Resource], unless: str) -> Response:
    """Begins, and answers only after the commit."""
    key = call.headers("idempotency-key")[:200]
    with transaction.atomic():
        found = beginning.begin(
            given,
            beside,
            caller=call.caller,
            key=key.encode("ascii", "replace").decode().replace("\0", "?"),
            unless=searching.identifier_of(unless) if unless else None,
        )
        transfer = searching.known(found.transfer.loop)
        _note(
            call,
            "fhir-begin",
            transfer.patient,
            loop=transfer.loop,
            new=found.new,
            ignored=list(found.ignored),
        )
    headers = [
        *_etag(transfer),
        ("Location", f"{call.base}/ServiceRequest/{transfer.loop}/_history/{transfer.version}"),
    ]
    return call.answer(requests.resource(transfer), 201 if found.new else 200, headers)


def _changed(
    call: Call, loop: str, given: Resource, beside: Sequence[Resource], version: int | None
) -> Response:
    with transaction.atomic():
        found = beginning.change(loop, given, beside, version=version, caller=call.caller)
        transfer = searching.known(loop)
        _note(call, "fhir-change", transfer.patient, loop=loop, ignored=list(found.ignored))
    return call.answer(requests.resource(transfer), 200, _etag(transfer))


def _etag(transfer: Transfer) -> list[tuple[str, str]]:
    return [("ETag", f'W/"{transfer.version}"')]


def _same_id(given: Resource, loop: str) -> None:
    if given.get("id") != loop:
        raise HttpError(400, problems.not_understood(f"id: {loop}", f"{given['resourceType']}.id"))


def _entry(entry: Resource, place: int) -> Resource:
    """The resource of an entry, valid by itself."""
    path = f"Bundle.entry[{place}]"
    inner = entry.get("resource")
    if not isinstance(inner, dict) or "request" not in entry:
        raise HttpError(422, problems.not_understood("resource, request", path))
    return _valid(inner, str(inner.get("resourceType")))


def _one_person(order: Resource, beside: Sequence[Resource], urls: set[str]) -> None:
    """Refuses what speaks of somebody else than the patient of the request."""
    names = urls | {f"#{one.get('id')}" for one in beside if one["resourceType"] == "Patient"}
    names = names or {str(order["subject"].get("reference", ""))}
    for one in (order, *beside):
        about = one.get("subject") or one.get("patient") or {}
        if isinstance(about, dict) and about.get("reference") and about["reference"] not in names:
            path = f"{one['resourceType']}.subject"
            raise HttpError(422, problems.not_understood(f"{path}: {', '.join(sorted(names))}"[:300], path))


def _answered(call: Call, response: Response, found: Sequence[Resource], place: int) -> Response:
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
    return call.answer({"resourceType": "Bundle", "type": "transaction-response", "entry": entries})
