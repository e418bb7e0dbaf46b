"""What an operation was given, and which registrations its caller may see."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from lienthong.facilities import directory
from lienthong.foundation.wsgi import HttpError
from lienthong.identity import following, index, problems
from lienthong.identity.index import Registration
from lienthong.records import reading
from lienthong.records.api.call import Call
from lienthong.records.api.read import visible
from lienthong.records.reading import Stored
from lienthong.terminology import systems

Resource = dict[str, Any]


class Seen(NamedTuple):
    """A registration that a caller may see; ``stored`` is None where this node does not hold the Patient itself."""

    registration: Registration
    stored: Stored | None


def given(call: Call, body: str = "") -> list[tuple[str, Any]]:
    """Names and values of the parameters, of a query or of a Parameters resource.

    Args:
        body: the parameter for which another resource in the body stands.

    Raises:
        HttpError: 400, the body is neither.
    """
    if call.method != "POST":
        return list(call.query)
    resource, _ = call.resource()
    kind = resource.get("resourceType")
    if kind != "Parameters":
        if not body or not kind:
            raise HttpError(400, problems.no_parameters())
        return [*call.query, (body, resource)]
    listed = resource.get("parameter")
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return [(str(one.get("name", "")), _value(one)) for one in found]


def _value(parameter: Resource) -> Any:
    return next((v for n, v in parameter.items() if n == "resource" or n.startswith("value")), None)


def seen(call: Call, found: Iterable[Registration]) -> Iterator[Seen]:
    """The registrations that the caller's scopes cover; what only the index knows needs one without a restriction.

    A Patient that was deleted here or is not in use is not among them.
    """
    listed = list(found)
    latest = reading.latest(f"Patient/{one.fhir_id}" for one in listed)
    within = call.caller.within("r")
    everything = any(not query for kind in ("Patient", "*") for query in within.get(kind, ()))
    for one in listed:
        if one.gone:
            continue
        stored = latest.get(f"Patient/{one.fhir_id}")
        if stored and stored.deleted and one.facility == directory.here():
            continue
        held = stored if stored and _is(stored, one) else None
        if visible(call, held) if held else everything:
            yield Seen(one, held)


def _is(stored: Stored, one: Registration) -> bool:
    """Whether a stored Patient is that registration, and not another hospital's that has its id by chance."""
    return not stored.deleted and following.facility_of(stored.resource) == one.facility


def told(one: Registration) -> Resource:
    """A Patient of what the index knows, where this node does not hold it; without an id, because it cannot be read."""
    has = one.fields
    held = (h for h in index.numbers([one]) if not h.until and h.value)
    found: Resource = {
        "resourceType": "Patient",
        "identifier": [
            {"system": h.system, "value": h.value} if h.system else {"value": h.value} for h in held
        ],
        "name": [{"text": one.name}] if one.name else [],
        "gender": has.sex,
        "birthDate": has.born,
        "address": [{"text": one.address}] if one.address else [],
        "managingOrganization": {"identifier": {"system": systems.FACILITY, "value": one.facility}},
    }
    return {name: value for name, value in found.items() if value}
