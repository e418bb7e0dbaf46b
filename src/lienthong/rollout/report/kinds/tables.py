"""Tables within the text."""

from __future__ import annotations

from lienthong.rollout.papers.paper import Column, Table
from lienthong.rollout.report import words
from lienthong.rollout.report.figures import Figure
from lienthong.rollout.report.kinds import annexes
from lienthong.rollout.report.kinds.kind import Said

_COLUMNS = (
    Column("TT", 9, "center"),
    Column("Chỉ tiêu", 48),
    Column("Đơn vị tính", 19, "center"),
    Column("Kỳ này", 27, "right"),
    Column("Kỳ trước", 27, "right"),
    Column("Tăng, giảm", 13, "right"),
    Column("Mục tiêu", 22, "right"),
)


def summary(said: Said) -> list[Table]:
    """Table 1: every brief figure with value, previous period, difference and target."""
    figures = [one for one in said.content.figures if one.brief]
    rows = tuple((str(place), *_row(figure)) for place, figure in enumerate(figures, 1))
    return [Table(_COLUMNS, rows, "Bảng 1. Các chỉ tiêu chủ yếu", annexes.legend(said, figures))]


def _row(figure: Figure) -> tuple[str, str, str, str, str, str]:
    goal = figure.target
    by = f"\n({words.day_text(goal.by)})" if goal and goal.by else ""
    return (
        figure.vi,
        words.cell_unit(figure.unit),
        annexes.marked(figure),
        words.cell(figure.previous, figure.unit),
        words.difference(figure.difference, figure.unit),
        f"{words.cell(goal.value, figure.unit)}{by}" if goal else words.FIRST,
    )
