"""Text of the source to values of FHIR: clean strings, lists, times, numbers."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from lienthong.foundation.clock import VIETNAM

Comparator = Literal["<", "<=", ">=", ">"]

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufeff\ufffe\uffff]")
_OTHER_SPACE = re.compile("[\x80-\x9f\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
_NUMBER = re.compile(r"([<>]=?|[≤≥])?\s*([+-]?\d{1,18})(?:([.,])(\d{1,17}))?", re.ASCII)
_COMPARATORS: dict[str, Comparator] = {"<": "<", "<=": "<=", "≤": "<=", ">": ">", ">=": ">=", "≥": ">="}


def clean(text: str) -> str:
    """Text that FHIR's ``string`` allows: no control characters, only plain spaces, tabs and line ends."""
    if text.isprintable():
        return text.strip()
    return _OTHER_SPACE.sub(" ", _FORBIDDEN.sub("", text)).strip()


def code(text: str) -> str:
    """Text that FHIR's ``code`` allows: single spaces, none at the ends."""
    return " ".join(text.split())


def items(text: str) -> list[str]:
    """The values of a clean list joined by ``;``, empty ones left out."""
    if ";" not in text:
        return [text] if text else []
    return [part for part in map(str.strip, text.split(";")) if part]


def places(text: str) -> list[str]:
    """The values of a list joined by ``;``, empty ones kept: for lists that run in parallel."""
    return [part.strip() for part in text.split(";")] if text else []


@lru_cache(maxsize=8192)
def moment(text: str) -> datetime | None:
    """``yyyyMMddHHmm`` (or with seconds, or ``yyyyMMdd``: midnight), Viet Nam's time; None if unreadable."""
    if len(text) not in (8, 12, 14) or not (text.isascii() and text.isdigit()):
        return None
    clock = text[8:].ljust(6, "0")
    try:
        return datetime(
            int(text[:4]),
            int(text[4:6]),
            int(text[6:8]),
            int(clock[:2]),
            int(clock[2:4]),
            int(clock[4:]),
            tzinfo=VIETNAM,
        )
    except ValueError:
        return None


@lru_cache(maxsize=8192)
def instant(text: str) -> str | None:
    """FHIR ``instant`` with +07:00; None when the text has no time of day or cannot be read."""
    at = moment(text) if len(text) > 8 else None
    return at.isoformat() if at else None


@lru_cache(maxsize=8192)
def date_time(text: str) -> str | None:
    """FHIR ``dateTime``: an instant for 12 characters, a date for 8; None when it cannot be read."""
    at = moment(text)
    if at is None:
        return None
    return at.isoformat() if len(text) > 8 else at.date().isoformat()


@lru_cache(maxsize=8192)
def date(text: str) -> str | None:
    """FHIR ``date`` of a time or date; None when it cannot be read."""
    at = moment(text)
    return at.date().isoformat() if at else None


@lru_cache(maxsize=8192)
def birth(text: str) -> tuple[str | None, str | None]:
    """Date and time of birth: ``195000000000`` is the year, ``195005…`` the month; time 0000 is unknown."""
    if len(text) not in (4, 8, 12) or not (text.isascii() and text.isdigit()) or text[:4] == "0000":
        return None, None
    if len(text) == 4 or text[4:8] == "0000":
        return text[:4], None
    if text[6:8] == "00":
        return (f"{text[:4]}-{text[4:6]}", None) if "01" <= text[4:6] <= "12" else (None, None)
    known = len(text) == 12 and text[8:] != "0000"
    return date(text[:8]), instant(text) if known else None


def number(text: str) -> tuple[Decimal, Comparator | None] | None:
    """A number as it was written, with its comparator; the decimal comma becomes a point.

    ``1,250`` (one to three digits other than 0, a comma, three digits) may mean a thousand or a fraction:
    None, so that the value stays text. So does everything with more digits than FHIR's 18.
    """
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    mark, whole, point, fraction = match.groups()
    if fraction is None:
        return Decimal(whole), _COMPARATORS.get(mark or "")
    digits = whole.lstrip("+-")
    if len(digits) + len(fraction) > 18 or (
        point == "," and len(fraction) == 3 and len(digits) <= 3 and digits.lstrip("0")
    ):
        return None
    return Decimal(f"{whole}.{fraction}"), _COMPARATORS.get(mark or "")


def plain(text: str) -> Decimal | None:
    """A number without comparator, or None."""
    found = number(text)
    return found[0] if found and found[1] is None else None
