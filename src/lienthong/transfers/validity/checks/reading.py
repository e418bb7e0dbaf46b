"""Reading a form without trusting its shape: what is missing or strange reads as empty."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from lienthong.foundation.clock import VIETNAM
from lienthong.transfers.validity.working_days import Calendar

_CODE = re.compile(r"\b[A-Z]\d\d(?:\.\d{1,2})?(?![\w.])")
_LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Facts:
    """What the checks need besides the form.

    Attributes:
        now: the present, aware.
        sender, receiver: facility codes; ``receiver`` may be empty.
        receiver_known, receiver_connected: whether it stands in the directory, has a node.
        slip_of_another: the slip number belongs to another person this year.
        came_at: when the patient came to the sender; discharge: MA_LOAI_RV of the visit, empty while it is open.
        goes_back: a return to the home facility, not a transfer upwards.
    """

    now: datetime
    sender: str
    receiver: str
    calendar: Calendar
    receiver_known: bool = True
    receiver_connected: bool = True
    slip_of_another: bool = False
    came_at: datetime | None = None
    discharge: str = ""
    goes_back: bool = False


class Form:
    """The form of a transfer (``Transfer.form``), read defensively; paths are names joined by points."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def value(self, path: str) -> Any:
        """Whatever stands there; None where nothing does."""
        found = self._raw
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def text(self, path: str) -> str:
        """A text or number as trimmed text; empty for anything else."""
        found = self.value(path)
        if isinstance(found, bool) or not isinstance(found, str | int | float | Decimal):
            return ""
        return str(found)[:_LONGEST].strip()

    def number(self, path: str) -> Decimal | None:
        """A finite number, also of a text with a point or comma."""
        try:
            found = Decimal(self.text(path).replace(",", "."))
        except InvalidOperation:
            return None
        return found if found.is_finite() else None

    def moment(self, path: str) -> datetime | None:
        """An ISO 8601 time; without an offset it is Viet Nam's. None outside the years 1900 to 2200."""
        return moment(self.text(path))

    def day(self, path: str) -> date | None:
        """The day of a date or time in Viet Nam."""
        found = self.moment(path)
        return found.astimezone(VIETNAM).date() if found else None

    def entries(self, path: str) -> list[Any]:
        """A list's entries; none for anything else."""
        found = self.value(path)
        return found if isinstance(found, list) else []

    @property
    def emergency(self) -> bool:
        """Whether nothing may hold the transfer up."""
        return self.text("urgency") == "emergency"

    def codes(self) -> list[str]:
        """ICD-10 codes, the main disease first."""
        return list(dict.fromkeys(self._codes()))

    def _codes(self) -> Iterator[str]:
        yield from _CODE.findall(self.text("diagnosis_code").upper())
        others = self.value("other_diagnoses")
        if isinstance(others, str):
            yield from _CODE.findall(others[:_LONGEST].upper())
        for entry in self.entries("other_diagnoses"):
            found = entry.get("code") if isinstance(entry, dict) else entry
            if isinstance(found, str):
                yield from _CODE.findall(found[:_LONGEST].upper())


def moment(text: str) -> datetime | None:
    """See :meth:`Form.moment`."""
    try:
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=VIETNAM)
        return found if 1900 <= found.year <= 2200 else None
    except (ValueError, OverflowError):
        return None


def years(birth: str, on: date) -> int | None:
    """Full years of age from a FHIR date (a year alone is one); None for what is no birth date of a living person."""
    if not re.fullmatch(r"\d{4}(-\d\d(-\d\d)?)?", birth, re.ASCII):
        return None
    born, now = [int(part) for part in birth.split("-")], [on.year, on.month, on.day]
    age = now[0] - born[0] - (now[1 : len(born)] < born[1:])
    return age if 0 <= age <= 150 else None


def days(birth: str, on: date) -> int | None:
    """Days since a whole birth date; None otherwise."""
    try:
        return (on - date.fromisoformat(birth)).days if len(birth) == 10 else None
    except ValueError:
        return None
