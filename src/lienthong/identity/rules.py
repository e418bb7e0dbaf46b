"""What follows from two registrations: they are linked, a clerk is asked, or nothing."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from lienthong.identity import numbers
from lienthong.identity.comparing import FIELDS, Levels, levels
from lienthong.identity.fields import NEWBORN, UNKNOWN, Fields
from lienthong.identity.weights import Score, Weights

Outcome = Literal["link", "ask", "no"]

RULES: Final = ("citizen", "passport", "social", "hospital", "score")
"""Why two registrations are one person: the number that decided it, or the score."""

GUARDS: Final = ("unknown", "newborn", "numbers", "sex", "birth", "name", "twins", "order")
"""Why a pair is never linked without a person's word, however high it scores."""

_CITIZEN, _CARD, _PASSPORT, _SOCIAL, _HOSPITAL, _NAME, _BIRTH, _SEX, _PLACE, _PHONE, _MOTHER, _ORDER = range(
    len(FIELDS)
)
_SAME_NAME = frozenset({"same", "unmarked", "marks", "order", "short", "typed", "middle"})
_ALSO_A_TWIN = frozenset({"typed", "marks", "middle", "family"})
_SAME_BIRTH = frozenset({"day", "swapped", "near", "first", "dayless"})
_NUMBERS = (_CITIZEN, _CARD, _PASSPORT, _SOCIAL, _HOSPITAL)
_GENERATION = 12


class Verdict(NamedTuple):
    """``rule`` of :data:`RULES` when a number or the score speaks for one person, else empty; ``guard`` of
    :data:`GUARDS` when it must not be linked by itself, else empty."""

    outcome: Outcome
    rule: str
    guard: str
    score: Score


def judge(a: Fields, b: Fields, weights: Weights) -> Verdict:
    """The verdict on two registrations; the same both ways round."""
    found = levels(a, b)
    score = weights.score(a, b, found)
    rule = _rule(found) or ("score" if score.bits >= weights.link else "")
    if not rule and score.bits < weights.ask:
        return Verdict("no", "", "", score)
    if _parent_and_child(a, b, found):
        return Verdict("no", rule, "birth", score)
    guard = _guard(a, b, found)
    return Verdict("link" if rule and not guard else "ask", rule, guard, score)


def _rule(found: Levels) -> str:
    """The number that is enough together with name, birth and sex; empty when none is."""
    if found[_NAME] not in _SAME_NAME or found[_SEX] == "other" or found[_BIRTH] == "other":
        return ""
    if found[_CITIZEN] == "same":
        return "citizen"
    if found[_BIRTH] in _SAME_BIRTH:
        for place, rule in ((_PASSPORT, "passport"), (_SOCIAL, "social"), (_HOSPITAL, "hospital")):
            if found[place] == "same":
                return rule
    return ""


def _guard(a: Fields, b: Fields, found: Levels) -> str:
    kinds = {a.kind, b.kind}
    if UNKNOWN in kinds:
        return "unknown"
    if NEWBORN in kinds:
        return "newborn"
    if found[_CITIZEN] == "other" and _both_fit(a, b):
        return "numbers"
    if found[_SEX] == "other" and not _sex_mistyped(found):
        return "sex"
    if found[_BIRTH] == "other":
        return "birth"
    if found[_NAME] not in _SAME_NAME:
        return "name"
    if _also_a_twin(a, b, found) and not any(found[place] == "same" for place in _NUMBERS):
        return "twins"
    return "order" if found[_ORDER] == "other" else ""


def _also_a_twin(a: Fields, b: Fields, found: Levels) -> bool:
    """Whether two names may be those of twins, such as Anh and Ánh: where marks are missing, only a name without any
    was written by somebody who leaves them out."""
    if found[_NAME] == "unmarked":
        return not (a.marked.isascii() or b.marked.isascii())
    return found[_NAME] in _ALSO_A_TWIN


def _sex_mistyped(found: Levels) -> bool:
    """Whether everything else, a number too, says that it is one person: twins of two sexes have two names."""
    numbered = found[_CITIZEN] in ("same", "unfit") or found[_SOCIAL] == "same"
    return numbered and found[_NAME] in ("same", "unmarked") and found[_BIRTH] == "day"


def _both_fit(a: Fields, b: Fields) -> bool:
    """Whether each has a citizen number that can be its own: then they are two people, or one number is wrong."""
    return any(numbers.fits(n, a.born, a.sex) for n in a.citizen) and any(
        numbers.fits(n, b.born, b.sex) for n in b.citizen
    )


def _parent_and_child(a: Fields, b: Fields, found: Levels) -> bool:
    """Whether a number or card of a parent stands at a child: births a generation apart, no name in common."""
    if found[_BIRTH] != "other" or found[_NAME] in _SAME_NAME:
        return False
    return abs(int(a.born[:4]) - int(b.born[:4])) >= _GENERATION
