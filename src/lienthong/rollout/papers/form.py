"""The rules of form: Decree 30/2020/NĐ-CP, Annex I, parts I and II. Both writers print what is settled here.

Lengths are millimetres, type sizes points.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date
from typing import Any, Final

from lienthong.foundation.errors import LienThongError, Problem
from lienthong.rollout.papers import fonts, words
from lienthong.rollout.papers.paper import Annex, Block, Bullet, Heading, Paper, Paragraph, Table, Words

SHEET: Final = (210.0, 297.0)
TOP, BOTTOM, LEFT, RIGHT = 20.0, 20.0, 30.0, 15.0
HEADER = 10.0
TEXT = SHEET[0] - LEFT - RIGHT
WIDE = SHEET[1] - LEFT - RIGHT
HEAD_LEFT, HEAD_RIGHT = 65.0, 100.0
SIGN_LEFT, SIGN_RIGHT = 75.0, 90.0
INDENT = 12.7
CELL_PAD = 1.2

BODY, NATION, MOTTO, ISSUER, NUMBER, PLACE, TITLE, TO = 14.0, 13.0, 14.0, 13.0, 13.0, 14.0, 14.0, 14.0
SIGNATURE, COPIES_TITLE, COPIES, PAGE_NUMBER = 14.0, 12.0, 11.0, 13.0
LINE_SPACING = 1.15
PARAGRAPH_GAP = 6.0
SIGNATURE_ROOM = 80.0

NATIONAL_TITLE = "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"
NATIONAL_MOTTO = "Độc lập - Tự do - Hạnh phúc"
DRAFT = "DỰ THẢO"
COPIES_HEAD = "Nơi nhận:"
TO_HEAD = "Kính gửi:"
END = "./."

_POINTS = 72 / 25.4
_SHORT_LINE = 0.4
_WIDEST_WORD, _HAIR = 90.0, 0.3
_ROW_LINES, _COPIES_LINES, _SMALL_TABLE_LINES = 26, 40, 14
_MOST_TEXT, _MOST_SHORT, _MOST_TITLE = 600_000, 200, 100
_MOST_ROWS, _MOST_COLUMNS, _MOST_PARTS, _MOST_NAMES = 2000, 20, 5000, 40
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn"}
_BLANK = "\u00a0"


def points(millimetres: float) -> float:
    """1 mm is 72/25.4 points."""
    return millimetres * _POINTS


def clean(text: str) -> str:
    """The text as it is printed: NFC, no control characters, every space plain, □ for a letter the font lacks."""
    text = unicodedata.normalize("NFC", "".join(map(_seen, text.replace("\r\n", "\n"))))
    return "".join(letter if letter in fonts.letters() or letter == "\n" else "□" for letter in text)


def _seen(letter: str) -> str:
    if letter in "\n\r\u2028\u2029\u0085\v\f":
        return "\n"
    kind = unicodedata.category(letter)
    if kind == "Zs" or letter == "\t":
        return " "
    return "" if kind in _INVISIBLE else letter


def settle(paper: Paper) -> Paper:
    """The paper ready to print: texts clean, columns as wide as the text, the last sentence closed with ``./.``.

    Raises:
        LienThongError: ``paper-too-long``, ``paper-table-uneven``: nobody could print it.
    """
    paper = _each(paper, clean)
    _check(paper)
    annexes = tuple(_settled(annex) for annex in paper.annexes)
    subject = balanced(paper.subject, TITLE, TEXT)
    return replace(paper, subject=subject, body=_closed(_fitted(paper.body, TEXT)), annexes=annexes)


def _settled(annex: Annex) -> Annex:
    title = balanced(annex.title.upper(), TITLE, WIDE)
    return replace(annex, title=title, blocks=_fitted(annex.blocks, WIDE))


def _each(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, tuple):
        return tuple(_each(part, change) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _each(getattr(value, f.name), change) for f in fields(value)})
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _texts(part)
    elif is_dataclass(value):
        for f in fields(value):
            yield from _texts(getattr(value, f.name))


def _check(paper: Paper) -> None:
    short = (paper.letterhead, paper.number, paper.kind, paper.signer, paper.archive)
    blocks = [*paper.body, *(block for annex in paper.annexes for block in annex.blocks)]
    tables = [block for block in blocks if isinstance(block, Table)]
    names = [*paper.to, *paper.copies]
    titles = [(a.number, a.title) for a in paper.annexes]
    if (
        sum(map(len, _texts(paper))) > _MOST_TEXT
        or any(len(text) > _MOST_SHORT for text in _texts(short))
        or any(len(text) > 3 * _MOST_SHORT for text in _texts((paper.subject, *names, *titles)))
        or any(len(column.title) > _MOST_TITLE for table in tables for column in table.columns)
        or any(len(table.columns) > _MOST_COLUMNS or len(table.rows) > _MOST_ROWS for table in tables)
        or len(blocks) + len(paper.annexes) > _MOST_PARTS
        or max(len(paper.to), len(paper.copies)) > _MOST_NAMES
    ):
        raise LienThongError(_TOO_LONG)
    for table in tables:
        rows = [*table.rows, table.totals] if table.totals else table.rows
        widths = [column.width for column in table.columns]
        if not widths or min(widths) <= 0 or any(len(row) != len(widths) for row in rows):
            where = {"table": table.caption or ", ".join(column.title for column in table.columns)}
            raise LienThongError(replace(_UNEVEN, where=where))


_TOO_LONG = Problem(
    "paper-too-long",
    "Văn bản quá dài, không thể xuất ra tệp.",
    "The document is too long to be written.",
    "Rút gọn nội dung, hoặc tách bảng lớn thành văn bản riêng.",
    "Shorten the text, or put the large table into a document of its own.",
)
_UNEVEN = Problem(
    "paper-table-uneven",
    "Bảng có dòng không khớp với số cột.",
    "A table has a row that does not fit its columns.",
    "Kiểm tra lại các dòng của bảng này.",
    "Check the rows of this table.",
)


def _fitted(blocks: tuple[Block, ...], room: float) -> tuple[Block, ...]:
    """Blocks with tables as wide as the room, without headings that say nothing."""
    said = (block for block in blocks if not (isinstance(block, Heading) and not block.text.strip()))
    return tuple(_fit(block, room) if isinstance(block, Table) else block for block in said)


def _fit(table: Table, room: float) -> Table:
    """Columns as wide together as the room, each as wide as its longest word where that is possible."""
    scale = room / sum(column.width for column in table.columns)
    given = [column.width * scale for column in table.columns]
    needed = [_needed(table, n) for n in range(len(given))]
    spare = [max(g - n, 0.0) for g, n in zip(given, needed, strict=True)]
    left = room - sum(needed)
    if left >= 0 and any(spare):
        given = [n + left * s / sum(spare) for n, s in zip(needed, spare, strict=True)]
    columns = (replace(c, width=w) for c, w in zip(table.columns, given, strict=True))
    return replace(table, columns=tuple(columns))


def _needed(table: Table, column: int) -> float:
    texts = [
        table.columns[column].title,
        *(row[column] for row in table.rows),
        *table.totals[column : column + 1],
    ]
    size = table_size(table)
    return (
        max(fonts.longest_word(text, size, _WIDEST_WORD) for text in texts) / _POINTS + 2 * CELL_PAD + _HAIR
    )


def _closed(body: tuple[Block, ...]) -> tuple[Block, ...]:
    last = body[-1] if body else None
    if not isinstance(last, Paragraph | Bullet):
        return body
    if isinstance(last.text, str):
        return (*body[:-1], replace(last, text=_ended(last.text)))
    if not last.text:
        return body
    *runs, run = last.text
    return (*body[:-1], replace(last, text=(*runs, replace(run, text=_ended(run.text)))))


def _ended(text: str) -> str:
    text = text.rstrip()
    return text if text.endswith(END) else text.rstrip(".;") + END


def plain(text: Words) -> str:
    """The words without their look."""
    return text if isinstance(text, str) else "".join(run.text for run in text)


def number_line(paper: Paper) -> str:
    """``Số: 04/BC-SYT``; room for the number while there is none (cell 3)."""
    return f"Số: {_number(paper)}"


def _number(paper: Paper) -> str:
    number, slash, symbol = paper.number.strip().partition("/")
    number = number.strip()
    if not number:
        return _BLANK * 7 + slash + symbol
    return (number.zfill(2) if number.isdecimal() else number) + slash + symbol


def day_line(paper: Paper) -> str:
    """``Bắc Giang, ngày 04 tháng 3 năm 2025``; room for what is not known yet (cell 4)."""
    return f"{paper.letterhead.place}, {_day(paper)}"


def _day(paper: Paper) -> str:
    if paper.day:
        return words.long_day(paper.day)
    year = paper.year or "20" + _BLANK * 4
    return f"ngày {_BLANK * 5} tháng {_BLANK * 5} năm {year}"


def sent_along(paper: Paper) -> str:
    """The line below an annex's title: which document it belongs to."""
    head = paper.letterhead
    issuer = f" của {head.name}" if head.name else ""
    return f"(Kèm theo {paper.kind.capitalize()} số {_number(paper)} {_day(paper)}{issuer})"


