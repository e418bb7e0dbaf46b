"""Reads a workbook of facts: which unit, which fact, from which day, in which cell; and what is wrong where.

Takes our own form and tables that officers make themselves: heads merged over several rows, columns in any order,
names in place of codes, sums below. An empty cell says nothing; ``xóa`` withdraws a fact.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, cast

from openpyxl.utils import get_column_letter

from lienthong.foundation.errors import LienThongError, Problem
from lienthong.rollout import facts
from lienthong.rollout.sheets import archive, columns, fonts, names, values
from lienthong.rollout.sheets.names import Names
from lienthong.rollout.sheets.values import Raw

_HEAD_ROWS = 25
_HEADS = {
    "code": {"ma", "ma don vi", "ma cskcb", "ma co so", "ma co so kcb", "code"},
    "name": {"ten", "ten don vi", "don vi", "ten co so", "co so", "co so kcb", "unit", "name"},
    "since": {"ap dung tu ngay", "co hieu luc tu", "tu ngay", "ngay ap dung", "since"},
    "source": {"nguon so lieu", "nguon", "source"},
}
_ALL = {"ngay ap dung chung": "since", "nguon chung": "source"}
_LONGEST_SOURCE = 200


@dataclass(frozen=True, slots=True)
class Cell:
    """One value: its place (``F7``), what was typed, and its fact's text; None while that is not right.

    ``base``: what the export had put there; None where the workbook does not say.
    """

    place: str
    raw: Raw
    text: str | None
    base: str | None = None


@dataclass(slots=True)
class Row:
    """A row: whose (empty: not clear), from which day, source, cells by fact; faults as place and problem."""

    sheet: str
    number: int
    unit: str
    called: str
    since: date
    source: str
    cells: dict[str, Cell] = field(default_factory=dict)
    faults: list[tuple[str, Problem]] = field(default_factory=list)


@dataclass(slots=True)
class Read:
    """A workbook as read. ``ours``: whether it was exported here; ``ignored``: headings that are no fact."""

    rows: list[Row] = field(default_factory=list)
    ours: bool = False
    ignored: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Head:
    row: int
    facts: dict[int, str]
    about: dict[str, int]


@dataclass(frozen=True, slots=True)
class _Place:
    """A cell while it is read: what was typed, and what a formula gave."""

    typed: Raw
    computed: Raw
    formula: bool
    fault: bool
    font: str


_NONE = _Place(None, None, False, False, "")
Grid = dict[tuple[int, int], _Place]


def read(data: bytes, known: Names, today: date) -> Read:
    """A workbook's rows with everything that is wrong in them.

    Args:
        known: the units, see :func:`lienthong.rollout.sheets.names.known`.
        today: from when a value holds where the workbook does not say.

    Raises:
        LienThongError: those of :func:`lienthong.rollout.sheets.archive.opened`, ``sheet-no-table``,
            ``sheet-old-font``, ``sheet-other-edition``, ``sheet-two-columns``, ``sheet-no-day``.
    """
    with archive.opened(data) as books:
        try:
            grids = {name: _grid(books, name) for name in books.typed.sheetnames}
        except LienThongError:
            raise
        except Exception as error:  # a damaged sheet breaks openpyxl while its rows are read
            raise LienThongError(archive.damaged()) from error
    base = _base(grids.pop(columns.MARK, {}))
    found = Read(ours=base is not None)
    tables = 0
    for name, grid in grids.items():
        if name in (columns.GUIDE, columns.LISTS):
            continue
        _refuse_old_fonts(name, grid)
        head = _head(grid)
        if head is not None:
            tables += 1
            _table(found, name, grid, head, known, base or {}, today)
    if not tables:
        raise LienThongError(_no_table())
    _twice(found.rows)
    return found


def _grid(books: archive.Opened, name: str) -> Grid:
    limits = {"max_row": archive.ROWS + 1, "max_col": archive.COLUMNS}
    typed, computed = books.typed[name], books.computed[name]
    if not hasattr(typed, "iter_rows"):  # a sheet that is only a chart
        return {}
    found: Grid = {}
    for row, (cells, results) in enumerate(
        zip(typed.iter_rows(**limits), computed.iter_rows(**limits), strict=False), 1
    ):
        for column, (cell, result) in enumerate(zip(cells, results, strict=False), 1):
            if cell.value is None:
                continue
            if row > archive.ROWS:
                raise LienThongError(archive.too_large(f"{archive.ROWS} dòng", f"{archive.ROWS} rows"))
            found[row, column] = _place(cell, result)
    return found


def _place(cell: Any, result: Any) -> _Place:
    text = isinstance(cell.value, str)
    formula = cell.data_type == "f"
    computed = result.value if formula else cell.value
    fault = result.data_type == "e"
    font = str(cell.font.name or "") if text and not formula and not cell.value.isascii() else ""
    return _Place(cast(Raw, cell.value), cast(Raw, computed), formula, fault, font)


def _base(mark: Grid) -> dict[tuple[str, str], str] | None:
    """What the export had in its cells, by unit and fact; None when this is no export."""
    if values.text(mark.get((1, 1), _NONE).typed) != "lienthong-units":
        return None
    edition = values.text(mark.get((1, 2), _NONE).typed)
    if edition != columns.EDITION:
        raise LienThongError(_other_edition(edition))
    rows = {row for row, column in mark if row > 1 and column == 1}
    parts = {row: [values.text(mark.get((row, c), _NONE).typed) for c in (1, 2, 3)] for row in rows}
    return {(unit, key): values.unsafe(value) for unit, key, value in parts.values()}


def _head(grid: Grid) -> _Head | None:
    """Where the table begins: the row with the most headings of facts, each column's heading there or above it."""
    rows: dict[int, int] = {}
    for (row, _column), place in grid.items():
        if row <= _HEAD_ROWS and isinstance(place.typed, str) and columns.by_heading(place.typed):
            rows[row] = rows.get(row, 0) + 1
    if not rows:
        return None
    last = max(rows, key=lambda row: (rows[row], row))
    found: dict[int, str] = {}
    about: dict[str, int] = {}
    for (row, column), place in sorted(grid.items(), key=lambda cell: (-cell[0][0], cell[0][1])):
        own = row == last or (last, column) not in grid
        if row > last or not own or not isinstance(place.typed, str):
            continue
        heading = columns.plain(place.typed)
        what = next((what for what, words in _HEADS.items() if heading in words), None)
        if what is not None:
            about.setdefault(what, column)
        elif column not in found and (key := columns.by_heading(place.typed)):
            found[column] = key
    if not found or not about.keys() & {"code", "name"}:
        return None
    return _Head(last, {c: key for c, key in found.items() if c not in about.values()}, about)


