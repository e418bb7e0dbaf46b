"""Texts typed with the old fonts TCVN3 (ABC) and VNI, whose letters are other signs in Unicode."""

from __future__ import annotations

import re

_TCVN3_SIGN = "¸¹µ¶·¨ª«¬¾½¼»"
_TCVN3 = re.compile(
    rf"[A-Za-z][{_TCVN3_SIGN}]|[{_TCVN3_SIGN}][A-Za-z]|(?<![A-Za-z])[®§][a-z{_TCVN3_SIGN}ÊÖÞÇ]"
)
_VNI = re.compile(
    r"[aA][âáàãêéèúùøûõïäåÂÁÀÃÊÉÈÚÙØÛÕÏÄÅ]|[eoöôEOÖÔ][øûõïäåØÛÏÄÅ]|[öÖ][ôÔùÙ]|ñ[aeiouöô]|Ñ[aeiouöôAEIOUÖÔ]"
)
_TCVN3_FONT, _VNI_FONT = re.compile(r"^\.vn", re.IGNORECASE), re.compile(r"^vni", re.IGNORECASE)


def old_font(text: str, font: str = "") -> str:
    """``TCVN3`` or ``VNI`` when a cell's text was typed for such a font; empty for Unicode.

    Args:
        font: the name of the cell's font; it counts only where the text holds more than plain letters and numbers.
    """
    if text.isascii():
        return ""
    if _TCVN3.search(text) or (_TCVN3_FONT.match(font) and not _vietnamese(text)):
        return "TCVN3"
    if _VNI.search(text) or (_VNI_FONT.match(font) and not _vietnamese(text)):
        return "VNI"
    return ""


def _vietnamese(text: str) -> bool:
    """Whether it holds letters that only Unicode has (Latin Extended Additional, ă, đ, ĩ, ũ, ơ, ư)."""
    return any("\u1ea0" <= sign <= "\u1ef9" or sign in "ăĂđĐĩĨũŨơƠưƯ" for sign in text)
