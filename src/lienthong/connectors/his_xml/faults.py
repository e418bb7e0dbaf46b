"""What can be wrong with an export, each as one sentence with a remedy."""

from __future__ import annotations

from typing import Any

from lienthong.foundation.errors import LienThongError, Problem, Severity

_MEND_VI = "Xuất lại tệp từ HIS; nếu vẫn lỗi, gửi tệp và dòng này cho nhà cung cấp HIS."
_MEND_EN = "Export the file again from the HIS; if it stays, send the file and this line to the HIS vendor."
_UTF8_VI = "Chọn bảng mã UTF-8 khi xuất từ HIS rồi xuất lại; không đổi đuôi hoặc sửa tệp bằng tay."
_UTF8_EN = "Choose UTF-8 in the export settings of the HIS and export again; do not edit the file by hand."
_ONE_VI = "Sửa hồ sơ này trong HIS rồi xuất lại riêng hồ sơ đó; các hồ sơ khác trong tệp vẫn được xử lý."
_ONE_EN = "Correct this dossier in the HIS and export it again alone; the other dossiers of the file go on."


class ExportRefused(LienThongError):
    """The file cannot be read, or not from some line on."""


def cannot_open(name: str, said: str) -> Problem:
    return Problem(
        "his-xml-cannot-open",
        f"Không mở được tệp {name}.",
        f"The file {name} cannot be opened ({said}).",
        "Kiểm tra tên tệp và quyền đọc của chương trình.",
        "Check the file's name and that the program may read it.",
        retry=True,
    )


def not_xml(seen_vi: str, seen_en: str) -> Problem:
    return Problem(
        "his-xml-not-xml",
        f"Tệp không phải là XML ({seen_vi}).",
        f"The file is not XML ({seen_en}).",
        "Đặt vào thư mục tệp XML do HIS xuất ra, không nén và không đổi định dạng.",
        "Put the XML file exported by the HIS into the folder, not compressed and not converted.",
    )


def empty_file() -> Problem:
    return Problem(
        "his-xml-empty-file", "Tệp rỗng, không có nội dung.", "The file is empty.", _MEND_VI, _MEND_EN
    )


def file_too_large(size: int, limit: int) -> Problem:
    return Problem(
        "his-xml-file-too-large",
        f"Tệp có {size} byte, vượt giới hạn {limit} byte.",
        f"The file has {size} bytes, more than the limit of {limit}.",
        "Chia thành nhiều tệp nhỏ hơn, ví dụ xuất theo từng ngày.",
        "Split it into smaller files, for example one for each day.",
    )


def encoding(seen: str, where: dict[str, Any], severity: Severity = "error") -> Problem:
    return Problem(
        "his-xml-encoding",
        f"Nội dung không dùng bảng mã UTF-8; có vẻ là {seen}.",
        f"The content is not in UTF-8; it looks like {seen}.",
        _UTF8_VI,
        _UTF8_EN,
        severity,
        where,
    )


def dtd(where: dict[str, Any], severity: Severity = "error") -> Problem:
    return Problem(
        "his-xml-dtd",
        "Có khai báo DTD hoặc thực thể (DOCTYPE, ENTITY), không được phép vì lý do an toàn.",
        "There is a DTD or entity declaration (DOCTYPE, ENTITY); it is not allowed for safety.",
        "Yêu cầu nhà cung cấp HIS bỏ phần DOCTYPE; tệp XML giám định không cần phần này.",
        "Ask the HIS vendor to leave DOCTYPE out; the insurance XML does not need it.",
        severity,
        where,
    )


def malformed(line: int, said: str) -> Problem:
    return Problem(
        "his-xml-malformed",
        f"Tệp XML sai cấu trúc từ dòng {line}; các hồ sơ phía trước đã được đọc, phần còn lại thì không.",
        f"The XML is broken from line {line} on ({said}); the dossiers before it were read.",
        _MEND_VI,
        _MEND_EN,
        where={"line": line},
    )


def truncated(line: int) -> Problem:
    return Problem(
        "his-xml-truncated",
        f"Tệp bị thiếu phần cuối: phần bắt đầu ở dòng {line} không có thẻ kết thúc.",
        f"The file is cut off: what begins on line {line} has no end.",
        "Chép hoặc xuất lại tệp; kiểm tra đĩa và đường truyền khi chép.",
        "Copy or export the file again; check the disk and the line it is copied over.",
        where={"line": line},
        retry=True,
    )


