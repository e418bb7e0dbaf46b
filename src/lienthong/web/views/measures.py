"""How transfers go: at the hub of the province, at a hospital of its own. Counts and times, nothing of a patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_GET

from lienthong.access import accounts, audit, rights
from lienthong.access.doors import requires
from lienthong.access.models import Role
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.transfers import steps
from lienthong.transfers.measures import (
    FEWEST,
    Figures,
    Measures,
    Period,
    Share,
    Spread,
    measured,
    own,
    periods,
    province,
)
from lienthong.transfers.measures import before as told
from lienthong.transfers.measures import sheet as sheets
from lienthong.transfers.models import Loop, State, Urgency
from lienthong.web.charts import Column, columns

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Weeks = Mapping[str, tuple[float | None, str]]
"""Monday to the height of a bar, None where nothing is drawn, and its words."""
SPANS = {4: gettext_lazy("4 weeks"), 12: gettext_lazy("12 weeks"), 52: gettext_lazy("52 weeks")}
TIMES: dict[str, StrOrPromise] = {
    "answer": gettext_lazy("To the answer"),
    "departure": gettext_lazy("To departure"),
    "arrival": gettext_lazy("To arrival"),
    "outcome": gettext_lazy("To the outcome"),
}
SHARES: dict[str, StrOrPromise] = {
    "closed": gettext_lazy("Closed"),
    "complete": gettext_lazy("Whole when sent"),
    "overdue": pgettext_lazy("measures", "Overdue"),
}
TABLES: tuple[tuple[str, StrOrPromise, StrOrPromise], ...] = (
    ("sender", gettext_lazy("By sending hospital"), gettext_lazy("Sending hospital")),
    ("receiver", gettext_lazy("By receiving hospital"), gettext_lazy("Receiving hospital")),
    ("pair", gettext_lazy("By pair of hospitals"), pgettext_lazy("measures", "From → to")),
    ("week", gettext_lazy("By week"), gettext_lazy("Week from")),
)

OPEN = ("sender", "receiver")
"""Tables that need no click."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure: head of its column, the figure, and what stands small below it, line by line."""

    head: StrOrPromise
    text: str
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table of figures."""

    name: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page was asked for."""

    period: Period
    urgency: str


def _asked(request: HttpRequest) -> Asked:
    urgency = request.GET.get("urgency", "")
    weeks = request.GET.get("weeks", "")
    if weeks in [str(span) for span in SPANS]:
        period = periods.latest(int(weeks))
    else:
        period = periods.of(request.GET.get("from", ""), request.GET.get("until", ""))
    return Asked(period, urgency if urgency in Urgency.values else "")


def _measured(request: HttpRequest, asked: Asked, action: str) -> Measures:
    """The figures asked for, with the trace that looking at them leaves."""
    hub = directory.is_hub()
    facts = (province if hub else own).facts(asked.period, asked.urgency)
    detail = {"from": asked.period.first.isoformat(), "until": asked.period.last.isoformat()}
    audit.record(
        accounts.actor(request), action, page=request.path, detail={**detail, "urgency": asked.urgency}
    )
    return measured(facts, clock.now(), FEWEST if hub else 1)


@require_GET
@requires(*rights.MEASURES)
def measures(request: HttpRequest) -> HttpResponse:
    """``/measures``: the figures of a period (``from``, ``until``, or ``weeks`` up to now; ``urgency``)."""
    asked = _asked(request)
    found = _measured(request, asked, "measures")
    groups = found.groups
    page = {
        "hub": directory.is_hub(),
        "asked": asked,
        "urgencies": Urgency.choices,
        "spans": SPANS.items(),
        "heads": [pgettext("measures", "Transfers"), *TIMES.values(), *SHARES.values()],
        "figures": _cells(found.all),
        "any": found.all.sent != 0,
        "before": _before(),
        "urgency_lines": [Line(_("All transfers"), _cells(found.all)), *_lines("urgency", groups)],
        "charts": _charts(groups["week"], asked.period),
        "tables": [(name in OPEN, title, head, _lines(name, groups)) for name, title, head in TABLES],
        "reasons": [
            (_("Declined, by reason"), _reasons(found.all.declined, steps.DECLINED)),
            (_("Cancelled, by reason"), _reasons(found.all.cancelled, steps.CANCELLED)),
        ],
        "fewest": FEWEST,
        "overdue": province.overdue().paginator.count if directory.is_hub() else 0,
        "skipped": province.skipped() if directory.is_hub() else 0,
        "now": clock.now(),
    }
    return render(request, "web/measures/measures.html", page)


@require_GET
@requires(*rights.MEASURES)
def sheet(request: HttpRequest) -> HttpResponse:
    """``/measures/sheet``: the same as a CSV file."""
    asked = _asked(request)
    text = sheets.csv_of(_measured(request, asked, "measures-taken"), asked.period)
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    name = f"transfers-{directory.here()}-{asked.period.first}-{asked.period.last}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_GET
@requires(*rights.MEASURES)
def overdue(request: HttpRequest) -> HttpResponse:
    """``/measures/overdue``: hub: transfers whose turn nobody took in twice the time allowed."""
    if not directory.is_hub():
        raise Http404
    text = request.GET.get("page", "")
    found = province.overdue(int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1)
    audit.record(accounts.actor(request), "measures", page=request.path)
    rows = [_late(one) for one in found]
    return render(request, "web/measures/overdue.html", {"page": found, "rows": rows, "now": clock.now()})


