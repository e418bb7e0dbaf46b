"""A paper as DOCX (ISO/IEC 29500 transitional), made with python-docx: what the office goes on working in."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime, time
from typing import Any

from docx import Document
from docx.document import Document as Doc
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.section import Section, _Header
from docx.shared import Mm, Pt, RGBColor
from docx.styles.style import ParagraphStyle
from docx.table import Table as DocTable
from docx.table import _Cell, _Row
from docx.text.paragraph import Paragraph as DocParagraph

from lienthong.rollout.papers import form
from lienthong.rollout.papers.paper import Annex, Block, Bullet, Column, Heading, Paper, Paragraph, Run, Table

_FONT = "Times New Roman"
_CENTER, _LEFT = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.LEFT
_ALIGN = {"left": _LEFT, "right": WD_ALIGN_PARAGRAPH.RIGHT, "center": _CENTER}
_MARKS = {1: "- ", 2: "+ "}
_HEADINGS = {1: "Heading 1", 2: "Heading 2", 3: "Heading 3"}


def write(paper: Paper) -> bytes:
    """The document as a DOCX file; the same paper always gives the same bytes.

    Raises:
        LienThongError: ``paper-too-long``, ``paper-table-uneven``.
    """
    paper = form.settle(paper)
    document = Document()
    _styles(document)
    _properties(document, paper)
    _page(document.sections[0], paper, first=True)
    _letterhead(document, paper)
    _subject(document, paper)
    _addressed(document, paper)
    _blocks(document, paper.body)
    _signature(document, paper)
    for annex in paper.annexes:
        _annex(document, paper, annex)
    return _same_bytes(document, paper)


def _element(tag: str, **attributes: Any) -> Any:
    element = OxmlElement(f"w:{tag}")
    for name, value in attributes.items():
        element.set(qn(f"w:{name}"), str(value))
    return element


def _styles(document: Doc) -> None:
    normal = _style(document, "Normal", form.BODY)
    normal.paragraph_format.space_after = normal.paragraph_format.space_before = Pt(0)
    normal.paragraph_format.line_spacing = 1.0
    body = _style(document, "Body Text", form.BODY)
    body.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    for style in (body, *(_style(document, name, form.BODY) for name in _HEADINGS.values())):
        style.paragraph_format.first_line_indent = Mm(form.INDENT)
        style.paragraph_format.space_before = Pt(0)
        style.paragraph_format.space_after = Pt(form.PARAGRAPH_GAP)
        style.paragraph_format.line_spacing = form.LINE_SPACING
    for level, name in _HEADINGS.items():
        document.styles[name].font.bold = level < 3
        document.styles[name].font.italic = False


def _style(document: Doc, name: str, size: float) -> ParagraphStyle:
    style = document.styles[name]
    assert isinstance(style, ParagraphStyle)
    style.font.name, style.font.size, style.font.color.rgb = _FONT, Pt(size), RGBColor(0, 0, 0)
    properties = style.element.get_or_add_rPr()
    fonts = properties.find(qn("w:rFonts"))
    for key in list(fonts.attrib):
        del fonts.attrib[key]
    for key in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{key}"), _FONT)
    for old in properties.findall(qn("w:lang")):
        properties.remove(old)
    properties.append(_element("lang", val="vi-VN"))
    return style


def _properties(document: Doc, paper: Paper) -> None:
    about, made = document.core_properties, datetime.combine(form.issued(paper), time())
    about.title = f"{paper.kind} {paper.subject}".replace("\n", " ").strip()[:255]
    about.author = about.last_modified_by = paper.letterhead.name or paper.letterhead.issuer
    about.created = about.modified = made
    about.language, about.comments, about.revision = "vi-VN", "", 1
    settings = document.settings.element
    for old in settings.findall(qn("w:compat")):
        settings.remove(old)
    compat = _element("compat")
    mode = {"name": "compatibilityMode", "uri": "http://schemas.microsoft.com/office/word", "val": 15}
    compat.append(_element("compatSetting", **mode))
    for place in settings.iterchildren(qn("w:rsids"), qn("m:mathPr"), qn("w:themeFontLang")):
        place.addprevious(compat)
        break


def _page(section: Section, paper: Paper, *, first: bool) -> None:
    """Margins, and the page number in the top margin from the second page on, counted in each section."""
    short, long = Mm(form.SHEET[0]), Mm(form.SHEET[1])
    section.orientation = WD_ORIENT.PORTRAIT if first else WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = (short, long) if first else (long, short)
    section.top_margin, section.bottom_margin = Mm(form.TOP), Mm(form.BOTTOM)
    section.left_margin, section.right_margin = Mm(form.LEFT), Mm(form.RIGHT)
    section.header_distance, section.footer_distance = Mm(form.HEADER), Mm(form.HEADER)
    section.different_first_page_header_footer = True
    for old in section._sectPr.findall(qn("w:pgNumType")):
        section._sectPr.remove(old)
    section._sectPr.insert_element_before(_element("pgNumType", start=1), "w:cols", "w:titlePg", "w:docGrid")
    room = form.TEXT if first else form.WIDE
    _running(section.first_page_header, room, paper.draft and not first, number=False)
    _running(section.header, room, paper.draft, number=True)


def _running(header: _Header, room: float, marked: bool, *, number: bool) -> None:
    header.is_linked_to_previous = False
    line = header.paragraphs[0]
    line.style = "Normal"
    stops = line.paragraph_format.tab_stops
    stops.add_tab_stop(Mm(room / 2), WD_TAB_ALIGNMENT.CENTER)
    stops.add_tab_stop(Mm(room), WD_TAB_ALIGNMENT.RIGHT)
    if number:
        _run(line, "\t", form.PAGE_NUMBER)
        field = _element("fldSimple", instr="PAGE")
        shown = _element("r")
        shown.append(_element("rPr"))
        shown[0].append(_element("sz", val=int(2 * form.PAGE_NUMBER)))
        shown.append(_element("t"))
        shown[1].text = "2"
        field.append(shown)
        line._p.append(field)
    if marked:
        _run(line, "\t" if number else "\t\t", form.PAGE_NUMBER)
        _run(line, form.DRAFT, form.PAGE_NUMBER, bold=True)


def _run(line: DocParagraph, text: str, size: float, *, bold: bool = False, italic: bool = False) -> None:
    run = line.add_run(text)
    run.font.size = Pt(size)
    run.bold, run.italic = bold or None, italic or None


def _line(
    place: Doc | _Cell, text: str, size: float, *, bold: bool = False, italic: bool = False, after: float = 0
) -> DocParagraph:
    """A centred line of one look."""
    line = place.add_paragraph()
    line.alignment = _CENTER
    line.paragraph_format.space_after = Pt(after)
    _run(line, text, size, bold=bold, italic=italic)
    return line


def _rule(place: Doc | _Cell, length: float, room: float, *, after: float = 0) -> DocParagraph:
    """A centred line of so many points: the upper border of an empty paragraph in a room of millimetres."""
    line = place.add_paragraph()
    shape = line.paragraph_format
    shape.left_indent = shape.right_indent = Pt(round((form.points(room) - length) / 2, 1))
    shape.line_spacing, shape.space_before, shape.space_after = Pt(3), Pt(3), Pt(after)
    _bordered(line, "top")
    return line


def _bordered(line: DocParagraph, *sides: str) -> None:
    borders = _element("pBdr")
    for side in sides:
        borders.append(_element(side, val="single", sz=6, space=1, color="000000"))
    line._p.get_or_add_pPr().insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _grid(document: Doc, widths: tuple[float, ...], rows: int) -> DocTable:
    """A table of fixed columns without lines that keeps elements side by side."""
    table: DocTable = document.add_table(rows, len(widths))
    _fix(table, widths, pad=0)
    return table


def _fix(table: DocTable, widths: tuple[float, ...], pad: float) -> None:
    table.autofit = False
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    properties = table._tbl.tblPr
    for old in properties.findall(qn("w:tblW")):
        properties.remove(old)
    properties.insert_element_before(
        _element("tblW", type="dxa", w=round(20 * form.points(sum(widths)))),
        "w:jc", "w:tblCellSpacing", "w:tblInd", "w:tblBorders", "w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook",
    )  # fmt: skip
    margins = _element("tblCellMar")
    for side in ("left", "right"):
        margins.append(_element(side, w=round(20 * form.points(pad)), type="dxa"))
    properties.insert_element_before(margins, "w:tblLook")
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    for row in table.rows:
        for cell, width in zip(row.cells, widths, strict=True):
            cell.width = Mm(width)


def _emptied(cell: _Cell) -> _Cell:
    cell._tc.remove(cell.paragraphs[0]._p)
    return cell


def _letterhead(document: Doc, paper: Paper) -> None:
    head = paper.letterhead
    table = _grid(document, (form.HEAD_LEFT, form.HEAD_RIGHT), 2)
    issuer, nation, number, place = (_emptied(cell) for row in table.rows for cell in row.cells)
    if head.superior:
        _line(issuer, head.superior, form.ISSUER)
    _line(issuer, head.issuer, form.ISSUER, bold=True)
    length = form.short_line(head.issuer, form.ISSUER, form.HEAD_LEFT, bold=True)
    _rule(issuer, length, form.HEAD_LEFT)
    _line(nation, form.NATIONAL_TITLE, form.NATION, bold=True)
    _line(nation, form.NATIONAL_MOTTO, form.MOTTO, bold=True)
    _rule(nation, form.motto_line(), form.HEAD_RIGHT)
    _line(number, form.number_line(paper), form.NUMBER)
    if paper.draft:
        mark = _line(number, form.DRAFT, form.NUMBER, bold=True)
        shape = mark.paragraph_format
        shape.space_before, shape.left_indent, shape.right_indent = Pt(6), Mm(19), Mm(19)
        _bordered(mark, "top", "left", "bottom", "right")
    _line(place, form.day_line(paper), form.PLACE, italic=True)


def _subject(document: Doc, paper: Paper) -> None:
    _line(document, paper.kind, form.TITLE, bold=True).paragraph_format.space_before = Pt(14)
    _line(document, paper.subject, form.TITLE, bold=True).paragraph_format.line_spacing = form.LINE_SPACING
    length = form.short_line(paper.subject, form.TITLE, form.TEXT, bold=True)
    _rule(document, length, form.TEXT, after=9)


def _addressed(document: Doc, paper: Paper) -> None:
    lines = form.to_lines(paper)
    if len(lines) == 1:
        _line(document, f"{form.TO_HEAD} {lines[0]}", form.TO, after=12)
    elif lines:
        indent, dash = form.to_indent(paper), Pt(8)
        first = _line(document, form.TO_HEAD, form.TO)
        first.alignment, first.paragraph_format.left_indent = _LEFT, Pt(round(indent))
        for text in lines:
            line = _line(document, text, form.TO)
            shape = line.paragraph_format
            shape.alignment, shape.left_indent = _LEFT, Pt(round(indent + form.to_hang())) + dash
            shape.first_line_indent = -dash
        shape.space_after = Pt(12)


def _blocks(document: Doc, blocks: tuple[Block, ...]) -> None:
    for block in blocks:
        if isinstance(block, Heading):
            text = block.text.upper() if block.level == 1 else block.text
            document.add_paragraph(text, _HEADINGS[block.level])
        elif isinstance(block, Table):
            _table(document, block)
        else:
            _words(document, block)


def _words(document: Doc, block: Paragraph | Bullet) -> None:
    line = document.add_paragraph(style="Body Text")
    if isinstance(block, Bullet):
        line.add_run(_MARKS[block.level])
    elif block.centred:
        line.alignment, line.paragraph_format.first_line_indent = _CENTER, Mm(0)
    for run in (Run(block.text),) if isinstance(block.text, str) else block.text:
        _run(line, run.text, form.BODY, bold=run.bold, italic=run.italic)


def _table(document: Doc, block: Table) -> None:
    size = form.table_size(block)
    if block.caption:
        _line(document, block.caption, size, bold=True, after=4).paragraph_format.keep_with_next = True
    table = document.add_table(1 + len(block.rows) + bool(block.totals), len(block.columns), "Table Grid")
    _fix(table, tuple(column.width for column in block.columns), form.CELL_PAD)
    head, *rows = table.rows
    head._tr.get_or_add_trPr().append(_element("tblHeader"))
    titles = tuple(column.title for column in block.columns)
    _row(head, block.columns, titles, size, bold=True, keep=True, center=True)
    last, tied, whole = len(block.rows) - 1, bool(block.totals or block.note), form.stays_whole(block)
    for n, (row, cells) in enumerate(zip(rows, block.rows, strict=False)):
        splits = form.may_split(block, cells)
        _row(
            row,
            block.columns,
            cells,
            size,
            keep=tied if n == last else whole,
            splits=splits,
        )
    if block.totals:
        _row(rows[-1], block.columns, block.totals, size, bold=True, keep=bool(block.note))
    note = document.add_paragraph()
    note.paragraph_format.space_after = Pt(form.PARAGRAPH_GAP)
    if block.note:
        note.paragraph_format.space_before = Pt(4)
        _run(note, block.note, size, italic=True)
    else:
        note.paragraph_format.line_spacing = Pt(4)


def _row(
    row: _Row,
    columns: tuple[Column, ...],
    texts: tuple[str, ...],
    size: float,
    *,
    bold: bool = False,
    keep: bool = False,
    splits: bool = False,
    center: bool = False,
) -> None:
    if not splits:
        row._tr.get_or_add_trPr().insert(0, _element("cantSplit"))
    for cell, column, text in zip(row.cells, columns, texts, strict=True):
        cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
        line = cell.paragraphs[0]
        line.alignment = _CENTER if center else _ALIGN[column.align]
        shape = line.paragraph_format
        shape.space_before = shape.space_after = Pt(2)
        shape.keep_with_next = keep or None
        _sized_mark(line, size)
        _run(line, text, size, bold=bold)


def _sized_mark(line: DocParagraph, size: float) -> None:
    """The paragraph's own mark in its type size, so that an empty cell is no higher than the others."""
    look = _element("rPr")
    look.append(_element("sz", val=int(2 * size)))
    line._p.get_or_add_pPr().append(look)


