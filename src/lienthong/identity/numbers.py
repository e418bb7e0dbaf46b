"""Numbers of people in their normal form, and what a citizen number says about its holder.

None has a check digit, so a number proves nothing by its shape; it can only fit its holder or not.
Sources: Decree 137/2015, circular 59/2021/TT-BCA (citizen number); Decision 595/QD-BHXH (social insurance number).
"""

from __future__ import annotations

import re
from typing import NamedTuple

_CARD = re.compile(r"[A-Z]{2}[0-9]\d{2}(\d{10})", re.ASCII)
_PASSPORT = re.compile(r"(?=.*[A-Z])(?=.*\d)[A-Z0-9]{5,20}", re.ASCII)
_MOVED = {
    "0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078",
    "0123": "083", "0124": "084", "0125": "085", "0127": "081", "0129": "082",
    "0162": "032", "0163": "033", "0164": "034", "0165": "035", "0166": "036",
    "0167": "037", "0168": "038", "0169": "039", "0186": "056", "0188": "058", "0199": "059",
}  # fmt: skip
"""Mobile numbers of 11 digits became 10 digits in 2018 (plan of the Ministry of Information and Communications)."""
_ROWS = "01234567890123456789 98765432109876543210"


class Holder(NamedTuple):
    """What a citizen number says: province of registration, sex, year of birth."""

    province: str
    sex: str
    year: int


def compact(text: str) -> str:
    """Capital letters and digits alone."""
    return "".join(c for c in text.upper() if c.isascii() and c.isalnum())


def citizen(text: str) -> str:
    """Twelve digits, or empty: also for what is typed to fill the field (one digit repeated, digits in a row)."""
    number = compact(text)
    return number if len(number) == 12 and number.isdigit() and not _filler(number) else ""


def old_card(text: str) -> str:
    """The nine digits of an identity card of before 2016, or empty."""
    number = compact(text)
    return number if len(number) == 9 and number.isdigit() and not _filler(number) else ""


def passport(text: str) -> str:
    """Letters and digits of a passport, or empty."""
    number = compact(text)
    return number if _PASSPORT.fullmatch(number) else ""


def social(text: str) -> str:
    """The ten digits of a social insurance number, from an insurance card of 15 characters too, or empty."""
    number = compact(text)
    card = _CARD.fullmatch(number)
    number = card[1] if card else number
    return number if len(number) == 10 and number.isdigit() and not _filler(number) else ""


def phone(text: str) -> str:
    """``0912000111``: digits with the leading zero, in the numbering of today, or empty."""
    digits = "".join(c for c in text if c.isascii() and c.isdigit())
    if digits.startswith("0084"):
        digits = digits[2:]
    if digits.startswith("84") and len(digits) >= 11:
        digits = "0" + digits[2:]
    if len(digits) == 11 and digits[:4] in _MOVED:
        digits = _MOVED[digits[:4]] + digits[4:]
    return digits if 10 <= len(digits) <= 11 and digits[0] == "0" and not _filler(digits) else ""


def holder(number: str) -> Holder:
    """What a citizen number of twelve digits says about its holder."""
    kind = int(number[3])
    return Holder(number[:3], "female" if kind % 2 else "male", 1900 + kind // 2 * 100 + int(number[4:6]))


def fits(number: str, born: str, sex: str) -> bool:
    """Whether a citizen number can be that of somebody born then and of that sex; what is not known fits."""
    said = holder(number)
    return (not sex or sex == said.sex) and (not born or int(born[:4]) == said.year)


def near(one: str, other: str) -> bool:
    """Whether two numbers of one length differ in one digit, or by two neighbours that changed places."""
    if len(one) != len(other):
        return False
    wrong = [n for n, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(wrong) == 2:
        first, second = wrong
        return second == first + 1 and one[first] == other[second] and one[second] == other[first]
    return len(wrong) == 1


def _filler(number: str) -> bool:
    return (
        len(set(number[-9:])) == 1 or len(set(number)) == 1 or number in _ROWS or number.endswith("00000000")
    )
