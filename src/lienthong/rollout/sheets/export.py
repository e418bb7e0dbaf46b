"""The facts of units as a workbook that can be filled in and brought back."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import Problem
from lienthong.rollout import facts, units
from lienthong.rollout.facts import Fact, Key
from lienthong.rollout.sheets import columns, guide, values
from lienthong.rollout.sheets.values import Raw

HEAD, GROUPS, ALL = 5, 4, 2
FIRST = 5
"""Row of the headings, of the groups, of day and source for all rows; column of the first fact."""
_FONT = "Times New Roman"
_BRAND, _SOFT, _LOCKED, _DOUBT, _WRONG = "00566B", "E6EDF0", "F2F5F6", "FFF1D6", "FDE8E8"
_THIN = Side(style="thin", color="B7C4CA")
_BORDER = Border(left=_THIN, right=_THIN, top=_THIN, bottom=_THIN)
_OPEN = Protection(locked=False)


@dataclass(frozen=True, slots=True)
class Line:
    """A row to write: code, name, day and source of its own, what stands in its cells by fact.

    ``doubtful`` facts are not confirmed; ``faults`` say what was wrong with a cell (by fact; empty: with the row).
    """

    code: str
    name: str
    since: date | None = None
    source: str = ""
    cells: dict[str, columns.Shown] = field(default_factory=dict)
    doubtful: frozenset[str] = frozenset()
    faults: dict[str, list[Problem]] = field(default_factory=dict)


def workbook(codes: Iterable[str], on: date, *, province: bool = True) -> bytes:
    """The facts that hold on a day as a workbook (.xlsx), one row for each unit.

    Args:
        codes: the units, in order of the rows.
        province: with a last row for the totals declared for the whole province.
    """
    known = facts.values(on)
    named = {unit.code: unit.name for unit in units.listing(on)}
    lines = [_line(code, named.get(code) or directory.name(code, on, "vi"), known) for code in codes]
    if province:
        lines.append(_line(facts.PROVINCE, guide.PROVINCE, known))
    return written(lines, on, known, title=f"Số liệu các đơn vị tại ngày {on:%d/%m/%Y}")


def written(
    lines: Sequence[Line], on: date, known: dict[tuple[str, str], Fact], *, title: str, source: str = ""
) -> bytes:
    """Rows as a workbook of this form.

    Args:
        on: from which day values hold whose row says no other.
        known: the facts of that day, by which a later reading tells what was changed.
    """
    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = columns.TABLE
    every = columns.every()
    _top(sheet, on, title, source)
    _heads(sheet, every)
    for number, line in enumerate(lines, HEAD + 1):
        _row(sheet, number, line, every)
    guide.write(book.create_sheet(columns.GUIDE))
    _lists(book.create_sheet(columns.LISTS), sheet, every, HEAD + len(lines))
    _mark(book.create_sheet(columns.MARK), [line.code for line in lines], every, known)
    _shape(sheet, every, HEAD + len(lines))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _line(code: str, name: str, known: dict[tuple[str, str], Fact]) -> Line:
    held = {
        key.name: known.get((code, key.name))
        for key in columns.every()
        if code != facts.PROVINCE or key.summed
    }
    cells = {
        name: columns.shown(facts.KEYS[name], fact.value) for name, fact in held.items() if fact is not None
    }
    doubtful = frozenset(name for name, fact in held.items() if fact is not None and not fact.confirmed)
    return Line(code, name, cells=cells, doubtful=doubtful)


def _put(cell: Cell, value: Raw, form: str = "") -> None:
    """Writes a value; a text is never a formula."""
    if isinstance(value, str):
        cell.value = values.safe(value)
        cell.data_type = "s"
    else:
        cell.value = value
    if form:
        cell.number_format = form


def _top(sheet: Worksheet, on: date, title: str, source: str) -> None:
    _put(_at(sheet, 1, 1), title)
    sheet.cell(1, 1).font = Font(name=_FONT, size=14, bold=True, color=_BRAND)
    for column, label in ((1, columns.ALL_SINCE), (4, columns.ALL_SOURCE)):
        _put(_at(sheet, ALL, column), label)
        sheet.cell(ALL, column).font = Font(name=_FONT, bold=True)
    _put(_at(sheet, ALL, 3), on, "dd/mm/yyyy")
    _put(_at(sheet, ALL, FIRST), source)
    for column in (3, FIRST):
        cell = sheet.cell(ALL, column)
        cell.protection, cell.border, cell.font = _OPEN, _BORDER, Font(name=_FONT)
    _put(_at(sheet, 3, 1), guide.SHORT)
    sheet.cell(3, 1).font = Font(name=_FONT, italic=True)


def _at(sheet: Worksheet, row: int, column: int) -> Cell:
    cell = sheet.cell(row, column)
    assert isinstance(cell, Cell)
    return cell


def _heads(sheet: Worksheet, every: Sequence[Key]) -> None:
    fixed = (columns.CODE, columns.NAME, columns.SINCE, columns.SOURCE)
    for column, words in enumerate([*fixed, *(columns.heading(key) for key in every)], 1):
        _put(_at(sheet, HEAD, column), words)
    groups = [key.group for key in every]
    for name in dict.fromkeys(groups):
        first, count = FIRST + groups.index(name), groups.count(name)
        _put(_at(sheet, GROUPS, first), columns.group(name))
        if count > 1:
            sheet.merge_cells(
                start_row=GROUPS, start_column=first, end_row=GROUPS, end_column=first + count - 1
            )
    for row, ground, colour in ((GROUPS, _BRAND, "FFFFFF"), (HEAD, _SOFT, "17262D")):
        for column in range(1, FIRST + len(every)):
            cell = sheet.cell(row, column)
            cell.fill = PatternFill("solid", start_color=ground)
            cell.font = Font(name=_FONT, bold=True, color=colour)
            cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
            cell.border = _BORDER


def _row(sheet: Worksheet, number: int, line: Line, every: Sequence[Key]) -> None:
    for column, value in ((1, line.code), (2, line.name), (3, line.since), (4, line.source)):
        cell = _at(sheet, number, column)
        _put(cell, value, "dd/mm/yyyy" if column == 3 else "@")
        cell.font, cell.border = Font(name=_FONT, bold=column == 2), _BORDER
        if column < 3:
            cell.fill = PatternFill("solid", start_color=_LOCKED)
        if column > 2 or "" in line.faults:
            cell.protection = _OPEN
    for column, key in enumerate(every, FIRST):
        cell = _at(sheet, number, column)
        cell.font, cell.border = Font(name=_FONT, italic=key.name in line.doubtful), _BORDER
        if line.code == facts.PROVINCE and not key.summed:
            cell.fill = PatternFill("solid", start_color=_LOCKED)
            continue
        cell.protection = _OPEN
        shown = line.cells.get(key.name)
        if shown is not None:
            _put(cell, shown.value, shown.form)
        elif key.kind == "day":
            cell.number_format = "dd/mm/yyyy"
        if key.name in line.doubtful:
            cell.fill = PatternFill("solid", start_color=_DOUBT)
        if problems := line.faults.get(key.name):
            _note(cell, problems)
    if problems := line.faults.get(""):
        _note(_at(sheet, number, 2), problems)


def _note(cell: Cell, problems: Sequence[Problem]) -> None:
    """Marks a faulty cell and says what is wrong with it."""
    cell.fill = PatternFill("solid", start_color=_WRONG)
    cell.border = Border(*(Side(style="medium", color="A3161C"),) * 4)
    text = "\n".join(f"{problem.vi} {problem.hint_vi}".strip() for problem in problems)
    comment = Comment(text[:1000], "Liên Thông")
    comment.width, comment.height = 320, 140
    cell.comment = comment


def _lists(lists: Worksheet, sheet: Worksheet, every: Sequence[Key], last: int) -> None:
    """Lists of choices on a sheet of their own, and what each column of facts takes."""
    column = 0
    for at, key in enumerate(every, FIRST):
        where = f"{get_column_letter(at)}{HEAD + 1}:{get_column_letter(at)}{max(last, HEAD + 1)}"
        if key.kind in ("choice", "yes"):
            column += 1
            _put(_at(lists, 1, column), columns.heading(key))
            words = list(columns.choices(key).values())
            for row, word in enumerate(words, 2):
                _put(_at(lists, row, column), int(word) if word.isdigit() else word)
            letter = get_column_letter(column)
            rule = DataValidation("list", f"'{columns.LISTS}'!${letter}$2:${letter}${len(words) + 1}")
            rule.error = "Chọn một giá trị trong danh sách, hoặc ghi “xóa”."
        elif key.kind in ("number", "decimal"):
            kind = "whole" if key.kind == "number" else "decimal"
            rule = DataValidation(kind, str(key.low), str(key.high), operator="between")
            rule.error = f"Nhập số từ {key.low} đến {key.high}, hoặc ghi “xóa”."
        else:
            continue
        rule.allow_blank, rule.errorStyle, rule.errorTitle = True, "warning", columns.heading(key)[:30]
        rule.showErrorMessage = True
        sheet.add_data_validation(rule)
        rule.add(where)
    lists.protection.sheet = True


def _mark(
    mark: Worksheet, codes: Sequence[str], every: Sequence[Key], known: dict[tuple[str, str], Fact]
) -> None:
    """The hidden sheet that names the edition and what was in each cell."""
    for column, value in enumerate(("lienthong-units", columns.EDITION, clock.iso(clock.now())), 1):
        _put(_at(mark, 1, column), value)
    held = [(code, key.name) for code in codes for key in every if (code, key.name) in known]
    for row, place in enumerate(held, 2):
        for column, value in enumerate((*place, known[place].value), 1):
            _put(_at(mark, row, column), value)
    mark.sheet_state = "veryHidden"
    mark.protection.sheet = True


def _shape(sheet: Worksheet, every: Sequence[Key], last: int) -> None:
    for column, width in enumerate((13, 44, 15, 26), 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    for column, key in enumerate(every, FIRST):
        wide = key.kind in ("text", "choice")
        sheet.column_dimensions[get_column_letter(column)].width = 22 if wide else 14
    sheet.row_dimensions[HEAD].height = 62
    sheet.freeze_panes = sheet.cell(HEAD + 1, 3).coordinate
    sheet.auto_filter.ref = f"A{HEAD}:{get_column_letter(FIRST + len(every) - 1)}{max(last, HEAD + 1)}"
    sheet.protection.sheet = True
    sheet.protection.formatColumns = sheet.protection.formatRows = sheet.protection.autoFilter = False
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 8  # A3
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = f"{GROUPS}:{HEAD}"
    sheet.print_title_cols = "A:B"
