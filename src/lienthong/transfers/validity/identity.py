"""What a receptionist types or scans: a citizen card, an insurance number, a slip number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

LONGEST = 600
_CITIZEN = re.compile(r"\d{12}", re.ASCII)
_INSURANCE = re.compile(r"[A-Z]{2}[1-5]\d{12}", re.ASCII)
_BIRTH = re.compile(r"(\d\d)(\d\d)(\d{4})", re.ASCII)

How = Literal["card", "typed", "scanned"]
HOW: tuple[How, ...] = ("card", "typed", "scanned")
"""The card was seen and its number typed; the number was typed; a code was scanned."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A number, and what the code beside it says of its holder.

    Attributes:
        number: as it is looked for; without spaces if it is a citizen or insurance number.
        name: as printed on the card; birth: FHIR date; both empty when nothing was scanned.
        scanned: several fields came at once.
    """

    number: str
    name: str = ""
    birth: str = ""
    scanned: bool = False

    @property
    def numbers(self) -> tuple[str, ...]:
        """Under which numbers a person may be kept: of an insurance card also the ten digits that stay for life."""
        return (self.number, self.number[5:]) if _INSURANCE.fullmatch(self.number) else (self.number,)

    @property
    def citizen(self) -> str:
        """The citizen number, or nothing."""
        return self.number if _CITIZEN.fullmatch(self.number) else ""


def read(text: str) -> Shown | None:
    """Reads an input; None when there is nothing in it.

    The code of a citizen card holds ``number|old number|name|birth (ddmmyyyy)|sex|address|issued``; newer cards add
    fields. The code of an insurance card begins with its number.
    """
    fields = [" ".join(field.replace("\0", "").split()) for field in text[:LONGEST].split("|")]
    number = _compact(fields[0])
    if not number:
        return None
    if len(fields) < 4 or not _CITIZEN.fullmatch(number):
        return Shown(number, scanned=len(fields) > 1)
    return Shown(number, fields[2][:200], _birth(fields[3]), scanned=True)


def _compact(text: str) -> str:
    """Numbers lose their spaces and get capitals; a slip number stays as it is written."""
    bare = re.sub(r"[\s.]", "", text).upper()
    known = _CITIZEN.fullmatch(bare) or _INSURANCE.fullmatch(bare) or (bare.isascii() and bare.isdigit())
    return bare if known else text


def _birth(text: str) -> str:
    match = _BIRTH.fullmatch(text)
    if match is None:
        return ""
    day, month, year = map(int, match.groups())
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return str(year) if year >= 1900 else ""
