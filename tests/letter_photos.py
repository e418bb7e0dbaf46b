"""Sheets of paper with the symbols of a letter, and photographs of them as people take them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from random import Random

import segno
from PIL import Image, ImageChops, ImageFilter

from lienthong.web.record.symbols import MODULE_MM, QUIET

PAPER_DOTS = 16
"""Dots a millimetre of a drawn sheet: 400 dpi."""


def sheet(
    texts: Sequence[str], *, row: int = 3, module_mm: float = MODULE_MM, error: str = "m"
) -> Image.Image:
    """The lower part of an A4 sheet, 210 mm wide, with symbols in rows."""
    codes = [segno.make_qr(text, error=error, mode="numeric", boost_error=False) for text in texts]
    version = max(int(code.version) for code in codes)
    side = round((17 + 4 * version + 2 * QUIET) * module_mm * PAPER_DOTS)
    rows = -(-len(texts) // row)
    paper = Image.new("L", (210 * PAPER_DOTS, rows * side + 20 * PAPER_DOTS), 255)
    for place, text in enumerate(texts):
        code = segno.make_qr(text, error=error, mode="numeric", version=version, boost_error=False)
        drawn = io.BytesIO()
        code.save(drawn, kind="png", scale=8, border=QUIET)
        symbol = Image.open(drawn).convert("L").resize((side, side), Image.Resampling.NEAREST)
        paper.paste(symbol, (10 * PAPER_DOTS + place % row * side, 10 * PAPER_DOTS + place // row * side))
    return paper


def photograph(
    paper: Image.Image,
    *,
    dots: float = 8,
    turn: float = 4,
    blur_mm: float = 0.12,
    lean: float = 0.02,
    shadow: float = 0.4,
    noise: float = 4,
    quality: int = 75,
    paper_dots: float = PAPER_DOTS,
    seed: int = 1,
) -> bytes:
    """A JPEG of a sheet held in the hand.

    Args:
        dots: of the picture a millimetre of paper; turn: degrees; blur_mm: standard deviation on the paper.
        lean: by how much of the width each corner may be away from its place; shadow: how much darker one side is.
        noise: standard deviation of brightness, of 255; quality: of the JPEG.
    """
    chance = Random(seed)
    scale = dots / paper_dots
    image = paper.resize((round(paper.width * scale), round(paper.height * scale)), Image.Resampling.BOX)
    width, height = image.size
    away = [chance.uniform(0, lean) * width for _ in range(8)]
    left = (-away[0], -away[1], -away[2], height + away[3])
    right = (width + away[4], height + away[5], width + away[6], -away[7])
    image = image.transform(
        (width, height), Image.Transform.QUAD, (*left, *right), Image.Resampling.BICUBIC, fillcolor=210
    )
    image = image.rotate(turn, Image.Resampling.BICUBIC, expand=True, fillcolor=190)
    image = image.filter(ImageFilter.GaussianBlur(blur_mm * dots))
    fall = Image.linear_gradient("L").rotate(chance.choice((0, 90, 180, 270))).resize(image.size)
    image = ImageChops.multiply(image, fall.point(lambda value: 255 - value * shadow))
    image = image.point(lambda value: 35 + value * 0.8)
    image = ImageChops.add(image, Image.effect_noise(image.size, noise), 1, -128)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()
