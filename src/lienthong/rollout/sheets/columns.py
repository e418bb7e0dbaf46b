"""The columns of the sheet: which facts it holds, under which headings, in which form a cell shows a value.

The sheet is in Vietnamese whatever the language of the pages: it goes from hand to hand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from django.utils.translation import override

from lienthong.foundation.text import fold
from lienthong.rollout import facts
from lienthong.rollout.facts import Key

EDITION = "1"
TABLE, GUIDE, LISTS, MARK = "Số liệu", "Hướng dẫn", "Danh mục", "_lienthong"
CODE, NAME, SINCE, SOURCE = "Mã đơn vị", "Tên đơn vị", "Áp dụng từ ngày", "Nguồn số liệu"
ALL_SINCE, ALL_SOURCE = "Ngày áp dụng chung", "Nguồn chung"
WITHDRAW = "xóa"
SHAPE = ("name", "name_en", "kind", "province", "merged_into", "ended")
"""What a unit is and how it is called: entered with the steps of :mod:`lienthong.rollout.reorganisation`."""
_OTHER_HEADINGS = {
    "may tinh": "computers",
    "may vi tinh": "computers",
    "may chu": "servers",
    "may in": "printers",
    "may quet": "scanners",
    "may scan": "scanners",
    "may tinh bang": "tablets",
    "chu ky so da cap": "signatures_issued",
    "giuong benh": "beds",
    "muc his": "his_level",
}


def every() -> list[Key]:
    """The facts of the sheet in order; what a unit is and how it is called is entered on a page of its own."""
    return [key for key in facts.KEYS.values() if key.name not in SHAPE]


def heading(key: Key) -> str:
    """``Tốc độ đo được, tải xuống (Mbps)``."""
    with override("vi"):
        return f"{key.label} ({key.unit})" if key.unit else str(key.label)


def group(name: str) -> str:
    """The heading of a group."""
    with override("vi"):
        return str(facts.GROUPS[name])


def choices(key: Key, language: str = "vi") -> dict[str, str]:
    """Codes of a choice with their words."""
    with override(language):
        return {code: str(label) for code, label in key.choices}


def plain(text: str) -> str:
    """A heading as it is compared: folded, without what stands in brackets, without signs and ``Số lượng``."""
    bare = re.sub(r"[^a-z0-9]+", " ", re.sub(r"\(.*?\)", " ", fold(text)))
    return re.sub(r"^(so luong|so) (?=\w)", "", " ".join(bare.split()))


@lru_cache(maxsize=1)
def _headings() -> dict[str, str]:
    found = dict(_OTHER_HEADINGS)
    for key in every():
        for language in ("en", "vi"):
            with override(language):
                found[plain(str(key.label))] = key.name
        found[key.name] = key.name
        found[plain(key.name.replace("_", " "))] = key.name
    return found


def by_heading(text: str) -> str | None:
    """The fact that a column with this heading holds."""
    return _headings().get(text.strip().casefold()) or _headings().get(plain(text))


@dataclass(frozen=True, slots=True)
class Shown:
    """How a cell holds a value: text, number or day, and its number format (empty for none)."""

    value: str | int | float | date
    form: str = ""


def shown(key: Key, value: str) -> Shown:
    """A fact's value as a cell holds it."""
    if key.kind == "number":
        return Shown(int(value), "#,##0")
    if key.kind == "decimal":
        number = float(value)
        exact = Decimal(repr(number)) == Decimal(value)
        return Shown(number) if exact else Shown(value.replace(".", ","))
    if key.kind == "day":
        return Shown(date.fromisoformat(value), "dd/mm/yyyy")
    if key.kind in ("choice", "yes"):
        words = choices(key).get(value, value)
        return Shown(int(words)) if words.isdigit() else Shown(words)
    return Shown(value)
