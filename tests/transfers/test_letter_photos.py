"""Photographs and scans of printed symbols are read; what is no such picture gets a clear answer."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterator

import pytest
import segno
from PIL import Image

from letter_photos import photograph, sheet
from lienthong.foundation.errors import LienThongError
from lienthong.transfers.letter import photos, symbols

LETTER = random.Random(7).randbytes(symbols.ROW * symbols.MOST_DATA)
TEXTS = symbols.split(LETTER)


@pytest.fixture(scope="module")
def paper() -> Image.Image:
    return sheet(TEXTS)


@pytest.mark.parametrize(
    "spoiled",
    [
        {},
        {"turn": -12},
        {"turn": 90},
        {"turn": 183},
        {"dots": 5, "blur_mm": 0.1},
        {"dots": 12, "blur_mm": 0.2},
        {"shadow": 0.7},
        {"noise": 12},
        {"quality": 35},
        {"lean": 0.05},
    ],
    ids=str,
)
def test_a_photograph_of_a_full_row_is_read(paper: Image.Image, spoiled: dict[str, float]) -> None:
    assert symbols.gather(photos.texts(photograph(paper, **spoiled))).letter == LETTER


def test_six_symbols_of_the_longest_letter_are_read_from_one_picture() -> None:
    longest = random.Random(8).randbytes(symbols.CAPACITY)
    picture = photograph(sheet(symbols.split(longest)), dots=7)
    assert symbols.gather(photos.texts(picture)).letter == longest


def test_one_symbol_at_a_time_in_any_order() -> None:
    pictures = [photograph(sheet([text]), seed=place) for place, text in enumerate(TEXTS)]
    texts = [text for picture in reversed(pictures) for text in photos.texts(picture)]
    assert symbols.gather(texts).letter == LETTER


def test_out_of_focus_gives_less_and_never_something_else(paper: Image.Image) -> None:
    read = symbols.gather(photos.texts(photograph(paper, blur_mm=0.6)))
    assert read.letter in (b"", LETTER)
    assert set(read.texts.values()) <= set(TEXTS)


def test_other_codes_in_the_picture_are_told_apart() -> None:
    out = io.BytesIO()
    segno.make_qr("024158000123|NGUYEN VAN A|12041958|Nu").save(out, kind="png", scale=6)
    read = symbols.gather(photos.texts(out.getvalue()))
    assert (read.count, read.others) == (0, 1)


def _claims(width: int, height: int) -> bytes:
    """A PNG of 60 bytes that says it has that many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def _not_pictures() -> Iterator[tuple[bytes, str]]:
    whole = photograph(sheet(TEXTS[:1]))
    yield b"", "letter-no-picture"
    yield b"%PDF-1.7 nothing", "letter-no-picture"
    yield b"GIF89a" + bytes(50), "letter-no-picture"
    yield whole[: len(whole) // 2], "letter-no-picture"
    yield _claims(30_000, 30_000), "letter-picture-too-many-pixels"
    yield _claims(4_000, 4_000), "letter-no-picture"
    yield bytes(photos.MOST_BYTES + 1), "letter-picture-too-large"


@pytest.mark.parametrize(
    ("data", "code"), list(_not_pictures()), ids=lambda one: one if isinstance(one, str) else ""
)
def test_what_is_no_picture_says_so(data: bytes, code: str) -> None:
    with pytest.raises(LienThongError) as problem:
        photos.texts(data, "phieu.jpg")
    assert problem.value.problem.code == code
    assert problem.value.problem.where == {"file": "phieu.jpg"}


def test_an_empty_sheet_gives_nothing() -> None:
    assert photos.texts(photograph(Image.new("L", (2000, 1000), 255))) == []