def _table(
    found: Read,
    sheet: str,
    grid: Grid,
    head: _Head,
    known: Names,
    base: dict[tuple[str, str], str],
    today: date,
) -> None:
    whole = _for_all(sheet, grid, head, today)
    for (at, column), place in sorted(grid.items()):
        heading = isinstance(place.typed, str) and at == head.row
        if heading and column not in head.facts and column not in head.about.values():
            found.ignored.append((f"{get_column_letter(column)}{at}", values.text(place.typed)[:80]))
    seen: dict[str, int] = {}
    for column, key in head.facts.items():
        if key in seen:
            problem = _two_columns(columns.heading(facts.KEYS[key]), seen[key])
            raise LienThongError(_fault(sheet, head.row, column, problem)[1])
        seen[key] = column
    for number in sorted({row for row, _ in grid if row > head.row}):
        row = _row(sheet, number, grid, replace(head, facts={c: k for k, c in seen.items()}), known, whole)
        if row is None:
            continue
        for cell_key, cell in row.cells.items():
            row.cells[cell_key] = replace(cell, base=base.get((row.unit, cell_key)) if base else None)
        found.rows.append(row)


def _for_all(sheet: str, grid: Grid, head: _Head, today: date) -> tuple[date, str]:
    """Day and source that the cells above the table give for all rows."""
    since, source = today, ""
    for (row, column), place in sorted(grid.items()):
        if row >= head.row or not isinstance(place.typed, str):
            continue
        what = _ALL.get(columns.plain(place.typed))
        right = next((c for c in range(column + 1, archive.COLUMNS + 1) if (row, c) in grid), None)
        if what is None or right is None:
            continue
        value = grid[row, right].computed
        if what == "source":
            source = values.unsafe(values.text(value))[:_LONGEST_SOURCE]
        elif (found := values.day(value)) is not None:
            since = found
        elif not values.empty(value):
            raise LienThongError(_fault(sheet, row, right, _no_day(value))[1])
    return since, source


