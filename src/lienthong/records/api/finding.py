"""search (R4, section "Search"): by GET or POST ``_search``, of a type, a compartment or several types."""

from __future__ import annotations

from lienthong.foundation import json
from lienthong.foundation.wsgi import HttpError, Response
from lienthong.records import search, values
from lienthong.records.api import outcomes, problems
from lienthong.records.api.bundles import bundle, link
from lienthong.records.api.call import Call, parameters
from lienthong.records.api.notes import note
from lienthong.records.api.read import visible
from lienthong.records.reading import Stored

_FORM = "application/x-www-form-urlencoded"


def find(call: Call, kind: str = "", patient: str = "") -> Response:
    """A searchset Bundle, one page at a time.

    Args:
        kind: resource type; empty for every type.
        patient: id of the Patient in whose compartment to look.
    """
    if kind:
        call.caller.needs(kind, "s")
    query = call.query
    if call.method == "POST":
        if call.media.partition(";")[0].strip().lower() != _FORM:
            raise HttpError(415, problems.not_acceptable(f"{call.media} ({_FORM})"))
        query = query + parameters(call.content.decode("utf-8", "replace"))
    query = [(name, value) for name, value in query if name not in ("_format", "_pretty")]
    page = search.search(kind, query, call.view(), strict=call.strict, patient=patient, base=call.base)
    shape = search.shape(query)
    entries = [_entry(call, stored, "match", shape) for stored in page.matches if visible(call, stored, "s")]
    entries += [
        _entry(call, stored, "include", shape) for stored in page.included if visible(call, stored, "s")
    ]
    if page.ignored:
        told = outcomes.outcome([problems.ignored(page.ignored)], 200)
        entries.append(json.dumps({"resource": told, "search": {"mode": "outcome"}}))
    links = [link("self", call, page.applied)]
    links += [
        link(relation, call, [*(pair for pair in page.applied if pair[0] != "_cursor"), ("_cursor", cursor)])
        for relation, cursor in (("next", page.following), ("previous", page.previous))
        if cursor
    ]
    _note(call, page, query)
    return call.answer(bundle("searchset", entries, links=links, total=page.total))


def _entry(call: Call, stored: Stored, mode: str, shape: search.Shape | None) -> bytes:
    wire = stored.wire if shape is None else json.dumps(search.trimmed(stored, shape))
    url = json.dumps(f"{call.base}/{stored.ref}")
    return b'{"fullUrl":' + url + b',"resource":' + wire + b',"search":{"mode":"' + mode.encode() + b'"}}'


def _note(call: Call, page: search.Page, query: list[tuple[str, str]]) -> None:
    """One row for each patient of whom something is shown, so that each can be told who saw it."""
    shown = {values.patient_ref(stored.resource) for stored in (*page.matches, *page.included)} - {""}
    names = sorted({name for name, _ in query})
    note(
        [
            call.event("fhir-search", ref.removeprefix("Patient/"), by=names, found=len(page.matches))
            for ref in sorted(shown) or [""]
        ]
    )
