"""A paper as PDF, by typst with a fixed template.

The file is tagged (PDF/UA-1, ISO 14289-1) and fit to be kept (PDF/A-2a, ISO 19005-2). The template reads no file: what
it prints comes as one JSON text, so that nothing a person wrote is ever typst's language.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

import typst

from lienthong.foundation import json
from lienthong.rollout.papers import fonts, form
from lienthong.rollout.papers.paper import Annex, Block, Bullet, Heading, Paper, Paragraph, Run, Table

_TEMPLATE = Path(__file__).with_name("paper.typ")
_STANDARDS: Final[list[typst.PDFStandard]] = ["a-2a", "ua-1"]
_NOTE_LINES = 8
_MARKS = {1: "- ", 2: "+ "}
_ASCENT, _DESCENT, _LINE = 0.891, 0.216, 1.149
"""Of Tinos, in em: how high and low letters reach, how far Word's single lines are apart (``hhea`` of OpenType)."""
_LEAD = form.BODY * (_LINE * form.LINE_SPACING - _ASCENT - _DESCENT)


def write(paper: Paper) -> bytes:
    """The document as a PDF file; the same paper always gives the same bytes.

    Raises:
        LienThongError: ``paper-too-long``, ``paper-table-uneven``.
    """
    paper = form.settle(paper)
    return typst.compile(
        _TEMPLATE,
        root=_TEMPLATE.parent,
        font_paths=_fonts(),
        sys_inputs={"paper": json.dumps(_told(paper)).decode()},
        pdf_standards=_STANDARDS,
    )


@cache
def _fonts() -> typst.Fonts:
    folders = sorted({path.parent for path in fonts.files()})
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(folders))


def _told(paper: Paper) -> dict[str, Any]:
    head, day = paper.letterhead, form.issued(paper)
    return {
        "measures": {**_MEASURES, "lead": _LEAD, "ascent": _ASCENT, "descent": _DESCENT},
        "words": {
            "whole": fonts.WHOLE,
            "break": fonts.BREAK,
            "nation": form.NATIONAL_TITLE,
            "motto": form.NATIONAL_MOTTO,
            "draft": form.DRAFT,
            "to": form.TO_HEAD,
            "copies": form.COPIES_HEAD,
        },
        "title": f"{paper.kind} {paper.subject}".replace("\n", " ").strip() or form.DRAFT,
        "author": head.name or head.issuer,
        "date": [day.year, day.month, day.day],
        "draft": paper.draft,
        "superior": _text(head.superior, form.HEAD_LEFT, form.ISSUER),
        "issuer": _text(head.issuer, form.HEAD_LEFT, form.ISSUER),
        "number": _text(form.number_line(paper), form.HEAD_LEFT, form.NUMBER),
        "day": _text(form.day_line(paper), form.HEAD_RIGHT, form.PLACE),
        "kind": _text(paper.kind, form.TEXT, form.TITLE),
        "subject": _text(paper.subject, form.TEXT, form.TITLE),
        "lines": {
            "issuer": form.short_line(head.issuer, form.ISSUER, form.HEAD_LEFT, bold=True),
            "motto": form.motto_line(),
            "subject": form.short_line(paper.subject, form.TITLE, form.TEXT, bold=True),
        },
        "to": [_text(line, form.TEXT / 2, form.TO) for line in form.to_lines(paper)],
        "to-indent": form.to_indent(paper) if paper.to else 0,
        "to-hang": form.to_hang(),
        "body": _blocks(paper.body, 0, form.TEXT),
        "signer": {
            "authority": _text(paper.signer.authority, form.SIGN_RIGHT, form.SIGNATURE),
            "post": _text(paper.signer.post, form.SIGN_RIGHT, form.SIGNATURE),
            "name": _text(paper.signer.name, form.SIGN_RIGHT, form.SIGNATURE),
        },
        "signature-splits": form.signature_splits(paper),
        "copies": [_text(line, form.SIGN_LEFT - 5, form.COPIES) for line in form.copy_lines(paper)],
        "sent-along": _text(form.sent_along(paper), form.WIDE, form.BODY),
        "annexes": [_annex(paper, annex) for annex in paper.annexes],
    }


_MEASURES = {
    name.lower().replace("_", "-"): value
    for name, value in vars(form).items()
    if name.isupper() and isinstance(value, float)
}


def _annex(paper: Paper, annex: Annex) -> dict[str, Any]:
    return {
        "head": _text(form.annex_head(annex), form.WIDE, form.TITLE),
        "title": _text(annex.title, form.WIDE, form.TITLE),
        "line": form.short_line(form.sent_along(paper), form.BODY, form.WIDE, bold=False),
        "blocks": _blocks(annex.blocks, 1, form.WIDE),
    }


def _blocks(blocks: tuple[Block, ...], above: int, room: float) -> list[dict[str, Any]]:
    ranks = form.ranks(blocks, above)
    return [_block(block, rank, room) for block, rank in zip(blocks, ranks, strict=True)]


def _block(block: Block, rank: int, room: float) -> dict[str, Any]:
    if isinstance(block, Heading):
        text = block.text.upper() if block.level == 1 else block.text
        return {"type": "heading", "level": block.level, "rank": rank, "text": _text(text, room, form.BODY)}
    if isinstance(block, Table):
        return _table(block)
    runs = (Run(block.text),) if isinstance(block.text, str) else block.text
    if isinstance(block, Bullet):
        runs = (Run(_MARKS[block.level]), *runs)
    return {
        "type": "words",
        "centred": isinstance(block, Paragraph) and block.centred,
        "runs": [
            {"text": _text(run.text, room, form.BODY), "bold": run.bold, "italic": run.italic} for run in runs
        ],
    }


def _table(table: Table) -> dict[str, Any]:
    size = form.table_size(table)
    rooms = [max(column.width - 2 * form.CELL_PAD, 1) for column in table.columns]
    columns = zip(table.columns, rooms, strict=True)
    short = fonts.lines(table.note, form.points(form.TEXT), size) <= _NOTE_LINES
    return {
        "type": "table",
        "whole": form.stays_whole(table),
        "size": size,
        "caption": _text(table.caption, form.TEXT, size),
        "note" if short else "remark": _text(table.note, form.TEXT, size),
        "remark" if short else "note": "",
        "columns": [
            {"title": _text(c.title, r, size), "width": c.width, "align": c.align} for c, r in columns
        ],
        "rows": [
            {"cells": _cells(row, rooms, size), "splits": form.may_split(table, row)} for row in table.rows
        ],
        "totals": _cells(table.totals, rooms, size),
    }


def _cells(row: tuple[str, ...], rooms: list[float], size: float) -> list[str]:
    return [_text(cell, room, size) for cell, room in zip(row, rooms, strict=False)]


def _text(text: str, room: float, size: float) -> str:
    return fonts.marked(text, form.points(room), size)