def _row(
    sheet: str, number: int, grid: Grid, head: _Head, known: Names, whole: tuple[date, str]
) -> Row | None:
    """A row of the table; None when it says nothing of a unit."""
    about = {what: grid.get((number, column), _NONE) for what, column in head.about.items()}
    code, called = (values.text(about.get(what, _NONE).computed)[:200] for what in ("code", "name"))
    told = {key: grid[number, c] for c, key in head.facts.items() if (number, c) in grid}
    if names.is_total(called) or names.is_total(code):
        return None
    if not any(not values.empty(place.computed) or place.formula for place in told.values()):
        return None
    row = Row(sheet, number, "", called or code, *whole)
    column = head.about.get("name" if called else "code", min(head.facts))
    if not code and not called:
        row.faults.append(_fault(sheet, number, column, _no_unit("")))
    else:
        row.unit, problem = _unit(code, called, known)
        if problem is not None:
            row.faults.append(_fault(sheet, number, column, problem))
    since = about.get("since", _NONE).computed
    if not values.empty(since):
        day = values.day(since)
        row.since = day or row.since
        if day is None:
            row.faults.append(_fault(sheet, number, head.about["since"], _no_day(since)))
    source = values.unsafe(values.text(about.get("source", _NONE).computed))
    row.source = source[:_LONGEST_SOURCE] or row.source
    columns_of = {key: c for c, key in head.facts.items()}
    for key, place in told.items():
        _cell(row, key, columns_of[key], place)
    return row


def _cell(row: Row, key: str, column: int, place: _Place) -> None:
    at = f"{get_column_letter(column)}{row.number}"
    raw = place.computed
    if place.fault or (place.formula and raw is None):
        row.cells[key] = Cell(at, values.text(raw), None)
        row.faults.append(_fault(row.sheet, row.number, column, _formula(key)))
    elif values.withdrawn(raw):
        row.cells[key] = Cell(at, raw, "")
    elif not values.empty(raw):
        try:
            row.cells[key] = Cell(at, raw, values.fact(facts.KEYS[key], raw))
        except LienThongError as error:
            row.cells[key] = Cell(at, raw, None)
            row.faults.append(_fault(row.sheet, row.number, column, error.problem))


def _unit(code: str, called: str, known: Names) -> tuple[str, Problem | None]:
    by_code = known.by_code(code) if code else None
    by_name = known.by_name(called) if called else []
    if code and by_code is None:
        by_name = by_name or known.by_name(code)
    if by_code is not None:
        if by_name and by_code not in by_name:
            return "", _code_and_name(code, called)
        return by_code, None
    if len(by_name) == 1:
        return by_name[0], None
    return "", (_several(called or code) if by_name else _no_unit(called or code))


def _twice(rows: list[Row]) -> None:
    """A fact of a unit may stand in one cell alone."""
    first: dict[tuple[str, str], str] = {}
    for row in rows:
        for key, cell in row.cells.items():
            if not row.unit:
                continue
            at = f"{row.sheet}!{cell.place}"
            if (row.unit, key) in first:
                row.faults.append(
                    (cell.place, _located(_twice_said(first[row.unit, key]), row.sheet, cell.place))
                )
            first.setdefault((row.unit, key), at)


def _refuse_old_fonts(sheet: str, grid: Grid) -> None:
    for (row, column), place in sorted(grid.items()):
        if isinstance(place.typed, str) and (kind := fonts.old_font(place.typed, place.font)):
            raise LienThongError(
                _located(_old_font(kind, place.typed), sheet, f"{get_column_letter(column)}{row}")
            )


# What is wrong


def _fault(sheet: str, row: int, column: int, problem: Problem) -> tuple[str, Problem]:
    place = f"{get_column_letter(column)}{row}"
    return place, _located(problem, sheet, place)


def _located(problem: Problem, sheet: str, place: str) -> Problem:
    return replace(problem, where={**problem.where, "sheet": sheet, "cell": place})


