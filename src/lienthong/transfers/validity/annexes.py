"""Annexes I to IV of Circular 01/2025/TT-BYT: which ICD-10 codes they name, with the circular's words.

The lists were read by machine from a scan (``terminology/data/ORIGIN.md``): hints for people, never a decision.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal

from lienthong.terminology.lists import rows

Annex = Literal["I", "II", "III", "IV"]
CONFIDENCE = "medium"
"""How far every match can be trusted (``terminology/data/ORIGIN.md``)."""

ADULT = 18
_THROUGH = {"III": 37, "II": 106}
"""Items that bring in another annex: III 37 brings in II 1 to 105, II 106 brings in I."""
_WORD = re.compile(r"(?i)(từ|đến|trừ)\b|([A-Z]\d\d(?:\.\d{1,2})?)|([()])|(\S)")
_CONTINUES = re.compile(r"(?i)(?:(?:và|mã|trừ|từ|đến)(?!\w)|[A-Z]\d\d(?:\.\d+)?[†*]?|[(),]|\s)+")
_NO_CONDITION = re.compile(
    r"Người bệnh được hưởng quyền lợi ngay|Đối với mã .{1,40} người bệnh được hưởng|(?:Áp mã )?theo ICD"
)
"""Remarks on when the right begins or which edition of ICD-10 counts; they ask for nothing else."""
_UNDER_AGE = re.compile(r"(?i)người (?:bệnh )?dưới 18 tuổi")
_CODE = re.compile(r"[A-Z]\d\d(?:\.?\d{1,2})?")


@dataclass(frozen=True, slots=True)
class Match:
    """An item of an annex that names a code.

    Attributes:
        annex, number: where it stands (STT).
        name: the disease in the circular's words.
        condition: what else must hold, in the circular's words; empty when nothing is told. Parts may be cut.
        through: the item that brings it in, 0 when it stands in the annex itself (III 37, II 106).
        under_18: the condition asks for an age under 18.
    """

    annex: Annex
    number: int
    name: str
    condition: str
    through: int = 0
    under_18: bool = False

    def words_vi(self) -> str:
        """``Phụ lục III, mục 37 (Phụ lục II, mục 41): Bệnh Parkinson``."""
        return f"{self.place_vi()}: {self.name}"

    def words_en(self) -> str:
        """``annex III, item 37 (annex II, item 41): Bệnh Parkinson``; the name is the circular's."""
        return f"{self.place_en()}: {self.name}"

    def place_vi(self) -> str:
        """The same without the disease, for who need not know it: ``Phụ lục III, mục 37 (Phụ lục II, mục 41)``."""
        return self._place("Phụ lục", "mục")

    def place_en(self) -> str:
        """``annex III, item 37 (annex II, item 41)``."""
        return self._place("annex", "item")

    def _place(self, annex: str, item: str) -> str:
        place = f"{annex} {self.annex}, {item} {self.number}"
        if self.through:
            outer = "III" if self.annex == "II" else "II"
            place = f"{annex} {outer}, {item} {self.through} ({place})"
        return place


@dataclass(frozen=True, slots=True)
class _Item:
    annex: Annex
    number: int
    name: str
    condition: str
    parts: tuple[tuple[bool, str, str], ...]
    """Included or taken out, first and last code; the last that covers a code decides."""

    def covers(self, code: str) -> bool:
        answer = False
        for included, low, high in self.parts:
            if code[: len(low)] >= low and code[: len(high)] <= high and len(code) >= len(low):
                answer = included
        return answer

    def match(self, through: int = 0) -> Match:
        under = bool(_UNDER_AGE.search(self.condition))
        return Match(self.annex, self.number, self.name, self.condition, through, under)


def plain(code: str) -> str:
    """A code as the lists write it: ``a170†`` becomes ``A17.0``; empty for what is no ICD-10 code."""
    text = code.strip().upper().rstrip("†*")
    if not _CODE.fullmatch(text):
        return ""
    bare = text.replace(".", "")
    return bare if len(bare) == 3 else f"{bare[:3]}.{bare[3:]}"


