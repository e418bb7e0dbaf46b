"""The figures as a table for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from lienthong.facilities import directory
from lienthong.transfers.measures import before
from lienthong.transfers.measures.figures import FEWEST, SHARES, TIMES, Figures, Measures, Spread
from lienthong.transfers.measures.periods import Period
from lienthong.transfers.models import Urgency

BOM = "\ufeff"
"""Tells Excel that the text is UTF-8."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

Row = list[str]


def csv_of(found: Measures, period: Period) -> str:
    """UTF-8 text with a byte order mark: a row for each group; dates in ISO 8601, times in whole minutes."""
    out = io.StringIO(newline="")
    write = csv.writer(out, lineterminator="\r\n")
    for row in [_head(), *_before(), *_rows(found, period)]:
        write.writerow([harmless(cell) for cell in row])
    return BOM + out.getvalue()


def _head() -> Row:
    names = {
        "answer": pgettext("sheet", "answer"),
        "departure": pgettext("sheet", "departure"),
        "arrival": pgettext("sheet", "arrival"),
        "outcome": pgettext("sheet", "outcome"),
        "closed": pgettext("sheet", "closed"),
        "complete": pgettext("sheet", "complete"),
        "overdue": pgettext("sheet", "overdue"),
    }
    row = [
        pgettext("sheet", "by"),
        pgettext("sheet", "code"),
        pgettext("sheet", "name"),
        pgettext("sheet", "first day"),
        pgettext("sheet", "last day"),
        pgettext("sheet", "transfers"),
    ]
    for name in TIMES:
        row += [names[name], _("%(event)s: median minutes") % {"event": names[name]}]
        row += [_("%(event)s: 90th percentile minutes") % {"event": names[name]}]
    for name in SHARES:
        row += [names[name], _("%(share)s: of how many") % {"share": names[name]}]
    return [*row, pgettext("sheet", "remark")]


_EMPTY = 3 * len(TIMES) + 2 * len(SHARES)


def _before() -> Iterator[Row]:
    for one in before.rows():
        name = f"{directory.name(one.sender, one.first)} → {directory.name(one.receiver, one.first)}"
        head = ["before", f"{one.sender} {one.receiver}", name, one.first.isoformat(), one.last.isoformat()]
        words = _("Before this system; nothing else was measured. Source: %(source)s, %(told)s")
        remark = words % {"source": one.source, "told": one.told.isoformat()}
        yield [*head, str(one.transfers), *[""] * _EMPTY, remark]


def _rows(found: Measures, period: Period) -> Iterator[Row]:
    days = [period.first.isoformat(), period.last.isoformat()]
    yield ["all", "", _("All transfers"), *days, *_cells(found.all), ""]
    for by, groups in found.groups.items():
        for group, one in groups.items():
            yield [by, group, NAMES[by](group), *days, *_cells(one), ""]
    for by, reasons in (("declined", found.all.declined), ("cancelled", found.all.cancelled)):
        for code, count in reasons.items():
            yield [by, code, "", *days, _count(count), *[""] * _EMPTY, ""]


NAMES: dict[str, Callable[[str], str]] = {
    "urgency": lambda group: str(Urgency(group).label),
    "sender": lambda group: directory.name(group),
    "receiver": lambda group: directory.name(group),
    "pair": lambda group: " → ".join(directory.name(code) for code in group.split(" ")),
    "week": lambda group: group,
}
"""Group of :data:`.figures.GROUPS` to what it is called."""


def _cells(one: Figures) -> Row:
    row = [_count(one.sent)]
    for name in TIMES:
        row += _spread(one.times[name])
    for name in SHARES:
        row += [_count(one.shares[name].part), _count(one.shares[name].whole)]
    return row


def _spread(one: Spread) -> Row:
    return [
        _count(one.count),
        *("" if value is None else f"{value:.0f}" for value in (one.median, one.ninetieth)),
    ]


def _count(value: int | None) -> str:
    return f"<{FEWEST}" if value is None else str(value)


def harmless(cell: str) -> str:
    """A spreadsheet must not take a name for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