def too_much_outside(line: int, limit: int) -> Problem:
    return Problem(
        "his-xml-too-much-outside",
        f"Phần nằm ngoài các hồ sơ, hoặc một ghi chú trong tệp, vượt {limit} byte (dòng {line}).",
        f"What stands outside the dossiers, or one comment, is more than {limit} bytes (line {line}).",
        _MEND_VI,
        _MEND_EN,
        where={"line": line},
    )


def too_deep(line: int, limit: int) -> Problem:
    return Problem(
        "his-xml-too-deep",
        f"Các thẻ lồng nhau quá {limit} cấp (dòng {line}).",
        f"Elements are nested more than {limit} levels deep (line {line}).",
        _MEND_VI,
        _MEND_EN,
        where={"line": line},
    )


def not_an_export(root: str) -> Problem:
    return Problem(
        "his-xml-not-an-export",
        f"Tệp XML này không phải là tệp giám định BHYT: thẻ gốc là {root}, không phải GIAMDINHHS.",
        f"This XML is not an insurance export: its root is {root}, not GIAMDINHHS.",
        "Chọn chức năng xuất XML theo Quyết định 4750 hoặc 3176 trong HIS.",
        "Use the HIS's export by Decision 4750 or 3176.",
        where={"line": 1},
    )


def lone_table(table: str) -> Problem:
    return Problem(
        "his-xml-lone-table",
        f"Tệp chỉ có bảng {table}, không có XML1 nên không biết người bệnh và lượt khám.",
        f"The file holds table {table} alone, without XML1: patient and visit cannot be told.",
        "Xuất cả hồ sơ (thẻ gốc GIAMDINHHS), không xuất riêng từng bảng.",
        "Export the whole dossier (root GIAMDINHHS), not single tables.",
        where={"table": table},
    )


def no_dossier() -> Problem:
    return Problem(
        "his-xml-no-dossier",
        "Tệp không có hồ sơ nào (không có thẻ HOSO).",
        "The file holds no dossier (no HOSO element).",
        "Kiểm tra điều kiện lọc khi xuất; có thể khoảng ngày đã chọn không có lượt khám nào.",
        "Look at the filter of the export; perhaps there was no visit in the chosen days.",
    )


def wrong_count(stated: str, count: int) -> Problem:
    return Problem(
        "his-xml-wrong-count",
        f"SOLUONGHOSO ghi {stated[:20]} nhưng tệp có {count} hồ sơ.",
        f"SOLUONGHOSO says {stated[:20]}, but the file holds {count} dossiers.",
        "Kiểm tra xem hồ sơ có bị thiếu khi xuất không.",
        "Check whether dossiers were left out by the export.",
        "warning",
        {"field": "SOLUONGHOSO", "value": stated[:20]},
    )


def dossier_too_large(line: int, size: int, limit: int) -> Problem:
    return Problem(
        "his-xml-dossier-too-large",
        f"Hồ sơ có {size} byte, vượt giới hạn {limit} byte.",
        f"The dossier has {size} bytes, more than the limit of {limit}.",
        _ONE_VI,
        _ONE_EN,
        where={"line": line},
    )


def too_many_rows(table: str, limit: int) -> Problem:
    return Problem(
        "his-xml-too-many-rows",
        f"Hồ sơ có quá {limit} dòng dữ liệu (đến bảng {table}).",
        f"The dossier has more than {limit} rows (at table {table}).",
        _ONE_VI,
        _ONE_EN,
        where={"table": table},
    )


def broken_dossier(line: int, said: str) -> Problem:
    return Problem(
        "his-xml-broken-dossier",
        f"Hồ sơ sai cấu trúc XML ở dòng {line}.",
        f"The dossier's XML is broken on line {line} ({said}).",
        _ONE_VI,
        _ONE_EN,
        where={"line": line},
    )


