"""The PDF, read back by PDFium: sizes, places, page numbers, what stays together."""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Iterator
from dataclasses import replace

import pypdfium2
import pypdfium2.raw as raw
import pytest

import paper_samples
from lienthong.rollout.papers import fonts, form, pdf
from lienthong.rollout.papers.paper import Bullet, Column, Heading, Paper, Paragraph, Run, Table

POINTS = 72 / 25.4
A4 = (210 * POINTS, 297 * POINTS)
CLOSING = "Trên đây là kết quả"


class Page:
    """One page's text, letters with their boxes (left, bottom, right, top) and drawn lines."""

    def __init__(self, page: pypdfium2.PdfPage) -> None:
        self.width, self.height = page.get_size()
        letters = page.get_textpage()
        self.text = letters.get_text_range().replace("\r\n", "\n")
        self.boxes = [
            (letters.get_text_range(n, 1), *letters.get_charbox(n)) for n in range(letters.count_chars())
        ]
        shapes = page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH])
        self.lines = [shape.get_bounds() for shape in shapes]

    def place(self, text: str) -> tuple[float, float, float, float]:
        """Box around a text."""
        letters = "".join(box[0] for box in self.boxes)
        start = letters.index(text)
        found = [box[1:] for box in self.boxes[start : start + len(text)] if box[0].strip()]
        left, bottom, right, top = zip(*found, strict=True)
        return min(left), min(bottom), max(right), max(top)

    @property
    def head(self) -> str:
        """What stands in the top margin."""
        edge = self.height - form.TOP * POINTS
        return "".join(
            letter for letter, _left, bottom, _right, _top in self.boxes if bottom > edge + 5
        ).strip()


def pages(paper: Paper) -> list[Page]:
    with pypdfium2.PdfDocument(pdf.write(paper)) as document:
        return [Page(page) for page in document]


@pytest.fixture(scope="module")
def report() -> list[Page]:
    return pages(paper_samples.report())


@pytest.fixture(scope="module")
def draft() -> list[Page]:
    return pages(paper_samples.report(draft=True, number="/BC-SYT"))


def wide(page: Page) -> bool:
    return page.width > page.height


def test_text_upright_and_annexes_landscape(report: list[Page]) -> None:
    assert [wide(page) for page in report] == [False] * 3 + [True] * 8
    for page in report:
        assert sorted((page.width, page.height)) == pytest.approx(A4, abs=0.1)


def outside(page: Page) -> Iterator[str]:
    """Letters that stand beyond the margins, but for the head."""
    left, right = form.LEFT * POINTS - 1, page.width - form.RIGHT * POINTS + 1
    bottom, top = form.BOTTOM * POINTS - 1, page.height - form.TOP * POINTS + 1
    for letter, x1, y1, x2, y2 in page.boxes:
        if letter.strip() and not (left <= x1 and x2 <= right and bottom <= y1 and (y2 <= top or y1 > top)):
            yield letter


@pytest.mark.parametrize(
    "paper", [paper_samples.report(draft=True), paper_samples.plan(80), paper_samples.decision()]
)
def test_nothing_runs_off_the_page(paper: Paper) -> None:
    for page in pages(paper):
        assert not list(outside(page))
        assert all(page.width - form.RIGHT * POINTS + 1 >= box[2] for box in page.lines)


def test_columns_without_enough_room_still_stay_on_the_page() -> None:
    columns = tuple(Column(f"Chỉ số dài {n}", 1) for n in range(20))
    table = Table(columns, (("Nguyenvanduongrattruong",) * 20,))
    paper = replace(paper_samples.plan(), body=(table, Paragraph("a" * 500), Paragraph("Hết")))
    for page in pages(paper):
        assert not list(outside(page))


def test_page_numbers(report: list[Page], draft: list[Page]) -> None:
    numbers = ["", "2", "3", "", "2", "", "2", "", "", "2", ""]
    assert [page.head for page in report] == numbers
    for page in report:
        if page.head:
            letter = next(box for box in page.boxes if box[2] > page.height - form.TOP * POINTS + 5)
            text = form.TEXT if not wide(page) else form.WIDE
            assert (letter[1] + letter[3]) / 2 == pytest.approx((form.LEFT + text / 2) * POINTS, abs=1)
    assert [page.head.removesuffix("DỰ THẢO").strip() for page in draft] == numbers


def test_a_draft_says_so_on_every_page(report: list[Page], draft: list[Page]) -> None:
    assert all("DỰ THẢO" in page.text for page in draft)
    assert not any("DỰ THẢO" in page.text for page in report)


