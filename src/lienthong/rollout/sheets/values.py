"""What stands in a cell, as the text in which a fact is kept.

Takes what officers write: ``2.416``, ``12,5``, ``100 Mbps``, ``18-2-2025``, ``x``, ``Có``, words without marks.
"""

from __future__ import annotations

import math
import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation

from openpyxl.utils.datetime import from_excel

from lienthong.foundation.errors import LienThongError, Problem
from lienthong.foundation.text import fold
from lienthong.rollout import facts
from lienthong.rollout.facts import Key
from lienthong.rollout.sheets import columns

Raw = str | int | float | bool | datetime | date | time | timedelta | None
_NOTHING = {"", "-", "–", "—", "n/a", "chua co so lieu", "chua co", "khong co so lieu", "khong ro"}
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_STARTS_FORMULA = ("=", "+", "-", "@")
_DAY = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4}|\d{2})|(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T].*)?")
_NUMBER = re.compile(r"([+-]?[\d., ]*\d)\s*([^\d.,+-].*)?")
_MEASURES = {"may", "chiec", "cai", "bo", "nguoi", "giuong", "mbps", "mb/s", "mbit/s", "machines", "people"}
_MEANT = range(2000, 2101)
_LONGEST = 40


def text(value: Raw) -> str:
    """A cell's content as text: composed Unicode, single spaces, without control signs."""
    if value is None:
        return ""
    composed = unicodedata.normalize("NFC", _CONTROL.sub("", str(value)))
    return " ".join(composed.split())


def safe(words: str) -> str:
    """A text for a cell, which no spreadsheet takes for a formula; :func:`unsafe` is the reverse."""
    words = _CONTROL.sub("", words)
    return f"'{words}" if words.lstrip("'").startswith(_STARTS_FORMULA) else words


def unsafe(words: str) -> str:
    """The reverse of :func:`safe`."""
    return words[1:] if words[:1] == "'" and words.lstrip("'").startswith(_STARTS_FORMULA) else words


def empty(value: Raw) -> bool:
    """Whether a cell says nothing: empty, a dash, ``chưa có số liệu``."""
    return value is None or fold(text(value)) in _NOTHING


def withdrawn(value: Raw) -> bool:
    """Whether a cell says ``xóa``: from the row's day on nothing is known."""
    return isinstance(value, str) and fold(text(value)) == fold(columns.WITHDRAW)


def fact(key: Key, value: Raw) -> str:
    """The value of a cell that is neither empty nor withdrawn, as :func:`lienthong.rollout.facts.normal` gives it.

    Raises:
        LienThongError: ``fact-not-valid``, ``sheet-date-for-number``, ``sheet-number-unclear``.
    """
    if key.kind in ("number", "decimal"):
        return facts.normal(key.name, _number(key, value))
    if key.kind == "day":
        found = day(value)
        return facts.normal(key.name, found.isoformat() if found else text(value)[:_LONGEST])
    if key.kind in ("choice", "yes"):
        return facts.normal(key.name, _choice(key, value))
    return facts.normal(key.name, unsafe(_words(value)))


def day(value: Raw) -> date | None:
    """A day written as ``18/02/2025``, ``18-2-25``, ``2025-02-18``, as a date of Excel or its number; None: no day."""
    if isinstance(value, datetime):
        return value.date() if value.year in _MEANT else None
    if isinstance(value, date):
        return value if value.year in _MEANT else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _serial(value)
    if not isinstance(value, str):
        return None
    match = _DAY.fullmatch(text(value))
    if match is None:
        return None
    parts = [part for part in match.groups() if part]
    year, month, number = (int(p) for p in (parts if match[4] else reversed(parts)))
    try:
        found = date(year + 2000 if year < 100 else year, month, number)
    except ValueError:
        return None
    return found if found.year in _MEANT else None


def _words(value: Raw) -> str:
    """A text; where Excel made a number or a date of it, as people write that."""
    if isinstance(value, datetime) and value.time() == time():
        value = value.date()
    if isinstance(value, date) and not isinstance(value, datetime):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return str(int(value))
    return text(value)


def _serial(value: float) -> date | None:
    if not (math.isfinite(value) and 36_526 <= value < 73_415):  # 1 January 2000 to the end of 2100
        return None
    found = from_excel(int(value))
    return found.date() if isinstance(found, datetime) else None


def _number(key: Key, value: Raw) -> str:
    if isinstance(value, date | time | timedelta):
        raise LienThongError(_date_for_number(key))
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int):
        return str(value) if abs(value) <= 10 * facts.MOST else f"{float(value):g}"
    if isinstance(value, float):
        if not math.isfinite(value):
            return str(value)
        return str(int(value)) if value == int(value) else f"{Decimal(repr(value)):f}".replace(".", ",")
    found = text(value).lstrip("'")[:_LONGEST]
    match = _NUMBER.fullmatch(found)
    if match is None or (match[2] and fold(match[2]).strip(" .") not in _MEASURES):
        if _looks_numeric(found):
            raise LienThongError(_unclear(key, found))
        return found
    digits = match[1].replace(" ", "")
    if ("," in digits and "." in digits[digits.index(",") :]) or digits.count(",") > 1:
        raise LienThongError(_unclear(key, found))
    if key.kind == "number" and re.fullmatch(r"\d{1,3},\d{3}", digits):
        raise LienThongError(_unclear(key, found))
    return digits


def _looks_numeric(found: str) -> bool:
    """Whether Python would take for a number what no officer writes as one (``1e9``, ``1_000``)."""
    try:
        Decimal(found)
    except InvalidOperation:
        return False
    return True


def _choice(key: Key, value: Raw) -> str:
    if isinstance(value, bool):
        value = "yes" if value else "no"
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        value = int(value)
    said = fold(text(value))
    if key.kind == "yes":
        said = {"x": "yes", "1": "yes", "true": "yes", "y": "yes", "0": "no", "false": "no", "n": "no"}.get(
            said, said
        )
    said = re.sub(r"^(muc|level) (?=\d)", "", said)
    for language in ("vi", "en"):
        for code, words in columns.choices(key, language).items():
            if said in (fold(code), fold(words)):
                return code
    return text(value)[:_LONGEST]


def _date_for_number(key: Key) -> Problem:
    return Problem(
        "sheet-date-for-number",
        f"{columns.heading(key)}: Excel đã đổi số vừa gõ thành ngày tháng.",
        f"{key.label}: Excel has turned the number into a date.",
        "Đổi định dạng ô thành Số (Number) rồi gõ lại số.",
        "Set the cell's format to Number and type it again.",
    )


def _unclear(key: Key, found: str) -> Problem:
    return Problem(
        "sheet-number-unclear",
        f"{columns.heading(key)}: “{found}” không rõ là bao nhiêu; dấu phẩy ở đây là dấu thập phân.",
        f"{key.label}: “{found}” is not clear; a comma is the decimal sign here.",
        "Viết liền các chữ số (2416) hoặc dùng dấu chấm ngăn hàng nghìn (2.416).",
        "Write the digits without a sign (2416), or with a point for thousands (2.416).",
    )
