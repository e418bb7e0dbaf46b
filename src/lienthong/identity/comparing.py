"""Two registrations side by side: one level of agreement for each field. Symmetric; needs no weights."""

from __future__ import annotations

from typing import Final

from lienthong.identity import numbers
from lienthong.identity.fields import Fields

MISSING: Final = "missing"
"""One of the two does not say: no evidence either way."""

LEVELS: Final[dict[str, tuple[str, ...]]] = {
    "citizen": ("same", "unfit", "former", "near", "other"),
    "old_card": ("same", "former", "near", "other"),
    "passport": ("same", "former", "near", "other"),
    "social": ("same", "former", "near", "other"),
    "hospital": ("same",),
    "name": ("same", "unmarked", "marks", "order", "short", "typed", "middle", "family", "sibling", "other"),
    "birth": ("day", "swapped", "near", "year", "first", "dayless", "close", "other"),
    "sex": ("same", "other"),
    "place": ("home", "commune", "district", "province", "other"),
    "phone": ("same", "near", "other"),
    "mother": ("same", "other"),
    "order": ("same", "other"),
}
"""Levels of each field from the strongest agreement to disagreement; beside them :data:`MISSING`. What each means
stands in the README."""

FIELDS: Final = tuple(LEVELS)

Levels = tuple[str, ...]


def levels(a: Fields, b: Fields) -> Levels:
    """The level of each field, in the order of :data:`FIELDS`."""
    return (
        _citizen(a, b),
        _number("old_card", a.old_card, b.old_card, a, b),
        _number("passport", a.passport, b.passport, a, b),
        _number("social", a.social, b.social, a, b),
        "same" if a.hospital and not set(a.hospital).isdisjoint(b.hospital) else MISSING,
        _name(a, b),
        birth(a.born, b.born),
        MISSING if not a.sex or not b.sex else "same" if a.sex == b.sex else "other",
        _place(a, b),
        _phone(a.phone, b.phone),
        MISSING if not a.mother or not b.mother else "same" if a.mother == b.mother else "other",
        MISSING if not a.order or not b.order else "same" if a.order == b.order else "other",
    )


def gammas(found: Levels) -> tuple[int, ...]:
    """The levels as splink counts them: -1 missing, 0 disagreement, higher is stronger."""
    return tuple(
        -1 if level == MISSING else len(LEVELS[field]) - 1 - LEVELS[field].index(level)
        for field, level in zip(FIELDS, found, strict=True)
    )


def _number(kind: str, mine: tuple[str, ...], other: tuple[str, ...], a: Fields, b: Fields) -> str:
    if mine and other and not set(mine).isdisjoint(other):
        return "same"
    if (a.former or b.former) and _once(kind, mine, a, other, b):
        return "former"
    if not mine or not other:
        return MISSING
    return "near" if any(numbers.near(x, y) for x in mine for y in other) else "other"


def _once(kind: str, mine: tuple[str, ...], a: Fields, other: tuple[str, ...], b: Fields) -> bool:
    """Whether a number that one of them once had is one that the other has or had."""
    was = {one for one in a.former if one.startswith(f"{kind}:")}
    has = {one for one in b.former if one.startswith(f"{kind}:")}
    return not (was | {f"{kind}:{one}" for one in mine}).isdisjoint(has | {f"{kind}:{one}" for one in other})


def _citizen(a: Fields, b: Fields) -> str:
    found = _number("citizen", a.citizen, b.citizen, a, b)
    if found == "same":
        shared = set(a.citizen) & set(b.citizen)
        fit = any(numbers.fits(n, a.born, a.sex) and numbers.fits(n, b.born, b.sex) for n in shared)
        return "same" if fit else "unfit"
    return found


def _phone(a: tuple[str, ...], b: tuple[str, ...]) -> str:
    if not a or not b:
        return MISSING
    if not set(a).isdisjoint(b):
        return "same"
    return "near" if any(numbers.near(x, y) for x in a for y in b) else "other"


def _place(a: Fields, b: Fields) -> str:
    if not a.province or not b.province:
        return MISSING
    if a.province != b.province:
        return "other"
    within = a.commune == b.commune if a.commune and b.commune else False
    around = bool(a.district) and a.district == b.district
    if (within or around) and a.home and a.home == b.home:
        return "home"
    return "commune" if within else "district" if around else "province"


