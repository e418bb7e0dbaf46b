"""The December report of levels (Circular 54/2017/TT-BYT): the province's tables, a comment under each.

The layout of the tables is of confidence B: it follows published summaries, not the official form.
"""

from __future__ import annotations

from collections import Counter

from lienthong.rollout.papers.paper import Annex, Block, Column, Paragraph, Table
from lienthong.rollout.report import registry, words
from lienthong.rollout.report.kinds.kind import Kind, Part, Said
from lienthong.rollout.report.kinds.results import listed
from lienthong.rollout.report.material import CriterionRow, UnitRow
from lienthong.rollout.report.words import LEVEL, MISSING, day, day_text, number, share, two

_SHORT = {"province": "Tỉnh", "district": "TTYT", "commune": "Xã"}
_NUMBERED = ("I", "III")
_LEVELS = ("7", "6", "5", "4", "3", "2", "1", "0")
_STEPS = ("advanced", "basic", "none")


def subject(said: Said) -> str:
    """The subject line."""
    return (
        "Kết quả xác định mức ứng dụng công nghệ thông tin của các cơ sở khám bệnh, chữa bệnh"
        f" năm {said.content.last.year}"
    )


def opening(said: Said) -> list[str]:
    """The legal basis and the closing."""
    lines = [f"Báo cáo này thay thế {said.replaces}."] if said.replaces else []
    return [
        *lines,
        "Thực hiện Thông tư số 54/2017/TT-BYT ngày 29/12/2017 của Bộ trưởng Bộ Y tế ban hành Bộ tiêu chí"
        " ứng dụng"
        " công nghệ thông tin tại các cơ sở khám bệnh, chữa bệnh, Sở Y tế báo cáo kết quả xác định mức"
        " của các đơn vị"
        f" trên địa bàn {said.area.province} (số liệu chốt đến hết ngày {day(said.content.last)}) như sau:",
    ]


def tiers(said: Said) -> list[str]:
    """How many facilities there are."""
    return [
        f"{said.area.scope} có {number(len(said.content.material.units))} cơ sở khám bệnh, chữa bệnh"
        " công lập (Bảng 1). Danh sách"
        " và mức của từng đơn vị tại Phụ lục I."
    ]


def tiers_table(said: Said) -> list[Table]:
    """Table 1: facilities by tier."""
    units = said.content.material.units
    counted = Counter(unit.tier for unit in units)
    rows = tuple(
        (str(place), label, number(counted[tier]))
        for place, (tier, label) in enumerate(said.area.tiers.items(), 1)
    )
    columns = (Column("TT", 15, "center"), Column("Tuyến", 100), Column("Số cơ sở", 50, "right"))
    return [
        Table(
            columns,
            rows,
            "Bảng 1. Số lượng cơ sở theo tuyến",
            "Nhận xét: chỉ gồm các đơn vị thuộc Sở Y tế quản lý; trạm y tế xã thuộc trung tâm y tế,"
            " không tính riêng.",
            ("", "Cộng", number(len(units))),
        )
    ]


def reached(said: Said) -> list[str]:
    """Who has an overall level, and who has none."""
    units = said.content.material.units
    absent = [unit.name for unit in units if unit.overall is None]
    lines = [
        f"{two(len(units) - len(absent))}/{number(len(units))} đơn vị đã tự đánh giá đủ các nhóm tiêu"
        " chí để xác định"
        " mức chung (Bảng 2). Mức chung chỉ được xác định từ kết quả đánh giá theo từng tiêu chí, không"
        " suy ra từ mức HIS."
        if len(absent) < len(units)
        else f"Chưa có đơn vị nào trong {number(len(units))} đơn vị gửi kết quả tự đánh giá đủ các nhóm"
        " tiêu chí, nên chưa"
        " xác định được mức chung. Mức chung không suy ra từ mức HIS."
    ]
    if absent and len(absent) < len(units):
        lines.append(f"Chưa có số liệu về mức chung của {listed(said, absent)}.")
    return lines


