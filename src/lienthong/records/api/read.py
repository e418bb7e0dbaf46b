"""read and vread (R4, section "RESTful API"): one version of a resource; each leaves a row in the audit trail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lienthong.access import audit, protected
from lienthong.access.callers import Query
from lienthong.foundation.errors import LienThongError
from lienthong.foundation.turns import Turns
from lienthong.foundation.wsgi import HttpError, Response
from lienthong.records import reading, search, values
from lienthong.records.api import problems
from lienthong.records.api.call import Call, Resource
from lienthong.records.api.notes import note
from lienthong.records.reading import Stored


def read(call: Call, kind: str, id: str) -> Response:
    """The current version; 304 where the caller has it."""
    call.caller.needs(kind, "r")
    return _answer(call, seen(call, f"{kind}/{id}"))


def vread(call: Call, kind: str, id: str, version: str) -> Response:
    """A version by its number."""
    call.caller.needs(kind, "r")
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 10 else 0
    return _answer(call, seen(call, f"{kind}/{id}", number))


def _answer(call: Call, stored: Stored) -> Response:
    if call.method in ("GET", "HEAD") and call.fresh(stored):
        return Response(304, b"", [("ETag", f'W/"{stored.version}"')])
    shape = search.shape(call.query)
    if shape is None:
        return call.stored(stored)
    answer = call.stored(stored)
    trimmed = call.answer(search.trimmed(stored, shape))
    return Response(200, trimmed.body, answer.headers)


def seen(call: Call, ref: str, version: int | None = None) -> Stored:
    """A version that the caller may see, after its audit row is durable.

    Raises:
        HttpError: 404, 410.
    """
    if len(ref) > 100:
        raise HttpError(404, problems.not_found(ref))
    stored = _turns.do(_Look(call, ref, version))
    if stored is None:
        raise HttpError(404, problems.not_found(ref if version is None else f"{ref}/_history/{version}"))
    if stored.deleted:
        raise HttpError(410, problems.gone(ref), headers=(("ETag", f'W/"{stored.version}"'),))
    return stored


def visible(call: Call, stored: Stored, letter: str = "r") -> bool:
    """Whether the caller's scopes and leave cover a version; one that tells of a deletion counts as the one before."""
    hidden = protected.mask(protected.ALL - call.caller.kinds)
    if hidden and hidden & (stored.kinds | (0 if stored.deleted else values.restricted(stored.resource))):
        return False
    queries = call.caller.queries(stored.type, letter)
    if not all(queries):
        return True
    last = reading.version(stored.ref, stored.version - 1) if queries and stored.deleted else stored
    return last is not None and any(_fits(last.resource, query) for query in queries)


def _fits(resource: Resource, query: Query) -> bool:
    """Whether a resource fits the restriction of a scope; one that names a parameter that the type lacks fits none."""
    try:
        return search.matches(resource, query)
    except LienThongError as error:
        if error.problem.code != "search-unknown-parameter":
            raise
        return False


def shown(call: Call, refs: Sequence[str]) -> list[str]:
    """Those of some ``Type/id`` that the caller may see."""
    return [ref for ref, stored in reading.latest(refs).items() if visible(call, stored)]


@dataclass(frozen=True, slots=True)
class _Look:
    call: Call
    ref: str
    version: int | None

    def event(self, stored: Stored | None) -> audit.Wanted:
        patient = values.patient_ref(stored.resource) if stored and not stored.deleted else ""
        return self.call.event(
            "fhir-read" if stored else "fhir-refused", patient.removeprefix("Patient/"), ref=self.ref
        )


def _together(looks: Sequence[_Look]) -> Sequence[Stored | None]:
    current = reading.latest({look.ref for look in looks if look.version is None})
    found: list[Stored | None] = []
    for look in looks:
        if look.version is None:
            stored = current.get(look.ref)
        else:
            stored = reading.version(look.ref, look.version)
        found.append(stored if stored and visible(look.call, stored) else None)
    note([look.event(one) for look, one in zip(looks, found, strict=True)])
    return found


_turns: Turns[_Look, Stored | None] = Turns(_together)
