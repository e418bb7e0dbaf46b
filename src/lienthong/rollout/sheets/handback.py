"""The rows that could not be taken, as a workbook to mend and bring again."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from lienthong.facilities import directory
from lienthong.foundation.errors import Problem
from lienthong.rollout import facts
from lienthong.rollout.facts import Fact
from lienthong.rollout.sheets import columns, export, guide, values
from lienthong.rollout.sheets.columns import Shown
from lienthong.rollout.sheets.export import Line
from lienthong.rollout.sheets.preview import Preview, untouched
from lienthong.rollout.sheets.reading import Row
from lienthong.rollout.sheets.values import Raw


def workbook(found: Preview, on: date) -> bytes:
    """The rows with a fault, just as they were typed.

    Args:
        on: the day that the workbook names for all rows.
    """
    known = facts.values(on)
    lines = [_line(row, known) for row in found.held]
    title = "Các dòng chưa ghi được: sửa ô màu đỏ rồi nộp lại tệp này"
    return export.written(lines, on, known, title=title)


def _line(row: Row, known: dict[tuple[str, str], Fact]) -> Line:
    by_place = {cell.place: key for key, cell in row.cells.items()}
    faults: defaultdict[str, list[Problem]] = defaultdict(list)
    for place, problem in row.faults:
        faults[by_place.get(place, "")].append(problem)
    cells = {key: _typed(cell.raw) for key, cell in row.cells.items() if not untouched(cell)}
    for key in {cell.name for cell in columns.every()} - cells.keys():
        if (row.unit, key) in known:
            cells[key] = columns.shown(facts.KEYS[key], known[row.unit, key].value)
    return Line(row.unit, _name(row), row.since, row.source, cells, faults=dict(faults))


def _name(row: Row) -> str:
    if row.unit == facts.PROVINCE:
        return guide.PROVINCE
    return directory.name(row.unit, row.since, "vi") if row.unit else row.called


def _typed(raw: Raw) -> Shown:
    if isinstance(raw, date):
        return Shown(raw, "dd/mm/yyyy")
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return Shown(values.text(raw))
    return Shown(raw)
