"""The units of the province on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from lienthong.facilities import directory
from lienthong.facilities.models import Facility
from lienthong.foundation import clock
from lienthong.rollout import facts

_KEYS = ("kind", "area", "merged_into", "ended")


@dataclass(frozen=True, slots=True)
class Unit:
    """A hospital or medical centre of the province, as it was called and what it was on that day.

    Attributes:
        kind: a code of :data:`lienthong.rollout.facts.KINDS`.
        area: the district, town, city or commune it stands in; empty where it serves the whole province.
        place: order on lists.
    """

    code: str
    name: str
    name_en: str
    kind: str
    area: str
    place: int


def listing(on: date | None = None) -> list[Unit]:
    """The units that stand on a day (today if none is given), in the order of lists.

    A unit stands from the first day on which it has a name until it is merged or has ended.
    """
    day = on or clock.today()
    known = facts.values(day, _KEYS)

    def text(code: str, key: str) -> str:
        fact = known.get((code, key))
        return fact.value if fact else ""

    return [
        Unit(
            one.code,
            directory.name(one.code, day, "vi"),
            directory.name(one.code, day, "en"),
            text(one.code, "kind") or one.kind,
            text(one.code, "area"),
            one.place,
        )
        for one in Facility.objects.filter(in_province=True, names__valid_from__lte=day).distinct()
        if not text(one.code, "merged_into") and text(one.code, "ended") != "yes"
    ]


def codes(on: date | None = None) -> list[str]:
    """Their codes."""
    return [unit.code for unit in listing(on)]
