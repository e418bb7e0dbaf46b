"""Whatever people type: both files open and hold it."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from datetime import date

import pypdfium2
from docx import Document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from lienthong.rollout.papers import docx, form, pdf
from lienthong.rollout.papers.paper import (
    Annex,
    Block,
    Bullet,
    Column,
    Heading,
    Letterhead,
    Paper,
    Paragraph,
    Run,
    Signer,
    Table,
)

LEFT_TO_RIGHT = st.characters().filter(
    lambda letter: unicodedata.bidirectional(letter) not in ("R", "AL", "AN")
)
MARKUP = st.sampled_from(
    list("#$\\[]@<>&\"'`*_~=/-+{}()%^|;:,.?!\x00\x07\x1b\r\n\t\u200b\u202e\ufeff\ufffe漢😀")
)
VIETNAMESE = st.sampled_from(list("aăâbcdđeêghioôơuưyáàảãạắằẳẵặấầẩẫậếềểễệốồổỗộớờởỡợứừửữự  "))
TEXT = st.text(st.one_of(MARKUP, VIETNAMESE, LEFT_TO_RIGHT), max_size=60)
RUNS = st.lists(st.builds(Run, TEXT, st.booleans(), st.booleans()), max_size=3).map(tuple)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    columns = draw(st.lists(st.builds(Column, TEXT, st.floats(1, 90)), min_size=1, max_size=8).map(tuple))
    row = st.lists(TEXT, min_size=len(columns), max_size=len(columns)).map(tuple)
    return Table(
        columns, draw(st.lists(row, max_size=4).map(tuple)), draw(TEXT), draw(TEXT), draw(st.just(()) | row)
    )


BLOCK: st.SearchStrategy[Block] = st.one_of(
    st.builds(Heading, st.sampled_from([1, 2, 3]), TEXT),
    st.builds(Paragraph, TEXT | RUNS, st.booleans()),
    st.builds(Bullet, TEXT | RUNS, st.sampled_from([1, 2])),
    tables(),
)
BLOCKS = st.lists(BLOCK, max_size=5).map(tuple)
TEXTS = st.lists(TEXT, max_size=4).map(tuple)
PAPER = st.builds(
    Paper,
    st.builds(Letterhead, TEXT, TEXT, TEXT, TEXT),
    TEXT,
    st.none() | st.dates(date(2000, 1, 1), date(2099, 12, 31)),
    TEXT,
    TEXT,
    TEXTS,
    BLOCKS,
    st.builds(Signer, TEXT, TEXT, TEXT),
    TEXTS,
    TEXT,
    st.lists(st.builds(Annex, TEXT, TEXT, BLOCKS), max_size=2).map(tuple),
    st.booleans(),
)


def packed(text: str) -> str:
    """A text without what a line's end changes; PDFium tells a hyphen at a line's end as U+FFFE or U+0002."""
    return re.sub(r"[\s\u00ad\ufffe\x02\u2010-\u2011-]+", "", unicodedata.normalize("NFKC", text)).casefold()


def expected(paper: Paper) -> list[str]:
    found = [paper.letterhead.issuer, paper.kind, paper.subject, paper.signer.post, paper.signer.name]
    for block in (*paper.body, *(block for annex in paper.annexes for block in annex.blocks)):
        if isinstance(block, Table):
            found += [block.caption, block.note]
            found += (
                [c.title for c in block.columns]
                + [cell for row in block.rows for cell in row]
                + [*block.totals]
            )
        else:
            found.append(form.plain(block.text))
    return [packed(form.clean(text)).rstrip(".;") for text in found]  # the last one ends with "./."


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(PAPER)
def test_both_files_open_and_hold_every_text(paper: Paper) -> None:
    file = docx.write(paper)
    assert Document(io.BytesIO(file)).paragraphs
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        written = packed("".join(etree.fromstring(parts.read("word/document.xml")).itertext()))
    with pypdfium2.PdfDocument(pdf.write(paper)) as document:
        printed = packed("".join(page.get_textpage().get_text_range() for page in document))
    for text in expected(paper):
        assert text in written
        assert text in printed
