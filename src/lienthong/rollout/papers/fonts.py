"""Tinos: as wide as Times New Roman letter by letter, so that lines measured here end alike in both documents."""

from __future__ import annotations

import re
import struct
from functools import cache
from pathlib import Path

from django.conf import settings
from PIL import ImageFont

WHOLE, BREAK = "\ue000", "\ue001"
_WORD = re.compile(r"\S+")
_INNER = re.compile(r"[-/–—]\S")


def files() -> list[Path]:
    """The font's four files: regular, italic, bold, bold italic."""
    return sorted(Path(settings.PAPER_FONTS).glob("*/*.ttf"))


@cache
def _font(bold: bool) -> ImageFont.FreeTypeFont:
    name = "Bold" if bold else "Regular"
    path = next(path for path in files() if path.stem.endswith(f"00{name}"))
    return ImageFont.truetype(path, 1000, layout_engine=ImageFont.Layout.BASIC)


def width(text: str, size: float, bold: bool = False) -> float:
    """Width in points of a text on one line, at a size in points."""
    return _font(bold).getlength(text) * size / 1000


@cache
def letters() -> frozenset[str]:
    """The characters that all four files can print (table ``cmap`` of OpenType 1.9, formats 4 and 12)."""
    return frozenset.intersection(*(_letters(path.read_bytes()) for path in files()))


def _letters(font: bytes) -> frozenset[str]:
    tables = struct.unpack_from(">H", font, 4)[0]
    heads = (struct.unpack_from(">4sIII", font, 12 + 16 * n) for n in range(tables))
    cmap = next(offset for tag, _sum, offset, _size in heads if tag == b"cmap")
    found: set[str] = set()
    for n in range(struct.unpack_from(">H", font, cmap + 2)[0]):
        platform, _encoding, offset = struct.unpack_from(">HHI", font, cmap + 4 + 8 * n)
        place = cmap + offset
        kind = struct.unpack_from(">H", font, place)[0]
        if kind == 12:
            groups = struct.unpack_from(">I", font, place + 12)[0]
            for start, end, _glyph in struct.iter_unpack(">III", font[place + 16 : place + 16 + 12 * groups]):
                found.update(map(chr, range(start, end + 1)))
        elif kind == 4 and platform in (0, 3):
            count = struct.unpack_from(">H", font, place + 6)[0] // 2
            ends = struct.unpack_from(f">{count}H", font, place + 14)
            starts = struct.unpack_from(f">{count}H", font, place + 16 + 2 * count)
            for start, end in zip(starts, ends, strict=True):
                found.update(map(chr, range(start, min(end, 0xFFFE) + 1)))
    return frozenset(found)


def lines(text: str, room: float, size: float) -> int:
    """About how many lines a text takes in a room of so many points."""
    return sum(1 + int(1.1 * width(line, size) / room) for line in text.split("\n"))


def longest_word(text: str, size: float, most: float) -> float:
    """Width in points of the widest word of a text in bold that is not wider than ``most``."""
    widths = (width(word, size, bold=True) for word in text.split())
    return max((found for found in widths if found <= most), default=0.0)


def marked(text: str, room: float, size: float) -> str:
    """The text with marks that are not printed: a word is parted only if it is wider than the room.

    :data:`WHOLE` stands before and after a word that typst would part at a hyphen or slash, :data:`BREAK` between the
    letters of a word that is too wide for the room (points).
    """
    return _WORD.sub(lambda word: _marked(word[0], room, size), text)


def _marked(word: str, room: float, size: float) -> str:
    if width(word, size, bold=True) > room:
        return BREAK.join(word)
    return f"{WHOLE}{word}{WHOLE}" if _INNER.search(word) else word
