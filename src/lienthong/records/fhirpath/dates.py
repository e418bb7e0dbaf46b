"""Dates and times of which only the first parts may be known (FHIRPath N1, sections 6.1 and 6.2)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache

_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?"
    r"(?:T(?:(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?)?(Z|[+-]\d\d:\d\d)?)?",
    re.ASCII,
)
_TIME = re.compile(r"T?(\d\d)(?::(\d\d)(?::(\d\d(?:\.\d+)?))?)?", re.ASCII)

Parts = tuple[Decimal, ...]


def order(left: str, right: str) -> int | None:
    """-1, 0 or 1 as left is before, at or after right; None where their precision or a missing zone hides it."""
    first, second = _parts(left), _parts(right)
    if first is None or second is None:
        return None
    (zoned, ours), (also_zoned, theirs) = first, second
    if zoned != also_zoned and min(len(ours), len(theirs)) > 3:
        return None
    for one, other in zip(ours, theirs, strict=False):
        if one != other:
            return -1 if one < other else 1
    return 0 if len(ours) == len(theirs) else None


@lru_cache(maxsize=4096)
def _parts(text: str) -> tuple[bool, Parts] | None:
    """Whether a zone is given, and year to second as far as given (in UTC if a zone is)."""
    match = _DATE.fullmatch(text)
    if match is None:
        time = _TIME.fullmatch(text)
        return (False, tuple(Decimal(part) for part in time.groups() if part)) if time else None
    *numbers, zone = match.groups()
    parts = tuple(Decimal(part) for part in numbers if part)
    if not zone or len(parts) < 5:
        return False, parts
    year, month, day, hour, minute = (int(part) for part in parts[:5])
    try:
        moment = datetime(year, month, day, hour, minute) - _offset(zone)  # noqa: DTZ001
    except (ValueError, OverflowError):
        return None
    shifted = (moment.year, moment.month, moment.day, moment.hour, moment.minute)
    return True, tuple(Decimal(part) for part in shifted) + parts[5:]


def _offset(zone: str) -> timedelta:
    if zone == "Z":
        return timedelta()
    offset = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
    return -offset if zone[0] == "-" else offset