def _late(one: Loop) -> dict[str, object]:
    return {
        "loop": one.loop,
        "sender": directory.name(one.sender),
        "receiver": directory.name(one.receiver),
        "state": State(one.state).label,
        "urgency": Urgency(one.urgency).label,
        "owner": directory.name(one.owner),
        "role": Role(one.role).label,
        "since": one.since,
        "due": one.due,
    }


# Words


def _before() -> list[told.Before]:
    here = directory.here()
    return [one for one in told.rows() if directory.is_hub() or here in (one.sender, one.receiver)]


def _lines(name: str, groups: Mapping[str, Mapping[str, Figures]]) -> list[Line]:
    return [
        Line(periods.shown(group) if name == "week" else sheets.NAMES[name](group), _cells(one))
        for group, one in groups[name].items()
    ]


def _cells(one: Figures) -> list[Cell]:
    return [
        Cell(pgettext("measures", "Transfers"), _count(one.sent)),
        *(_time(TIMES[name], spread) for name, spread in one.times.items()),
        *(_share(SHARES[name], share) for name, share in one.shares.items()),
    ]


def _count(value: int | None) -> str:
    return f"<{FEWEST}" if value is None else number_format(value, 0, force_grouping=True)


def _time(head: StrOrPromise, spread: Spread) -> Cell:
    if spread.median is None or spread.ninetieth is None:
        return Cell(head, "–" if spread.count == 0 else f"n <{FEWEST}")
    ninetieth = _("90%%: %(time)s") % {"time": span(spread.ninetieth)}
    return Cell(head, span(spread.median), (ninetieth, f"n\u00a0=\u00a0{_count(spread.count)}"))


def _share(head: StrOrPromise, share: Share) -> Cell:
    if share.percent is None:
        return Cell(head, "–" if share.whole == 0 else f"n <{FEWEST}")
    of = _("%(part)s of %(whole)s") % {"part": _count(share.part), "whole": _count(share.whole)}
    return Cell(head, f"{share.percent}%", (of,))


def span(minutes: float) -> str:
    """A length of time in its two largest units, e.g. ``2 d 4 h``."""
    whole = round(minutes)
    if whole < 60:
        return _("%(m)d min") % {"m": whole}
    if whole < 48 * 60:
        hours, rest = divmod(whole, 60)
        return _("%(h)d h %(m)d min") % {"h": hours, "m": rest} if rest else _("%(h)d h") % {"h": hours}
    days, hours = divmod(round(minutes / 60), 24)
    return _("%(d)d d %(h)d h") % {"d": days, "h": hours} if hours else _("%(d)d d") % {"d": days}


def _reasons(counts: Mapping[str, int | None], words: Mapping[str, StrOrPromise]) -> list[tuple[str, str]]:
    most_first = sorted(counts.items(), key=lambda row: (-(row[1] or 0), row[0]))
    return [(str(words.get(code, code)), _count(count)) for code, count in most_first]


# Charts


def _charts(weeks: Mapping[str, Figures], period: Period) -> list[tuple[str, SafeString]]:
    every = {day.isoformat(): weeks.get(day.isoformat()) for day in period.weeks}
    sent: Weeks = {week: (one.sent, _count(one.sent)) if one else (0, "0") for week, one in every.items()}
    drawn: list[tuple[str, str, Weeks, Decimal | None]]
    drawn = [(_("Transfers sent, by week"), pgettext("measures", "Transfers"), sent, None)]
    for name, title in (
        ("answer", _("Time to the answer, median by week")),
        ("outcome", _("Time to the outcome, median by week")),
    ):
        medians = {week: one.times[name] if one else Spread(0) for week, one in every.items()}
        unit, each = _unit([spread.median for spread in medians.values() if spread.median is not None])
        values = {w: (_part(s.median, each), _time("", s).text) for w, s in medians.items()}
        drawn.append((f"{title} ({unit})", pgettext("measures", "Median"), values, None))
    closed = {week: one.shares["closed"] if one else Share(0, 0) for week, one in every.items()}
    shares: Weeks = {week: (share.percent, _share("", share).text) for week, share in closed.items()}
    drawn.append((_("Closed, share by week in percent"), pgettext("measures", "Share"), shares, Decimal(100)))
    return [(title, _chart(title, second, values, most)) for title, second, values, most in drawn]


def _chart(title: str, second: str, values: Weeks, most: Decimal | None) -> SafeString:
    bars = [
        Column(
            periods.shown(week)[:5], periods.shown(week), text, None if not height else Decimal(str(height))
        )
        for week, (height, text) in values.items()
    ]
    return columns(bars, title=title, first=_("Week from"), second=second, most=most)


def _unit(minutes: list[float]) -> tuple[str, int]:
    most = max(minutes, default=0)
    if most >= 48 * 60:
        return pgettext("measures", "days"), 24 * 60
    return (pgettext("measures", "hours"), 60) if most >= 120 else (pgettext("measures", "minutes"), 1)


def _part(minutes: float | None, each: int) -> float | None:
    return None if minutes is None else round(minutes / each, 1)
