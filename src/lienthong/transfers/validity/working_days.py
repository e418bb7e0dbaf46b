"""Working days: Monday to Friday without public holidays, with swapped days, as dated and sourced data.

Days that are not official yet are counted both ways, so that nobody is told more, or less, than is known.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from django.conf import settings

FILE = "holidays.csv"
COLUMNS = ("day", "kind", "name_vi", "name_en", "status", "source_vi", "source_en", "confidence")
LONGEST_FILE = 200_000
MOST_DAYS = 10_000

Status = Literal["announced", "law", "to be confirmed"]
STATUSES: tuple[Status, ...] = ("announced", "law", "to be confirmed")


@dataclass(frozen=True, slots=True)
class Day:
    """A day that is not what its place in the week says.

    Attributes:
        off: a holiday; otherwise a weekend day that is worked.
        status: ``to be confirmed`` as long as nothing official says so.
        own: from the node's own file.
    """

    day: date
    off: bool
    name_vi: str
    name_en: str
    status: Status
    source_vi: str
    source_en: str
    confidence: str
    own: bool = False

    @property
    def confirmed(self) -> bool:
        """Whether it is official."""
        return self.status != "to be confirmed"


@dataclass(frozen=True, slots=True)
class Count:
    """The end of a number of working days.

    Attributes:
        day: the last day for sure, with unconfirmed holidays counted as working days.
        perhaps: the last day if every unconfirmed holiday is one; ``day`` when there is none on the way.
        open_days: the unconfirmed days on the way.
        beyond: the calendar ends before; after its end Monday to Friday were counted.
    """

    day: date
    perhaps: date
    open_days: tuple[Day, ...]
    beyond: bool


@dataclass(frozen=True, slots=True)
class Calendar:
    """Days by date, and the last day for which the list is known."""

    days: Mapping[date, Day]
    until: date

    def working(self, day: date, *, unconfirmed_off: bool = False) -> bool:
        """Whether a day is a working day; ``unconfirmed_off``: taking days to be confirmed as they are listed."""
        listed = self.days.get(day)
        if listed is None or not (listed.confirmed or unconfirmed_off):
            return day.weekday() < 5
        return not listed.off

    def after(self, start: date, number: int) -> Count:
        """The ``number``-th working day after ``start``, which itself does not count (Civil Code 2015 article 147)."""
        sure, perhaps = self._step(start, number, False), self._step(start, number, True)
        last = max(sure, perhaps)
        on_the_way = (self.days[d] for d in sorted(self.days) if start < d <= last)
        return Count(
            min(sure, perhaps), last, tuple(d for d in on_the_way if not d.confirmed), last > self.until
        )

    def before(self, end: date, number: int) -> date:
        """The ``number``-th working day before ``end``."""
        return self._step(end, -number, False)

    def _step(self, start: date, number: int, unconfirmed_off: bool) -> date:
        day, left, way = start, abs(number), timedelta(days=1 if number > 0 else -1)
        while left:
            day += way
            left -= self.working(day, unconfirmed_off=unconfirmed_off)
        return day


@dataclass(frozen=True, slots=True)
class Fault:
    """A line of the node's file that was left out: its number, the text and why, in both languages."""

    line: int
    text: str
    vi: str
    en: str


def read(text: str, *, own: bool = False) -> tuple[list[Day], list[Fault]]:
    """The days of a file, and the lines that are no days."""
    days: dict[date, Day] = {}
    faults: list[Fault] = []
    reader = csv.DictReader(io.StringIO(text[:LONGEST_FILE].removeprefix("\ufeff"), newline=""), restval="")
    try:
        for row in reader:
            if len(days) + len(faults) >= MOST_DAYS:
                break
            try:
                found = _day({name: (row.get(name) or "").strip() for name in COLUMNS}, own)
            except ValueError:
                faults.append(_fault(reader.line_num, ",".join(str(row.get(name) or "") for name in COLUMNS)))
            else:
                days[found.day] = found
    except csv.Error:
        faults.append(_fault(reader.line_num, ""))
    return list(days.values()), faults


def _day(row: dict[str, str], own: bool) -> Day:
    if row["kind"] not in ("off", "work"):
        raise ValueError(row["kind"])
    status = next((s for s in STATUSES if s == row["status"]), None)
    if status is None:
        raise ValueError(row["status"])
    return Day(
        date.fromisoformat(row["day"]),
        row["kind"] == "off",
        row["name_vi"][:200],
        row["name_en"][:200] or row["name_vi"][:200],
        status,
        row["source_vi"][:400],
        row["source_en"][:400] or row["source_vi"][:400],
        row["confidence"][:40],
        own,
    )


def _fault(line: int, text: str) -> Fault:
    return Fault(
        line,
        text[:120],
        "Dòng này không đọc được nên bị bỏ qua. Cần ngày dạng 2027-02-04, loại off hoặc work, "
        "trạng thái announced, law hoặc to be confirmed.",
        "This line cannot be read and was left out. It needs a day like 2027-02-04, a kind (off or work) "
        "and a status (announced, law or to be confirmed).",
    )


@cache
def shipped() -> tuple[Day, ...]:
    """The days that came with the program."""
    text = (files("lienthong.transfers.validity") / "data" / FILE).read_text("utf-8")
    return tuple(read(text)[0])


def own_file() -> Path:
    """The node's own list, which need not exist."""
    return Path(settings.NODE.home) / FILE


def own_days() -> tuple[list[Day], list[Fault]]:
    """What the node's own list says; nothing without the file, one fault when it cannot be read at all."""
    try:
        with own_file().open("rb") as file:
            return read(file.read(LONGEST_FILE).decode("utf-8"), own=True)
    except FileNotFoundError:
        return [], []
    except (OSError, UnicodeDecodeError):
        return [], [_fault(0, FILE)]


def calendar_of(days: Iterable[Day]) -> Calendar:
    """A calendar of days; a later one replaces an earlier one of the same date. It is known to the end of the last
    of its years that follow each other."""
    found = {day.day: day for day in days}
    years = {day.year for day in found}
    last = min(years, default=1)
    while last + 1 in years:
        last += 1
    return Calendar(found, date(last, 12, 31))


def calendar() -> Calendar:
    """The calendar in use at this node: the shipped days, corrected by its own file."""
    return calendar_of((*shipped(), *own_days()[0]))
