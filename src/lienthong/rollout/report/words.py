"""Vietnamese of the documents: numbers, money, days, lists, changes.

The documents are Vietnamese whatever language the officer reads the pages in, so these words are not translated.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

MISSING = "chưa có số liệu"
FIRST = "–"
MOST_NAMES = 5
"""More names than these in a sentence are counted, and stand in the annex."""
_BILLION = Decimal(1_000_000_000)
_MILLION = Decimal(1_000_000)

LEVEL = {"none": "Chưa có", "basic": "Cơ bản", "advanced": "Nâng cao"}
HOSTING = {"own-room": "Tại đơn vị", "rented": "Thuê ngoài"}
EMR_STATE = {
    "preparing": "Đang chuẩn bị",
    "trial": "Chạy thử",
    "council": "Đã lập hội đồng",
    "appraised": "Đã thẩm định",
    "decided": "Đã có quyết định",
    "published": "Đã công bố",
    "paper-stopped": "Đã bỏ bệnh án giấy",
}
TASK_STATE = {
    "done": "Hoàn thành đúng hạn",
    "done-late": "Hoàn thành quá hạn",
    "in-term": "Đang thực hiện, trong hạn",
    "overdue": "Đang thực hiện, quá hạn",
    "not-due": "Chưa đến hạn",
    "proposed": "Đề nghị điều chỉnh",
}
"""States of government follow-up."""


def number(value: int | Decimal) -> str:
    """``2.416``; ``12,5``."""
    whole, _, rest = f"{abs(value):,}".partition(".")
    sign = "-" if value < 0 else ""
    return sign + whole.replace(",", ".") + (f",{rest}" if rest else "")


def money(value: int) -> str:
    """``810 triệu đồng``, ``2,4 tỷ đồng``, ``950.000 đồng``: at most two places."""
    for unit, words in ((_BILLION, "tỷ đồng"), (_MILLION, "triệu đồng")):
        if abs(value) >= unit:
            return f"{number(Decimal(_short(Decimal(value) / unit, '0.01')))} {words}"
    return f"{number(value)} đồng"


def amount(value: int | None, unit: str) -> str:
    """A figure as it stands in a table: money in words, a missing one named as missing."""
    if value is None:
        return MISSING
    return money(value) if unit == "đồng" else number(value)


def cell(value: int | None, unit: str) -> str:
    """A figure in a column of figures; money in millions of đồng, as :func:`cell_unit` says."""
    if value is None or unit != "đồng":
        return amount(value, unit)
    return number(Decimal(_short(Decimal(value) / _MILLION, "0.1")))


def cell_unit(unit: str) -> str:
    """The unit of measure beside :func:`cell`."""
    return "triệu đồng" if unit == "đồng" else unit


def _short(value: Decimal, step: str) -> str:
    text = f"{value.quantize(Decimal(step), ROUND_HALF_UP):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def day(value: date) -> str:
    """``18/02/2025``."""
    return value.strftime("%d/%m/%Y")


def day_text(value: str) -> str:
    """The same of an ISO 8601 day; an empty one stays empty, any other text as it is."""
    try:
        return day(date.fromisoformat(value[:10])) if value else ""
    except ValueError:
        return value


def share(part: int, whole: int) -> str:
    """``23,5%``; empty when there is no whole."""
    if not whole:
        return ""
    percent = (Decimal(100 * part) / whole).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return number(percent.to_integral_value() if percent == percent.to_integral_value() else percent) + "%"


def names(found: Sequence[str], most: int = MOST_NAMES) -> str:
    """``A, B và C``; more than ``most`` are counted only: ``13 đơn vị``."""
    if len(found) > most:
        return f"{number(len(found))} đơn vị"
    if len(found) < 2:
        return "".join(found)
    return f"{', '.join(found[:-1])} và {found[-1]}"


def difference(value: int | None, unit: str = "") -> str:
    """For a column of figures: ``+3``, ``-1``, ``0``; a dash where one side is missing."""
    if value is None:
        return FIRST
    if not value:
        return "0"
    return f"{'+' if value > 0 else '-'}{cell(abs(value), unit)}"


def change(value: int | None, unit: str = "") -> str:
    """For a sentence: ``tăng 3``, ``giảm 1``, ``không thay đổi``; empty where there is nothing to compare with."""
    if value is None:
        return ""
    if not value:
        return "không thay đổi"
    return f"{'tăng' if value > 0 else 'giảm'} {amount(abs(value), unit)}"


def sentence(text: str) -> str:
    """With a capital at its beginning."""
    return text[:1].upper() + text[1:]


def two(value: int) -> str:
    """A number of things in a sentence, below 10 with a leading zero as letters of offices write it: ``05``."""
    return f"{value:02d}" if 0 < value < 10 else number(value)


def units(found: Sequence[str]) -> str:
    """Units by their names, those of one kind together: ``các Bệnh viện: Phổi, Tâm thần; Trung tâm Y tế huyện A``."""
    kinds = (("Bệnh viện ", "các Bệnh viện: "), ("Trung tâm Y tế ", "các Trung tâm Y tế: "))
    groups, rest = [], list(found)
    for prefix, many in kinds:
        inside = [name for name in rest if name.startswith(prefix)]
        rest = [name for name in rest if name not in inside]
        if len(inside) > 1:
            groups.append(many + ", ".join(name.removeprefix(prefix) for name in inside))
        else:
            groups += inside
    return "; ".join([*groups, *rest])


def small(text: str) -> str:
    """With a small letter at its beginning, but for abbreviations."""
    first = text.split(" ", 1)[0]
    return text if first.isupper() and len(first) > 1 else text[:1].lower() + text[1:]
