"""The communes of the invented province: the real codes of Bắc Giang before and after 1 July 2025."""

from __future__ import annotations

from collections import defaultdict
from typing import Final, NamedTuple

from lienthong.terminology.lists import rows

PROVINCE: Final = "24"


class Commune(NamedTuple):
    """A commune of before the merger.

    Attributes:
        code, name: of the edition of three levels.
        new_code, new_name: of the commune it went to; within its district by order of codes, since no list at
            hand says which went where.
        district: index of its district.
    """

    code: str
    name: str
    district_name: str
    new_code: str
    new_name: str
    district: int


def communes() -> list[Commune]:
    """All communes, by code; each new commune takes in neighbours of the same district."""
    old: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in rows("admin_units_2024_three_level.csv"):
        if row["province_code"] == PROVINCE and row["commune_code"]:
            old[row["district_name"]].append((row["commune_code"], row["commune_name"]))
    new: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for row in rows("admin_province24_2026_with_origin.csv"):
        new[row["district_before_merge"]].append((row["commune_code"], row["commune_name_2026"]))
    found = []
    for number, (district, members) in enumerate(sorted(old.items())):
        members.sort()
        heirs = sorted(new[district])
        for place, (code, name) in enumerate(members):
            heir = heirs[place * len(heirs) // len(members)]
            found.append(Commune(code, name, district, *heir, number))
    return found
