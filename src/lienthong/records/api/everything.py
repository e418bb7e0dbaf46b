"""``$everything`` (R4, Patient-everything): a patient's record, page by page, with what it refers to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from lienthong.foundation import clock, json
from lienthong.foundation.wsgi import HttpError, Response
from lienthong.records import reading, search, validation, values
from lienthong.records.api import operations, problems
from lienthong.records.api.bundles import bundle, link
from lienthong.records.api.call import Call
from lienthong.records.api.notes import note
from lienthong.records.api.operations import Operation
from lienthong.records.api.read import seen, visible
from lienthong.records.api.references import mentioned
from lienthong.records.reading import Stored

USUAL, MOST = 500, 2000
_KNOWN = ("start", "end", "_since", "_type", "_count", "_after")


def run(call: Call, id: str) -> Response:
    """``start`` and ``end`` bound the clinical time, ``_since`` the time of storing, ``_type`` the types; ``_count``
    resources of the patient on a page, with those they refer to.

    Raises:
        HttpError: 400, 403, 404, 410.
    """
    given = operations.asked(call)
    asked = dict(given)
    wrong = [name for name in asked if name not in _KNOWN and not (name.startswith("_") or not call.strict)]
    if wrong:
        raise HttpError(400, problems.not_understood(", ".join(_KNOWN[:-1]), wrong[0]))
    patient = seen(call, f"Patient/{id}")
    kinds = _kinds(call, asked.get("_type", ""))
    after, most = _number(asked, "_after", 0), min(_number(asked, "_count", USUAL) or USUAL, MOST)
    since = _moment(asked.get("_since", ""), "_since")[:-1]
    found = reading.of_patient(
        id,
        [kind for kind in kinds if kind != "Patient"],
        since=_moment(asked.get("start", ""), "start"),
        until=_moment(asked.get("end", ""), "end", end=True),
        stored=since,
        after=after,
        limit=most + 1,
    )
    shown = [one for one in found[:most] if one.ref != patient.ref and visible(call, one)]
    if not after and "Patient" in kinds and patient.updated >= since:
        shown.insert(0, patient)
    beside = _beside(call, shown)
    links = [link("self", call, given)]
    if len(found) > most:
        rest = [(name, value) for name, value in given if name != "_after"]
        links.append(link("next", call, [*rest, ("_after", str(found[most - 1].number))]))
    note([call.event("fhir-everything", id, found=len(shown))])
    entries = [_entry(call, one, "match") for one in shown] + [_entry(call, one, "include") for one in beside]
    total = None if len(found) > most or after else len(shown)
    return call.answer(bundle("searchset", entries, links=links, total=total))


def _kinds(call: Call, given: str) -> list[str]:
    """The types of the patient's compartment that are wanted and that the caller may read."""
    wanted = [kind for kind in given.split(",") if kind]
    unknown = [kind for kind in wanted if not validation.is_type(kind)]
    if unknown:
        raise HttpError(400, problems.not_understood(f"_type: {unknown[0]}", "_type"))
    for kind in wanted:
        call.caller.needs(kind, "r")
    return [kind for kind in wanted or search.compartment_kinds() if call.caller.may(kind, "r")]


def _number(asked: dict[str, str], name: str, usual: int) -> int:
    text = asked.get(name, str(usual))
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise HttpError(400, problems.not_understood(f"{name}: 1–{MOST}", name))
    return int(text)


def _moment(text: str, name: str, *, end: bool = False) -> str:
    """A year, month, day or time as the store writes it: its beginning, or its last second when it is an end."""
    if not text:
        return ""
    found = values.utc(text)
    if not found:
        raise HttpError(400, problems.not_understood(f"{name}: date", name))
    if not end or len(text) > 10:
        return found
    if text.startswith("9999"):
        return "9999"
    year, month = int(text[:4]), int(text[5:7] or 12)
    if len(text) == 10:
        after = clock.from_iso(found) + clock.DAY
    else:
        after = clock.from_iso(values.utc(f"{year + month // 12:04}-{month % 12 + 1:02}-01"))
    return f"{clock.iso(after - timedelta(seconds=1))[:19]}Z"


def _beside(call: Call, shown: Sequence[Stored]) -> list[Stored]:
    """What the resources refer to and what is not of the patient itself: practitioners, places, medications …"""
    have = {one.ref for one in shown}
    outside = set(search.compartment_kinds())
    wanted = {
        ref
        for one in shown
        for ref in mentioned(one.body, call.base)
        if ref not in have and ref.partition("/")[0] not in outside
    }
    return [one for _, one in sorted(reading.read_many(wanted).items()) if visible(call, one)]


def _entry(call: Call, stored: Stored, mode: str) -> bytes:
    return json.dumps(
        {
            "fullUrl": f"{call.base}/{stored.ref}",
            "resource": json.raw(stored.wire),
            "search": {"mode": mode},
        }
    )


OPERATION: Final = Operation(
    name="everything",
    kind="Patient",
    levels=frozenset({"instance"}),
    run=run,
    definition="http://hl7.org/fhir/OperationDefinition/Patient-everything",
)
