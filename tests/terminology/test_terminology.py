"""Names and editions of codes."""

from __future__ import annotations

from datetime import date

import pytest

from lienthong.foundation.json import loads
from lienthong.terminology import admin_unit, code_name, facility_name, icd10, known_codes
from lienthong.terminology.lists import content

BEFORE, AFTER = date(2025, 2, 1), date(2026, 9, 1)


def test_icd10_by_the_day() -> None:
    old, new = icd10("J18.9", date(2026, 6, 30)), icd10("J18.9", date(2026, 7, 1))
    assert old is not None
    assert new is not None
    assert (old.edition, new.edition) == ("VN-4469", "VN-TT06-2026")
    assert old.name_vi.startswith("Viêm phổi")
    assert old.name_en == "Pneumonia, unspecified"
    assert not old.main_forbidden


@pytest.mark.parametrize("code", ["G01*", "g01", " G01 "])
def test_icd10_spellings(code: str) -> None:
    disease = icd10(code, BEFORE)
    assert disease is not None
    assert (disease.code, disease.mark, disease.main_forbidden) == ("G01", "*", True)
    assert icd10("Z99999", BEFORE) is None


def test_names_in_both_languages() -> None:
    assert code_name("KET_QUA_DTRI", "4", BEFORE, "vi") == "Nặng hơn"
    assert code_name("KET_QUA_DTRI", "4", BEFORE, "en") == "Worse"
    assert code_name("MA_DANTOC", "02", BEFORE, "en") == "Tày"
    assert code_name("KET_QUA_DTRI", "99", BEFORE, "vi") is None
    assert code_name("NO_LIST", "1", BEFORE, "vi") is None
    assert known_codes("GIOI_TINH", BEFORE) == {"1", "2", "3"}


def test_lists_that_changed() -> None:
    assert code_name("MA_LOAI_KCB", "04", date(2026, 7, 31), "vi") == "Điều trị nội trú ban ngày"
    assert code_name("MA_LOAI_KCB", "04", date(2026, 8, 1), "vi") == "Điều trị ban ngày"
    assert code_name("MA_LOAI_KCB", "03", AFTER, "vi") == "Điều trị nội trú"
    assert code_name("MA_LOAI_KCB", "14", AFTER, "vi") == "Telehealth"
    assert code_name("MA_LOAI_KCB", "14", BEFORE, "vi") is None
    assert code_name("MA_DOITUONG_KCB", "1.3", BEFORE, "vi") == "Có giấy chuyển tuyến"
    assert code_name("MA_DOITUONG_KCB", "1.3", AFTER, "vi").startswith("Đến KCB có phiếu chuyển")


def test_every_small_list_has_both_languages_and_says_whose_words() -> None:
    for name, one in loads(content("insurance_lists.json")).items():
        assert one["source"], name
        assert one["confidence"], name
        assert one["vi"] in ("as the decisions word it, shortened", "own wording"), name
        assert one["codes"], name
        assert all(names["vi"] and names["en"] for names in one["codes"].values()), name


def test_administrative_units_before_and_after_the_merger() -> None:
    old, new = admin_unit("07615", date(2025, 6, 30)), admin_unit("07615", date(2025, 7, 1))
    assert old is not None
    assert new is not None
    assert (old.name_vi, old.district, old.province) == (
        "Thị trấn An Châu",
        "Huyện Sơn Động",
        "Tỉnh Bắc Giang",
    )
    assert (new.name_vi, new.province, new.edition) == ("Xã Sơn Động", "Tỉnh Bắc Ninh", "2026")
    district = admin_unit("220", AFTER)
    assert district is not None
    assert district.edition == "2024"
    assert admin_unit("99999", AFTER) is None


def test_facilities() -> None:
    assert facility_name("01929") == "Bệnh viện Bạch Mai"
    assert "Sơn Động" in (facility_name("24004") or "")
    assert facility_name("00000") is None
