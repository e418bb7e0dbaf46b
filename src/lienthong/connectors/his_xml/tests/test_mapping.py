"""What the tables become: the samples as a whole, and the decisions one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lienthong.access import protected
from lienthong.connectors.his_xml.dossier import Dossier, Edition, Row
from lienthong.connectors.his_xml.mapping import (
    Source,
    is_restricted,
    restricted,
    to_fhir,
    transfer_of,
    values,
    visit_of,
)
from lienthong.connectors.his_xml.reader import read_export
from lienthong.connectors.his_xml.samples import FOLDER, bundle, expected, exports
from lienthong.foundation import json
from lienthong.foundation.clock import VIETNAM
from lienthong.terminology import systems

Json = dict[str, Any]
SOURCE = Source("ab" * 32, "export.xml")


def sample(name: str) -> Dossier:
    return next(iter(read_export(FOLDER / f"{name}.xml")))


def mapped(edition: Edition = "3176", **tables: list[dict[str, str]]) -> list[Json]:
    rows = {table: [Row(values) for values in several] for table, several in tables.items()}
    return to_fhir(Dossier("24004", "LK1", edition, rows), SOURCE)


def of(resources: list[Json], kind: str) -> list[Json]:
    return [one for one in resources if one["resourceType"] == kind]


def only(resources: list[Json], kind: str) -> Json:
    (one,) = of(resources, kind)
    return one


def source_texts(resource: Json) -> dict[str, str]:
    return {
        one["extension"][0]["valueString"]: one["extension"][1]["valueString"]
        for one in resource.get("extension", ())
        if one["url"] == systems.extension("source-text")
    }


@pytest.mark.parametrize("export", exports(), ids=lambda path: path.stem)
def test_a_sample_gives_exactly_its_bundle(export: Path) -> None:
    assert bundle(export) == expected(export).read_bytes()


def test_every_sample_has_been_mapped() -> None:
    assert len(exports()) >= 8
    assert all(b'"Encounter"' in expected(export).read_bytes() for export in exports())


def test_the_names_of_4750_and_3176_lead_to_the_same_transfer() -> None:
    old, new = transfer_of(sample("transfer_4750")), transfer_of(sample("transfer_3176"))
    assert old is not None
    assert new is not None
    assert (old.slip, old.destination, old.reason, old.icd) == ("24004-VD-0031", "01929", "2", "I21.1")
    assert old.moment == datetime(2025, 1, 20, 6, 55, tzinfo=VIETNAM)
    assert (new.destination, new.patient_name, new.restricted) == ("01929", "TRẦN THỊ VÍ DỤ", False)


def test_the_treatment_of_4750_is_not_the_state_at_transfer() -> None:
    slip = only(to_fhir(sample("transfer_4750"), SOURCE), "Composition")
    text = {part["title"]: part.get("text", {}).get("div", "") for part in slip["section"]}
    assert "Tình trạng người bệnh lúc chuyển" not in text
    assert "Nội khoa" in text["Phương pháp, thủ thuật, kỹ thuật, thuốc đã sử dụng"]
    slip = next(
        one
        for one in of(to_fhir(sample("transfer_3176"), SOURCE), "Composition")
        if one["type"]["coding"][0]["code"] == "57133-1"
    )
    assert any("thở oxy 5 lít/phút" in part.get("text", {}).get("div", "") for part in slip["section"])


def test_a_dossier_without_a_slip_is_no_transfer() -> None:
    assert transfer_of(sample("check_in")) is None


def test_a_check_in_and_its_dossier_are_one_visit_of_one_patient() -> None:
    check_in = sample("check_in")
    row = {
        "MA_BN": "VIDU000601",
        "MA_LOAI_KCB": "01",
        "NGAY_VAO": "202502100715",
        "NGAY_RA": "202502101100",
    }
    later = replace(check_in, tables={"XML1": [Row(row)]})
    first, second = visit_of(check_in), visit_of(later)
    assert (first.encounter_id, first.patient_id) == (second.encounter_id, second.patient_id)
    assert (first.end, second.end) == (None, datetime(2025, 2, 10, 11, 0, tzinfo=VIETNAM))
    statuses = [only(to_fhir(one, SOURCE), "Encounter")["status"] for one in (check_in, later)]
    assert statuses == ["in-progress", "finished"]


@pytest.mark.parametrize(
    ("written", "value", "comparator"),
    [
        ("15.20", "15.20", None),
        ("7,80", "7.80", None),
        ("0,125", "0.125", None),
        ("-3", "-3", None),
        ("<0.30", "0.30", "<"),
        ("≥ 5", "5", ">="),
        ("<= 5,5", "5.5", "<="),
    ],
)
def test_numbers_keep_their_digits(written: str, value: str, comparator: str | None) -> None:
    rows = [{"MA_CHI_SO": "X", "GIA_TRI": written, "DON_VI_DO": "mmol/L"}]
    quantity = only(mapped(XML4=rows), "Observation")["valueQuantity"]
    assert isinstance(quantity["value"], Decimal)
    assert str(quantity["value"]) == value
    assert quantity.get("comparator") == comparator
    assert (quantity["unit"], quantity["code"]) == ("mmol/L", "mmol/L")
    assert f'"value":{value}'.encode() in json.dumps(quantity)


@pytest.mark.parametrize(
    "written", ["1,250", "12 345", "1e5", "H 15.2", "Âm tính", "1.2.3", "5-10", "9" * 19]
)
def test_what_may_mean_two_numbers_stays_text(written: str) -> None:
    result = only(mapped(XML4=[{"MA_CHI_SO": "X", "GIA_TRI": written}]), "Observation")
    assert result["valueString"] == written
    assert "valueQuantity" not in result


def test_a_unit_that_is_not_known_has_no_code() -> None:
    rows = [{"MA_CHI_SO": "X", "GIA_TRI": "3.10", "DON_VI_DO": "ô/vt"}]
    assert only(mapped(XML4=rows), "Observation")["valueQuantity"] == {
        "value": Decimal("3.10"),
        "unit": "ô/vt",
    }


def test_no_reference_range_is_made() -> None:
    for export in exports():
        assert b"referenceRange" not in expected(export).read_bytes()


@pytest.mark.parametrize(
    ("written", "date", "time"),
    [
        ("195000000000", "1950", None),
        ("195005000000", "1950-05", None),
        ("196005120000", "1960-05-12", None),
        ("202502030415", "2025-02-03", "2025-02-03T04:15:00+07:00"),
        ("19600512", "1960-05-12", None),
        ("199013450000", None, None),
        ("²⁰²⁵0101", None, None),
    ],
)
def test_birth_is_as_exact_as_it_is_known(written: str, date: str | None, time: str | None) -> None:
    assert values.birth(written) == (date, time)


def test_a_bad_field_is_kept_as_text_and_nothing_else_is_lost() -> None:
    resources = to_fhir(sample("damaged_fields"), SOURCE)
    patient = next(one for one in of(resources, "Patient"))
    assert "birthDate" not in patient
    assert source_texts(patient) == {
        "XML1.NGAY_SINH": "199013450000",
        "XML1.GIOI_TINH": "x",
        "XML1.SO_CCCD": "24190999907",
        "XML1.DIEN_THOAI": "không có",
    }
    encounter = only(resources, "Encounter")
    assert encounter["period"] == {"start": "2025-02-05T10:30:00+07:00"}
    assert source_texts(encounter)["XML1.NGAY_RA"] == "202502041100"
    assert source_texts(only(resources, "Coverage")) == {"XML1.GT_THE_TU": "01/01/2025"}


def test_rows_with_the_same_or_no_number_are_told_apart() -> None:
    rows = [
        {"STT": "1", "TEN_THUOC": "A"},
        {"STT": "1", "TEN_THUOC": "B"},
        {"TEN_THUOC": "C"},
        {"TEN_THUOC": "D"},
    ]
    assert len({one["id"] for one in of(mapped(XML2=rows), "MedicationRequest")}) == 4


def test_a_late_row_leaves_the_ids_of_the_others() -> None:
    rows = [{"STT": "1", "TEN_THUOC": "A"}, {"STT": "2", "TEN_THUOC": "B"}]
    before = [one["id"] for one in of(mapped(XML2=rows), "MedicationRequest")]
    after = [
        one["id"] for one in of(mapped(XML2=[*rows, {"STT": "3", "TEN_THUOC": "C"}]), "MedicationRequest")
    ]
    assert after[:2] == before


def test_the_kind_of_care_decides_between_giving_and_dispensing() -> None:
    drug = [{"STT": "1", "TEN_THUOC": "A", "SO_LUONG": "2.000", "NGAY_TH_YL": "202501010800"}]
    stay = {one["resourceType"] for one in mapped(XML1=[{"MA_LOAI_KCB": "03"}], XML2=drug)}
    assert "MedicationAdministration" in stay
    assert not stay & {"MedicationRequest", "MedicationDispense"}
    visit = {one["resourceType"] for one in mapped(XML1=[{"MA_LOAI_KCB": "01"}], XML2=drug)}
    assert visit >= {"MedicationRequest", "MedicationDispense"}
    ordered = {one["resourceType"] for one in mapped(XML1=[{"MA_LOAI_KCB": "03"}], XML2=[{"TEN_THUOC": "A"}])}
    assert "MedicationRequest" in ordered
    assert not ordered & {"MedicationAdministration", "MedicationDispense"}


def test_diagnoses_have_their_edition_and_their_place() -> None:
    row = {"MA_BENH_CHINH": "j18.9", "MA_BENH_KT": "E11.9;J18.9", "MA_BENH_YHCT": "U59.011;U55.371"}
    resources = mapped(XML1=[{**row, "NGAY_RA": "202503010900", "CHAN_DOAN_VAO": "Sốt"}])
    uses = [
        (one["use"]["coding"][0]["code"], one.get("rank"))
        for one in only(resources, "Encounter")["diagnosis"]
    ]
    assert uses == [("AD", None), ("DD", 1), ("CM", 2), ("CM", 3)]
    main = of(resources, "Condition")[1]
    assert [(c["code"], c.get("version")) for c in main["code"]["coding"]] == [
        ("J18.9", "VN-4469"),
        ("U59.011", None),
    ]
    later = mapped(XML1=[{**row, "NGAY_RA": "202607010900"}])
    assert of(later, "Condition")[0]["code"]["coding"][0]["version"] == "VN-TT06-2026"


@pytest.mark.parametrize(
    ("code", "tag"),
    [("B20.1", "HIV"), ("Z21", "HIV"), ("b24", "HIV"), ("F32.1", "PSY"), ("T74.1", "SDV"), ("Y06.0", "SDV")],
)
def test_protected_diagnoses_are_labelled_and_take_the_words_with_them(code: str, tag: str) -> None:
    resources = mapped(
        XML1=[{"MA_BENH_CHINH": "J18.9", "MA_BENH_KT": code, "CHAN_DOAN_RV": "Viêm phổi; bệnh kèm theo"}],
        XML8=[{"CHAN_DOAN_RV": "Viêm phổi; bệnh kèm theo"}],
    )
    main, other = of(resources, "Condition")
    assert is_restricted(other)
    assert {one["code"] for one in other["meta"]["security"]} == {"R", tag}
    assert not is_restricted(main)
    assert "note" not in main
    assert is_restricted(only(resources, "Composition"))
    assert not is_restricted(only(resources, "Encounter"))


@pytest.mark.parametrize(
    ("code", "kinds"),
    [
        ("F11.2", {"PSY", "SUD"}),
        ("F17.2", {"PSY"}),
        ("Z72.2", {"SUD"}),
        ("Z72.1", set()),
        ("O04.9", {"SEX"}),
        ("o049", {"SEX"}),
        ("O80", set()),
        ("A53", {"SEX"}),
        ("Z31.5", {"SEX", "GEN"}),
        ("Q90.9", {"GEN"}),
        ("Q89.9", set()),
        ("D56.1", set()),
        ("B20", {"HIV"}),
        ("Z206", {"HIV"}),
        ("Z20.5", set()),
        ("", set()),
        ("F02.4", {"HIV", "PSY"}),
    ],
)
def test_kinds_of_protection_of_a_diagnosis(code: str, kinds: set[str]) -> None:
    assert restricted.of_code(code) == kinds


def test_every_kind_that_is_labelled_is_one_that_access_knows() -> None:
    for kind in ("HIV", "PSY", "SDV", "SEX", "SUD", "GEN", "TB"):
        resource: dict[str, Any] = {"meta": {}}
        restricted.label(resource, {kind})
        assert protected.kinds(protected.labels(resource)) == {kind}


@pytest.mark.parametrize(
    ("drug", "payer", "hidden"),
    [
        ("Tenofovir + Lamivudin + Dolutegravir", "1", True),
        ("Tenofovir 300mg", "3", True),
        ("Tenofovir 300mg", "1", False),
        ("Isoniazid 300mg", "1", True),
        ("Rifampicin 150mg", "3", True),
        ("Rifampicin 150mg", "1", False),
        ("Paracetamol", "3", False),
        ("Methadon 10mg/ml", "3", True),
        ("Methadon 10mg/ml", "1", False),
    ],
)
def test_drugs_of_the_programmes_are_labelled(drug: str, payer: str, hidden: bool) -> None:
    resources = mapped(XML2=[{"TEN_THUOC": drug, "NGUON_CTRA": payer, "SO_LUONG": "1"}])
    assert is_restricted(only(resources, "MedicationRequest")) is hidden
    assert is_restricted(only(resources, "MedicationDispense")) is hidden


def test_an_hiv_test_is_labelled_with_its_order_and_report() -> None:
    resources = mapped(
        XML3=[{"MA_DICH_VU": "24.1", "MA_NHOM": "1", "TEN_DICH_VU": "HIV Ab test nhanh"}],
        XML4=[{"MA_DICH_VU": "24.1", "TEN_CHI_SO": "Kết quả", "GIA_TRI": "Âm tính"}],
    )
    for kind in ("ServiceRequest", "DiagnosticReport", "Observation"):
        assert is_restricted(only(resources, kind))


def test_all_that_the_hiv_and_tuberculosis_tables_say_is_restricted() -> None:
    dossier = sample("hiv_tb_3176")
    without = replace(dossier, tables={t: r for t, r in dossier.tables.items() if t not in ("XML6", "XML15")})
    known = {one["id"] for one in to_fhir(without, SOURCE)}
    added = [one for one in to_fhir(dossier, SOURCE) if one["id"] not in known]
    assert len(added) >= 8
    assert all(is_restricted(one) for one in added)


def test_vital_signs_are_read_out_of_the_text() -> None:
    rows = [
        {
            "STT": "1",
            "DIEN_BIEN_LS": "Mệt. csst<M 98_T38,5_HA130/80_NT24_SP93%_HL2_X1> ho",
            "THOI_DIEM_DBLS": "x",
        }
    ]
    resources = mapped(XML5=rows)
    read: dict[str, Any] = {}
    for one in of(resources, "Observation"):
        parts = one.get("component", [one])
        for part in parts:
            read[part["code"]["text"]] = part.get("valueQuantity", {}).get("value", part.get("valueString"))
    assert read == {
        "Nhiệt độ": Decimal("38.5"),
        "Tâm thu": 130,
        "Tâm trương": 80,
        "Nhịp thở": 24,
        "SpO2": 93,
        "Chế độ chăm sóc (hộ lý cấp)": "2",
        "Mạch": 98,
    }
    assert only(resources, "ClinicalImpression")["summary"] == rows[0]["DIEN_BIEN_LS"]


def test_twins_are_two_patients_whose_mother_is_known() -> None:
    resources = to_fhir(sample("birth_twins_3176"), SOURCE)
    mother, first, second = of(resources, "Patient")
    assert first["id"] != second["id"]
    assert first["multipleBirthBoolean"] is True
    assert first["_birthDate"]["extension"][0]["valueDateTime"] == "2026-03-10T06:50:00+07:00"
    carers = [
        one
        for one in of(resources, "RelatedPerson")
        if one["relationship"][0].get("coding", [{}])[0].get("code") == "MTH"
    ]
    assert [one["patient"]["reference"] for one in carers] == [
        f"Patient/{first['id']}",
        f"Patient/{second['id']}",
    ]
    number = {"system": systems.patient_number("24004"), "value": mother["identifier"][0]["value"]}
    assert number.items() <= carers[0]["identifier"][1].items()
    device, operation = only(resources, "Device"), only(resources, "Procedure")
    assert operation["focalDevice"] == [{"manipulated": {"reference": f"Device/{device['id']}"}}]


def test_provenance_names_every_resource_and_the_bytes() -> None:
    dossier = replace(sample("transfer_3176"), start=10, length=20)
    resources = to_fhir(dossier, SOURCE)
    provenance, document = resources[-1], resources[-2]
    assert [one["reference"] for one in provenance["target"]] == [
        f"{one['resourceType']}/{one['id']}" for one in resources[:-2]
    ]
    entity = provenance["entity"][0]
    assert entity["what"]["reference"] == f"DocumentReference/{document['id']}"
    assert document["identifier"] == [{"system": systems.SHA256, "value": SOURCE.sha256}]
    assert [one["valueUnsignedInt"] for one in entity["extension"][0]["extension"]] == [10, 20]


def test_who_treats_and_who_owns_are_the_same_in_every_dossier() -> None:
    shared: dict[str, Json] = {}
    for export in exports():
        for dossier in read_export(export):
            for one in to_fhir(dossier, SOURCE):
                if one["resourceType"] in ("Organization", "Practitioner", "Location"):
                    assert shared.setdefault(one["id"], one) == one
    assert len(shared) > 10


def test_spellings_of_a_licence_are_one_practitioner() -> None:
    rows = [
        {"STT": str(n), "TEN_THUOC": "A", "MA_BAC_SI": spelled}
        for n, spelled in enumerate(("000123/BG-CCHN", " 000123 / bg-cchn", "000123/BG-CCHN.TX.01929"))
    ]
    assert len(of(mapped(XML2=rows), "Practitioner")) == 1
    named = mapped(XML2=[{"TEN_THUOC": "A", "MA_BAC_SI": "BS. Mẫu"}])
    assert of(named, "Practitioner") == []
    assert only(named, "MedicationRequest")["requester"] == {"display": "BS. Mẫu"}


def test_words_of_the_source_never_become_markup() -> None:
    rows = [{"QT_BENHLY": "Sốt < 39 độ & ho\n<script>x</script>"}]
    (part,) = only(mapped(XML8=rows), "Composition")["section"]
    assert part["text"]["div"] == (
        f'<div xmlns="{systems.XHTML}">Sốt &lt; 39 độ &amp; ho<br/>&lt;script&gt;x&lt;/script&gt;</div>'
    )


def test_provenance_says_when_the_file_was_taken_in_or_that_nobody_knows() -> None:
    dossier = sample("check_in")
    known = replace(SOURCE, received=datetime(2025, 2, 10, 8, 0, tzinfo=VIETNAM))
    assert to_fhir(dossier, known)[-1]["recorded"] == "2025-02-10T01:00:00.000Z"
    assert "recorded" not in to_fhir(dossier, SOURCE)[-1]
    assert "_recorded" in to_fhir(dossier, SOURCE)[-1]


def test_an_emergency_that_a_spreadsheet_wrote_as_2_0_is_one() -> None:
    for kind, act in (("01", "EMER"), ("03", "IMP")):
        encounter = only(mapped(XML1=[{"MA_LOAI_KCB": kind, "MA_DOITUONG_KCB": "2.0"}]), "Encounter")
        assert encounter["class"]["code"] == act
        assert encounter["priority"]["coding"][0]["code"] == "EM"
        assert [one["coding"][0]["code"] for one in encounter["type"]] == [kind, "2"]
        assert source_texts(encounter) == {"XML1.MA_DOITUONG_KCB": "2.0"}


def test_numbers_of_130_get_their_zero_back() -> None:
    patient = only(mapped("130", XML1=[{"MA_DANTOC": "2", "MA_QUOCTICH": "0"}]), "Patient")
    ethnic, nation = patient["extension"]
    assert ethnic["valueCodeableConcept"]["coding"][0]["code"] == "02"
    assert ethnic["valueCodeableConcept"]["text"] == "Tày"
    assert nation["extension"][0]["valueCodeableConcept"]["coding"][0]["code"] == "000"


def test_nobody_weighs_nothing() -> None:
    assert of(mapped(XML1=[{"CAN_NANG": "0.00", "DU_PHONG": "0"}]), "Observation") == []
    odd = only(mapped(XML1=[{"CAN_NANG": "-5"}]), "Observation")
    assert odd["valueString"] == "-5"


def test_an_end_before_its_start_stays_as_text() -> None:
    card = {"MA_THE_BHYT": "HT2249999999999", "GT_THE_TU": "20261231", "GT_THE_DEN": "20260101"}
    service = {"MA_NHOM": "8", "TEN_DICH_VU": "Mổ", "NGAY_TH_YL": "202603020900", "NGAY_KQ": "202603010900"}
    made = mapped(XML1=[card], XML3=[service])
    assert source_texts(only(made, "Coverage")) == {"XML1.GT_THE_DEN": "20260101"}
    assert source_texts(only(made, "Procedure")) == {"XML3.NGAY_KQ": "202603010900"}


def test_a_diagnosis_of_a_service_alone_has_its_name_and_edition() -> None:
    visit = {"NGAY_RA": "202603051400", "MA_BENH_CHINH": "J18.9"}
    procedure = only(mapped(XML1=[visit], XML3=[{"MA_NHOM": "8", "MA_BENH": "J18.9;k35.8"}]), "Procedure")
    (reason,) = procedure["reasonCode"]
    assert reason["coding"][0]["code"] == "K35.8"
    assert reason["coding"][0]["version"] == "VN-4469"
    assert reason["text"] == reason["coding"][0]["display"]


def test_a_conclusion_alone_stays_with_its_indicator() -> None:
    row = {"TEN_CHI_SO": "Cấy máu", "MA_CHI_SO": "CAYMAU", "KET_LUAN": "Không mọc vi khuẩn"}
    made = mapped(XML1=[{}], XML4=[row, {"STT": "2", "GIA_TRI": "5", "KET_LUAN": "Tăng"}])
    first, second = of(made, "Observation")
    assert (first["code"]["text"], first["valueString"]) == ("Cấy máu", "Không mọc vi khuẩn")
    assert "valueQuantity" in second
    assert only(made, "DiagnosticReport")["conclusion"] == "Không mọc vi khuẩn\nTăng"


def test_blood_is_given_in_an_out_patient_visit_too() -> None:
    row = {"MA_NHOM": "7", "TEN_THUOC": "Khối hồng cầu", "SO_LUONG": "2", "NGAY_TH_YL": "202603020830"}
    given = only(mapped(XML1=[{"MA_LOAI_KCB": "01"}], XML2=[row]), "MedicationAdministration")
    assert given["category"]["coding"][0]["code"] == "7"


@pytest.mark.parametrize(("card", "known"), [("HT2249999999999", False), ("TE1249999999999", True)])
def test_a_newborn_does_not_get_the_number_of_a_parent(card: str, known: bool) -> None:
    child = {"NGAY_SINH": "202603012310", "NGAY_VAO": "202603020715", "MA_THE_BHYT": card}
    numbers = {one["system"] for one in only(mapped(XML1=[child]), "Patient")["identifier"]}
    assert (systems.SOCIAL_INSURANCE in numbers) is known
    grown = only(mapped(XML1=[child | {"NGAY_SINH": "196001010000"}]), "Patient")
    assert systems.SOCIAL_INSURANCE in {one["system"] for one in grown["identifier"]}