def broken_table(table: str, line: int, said_vi: str, said_en: str, severity: Severity) -> Problem:
    if severity == "error":
        then_vi = "nên không biết người bệnh và lượt khám"
        then_en = "so patient and visit cannot be told"
    else:
        then_vi = "nên hồ sơ được nhận nhưng thiếu bảng này"
        then_en = "so the dossier is taken without it"
    vi = f"Không đọc được bảng {table} ({said_vi}, dòng {line} của bảng), {then_vi}."
    en = f"Table {table} cannot be read ({said_en}, line {line} of the table), {then_en}."
    return Problem("his-xml-broken-table", vi, en, _ONE_VI, _ONE_EN, severity, {"table": table, "line": line})


def unknown_table(label: str, root: str, line: int) -> Problem:
    return Problem(
        "his-xml-unknown-table",
        f"Không nhận ra bảng (LOAIHOSO là “{label[:40]}”, thẻ gốc là {root[:60]}); bảng này không được đọc.",
        f"The table is not known (LOAIHOSO “{label[:40]}”, root {root[:60]}); it was not read.",
        "LOAIHOSO phải là XML1 đến XML15.",
        "LOAIHOSO has to be XML1 to XML15.",
        "warning",
        {"table": label[:40], "line": line},
    )


def other_table(label: str, table: str) -> Problem:
    return Problem(
        "his-xml-table-label",
        f"LOAIHOSO ghi “{label[:40]}” nhưng nội dung là bảng {table}; đã đọc theo nội dung.",
        f"LOAIHOSO says “{label[:40]}”, but the content is table {table}; it was read as that.",
        "Báo nhà cung cấp HIS sửa LOAIHOSO.",
        "Ask the HIS vendor to correct LOAIHOSO.",
        "warning",
        {"table": table, "field": "LOAIHOSO", "value": label[:40]},
    )


def no_rows(table: str, root: str, line: int) -> Problem:
    return Problem(
        "his-xml-no-rows",
        f"Bảng {table} không có dòng dữ liệu nào đọc được (thẻ gốc {root[:60]}).",
        f"Table {table} has no row that could be read (root {root[:60]}).",
        "Kiểm tra tên thẻ của bảng theo Quyết định 3176.",
        "Compare the element names of the table with Decision 3176.",
        "warning",
        {"table": table, "line": line},
    )


def row_name(table: str, name: str, line: int) -> Problem:
    return Problem(
        "his-xml-row-name",
        f"Bảng {table} có thẻ {name[:60]} không đúng tên quy định; vẫn đọc như một dòng dữ liệu.",
        f"Table {table} has an element {name[:60]} that the decisions do not name; it was read as a row.",
        "Báo nhà cung cấp HIS sửa tên thẻ.",
        "Ask the HIS vendor to correct the element's name.",
        "warning",
        {"table": table, "line": line},
    )


def markup(table: str, row: int, field: str, line: int) -> Problem:
    return Problem(
        "his-xml-markup",
        f"Trường {field} chứa thẻ con; chỉ phần chữ được giữ.",
        f"Field {field} holds elements; only their text is kept.",
        "Văn bản có ký tự < phải được ghi là &lt; hoặc đặt trong CDATA.",
        "Text with < has to be written as &lt; or inside CDATA.",
        "warning",
        {"table": table, "row": row, "field": field, "line": line},
    )


def twice(table: str, row: int, field: str, line: int, other: str) -> Problem:
    return Problem(
        "his-xml-field-twice",
        f"Trường {field} xuất hiện nhiều lần trong một dòng; giá trị đầu tiên được dùng.",
        f"Field {field} stands several times in one row; the first value is used.",
        "Báo nhà cung cấp HIS: mỗi trường chỉ được xuất một lần.",
        "Tell the HIS vendor: each field may stand once.",
        "warning",
        {"table": table, "row": row, "field": field, "line": line, "value": other[:60]},
    )


def text_too_long(table: str, row: int, field: str, line: int, limit: int) -> Problem:
    return Problem(
        "his-xml-text-too-long",
        f"Trường {field} dài quá {limit} ký tự; phần sau bị bỏ, tệp gốc vẫn được giữ.",
        f"Field {field} has more than {limit} characters; the rest is left out, the source file is kept.",
        "Kiểm tra xem trường này có chứa nhầm tệp đính kèm không.",
        "Check whether an attachment was put into this field by mistake.",
        "warning",
        {"table": table, "row": row, "field": field, "line": line},
    )


