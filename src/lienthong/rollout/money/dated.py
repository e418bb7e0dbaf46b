"""Rows of data files that count from one day to another, each with its source and confidence (A, B, C)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from importlib import resources
from typing import Any, Protocol, TypeVar

from django.utils.translation import get_language

from lienthong.foundation import json


class Dated(Protocol):
    """Counts from ``valid_from`` to ``valid_to``, both included; None: no end known."""

    @property
    def valid_from(self) -> date: ...

    @property
    def valid_to(self) -> date | None: ...


Row = TypeVar("Row", bound=Dated)


def read(package: str, file: str) -> list[dict[str, Any]]:
    """The rows of ``data/<file>`` of a package, their days as dates."""
    content = json.loads((resources.files(package) / "data" / file).read_bytes())
    return [{**row, **_days(row)} for row in content["rows"]]


def _days(row: dict[str, Any]) -> dict[str, date | None]:
    found = {name: row[name] for name in ("valid_from", "valid_to", "day") if name in row}
    return {name: date.fromisoformat(text) if text else None for name, text in found.items()}


def counts(row: Dated, on: date) -> bool:
    """Whether a row counts on a day."""
    return row.valid_from <= on and (row.valid_to is None or on <= row.valid_to)


def valid(rows: Iterable[Row], on: date) -> list[Row]:
    """Those that count on a day, in their order."""
    return [row for row in rows if counts(row, on)]


def words(vi: str, en: str) -> str:
    """The words in the language of the page."""
    return en if en and get_language() == "en" else vi


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A row of a data file that has an id and a name in both languages."""

    id: str
    vi: str
    en: str
    valid_from: date
    valid_to: date | None
    source: str
    confidence: str

    @property
    def name(self) -> str:
        """In the language of the page."""
        return words(self.vi, self.en)


Named = TypeVar("Named", bound=Entry)


def entries(kind: type[Named], package: str, file: str) -> tuple[Named, ...]:
    """The rows of ``data/<file>`` of a package, in their order."""
    return tuple(kind(**row) for row in read(package, file))


def by_id(rows: Iterable[Named], id: str) -> Named | None:
    """The row with an id, whatever the day."""
    return next((one for one in rows if one.id == id), None)
