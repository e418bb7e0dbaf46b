"""``_id`` and ``_lastUpdated``: they stand in the resource's own row."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from lienthong.foundation import clock
from lienthong.records import keys
from lienthong.records.search import asking, dates, problems
from lienthong.records.search.conditions import (
    SEEK,
    Condition,
    Source,
    Span,
    Sql,
    Subject,
    any_of,
    marks,
    no,
)

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 253_402_300_799_999
"""The last millisecond that has a date."""

_COMPARISONS = {
    "eq": "{p}.at >= %s AND {p}.at <= %s",
    "ne": "({p}.at < %s OR {p}.at > %s)",
    "gt": "{p}.at > %s",
    "lt": "{p}.at < %s",
    "ge": "{p}.at >= %s",
    "le": "{p}.at <= %s",
}
_SAME = {"sa": "gt", "eb": "lt", "ap": "eq"}


def ids(kinds: Sequence[str], name: str, modifier: str, values: Sequence[str]) -> Condition:
    """The condition for ``_id``.

    Raises:
        LienThongError: a modifier or value that does not go.
    """
    if modifier not in ("", "not"):
        raise problems.bad_modifier(name, modifier, ["not"])
    wanted = {asking.plain(value) for value in values}
    for value in wanted:
        if not _ID.fullmatch(value):
            raise problems.bad_value(name, value, "[A-Za-z0-9.-]{1,64}")
    numbers = tuple(keys.ref_key(f"{kind}/{id}") for kind in kinds for id in sorted(wanted))
    found = Condition(
        name,
        lambda: Source(f"SELECT id AS resource FROM records_resource WHERE key {marks(numbers)}", numbers),
        lambda alias: Sql(f"{alias}.key {marks(numbers)}", numbers),
        lambda subject: subject.resource.get("id") in wanted,
    )
    return no(found) if modifier else found


def updated(name: str, modifier: str, values: Sequence[str]) -> Condition:
    """The condition for ``_lastUpdated``.

    Raises:
        LienThongError: a modifier or value that does not go.
    """
    if modifier:
        raise problems.bad_modifier(name, modifier, [])
    return any_of(name, [_updated(name, value) for value in values])


def _updated(name: str, value: str) -> Condition:
    prefix, start, end = dates.interval(name, value)
    prefix = _SAME.get(prefix, prefix)
    bounds = {"gt": (end,), "le": (end,), "lt": (start,), "ge": (start,)}.get(prefix, (start, end))
    given = tuple(_iso(bound) for bound in bounds)
    where = _COMPARISONS[prefix]

    def source() -> Source:
        text = "SELECT q.id AS resource FROM records_pack p CROSS JOIN records_resource q"
        return Source(
            f"{text} WHERE {where.format(p='p')} AND q.pack = p.id",
            given,
            scan=prefix == "ne",
            span=Span.STRETCH,
        )

    def test(alias: str) -> Sql:
        return Sql(
            f"EXISTS (SELECT 1 FROM records_pack i WHERE i.id = {alias}.pack AND {where.format(p='i')}{SEEK}",
            given,
        )

    def holds(subject: Subject) -> bool:
        at = subject.updated
        return (
            bool(at)
            and {
                "eq": given[0] <= at <= given[-1],
                "ne": at < given[0] or at > given[-1],
                "gt": at > given[0],
                "lt": at < given[0],
                "ge": at >= given[0],
                "le": at <= given[0],
            }[prefix]
        )

    return Condition(name, source, test, holds)


def _iso(milliseconds: int) -> str:
    least = -62_135_596_800_000
    return clock.iso(_EPOCH + timedelta(milliseconds=min(max(milliseconds, least), _LATEST)))
