"""Amounts of money as people write them: ``2.400.000.000``, ``2,4 tỷ``, ``998 triệu đồng``."""

from __future__ import annotations

import re
from decimal import Decimal

from lienthong.foundation.errors import LienThongError, Problem
from lienthong.foundation.text import fold
from lienthong.rollout.money.models import MOST_VND

_CURRENCY = re.compile(r"\s*(?:dong|vnd|d)$")
_UNITS = {"ty": 10**9, "ti": 10**9, "billion": 10**9, "trieu": 10**6, "tr": 10**6, "million": 10**6}
_UNIT = re.compile(rf"\s*({'|'.join(_UNITS)})$")
_GROUPED = re.compile(r"\d{1,3}(?:([., ])\d{3})(?:\1\d{3})*")
_PLAIN = re.compile(r"\d{1,15}")
_DECIMAL = re.compile(r"(\d{1,3}(?:\.\d{3})+|\d{1,9})(?:,(\d{1,9}))?|(\d{1,9})\.(\d{1,9})")


def read(text: str) -> int:
    """Whole VND.

    Raises:
        LienThongError: ``amount-not-valid``.
    """
    words = _CURRENCY.sub("", fold(text.replace("₫", "đ"))).strip()
    unit = _UNIT.search(words)
    found = _scaled(words[: unit.start()], _UNITS[unit[1]]) if unit else _whole(words)
    if found is None or found > MOST_VND:
        raise LienThongError(
            Problem(
                "amount-not-valid",
                f"“{text[:40]}” không phải số tiền hợp lệ.",
                f"“{text[:40]}” is no amount of money.",
                "Nhập như 2.400.000.000 hoặc 2,4 tỷ hoặc 998 triệu.",
                "Write it like 2.400.000.000, 2,4 tỷ or 998 million.",
                where={"field": "amount"},
            )
        )
    return found


def _whole(words: str) -> int | None:
    if _PLAIN.fullmatch(words):
        return int(words)
    return int(re.sub(r"\D", "", words)) if _GROUPED.fullmatch(words) else None


def _scaled(words: str, unit: int) -> int | None:
    """``2,4`` or ``1.250`` times the unit: a dot before three digits parts thousands, as is usual in Viet Nam."""
    found = _DECIMAL.fullmatch(words.strip())
    if found is None:
        return None
    whole, part = (found[1].replace(".", ""), found[2]) if found[1] else (found[3], found[4])
    amount = Decimal(f"{whole}.{part or 0}") * unit
    return int(amount) if amount == int(amount) else None
