"""Two registrations side by side for the clerk's page: every field, how they compare, and what that weighs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from lienthong.identity import explaining, versions
from lienthong.identity.comparing import FIELDS
from lienthong.identity.deciding import Question
from lienthong.identity.index import Registration
from lienthong.identity.rules import RULES

_LEAST = 10.0
"""Bits of a full bar, where no field weighs more."""
_HALF = 50.0
_NEAR = frozenset(
    {"unmarked", "marks", "order", "short", "typed", "middle", "family", "sibling", "swapped", "near", "year"}
    | {"first", "dayless", "close", "commune", "district", "province", "former", "unfit"}
)


class Bar(NamedTuple):
    """A rectangle in a drawing 100 wide whose middle is zero; ``side``: for, against, none."""

    x: str
    width: str
    side: str


@dataclass(frozen=True, slots=True)
class Row:
    """One field: values of both, a state (shape and words) of how they compare, bits, bar and sentence."""

    field: str
    name: str
    first: str
    second: str
    shape: str
    state: str
    bits: str
    bar: Bar
    sentence: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """Everything that makes the score. ``rows``: fields of which one at least says something; ``before``: the odds
    before anything is compared; ``kept``: what the caps took away, ``None`` where nothing."""

    rows: list[Row]
    silent: list[Row]
    before: Row
    kept: Row | None
    total: str
    bits: float
    meaning: str
    guard: str
    rule: str


def weighed(asked: Question) -> Weighed:
    """A pair as the clerk sees it."""
    weights = versions.active()
    score = asked.verdict.score
    said = {line.field: line for line in asked.lines}
    scale = max(_LEAST, abs(weights.prior_bits), *(abs(line.bits) for line in asked.lines), 0.0)
    vietnamese = _vietnamese()
    rows = [
        _row(
            line.field,
            line.name_vi if vietnamese else line.name_en,
            _value(asked.first, line.field),
            _value(asked.second, line.field),
            line.bits,
            scale,
            line.vi if vietnamese else line.en,
            line.level,
        )
        for line in asked.lines
    ]
    silent = [
        Row(field, field_name(field), *both, "info", _("one does not say"), "", _bar(0.0, scale), "")
        for field in FIELDS
        if field not in said and field not in ("hospital", "mother", "order")
        for both in [(_value(asked.first, field), _value(asked.second, field))]
        if any(both)
    ]
    before = _plain(
        _("Before anything is compared"),
        weights.prior_bits,
        scale,
        _("Two registrations taken at random are hardly ever one person."),
    )
    kept = None
    if score.kept > 0.05:
        kept = _plain(
            _("Counted once only"),
            -score.kept,
            scale,
            _("Some of these fields say the same thing twice, such as phone and house of one family."),
        )
    guard = explaining.GUARDS.get(asked.verdict.guard, ("", ""))[0 if vietnamese else 1]
    return Weighed(
        rows,
        silent,
        before,
        kept,
        _number(score.bits),
        score.bits,
        meaning(score.bits),
        guard,
        asked.verdict.rule if asked.verdict.rule in RULES else "",
    )


def meaning(bits: float) -> str:
    """What a score means, in plain words."""
    if bits >= 0:
        return _("About 1 chance in %(n)s that these are two people.") % {"n": _chances(bits)}
    return _("About 1 chance in %(n)s that these are one person.") % {"n": _chances(-bits)}


def _chances(bits: float) -> str:
    """1 in so many, in two figures, grouped by thin spaces."""
    chances = 1.0 + 2.0 ** min(bits, 40.0)
    if chances < 10:
        text = f"{chances:.1f}".removesuffix(".0")
        return text.replace(".", ",") if _vietnamese() else text
    step = 10 ** (len(str(int(chances))) - 2)
    return f"{round(chances / step) * step:,}".replace(",", "\N{NO-BREAK SPACE}")


def field_name(field: str) -> str:
    """A field in the language of the page."""
    return explaining.NAMES[field][0 if _vietnamese() else 1]


def sex(one: Registration) -> str:
    """The sex of a registration in words."""
    return _value(one, "sex")


def _vietnamese() -> bool:
    return (get_language() or "vi").startswith("vi")


def _value(one: Registration, field: str) -> str:
    text = explaining.value(one, field)
    if field == "sex":
        return {"male": _("Male"), "female": _("Female")}.get(text, text)
    if field == "mother" and not one.fields.mother:
        return ""
    return text


def _row(
    field: str, name: str, first: str, second: str, bits: float, scale: float, sentence: str, level: str
) -> Row:
    if level in _NEAR:
        shape, state = "warn", _("partly the same")
    elif level == "other":
        shape, state = "bad", _("different")
    else:
        shape, state = "ok", _("the same")
    return Row(field, name, first, second, shape, state, _number(bits), _bar(bits, scale), sentence)


def _plain(name: str, bits: float, scale: float, sentence: str) -> Row:
    return Row("", name, "", "", "", "", _number(bits), _bar(bits, scale), sentence)


def _bar(bits: float, scale: float) -> Bar:
    width = min(1.0, abs(bits) / scale) * _HALF
    x = _HALF if bits >= 0 else _HALF - width
    return Bar(f"{x:.1f}", f"{width:.1f}", "for" if bits > 0 else "against" if bits < 0 else "none")


def _number(bits: float) -> str:
    text = f"{abs(bits):.1f}"
    sign = "+" if bits > 0 else "\N{MINUS SIGN}" if bits < 0 else ""
    return sign + (text.replace(".", ",") if _vietnamese() else text)
