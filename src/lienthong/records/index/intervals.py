"""What a date or a number with few digits may mean: the interval of its precision (FHIR R4, search, 3.1.1.4.5-7)."""

from __future__ import annotations

import calendar
import re
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

OPEN = 2**62
"""Milliseconds for an end that is not given, negative for a beginning."""

LARGEST = 1.7976931348623157e308
"""The same for numbers."""

_FARTHEST = 100_000
"""Decimal exponents beyond it are of no quantity, and too far for arithmetic."""

_DATE = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:\d\d)?)?)?)?",
    re.ASCII,
)
_DAY = 86_400_000
_VIETNAM_OFFSET = 7 * 3_600_000
_EPOCH = date(1970, 1, 1).toordinal()


@lru_cache(maxsize=65536)
def moments(text: str) -> tuple[int, int] | None:
    """The first and last millisecond since 1970 (UTC) that a FHIR date, dateTime or instant covers; None if it is none.

    What has no zone is meant in Viet Nam.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        first = date(int(year), int(month or 1), int(day or 1)).toordinal() - _EPOCH
    except ValueError:
        return None
    if hour is None:
        if day is not None:
            days = 1
        elif month is not None:
            days = calendar.monthrange(int(year), int(month))[1]
        else:
            days = 366 if calendar.isleap(int(year)) else 365
        low = first * _DAY - _VIETNAM_OFFSET
        return low, low + days * _DAY - 1
    if int(hour) > 23 or int(minute) > 59 or int(second or 0) > 60:
        return None
    low = first * _DAY + int(hour) * 3_600_000 + int(minute) * 60_000 - _offset(zone)
    if second is None:
        return low, low + 59_999
    low += int(second) * 1000
    if fraction is None:
        return low, low + 999
    low += int(fraction[:3].ljust(3, "0"))
    return low, low + int(10 ** max(0, 3 - len(fraction))) - 1


def _offset(zone: str | None) -> int:
    if zone is None:
        return _VIETNAM_OFFSET
    if zone == "Z":
        return 0
    offset = int(zone[1:3]) * 3_600_000 + int(zone[4:6]) * 60_000
    return -offset if zone[0] == "-" else offset


def precise(value: Any) -> tuple[float, float] | None:
    """The numbers that a decimal with its digits may stand for: 5.40 gives 5.395 to 5.405; None if it is none."""
    if value.__class__ is float:
        value = Decimal(repr(value))
    if value.__class__ is Decimal and value.is_finite():
        exponent = int(value.as_tuple().exponent)
        if abs(exponent) > _FARTHEST:
            return None
        half = Decimal(5).scaleb(exponent - 1)
        low, high = float(value - half), float(value + half)
    elif value.__class__ is int and -(10**300) < value < 10**300:
        low, high = value - 0.5, value + 0.5
    else:
        return None
    return (low, high) if -LARGEST <= low <= high <= LARGEST else None
