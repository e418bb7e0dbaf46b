"""Numbers, money, lists of units as a Vietnamese office writes them; what names a person."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.rollout.report import guard, words


@pytest.mark.parametrize(
    ("value", "text"), [(2416, "2.416"), (0, "0"), (-1658, "-1.658"), (Decimal("12.5"), "12,5"), (999, "999")]
)
def test_numbers(value: int | Decimal, text: str) -> None:
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (950_000, "950.000 đồng"),
        (810_000_000, "810 triệu đồng"),
        (2_400_000_000, "2,4 tỷ đồng"),
        (292_600_000_000, "292,6 tỷ đồng"),
        (1_234_567_890_000, "1.234,57 tỷ đồng"),
    ],
)
def test_money(value: int, text: str) -> None:
    assert words.money(value) == text


@given(st.integers(0, 10**9))
def test_a_number_reads_back(value: int) -> None:
    assert int(words.number(value).replace(".", "")) == value
    assert int(words.two(value).replace(".", "")) == value


def test_a_missing_figure_is_never_nought() -> None:
    assert words.amount(None, "máy") == "chưa có số liệu"
    assert words.amount(0, "máy") == "0"
    assert words.difference(None) == "–"
    assert (words.difference(3), words.difference(-1_000), words.difference(0)) == ("+3", "-1.000", "0")


def test_units_of_a_kind_stand_together() -> None:
    found = ["Trung tâm Y tế huyện A", "Bệnh viện B", "Bệnh viện C", "Trạm D"]
    assert words.units(found) == "các Bệnh viện: B, C; Trung tâm Y tế huyện A; Trạm D"


def test_shares_have_one_place() -> None:
    assert (words.share(4, 17), words.share(17, 17), words.share(1, 0)) == ("23,5%", "100%", "")


@pytest.mark.parametrize(
    "text",
    [
        "đã chuyển 024185000123 lên tuyến trên",
        "thẻ DN4240123456789 hết hạn",
        "liên hệ 0912 345 678",
        "bệnh nhân Giáp Thị Ngân chờ kết quả",
        "người bệnh Trần Văn Sáu",
        "Mã BN: 12345",
        "số hồ sơ 2025/00123",
    ],
)
def test_what_names_a_person_is_seen(text: str) -> None:
    assert guard.identifying(text)


@pytest.mark.parametrize(
    "text",
    [
        "Toàn tỉnh có 25 máy chủ, 2.416 máy tính và 1.658 máy in.",
        "Kinh phí 12.500.000.000 đồng; 10,96 tỷ đồng",
        "Kế hoạch số 15/KH-SYT ngày 21/02/2025",
        "Bệnh viện Tâm thần Bắc Giang; người bệnh được chuyển viện",
        "Thông tư 54/2017/TT-BYT; Nghị quyết 202/2025/QH15",
    ],
)
def test_counts_names_of_units_and_documents_pass(text: str) -> None:
    assert guard.identifying(text) is None
