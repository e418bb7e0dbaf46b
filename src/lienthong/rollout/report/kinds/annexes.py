"""Annexes I to V of the fortnightly report."""

from __future__ import annotations

from collections.abc import Sequence

from lienthong.rollout.papers.paper import Annex, Block, Column, Paragraph, Table
from lienthong.rollout.report import words
from lienthong.rollout.report.figures import Figure
from lienthong.rollout.report.kinds.kind import Said
from lienthong.rollout.report.material import ExchangeRow, UnitRow
from lienthong.rollout.report.words import EMR_STATE, HOSTING, LEVEL, MISSING, TASK_STATE, day_text, number

_MARK = "(*)"
_MARKED = f"{_MARK} Có số liệu chưa xác nhận."


def fortnight(said: Said) -> list[Annex]:
    """All six, also those without rows, so that numbers stay the same from report to report."""
    return [
        Annex("I", "Tình hình các đơn vị", units(said)),
        Annex("II", "Tiến độ thực hiện nhiệm vụ", tasks(said)),
        Annex("III", f"Kết nối, liên thông dữ liệu với {said.issuer.partner}", exchange(said)),
        Annex("IV", "Kinh phí, đấu thầu", money(said)),
        Annex("V", "Khó khăn, vướng mắc và đề xuất", difficulties(said)),
        Annex("VI", "Tổng hợp các chỉ tiêu", figures(said)),
    ]


def units(said: Said) -> tuple[Block, ...]:
    """Annex I: state of the units."""
    columns = (
        Column("TT", 8, "center"),
        Column("Đơn vị", 55),
        Column("Hạ tầng (mức)", 15, "center"),
        Column("HIS (mức)", 12, "center"),
        Column("LIS", 16, "center"),
        Column("RIS-PACS", 17, "center"),
        Column("Phần mềm BAĐT", 18, "center"),
        Column("Tình trạng BAĐT", 22),
        Column("Nơi đặt máy chủ", 19),
        Column("Chữ ký số đã cấp/cần cấp", 21, "center"),
        Column("Dự kiến hoàn thành", 19, "center"),
        Column("Thay đổi trong kỳ", 30),
    )
    changes = said.content.changes
    rows = tuple(
        (str(place), *_unit(row), "; ".join(changes.get(row.code, ())) or "Không")
        for place, row in enumerate(said.content.material.units, 1)
    )
    legend = (
        "BAĐT: bệnh án điện tử. LIS, RIS-PACS, BAĐT: chưa có, cơ bản, nâng cao (Thông tư 54/2017/TT-BYT)."
    )
    if any(_MARK in cell for row in rows for cell in row):
        legend += f" {_MARKED}"
    return (Table(columns, rows, note=f"Ghi chú: {legend}"),)


def _unit(row: UnitRow) -> tuple[str, ...]:
    return (
        row.name,
        _state(row, "infrastructure_level", {}),
        _state(row, "his_level", {}),
        _state(row, "lis", LEVEL),
        _state(row, "ris_pacs", LEVEL),
        _state(row, "emr", LEVEL),
        _state(row, "emr_state", EMR_STATE),
        _state(row, "hosting", HOSTING),
        _signatures(row),
        day_text(row.states.get("emr_planned_on", "")) or MISSING,
    )


def _state(row: UnitRow, key: str, labels: dict[str, str]) -> str:
    code = row.states.get(key)
    if code is None:
        return MISSING
    return labels.get(code, code) + (f" {_MARK}" if key in row.unconfirmed else "")


def _signatures(row: UnitRow) -> str:
    issued, needed = row.counts.get("signatures_issued"), row.counts.get("signatures_needed")
    if issued is None and needed is None:
        return MISSING
    mark = f" {_MARK}" if {"signatures_issued", "signatures_needed"} & set(row.unconfirmed) else ""
    return f"{_count(issued)}/{_count(needed)}{mark}"


def _count(value: int | None) -> str:
    return MISSING if value is None else number(value)


def tasks(said: Said) -> tuple[Block, ...]:
    """Annex II: tasks."""
    columns = (
        Column("TT", 9, "center"),
        Column("Nhiệm vụ", 62),
        Column("Văn bản giao", 34),
        Column("Chủ trì", 30),
        Column("Phối hợp", 28),
        Column("Thời hạn", 21, "center"),
        Column("Trạng thái", 24),
        Column("Kết quả", 25),
        Column("Lý do chậm", 19),
    )
    rows = tuple(
        (
            str(place),
            row.title,
            row.document or MISSING,
            row.lead or MISSING,
            row.partners,
            day_text(row.due) or "Chưa xác định",
            TASK_STATE.get(row.state, row.state),
            row.result or (MISSING if row.state in ("done", "done-late") else ""),
            row.reason or ("Chưa báo cáo" if row.state in ("overdue", "done-late") else ""),
        )
        for place, row in enumerate(said.content.material.tasks, 1)
    )
    return _or_missing(Table(columns, rows), "nhiệm vụ")


