"""Figures, days and money as a Vietnamese document writes them (Decree 30/2020/NĐ-CP, Annex I; everyday usage)."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

MISSING = "chưa có số liệu"
_MARKS = str.maketrans(",.", ".,")
_MILLION, _BILLION = 10**6, 10**9


def number(value: int | Decimal | None, places: int = 2) -> str:
    """``2.416``, ``12,5``; at most so many decimals, rounded half up; None is :data:`MISSING`, never 0."""
    if value is None:
        return MISSING
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{rounded:,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return ("0" if text in ("-0", "") else text).translate(_MARKS)


def percent(part: int | Decimal | None, whole: int | Decimal | None) -> str:
    """``76,5%`` of a whole; :data:`MISSING` if either is missing or there is no whole."""
    if part is None or not whole:
        return MISSING
    return f"{number(100 * Decimal(part) / Decimal(whole), 1)}%"


def change(now: int | Decimal | None, before: int | Decimal | None) -> str:
    """``tăng 3``, ``giảm 1,5``, ``không đổi`` against the period before."""
    if now is None or before is None:
        return MISSING
    difference = Decimal(now) - Decimal(before)
    if not difference:
        return "không đổi"
    return f"{'tăng' if difference > 0 else 'giảm'} {number(abs(difference))}"


def money(dong: int | None) -> str:
    """Dong in words of size: ``12,35 tỷ đồng``, ``850 triệu đồng``, ``350.000 đồng``."""
    if dong is None:
        return MISSING
    if abs(dong) >= _BILLION:
        return f"{number(Decimal(dong) / _BILLION, 3)} tỷ đồng"
    if abs(dong) >= _MILLION:
        return f"{number(Decimal(dong) / _MILLION, 3)} triệu đồng"
    return f"{number(dong)} đồng"


def day(value: date | None) -> str:
    """``04/03/2025``."""
    return f"{value:%d/%m}/{value.year:04}" if value else MISSING


def long_day(value: date) -> str:
    """``ngày 04 tháng 3 năm 2025``: days under 10 and the months 1 and 2 have a zero (Annex I, part II, 4)."""
    month = f"{value.month:02}" if value.month < 3 else str(value.month)
    return f"ngày {value.day:02} tháng {month} năm {value.year}"


def roman(value: int) -> str:
    """``IV`` for 4; 1 to 39 (numbers of parts and annexes).

    Raises:
        ValueError: another number.
    """
    if not 1 <= value <= 39:
        raise ValueError(value)
    ones = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
    return "X" * (value // 10) + ones[value % 10]
