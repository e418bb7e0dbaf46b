"""What an administrative document says, in the elements of Decree 30/2020/NĐ-CP, Annex I.

A paper holds words only; where they stand and how they look is the writers' part. No text is ever read as markup.
A line feed in a text is a new line.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal


@dataclass(frozen=True, slots=True)
class Run:
    """Words of one look inside a paragraph."""

    text: str
    bold: bool = False
    italic: bool = False


Words = str | tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """Heading of a part of the text.

    Attributes:
        level: 1 for ``I. …`` (printed in bold capitals), 2 for ``1. …`` (bold), 3 for ``a) …``.
        text: with its number.
    """

    level: Literal[1, 2, 3]
    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Justified, first line in; or ``centred`` as in ``QUYẾT ĐỊNH:``."""

    text: Words
    centred: bool = False


@dataclass(frozen=True, slots=True)
class Bullet:
    """A paragraph that begins with a dash, at level 2 with a plus; the text is without it."""

    text: Words
    level: Literal[1, 2] = 1


@dataclass(frozen=True, slots=True)
class Column:
    """Column of a table.

    Attributes:
        title: at most 100 characters.
        width: mm, if all columns together are as wide as the text (165, in an annex 252); else a share of it.
        align: numbers stand right.
    """

    title: str
    width: float
    align: Literal["left", "right", "center"] = "left"


@dataclass(frozen=True, slots=True)
class Table:
    """Attributes:
    rows: one text for each column.
    caption: above the table; note: below it; both may be empty.
    totals: a last row in bold, or nothing.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    note: str = ""
    totals: tuple[str, ...] = ()


Block = Heading | Paragraph | Bullet | Table


@dataclass(frozen=True, slots=True)
class Letterhead:
    """Who writes (cells 1 and 2).

    Attributes:
        superior: ``UBND TỈNH BẮC GIANG``; may be empty.
        issuer: ``SỞ Y TẾ``.
        place: ``Bắc Giang``.
        name: the issuer in a sentence, ``Sở Y tế tỉnh Bắc Giang``, for the line below an annex's title.
    """

    superior: str
    issuer: str
    place: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs (cell 7).

    Attributes:
        authority: ``KT. GIÁM ĐỐC`` when a deputy signs, ``TM. …``, ``TL. …``; empty for the head.
        post: ``GIÁM ĐỐC``, ``PHÓ GIÁM ĐỐC``.
        name: may be empty in a draft.
    """

    authority: str
    post: str
    name: str


@dataclass(frozen=True, slots=True)
class Annex:
    """An annex on landscape pages with their own numbers.

    Attributes:
        number: ``I``; empty if it is the only one.
        title: printed in capitals.
    """

    number: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """An administrative document that has a type name (BÁO CÁO, KẾ HOẠCH, TỜ TRÌNH, QUYẾT ĐỊNH …).

    Attributes:
        number: ``12/BC-SYT``, in a draft ``/BC-SYT``; a single digit gets its zero.
        day: when it was issued; None leaves room for day and month.
        kind: ``BÁO CÁO``.
        to: Kính gửi; empty for kinds that have none.
        copies: the list of Nơi nhận without dashes; archive: its last line, ``Lưu: VT, NVY.``
        draft: marks every page with DỰ THẢO.
        year: printed while ``day`` is None; 0 leaves room.
    """

    letterhead: Letterhead
    number: str
    day: date | None
    kind: str
    subject: str
    to: tuple[str, ...]
    body: tuple[Block, ...]
    signer: Signer
    copies: tuple[str, ...]
    archive: str
    annexes: tuple[Annex, ...] = ()
    draft: bool = False
    year: int = 0
