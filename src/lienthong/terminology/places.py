"""Provinces, districts and communes by the edition valid on a day, and facilities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Final

from lienthong.terminology.lists import rows

_TWO_LEVELS_FROM: Final = date(2025, 7, 1)


@dataclass(frozen=True, slots=True)
class AdminUnit:
    """A province (2 digits), district (3, until 2025-06-30) or commune (5).

    Attributes:
        name_en: empty where the list has none.
        district, province: names of the units around it; empty when there is none.
        edition: ``2024`` (three levels) or ``2026`` (two levels, since 2025-07-01).
    """

    code: str
    name_vi: str
    name_en: str
    district: str
    province: str
    edition: str


def admin_unit(code: str, on: date) -> AdminUnit | None:
    """The unit with that code on a day; when that edition has none, the unit of the other edition.

    Hospitals mix old and new codes since the merger of 2025-07-01; ``edition`` tells which one was met.
    """
    first, second = (_of_2026, _of_2024) if on >= _TWO_LEVELS_FROM else (_of_2024, _of_2026)
    return first().get(code) or second().get(code)


def facility_name(code: str) -> str | None:
    """The name of a facility (MA_CSKCB); the list is partial: Bắc Giang and some central hospitals."""
    return _facilities().get(code)


@cache
def _of_2024() -> dict[str, AdminUnit]:
    units: dict[str, AdminUnit] = {}
    for row in rows("admin_units_2024_three_level.csv"):
        province, district = row["province_name"], row["district_name"]
        units.setdefault(row["province_code"], AdminUnit(row["province_code"], province, "", "", "", "2024"))
        if row["district_code"]:
            code = row["district_code"]
            units.setdefault(code, AdminUnit(code, district, "", "", province, "2024"))
        if row["commune_code"]:
            code = row["commune_code"]
            units[code] = AdminUnit(code, row["commune_name"], "", district, province, "2024")
    return units


@cache
def _of_2026() -> dict[str, AdminUnit]:
    units: dict[str, AdminUnit] = {}
    for row in rows("admin_units_2026_two_level.csv"):
        province = row["province_name"]
        units.setdefault(row["province_code"], AdminUnit(row["province_code"], province, "", "", "", "2026"))
        code = row["commune_code"]
        units[code] = AdminUnit(code, row["commune_name"], row["commune_name_en"], "", province, "2026")
    return units


@cache
def _facilities() -> dict[str, str]:
    lists = ("facilities_central_partial.csv", "facilities_bac_giang_partial.csv")
    return {row["ma_cskcb"]: row["name_vi"] for name in lists for row in rows(name)}
