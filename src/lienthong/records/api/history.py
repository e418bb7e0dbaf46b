"""history of a resource, of a type, of everything (R4, section "RESTful API"), newest first."""

from __future__ import annotations

from lienthong.foundation import json
from lienthong.foundation.wsgi import HttpError, Response
from lienthong.records import keys, reading, values
from lienthong.records.api import problems
from lienthong.records.api.bundles import bundle, link
from lienthong.records.api.call import Call
from lienthong.records.api.notes import note
from lienthong.records.api.read import visible
from lienthong.records.reading import Stored

_MOST, _USUAL = 500, 50


def history(call: Call, kind: str = "", id: str = "") -> Response:
    """``_count`` versions at a time, ``_since`` a moment; pages follow ``Bundle.link`` next."""
    call.caller.needs(kind or "*", "r")
    asked = dict(call.query)
    unknown = asked.keys() - {"_count", "_since", "_before"}
    if unknown and call.strict:
        raise HttpError(400, problems.not_understood("_count, _since", min(unknown)))
    most = asked.get("_count", str(_USUAL))
    if not (most.isascii() and most.isdigit() and int(most[:9]) > 0):
        raise HttpError(400, problems.not_understood(f"_count: 1–{_MOST}", "_count"))
    limit = min(int(most[:9]), _MOST)
    ref = f"{kind}/{id}" if id else ""
    found = reading.versions(
        kind,
        key=keys.ref_key(ref) if ref else None,
        before=_place(asked.get("_before", "")),
        since=_since(asked.get("_since", "")),
        limit=limit + 1,
    )
    shown = [stored for stored in found[:limit] if visible(call, stored)]
    if ref and not found and not asked.get("_since") and not asked.get("_before"):
        raise HttpError(404, problems.not_found(ref))
    if ref and found and not shown:
        raise HttpError(404, problems.not_found(ref))
    links = [link("self", call, list(asked.items()))]
    if len(found) > limit:
        last = found[limit - 1]
        rest = [pair for pair in asked.items() if pair[0] != "_before"]
        links.append(link("next", call, [*rest, ("_before", f"{last.pack}.{last.number}")]))
    patients = {_patient(stored) for stored in shown} or {""}
    note([call.event("fhir-history", patient, found=len(shown)) for patient in sorted(patients)])
    return call.answer(bundle("history", [_entry(call, one) for one in shown], links=links))


def _patient(stored: Stored) -> str:
    return "" if stored.deleted else values.patient_ref(stored.resource).removeprefix("Patient/")


def _place(text: str) -> tuple[int, int] | None:
    pack, _, number = text.partition(".")
    if not text:
        return None
    if not (text.isascii() and pack.isdigit() and number.isdigit() and max(len(pack), len(number)) < 19):
        raise HttpError(400, problems.not_understood("_before"))
    return int(pack), int(number)


def _since(text: str) -> str:
    found = values.utc(text) if text else ""
    if text and not found:
        raise HttpError(400, problems.not_understood("_since: instant", "_since"))
    return found[:-1] + ".000Z" if found else ""


def _entry(call: Call, stored: Stored) -> bytes:
    method = "DELETE" if stored.deleted else "POST" if stored.version == 1 else "PUT"
    status = {"DELETE": "204", "POST": "201", "PUT": "200"}[method]
    entry: dict[str, object] = {"fullUrl": f"{call.base}/{stored.ref}"}
    if not stored.deleted:
        entry["resource"] = json.raw(stored.wire)
    entry["request"] = {"method": method, "url": stored.type if method == "POST" else stored.ref}
    entry["response"] = {
        "status": status,
        "etag": f'W/"{stored.version}"',
        "lastModified": stored.updated,
    }
    return json.dumps(entry)