def _signature(document: Doc, paper: Paper) -> None:
    """Nơi nhận and the signature in one row that no page parts, kept with the last lines of the text."""
    last = document.paragraphs[-1]
    last.paragraph_format.keep_with_next = True
    table = _grid(document, (form.SIGN_LEFT, form.SIGN_RIGHT), 1)
    row = table.rows[0]
    if not form.signature_splits(paper):
        row._tr.get_or_add_trPr().append(_element("cantSplit"))
    copies, signer = (_emptied(cell) for cell in row.cells)
    head = _line(copies, form.COPIES_HEAD, form.COPIES_TITLE, bold=True, italic=True)
    head.alignment, head.paragraph_format.space_before = _LEFT, Pt(8)
    for text in form.copy_lines(paper):
        line = _line(copies, text, form.COPIES)
        line.alignment = _LEFT
        line.paragraph_format.left_indent, line.paragraph_format.first_line_indent = Pt(5.5), Pt(-5.5)
    if paper.signer.authority:
        _line(signer, paper.signer.authority, form.SIGNATURE, bold=True)
    _line(signer, paper.signer.post, form.SIGNATURE, bold=True, after=form.SIGNATURE_ROOM)
    signer.paragraphs[0].paragraph_format.space_before = Pt(8)
    _line(signer, paper.signer.name, form.SIGNATURE, bold=True)
    _end(document.add_paragraph())


