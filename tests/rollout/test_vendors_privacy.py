"""Numbers that name a person never reach a vendor; ordinary text of a fault does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.foundation.errors import LienThongError
from lienthong.rollout.vendors.privacy import check, names_a_person

WORDS = st.text(st.characters(exclude_categories=("Nd", "Cs")), max_size=40)


@given(WORDS, st.from_regex(r"0[0-9]{11}", fullmatch=True), WORDS)
def test_a_citizen_number_is_found_in_any_text(before: str, number: str, after: str) -> None:
    assert names_a_person(before + number + after)


@given(WORDS, st.from_regex(r"[0-9]{12,20}", fullmatch=True), WORDS)
def test_so_is_any_longer_run(before: str, number: str, after: str) -> None:
    assert names_a_person(before + number + after)


@given(st.lists(WORDS | st.integers(0, 9999).map(str), max_size=8).map("|".join))
def test_text_without_long_numbers_passes(text: str) -> None:
    assert not names_a_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "bệnh nhân 024085001234",
        "024 085 001 234 không in được phiếu",
        "024.085.001.234",
        "0240 8500 1234",
        "thẻ DN4240112345678",
        "thẻ GD 4 24 01 123 45678 hết hạn",
        "mã BHXH 2412345678",
        "CMND 121234567",
    ],
)
def test_numbers_as_people_write_them(text: str) -> None:
    with pytest.raises(LienThongError) as caught:
        check("text", text)
    problem = caught.value.problem
    assert problem.code == "ticket-personal-number"
    assert problem.where == {"field": "text"}
    told = " ".join([problem.vi, problem.en, problem.hint_vi, problem.hint_en])
    assert not any(digits in told for digits in ("024", "12345"))


@pytest.mark.parametrize(
    "text",
    [
        "Lỗi ORA-01017 lúc 08:15 ngày 18/02/2025",
        "Mất kết nối từ 2025-02-18 08:30:15",
        "Gọi lại số 0912345678 hoặc 0204 3856 789, +84912345678",
        "Chậm: 2.400.000 bản ghi, phiên bản 4.12.1.20250218",
        "Mã lỗi 0x80070005 ở máy 192.168.10.25",
        "Gói 240.000.000.000 đồng",
    ],
)
def test_ordinary_faults_pass(text: str) -> None:
    check("text", text)
