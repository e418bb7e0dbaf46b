"""The checks find what is wrong, and only that."""

from __future__ import annotations

import copy
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.connectors.his_xml.checks import check, visit_day
from lienthong.connectors.his_xml.dossier import Dossier, Row
from lienthong.connectors.his_xml.reader import read_export
from lienthong.connectors.his_xml.tables import tables

SAMPLE = Path(__file__).parent.parent / "samples" / "transfer_3176.xml"
GOOD = next(read_export(SAMPLE))


def changed(*changes: tuple[str, str, str], edition: str = "3176") -> Dossier:
    """The sample with ``(table, field, value)`` in the first row; an empty value takes the field away."""
    dossier = copy.deepcopy(GOOD)
    dossier.edition = edition  # type: ignore[assignment]
    for table, name, value in changes:
        values = dossier.tables[table][0].values
        values.pop(name, None)
        if value:
            values[name] = value
    return dossier


def found(dossier: Dossier) -> list[tuple[str, str]]:
    check(dossier)
    return sorted((p.code.removeprefix("his-xml-"), p.where.get("field", "")) for p in dossier.problems)


def test_a_good_dossier_has_no_problem() -> None:
    assert found(changed()) == []


@pytest.mark.parametrize(
    ("table", "field", "value", "code"),
    [
        ("XML1", "SO_CCCD", "24160999999", "citizen-number-zero"),
        ("XML1", "SO_CCCD", "0241609999", "citizen-number-shape"),
        ("XML1", "SO_CCCD", "024-160-999999", "citizen-number-shape"),
        ("XML1", "SO_CCCD", "024060999999", "citizen-number-sex"),
        ("XML1", "SO_CCCD", "024161999999", "citizen-number-birth"),
        ("XML1", "SO_CCCD", "024360999999", "citizen-number-birth"),
        ("XML1", "MA_THE_BHYT", "HT924999999999", "card-shape"),
        ("XML1", "MA_THE_BHYT", "HT9249999999999", "card-shape"),
        ("XML1", "MA_DKBD", "24004;24005", "card-lists"),
        ("XML1", "GT_THE_TU", "20270101", "order"),
        ("XML1", "GT_THE_DEN", "20260304", "card-ended"),
        ("XML1", "GT_THE_DEN", "20260312", "card-ends"),
        ("XML1", "MA_CSKCB", "2400", "facility-shape"),
        ("XML1", "MA_LK", "L" * 101, "too-long"),
        ("XML1", "MA_BENH_KT", ";".join(["E11.9"] * 13), "many-diseases"),
        ("XML1", "MA_BENH_CHINH", "J18.9;E11.9", "main-diseases"),
        ("XML1", "MA_BENH_CHINH", "J18.9;G01*", "main-disease"),
        ("XML1", "NGAY_SINH", "203001010000", "order"),
        ("XML1", "CAN_NANG", "0.00", "weight"),
        ("XML1", "CAN_NANG", "52000", "weight"),
        ("XML1", "NGAY_VAO", "20260302", "date-short"),
        ("XML1", "NGAY_VAO", "202613020715", "date-shape"),
        ("XML1", "NGAY_VAO", "202602300715", "date-shape"),
        ("XML1", "NGAY_VAO", "202603022400", "date-shape"),
        ("XML1", "NGAY_VAO", "02/03/2026", "date-shape"),
        ("XML1", "NGAY_VAO", "202603021015", "order"),
        ("XML1", "CAN_NANG", "52,5", "decimal-comma"),
        ("XML1", "T_THUOC", "350.000,00", "number-shape"),
        ("XML1", "GIOI_TINH", "4", "code-unknown"),
        ("XML1", "MA_LOAI_KCB", "3", "code-unknown"),
        ("XML1", "MA_DOITUONG_KCB", "1.10", "code-unknown"),
        ("XML1", "MA_DANTOC", "60", "code-unknown"),
        ("XML1", "MA_NGHE_NGHIEP", "63000", "code-unknown"),
        ("XML1", "MA_BENH_CHINH", "J18.99", "icd10-unknown"),
        ("XML1", "MA_BENH_CHINH", "G01", "main-disease"),
        ("XML1", "MA_BENH_KT", "E11.9;X", "icd10-unknown"),
        ("XML1", "MAXA_CU_TRU", "99999", "admin-unit-unknown"),
        ("XML1", "MA_KHOA", "Noi", "department-shape"),
        ("XML1", "MA_BN", "9" * 101, "too-long"),
        ("XML1", "GHICHU", "x", "unknown-field"),
        ("XML1", "NGAY_RA", "", "required-missing"),
        ("XML1", "HO_TEN", "TrÇn ThÞ VÝ Dô ¸", "garbled-text"),
        ("XML3", "MA_GIUONG", "H1", "bed-shape"),
        ("XML3", "GOI_VTYT", "1", "package-shape"),
        ("XML3", "NGAY_TH_YL", "202603020000", "order"),
        ("XML5", "NGUOI_THUC_HIEN", "BS LÊ VĂN MẪU", "practitioner-shape"),
        ("XML13", "HO_TEN", "NGƯỜI KHÁC", "differs-from-xml1"),
        ("XML13", "MA_CSKCB_DEN", "01283", "differs-from-xml1"),
        ("XML13", "MA_LYDO_CT", "3", "transfer-reason"),
        ("XML13", "NGAY_RA", "202603061400", "differs-from-xml1"),
    ],
)
def test_one_fault_is_one_warning(table: str, field: str, value: str, code: str) -> None:
    dossier = changed((table, field, value))
    check(dossier)
    met = [p for p in dossier.problems if p.code == f"his-xml-{code}" and p.where["field"]]
    assert met, [p.code for p in dossier.problems]
    assert not dossier.refused
    assert met[0].where["table"] == table
    assert met[0].where["row"] == 1
    assert dossier.tables[table][0].get(field) == value
    assert all(p.vi and p.en and p.hint_vi and p.hint_en and "{" not in p.vi + p.en for p in dossier.problems)