def _no_table() -> Problem:
    return Problem(
        "sheet-no-table",
        "Không tìm thấy bảng số liệu trong tệp: cần một dòng tiêu đề có cột đơn vị và các cột số liệu.",
        "No table was found: it needs a row of headings with a column for the unit and columns of facts.",
        "Tải mẫu từ nút “Xuất Excel” ở trang Đơn vị và chép số liệu vào đó.",
        "Take the form out with “Export to Excel” on the page Units and copy the figures into it.",
    )


def _other_edition(edition: str) -> Problem:
    return Problem(
        "sheet-other-edition",
        f"Tệp theo mẫu phiên bản “{edition[:20]}”; hệ thống nhận phiên bản {columns.EDITION}.",
        f"The file is of edition “{edition[:20]}”; edition {columns.EDITION} is taken.",
        "Xuất lại mẫu mới từ trang Đơn vị rồi chép số liệu sang.",
        "Export the form anew from the page Units and copy the figures into it.",
    )


def _old_font(kind: str, text: str) -> Problem:
    return Problem(
        "sheet-old-font",
        f"Chữ trong tệp gõ bằng phông {kind} cũ (“{text[:40]}”), không đọc được chính xác.",
        f"The text is typed for the old font {kind} (“{text[:40]}”) and cannot be read surely.",
        "Chuyển cả tệp sang Unicode (Unikey: Công cụ → chuyển mã) rồi tải lên lần nữa.",
        "Convert the whole file to Unicode and upload it again.",
    )


def _no_unit(said: str) -> Problem:
    return Problem(
        "sheet-no-unit",
        f"Không nhận ra đơn vị “{said[:60]}”." if said else "Dòng có số liệu nhưng không ghi đơn vị.",
        f"There is no unit “{said[:60]}”." if said else "The row has figures but names no unit.",
        "Ghi mã đơn vị, hoặc tên đầy đủ như trong mẫu.",
        "Write the code of the unit, or its whole name as in the form.",
    )


def _several(said: str) -> Problem:
    return Problem(
        "sheet-several-units",
        f"“{said[:60]}” có thể là nhiều đơn vị.",
        f"“{said[:60]}” may be several units.",
        "Ghi thêm mã đơn vị vào cột Mã đơn vị.",
        "Add the code of the unit in its column.",
    )


def _code_and_name(code: str, called: str) -> Problem:
    return Problem(
        "sheet-code-and-name",
        f"Mã “{code[:20]}” và tên “{called[:60]}” không cùng một đơn vị.",
        f"The code “{code[:20]}” and the name “{called[:60]}” are not of one unit.",
        "Kiểm tra lại mã; có thể các dòng đã bị lệch khi sắp xếp.",
        "Check the code; rows may have moved when they were sorted.",
    )


def _no_day(said: Raw) -> Problem:
    return Problem(
        "sheet-no-day",
        f"“{values.text(said)[:40]}” không phải là ngày từ năm 2000 đến 2100.",
        f"“{values.text(said)[:40]}” is no day between 2000 and 2100.",
        "Ghi ngày dạng 18/02/2025.",
        "Write the day as 18/02/2025.",
    )


def _formula(key: str) -> Problem:
    return Problem(
        "sheet-formula",
        f"{columns.heading(facts.KEYS[key])}: công thức trong ô không có kết quả.",
        f"{facts.KEYS[key].label}: the formula in the cell has no result.",
        "Chép ô rồi dán dạng giá trị (Paste Special → Values), lưu và tải lên lần nữa.",
        "Copy the cell and paste it as a value (Paste Special → Values), save and upload again.",
    )


def _two_columns(label: str, first: int) -> Problem:
    letter = get_column_letter(first)
    return Problem(
        "sheet-two-columns",
        f"“{label}” đứng ở hai cột; cột {letter} đã có.",
        f"“{label}” stands in two columns; column {letter} has it.",
        "Bỏ bớt một cột.",
        "Remove one of them.",
    )


def _twice_said(place: str) -> Problem:
    return Problem(
        "sheet-said-twice",
        f"Số liệu này của đơn vị đã có ở ô {place}.",
        f"This fact of the unit stands in cell {place} already.",
        "Chỉ giữ một dòng cho mỗi đơn vị.",
        "Keep one row for each unit.",
    )
