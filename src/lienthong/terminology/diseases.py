"""ICD-10 Viet Nam by the edition valid on a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

from lienthong.terminology.lists import rows

_TT06_FROM: Final = date(2026, 7, 1)


@dataclass(frozen=True, slots=True)
class Icd10:
    """One code of ICD-10 Viet Nam.

    Attributes:
        name_vi: official label; empty for the few codes of TT06 that are known by their flags only.
        name_en: of Decision 4469; empty where that has none.
        mark: ``†`` (cause), ``*`` (manifestation) or empty.
        main_forbidden: not allowed as main diagnosis.
        edition: ``VN-4469`` (Decision 4469/QD-BYT of 2020) or ``VN-TT06-2026`` (Circular 06/2026/TT-BYT).
    """

    code: str
    name_vi: str
    name_en: str
    mark: str
    main_forbidden: bool
    edition: str


def icd10(code: str, on: date) -> Icd10 | None:
    """The code in the edition valid for care that ended on ``on``: 4469 before 2026-07-01, TT06 from then.

    Case and a trailing ``†`` or ``*`` of ``code`` do not matter.
    """
    edition = _tt06() if on >= _TT06_FROM else _4469()
    return edition.get(code) or edition.get(code.strip().rstrip("†*").upper())


@cache
def _4469() -> dict[str, Icd10]:
    return {
        row["code"]: Icd10(
            row["code"], row["name_vi"], row["name_en"], row["mark"], row["not_as_main"] == "1", "VN-4469"
        )
        for row in rows("icd10_vn_4469.csv")
    }


@cache
def _tt06() -> dict[str, Icd10]:
    return {
        row["code"]: Icd10(
            row["code"],
            row["name_vi"],
            row["name_en_from_4469"],
            row["mark"],
            row["main_forbidden"] == "1",
            "VN-TT06-2026",
        )
        for row in rows("icd10_vn_tt06_2026.csv")
    }


def icd10_lines() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Every code of both editions, blocks (``J09-J18``) and chapters (``X``) too, with those above it, highest
    first."""
    lines = {row["code"]: (row["chapter"], row["block"]) for row in rows("icd10_vn_4469.csv")}
    for chapter, block in sorted(set(lines.values())):
        yield block, (chapter,)
    for chapter in sorted({chapter for chapter, _ in lines.values()}):
        yield chapter, ()
    known = _4469().keys() | _tt06().keys()
    for code in sorted(known):
        above = [code[:length] for length in range(3, len(code)) if code[:length] in known]
        yield code, (*lines.get(code[:3], ()), *above)
