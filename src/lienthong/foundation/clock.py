"""Time. Stored times are UTC; people and the insurance XML use Viet Nam's time, which has no summer time.

For drills of clocks that jump, the environment variable ``LIENTHONG_CLOCK_SHIFT`` names a file with the seconds by
which this process's clock is wrong.
"""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

VIETNAM = timezone(timedelta(hours=7), "ICT")
DAY = timedelta(days=1)
_MEANT = range(1880, 2200)
_SHIFT = os.environ.get("LIENTHONG_CLOCK_SHIFT", "")


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC) + _shift() if _SHIFT else datetime.now(UTC)


def _shift() -> timedelta:
    try:
        return timedelta(seconds=float(Path(_SHIFT).read_text("ascii")))
    except (OSError, ValueError):
        return timedelta()


def iso(moment: datetime) -> str:
    """``2025-01-12T00:15:00.123Z``: UTC, milliseconds, sortable as text."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def from_iso(text: str) -> datetime:
    """The reverse of :func:`iso`; also reads any ISO 8601 time with an offset."""
    return datetime.fromisoformat(text)


def said(text: str) -> datetime:
    """A time that somebody gives: as :func:`from_iso` reads it, with an offset, of a year that can be meant.

    Raises:
        ValueError: no such time.
    """
    found = from_iso(text)
    if found.tzinfo is None or found.year not in _MEANT:
        raise ValueError(text)
    return found


def moment(text: str | None) -> datetime | None:
    """The same for a time that may be missing: None for an empty text."""
    return from_iso(text) if text else None


def today() -> date:
    """Today's date in Viet Nam."""
    return now().astimezone(VIETNAM).date()


def vietnam_day(moment: str) -> str:
    """The day in Viet Nam (``yyyy-MM-dd``) of a moment as :func:`iso` writes it."""
    return from_iso(moment).astimezone(VIETNAM).date().isoformat()


def day_start(day: date | None = None) -> str:
    """When a day (today if none is given) began in Viet Nam, as :func:`iso` writes it."""
    return iso(datetime.combine(day or today(), datetime.min.time(), VIETNAM))