def annex_head(annex: Annex) -> str:
    """``Phụ lục I``, or ``Phụ lục`` for the only one."""
    return f"Phụ lục {annex.number}".rstrip()


def to_lines(paper: Paper) -> list[str]:
    """The addressees (cell 9a): one as it is; several each with dash and semicolon, the last with a full stop."""
    names = [name.strip().rstrip(";.,") for name in paper.to]
    return names if len(names) < 2 else _listed(names)


def copy_lines(paper: Paper) -> list[str]:
    """The list below Nơi nhận (cell 9b), its last line where the document is kept."""
    names = [name.strip().rstrip(";.,") for name in (*paper.copies, paper.archive)]
    return _listed([name for name in names if name])


def _listed(names: list[str]) -> list[str]:
    return [f"- {name}{'.' if n == len(names) else ';'}" for n, name in enumerate(names, 1)]


def to_indent(paper: Paper) -> float:
    """Points from the left edge at which ``Kính gửi:`` begins, so that it stands centred with several addressees."""
    longest = max(fonts.width(line, TO) for line in to_lines(paper))
    return max(0.0, (points(TEXT) - to_hang() - longest) / 2)


def to_hang() -> float:
    """Points from there to the dashes, which stand below the colon."""
    return fonts.width(TO_HEAD[:-1], TO)