def exchange(said: Said) -> tuple[Block, ...]:
    """Annex III: exchange, computed from traffic."""
    columns = (
        Column("TT", 10, "center"),
        Column("Đơn vị", 70),
        Column("Kết nối từ ngày", 26, "center"),
        Column("Hồ sơ gửi trong kỳ", 22, "right"),
        Column("Được tiếp nhận", 22, "right"),
        Column("Bị từ chối", 20, "right"),
        Column("Đang chờ", 18, "right"),
        Column("Lỗi gặp nhiều nhất", 42),
        Column("Lũy kế", 22, "right"),
    )
    found = said.content.material.exchange
    rows = tuple(
        (
            str(place),
            row.name,
            _since(row, said.content.last.isoformat()),
            *(number(value) for value in (row.sent, row.accepted, row.rejected, row.waiting)),
            row.top_error,
            number(row.cumulated),
        )
        for place, row in enumerate(found, 1)
    )
    added = [
        number(sum(getattr(row, name) for row in found))
        for name in ("sent", "accepted", "rejected", "waiting", "cumulated")
    ]
    table = Table(
        columns,
        rows,
        note=f"Ghi chú: lũy kế từ ngày {day_text(said.issuer.exchange_since)}. Số liệu do hệ thống tính"
        " từ gói tin và"
        " biên nhận điện tử, không nhập tay.",
        totals=("", "Cộng", "", *added[:4], "", added[4]),
    )
    return _or_missing(table, "kết nối, liên thông")


def _since(row: ExchangeRow, closing: str) -> str:
    if row.since and row.since <= closing:
        return day_text(row.since)
    return "Đã kết nối" if row.received else "Chưa kết nối"


def money(said: Said) -> tuple[Block, ...]:
    """Annex IV: budget and tenders."""
    columns = (
        Column("TT", 9, "center"),
        Column("Đơn vị", 48),
        Column("Hạng mục", 50),
        Column("Dự toán (đồng)", 28, "right"),
        Column("Nguồn kinh phí", 27),
        Column("Giai đoạn", 26),
        Column("Nhà thầu", 27),
        Column("Hết hạn hợp đồng", 20, "center"),
        Column("Sự cố chưa khắc phục", 17, "right"),
    )
    found = said.content.material.money
    rows = tuple(
        (
            str(place),
            row.name,
            row.item,
            _count(row.estimate),
            row.funding or MISSING,
            row.stage or MISSING,
            row.contractor or "Chưa có",
            day_text(row.contract_end),
            "" if row.open_faults is None else number(row.open_faults),
        )
        for place, row in enumerate(found, 1)
    )
    known = [row.estimate for row in found if row.estimate is not None]
    totals = ("", "Cộng", "", number(sum(known)), "", "", "", "", "") if known else ()
    return _or_missing(Table(columns, rows, totals=totals), "kinh phí, đấu thầu")


def difficulties(said: Said) -> tuple[Block, ...]:
    """Annex V: difficulties."""
    columns = (
        Column("TT", 9, "center"),
        Column("Đơn vị", 42),
        Column("Nội dung", 56),
        Column("Nguyên nhân", 42),
        Column("Đề xuất", 46),
        Column("Kiến nghị với", 29),
        Column("Trả lời, xử lý", 28),
    )
    rows = tuple(
        (
            str(place),
            row.name or "Chung toàn tỉnh",
            row.content,
            row.cause or "Chưa nêu",
            row.proposal or "Không",
            row.to_whom,
            row.answer or "Chưa có",
        )
        for place, row in enumerate(said.content.material.difficulties, 1)
    )
    return _or_missing(Table(columns, rows), "khó khăn, vướng mắc")


def figures(said: Said) -> tuple[Block, ...]:
    """Annex VI: every figure with previous period, difference, target, and the units that gave no data."""
    columns = (
        Column("TT", 9, "center"),
        Column("Chỉ tiêu", 58),
        Column("Đơn vị tính", 19, "center"),
        Column("Kỳ này", 25, "right"),
        Column("Kỳ trước", 25, "right"),
        Column("Tăng, giảm", 13, "right"),
        Column("Mục tiêu", 38),
        Column("Đơn vị chưa có số liệu", 65),
    )
    whole = len(said.content.material.units)
    rows = tuple(
        (
            str(place),
            one.vi,
            words.cell_unit(one.unit),
            marked(one),
            words.cell(one.previous, one.unit),
            words.difference(one.difference, one.unit),
            _target(one),
            f"Cả {number(whole)} đơn vị" if len(one.missing) == whole else words.units(one.missing),
        )
        for place, one in enumerate(said.content.figures, 1)
    )
    return (Table(columns, rows, note=legend(said, said.content.figures)),)


def marked(one: Figure) -> str:
    """The value, with a mark when something in it is not confirmed."""
    return words.cell(one.value, one.unit) + (f" {_MARK}" if one.doubtful and one.value is not None else "")


def legend(said: Said, figures: Sequence[Figure]) -> str:
    """The note below a table of figures."""
    told = f"Ghi chú: {compared(said)}; dấu “–”: không có số để so sánh hoặc không đặt mục tiêu."
    return f"{told} {_MARKED}" if any(one.doubtful and one.value is not None for one in figures) else told


def compared(said: Said) -> str:
    """What “kỳ trước” is, in words."""
    before = said.content.before
    if before.number:
        return f"“Kỳ trước”: số liệu tại Báo cáo số {before.number} ngày {day_text(before.day)}"
    return f"“Kỳ trước”: số liệu tại thời điểm {day_text(before.last)}, khi chưa có báo cáo kỳ trước"


def _target(one: Figure) -> str:
    goal = one.target
    if goal is None:
        return words.FIRST
    by = f" đến ngày {day_text(goal.by)}" if goal.by else ""
    return f"{words.cell(goal.value, one.unit)}{by} ({goal.source})"


def _or_missing(table: Table, what: str) -> tuple[Block, ...]:
    if table.rows:
        return (table,)
    return (Paragraph(f"{words.sentence(MISSING)} về {what} trong kỳ."),)