@pytest.mark.parametrize(
    ("table", "field", "value"),
    [
        ("XML1", "SO_CCCD", "C1234567"),
        ("XML1", "SO_CCCD", "121234567"),
        ("XML1", "NGAY_SINH", "196000000000"),
        ("XML1", "NGAY_VAO", "202402290715"),
        ("XML1", "MA_DOITUONG_KCB", "2.0"),
        ("XML1", "MA_KHOA", "K03;K16.1"),
        ("XML8", "NGAY_CT", "20260302"),
        ("XML13", "HO_TEN", "Trần Thị Ví Dụ"),
        ("XML13", "NGAY_VAO", "202603020715;202603030700"),
    ],
)
def test_usual_spellings_pass(table: str, field: str, value: str) -> None:
    dossier = changed((table, field, value))
    check(dossier)
    assert [p for p in dossier.problems if (p.where["table"], p.where.get("field")) == (table, field)] == []


def test_what_cannot_be_told_refuses() -> None:
    nobody = changed(*(("XML1", name, "") for name in ("HO_TEN", "MA_BN", "SO_CCCD", "MA_THE_BHYT")))
    assert ("no-patient", "HO_TEN") in found(nobody)
    assert nobody.refused
    one_left = changed(*(("XML1", name, "") for name in ("HO_TEN", "SO_CCCD", "MA_THE_BHYT")))
    check(one_left)
    assert not one_left.refused
    for attribute, code in (("ma_lk", "no-episode"), ("facility", "no-facility")):
        dossier = changed()
        setattr(dossier, attribute, "")
        assert code in [one for one, _ in found(dossier)]
        assert dossier.refused
    dossier = changed()
    del dossier.tables["XML1"]
    assert ("no-xml1", "") in found(dossier)
    assert dossier.refused


def test_an_assessment_needs_no_facility() -> None:
    dossier = Dossier("", "12/BB", "3176", {"XML12": [Row({"HO_TEN": "VÍ DỤ", "SO_BIEN_BAN": "12/BB"})]})
    assert ("no-facility", "MA_CSKCB") in found(dossier)
    assert not dossier.refused


def test_code_lists_are_those_of_the_day() -> None:
    def day(left: str, table: str, field: str, value: str) -> bool:
        dossier = changed((table, field, value), ("XML1", "NGAY_RA", left))
        return ("code-unknown", field) in found(dossier)

    assert visit_day(changed(("XML1", "NGAY_RA", "202607011400"))) == date(2026, 7, 1)
    assert day("202510161400", "XML1", "MA_DOITUONG_KCB", "1.13")
    assert not day("202510171400", "XML1", "MA_DOITUONG_KCB", "1.13")
    assert not day("202510161400", "XML1", "MA_DOITUONG_KCB", "1.10")
    assert day("202607311400", "XML1", "MA_LOAI_KCB", "14")
    assert not day("202608011400", "XML1", "MA_LOAI_KCB", "14")