def _end(line: DocParagraph) -> None:
    """An empty paragraph, needed after a table, that takes no room."""
    line.paragraph_format.line_spacing = Pt(1)


def _annex(document: Doc, paper: Paper, annex: Annex) -> None:
    _page(document.add_section(WD_SECTION.NEW_PAGE), paper, first=False)
    _end(document.paragraphs[-1])
    head = document.add_paragraph(style="Heading 1")
    head.alignment, head.paragraph_format.first_line_indent = _CENTER, Mm(0)
    head.paragraph_format.space_after = Pt(0)
    head.add_run(form.annex_head(annex))
    if annex.title:
        _line(document, annex.title, form.TITLE, bold=True)
    along = form.sent_along(paper)
    _line(document, along, form.BODY, italic=True)
    length = form.short_line(along, form.BODY, form.WIDE, bold=False)
    _rule(document, length, form.WIDE, after=6)
    _blocks(document, annex.blocks)


def _same_bytes(document: Doc, paper: Paper) -> bytes:
    """The file with the document's own day as the time of every part."""
    written, fixed = io.BytesIO(), io.BytesIO()
    document.save(written)
    day = form.issued(paper)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = zipfile.ZipInfo(name, (max(day.year, 1980), day.month, day.day, 0, 0, 0))
            part.compress_type, part.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
            target.writestr(part, source.read(name))
    return fixed.getvalue()
