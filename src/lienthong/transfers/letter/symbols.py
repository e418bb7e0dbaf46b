"""A letter as QR symbols of decimal digits, in any order and from several pictures back to the letter.

Digits alone survive a hand-held scanner that types them: no keyboard layout, shift key or Vietnamese input method
(Telex, VNI) changes them. Format: ``docs/reference/letter.md``, section 4.
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from lienthong.foundation.errors import LienThongError
from lienthong.transfers.letter import problems

MARK = b"LT\x01"
"""Every symbol begins so: whose it is, and version 1 of the layout of symbols."""
MOST_DIGITS = 1600
"""What the largest symbol that is printed (version 20, 97 modules a side, error correction M) holds in numeric mode
(ISO/IEC 18004, table 7)."""
ROW, MOST_SYMBOLS = 3, 6
"""Symbols beside each other on A4, and two such rows."""
NAME = 8
_HEAD = len(MARK) + NAME + 2
_CRC = 4
MOST_DATA = 664 - _HEAD - _CRC
"""Bytes of the letter in a symbol: 664 bytes that begin with :data:`MARK` are at most 1,599 digits."""
CAPACITY = MOST_SYMBOLS * MOST_DATA
"""Bytes of the longest letter."""
_DIGITS = re.compile(r"[0-9]+")
_SHORTEST, _LONG = 40, 200
_WORD = 12
MOST_TEXT = 65_536
"""Characters of scanned text that are looked at."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """What one symbol carries: part ``index`` (from 1) of ``count`` of the letter with that name."""

    letter: bytes
    index: int
    count: int
    data: bytes


@dataclass(slots=True)
class Read:
    """What was read so far.

    Attributes:
        texts: digits of the symbols of one letter, by index; count: how many it has (0: none read yet).
        letter: the letter, once all are there.
        misread, others: damaged symbols, and codes that are not of a letter.
    """

    texts: dict[int, str] = field(default_factory=dict)
    count: int = 0
    letter: bytes = b""
    misread: int = 0
    others: int = 0

    @property
    def missing(self) -> list[int]:
        """The symbols not read yet."""
        return [index for index in range(1, self.count + 1) if index not in self.texts]


def split(letter: bytes) -> list[str]:
    """The digits of each symbol, equally long but for a byte.

    Raises:
        ValueError: longer than :data:`CAPACITY`.
    """
    count = -(-len(letter) // MOST_DATA)
    if not 1 <= count <= MOST_SYMBOLS:
        raise ValueError("the letter does not fit")
    name = _name(letter)
    ends = [len(letter) * i // count for i in range(count + 1)]
    return [
        _digits(MARK + name + bytes((i + 1, count)) + letter[ends[i] : ends[i + 1]]) for i in range(count)
    ]


def _name(letter: bytes) -> bytes:
    """The first 8 bytes of the letter's SHA-256."""
    return hashlib.sha256(letter).digest()[:NAME]


def _digits(body: bytes) -> str:
    return str(int.from_bytes(body + zlib.crc32(body).to_bytes(_CRC, "big"), "big"))


def parse(text: str) -> Symbol | None:
    """What the digits of a symbol say; None when they are no symbol of a letter. Long numbers are taken for one that
    was misread: nobody else writes them into symbols.

    Raises:
        LienThongError: ``letter-misread``, ``letter-newer``.
    """
    if len(text) < _SHORTEST or not _DIGITS.fullmatch(text):
        return None
    if len(text) > MOST_DIGITS:
        raise LienThongError(problems.misread(0))
    number = int(text)
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    body, crc = raw[:-_CRC], raw[-_CRC:]
    if len(body) <= _HEAD or body[:2] != MARK[:2] or text[0] == "0":
        if len(text) >= _LONG:
            raise LienThongError(problems.misread(0))
        return None
    if zlib.crc32(body).to_bytes(_CRC, "big") != crc:
        raise LienThongError(problems.misread(0))
    if body[2:3] != MARK[2:]:
        raise LienThongError(problems.newer())
    name, (index, count) = body[3 : 3 + NAME], body[3 + NAME : _HEAD]
    if not 1 <= index <= count <= MOST_SYMBOLS:
        raise LienThongError(problems.misread(0))
    return Symbol(name, index, count, body[_HEAD:])


def texts_in(typed: str) -> list[str]:
    """The texts of the symbols that a scanner typed, each ended by Enter, Tab or space; short words are none."""
    return [word for word in typed[:MOST_TEXT].split() if len(word) >= _WORD]


def gather(texts: Iterable[str]) -> Read:
    """Puts together what was scanned, in any order, with repetitions and with codes of other things.

    Raises:
        LienThongError: ``letter-two-letters``, ``letter-newer``, ``letter-damaged``.
    """
    read, found = Read(), {}
    for text in dict.fromkeys(texts):
        try:
            symbol = parse(text)
        except LienThongError as error:
            if error.problem.code != "letter-misread":
                raise
            read.misread += 1
            continue
        if symbol is None:
            read.others += 1
            continue
        found[symbol.index] = symbol
        read.texts[symbol.index] = text
        read.count = symbol.count
        if len({(s.letter, s.count) for s in found.values()} | {(symbol.letter, symbol.count)}) > 1:
            raise LienThongError(problems.two_letters())
    if found and not read.missing:
        read.letter = b"".join(found[i].data for i in sorted(found))
        if _name(read.letter) != found[1].letter:
            raise LienThongError(problems.damaged())
    return read
