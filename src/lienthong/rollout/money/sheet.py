"""An estimate as an Excel sheet."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from lienthong.rollout.money import catalogue
from lienthong.rollout.money.estimate import Estimate, Line

KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDTHS = (6, 44, 12, 12, 18, 18, 18, 12, 40, 40)
_VND = "#,##0"


def workbook(found: Estimate, unit: str, level: int, on: date) -> bytes:
    """The estimate of a unit: items, quantities, low, median and high in VND, what has no price.

    Args:
        unit: the unit's name.
    """
    book = Workbook()
    page = book.active
    assert isinstance(page, Worksheet)
    page.title = _("Estimate")
    told = {"unit": unit, "level": level, "day": f"{on:%d/%m/%Y}"}
    _row(page, [_("Estimate for %(unit)s to reach level %(level)s, as of %(day)s") % told], bold=True)
    _row(
        page,
        [_("From gaps declared by the unit and price references; items and criteria are to be confirmed.")],
    )
    _row(page, _heads(), bold=True)
    page.freeze_panes = page.cell(page.max_row + 1, 1)
    own = [line for line in found.lines if not line.instead_of]
    for number, line in enumerate(own, 1):
        _row(page, [number, *_cells(line)])
    _row(page, ["", _("Sum of what has a price"), "", "", found.low, found.middle, found.high], bold=True)
    instead = [line for line in found.lines if line.instead_of]
    if instead:
        _row(page, [_("Could be bought instead (in no sum)")], bold=True)
        for line in instead:
            _row(page, ["", *_cells(line)])
    if found.nothing_to_buy or found.unmapped:
        _row(page, [_("Gaps that no item stands for")], bold=True)
        for gap in (*found.nothing_to_buy, *found.unmapped):
            _row(page, ["", f"{gap.criterion}: {gap.text}"])
    for place, width in enumerate(_WIDTHS):
        page.column_dimensions["ABCDEFGHIJ"[place]].width = width
    page.page_setup.orientation, page.page_setup.fitToHeight = "landscape", 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def _heads() -> list[str]:
    return [
        _("No."),
        _("Item"),
        _("Unit of measure"),
        _("Quantity"),
        _("Low, VND"),
        _("Median, VND"),
        _("High, VND"),
        _("Prices"),
        _("For the criteria"),
        _("Note"),
    ]


def _cells(line: Line) -> list[Any]:
    item = catalogue.item(line.item)
    notes = [line.note]
    if line.quantity is None:
        notes.append(_("the quantity must be entered"))
    if line.spread.middle is None:
        notes.append(_("no price reference"))
    elif line.spread.few:
        notes.append(_("too few prices"))
    return [
        item.name if item else line.item,
        item.measure if item else "",
        line.quantity,
        line.low,
        line.middle,
        line.high,
        line.spread.count,
        ", ".join(line.criteria),
        "; ".join(note for note in notes if note),
    ]


def _row(page: Worksheet, values: list[Any], *, bold: bool = False) -> None:
    """Adds a row; a text stays a text, also one that begins like a formula."""
    place = page.max_row + 1 if page.max_row > 1 or page["A1"].value is not None else 1
    for column, value in enumerate(values, 1):
        cell = page.cell(place, column)
        if isinstance(value, str):
            cell.value, cell.data_type = value, "s"
            cell.alignment = Alignment(wrap_text=column in (2, 9, 10), vertical="top")
        elif value is not None:
            cell.value, cell.number_format = value, _VND
        cell.font = Font(bold=bold)