def balanced(text: str, size: float, room: float) -> str:
    """A bold title with its lines broken so that they are about equally long, as an office breaks them."""
    return "\n".join(_balanced(line, size, points(room)) for line in text.split("\n"))


def _balanced(line: str, size: float, room: float) -> str:
    most = len(_wrapped(line, size, room))
    widths = (room * part / 20 for part in range(8, 21))
    fitting = (lines for width in widths if len(lines := _wrapped(line, size, width)) <= most)
    return "\n".join(next(fitting))


def _wrapped(line: str, size: float, room: float) -> list[str]:
    lines = [""]
    for word in line.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and fonts.width(longer, size, bold=True) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def short_line(text: str, size: float, room: float, *, bold: bool) -> float:
    """Length in points of the line below a text: between a third and a half of it, in a room of millimetres."""
    longest = max(fonts.width(line, size, bold) for line in text.split("\n"))
    return _SHORT_LINE * min(longest, points(room))


def motto_line() -> float:
    """Length in points of the line below the motto: as long as the words."""
    return fonts.width(NATIONAL_MOTTO, MOTTO, bold=True)


def table_size(table: Table) -> float:
    """Type size: the more columns the smaller."""
    return 12.0 if len(table.columns) <= 6 else 11.0 if len(table.columns) <= 9 else 10.0


def may_split(table: Table, row: tuple[str, ...]) -> bool:
    """Whether a row is so high that it must be allowed to continue on the next page."""
    return _height(table, row) > _ROW_LINES


def stays_whole(table: Table) -> bool:
    """Whether a table is so small that no page parts it."""
    rows = (tuple(column.title for column in table.columns), *table.rows)
    return sum(_height(table, row) for row in rows) <= _SMALL_TABLE_LINES


def _height(table: Table, row: tuple[str, ...]) -> int:
    """About how many lines a row is high."""
    size = table_size(table)
    rooms = (points(column.width - 2 * CELL_PAD) for column in table.columns)
    return max(fonts.lines(text, max(room, size), size) for text, room in zip(row, rooms, strict=True))


def signature_splits(paper: Paper) -> bool:
    """Whether the list of Nơi nhận is too long for one page."""
    return sum(fonts.lines(line, points(SIGN_LEFT), COPIES) for line in copy_lines(paper)) > _COPIES_LINES


def ranks(blocks: tuple[Block, ...], above: int) -> list[int]:
    """Level of each block's heading in the document's outline, 0 for others; none is skipped (PDF/UA-1, 7.4.2)."""
    found, now = [], above
    for block in blocks:
        if isinstance(block, Heading):
            now = min(block.level + above, now + 1)
        found.append(now if isinstance(block, Heading) else 0)
    return found


def issued(paper: Paper) -> date:
    """The day in the file's own data: of the document, or for a draft a fixed one, so that its bytes do not change."""
    return paper.day or date(paper.year or 2000, 1, 1)