def test_places_of_the_head(report: list[Page]) -> None:
    page = report[0]
    middle = (form.LEFT + form.HEAD_LEFT) * POINTS
    for text in ("UBND TỈNH BẮC GIANG", "SỞ Y TẾ", "Số: 04/BC-SYT"):
        assert page.place(text)[2] < middle
    nation, place = page.place(form.NATIONAL_TITLE), page.place("Bắc Giang, ngày 04 tháng 3 năm 2025")
    assert min(nation[0], place[0]) > middle
    assert page.place("Số: 04/BC-SYT")[1] == pytest.approx(place[1], abs=5)
    kind, center = page.place("BÁO CÁO"), (form.LEFT + form.TEXT / 2) * POINTS
    assert (kind[0] + kind[2]) / 2 == pytest.approx(center, abs=2)
    order = [place, kind, page.place("Kính gửi: Chủ tịch"), page.place("Thực hiện Thông báo")]
    assert [box[1] for box in order] == sorted((box[1] for box in order), reverse=True)


def test_lines_below_issuer_motto_and_subject(report: list[Page]) -> None:
    page = report[0]
    for text, least, most in (("SỞ Y TẾ", 1 / 3, 1 / 2), (form.NATIONAL_MOTTO, 0.97, 1.03)):
        words = page.place(text)
        length = words[2] - words[0]
        below = [box for box in page.lines if 0 < words[1] - box[1] < 8 and abs(mid(box) - mid(words)) < 2]
        assert [line for line in below if least * length <= line[2] - line[0] <= most * length], text


def mid(box: tuple[float, float, float, float]) -> float:
    return (box[0] + box[2]) / 2


def test_first_lines_are_indented_and_paragraphs_apart(report: list[Page]) -> None:
    page = report[0]
    first, second = page.place("Thực hiện Thông báo"), page.place("tỉnh về kết luận")
    assert first[0] - second[0] == pytest.approx(form.INDENT * POINTS, abs=1.5)
    assert second[0] == pytest.approx(form.LEFT * POINTS, abs=1.5)


def test_table_heads_are_repeated_and_rows_stay_whole() -> None:
    found = pages(paper_samples.plan())
    assert ["Nội dung công việc" in page.text for page in found] == [True, True, False]
    text = "\n".join(page.text for page in found[:2])
    assert len(re.findall(r"đợt \d+", text)) == 30
    for page in found[:2]:
        assert page.text.count("Kiểm tra, nghiệm thu") == len(re.findall(r"đợt \d+", page.text))
    last = found[1].text
    assert last.index("đợt 30") < last.index("Tổng cộng")


@pytest.mark.parametrize("rows", range(18, 27))
def test_totals_and_note_stay_with_the_last_row(rows: int) -> None:
    plan = paper_samples.plan(rows)
    table = plan.body[1]
    assert isinstance(table, Table)
    short = tuple((row[0], f"Việc thứ {row[0]}", *row[2:4], "") for row in table.rows)
    found = pages(replace(plan, body=(replace(table, rows=short, note="Ghi chú: đã đủ."), Paragraph("Hết"))))
    page = next(page.text for page in found if "Tổng cộng" in page.text)
    assert f"Việc thứ {rows}" in page
    assert "Ghi chú: đã đủ." in page


@pytest.mark.parametrize("before", range(0, 40, 3))
def test_no_page_parts_a_small_table(before: int) -> None:
    table = Table(
        (Column("TT", 10), Column("Nội dung", 60)), tuple((str(n), f"Việc thứ {n}") for n in range(8))
    )
    body = (*(Bullet("Chữ"),) * before, table, Paragraph("Hết"))
    found = pages(replace(paper_samples.decision(), body=body))
    assert sorted(page.text.count("Việc thứ") for page in found)[-1] == 8


def test_a_table_without_rows_still_says_its_totals_and_note() -> None:
    table = Table(
        (Column("TT", 10), Column("Nội dung", 60)), (), note="Chưa phát sinh.", totals=("", "Tổng cộng")
    )
    text = pages(replace(paper_samples.decision(), body=(table, Paragraph("Hết"))))[0].text
    assert text.index("Nội dung") < text.index("Tổng cộng") < text.index("Chưa phát sinh.")


def test_numbers_stand_right() -> None:
    page = pages(paper_samples.plan())[0]
    letters = "".join(box[0] for box in page.boxes)
    ends = [page.boxes[found.end() - 1][3] for found in re.finditer(r"1\.250\.000", letters)]
    assert len(ends) > 9
    assert max(ends) - min(ends) < 0.1
    counts = [page.boxes[found.start() - 1][3] for found in re.finditer(r"(?<=\d)\s*1\.250\.000", letters)]
    assert max(counts) - min(counts) < 0.7