def test_icd10_edition_changes_on_the_day_of_the_circular() -> None:
    from lienthong.terminology.diseases import _4469, _tt06

    old_only = next(code for code in _4469() if code not in _tt06() and "." in code)
    for left, bad in (("202606301400", False), ("202607011400", True)):
        dossier = changed(("XML1", "MA_BENH_CHINH", old_only), ("XML1", "NGAY_RA", left))
        assert (("icd10-unknown", "MA_BENH_CHINH") in found(dossier)) is bad


def test_occupation_has_five_digits_before_3176() -> None:
    assert ("code-unknown", "MA_NGHE_NGHIEP") not in found(
        changed(("XML1", "MA_NGHE_NGHIEP", "63000"), edition="4750")
    )


def test_slip_and_manner_of_leaving() -> None:
    dossier = changed()
    del dossier.tables["XML13"]
    assert found(dossier) == [("slip-missing", "MA_LOAI_RV")]
    home = changed(("XML1", "MA_LOAI_RV", "1"), ("XML13", "MA_LOAI_RV", ""))
    assert found(home) == [("slip-unexpected", "MA_LOAI_RV")]
    nowhere = changed(("XML1", "MA_NOI_DEN", ""), ("XML13", "MA_CSKCB_DEN", ""))
    assert ("no-destination", "MA_CSKCB_DEN") in found(nowhere)
    itself = changed(("XML1", "MA_NOI_DEN", "24004"), ("XML13", "MA_CSKCB_DEN", "24004"))
    assert found(itself) == [("same-destination", "MA_CSKCB_DEN")]
    unlisted = changed(("XML1", "MA_NOI_DEN", "79999"), ("XML13", "MA_CSKCB_DEN", "79999"))
    assert found(unlisted) == [("unknown-facility", "MA_CSKCB_DEN")]


def test_a_card_that_ends_soon_matters_for_a_transfer_only() -> None:
    home = changed(("XML1", "MA_LOAI_RV", "1"), ("XML1", "GT_THE_DEN", "20260312"))
    del home.tables["XML13"]
    assert found(home) == []


def test_a_fault_in_every_row_is_told_five_times_and_counted() -> None:
    dossier = changed()
    dossier.tables["XML4"] = [Row(GOOD.tables["XML4"][0].values | {"NGAY_KQ": "x"}, n) for n in range(40)]
    check(dossier)
    assert [p.where["row"] for p in dossier.problems] == [1, 2, 3, 4, 5]
    assert dossier.problems[-1].where["more"] == 35
    assert dossier.problems[1].where["line"] == 1


VALUES = st.one_of(
    st.text("0129;:{}.,-²Ấx \n", max_size=20),
    st.sampled_from(["", "{", "2026", "202603021400", "20260302", "1;2", "²"]),
)


@given(st.data())
def test_no_value_raises(data: st.DataObject) -> None:
    dossier = copy.deepcopy(GOOD)
    dossier.edition = data.draw(st.sampled_from(["130", "4750", "3176"]))
    for table in data.draw(st.lists(st.sampled_from(list(tables())), max_size=4)):
        names = [*tables()[table].fields["4750"], *tables()[table].fields["3176"], "{x}"]
        dossier.tables[table] = [Row(data.draw(st.dictionaries(st.sampled_from(names), VALUES, max_size=8)))]
    check(dossier)
    assert all(p.as_dict()["message"] for p in dossier.problems)


def test_numbers_of_130_have_no_leading_zero() -> None:
    codes = (("XML1", "MA_LOAI_KCB", "3"), ("XML1", "MA_DANTOC", "2"))
    assert ("code-unknown", "MA_LOAI_KCB") not in found(changed(*codes, edition="130"))
    assert ("code-unknown", "MA_DANTOC") not in found(changed(*codes, edition="130"))
    assert ("code-unknown", "MA_LOAI_KCB") in found(changed(*codes))


@pytest.mark.parametrize("origin", ["01929", "C.01929", "K.01929", "M.01929", "H.01929", "HC.01929"])
def test_a_drug_may_come_from_another_facility(origin: str) -> None:
    assert found(changed(("XML2", "MA_CSKCB_THUOC", origin))) == []


def test_a_key_too_long_to_be_kept_refuses_the_dossier() -> None:
    dossier = changed()
    dossier.ma_lk = "L" * 101
    assert ("long-episode", "MA_LK") in found(dossier)
    assert dossier.refused
