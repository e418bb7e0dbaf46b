"""QR symbols of a letter as drawings in the page, in millimetres, so that paper has them in their size."""

from __future__ import annotations

import io
from collections.abc import Sequence

import segno
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

MODULE_MM = 0.5
"""Side of a module: what a photograph of the whole sheet still shows (``docs/reference/letter.md``, section 5)."""
QUIET = 4
"""Modules of white around a symbol (ISO/IEC 18004)."""


def drawings(texts: Sequence[str]) -> list[SafeString]:
    """The symbols of one letter, all of the same version, error correction M; ``alt`` says which of how many."""
    made = [segno.make_qr(text, error="m", mode="numeric", boost_error=False) for text in texts]
    largest = max((int(code.version) for code in made), default=1)
    return [_drawing(text, largest, number, len(texts)) for number, text in enumerate(texts, 1)]


def _drawing(text: str, version: int, number: int, count: int) -> SafeString:
    code = segno.make_qr(text, error="m", mode="numeric", version=version, boost_error=False)
    out = io.BytesIO()
    code.save(
        out, kind="svg", scale=MODULE_MM, unit="mm", border=QUIET, xmldecl=False, svgns=False, nl=False,
        svgclass="symbol", lineclass=None, title=f"{number}/{count}",
    )  # fmt: skip
    return format_html("{}", mark_safe(out.getvalue().decode("utf-8")))  # noqa: S308 - segno's own drawing of digits
