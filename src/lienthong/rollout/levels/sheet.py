"""A set of criteria as Excel or CSV: taken out for correcting, taken in as the official text."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from lienthong.foundation.errors import LienThongError, Problem
from lienthong.foundation.text import fold
from lienthong.rollout.levels import book, criteria, problems
from lienthong.rollout.levels.book import Book, Criterion, Group
from lienthong.rollout.levels.words import UNCONFIRMED_VI

LARGEST = 5_000_000
"""Bytes of a file."""
ROWS = 1000
WIDEST = 30
_UNPACKED = 100_000_000
BOM = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CRITERIA, _RULE = "Tiêu chí", "Quy tắc xếp mức"
COLUMNS: tuple[tuple[str, str, str, int], ...] = (
    ("id", "Mã", "Number", 10),
    ("group", "Nhóm", "Group", 8),
    ("level", "Mức", "Level", 10),
    ("legal_no", "Số trong văn bản", "Number in the document", 18),
    ("vi", "Nội dung", "Wording", 60),
    ("en", "Nội dung tiếng Anh", "Wording, English", 50),
    ("confidence", "Độ tin cậy", "Confidence", 10),
    ("official", "Nguồn chính thức", "Official source", 30),
    ("note_vi", "Ghi chú", "Note", 40),
    ("asked", "Đơn vị trả lời", "Units answer it", 12),
    ("mark", "Đánh dấu", "Mark", 16),
)
"""Field, its head in Vietnamese, the same in English, width in characters. ``mark`` is written, never read."""
_NEEDED = ("group", "level", "vi")
_RUNGS = {"none": "Không", "basic": "Cơ bản", "advanced": "Nâng cao", "met": "Đạt"}
_YES, _NO = "có", "không"

Line = list[str]


@dataclass(frozen=True, slots=True)
class Taken:
    """What a file says, or what is wrong with it, cell by cell (``where``: ``sheet``, ``cell``)."""

    book: Book | None
    wrong: tuple[Problem, ...]


# Out


def excel(found: Book) -> bytes:
    """The set as ``.xlsx``: a sheet of criteria, and one with the rule of the overall level if it has one."""
    made = Workbook()
    first = made.active
    assert first is not None
    first.title = _CRITERIA
    _write(first, [[vi for _, vi, _, _ in COLUMNS], *_lines(found)], [width for *_, width in COLUMNS])
    if found.steps:
        names = [group.id for group in found.groups]
        rows = [["Mức", "Tên mức", *names, "Độ tin cậy", "Đánh dấu"], *_rule_lines(found, names)]
        _write(made.create_sheet(_RULE), rows, [8, 50, *[10] * len(names), 10, 16])
    return saved(made)


def comma(found: Book) -> str:
    """The criteria as CSV with a byte order mark."""
    return csv_text([[vi for _, vi, _, _ in COLUMNS], *_lines(found)])


def csv_text(rows: Iterable[Line]) -> str:
    """Rows as CSV that Excel opens as UTF-8 and in which no text is taken for a formula."""
    out = io.StringIO(newline="")
    out.write(BOM)
    write = csv.writer(out, lineterminator="\r\n")
    write.writerows([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row] for row in rows)
    return out.getvalue()


def _lines(found: Book) -> list[Line]:
    return [[_cell(one, field) for field, *_ in COLUMNS] for one in found.criteria]


def _cell(one: Criterion, field: str) -> str:
    if field == "mark":
        return "" if one.confirmed else UNCONFIRMED_VI
    if field == "level":
        return _RUNGS.get(one.level, one.level)
    value = getattr(one, field)
    return {True: _YES, False: _NO}[value] if isinstance(value, bool) else str(value)


def _rule_lines(found: Book, names: Sequence[str]) -> list[Line]:
    lines = []
    for step in found.steps:
        wanted = [step.requires.get(name, "") for name in names]
        worst = max(step.confidence.values(), default=book.UNCONFIRMED)
        mark = UNCONFIRMED_VI if worst == book.UNCONFIRMED else ""
        lines.append([str(step.level), step.vi, *(_RUNGS.get(rung, rung) for rung in wanted), worst, mark])
    return lines


def _write(sheet: Any, rows: Sequence[Line], widths: Sequence[int]) -> None:
    for number, row in enumerate(rows, 1):
        for column, text in enumerate(row, 1):
            cell = sheet.cell(number, column)
            cell.value, cell.data_type = text or None, "s" if text else "n"
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if number == 1:
                cell.font = Font(bold=True)
                cell.fill = PatternFill("solid", fgColor="E6EDF0")
    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.freeze_panes = "A2"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 9
    sheet.page_setup.fitToHeight, sheet.sheet_properties.pageSetUpPr.fitToPage = 0, True
    sheet.print_title_rows = "1:1"


def table(name: str, rows: Sequence[Line], widths: Sequence[int]) -> bytes:
    """One table of texts as ``.xlsx``, its first row the head."""
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.title = name
    _write(sheet, rows, widths)
    return saved(made)


def saved(made: Workbook) -> bytes:
    """The bytes of a workbook."""
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


# In


def take(content: bytes, old: Book) -> Taken:
    """A file as a new version of ``old``: its criteria and, in Excel, its rule; the rest stays as it is.

    Raises:
        LienThongError: ``criteria-sheet-refused`` when it cannot be read as a table of criteria at all.
    """
    if not content or len(content) > LARGEST:
        raise problems.sheet_refused("Tệp rỗng hoặc lớn hơn 5 MB.", "The file is empty or larger than 5 MB.")
    sheets = _excel_rows(content) if content.startswith(b"PK") else {_CRITERIA: _csv_rows(content)}
    name = next((one for one in sheets if fold(one) == fold(_CRITERIA)), next(iter(sheets), ""))
    wrong: list[Problem] = []
    taken = _criteria(name, sheets.get(name, []), old, wrong)
    rule = next((one for one in sheets if fold(one) == fold(_RULE)), None)
    head = dict(old.head)
    if rule is not None and old.steps:
        head["rule"] = {**old.head["rule"], "levels": _rule(rule, sheets[rule], old, wrong)}
    return Taken(None, tuple(wrong)) if wrong else Taken(book.make(head, taken), ())


def _excel_rows(content: bytes) -> dict[str, list[Line]]:
    damaged = problems.sheet_refused("Không mở được tệp Excel.", "The Excel file cannot be opened.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(one.file_size for one in packed.infolist()) > _UNPACKED:
                raise damaged
        found = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheets = {
            sheet.title: [
                ["" if value is None else _plain(value) for value in row]
                for row in sheet.iter_rows(max_row=ROWS + 2, max_col=WIDEST, values_only=True)
            ]
            for sheet in found.worksheets[:10]
        }
    except LienThongError:
        raise
    except Exception as error:  # openpyxl raises whatever its parsers raise
        raise damaged from error
    return sheets


def _plain(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def _csv_rows(content: bytes) -> list[Line]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise problems.sheet_refused(
            "Tệp không phải Excel (.xlsx) hoặc CSV mã UTF-8.",
            "The file is neither Excel (.xlsx) nor CSV in UTF-8.",
        ) from error
    first = text.partition("\n")[0]
    mark = ";" if first.count(";") > first.count(",") else ","
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True))
    except csv.Error as error:
        raise problems.sheet_refused("Không đọc được tệp CSV.", "The CSV file cannot be read.") from error
    return [[re.sub(r"^'(?=[=+\-@\t\r])", "", cell).strip() for cell in row[:WIDEST]] for row in rows]


def _criteria(sheet: str, rows: list[Line], old: Book, wrong: list[Problem]) -> list[Criterion]:
    heads = {fold(words): field for field, vi, en, _ in COLUMNS for words in (vi, en, field)}
    places = {
        heads[fold(text)]: place for place, text in enumerate(rows[0] if rows else []) if fold(text) in heads
    }
    lacking = [vi for field, vi, *_ in COLUMNS if field in _NEEDED and field not in places]
    if lacking:
        raise problems.sheet_refused(
            f"Trang tính “{sheet}” thiếu cột: {', '.join(lacking)}.",
            f"The sheet “{sheet}” lacks the columns: {', '.join(lacking)}.",
        )
    if len(rows) > ROWS + 1:
        raise problems.sheet_refused(f"Nhiều hơn {ROWS} dòng.", f"More than {ROWS} rows.")
    found: list[Criterion] = []
    for number, row in enumerate(rows[1:], 2):
        values = {field: row[place] if place < len(row) else "" for field, place in places.items()}
        if not any(values.values()):
            continue
        one = _one(values, old, {two.id for two in found})
        try:
            criteria.check(old, one)
            if any(two.id == one.id for two in found):
                raise problems.criterion_wrong(
                    f"Mã {one.id} có ở hai dòng.", f"The number {one.id} stands in two rows.", field="id"
                )
        except LienThongError as error:
            problem = error.problem
            field = problem.where["field"]
            cell = f"{get_column_letter(places.get(field, 0) + 1)}{number}"
            wrong.append(replace(problem, where={"sheet": sheet, "cell": cell}))
        found.append(one)
    if not found:
        raise problems.sheet_refused("Không có tiêu chí nào trong tệp.", "There is no criterion in the file.")
    return found


def _one(values: dict[str, str], old: Book, taken: set[str]) -> Criterion:
    group = values["group"].strip()
    id = values.get("id", "") or _free(group, {one.id for one in old.criteria} | taken)
    known = old.criterion(id) or Criterion(id, group, "", "")
    levels = {fold(words): rung for rung, words in _RUNGS.items()}
    asked = fold(values.get("asked", _YES if known.asked else _NO)) not in (fold(_NO), "no", "0", "false")
    level = values["level"].strip()
    return replace(
        known,
        group=group,
        level=levels.get(fold(level), level.casefold()),
        confidence=(values.get("confidence") or known.confidence).upper(),
        asked=asked,
        vi=values["vi"],
        en=values.get("en", known.en),
        legal_no=values.get("legal_no", known.legal_no),
        official=values.get("official", known.official),
        note_vi=values.get("note_vi", known.note_vi),
    )


def _free(group: str, taken: set[str]) -> str:
    """The next number of a group that nobody has."""
    return next(id for n in range(1, ROWS * 2) if (id := f"{group}-{n:02}") not in taken)


def _rule(sheet: str, rows: list[Line], old: Book, wrong: list[Problem]) -> list[dict[str, Any]]:
    heads = [fold(text) for text in (rows[0] if rows else [])]
    groups = {group.id: heads.index(fold(group.id)) for group in old.groups if fold(group.id) in heads}
    sure = heads.index(fold("Độ tin cậy")) if fold("Độ tin cậy") in heads else None
    levels = []
    for place, old_level in enumerate(old.head["rule"]["levels"], 1):
        row = rows[place] if place < len(rows) else []
        requires = {}
        for id, column in groups.items():
            text = row[column] if column < len(row) else ""
            if not text:
                continue
            rung = _rung(old.group(id), text)
            if rung is None:
                cell = f"{get_column_letter(column + 1)}{place + 1}"
                words = (f"Nhóm {id} không có mức “{text[:30]}”.", f"Group {id} has no level “{text[:30]}”.")
                problem = problems.criterion_wrong(*words).problem
                wrong.append(replace(problem, where={"sheet": sheet, "cell": cell}))
            else:
                requires[id] = rung
        letter = row[sure].upper() if sure is not None and sure < len(row) else ""
        levels.append(
            {**old_level, "requires": requires, "confidence": _confidence(old_level, requires, letter)}
        )
    return levels


def _rung(group: Group, text: str) -> str | None:
    named = {fold(words): rung for rung, words in _RUNGS.items()}
    rung = named.get(fold(text), text.casefold())
    return rung if rung in group.rungs[1:] else None


def _confidence(old: dict[str, Any], requires: dict[str, str], letter: str) -> dict[str, str]:
    """The letter of the row where somebody changed it; else what was, and C for an entry that is new."""
    was = max(old["confidence"].values(), default=book.UNCONFIRMED)
    if letter in ("A", "B", "C") and letter != was:
        return dict.fromkeys(requires, letter)
    same = {id for id, rung in requires.items() if old["requires"].get(id) == rung}
    return {
        id: old["confidence"].get(id, book.UNCONFIRMED) if id in same else book.UNCONFIRMED for id in requires
    }
