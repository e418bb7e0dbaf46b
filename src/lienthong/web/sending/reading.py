"""From what a page posts to values of the form, and whether they are what stood there."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.http import QueryDict

from lienthong.foundation import clock
from lienthong.transfers import filling
from lienthong.web.sending import layout

_LISTING = {"allergies": "known", "home_medicines": "listed"}
_NOTHING: tuple[dict[str, Any], ...] = ({"state": "not-asked", "list": []}, {"state": "", "list": []}, {})
_NO_INFECTION: tuple[dict[str, Any], ...] = tuple(
    {"state": state, "list": [], "note": ""} for state in ("not-checked", "")
)


def value(name: str, posted: QueryDict) -> Any:
    """What was typed into a field, not yet cleaned."""
    kind = "receiver" if name == "receiver" else layout.FIELDS[name].kind
    if kind == "moment":
        return moment(posted.get(name, ""))
    if kind == "flag":
        return name in posted
    if kind == "person":
        found = {m: posted.get(f"person.{m}", "") for m, _label in layout.PERSON_MEMBERS}
        return {m: day(text) if m in layout.DATES else text for m, text in found.items()}
    if kind == "vitals":
        return _vitals(posted)
    if kind in layout.ROWS:
        return _rows(name, posted)
    if kind == "infection":
        listed = posted.getlist("infection.list")
        return {
            "state": posted.get("infection.state", ""),
            "list": listed,
            "note": posted.get("infection.note", ""),
        }
    return posted.get(name, "")


def _vitals(posted: QueryDict) -> dict[str, Any]:
    """Signs without a time were measured now."""
    found = {m: posted.get(f"vitals.{m}", "").strip() for m, _label, _unit in layout.VITALS}
    at = moment(posted.get("vitals.at", ""))
    return {**found, "at": at or (clock.iso(_minute(clock.now())) if any(found.values()) else "")}


def _rows(name: str, posted: QueryDict) -> Any:
    columns = [c for c, _label in layout.ROWS[name]]
    if name == "key_results":
        columns += ["range", "at", "laboratory", "flag"]
    lists = [posted.getlist(f"{name}.{column}") for column in columns]
    longest = max(map(len, lists), default=0)
    rows = [
        {column: texts[n] if n < len(texts) else "" for column, texts in zip(columns, lists, strict=True)}
        for n in range(longest)
    ]
    rows = [row for row in rows if row[columns[0]].strip()]
    if name == "key_results":
        return rows
    state = posted.get(f"{name}.state", "")
    return {"state": _LISTING[name] if rows else state, "list": rows}


def moment(text: str) -> str:
    """A local time as a browser's field writes it (``2025-01-12T08:10``), as ISO 8601 UTC; other text stays."""
    try:
        found = datetime.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        return text
    if found is None:
        return ""
    return clock.iso(found if found.tzinfo else found.replace(tzinfo=clock.VIETNAM))


def local(value: str) -> str:
    """The reverse of :func:`moment`."""
    try:
        return f"{clock.from_iso(value).astimezone(clock.VIETNAM):%Y-%m-%dT%H:%M}" if value else ""
    except ValueError:
        return value


def day(text: str) -> str:
    """``12/01/1960`` or ``12011960`` as ``1960-01-12``; a year alone and other text stay."""
    match = re.fullmatch(r"\s*(\d{1,2})[/.-]?(\d{1,2})[/.-]?(\d{4})\s*", text)
    if match:
        date, month, year = match.groups()
        return f"{year}-{int(month):02d}-{int(date):02d}"
    return text.strip()


def _minute(found: datetime) -> datetime:
    return found.replace(second=0, microsecond=0)


def mark(name: str, value: Any) -> str:
    """Names what stands in a field; the same for what a page shows and posts back untouched."""
    return filling.mark(_plain(name, value))


def _plain(name: str, value: Any) -> Any:
    if value in (None, "", False, []) or value in _NOTHING + _NO_INFECTION:
        return None
    kind = layout.FIELDS[name].kind if name in layout.FIELDS else ""
    if kind == "moment":
        return local(value)
    if kind == "vitals" and isinstance(value, dict):
        return {**value, "at": local(value.get("at", ""))}
    return value


def card(text: str) -> dict[str, str] | None:
    """What the QR code of a citizen card says, as a hand-held scanner types it; None for other text.

    Seven parts between bars: number, old number, name, birth, sex, address, day of issue (dates ``ddmmyyyy``).
    """
    parts = [part.strip() for part in text.strip().split("|")]
    if len(parts) < 6 or not re.fullmatch(r"\d{12}", parts[0]):
        return None
    gender = {"nam": "male", "nữ": "female", "nu": "female"}.get(parts[4].lower(), "")
    return {
        "citizen": parts[0],
        "name": parts[2][:200],
        "birth": day(parts[3]),
        "gender": gender,
        "address": parts[5][:300],
    }
