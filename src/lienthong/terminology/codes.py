"""Names of codes of the insurance lists, in both languages, by the edition valid on a day."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Final, Literal

from lienthong.foundation.json import loads
from lienthong.terminology.lists import content, rows

Language = Literal["vi", "en"]
Names = dict[str, dict[Language, str]]

_CATEGORIES_2025: Final = date(2025, 10, 17)  # Decision 3276/QD-BYT
_CARE_2026: Final = date(2026, 8, 1)  # Decision 1804/QD-BYT


def code_name(list_name: str, code: str, on: date, language: Language) -> str | None:
    """The name of ``code`` in a list of the annexes (``KET_QUA_DTRI``, ``MA_LOAI_KCB``, ``MA_DANTOC`` …).

    ``on`` is the day of the visit. A name that is missing in one language is given in the other; None when
    the list or the code is not known, or has no name.
    """
    names = _names(list_name, on).get(code)
    if names is None:
        return None
    return names[language] or names["vi"] or names["en"] or None


def known_codes(list_name: str, on: date) -> frozenset[str]:
    """All codes of a list on a day; empty when the list is not known."""
    return frozenset(_names(list_name, on))


def _names(list_name: str, on: date) -> Names:
    if list_name == "MA_LOAI_KCB":
        return _care(on >= _CARE_2026)
    if list_name == "MA_DOITUONG_KCB":
        return _categories(on >= _CATEGORIES_2025)
    if list_name == "MA_DANTOC":
        return _plain("ethnic_groups.csv")
    if list_name == "MA_NGHE_NGHIEP":
        return _plain("occupations_level2.csv")
    return _small().get(list_name, {})


@cache
def _small() -> dict[str, Names]:
    return {name: one["codes"] for name, one in loads(content("insurance_lists.json")).items()}


@cache
def _plain(file: str) -> Names:
    return {row["code"]: {"vi": row["name_vi"], "en": ""} for row in rows(file)}


@cache
def _care(since_2026: bool) -> Names:
    """The later decision is known by its changed and new codes only; the others stay."""
    names: Names = {}
    for row in rows("ma_loai_kcb.csv"):
        if since_2026 or not row["edition"].startswith("QD 1804"):
            names[row["code"]] = {"vi": row["name_vi"], "en": row["name_en"].capitalize()}
    return names


@cache
def _categories(since_2025: bool) -> Names:
    """Some codes have several rows (one for each share the fund pays); their label is the same."""
    edition = "QD 3276" if since_2025 else "QD 824"
    names: Names = {}
    for row in rows("ma_doituong_kcb.csv"):
        if row["edition"].startswith(edition):
            english = row["name_en"][:1].upper() + row["name_en"][1:]
            names.setdefault(row["code"], {"vi": row["name_vi"], "en": english})
    return names