def birth(a: str, b: str) -> str:
    """Two dates of birth: whole days, months or years alone. 1 January says no more than the year."""
    if not a or not b:
        return MISSING
    if len(a) == len(b) == 10:
        if a == b:
            return "first" if a.endswith("-01-01") else "day"
        if a[:4] == b[:4] and a[5:7] == b[8:] and a[8:] == b[5:7]:
            return "swapped"
        if a[5:] == b[5:] == "01-01":
            return "close" if abs(int(a[:4]) - int(b[:4])) == 1 else "other"
        vague = a.endswith("-01-01") or b.endswith("-01-01")
        if numbers.near(a.replace("-", ""), b.replace("-", "")):
            return "near"
        if a[:4] == b[:4]:
            return "dayless" if vague else "year"
        return "close" if vague and abs(int(a[:4]) - int(b[:4])) == 1 else "other"
    if a[:4] == b[:4]:
        known = min(len(a), len(b))
        return "dayless" if known == 4 or a[:7] == b[:7] else "year"
    return "close" if abs(int(a[:4]) - int(b[:4])) == 1 else "other"


def _name(a: Fields, b: Fields) -> str:
    if not a.words or not b.words:
        return MISSING
    if a.words == b.words:
        if a.marked == b.marked:
            return "same"
        return "unmarked" if _only_lacking(a.marked, b.marked) else "marks"
    mine, other = a.words.split(), b.words.split()
    if len(mine) == len(other) and sorted(mine) == sorted(other):
        return "order"
    return _words(mine, other)


def _only_lacking(a: str, b: str) -> bool:
    """Whether names of the same letters differ only in words that one of them writes without any mark."""
    return all(x == y or x.isascii() or y.isascii() for x, y in zip(a.split(), b.split(), strict=True))


def _words(a: list[str], b: list[str]) -> str:
    """Two names that differ in their words: family name, middle names, given name."""
    family, given = _alike(a[0], b[0]), _alike(a[-1], b[-1])
    if family and given and len(a) > 1 and len(b) > 1:
        shorter, longer = sorted((a[1:-1], b[1:-1]), key=len)
        if _inside(shorter, longer):
            return "short"
    if _typed(a, b):
        return "typed"
    if family and given:
        return "middle"
    if given and a[1:-1] == b[1:-1] and len(a) > 1 and len(b) > 1:
        return "family"
    return "sibling" if family else "other"


def _alike(a: str, b: str) -> bool:
    """Whether two words are the same, or one is the other shortened: ``ng.``, ``t.``."""
    if a == b:
        return True
    if a.endswith("."):
        return b.rstrip(".").startswith(a[:-1]) or (b.endswith(".") and a.startswith(b[:-1]))
    return b.endswith(".") and a.startswith(b[:-1])


def _inside(shorter: list[str], longer: list[str]) -> bool:
    """Whether all words of one stand in the other, in their order; none are needed."""
    rest = iter(longer)
    return all(any(_alike(word, other) for other in rest) for word in shorter)


def _typed(a: list[str], b: list[str]) -> bool:
    """Whether the difference is one of typing: one edit in each of two words at most, or a space too many."""
    if len(a) != len(b):
        return "".join(a) == "".join(b)
    wrong = [(x, y) for x, y in zip(a, b, strict=True) if x != y]
    return len(wrong) <= 2 and all(distance(x, y, 1) == 1 for x, y in wrong)


def distance(a: str, b: str, most: int) -> int:
    """Edits between two texts: letters added, left out, changed, neighbours swapped (Damerau-Levenshtein, each place
    edited once); ``most + 1`` as soon as there are more than ``most``."""
    if abs(len(a) - len(b)) > most:
        return most + 1
    while a and b and a[0] == b[0]:
        a, b = a[1:], b[1:]
    while a and b and a[-1] == b[-1]:
        a, b = a[:-1], b[:-1]
    if not a or not b:
        return min(len(a) + len(b), most + 1)
    before, last = [0] * (len(b) + 1), list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before, last = last, row
    return min(last[-1], most + 1)
