"""What transfers answer at the FHIR door: writing ServiceRequest and Task, which begins a transfer or takes its steps,
and reading the papers of its outcome.

Whatever else is asked of these resources the store answers (:mod:`.keeping`). Elements and codes:
``docs/reference/fhir-door.md``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction

from lienthong import records
from lienthong.access import audit
from lienthong.foundation import json
from lienthong.foundation.wsgi import HttpError, Response
from lienthong.records import validation
from lienthong.records.api import json_patch
from lienthong.records.api.call import Call, version_of
from lienthong.records.reading import Stored
from lienthong.terminology import systems
from lienthong.transfers import taking
from lienthong.transfers.fhir import beginning, keeping, problems, searching, tasks, words
from lienthong.transfers.fhir.words import Resource
from lienthong.transfers.models import Changed, Transfer

MOST_ENTRIES = 200
_KINDS = ("ServiceRequest", "Task")
_NOBODY = "-"
_REFERRAL = "3457005"
_LOOP = re.compile("[0-9a-f]{32}")


def bring_up(call: Call) -> None:
    """Before a call that may tell of transfers is answered: they stand in the store as they are now."""
    kind, *rest = call.steps or [""]
    one = len(rest) == 1 and not rest[0].startswith(("$", "_"))
    of_another = kind not in _KINDS and not kind.startswith(("$", "_"))
    if of_another and (one or (kind and not rest and call.method == "POST")):
        return
    if _here():
        keeping.bring_up()


def service_request(call: Call, steps: list[str]) -> Response | None:
    """A call that begins or changes a transfer; None where it is about none, or only reads."""
    if not _here() or call.method in ("GET", "HEAD"):
        _by_number(call)
        return None
    if not steps and call.method == "POST":
        given, _ = call.resource()
        if not is_transfer(given):
            return None
        call.caller.needs("ServiceRequest", "c")
        beside = _valid(given, "ServiceRequest").get("contained", [])
        _one_person(given, beside, set())
        stored, new = _begun(call, given, beside, call.headers("if-none-exist"))
        response = call.stored(stored, 201 if new else 200)
        response.headers.append(("Location", f"{call.base}/{stored.ref}/_history/{stored.version}"))
        return response
    if len(steps) != 1 or _transfer(steps[0]) is None:
        return None
    loop = steps[0]
    if call.method != "PUT":
        raise HttpError(405, problems.no_door(call.address), headers=(("Allow", "GET, PUT"),))
    call.caller.needs("ServiceRequest", "u")
    transfer = searching.known(loop)
    given = _valid(call.resource()[0], "ServiceRequest")
    _same_id(given, loop)
    beside = given.get("contained", [])
    _one_person(given, beside, {f"Patient/{transfer.patient}"} if transfer.patient else set())
    return call.stored(_changed(call, loop, given, beside, call.version()))


def task(call: Call, steps: list[str]) -> Response | None:
    """A call that takes a step; None where it only reads. Every Task of a site is that of a transfer."""
    if not _here() or call.method in ("GET", "HEAD") or steps == ["_search"]:
        _by_number(call)
        if not steps and all(name != "_sort" for name, _ in call.query):
            call.query = [*call.query, ("_sort", "_lastUpdated")]
        return None
    if len(steps) != 1 or call.method not in ("PUT", "PATCH"):
        allowed = "GET, PUT, PATCH" if steps else "GET"
        raise HttpError(405, problems.no_door(call.address), headers=(("Allow", allowed),))
    loop = steps[0]
    searching.known(loop)
    call.caller.needs("Task", "u")
    with transaction.atomic():
        transfer = taking.locked(loop)
        version = _seen(transfer, "Task", call.version())
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
        transfer = tasks.write(loop, given, version=version, caller=call.caller)
        _note(call, "fhir-step", transfer.patient, loop=loop, state=transfer.state)
    return call.stored(_kept("Task", loop))


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
        stored, new = _begun(call, order, beside, str(asked.get("ifNoneExist", "")))
    elif asked["method"] == "PUT" and url.startswith("ServiceRequest/"):
        call.caller.needs("ServiceRequest", "u")
        loop = url.removeprefix("ServiceRequest/")
        searching.known(loop)
        stored, new = _changed(call, loop, order, beside, version_of(str(asked.get("ifMatch", "")))), False
    else:
        path = f"Bundle.entry[{place}].request"
        raise HttpError(422, problems.not_understood("POST ServiceRequest | PUT ServiceRequest/{id}", path))
    return _answered(call, stored, new, found, place)


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


def _by_number(call: Call) -> None:
    """Lets a system that may read single patients find those of transfers by their numbers."""
    if not _here() or call.caller.may("Patient", "s"):
        return
    for place, (name, value) in enumerate(call.query):
        if name == "patient.identifier":
            numbers = [one.rpartition("|")[2] for one in value.split(",")]
            patients = {
                patient for number in numbers if number for patient in records.patients_numbered(number)
            }
            ours = Transfer.objects.filter(searching.ours(), patient__in=patients)
            about = sorted(set(ours.values_list("patient", flat=True)))
            call.query[place] = ("patient", ",".join(about) or _NOBODY)


def _here() -> bool:
    return bool(settings.NODE.role == "site")


def _transfer(loop: str) -> Transfer | None:
    return Transfer.objects.filter(searching.ours(), loop=loop).first() if _LOOP.fullmatch(loop) else None


def _valid(value: Any, kind: str) -> Resource:
    if not isinstance(value, dict) or value.get("resourceType") != kind:
        raise HttpError(422, problems.not_understood(f"resourceType: {kind}", kind))
    validation.check(value)
    return value


def _told(call: Call, resource: Resource, about: str) -> Response:
    with transaction.atomic():
        _note(call, "fhir-read", about)
    return call.answer(resource)


def _note(call: Call, action: str, about: str, **detail: Any) -> None:
    audit.record_many([call.event(action, about, **detail)])


def _begun(call: Call, given: Resource, beside: Sequence[Resource], unless: str) -> tuple[Stored, bool]:
    """Begins, and comes back after the commit, with the request and whether it is new."""
    key = call.headers("idempotency-key")[:200]
    with transaction.atomic():
        found = beginning.begin(
            given,
            beside,
            caller=call.caller,
            key=key.encode("ascii", "replace").decode().replace("\0", "?"),
            unless=searching.identifier_of(unless) if unless else None,
        )
        transfer = found.transfer
        _note(
            call,
            "fhir-begin",
            transfer.patient,
            loop=transfer.loop,
            new=found.new,
            ignored=list(found.ignored),
        )
    return _kept("ServiceRequest", transfer.loop), found.new


def _changed(
    call: Call, loop: str, given: Resource, beside: Sequence[Resource], version: int | None
) -> Stored:
    with transaction.atomic():
        version = _seen(taking.locked(loop), "ServiceRequest", version)
        found = beginning.change(loop, given, beside, version=version, caller=call.caller)
        _note(call, "fhir-change", found.transfer.patient, loop=loop, ignored=list(found.ignored))
    return _kept("ServiceRequest", loop)


def _seen(transfer: Transfer, kind: str, version: int | None) -> int | None:
    """The version of a locked transfer that ``If-Match`` means: the present one where the resource was read as it
    stands, else 0, which no transfer has."""
    if version is None:
        return None
    stored = records.read(kind, transfer.loop)
    current = stored is not None and stored.version == version
    return transfer.version if current and not Changed.objects.filter(loop=transfer.loop).exists() else 0


def _kept(kind: str, loop: str) -> Stored:
    """The resource of a transfer after what was just committed."""
    keeping.bring_up()
    stored = records.read(kind, loop)
    if stored is None:
        raise HttpError(404, problems.not_known(kind))
    return stored


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


def _answered(call: Call, stored: Stored, new: bool, found: Sequence[Resource], place: int) -> Response:
    """A transaction-response: what stood beside the request became part of it and is no resource of its own."""
    beside: Resource = {"status": "200 OK", "location": stored.ref}
    entries: list[Resource] = [{"response": beside} for _ in found]
    done = {
        "status": "201 Created" if new else "200 OK",
        "location": f"{call.base}/{stored.ref}/_history/{stored.version}",
        "etag": f'W/"{stored.version}"',
        "lastModified": stored.updated,
    }
    entries[place] = {"resource": stored.resource, "response": done}
    return call.answer({"resourceType": "Bundle", "type": "transaction-response", "entry": entries})
