"""Names of codes until the terminology part has them."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Disease:
    name_vi: str
    name_en: str
    edition: str


@cache
def _csv(name: str) -> dict[str, dict[str, str]]:
    with (files("lienthong.terminology") / "data" / name).open(encoding="utf-8") as stream:
        return {next(iter(row.values())): row for row in csv.DictReader(stream)}


def icd10(code: str, on: date) -> Disease | None:
    new = on >= date(2026, 7, 1)
    row = _csv("icd10_vn_tt06_2026.csv" if new else "icd10_vn_4469.csv").get(code)
    if row is None:
        return None
    return Disease(row["name_vi"], row.get("name_en", ""), "VN-TT06-2026" if new else "VN-4469")


def code_name(list_name: str, code: str, on: date | None = None, language: str = "vi") -> str:
    file = {"MA_DANTOC": "ethnic_groups.csv", "MA_NGHE_NGHIEP": "occupations_level2.csv"}.get(list_name)
    return _csv(file).get(code, {}).get("name_vi", "") if file else ""


def facility_name(code: str) -> str:
    for file in ("facilities_bac_giang_partial.csv", "facilities_central_partial.csv"):
        if code in _csv(file):
            return _csv(file)[code]["name_vi"]
    return ""
