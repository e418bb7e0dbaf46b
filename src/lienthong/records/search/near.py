"""``Location?near=latitude|longitude|distance|units`` (R4, Location, search parameter ``near``)."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from lienthong.records.search import asking, problems
from lienthong.records.search.conditions import Condition, Subject, any_of, in_memory
from lienthong.records.search.fields import Field

_METRES = {"": 1000.0, "km": 1000.0, "m": 1.0, "mi": 1609.344, "[mi_i]": 1609.344, "[mi_us]": 1609.347219}
_USUAL = "10"
_EARTH = 6_371_008.8
_NUMBER = re.compile(r"[+-]?\d{1,4}(?:\.\d{1,20})?|\d{1,9}(?:\.\d{1,20})?")
_WANTED = "latitude|longitude|distance|km, m or mi; 10 km without a distance"


def condition(field: Field, name: str, modifier: str, values: Sequence[str]) -> Condition:
    """The condition of being within a distance, on a sphere.

    Raises:
        LienThongError: a modifier or value that does not go.
    """
    if modifier:
        raise problems.bad_modifier(name, modifier, ["missing"])
    return any_of(name, [_one(field, name, value) for value in values])


def _one(field: Field, name: str, value: str) -> Condition:
    parts = [asking.plain(part).strip() for part in asking.split(value, "|")]
    latitude, longitude, distance, unit = (*parts, *[""] * 4)[:4]
    numbers = [latitude, longitude, distance or _USUAL]
    if len(parts) > 4 or unit not in _METRES or not all(map(_NUMBER.fullmatch, numbers)):
        raise problems.bad_value(name, value, _WANTED)
    north, east, far = map(float, numbers)
    if abs(north) > 90 or abs(east) > 180 or far < 0:
        raise problems.bad_value(name, value, _WANTED)

    def holds(subject: Subject) -> bool:
        return any(_metres(one, north, east) <= far * _METRES[unit] for one in subject.values(field.code))

    return in_memory(name, holds)


def _metres(position: Any, north: float, east: float) -> float:
    """The great circle from a Location.position; infinite without one."""
    try:
        other, along = (math.radians(float(position[name])) for name in ("latitude", "longitude"))
    except (KeyError, TypeError, ValueError):
        return math.inf
    here = math.radians(north)
    half = math.sin((other - here) / 2) ** 2
    half += math.cos(here) * math.cos(other) * math.sin((along - math.radians(east)) / 2) ** 2
    return 2 * _EARTH * math.asin(min(1.0, math.sqrt(half)))
