"""How small and how blurred a printed symbol may be and still be read: the tables of ``docs/reference/letter.md``.

Two sheets of three symbols are each photographed twice: of 12 symbols, how many were read?
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

from letter_photos import PAPER_DOTS, photograph, sheet  # noqa: E402
from lienthong.transfers.letter import photos  # noqa: E402

DOTS, BLURS = (4, 5, 6, 8, 10, 12), (0.1, 0.15, 0.2, 0.25)
LEVELS = {"l": 2061, "m": 1600, "q": 1159, "h": 919}
"""Digits in a symbol of version 20 by level of error correction (ISO/IEC 18004, table 7)."""
LETTERS, TIMES = 2, 2


def _texts(digits: int, seed: int) -> list[str]:
    chance = Random(seed)  # noqa: S311
    return [str(chance.randrange(10 ** (digits - 1), 10**digits)) for _ in range(3)]


def _read(papers: Sequence[tuple[list[str], Image.Image]], dots: float, blur_mm: float = 0.12) -> int:
    found = 0
    for number, (texts, paper) in enumerate(papers):
        for time in range(TIMES):
            picture = photograph(
                paper, seed=10 * number + time, turn=4 * time - 3, dots=dots, blur_mm=blur_mm
            )
            found += len(set(photos.texts(picture)) & set(texts))
    return found


def _sheets(level: str, module_mm: float = 0.5) -> list[tuple[list[str], Image.Image]]:
    made = [_texts(LEVELS[level], seed) for seed in range(LETTERS)]
    return [(texts, sheet(texts, module_mm=module_mm, error=level)) for texts in made]


def _stroke(paper: Image.Image, width_mm: float) -> Image.Image:
    """The sheet with a stroke of a pen across its symbols."""
    marked = paper.copy()
    line = (0, paper.height * 0.35, paper.width, paper.height * 0.65)
    ImageDraw.Draw(marked).line(line, fill=20, width=round(width_mm * PAPER_DOTS))
    return marked


def lines() -> Iterator[str]:
    """The tables."""
    most = LETTERS * TIMES * 3
    yield f"read of {most}; columns: blur (standard deviation on paper, mm) {BLURS}"
    for module in (0.42, 0.5, 0.58):
        papers = _sheets("m", module)
        for dots in DOTS:
            yield f"module {module} mm, {dots} px/mm: " + " ".join(
                str(_read(papers, dots=dots, blur_mm=blur)) for blur in BLURS
            )
    yield f"pen stroke across, read of {most}; columns: width 0.5, 1, 2, 3 mm"
    for level in LEVELS:
        papers = _sheets(level)
        yield f"level {level.upper()}: " + " ".join(
            str(_read([(t, _stroke(p, width)) for t, p in papers], dots=8)) for width in (0.5, 1, 2, 3)
        )


if __name__ == "__main__":
    for line in lines():
        print(line, flush=True)