@cache
def _items() -> dict[str, tuple[_Item, ...]]:
    found: dict[str, list[_Item]] = {"I": [], "II": [], "III": [], "IV": []}
    annexes: dict[str, Annex] = {"I": "I", "II": "II", "III": "III", "IV": "IV"}
    for row in rows("tt01_2025_annexes_I_IV.csv"):
        number, annex = int(row["no"]), annexes[row["annex"]]
        if _THROUGH.get(annex) == number:
            continue
        more = _CONTINUES.match(row["condition_vi"])
        carried = more.group() if more else ""
        rest = row["condition_vi"][len(carried) :].strip()
        condition = "" if _NO_CONDITION.match(rest) else rest.removeprefix("- ")
        parts = _parts(f"{row['icd10_expression']} {carried}")
        found[annex].append(_Item(annex, number, row["name_vi"], condition, parts))
    return {annex: tuple(items) for annex, items in found.items()}


def _parts(expression: str) -> tuple[tuple[bool, str, str], ...]:
    """``Từ A15 đến A19 (trừ mã A15)`` as ``(True, A15, A19), (False, A15, A15)``."""
    found: list[tuple[bool, str, str]] = []
    included, to, left_out = True, False, False
    for word, code, bracket, _ in _WORD.findall(expression):
        if word:
            to = word.lower() == "đến"
            left_out = left_out or word.lower() == "trừ"
        elif bracket:
            left_out = False
        elif code:
            included = not left_out
            if to and found:
                found[-1] = (found[-1][0], found[-1][1], code.upper())
            else:
                found.append((included, code.upper(), code.upper()))
            to = False
    return tuple(found)


def _find(annex: str, code: str, *, through: int = 0, most: int = 1000) -> Match | None:
    """The item that names a code; one without a condition before one with."""
    found = [item for item in _items()[annex] if item.number <= most and item.covers(code)]
    best = min(found, key=lambda item: (bool(item.condition), item.number), default=None)
    return best.match(through) if best else None


def annex_i(code: str) -> Match | None:
    """The item of annex I: no slip is needed at a facility of the advanced level (article 5 clause 1a)."""
    return _find("I", plain(code))


def annex_ii(code: str) -> Match | None:
    """The item of annex II, item 106 included: no slip is needed at the basic level (article 5 clause 1b)."""
    code = plain(code)
    return _find("II", code) or _find("I", code, through=_THROUGH["II"])


def annex_iii(code: str) -> Match | None:
    """The item of annex III, item 37 included: the slip is valid one year.

    Item 37 leaves out who is stable or has no specific treatment, and what is acute or an emergency
    (:func:`only_if_not_acute`).
    """
    code = plain(code)
    return _find("III", code) or _find("II", code, through=_THROUGH["III"], most=105)


def annex_iv(code: str) -> Match | None:
    """The item of annex IV: a stable chronic disease that may be sent back to the first level (article 10)."""
    return _find("IV", plain(code))


def only_if_not_acute(match: Match) -> bool:
    """Whether the exceptions of annex III item 37 apply to the match."""
    return match.annex == "II" and match.through == _THROUGH["III"]


def may_go_back(codes: Iterable[str]) -> Match | None:
    """The first of the codes' items of annex IV; None when none of them stands there."""
    return next((match for match in map(annex_iv, codes) if match), None)


def without_slip(codes: Iterable[str], *, age: int | None = None) -> list[Match]:
    """The items by which the diseases need no slip; an empty list: a slip is needed, unless it is an emergency.

    Annex I counts at the advanced level, annex II at the basic level; the level of the receiving facility and the
    items' conditions are left to a person. ``age`` in years leaves out items for people under 18.
    """
    found = [match for code in codes for match in (annex_i(code), annex_ii(code)) if match]
    return [m for m in found if not (m.under_18 and age is not None and age >= ADULT)]
