"""Parameters of the types number and quantity (R4, sections 3.1.1.4.6 and 3.1.1.4.11).

A stored number counts as the middle of its interval. ``eq`` and ``ne`` take the precision of the searched number into
account, the others take it as exact, as R4 says; ``ap`` means within a tenth.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from lienthong.records import keys
from lienthong.records.search import asking, problems
from lienthong.records.search.conditions import (
    SEEK,
    Condition,
    Source,
    Span,
    Sql,
    Subject,
    any_of,
    marks,
    union,
)
from lienthong.records.search.fields import Field

MODIFIERS = ("missing",)
_FORM = re.compile(r"[+-]?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,2})?")
_WANTED = "[eq|ne|gt|lt|ge|le|sa|eb|ap]5.4[|system|code]"
_MIDDLE = "(({i}low + {i}high) / 2)"

Range = tuple[float, float]
"""Bounds of the middle, both included."""


def condition(field: Field, name: str, modifier: str, values: Sequence[str]) -> Condition:
    """The condition for one number or quantity parameter.

    Raises:
        LienThongError: a modifier or value that does not go.
    """
    if modifier:
        raise problems.bad_modifier(name, modifier, MODIFIERS)
    return any_of(name, [_one(field, name, value) for value in values])


def _one(field: Field, name: str, value: str) -> Condition:
    number, *unit = [asking.plain(part).strip() for part in asking.split(value, "|")]
    if len(unit) not in (0, 2) or (unit and field.type == "number"):
        raise problems.bad_value(name, value, _WANTED)
    ranges = bounds(name, number)
    system, code = unit or ("", "")
    wanted = keys.hash32(f"{system}|{code}") if system and code else None
    exact = not unit or wanted is not None or not code
    more = "" if wanted is None else " AND {i}unit = " + str(wanted)

    def where(i: str) -> tuple[str, tuple[float, ...]]:
        middle = _MIDDLE.format(i=i)
        parts = " OR ".join([f"({middle} >= %s AND {middle} <= %s)"] * len(ranges))
        return f"({parts}){more.format(i=i)}", tuple(bound for pair in ranges for bound in pair)

    def source() -> Source:
        select = f"SELECT resource FROM records_number WHERE param {marks(field.params)}"
        text, args = where("")
        if len(ranges) > 1:
            return Source(f"{select} AND {text}", (*field.params, *args), scan=True)
        least, most = ranges[0]
        short = f"{select} AND low >= %s AND low <= %s AND {text}"
        long = f"{select} AND high - low > 1 AND high >= %s AND {text}"
        return union(
            [
                Source(short, (*field.params, least - 1, most, *args), span=Span.STRETCH),
                Source(long, (*field.params, least, *args)),
            ]
        )

    def test(alias: str) -> Sql:
        text, args = where("i.")
        return Sql(
            f"EXISTS (SELECT 1 FROM records_number i WHERE i.resource = {alias}.id AND +i.param"
            f" {marks(field.params)} AND {text}{SEEK}",
            (*field.params, *args),
        )

    def holds(subject: Subject) -> bool:
        if not any(
            p in field.params and among(low, high, ranges) and wanted in (None, u)
            for p, low, high, u in subject.rows.numbers
        ):
            return False
        return exact or any(
            _has_unit(one, system, code) and _fits(one, ranges) for one in subject.values(field.code)
        )

    return Condition(name, source, test, holds, exact)


def among(low: float, high: float, ranges: Sequence[Range]) -> bool:
    """Whether the middle of an interval lies in one of the ranges."""
    middle = (low + high) / 2
    return any(least <= middle <= most for least, most in ranges)


def bounds(name: str, value: str) -> list[Range]:
    """Where the middle of a stored number must lie.

    Raises:
        LienThongError: not a number.
    """
    prefix, text = asking.prefixed(value.replace(" ", "+"))
    if not _FORM.fullmatch(text):
        raise problems.bad_value(name, value, _WANTED)
    exact = Decimal(text)
    number = float(exact)
    slack = max(abs(number) * 1e-12, 1e-300)
    half = float(Decimal(5).scaleb(int(exact.as_tuple().exponent) - 1))
    tenth = abs(number) / 10
    return _RANGES[prefix](number, slack, half, tenth)


_END = 1.7976931348623157e308
_RANGES: dict[str, Callable[[float, float, float, float], list[Range]]] = {
    "eq": lambda n, slack, half, tenth: [(n - half - slack, n + half - 2 * slack)],
    "ne": lambda n, slack, half, tenth: [(-_END, n - half - 2 * slack), (n + half - slack, _END)],
    "gt": lambda n, slack, half, tenth: [(n + slack, _END)],
    "lt": lambda n, slack, half, tenth: [(-_END, n - slack)],
    "ge": lambda n, slack, half, tenth: [(n - slack, _END)],
    "le": lambda n, slack, half, tenth: [(-_END, n + slack)],
    "sa": lambda n, slack, half, tenth: [(n + slack, _END)],
    "eb": lambda n, slack, half, tenth: [(-_END, n - slack)],
    "ap": lambda n, slack, half, tenth: [(n - tenth - slack, n + tenth + slack)],
}


def _has_unit(value: Any, system: str, code: str) -> bool:
    if not isinstance(value, dict):
        return False
    if system and value.get("system") != system:
        return False
    return code in (value.get("code"), value.get("unit"))


def _fits(value: Any, ranges: Sequence[Range]) -> bool:
    number = value.get("value")
    return number is None or among(float(number), float(number), ranges)
