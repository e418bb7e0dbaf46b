"""``Patient/$ihe-pix`` (IHE PIXm ITI-83): the other numbers of whoever has a number."""

from __future__ import annotations

from typing import Any, Final

from lienthong.access import audit
from lienthong.foundation.wsgi import HttpError, Response
from lienthong.identity import index, problems
from lienthong.identity.api import asking
from lienthong.identity.index import Holding
from lienthong.records.api.call import Call
from lienthong.records.api.operations import Operation
from lienthong.terminology import systems

_LONGEST = 400
_MOST = 20


def run(call: Call, _id: str = "") -> Response:
    """Parameters with a ``targetIdentifier`` for each number that the person has now, in the domains asked for, and a
    ``targetId`` for each Patient that this node holds.

    A number that the person once had finds it, too.

    Raises:
        HttpError: 400 the source is missing or of an unknown domain, 403 a target domain is unknown, 404 nobody has
            the number, 409 several people have it.
    """
    given = asking.given(call)
    sources = [_source(value) for name, value in given if name == "sourceIdentifier"]
    targets = [str(value) for name, value in given if name == "targetSystem"][:_MOST]
    if len(sources) != 1 or not all(sources[0]):
        raise HttpError(400, problems.no_source())
    (system, value), *_ = sources
    if not _known(system):
        raise HttpError(400, problems.source_domain())
    for target in targets:
        if not _known(target):
            raise HttpError(403, problems.target_domain())
    person = _person(index.persons_numbered(system, value))
    seen = list(asking.seen(call, index.registrations(person)))
    if not seen:
        raise HttpError(404, problems.no_such_number())
    held = [h for h in index.numbers([one.registration for one in seen]) if not h.until and h.system]
    own = index.number_key(system, value)
    listed = dict.fromkeys(
        (h.system, h.value)
        for h in held
        if (h.system in targets if targets else index.number_key(h.system, h.value) != own)
    )
    wanted = {h.number for h in held if not targets or h.system in targets}
    parameters: list[dict[str, Any]] = [
        {"name": "targetIdentifier", "valueIdentifier": {"system": s, "value": v}} for s, v in listed
    ]
    parameters += [
        {"name": "targetId", "valueReference": {"reference": one.stored.ref}}
        for one in seen
        if one.stored and one.registration.number in wanted
    ]
    audit.append([call.event("identity-pix", one.registration.fhir_id, system=system) for one in seen])
    return call.answer({"resourceType": "Parameters", **({"parameter": parameters} if parameters else {})})


def _source(value: Any) -> tuple[str, str]:
    """System and value of a token or an Identifier; empty parts where they are missing."""
    if isinstance(value, dict):
        return str(value.get("system", "")), str(value.get("value", ""))
    system, _, number = str(value)[:_LONGEST].partition("|")
    return system.strip(), number.strip()


def _known(system: str) -> bool:
    return system in _OURS or index.knows_system(system)


_OURS = frozenset(
    {
        systems.CITIZEN_NUMBER,
        systems.OLD_IDENTITY_CARD,
        systems.PASSPORT,
        systems.INSURANCE_CARD,
        systems.SOCIAL_INSURANCE,
    }
)


def _person(held: list[Holding]) -> int:
    """The person who has the number; who has it now comes before who once had it."""
    people = {h.person for h in held if not h.until} or {h.person for h in held}
    if not people:
        raise HttpError(404, problems.no_such_number())
    if len(people) > 1:
        raise HttpError(409, problems.several_people())
    return people.pop()


OPERATION: Final = Operation(
    name="ihe-pix",
    kind="Patient",
    levels=frozenset({"type"}),
    run=run,
    definition="https://profiles.ihe.net/ITI/PIXm/OperationDefinition/IHE.PIXm.pix",
    letter="r",
)