def other_facility(stated: str, facility: str) -> Problem:
    return Problem(
        "his-xml-other-facility",
        f"MACSKCB của tệp là {stated[:20]} nhưng XML1.MA_CSKCB là {facility[:20]}; đã dùng XML1.",
        f"The file's MACSKCB is {stated[:20]}, but XML1.MA_CSKCB is {facility[:20]}; XML1 is used.",
        "Kiểm tra mã cơ sở trong cấu hình xuất của HIS.",
        "Check the facility code in the export settings of the HIS.",
        "warning",
        {"table": "XML1", "row": 1, "field": "MA_CSKCB", "value": facility[:20]},
    )


def other_visit(table: str, row: int, line: int, ma_lk: str) -> Problem:
    return Problem(
        "his-xml-other-visit",
        f"Dòng {row} của bảng {table} mang MA_LK khác với XML1; dòng này được để riêng, không đưa vào hồ sơ.",
        f"Row {row} of table {table} carries another MA_LK than XML1; it is left out of the dossier.",
        "Kiểm tra trong HIS xem dòng này thuộc lượt khám nào rồi xuất lại.",
        "Check in the HIS to which visit the row belongs, and export again.",
        "warning",
        {"table": table, "row": row, "field": "MA_LK", "line": line, "value": ma_lk[:60]},
    )


def visit_twice(ma_lk: str, first: int) -> Problem:
    return Problem(
        "his-xml-visit-twice",
        f"MA_LK {ma_lk[:40]} đã có ở hồ sơ thứ {first} trong cùng tệp; bản đứng sau thay bản đứng trước.",
        f"MA_LK {ma_lk[:40]} stands already in dossier {first} of this file; the later one replaces it.",
        "Mỗi lượt khám phải có MA_LK riêng; nếu là hai lượt khám khác nhau, báo nhà cung cấp HIS.",
        "Each visit needs a MA_LK of its own; if these are two visits, tell the HIS vendor.",
        "warning",
        {"table": "XML1", "row": 1, "field": "MA_LK", "value": ma_lk[:60]},
    )


def slip_twice(number: str, first: int) -> Problem:
    return Problem(
        "his-xml-slip-twice",
        f"Số phiếu chuyển {number[:50]} đã cấp cho một người bệnh khác trong cùng năm (hồ sơ thứ {first}).",
        f"Slip number {number[:50]} was given to another patient in the same year (dossier {first}).",
        "Kiểm tra sổ chuyển tuyến và cấp lại số phiếu cho một trong hai người bệnh.",
        "Look into the transfer register and give one of the two patients another slip number.",
        "warning",
        {"table": "XML13", "row": 1, "field": "GIAY_CHUYEN_TUYEN", "value": number[:60]},
    )


def late_check_in() -> Problem:
    return Problem(
        "his-xml-late-check-in",
        "Bản check-in (XML0) đến sau hồ sơ đầy đủ của cùng lượt khám; hồ sơ đầy đủ được giữ nguyên.",
        "This check-in (XML0) came after the whole dossier of the same visit; the dossier stays as it is.",
        "Không cần xử lý.",
        "Nothing to do.",
        "warning",
        {"table": "XML0", "row": 1, "field": "MA_LK"},
    )


def own_slip() -> Problem:
    return Problem(
        "his-xml-own-slip",
        "Đây là tệp phiếu chuyển do chính chương trình này xuất ra; lượt chuyển đã có ở đây nên không đọc lại.",
        "This is a slip file that this program wrote itself; its transfer is here already, so it is not read again.",
        "Không cần xử lý. Tệp này dành cho HIS nhập, không phải để đưa vào thư mục xuất.",
        "Nothing to do. The file is for the HIS to import, not for the export folder.",
        "warning",
        {"table": "XML13", "row": 1, "field": "MA_LK"},
    )


def two_visits(first: str, second: str) -> Problem:
    return Problem(
        "his-xml-two-visits",
        f"Một HOSO có nhiều XML1 khác nhau (MA_LK {first[:40]} và {second[:40]}) nên không biết là của ai.",
        f"One HOSO holds different XML1 (MA_LK {first[:40]} and {second[:40]}): whose it is cannot be told.",
        _ONE_VI,
        _ONE_EN,
        where={"table": "XML1", "row": 2, "field": "MA_LK", "value": second[:60]},
    )
