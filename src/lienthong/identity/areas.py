"""Communes of the three-level list (until 2025-06-30) and the two-level list since, made comparable.

A commune of the new list is placed in the district whose commune held its code before; nearly all new codes are such.
Old provinces are counted to the province they were merged into.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from lienthong.foundation.text import fold
from lienthong.terminology.lists import rows

_KIND = re.compile(r"^(?:tinh|thanh pho|quan|huyen|thi xa|thi tran|phuong|xa|dac khu|tp|tx|tt)\.? +")


class Area(NamedTuple):
    """Where somebody lives; empty where it is not known.

    ``commune``: 5 digits; ``district``: 3 digits, list of 2024; ``province``: 2 digits, list since 2025-07-01.
    """

    commune: str = ""
    district: str = ""
    province: str = ""


def area(commune: str = "", district: str = "", province: str = "") -> Area:
    """The area of codes of either list; the commune decides where it is known."""
    old, new, merged = _old(), _new(), _merged()
    if commune in old:
        held, before = old[commune]
        return Area(commune, held, new.get(commune) or merged.get(before, ""))
    if commune in new:
        return Area(commune, "", new[commune])
    if district in _districts():
        return Area("", district, merged.get(_districts()[district], ""))
    return Area("", "", merged.get(province, ""))


def named(commune: str = "", district: str = "", province: str = "") -> Area:
    """The area of units by their names, with or without what kind of unit they are; nothing where a name is unclear."""
    in_province = _provinces_named().get(_plain(province), "")
    if not in_province:
        return Area()
    found = _communes_named().get((in_province, _plain(commune)), frozenset()) if commune else frozenset()
    if district:
        inside = _districts_named().get((in_province, _plain(district)), "")
        found = frozenset(code for code in found if _old().get(code, ("", ""))[0] == inside)
        if len(found) != 1:
            return Area("", inside, in_province)
    return area(next(iter(found))) if len(found) == 1 else Area("", "", in_province)


def _plain(name: str) -> str:
    return _KIND.sub("", fold(name))


@cache
def _old() -> dict[str, tuple[str, str]]:
    """Commune to district and province of 2024."""
    listed = rows("admin_units_2024_three_level.csv")
    return {r["commune_code"]: (r["district_code"], r["province_code"]) for r in listed if r["commune_code"]}


@cache
def _new() -> dict[str, str]:
    """Commune to province since 2025-07-01."""
    return {r["commune_code"]: r["province_code"] for r in rows("admin_units_2026_two_level.csv")}


@cache
def _merged() -> dict[str, str]:
    """Province of 2024 to the one it is part of now; a new province to itself unless an old one has its code."""
    into = {before: _new()[code] for code, (_, before) in _old().items() if code in _new()}
    return {province: province for province in _new().values()} | into


@cache
def _districts() -> dict[str, str]:
    """District to province of 2024."""
    return dict(_old().values())


@cache
def _provinces_named() -> dict[str, str]:
    names = {_plain(r["province_name"]): _merged()[r["province_code"]] for r in _listed(2024)}
    return {_plain(r["province_name"]): r["province_code"] for r in _listed(2026)} | names


@cache
def _districts_named() -> dict[tuple[str, str], str]:
    named = {}
    for row in _listed(2024):
        if row["district_code"]:
            named[_merged()[row["province_code"]], _plain(row["district_name"])] = row["district_code"]
    return named


@cache
def _communes_named() -> dict[tuple[str, str], frozenset[str]]:
    named: dict[tuple[str, str], set[str]] = {}
    for year in (2024, 2026):
        for row in _listed(year):
            if row["commune_code"]:
                province = _merged()[row["province_code"]] if year == 2024 else row["province_code"]
                named.setdefault((province, _plain(row["commune_name"])), set()).add(row["commune_code"])
    return {key: frozenset(codes) for key, codes in named.items()}


@cache
def _listed(year: int) -> list[dict[str, str]]:
    levels = {2024: "three", 2026: "two"}[year]
    return list(rows(f"admin_units_{year}_{levels}_level.csv"))