@pytest.mark.parametrize("times", [1, 3, 20, 200])
@pytest.mark.parametrize("lines", range(0, 44, 4))
def test_the_signature_never_stands_alone(lines: int, times: int) -> None:
    filler = tuple(Bullet(f"Việc thứ {n}") for n in range(lines))
    closing = Paragraph(f"{CLOSING} triển khai, Sở Y tế kính báo cáo. " * times)
    paper = replace(paper_samples.report(), body=(*filler, closing), annexes=())
    last = pages(paper)[-1].text
    assert CLOSING in last
    assert all(word in last for word in ("Nơi nhận:", "Lưu: VT, NVY.", "KT. GIÁM ĐỐC", "Nguyễn Thị Minh Ánh"))


def test_a_row_higher_than_the_page_is_printed_whole() -> None:
    words = [f"việc{n}" for n in range(1200)]
    table = Table((Column("TT", 10), Column("Nội dung", 60)), (("1", " ".join(words)),))
    found = pages(replace(paper_samples.plan(), body=(table, Paragraph("Hết"))))
    assert not [letter for page in found for letter in outside(page)]
    assert set(words) <= set(re.sub(r"\s+", " ", " ".join(page.text for page in found)).split())


def test_a_long_list_of_copies_is_printed_whole() -> None:
    copies = tuple(f"Đơn vị {n} " + "trực thuộc Sở Y tế tỉnh Bắc Giang " * 5 for n in range(40))
    found = pages(replace(paper_samples.decision(), copies=copies))
    assert not [letter for page in found for letter in outside(page)]
    assert all(f"- Đơn vị {n} " in "".join(page.text for page in found) for n in range(40))


def test_every_letter_of_the_font_can_be_printed_in_every_look() -> None:
    letters = "".join(sorted(form.clean("".join(fonts.letters())).replace("\n", "")))
    looks = [(False, False), (True, False), (False, True), (True, True)]
    runs = tuple(Run(letters, bold, italic) for bold, italic in looks)
    assert pdf.write(replace(paper_samples.decision(), body=(Paragraph(runs), Paragraph("Hết"))))


def test_the_file_can_be_kept_and_read_aloud() -> None:
    file = pdf.write(paper_samples.report())
    assert b"<pdfaid:part>2<" in file
    assert b"<pdfuaid:part>1<" in file
    assert b"Tinos" in file
    with pypdfium2.PdfDocument(file) as document:
        about = document.get_metadata_dict()
        assert about["Title"].startswith("BÁO CÁO Kết quả triển khai bệnh án điện tử")
        assert about["Author"] == "Sở Y tế tỉnh Bắc Giang"
        assert about["CreationDate"].startswith("D:20250304")
        assert raw.FPDFCatalog_IsTagged(document)
        language = ctypes.create_string_buffer(64)
        size = raw.FPDFCatalog_GetLanguage(
            document, ctypes.cast(language, ctypes.POINTER(ctypes.c_ushort)), 64
        )
        assert language.raw[: size - 2].decode("utf-16-le") == "vi-VN"
        titles = [(entry.level, entry.get_title()) for entry in document.get_toc()]
    assert (0, "I. CÔNG TÁC CHỈ ĐẠO, ĐIỀU HÀNH") in [(level, title.strip()) for level, title in titles]


def test_a_number_of_a_document_stays_on_one_line() -> None:
    body = tuple(Bullet("ô " * length + "số 45/TB-UBND-KGVX") for length in range(30, 46))
    text = "".join(page.text for page in pages(replace(paper_samples.decision(), body=body)))
    assert text.count("45/TB-UBND-KGVX") == len(body)


def test_the_same_paper_gives_the_same_bytes() -> None:
    assert pdf.write(paper_samples.report()) == pdf.write(paper_samples.report())


def test_headings_that_skip_a_level_are_no_fault() -> None:
    body = (Heading(3, "a) Một"), Heading(1, "I. Hai"), Heading(3, "a) Ba"), Paragraph("Hết"))
    assert "I. HAI" in pages(replace(paper_samples.decision(), body=body))[0].text


@pytest.mark.parametrize(
    "text",
    [
        '#read("/etc/hostname")',
        "$x^2$ *đậm* _nghiêng_ `mã`",
        '#import "@preview/a:1.0.0": b',
        "= Mục // chú thích",
        "\\u{1F600} @nguon <nhan>",
    ],
)
def test_text_is_never_markup(text: str) -> None:
    body = (Heading(2, text), Bullet(text), Paragraph("Hết"))
    paper = replace(paper_samples.decision(), body=body, subject=text, copies=(text,))
    found = re.sub(r"\s+", " ", pages(paper)[0].text)
    assert found.count(text) == 4


def test_a_paper_without_words_is_still_a_paper() -> None:
    head = replace(paper_samples.HEALTH, superior="", issuer="", place="", name="")
    signer = replace(paper_samples.decision().signer, authority="", post="", name="")
    empty = Paper(head, "", None, "", "", (), (), signer, (), "")
    assert len(pages(empty)) == 1
    assert not math.isnan(pages(empty)[0].width)