def reached_tables(said: Said) -> list[Table]:
    """Tables 2 and 3: overall level, and the level of each group."""
    units = said.content.material.units
    overall = Counter("" if unit.overall is None else str(unit.overall) for unit in units)
    rows = [
        (f"Mức {at}" if at != "0" else "Chưa đạt mức 1", number(overall[at]), share(overall[at], len(units)))
        for at in _LEVELS
    ]
    rows.append(("Chưa có số liệu", number(overall[""]), share(overall[""], len(units))))
    columns = (Column("Mức chung", 85), Column("Số đơn vị", 40, "right"), Column("Tỷ lệ", 40, "right"))
    return [
        Table(
            columns,
            tuple(rows),
            "Bảng 2. Tổng hợp mức chung của các đơn vị",
            "Nhận xét: một đơn vị đạt một mức khi đáp ứng tất cả tiêu chí của mức đó và các mức dưới"
            " (Điều 4 khoản 3).",
            ("Cộng", number(len(units)), "100%"),
        ),
        _groups(said),
    ]


def _groups(said: Said) -> Table:
    units = said.content.material.units
    rows = []
    for group, (label, _) in registry.GROUPS.items():
        values = [unit.levels.get(group) for unit in units]
        if all(value is None for value in values) and group == "VIII":
            continue
        codes = _LEVELS if group in _NUMBERED else _STEPS
        found = Counter(value for value in values if value is not None)
        told = "; ".join(
            f"{_level(group, code).lower()}: {number(found[code])}" for code in codes if found[code]
        )
        absent = sum(value is None for value in values)
        rows.append((group, words.sentence(label), told or MISSING, number(absent)))
    columns = (
        Column("Nhóm", 14, "center"),
        Column("Tên nhóm tiêu chí", 52),
        Column("Số đơn vị theo mức", 71),
        Column("Chưa có số liệu", 28, "right"),
    )
    return Table(
        columns,
        tuple(rows),
        "Bảng 3. Mức đạt được theo từng nhóm tiêu chí",
        "Nhận xét: mức của nhóm theo kết quả Sở Y tế thẩm định; nếu chưa thẩm định thì theo đơn vị tự"
        " đánh giá, sau đó là"
        " số đơn vị khai.",
    )


def _level(group: str, code: str) -> str:
    if group in _NUMBERED:
        return f"Mức {code}" if code != "0" else "Chưa đạt mức 1"
    return LEVEL.get(code, code)


def comments(said: Said) -> list[str]:
    """What the tables say together."""
    units = said.content.material.units
    doubtful = [unit.name for unit in units if unit.unconfirmed]
    lines = []
    his = Counter(unit.states["his_level"] for unit in units if "his_level" in unit.states)
    if his:
        told = ", ".join(f"mức {at}: {two(his[at])} đơn vị" for at in _LEVELS if his[at])
        lines.append(f"Theo nhóm tiêu chí HIS: {told}.")
    rows = said.content.material.criteria
    if any(not row.confirmed for row in rows):
        lines.append(
            f"{number(sum(not row.confirmed for row in rows))}/{number(len(rows))} tiêu chí dùng để đánh"
            " giá trên hệ thống"
            " đang chờ đối chiếu với văn bản gốc, được đánh dấu (*) khi có trong Phụ lục II."
        )
    if doubtful:
        lines.append(f"Số liệu khai có nội dung chưa xác nhận: {listed(said, doubtful)}.")
    return lines or ["Chưa có số liệu để nhận xét."]


def proposals(said: Said) -> list[str]:
    """What is asked for."""
    return [
        "- Bộ Y tế công bố mức của các cơ sở theo kết quả báo cáo; thông báo trường hợp phải xác định"
        " lại (Điều 5 khoản"
        " 3 Thông tư 54/2017/TT-BYT)."
    ]


def closing(said: Said) -> list[str]:
    """The last sentence."""
    return [
        "Trên đây là kết quả xác định mức ứng dụng công nghệ thông tin của các cơ sở khám bệnh, chữa bệnh năm"
        f" {said.content.last.year}, Sở Y tế trân trọng báo cáo Bộ Y tế./."
    ]


