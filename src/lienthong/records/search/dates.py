"""Parameters of the type date (R4, section 3.1.1.4.7): both sides are intervals, here of milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from lienthong.foundation import clock
from lienthong.records import index
from lienthong.records.index.intervals import OPEN
from lienthong.records.search import asking, problems
from lienthong.records.search.conditions import (
    SEEK,
    Condition,
    Source,
    Span,
    Sql,
    Subject,
    Within,
    any_of,
    marks,
    union,
)
from lienthong.records.search.fields import Field

MODIFIERS = ("missing",)
DAY = 86_400_000
_WANTED = "[eq|ne|gt|lt|ge|le|sa|eb|ap]yyyy[-MM[-dd[Thh:mm[:ss[.fff]][Z|+07:00]]]]"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

TESTS = {
    "eq": "({i}low >= {s} AND {i}high <= {e})",
    "ne": "({i}low < {s} OR {i}high > {e})",
    "gt": "{i}high > {e}",
    "lt": "{i}low < {s}",
    "ge": "({i}high > {e} OR {i}low >= {s})",
    "le": "({i}low < {s} OR {i}high <= {e})",
    "sa": "{i}low > {e}",
    "eb": "{i}high < {s}",
    "ap": "({i}low <= {e} AND {i}high >= {s})",
}
"""R4's prefixes over the interval ``low`` to ``high`` of a resource and ``s`` to ``e`` of the search."""

_BOUNDS = {
    "eq": "low >= {s} AND low <= {e}",
    "gt": "low > {e} - {day}",
    "lt": "low < {s}",
    "ge": "low >= {s} - {day}",
    "le": "low <= {e}",
    "sa": "low > {e}",
    "eb": "low < {s}",
    "ap": "low >= {s} - {day} AND low <= {e}",
}
"""The stretch of the index in which intervals of a day or less fit. ``eq lt le sa eb`` hold for longer ones too."""
_LONG = ("gt", "ge", "ap")


def condition(field: Field, name: str, modifier: str, values: Sequence[str]) -> Condition:
    """The condition for one date parameter.

    Raises:
        LienThongError: a modifier or value that does not go.
    """
    if modifier:
        raise problems.bad_modifier(name, modifier, MODIFIERS)
    return any_of(name, [_one(field, name, value) for value in values])


def _one(field: Field, name: str, value: str) -> Condition:
    prefix, start, end = interval(name, value)
    words = {"s": str(start), "e": str(end), "day": str(DAY)}
    of_one = TESTS[prefix].format(i="i.", **words)
    of_all = TESTS[prefix].format(i="", **words)
    fits = _FITS[prefix]

    def source() -> Source:
        select = f"SELECT resource FROM records_date WHERE param {marks(field.params)}"
        if prefix not in _BOUNDS:
            return Source(f"{select} AND {of_all}", field.params, scan=True)
        short = Source(
            f"{select} AND {_BOUNDS[prefix].format(**words)} AND {of_all}", field.params, span=Span.STRETCH
        )
        if prefix not in _LONG:
            return short._replace(within=_within(field, prefix, start, end))
        border = start if prefix == "ap" else end
        long = f"{select} AND high - low > {DAY} AND high >= {border} AND {of_all}"
        return union([short, Source(long, field.params)])

    def test(alias: str) -> Sql:
        return Sql(
            f"EXISTS (SELECT 1 FROM records_date i WHERE i.resource = {alias}.id AND +i.param"
            f" {marks(field.params)} AND {of_one}{SEEK}",
            field.params,
        )

    def holds(subject: Subject) -> bool:
        return any(p in field.params and fits(low, high, start, end) for p, low, high in subject.rows.dates)

    return Condition(name, source, test, holds)


def _within(field: Field, prefix: str, start: int, end: int) -> Within | None:
    if len(field.params) != 1:
        return None
    least = {"eq": start, "sa": end + 1}.get(prefix, -OPEN)
    most = {"eq": end, "le": end, "sa": OPEN}.get(prefix, start - 1)
    return Within(field.params[0], least, most)


_FITS: dict[str, Callable[[int, int, int, int], bool]] = {
    "eq": lambda low, high, s, e: low >= s and high <= e,
    "ne": lambda low, high, s, e: low < s or high > e,
    "gt": lambda low, high, s, e: high > e,
    "lt": lambda low, high, s, e: low < s,
    "ge": lambda low, high, s, e: high > e or low >= s,
    "le": lambda low, high, s, e: low < s or high <= e,
    "sa": lambda low, high, s, e: low > e,
    "eb": lambda low, high, s, e: high < s,
    "ap": lambda low, high, s, e: low <= e and high >= s,
}


def interval(name: str, value: str) -> tuple[str, int, int]:
    """Prefix and the first and last millisecond; for ``ap`` a tenth of the distance from now is added on each side.
    A time without zone is of Viet Nam.

    Raises:
        LienThongError: not a date.
    """
    prefix, text = asking.prefixed(asking.plain(value).strip().replace(" ", "+"))
    covered = index.moments(text)
    if covered is None:
        raise problems.bad_value(name, value, _WANTED)
    start, end = covered
    if prefix == "ap":
        now = int((clock.now() - _EPOCH) / timedelta(milliseconds=1))
        slack = abs(now - (start + end) // 2) // 10
        start, end = start - slack, end + slack
    return prefix, start, end
