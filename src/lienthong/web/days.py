"""Days that the address of a page or a date field gives."""

from __future__ import annotations

from datetime import date


def read(text: str, first: date = date.min, last: date = date.max) -> date | None:
    """The day (``yyyy-mm-dd``), if it is one from ``first`` to ``last``; else None."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if first <= found <= last else None
