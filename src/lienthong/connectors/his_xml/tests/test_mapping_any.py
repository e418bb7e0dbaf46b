"""What holds for every dossier, however bad its fields are."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import ModuleType

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lienthong.connectors.his_xml.dossier import Dossier, Row
from lienthong.connectors.his_xml.mapping import Source, to_fhir, transfer_of, visit_of
from lienthong.connectors.his_xml.tables import tables
from lienthong.foundation import json as our_json


@cache
def _fhir_r4() -> ModuleType:
    spec = importlib.util.spec_from_file_location("fhir_r4", Path(__file__).with_name("fhir_r4.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


@given(dossiers())
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_dossier_gives_valid_resources_that_refer_to_each_other(dossier: Dossier) -> None:
    resources = to_fhir(dossier, SOURCE)
    assert [fault for one in resources for fault in _fhir_r4().faults(one)] == []
    assert _fhir_r4().dangling(resources) == []
    ids = [(one["resourceType"], one["id"]) for one in resources]
    assert len(set(ids)) == len(ids)


@given(dossiers())
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_same_dossier_gives_the_same_bytes_whichever_file_brings_it(dossier: Dossier) -> None:
    first = to_fhir(dossier, SOURCE)
    assert our_json.dumps(to_fhir(dossier, SOURCE)) == our_json.dumps(first)
    moved = replace(dossier, position=7, start=1, length=2, line=3)
    second = to_fhir(moved, Source("1" * 64, "batch.xml"))
    assert our_json.dumps(second[:-2]) == our_json.dumps(first[:-2])
    assert second[-1]["id"] == first[-1]["id"]


@given(dossiers())
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_short_forms_name_resources_of_the_long_one(dossier: Dossier) -> None:
    ids = {f"{one['resourceType']}/{one['id']}" for one in to_fhir(dossier, SOURCE)}
    visit = visit_of(dossier)
    assert {f"Encounter/{visit.encounter_id}", f"Patient/{visit.patient_id}"} <= ids
    notice = transfer_of(dossier)
    assert (notice is None) == (not dossier.tables.get("XML13"))
    if notice:
        assert f"ServiceRequest/{notice.service_request_id}" in ids
        assert f"Composition/{notice.composition_id}" in ids
