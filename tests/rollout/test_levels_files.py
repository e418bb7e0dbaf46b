"""Files of evidence by their content; criteria as Excel and CSV, out and in again."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from lienthong.foundation.errors import LienThongError
from lienthong.rollout import files
from lienthong.rollout.levels import book, sheet

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


def office(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        for name in ("[Content_Types].xml", *names):
            packed.writestr(name, "<x/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"%PDF-1.4\n", "pdf"),
        (PNG, "png"),
        (b"\xff\xd8\xff\xe0JFIF", "jpeg"),
        (office("xl/workbook.xml"), "xlsx"),
        (office("word/document.xml"), "docx"),
    ],
)
def test_what_is_taken(content: bytes, kind: str) -> None:
    assert files.kind_of(content) == kind


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><script>alert(1)</script>",
        b"MZ\x90\x00",
        b"PK\x03\x04 cut",
        office("evil.exe"),
        office("xl/workbook.xml", "xl/vbaProject.bin"),
        b"GIF89a",
        b"%PDF-" + bytes(files.LARGEST),
    ],
)
def test_what_is_refused(content: bytes) -> None:
    with pytest.raises(LienThongError, match="file-refused"):
        files.kind_of(content)


@given(st.text(max_size=300), st.sampled_from(list(files.KINDS)))
def test_names_are_no_paths_and_end_as_their_content(told: str, kind: str) -> None:
    name = files.name_of(told, kind)
    assert 0 < len(name) <= 120
    assert not set(name) & set('/\\<>:"|?*\x00\n\r')
    assert not name.startswith(".")
    endings = {"jpeg": (".jpg", ".jpeg")}.get(kind, (f".{kind}",))
    assert name.casefold().endswith(endings)


@pytest.mark.parametrize("name", book.SETS)
def test_out_and_in_again_changes_nothing(name: str) -> None:
    found = book.shipped(name)
    for content in (sheet.excel(found), sheet.comma(found).encode()):
        taken = sheet.take(content, found)
        assert taken.wrong == ()
        assert taken.book == found


def test_everything_of_confidence_c_says_so_in_the_files() -> None:
    found = book.shipped("tt54")
    rows = list(load_workbook(io.BytesIO(sheet.excel(found)))["Tiêu chí"].values)
    mark, confidence = rows[0].index("Đánh dấu"), rows[0].index("Độ tin cậy")
    assert all((row[mark] == "chưa xác nhận") == (row[confidence] == "C") for row in rows[1:])
    assert len(rows) == 125
    lines = sheet.comma(found).splitlines()
    assert sum(line.endswith("chưa xác nhận") for line in lines) == 92


def _changed(name: str, change: Any) -> bytes:
    made = load_workbook(io.BytesIO(sheet.excel(book.shipped("tt54"))))
    change(made[name])
    return sheet.saved(made)


def test_the_official_text_replaces_wording_numbers_and_levels() -> None:
    old = book.shipped("tt54")

    def change(page: Any) -> None:
        page["C2"], page["D2"], page["E2"] = 2, 1, "Số lượng máy trạm đáp ứng"
        page["G2"], page["H2"] = "A", "Công báo"
        page.delete_rows(3)
        page.append(["", "I", 3, 26, "Tiêu chí mới trong văn bản"])

    taken = sheet.take(_changed("Tiêu chí", change), old)
    assert taken.book is not None
    first = taken.book.criterion("I-01")
    assert first == replace(
        old.criteria[0],
        level="2",
        legal_no="1",
        vi="Số lượng máy trạm đáp ứng",
        confidence="A",
        official="Công báo",
    )
    assert taken.book.criterion("I-02") is None
    new = taken.book.criterion("I-26")
    assert new is not None
    assert (new.level, new.confidence, new.vi) == ("3", "C", "Tiêu chí mới trong văn bản")


def test_the_rule_comes_with_its_sheet() -> None:
    old = book.shipped("tt54")
    columns = [cell.value for cell in load_workbook(io.BytesIO(sheet.excel(old)))["Quy tắc xếp mức"][1]]

    def change(page: Any) -> None:
        page.cell(4, columns.index("VII") + 1).value = "Nâng cao"
        page.cell(4, columns.index("Độ tin cậy") + 1).value = "B"

    taken = sheet.take(_changed("Quy tắc xếp mức", change), old)
    assert taken.book is not None
    step = taken.book.steps[2]
    assert step.requires["VII"] == "advanced"
    assert set(step.confidence.values()) == {"B"}
    assert taken.book.steps[3] == old.steps[3]


def test_errors_name_their_cells_and_nothing_is_taken() -> None:
    def change(page: Any) -> None:
        page["B3"], page["C4"], page["E5"], page["A6"], page["G7"] = "IX", "9", None, "I-04", "Z"

    taken = sheet.take(_changed("Tiêu chí", change), book.shipped("tt54"))
    assert taken.book is None
    assert [problem.where["cell"] for problem in taken.wrong] == ["B3", "C4", "E5", "A6", "G7"]
    assert {problem.where["sheet"] for problem in taken.wrong} == {"Tiêu chí"}

    def other(page: Any) -> None:
        page["C3"] = "8"

    taken = sheet.take(_changed("Quy tắc xếp mức", other), book.shipped("tt54"))
    assert [problem.where for problem in taken.wrong] == [{"sheet": "Quy tắc xếp mức", "cell": "C3"}]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 cut",
        b"\xff\xfe\x00",
        b"a,b\n1,2\n",
        "Nhóm,Mức,Nội dung\n".encode(),
        b"x" * 5_000_001,
    ],
)
def test_what_is_no_table_of_criteria_is_refused(content: bytes) -> None:
    with pytest.raises(LienThongError, match="criteria-sheet-refused"):
        sheet.take(content, book.shipped("tt54"))


def test_semicolons_of_a_vietnamese_excel_are_read() -> None:
    text = "Mã;Nhóm;Mức;Nội dung\r\nV-01;V;Cơ bản;Quản trị\r\n"
    taken = sheet.take(("\ufeff" + text).encode(), book.shipped("tt54"))
    assert taken.book is not None
    assert [(one.id, one.level, one.vi) for one in taken.book.criteria] == [("V-01", "basic", "Quản trị")]


def test_no_cell_is_a_formula() -> None:
    old = book.shipped("tt54")
    evil = replace(old, criteria=(replace(old.criteria[0], vi='=HYPERLINK("http://x","y")'),))
    cell = load_workbook(io.BytesIO(sheet.excel(evil)))["Tiêu chí"]["E2"]
    assert cell.data_type == "s"
    assert "'=HYPERLINK" in sheet.comma(evil)
    for content in (sheet.excel(evil), sheet.comma(evil).encode()):
        taken = sheet.take(content, old)
        assert taken.book is not None
        assert taken.book.criteria[0].vi == evil.criteria[0].vi
