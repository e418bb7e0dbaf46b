"""Tables within the text."""

from __future__ import annotations

from lienthong.rollout.papers import Column, Table
from lienthong.rollout.report import words
from lienthong.rollout.report.figures import Figure
from lienthong.rollout.report.kinds.kind import Said

_COLUMNS = (
    Column("TT", 9, "center"),
    Column("Chỉ tiêu", 54),
    Column("Đơn vị tính", 18, "center"),
    Column("Kỳ này", 20, "right"),
    Column("Kỳ trước", 20, "right"),
    Column("Tăng, giảm", 18, "right"),
    Column("Mục tiêu", 26, "right"),
)


def summary(said: Said) -> list[Table]:
    """Table 1: every brief figure with value, previous period, difference and target."""
    rows = [
        (str(place), *_row(figure))
        for place, figure in enumerate((one for one in said.content.figures if one.brief), 1)
    ]
    before = said.content.before
    compared = (
        f"“Kỳ trước”: số liệu tại Báo cáo số {before.number} ngày {words.day_text(before.day)}"
        if before.number
        else f"“Kỳ trước”: số liệu tại thời điểm {words.day_text(before.last)}, khi chưa có báo cáo kỳ trước"
    )
    return [
        Table(
            _COLUMNS,
            tuple(rows),
            "Bảng 1. Các chỉ tiêu chủ yếu",
            f"Ghi chú: {compared}; dấu “–”: không có số để so sánh hoặc không đặt mục tiêu.",
        )
    ]


def _row(figure: Figure) -> tuple[str, str, str, str, str, str]:
    goal = figure.target
    by = f" ({words.day_text(goal.by)})" if goal and goal.by else ""
    unit = "" if figure.unit == "đồng" else figure.unit
    return (
        figure.vi,
        unit or "đồng",
        words.amount(figure.value, figure.unit),
        words.amount(figure.previous, figure.unit),
        words.difference(figure.difference, figure.unit),
        f"{words.amount(goal.value, figure.unit)}{by}" if goal else words.FIRST,
    )
