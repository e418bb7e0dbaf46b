"""The DOCX, opened again: page, type and the places of the elements."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import date

import pytest
from docx import Document
from docx.document import Document as Doc
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Length, Mm, Pt, Twips
from docx.table import Table as DocTable
from docx.text.paragraph import Paragraph as DocParagraph
from lxml import etree

import paper_samples
from lienthong.rollout.papers import docx, form
from lienthong.rollout.papers.paper import Bullet, Column, Paper, Paragraph, Table

A4 = Twips(11906), Twips(16838)
CENTER, JUSTIFY, RIGHT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.JUSTIFY, WD_ALIGN_PARAGRAPH.RIGHT
ORDER = {
    "pPr": "pStyle keepNext keepLines pageBreakBefore widowControl numPr pBdr shd tabs spacing ind jc rPr sectPr",
    "rPr": "rStyle rFonts b bCs i iCs caps color spacing kern sz szCs u lang",
    "tblPr": "tblStyle bidiVisual tblW jc tblCellSpacing tblInd tblBorders shd tblLayout tblCellMar tblLook",
    "trPr": "cantSplit tblHeader",
    "tcPr": "tcW gridSpan tcBorders shd noWrap tcMar vAlign",
    "sectPr": "headerReference footerReference type pgSz pgMar pgNumType cols titlePg docGrid",
}
"""Order of children in ISO/IEC 29500-1, Annex A; Word refuses files that break it."""


def opened(paper: Paper) -> Doc:
    return Document(io.BytesIO(docx.write(paper)))


@pytest.fixture(scope="module")
def report() -> Doc:
    return opened(paper_samples.report())


@pytest.fixture(scope="module")
def draft() -> Doc:
    return opened(paper_samples.report(draft=True, number="/BC-SYT"))


def cell(document: Doc, row: int, column: int) -> list[DocParagraph]:
    return document.tables[0].cell(row, column).paragraphs


def named(document: Doc, start: str) -> DocParagraph:
    return next(line for line in document.paragraphs if line.text.startswith(start))


def look(line: DocParagraph) -> tuple[float, bool, bool]:
    font = line.runs[0].font
    assert font.size is not None
    return font.size.pt, bool(font.bold), bool(font.italic)


def has(element: object, path: str) -> bool:
    assert isinstance(element, etree._Element)
    return element.find(path, {"w": qn("w:p")[1:-2]}) is not None


def header_text(document: Doc, section: int, *, first: bool = False) -> str:
    part = document.sections[section]
    header = part.first_page_header if first else part.header
    return "".join(line.text for line in header.paragraphs).strip()


def test_paper_and_margins(report: Doc) -> None:
    first, *annexes = report.sections
    assert len(annexes) == 5
    assert (first.orientation, first.page_width, first.page_height) == (WD_ORIENT.PORTRAIT, *A4)
    for section in report.sections:
        assert 20 <= round(section.top_margin.mm, 1) <= 25
        assert 20 <= round(section.bottom_margin.mm, 1) <= 25
        assert 30 <= round(section.left_margin.mm, 1) <= 35
        assert 15 <= round(section.right_margin.mm, 1) <= 20
    for annex in annexes:
        assert (annex.orientation, annex.page_width, annex.page_height) == (WD_ORIENT.LANDSCAPE, *A4[::-1])


def test_page_numbers_begin_anew_in_each_part_and_are_not_on_its_first_page(report: Doc) -> None:
    for number, section in enumerate(report.sections):
        line = section.header.paragraphs[0]
        assert 'instr="PAGE"' in etree.tostring(line._p).decode()
        room = section.page_width - section.left_margin - section.right_margin
        assert line.paragraph_format.tab_stops[0].position == pytest.approx(room / 2, abs=700)
        assert line._p.find(f".//{qn('w:fldSimple')}//{qn('w:sz')}").get(qn("w:val")) == "26"
        assert section.different_first_page_header_footer
        assert header_text(report, number, first=True) == ""
        assert section._sectPr.find(qn("w:pgNumType")).get(qn("w:start")) == "1"


def test_one_font_black_everywhere() -> None:
    with zipfile.ZipFile(io.BytesIO(docx.write(paper_samples.report()))) as file:
        parts = {name: file.read(name).decode() for name in file.namelist() if name.endswith(".xml")}
    body = parts["word/document.xml"] + "".join(text for name, text in parts.items() if "header" in name)
    assert "rFonts" not in body
    assert "w:color w:val" not in body.replace('w:color w:val="000000"', "")
    styles = opened(paper_samples.report()).styles
    for name in ("Normal", "Body Text", "Heading 1", "Heading 2", "Heading 3"):
        fonts = styles[name].element.find(qn("w:rPr")).find(qn("w:rFonts"))
        assert set(fonts.attrib.values()) == {"Times New Roman"}
        assert styles[name].font.color.rgb == (0, 0, 0)
        assert styles[name].font.size == Pt(14)


def test_head(report: Doc) -> None:
    superior, issuer, line = cell(report, 0, 0)
    assert (superior.text, look(superior)) == ("UBND TỈNH BẮC GIANG", (13, False, False))
    assert (issuer.text, look(issuer)) == ("SỞ Y TẾ", (13, True, False))
    assert drawn(line, form.HEAD_LEFT) == pytest.approx(
        0.4 * form.fonts.width("SỞ Y TẾ", 13, bold=True), abs=1
    )
    nation, motto, line = cell(report, 0, 1)
    assert (nation.text, look(nation)) == ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", (13, True, False))
    assert (motto.text, look(motto)) == ("Độc lập - Tự do - Hạnh phúc", (14, True, False))
    assert drawn(line, form.HEAD_RIGHT) == pytest.approx(form.motto_line(), abs=1)
    assert [(p.text, look(p)) for p in cell(report, 1, 0)] == [("Số: 04/BC-SYT", (13, False, False))]
    place = [("Bắc Giang, ngày 04 tháng 3 năm 2025", (14, False, True))]
    assert [(p.text, look(p)) for p in cell(report, 1, 1)] == place
    assert all(
        p.alignment == CENTER for c in range(2) for r in range(2) for p in cell(report, r, c) if p.text
    )


def drawn(line: DocParagraph, room: float) -> float:
    """Length in points of a line drawn as a border."""
    shape = line.paragraph_format
    assert has(line._p, "w:pPr/w:pBdr/w:top")
    assert shape.left_indent is not None
    assert shape.right_indent is not None
    return form.points(room) - shape.left_indent.pt - shape.right_indent.pt


def test_title_and_addressee(report: Doc) -> None:
    kind, subject = report.paragraphs[:2]
    assert (kind.text, kind.alignment, look(kind)) == ("BÁO CÁO", CENTER, (14, True, False))
    assert subject.text.endswith("(kỳ báo cáo từ ngày 18/02/2025 đến ngày 03/03/2025)")
    assert (subject.alignment, look(subject)) == (CENTER, (14, True, False))
    to = named(report, "Kính gửi:")
    assert (to.text, to.alignment) == ("Kính gửi: Chủ tịch Ủy ban nhân dân tỉnh", CENTER)


def test_several_addressees_stand_below_the_colon() -> None:
    document = opened(paper_samples.plan())
    first = named(document, "Kính gửi:")
    lines = [named(document, "- Ủy ban nhân dân"), named(document, "- Các đơn vị")]
    assert [line.text[-1] for line in lines] == [";", "."]
    starts = {line.paragraph_format.left_indent + line.paragraph_format.first_line_indent for line in lines}
    assert len(starts) == 1
    assert Length(starts.pop()).pt - first.paragraph_format.left_indent.pt == pytest.approx(
        form.to_hang(), abs=1
    )


def test_text_is_set_as_the_rules_say(report: Doc) -> None:
    style = named(report, "Thực hiện Thông báo").style
    assert style is not None
    shape = style.paragraph_format
    assert (style.name, shape.alignment) == ("Body Text", JUSTIFY)
    assert Mm(10) <= shape.first_line_indent <= Mm(12.7)
    assert shape.space_after >= Pt(6)
    assert 1 <= shape.line_spacing <= 1.5
    assert named(report, "I. CÔNG TÁC CHỈ ĐẠO").style.font.bold
    assert named(report, "1. Hạ tầng").style.font.bold
    assert not named(report, "a) Tình trạng").style.font.bold
    assert named(report, "Đã cấp 1.204").runs[1].bold
    assert named(report, "Trên đây là").text.endswith("./.")


def test_signature_stays_with_the_last_lines(report: Doc) -> None:
    last = named(report, "Trên đây là")
    assert last.paragraph_format.keep_with_next
    table = next(t for t in report.tables if t.cell(0, 0).text.startswith("Nơi nhận:"))
    assert table._tbl.getprevious() is last._p
    assert has(table._tbl, "w:tr/w:trPr/w:cantSplit")
    copies, signer = (c.paragraphs for c in table.rows[0].cells)
    assert look(copies[0]) == (12, True, True)
    assert {look(line) for line in copies[1:]} == {(11, False, False)}
    assert [copies[1].text, copies[-1].text] == ["- Như trên;", "- Lưu: VT, NVY."]
    assert [line.text for line in signer] == ["KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC", "Nguyễn Thị Minh Ánh"]
    assert {(line.alignment, look(line)) for line in signer} == {(CENTER, (14, True, False))}
    assert signer[1].paragraph_format.space_after >= Pt(60)


def data_tables(document: Doc) -> list[DocTable]:
    return [
        table for table in document.tables if table.style is not None and table.style.name == "Table Grid"
    ]


def test_tables_fit_repeat_their_head_and_keep_their_rows(report: Doc) -> None:
    tables = data_tables(report)
    assert len(tables) == 6
    for n, table in enumerate(tables):
        room = form.WIDE if n else form.TEXT
        assert sum(column.width for column in table.columns) <= Mm(room) + 2000
        assert not table.autofit
        rows = table._tbl.tr_lst
        assert [has(row, "w:trPr/w:tblHeader") for row in rows] == [True] + [False] * (len(rows) - 1)
        assert all(has(row, "w:trPr/w:cantSplit") for row in rows)
    exchange = tables[3]
    assert exchange.cell(1, 3).paragraphs[0].alignment == RIGHT
    assert [c.text for c in exchange.rows[-1].cells][3:6] == ["118", "116", "2"]
    assert look(exchange.rows[-1].cells[1].paragraphs[0]) == (11, True, False)
    assert all(c.paragraphs[0].paragraph_format.keep_with_next for c in exchange.rows[-2].cells)


def test_annexes_name_their_document(report: Doc) -> None:
    heads = [line for line in report.paragraphs if line.text.startswith("Phụ lục ")]
    assert [line.text for line in heads] == [f"Phụ lục {n}" for n in ("I", "II", "III", "IV", "V")]
    for head in heads:
        lines = [DocParagraph(p, head._parent) for p in list(head._p.itersiblings(qn("w:p")))[:2]]
        assert lines[0].text.isupper()
        assert look(lines[0]) == (14, True, False)
        assert lines[1].text.startswith("(Kèm theo Báo cáo số 04/BC-SYT ngày 04 tháng 3 năm 2025 của Sở Y tế")
        assert look(lines[1]) == (14, False, True)
        assert {line.alignment for line in (head, *lines)} == {CENTER}


def test_a_draft_says_so_on_every_page(draft: Doc, report: Doc) -> None:
    assert [line.text for line in cell(draft, 1, 0)][1] == "DỰ THẢO"
    for number in range(6):
        assert header_text(draft, number).endswith("DỰ THẢO")
        assert header_text(draft, number, first=True) == ("DỰ THẢO" if number else "")
    assert "DỰ THẢO" not in "".join(report.element.body.itertext())
    assert not any("DỰ THẢO" in header_text(report, number) for number in range(6))


def test_another_kind_without_addressee_and_annex() -> None:
    document = opened(paper_samples.decision())
    assert document.paragraphs[0].text == "QUYẾT ĐỊNH"
    assert len(document.sections) == 1
    assert not any(line.text.startswith("Kính gửi") for line in document.paragraphs)
    centred = named(document, "GIÁM ĐỐC SỞ Y TẾ")
    assert (centred.alignment, centred.paragraph_format.first_line_indent) == (CENTER, 0)
    signer = document.tables[-1].cell(0, 1).paragraphs
    assert [line.text for line in signer] == ["GIÁM ĐỐC", "Trần Văn Bình"]


def test_the_file_tells_about_itself_and_is_always_the_same() -> None:
    paper = paper_samples.report()
    first = docx.write(paper)
    assert first == docx.write(paper_samples.report())
    with zipfile.ZipFile(io.BytesIO(first)) as file:
        assert {part.date_time for part in file.infolist()} == {(2025, 3, 4, 0, 0, 0)}
        assert b"python-docx" not in b"".join(file.read(name) for name in file.namelist())
        assert b'"compatibilityMode"' in file.read("word/settings.xml")
    about = opened(paper).core_properties
    assert about.title.startswith("BÁO CÁO Kết quả triển khai")
    assert (about.author, about.language) == ("Sở Y tế tỉnh Bắc Giang", "vi-VN")
    assert about.created.isoformat()[:19] == "2025-03-04T00:00:00"
    assert docx.write(replace(paper, day=date(1970, 1, 1)))


@pytest.mark.parametrize(
    "paper", [paper_samples.report(draft=True), paper_samples.plan(), paper_samples.decision()]
)
def test_word_accepts_the_order_of_elements(paper: Paper) -> None:
    with zipfile.ZipFile(io.BytesIO(docx.write(paper))) as file:
        names = [n for n in file.namelist() if n.startswith("word/") and n.endswith(".xml")]
        trees = [etree.fromstring(file.read(name)) for name in names if "theme" not in name]
    for tree in trees:
        for parent, order in ORDER.items():
            known = order.split()
            for element in tree.iter(qn(f"w:{parent}")):
                places = [
                    known.index(etree.QName(child).localname)
                    for child in element
                    if known_child(child, known)
                ]
                assert places == sorted(places), etree.tostring(element)
    assert trees


def known_child(child: etree._Element, known: list[str]) -> bool:
    return etree.QName(child).localname in known


def test_the_rows_of_a_small_table_stay_together(report: Doc) -> None:
    small, large = data_tables(report)[:2]
    kept = [[bool(c.paragraphs[0].paragraph_format.keep_with_next) for c in row.cells] for row in small.rows]
    assert all(all(row) for row in kept)
    assert not any(c.paragraphs[0].paragraph_format.keep_with_next for c in large.rows[1].cells)


def test_a_very_high_row_may_go_on_over_the_page() -> None:
    table = Table((Column("TT", 10), Column("Nội dung", 60)), (("1", "Rất dài " * 400), ("2", "Ngắn")))
    rows = data_tables(opened(replace(paper_samples.plan(), body=(table, Bullet("Hết")))))[0]._tbl.tr_lst
    assert [has(row, "w:trPr/w:cantSplit") for row in rows] == [True, False, True]


def test_text_is_never_xml() -> None:
    text = 'Đơn vị <w:b/> & "Bệnh viện" ]]> &lt; {{x}}'
    assert (
        named(opened(replace(paper_samples.plan(), body=(Paragraph(text),))), "Đơn vị").text == f"{text}./."
    )
