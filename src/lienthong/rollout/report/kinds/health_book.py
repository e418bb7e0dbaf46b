"""The half-yearly report on the electronic health book (Decision 2733/QĐ-BYT, part 8).

The counts that the decision asks for (six kinds of care, insured or not, episodes and episodes sent) lie in the units'
own systems; the hub sees none of them. They are named as missing, beside what the hub can compute by itself.
"""

from __future__ import annotations

from functools import cache, partial
from importlib import resources
from typing import Any

from lienthong.foundation import json
from lienthong.rollout.papers.paper import Annex, Column, Table
from lienthong.rollout.report import registry
from lienthong.rollout.report.kinds import annexes, assessment, results
from lienthong.rollout.report.kinds.kind import Kind, Part, Said
from lienthong.rollout.report.words import MISSING, day


@cache
def _data() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(
        resources.files("lienthong.rollout").joinpath("data", "health_book.json").read_bytes()
    )
    return found


def _span(said: Said) -> str:
    material = said.content.material
    halves = {(1, 1, 6, 30): "6 tháng đầu", (7, 1, 12, 31): "6 tháng cuối"}
    first, last = material.first, material.last
    half = halves.get((first.month, first.day, last.month, last.day))
    return (
        f"{half} năm {last.year}"
        if half and first.year == last.year
        else f"từ ngày {day(first)} đến ngày {day(last)}"
    )


def subject(said: Said) -> str:
    """The subject line."""
    return f"Kết quả triển khai Sổ sức khỏe điện tử {_span(said)}"


def opening(said: Said) -> list[str]:
    """The legal basis and the period."""
    lines = [f"Báo cáo này thay thế {said.replaces}."] if said.replaces else []
    return [
        *lines,
        f"Thực hiện {_data()['legal']} về việc thí điểm Sổ sức khỏe điện tử phục vụ tích hợp trên ứng"
        " dụng VNeID, Sở Y tế"
        f" báo cáo kết quả triển khai {_span(said)} trên địa bàn {said.area.province} (số liệu chốt đến"
        " hết ngày"
        f" {day(said.content.last)}) như sau:",
    ]


def sending(said: Said) -> list[str]:
    """Part I: that the counts asked for are not at the hub, and whose they are."""
    units = [unit.name for unit in said.content.material.units]
    return [
        "Số lượt khám bệnh, chữa bệnh và số lượt đã gửi dữ liệu lên Sổ sức khỏe điện tử do phần mềm của"
        " từng đơn vị gửi"
        " trực tiếp qua Cổng tiếp nhận dữ liệu của Bảo hiểm xã hội Việt Nam; hệ thống của Sở Y tế không"
        " lưu các số liệu này.",
        f"Chưa có số liệu của {results.listed(said, units)}.",
    ]


def sending_table(said: Said) -> list[Table]:
    """Table 1: six kinds of care, insured or not, episodes and episodes sent."""
    columns = (
        Column("TT", 10, "center"),
        Column("Loại hình", 47),
        Column("Có BHYT: số lượt", 27, "right"),
        Column("Có BHYT: đã gửi", 27, "right"),
        Column("Không BHYT: số lượt", 27, "right"),
        Column("Không BHYT: đã gửi", 27, "right"),
    )
    rows = tuple((str(place), label, *[MISSING] * 4) for place, label in enumerate(_data()["care"], 1))
    return [
        Table(
            columns,
            rows,
            "Bảng 1. Số lượt và số lượt đã gửi dữ liệu",
            f"Ghi chú: BHYT: bảo hiểm y tế. {_data()['care_source']} (chờ xác nhận).",
        )
    ]


def exchange(said: Said) -> list[str]:
    """Part II: what the hub computes by itself."""
    return [
        "Ngoài dữ liệu gửi lên Sổ sức khỏe điện tử, hồ sơ chuyển viện giữa các đơn vị và"
        f" {said.issuer.partner} được liên thông qua hệ thống của tỉnh:",
        *results.exchange(said, "I"),
    ]


def proposals(said: Said) -> list[str]:
    """Part IV."""
    return [
        "- Bộ Y tế, Bảo hiểm xã hội Việt Nam cung cấp cho Sở Y tế số lượt đã tiếp nhận theo từng đơn vị"
        " để đối chiếu"
        " với số lượt đã gửi."
    ]


def closing(said: Said) -> list[str]:
    """The last sentence."""
    return [
        f"Trên đây là kết quả triển khai Sổ sức khỏe điện tử {_span(said)}, Sở Y tế trân trọng báo cáo"
        " Bộ Y tế./."
    ]


def annex(said: Said) -> list[Annex]:
    """Annex I: the exchange of transfers by unit; annex II: difficulties."""
    return [
        Annex("I", f"Kết nối, liên thông dữ liệu với {said.issuer.partner}", annexes.exchange(said)),
        Annex("II", "Khó khăn, vướng mắc và đề xuất", annexes.difficulties(said)),
    ]


KIND = Kind(
    "health-book",
    "Báo cáo Sổ sức khỏe điện tử (6 tháng)",
    "Half-yearly report on the electronic health book",
    subject,
    registry.HEALTH_BOOK,
    (
        Part("opening", 0, "", opening),
        Part("I", 1, "I. KẾT QUẢ GỬI DỮ LIỆU LÊN SỔ SỨC KHỎE ĐIỆN TỬ", sending, sending_table),
        Part("II", 1, "II. LIÊN THÔNG HỒ SƠ CHUYỂN VIỆN", exchange),
        Part("III", 1, "III. KHÓ KHĂN, VƯỚNG MẮC", partial(assessment.difficulties, annex="II")),
        Part("IV", 1, "IV. ĐỀ XUẤT, KIẾN NGHỊ", proposals),
        Part("closing", 0, "", closing),
    ),
    annex,
    months=6,
)
