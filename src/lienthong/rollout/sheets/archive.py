"""Opens a workbook that somebody brings, within limits: no macros, no links to other files, no bombs."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from openpyxl import DEFUSEDXML, load_workbook
from openpyxl.workbook.workbook import Workbook

from lienthong.foundation.errors import LienThongError, Problem

LARGEST = 5_000_000
UNPACKED = 30_000_000
MEMBERS = 300
SHEETS = 20
ROWS = 500
COLUMNS = 120
_OLD = b"\xd0\xcf\x11\xe0"
_MACROS = ("vbaproject", "macrosheets", "activex")
_LINKS = ("xl/externallinks/", "xl/connections", "xl/querytables/", "customxml/item")


@dataclass(frozen=True, slots=True)
class Opened:
    """The same workbook twice: as typed (formulas as texts) and as it was last computed."""

    typed: Workbook
    computed: Workbook


@contextmanager
def opened(data: bytes) -> Iterator[Opened]:
    """A workbook (.xlsx) for reading.

    Raises:
        LienThongError: ``sheet-too-large``, ``sheet-not-xlsx``, ``sheet-protected``, ``sheet-macros``,
            ``sheet-links``, ``sheet-damaged``.
    """
    _checked(data)
    with ExitStack() as stack:
        try:
            books = [
                load_workbook(io.BytesIO(data), read_only=True, data_only=computed, keep_links=False)
                for computed in (False, True)
            ]
        except Exception as error:  # a damaged file breaks openpyxl and its parsers in many ways
            raise LienThongError(damaged()) from error
        for book in books:
            stack.callback(book.close)
        if len(books[0].sheetnames) > SHEETS:
            raise LienThongError(too_large(f"{SHEETS} trang tính", f"{SHEETS} sheets"))
        yield Opened(*books)


def _checked(data: bytes) -> None:
    assert DEFUSEDXML, "openpyxl must read XML through defusedxml"
    if len(data) > LARGEST:
        raise LienThongError(too_large(f"{LARGEST // 1_000_000} MB", f"{LARGEST // 1_000_000} MB"))
    if data.startswith(_OLD):
        raise LienThongError(_OLD_OR_PROTECTED)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            members = file.infolist()
    except Exception as error:  # zipfile breaks in many ways on damaged directories
        raise LienThongError(_NOT_XLSX) from error
    names = [member.filename.replace("\\", "/").casefold() for member in members]
    if "[content_types].xml" not in names:
        raise LienThongError(_NOT_XLSX)
    if any(member.flag_bits & 1 for member in members):
        raise LienThongError(_OLD_OR_PROTECTED)
    if len(members) > MEMBERS or sum(member.file_size for member in members) > UNPACKED:
        raise LienThongError(too_large("mức cho phép khi giải nén", "what is allowed when unpacked"))
    if any(word in name for name in names for word in _MACROS):
        raise LienThongError(_WITH_MACROS)
    if any(name.startswith(_LINKS) for name in names):
        raise LienThongError(_WITH_LINKS)


def damaged() -> Problem:
    """What is said of a file that cannot be read to its end."""
    return Problem(
        "sheet-damaged",
        "Tệp Excel bị hỏng, không đọc được.",
        "The Excel file is damaged and cannot be read.",
        "Mở tệp bằng Excel hoặc LibreOffice, lưu lại thành .xlsx rồi tải lên lần nữa.",
        "Open it in Excel or LibreOffice, save it as .xlsx and upload it again.",
    )


def too_large(vi: str, en: str) -> Problem:
    """What is said of a file that goes beyond a limit, named in both languages."""
    return Problem(
        "sheet-too-large",
        f"Tệp vượt quá {vi}.",
        f"The file is larger than {en}.",
        "Dùng mẫu xuất từ trang Đơn vị; bỏ hình ảnh và các trang tính không liên quan.",
        "Use the form taken out of the page Units; leave out pictures and other sheets.",
    )


_NOT_XLSX = Problem(
    "sheet-not-xlsx",
    "Tệp không phải là bảng tính Excel dạng .xlsx.",
    "The file is no Excel workbook (.xlsx).",
    "Lưu tệp thành “Excel Workbook (*.xlsx)” rồi tải lên lần nữa.",
    "Save it as “Excel Workbook (*.xlsx)” and upload it again.",
)
_OLD_OR_PROTECTED = Problem(
    "sheet-protected",
    "Tệp được bảo vệ bằng mật khẩu hoặc ở dạng Excel cũ (.xls).",
    "The file is protected by a password, or an old Excel file (.xls).",
    "Bỏ mật khẩu mở tệp và lưu thành “Excel Workbook (*.xlsx)”.",
    "Remove the password and save it as “Excel Workbook (*.xlsx)”.",
)
_WITH_MACROS = Problem(
    "sheet-macros",
    "Tệp có macro nên không được nhận.",
    "The file has macros and is not taken.",
    "Lưu tệp thành “Excel Workbook (*.xlsx)”, loại không có macro.",
    "Save it as “Excel Workbook (*.xlsx)”, the kind without macros.",
)
_WITH_LINKS = Problem(
    "sheet-links",
    "Tệp có liên kết tới tệp khác hoặc nguồn dữ liệu bên ngoài nên không được nhận.",
    "The file has links to other files or outside data and is not taken.",
    "Trong Excel chọn Data → Edit Links → Break Link (hoặc dán giá trị), rồi lưu lại.",
    "In Excel choose Data → Edit Links → Break Link (or paste values), and save it.",
)
