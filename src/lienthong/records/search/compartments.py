"""The Patient compartment (R4, CompartmentDefinition ``patient``): what a patient's record consists of."""

from __future__ import annotations

from functools import cache, lru_cache

import msgspec
from django.conf import settings

from lienthong.records import index, keys
from lienthong.records.search import problems
from lienthong.records.search.conditions import SEEK, Condition, Source, Sql, Subject, marks


class _Resource(msgspec.Struct):
    code: str
    param: list[str] = []


class _Definition(msgspec.Struct):
    resource: list[_Resource]


@cache
def _codes() -> dict[str, list[str]]:
    """By resource type, the references that put it into a patient's compartment."""
    data = (settings.FHIR_DEFINITIONS / "compartmentdefinition-patient.json").read_bytes()
    found = msgspec.json.decode(data, type=_Definition).resource
    return {one.code: one.param for one in found if one.param}


@lru_cache(maxsize=256)
def _params(kinds: tuple[str, ...]) -> tuple[int, ...]:
    """Parameters of the index rows by which those types (none: all) belong to a patient."""
    found = set()
    for kind, codes in _codes().items():
        if not kinds or kind in kinds:
            there = index.parameters(kind)
            found |= {keys.param(kind, one) for code in codes if code in there for one in there[code].stored}
    return tuple(sorted(found))


def kinds() -> list[str]:
    """The types that can be in a patient's compartment."""
    return sorted({*_codes(), "Patient"})


def of_patient(wanted: tuple[str, ...], patient: str) -> Condition:
    """The condition of belonging to a patient; for Patient itself that it is the one, or linked to it.

    Raises:
        LienThongError: one of the types is never in a patient's compartment.
    """
    for kind in wanted:
        if kind not in kinds():
            raise problems.unknown_type("Patient", kind)
    key = keys.ref_key(f"Patient/{patient}")
    params = _params(wanted)
    itself = "SELECT id AS resource FROM records_resource WHERE key = %s"
    linked = f"SELECT resource FROM records_link WHERE target = %s AND param {marks(params)}"
    text = f"{itself} UNION ALL {linked}" if not wanted or "Patient" in wanted else linked
    given = (key, key, *params) if text is not linked else (key, *params)

    def test(alias: str) -> Sql:
        found = (
            f"EXISTS (SELECT 1 FROM records_link i WHERE i.target = %s AND i.param {marks(params)}"
            f" AND i.resource = {alias}.id{SEEK}"
        )
        return Sql(f"({alias}.key = %s OR {found})", (key, key, *params))

    def holds(subject: Subject) -> bool:
        own = keys.ref_key(f"{subject.kind}/{subject.resource.get('id', '')}") == key
        return own or any(target == key and param in params for target, param in subject.rows.links)

    ordered = text is linked and len(params) == 1
    return Condition("Patient", lambda: Source(text, given, ordered), test, holds)
