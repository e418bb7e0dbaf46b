"""Symbols in photographs and scans of a letter, read on this computer (zxing-cpp, Pillow)."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator

import zxingcpp
from PIL import Image, ImageFilter, ImageOps

from lienthong.foundation.errors import LienThongError
from lienthong.transfers.letter import problems, symbols

MOST_FILES = 8
MOST_SECONDS = 40
"""For all pictures of one call; none is begun after that."""
MOST_BYTES = 16 << 20
"""Bytes of one picture."""
MOST_PIXELS = 50_000_000
_READ_PIXELS = 16_000_000
"""Larger pictures are made smaller before they are read: 12 million pixels of an A4 sheet are enough."""
_FORMATS = ("JPEG", "PNG", "WEBP")
_QR = zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.QRCode])
_WAIT_SECONDS = 20
_turns = threading.BoundedSemaphore(2)
"""Two pictures at once: each needs up to 150 MB and a core."""


def texts(data: bytes, name: str = "") -> list[str]:
    """The texts of all QR symbols in a picture; empty when there are none.

    Args:
        name: of the file, for the problem.

    Raises:
        LienThongError: ``letter-picture-too-large``, ``letter-picture-too-many-pixels``, ``letter-no-picture``,
            ``letter-busy``.
    """
    if len(data) > MOST_BYTES:
        raise LienThongError(problems.picture_too_large(name, MOST_BYTES >> 20))
    if not _turns.acquire(timeout=_WAIT_SECONDS):
        raise LienThongError(problems.busy())
    try:
        grey = _grey(data, name)
        return _read(grey)
    finally:
        _turns.release()


def _grey(data: bytes, name: str) -> Image.Image:
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            width, height = image.size
            if width * height > MOST_PIXELS:
                raise LienThongError(problems.picture_too_many_pixels(name, MOST_PIXELS // 1_000_000))
            image.draft("L", image.size)
            grey = image.convert("L")
    except Image.DecompressionBombError as error:
        raise LienThongError(problems.picture_too_many_pixels(name, MOST_PIXELS // 1_000_000)) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise LienThongError(problems.no_picture(name)) from error
    if width * height > _READ_PIXELS:
        scale = (_READ_PIXELS / (width * height)) ** 0.5
        grey = grey.resize((int(width * scale), int(height * scale)), Image.Resampling.LANCZOS)
    return grey


def _read(grey: Image.Image) -> list[str]:
    """What any way of looking at it gives; it stops at the first that finds all symbols of a letter."""
    found: dict[str, None] = {}
    for image in _ways(grey):
        for code in zxingcpp.read_barcodes(image, formats=_QR, try_invert=False):
            found[code.text] = None
        if _enough(found):
            break
    return list(found)


def _ways(grey: Image.Image) -> Iterator[Image.Image]:
    yield grey
    yield ImageOps.autocontrast(grey.filter(ImageFilter.UnsharpMask(3, 180, 2)), cutoff=1)
    yield grey.resize((max(1, grey.width // 2), max(1, grey.height // 2)), Image.Resampling.BOX)


def _enough(found: dict[str, None]) -> bool:
    try:
        read = symbols.gather(found)
    except LienThongError:
        return True
    return bool(read.letter)
