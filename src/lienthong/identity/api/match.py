"""``Patient/$match`` (R4, Patient operations; IHE PDQm ITI-119): who a Patient may be. Nothing is stored of it but the
audit trail."""

from __future__ import annotations

from typing import Any, Final

from lienthong.access import audit
from lienthong.foundation import json
from lienthong.foundation.wsgi import HttpError, Response
from lienthong.identity import blocks, fields, index, problems
from lienthong.identity.api import asking
from lienthong.identity.index import Match, Registration
from lienthong.records.api import outcomes
from lienthong.records.api.bundles import bundle
from lienthong.records.api.call import Call
from lienthong.records.api.operations import Operation

GRADE: Final = "http://hl7.org/fhir/StructureDefinition/match-grade"
USUAL, MOST = 20, 100


def run(call: Call, _id: str = "") -> Response:
    """A searchset of Patients, best first, each with its score (probability) and match-grade.

    Raises:
        HttpError: 400, no Patient to look for, or a parameter of the wrong kind.
    """
    given = dict(asking.given(call, body="resource"))
    patient = given.get("resource")
    if not isinstance(patient, dict) or patient.get("resourceType") != "Patient":
        raise HttpError(400, problems.no_patient())
    certain = _flag(given.get("onlyCertainMatches"))
    count = _count(given.get("count"))
    found = {match.registration.number: match for match in index.match(patient, MOST, certain)}
    seen = _first(call, [match.registration for match in found.values()], count)
    entries = [_entry(call, one, found[one.registration.number]) for one in seen]
    if not entries and not blocks.blocks(fields.of(patient)):
        told = outcomes.outcome([problems.too_little()], 200)
        entries.append(json.dumps({"resource": told, "search": {"mode": "outcome"}}))
    shown = [one.registration.fhir_id for one in seen] or [""]
    audit.append([call.event("identity-match", patient, found=len(seen)) for patient in shown])
    return call.answer(bundle("searchset", entries, total=len(seen)))


def _first(call: Call, found: list[Registration], count: int) -> list[asking.Seen]:
    """The first of them that the caller may see; no more are read than are needed."""
    seen: list[asking.Seen] = []
    for start in range(0, len(found), count):
        seen += asking.seen(call, found[start : start + count])
        if len(seen) >= count:
            break
    return seen[:count]


def _entry(call: Call, one: asking.Seen, match: Match) -> bytes:
    search = json.dumps(
        {
            "extension": [{"url": GRADE, "valueCode": match.grade}],
            "mode": "match",
            "score": round(match.verdict.score.probability, 6),
        }
    )
    if one.stored is None:
        return b'{"resource":' + json.dumps(asking.told(one.registration)) + b',"search":' + search + b"}"
    url = json.dumps(f"{call.base}/{one.stored.ref}")
    return b'{"fullUrl":' + url + b',"resource":' + one.stored.wire + b',"search":' + search + b"}"


def _flag(value: Any) -> bool:
    if value in (None, False, "false"):
        return False
    if value in (True, "true"):
        return True
    raise HttpError(400, problems.bad_parameter("onlyCertainMatches"))


def _count(value: Any) -> int:
    if value is None:
        return USUAL
    number = int(value) if str(value).isascii() and str(value).isdigit() and len(str(value)) < 10 else 0
    if number < 1:
        raise HttpError(400, problems.bad_parameter("count"))
    return min(number, MOST)


OPERATION: Final = Operation(
    name="match",
    kind="Patient",
    levels=frozenset({"type"}),
    run=run,
    definition="http://hl7.org/fhir/OperationDefinition/Patient-match",
    letter="r",
)