def annexes(said: Said) -> list[Annex]:
    """Annex I: facilities with their level; annex II: criteria of each group, with the share that meets them."""
    found = [Annex("I", "Danh sách cơ sở và mức đạt được", (_facilities(said),))]
    groups = [group for group in registry.GROUPS if _of(said, group)]
    silent = [group for group in groups if not any(row.assessed for row in _of(said, group))]
    blocks: list[Block] = [_criteria(said, group) for group in groups if group not in silent]
    if silent:
        blocks.append(
            Paragraph(
                f"Chưa có số liệu về tỷ lệ đáp ứng từng tiêu chí của các nhóm {', '.join(silent)}: chưa"
                " có đơn vị nào gửi"
                " kết quả đánh giá."
            )
        )
    return [*found, Annex("II", "Tỷ lệ đơn vị đáp ứng từng tiêu chí", tuple(blocks))]


def _facilities(said: Said) -> Table:
    columns = (
        Column("TT", 9, "center"),
        Column("Đơn vị", 58),
        Column("Tuyến", 20, "center"),
        *(Column(f"Nhóm {group}", 15, "center") for group in registry.GROUPS),
        Column("Mức chung", 17, "center"),
        Column("Quyết định xác định mức", 28),
    )
    rows = tuple(
        (
            str(place),
            unit.name,
            _SHORT.get(unit.tier, ""),
            *(_short(unit, group) for group in registry.GROUPS),
            "–" if unit.overall is None else str(unit.overall),
            _decision(unit),
        )
        for place, unit in enumerate(said.content.material.units, 1)
    )
    legend = "; ".join(f"{group}: {label}" for group, (label, _) in registry.GROUPS.items())
    return Table(
        columns,
        rows,
        note=f"Nhận xét: TTYT: trung tâm y tế; nhóm {legend}. NC: nâng cao; CB: cơ bản; 0: chưa có hoặc"
        f" chưa đạt mức 1; dấu “–”: {MISSING}.",
    )


def _short(unit: UnitRow, group: str) -> str:
    value = unit.levels.get(group)
    return "–" if value is None else {"advanced": "NC", "basic": "CB", "none": "0"}.get(value, value)


def _decision(unit: UnitRow) -> str:
    if not unit.level_document:
        return MISSING
    return unit.level_document + (f" ngày {day_text(unit.level_day)}" if unit.level_day else "")


def _of(said: Said, group: str) -> list[CriterionRow]:
    return [row for row in said.content.material.criteria if row.group == group]


def _criteria(said: Said, group: str) -> Table:
    columns = (
        Column("TT", 14, "center"),
        Column("Tiêu chí", 142),
        Column("Mức", 24, "center"),
        Column("Số đơn vị đáp ứng/đã đánh giá", 42, "center"),
        Column("Tỷ lệ", 30, "right"),
    )
    found = _of(said, group)
    rows = tuple(
        (
            row.number or str(place),
            row.text + ("" if row.confirmed else " (*)"),
            _level(group, row.level),
            f"{number(row.met)}/{number(row.assessed)}" if row.assessed else MISSING,
            share(row.met, row.assessed) or MISSING,
        )
        for place, row in enumerate(found, 1)
    )
    assessed = max((row.assessed for row in found), default=0)
    note = f"Nhận xét: {two(assessed)} đơn vị đã đánh giá nhóm này."
    if any(not row.confirmed for row in found):
        note += " (*) Nội dung hoặc mức của tiêu chí chờ xác nhận theo văn bản gốc."
    return Table(columns, rows, f"Nhóm {group}. {words.sentence(registry.GROUPS[group][0])}", note)


KIND = Kind(
    "levels",
    "Báo cáo mức ứng dụng CNTT (tháng 12)",
    "Yearly report of levels (December)",
    subject,
    registry.LEVELS,
    (
        Part("opening", 0, "", opening),
        Part("I", 1, "I. SỐ LƯỢNG CƠ SỞ", tiers, tiers_table),
        Part("II", 1, "II. KẾT QUẢ XÁC ĐỊNH MỨC", reached, reached_tables),
        Part("III", 1, "III. NHẬN XÉT", comments),
        Part("IV", 1, "IV. ĐỀ XUẤT, KIẾN NGHỊ", proposals),
        Part("closing", 0, "", closing),
    ),
    annexes,
    months=12,
)
