"""Annex II as a file for a spreadsheet: Excel workbook or CSV, with the columns of the report."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter

from lienthong.facilities import directory
from lienthong.rollout.plan.summary import TaskLine
from lienthong.transfers.measures.sheet import BOM, harmless

_WIDTHS = (6, 12, 26, 48, 30, 26, 30, 14, 24, 44, 36)
Cell = str | int | date | None


def heads() -> list[str]:
    """The heads of the columns."""
    return [
        _("No."),
        pgettext("plan", "Code"),
        pgettext("plan", "Unit"),
        pgettext("plan", "Task"),
        _("Ordered by document"),
        pgettext("plan", "Lead"),
        pgettext("plan", "Partners"),
        pgettext("plan", "Due"),
        pgettext("plan", "State"),
        pgettext("plan", "Result"),
        _("Reason if late"),
    ]


def rows(lines: Sequence[TaskLine]) -> list[list[Cell]]:
    """A row for each task; the due date as a date, or its remark where there is none."""
    return [
        [
            place,
            one.number,
            directory.name(one.unit) if one.unit else _("Whole province"),
            one.title,
            one.document,
            one.lead,
            one.partners,
            one.due or one.due_note or None,
            str(one.state.label),
            one.result,
            one.reason_late,
        ]
        for place, one in enumerate(lines, 1)
    ]


def csv_of(lines: Sequence[TaskLine]) -> str:
    """UTF-8 text with a byte order mark; dates in ISO 8601."""
    out = io.StringIO(newline="")
    write = csv.writer(out, lineterminator="\r\n")
    write.writerow(heads())
    for row in rows(lines):
        write.writerow([harmless(_text(cell)) for cell in row])
    return BOM + out.getvalue()


def _text(cell: Cell) -> str:
    return cell.isoformat() if isinstance(cell, date) else "" if cell is None else str(cell)


def xlsx_of(lines: Sequence[TaskLine], first: date, last: date) -> bytes:
    """A workbook with one sheet, ready to print in landscape; texts stay texts, never formulas."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = _("Annex II")
    sheet.append([_("Tasks from %(first)s to %(last)s") % _days(first, last)])
    sheet["A1"].font = Font(bold=True, size=14)
    sheet.append(heads())
    for row in rows(lines):
        sheet.append(row)
    for cells in sheet.iter_rows(min_row=2):
        for cell in cells:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if isinstance(cell.value, str):
                cell.data_type = "s"
            elif isinstance(cell.value, date):
                cell.number_format = "dd/mm/yyyy"
    for cell in sheet[2]:
        cell.font = Font(bold=True)
    for place, width in enumerate(_WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(place)].width = width
    sheet.freeze_panes = "A3"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "2:2"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _days(first: date, last: date) -> dict[str, str]:
    return {"first": f"{first:%d/%m/%Y}", "last": f"{last:%d/%m/%Y}"}
