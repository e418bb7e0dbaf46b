"""Where candidates are looked for: registrations that share a block are compared, others never.

Of a block of numbers or of a day of birth the first :data:`MOST` registrations are read: more are one person who came
often, or a number that somebody typed to fill the field. A wide block (name and year, name and district, phone) that
holds more says too little and is not read: what it could find, a narrower one finds. Of all that is found, at most
:data:`COMPARED` are compared, those of numbers and of more blocks first.
"""

from __future__ import annotations

from typing import Final

from lienthong.identity.fields import Fields
from lienthong.identity.names import in_any_order, initials
from lienthong.records.keys import hash64

MOST: Final = 60
COMPARED: Final = 80

NUMBER, PHONE, YEAR, DISTRICT, GIVEN, INITIALS, MOTHER, DAY = "npydgimb"
"""Kinds of block: a number, a phone, name and year of birth, name and district, given name and day of birth,
first letters and day of birth, mother and day of birth, name and day of the year."""

WIDE: Final = frozenset({PHONE, YEAR, DISTRICT})
"""Blocks that are left out when they hold too many."""


NUMBERS: Final = ("citizen", "old_card", "passport", "social", "hospital")
"""The lists of numbers in :class:`.fields.Fields`."""


def blocks(fields: Fields) -> list[tuple[str, int]]:
    """Kind and key of the blocks of a registration; numbers that ended are among them."""
    found = [f"{NUMBER}|{kind}:{one}" for kind in NUMBERS for one in getattr(fields, kind)]
    found += [f"{NUMBER}|{one}" for one in fields.former]
    found += [f"{PHONE}|{one}" for one in fields.phone]
    whole_day = len(fields.born) == 10 and not fields.born.endswith("-01-01")
    if fields.words:
        name = in_any_order(fields.words)
        if fields.born:
            found.append(f"{YEAR}|{name}|{fields.born[:4]}")
        if fields.district or fields.province:
            found.append(f"{DISTRICT}|{name}|{fields.district or fields.province}")
        if whole_day:
            found.append(f"{GIVEN}|{fields.words.rsplit(' ', 1)[-1]}|{fields.born}")
            found.append(f"{INITIALS}|{initials(fields.words)}|{fields.born}")
            found.append(f"{DAY}|{name}|{fields.born[5:]}")
    if fields.mother and fields.born:
        found.append(f"{MOTHER}|{in_any_order(fields.mother)}|{fields.born}")
    return [(text[0], hash64(text)) for text in dict.fromkeys(found)]


def looked_up(fields: Fields) -> dict[int, str]:
    """Key to kind of the blocks in which candidates are looked for: by name and district only for somebody whose birth
    nobody knows, since people of one name and district are many, and another birth never links."""
    return {key: kind for kind, key in blocks(fields) if kind != DISTRICT or not fields.born}
