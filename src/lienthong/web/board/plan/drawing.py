"""Drawings of the plan as SVG, made on the server: Gantt chart, and what waits for what. Beside each stands a table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lienthong.rollout.plan import graph

DAY = timedelta(days=1)
_WIDTH, _LEFT, _RIGHT, _TOP, _ROW = 1160, 310, 14, 64, 30
_BOX, _HIGH, _GAP, _APART = 214, 58, 62, 16
_TITLE = 46


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of the Gantt chart.

    Attributes:
        shape: of the state's tag; words: the state in words.
        due: None: no date; forecast: first and last day as computed, None when done.
    """

    number: str
    title: str
    shape: str
    words: str
    begin: date
    due: date | None
    done: date | None
    forecast: tuple[date, date] | None
    critical: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A deadline on top of the chart."""

    day: date
    words: str


@dataclass(frozen=True, slots=True)
class Node:
    """A box of the picture of what waits for what; ``waits``: for how many open tasks."""

    number: str
    title: str
    shape: str
    words: str
    waits: int


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _n(value: float) -> str:
    return f"{value:.1f}"


def _curve(left: float, top: float, right: float, bottom: float, bend: float) -> str:
    start, end = f"{_n(left)} {_n(top)}", f"{_n(right)} {_n(bottom)}"
    return f"M{start}C{_n(left + bend)} {_n(top)} {_n(right - bend)} {_n(bottom)} {end}"


def _elbow(left: float, top: float, right: float, bottom: float) -> str:
    """Out of the end of one bar, down or up between the rows, into the begin of another."""
    if left + 12 <= right:
        return f"M{_n(left)} {_n(top)}H{_n(left + 5)}V{_n(bottom)}H{_n(right)}"
    between = bottom - 14 if bottom > top else bottom + 14
    return f"M{_n(left)} {_n(top)}H{_n(left + 5)}V{_n(between)}H{_n(right - 10)}V{_n(bottom)}H{_n(right)}"


# Gantt chart


@dataclass(frozen=True, slots=True)
class _Axis:
    first: date
    last: date

    def x(self, day: date) -> float:
        """The left edge of a day, kept inside the chart."""
        inside = min(max(day, self.first), self.last + DAY)
        return _LEFT + (inside - self.first).days / self._days * (_WIDTH - _LEFT - _RIGHT)

    @property
    def _days(self) -> int:
        return (self.last - self.first).days + 1

    def ticks(self) -> list[tuple[date, str]]:
        """Mondays of a short chart, first days of months of a long one, with their labels."""
        days = [self.first + n * DAY for n in range(self._days)]
        if self._days <= 100:
            return [(day, f"{day:%d/%m}") for day in days if day.weekday() == 0]
        months = [day for day in days if day.day == 1]
        every = max(1, -(-len(months) // 24))
        return [(day, f"{day:%m/%y}") for day in months[::every]]


def gantt(
    bars: Sequence[Bar],
    needs: Mapping[str, Collection[str]],
    today: date,
    span: tuple[date, date],
    marks: Sequence[Mark],
) -> SafeString:
    """The chart.

    Args:
        needs: which bars wait for which, drawn as arrows.
        today: where the line stands.
        span: first and last day of the chart.
    """
    axis = _Axis(*span)
    height = _TOP + _ROW * len(bars) + 12
    rows = {bar.number: place for place, bar in enumerate(bars)}
    drawing = [
        _stripes(len(bars)),
        _ticks(axis, height),
        _marks(axis, marks, height),
        *(_bar(axis, bar, rows[bar.number], today) for bar in bars),
        _arrows(axis, bars, rows, needs, {bar.number for bar in bars if bar.critical}),
        _today(axis, today, height),
    ]
    return format_html(
        '<svg class="gantt" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}</svg>',
        _WIDTH,
        height,
        _(
            "Gantt chart: bars from the begin to the due date of each task; the same stands in the table below."
        ),
        _DEFS,
        SafeString("".join(drawing)),
    )


_DEFS = SafeString(
    '<defs><pattern id="late" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="g-late-ground" width="7" height="7"/><rect class="g-late-line" width="3" height="7"/></pattern>'
    '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" orient="auto"'
    ' markerUnits="userSpaceOnUse">'
    '<path class="g-tip" d="M0 0 8 4 0 8z"/></marker></defs>'
)


def _stripes(count: int) -> SafeString:
    rows = ((_TOP + _ROW * place, _WIDTH, _ROW) for place in range(0, count, 2))
    return format_html_join("", '<rect class="g-stripe" x="0" y="{}" width="{}" height="{}"/>', rows)


def _ticks(axis: _Axis, height: int) -> SafeString:
    return format_html_join(
        "",
        '<line class="g-grid" x1="{}" y1="{}" x2="{}" y2="{}"/><text class="axis" x="{}" y="{}">{}</text>',
        (
            (_n(axis.x(day)), _TOP - 6, _n(axis.x(day)), height - 8, _n(axis.x(day) + 3), _TOP - 10, label)
            for day, label in axis.ticks()
        ),
    )


def _marks(axis: _Axis, marks: Sequence[Mark], height: int) -> SafeString:
    inside = [mark for mark in marks if axis.first <= mark.day <= axis.last]
    return format_html_join(
        "",
        '<g><title>{}</title><line class="g-mark" x1="{}" y1="{}" x2="{}" y2="{}"/>'
        '<path class="g-diamond" d="M{} 3l6 7-6 7-6-7z"/></g>',
        (
            (
                f"{mark.day:%d/%m/%Y}: {mark.words}",
                _n(axis.x(mark.day + DAY)),
                17,
                _n(axis.x(mark.day + DAY)),
                height - 8,
                _n(axis.x(mark.day + DAY)),
            )
            for mark in inside
        ),
    )


def _today(axis: _Axis, today: date, height: int) -> SafeString:
    if not axis.first <= today <= axis.last:
        return SafeString("")
    at = axis.x(today) + 0.5 * (axis.x(today + DAY) - axis.x(today))
    anchor = "end" if at > _WIDTH - 120 else "start"
    return format_html(
        '<line class="g-today" x1="{}" y1="{}" x2="{}" y2="{}"/>'
        '<text class="g-today-words" x="{}" y="{}" text-anchor="{}">{}</text>',
        _n(at),
        _TOP - 32,
        _n(at),
        height - 8,
        _n(at + (-4 if anchor == "end" else 4)),
        _TOP - 30,
        anchor,
        f"{today:%d/%m/%Y}",
    )


def _bar(axis: _Axis, bar: Bar, place: int, today: date) -> SafeString:
    top = _TOP + _ROW * place
    until = bar.done or today
    shapes: list[SafeString] = []
    end = bar.due if bar.due else max(until, bar.begin)
    kind = f"g-bar g-{bar.shape}" + ("" if bar.due else " g-open") + (" g-critical" if bar.critical else "")
    start = min(bar.begin, end)
    shapes.append(_rect(axis, kind, start, end, top + 6, 13))
    if bar.due and until > bar.due:
        shapes.append(_rect(axis, "g-late", bar.due + DAY, until, top + 6, 13))
    if bar.forecast:
        shapes.append(_rect(axis, "g-forecast", *bar.forecast, top + 22, 4))
    if bar.done:
        at = axis.x(bar.done + DAY)
        shapes.append(format_html('<circle class="g-done" cx="{}" cy="{}" r="5"/>', _n(at), _n(top + 12.5)))
    dates = f"{bar.begin:%d/%m/%Y} – " + (f"{bar.due:%d/%m/%Y}" if bar.due else "…")
    return format_html(
        '<g><title>{} {}: {}, {}</title><text class="g-label" x="6" y="{}"><tspan class="g-number">{}</tspan>'
        " {}</text>{}</g>",
        bar.number,
        bar.title,
        dates,
        bar.words,
        top + 19,
        ("◆ " if bar.critical else "") + bar.number,
        _short(bar.title, max(10, _TITLE - len(bar.number) - (2 if bar.critical else 0))),
        SafeString("".join(shapes)),
    )


def _rect(axis: _Axis, kind: str, first: date, last: date, top: float, high: int) -> SafeString:
    left, right = axis.x(first), axis.x(last + DAY)
    return format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="2"/>',
        kind,
        _n(left),
        _n(top),
        _n(max(2.0, right - left)),
        high,
    )


def _arrows(
    axis: _Axis,
    bars: Sequence[Bar],
    rows: Mapping[str, int],
    needs: Mapping[str, Collection[str]],
    critical: Collection[str],
) -> SafeString:
    by_number = {bar.number: bar for bar in bars}
    lines = []
    for bar in bars:
        for one in sorted(needs.get(bar.number, ())):
            before = by_number.get(one)
            if before is None:
                continue
            left = axis.x((before.done or before.due or before.begin) + DAY)
            right = axis.x(bar.begin)
            top, bottom = (_TOP + _ROW * rows[number] + 12.5 for number in (one, bar.number))
            kind = "g-arrow g-arrow-critical" if {one, bar.number} <= set(critical) else "g-arrow"
            way = _elbow(left, top, right, bottom)
            lines.append((kind, way))
    return format_html_join("", '<path class="{}" d="{}" marker-end="url(#tip)"/>', lines)


# What waits for what


def waiting(
    nodes: Sequence[Node], needs: Mapping[str, Collection[str]], critical: Sequence[str]
) -> SafeString:
    """Boxes from left to right: each stands right of everything that it waits for, with an arrow from it."""
    numbers = {node.number for node in nodes}
    column = graph.layers(needs, numbers)
    places: dict[str, tuple[float, float]] = {}
    filled: dict[int, int] = {}
    for node in sorted(nodes, key=lambda one: (column[one.number], one.number)):
        at = column[node.number]
        filled[at] = filled.get(at, 0) + 1
        places[node.number] = (8 + at * (_BOX + _GAP), 8 + (filled[at] - 1) * (_HIGH + _APART))
    width = 16 + (max(filled) + 1) * (_BOX + _GAP) - _GAP
    height = 16 + max(filled.values()) * (_HIGH + _APART) - _APART
    steps = set(pairwise(critical))
    lines = []
    for task in sorted(numbers):
        for one in sorted(needs.get(task, ())):
            if one in numbers:
                left, top = places[one][0] + _BOX, places[one][1] + _HIGH / 2
                right, bottom = places[task][0], places[task][1] + _HIGH / 2
                kind = "g-arrow g-arrow-critical" if (one, task) in steps else "g-arrow"
                way = _curve(left, top, right, bottom, (right - left) / 2)
                lines.append((kind, way))
    arrows = format_html_join("", '<path class="{}" d="{}" marker-end="url(#tip)"/>', lines)
    boxes = SafeString("".join(_box(node, *places[node.number], node.number in critical) for node in nodes))
    return format_html(
        '<svg class="waiting" width="{}" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}</svg>',
        width,
        width,
        height,
        _(
            "What waits for what: arrows lead from a task to those that wait for it; the table below says the same."
        ),
        _DEFS,
        arrows,
        boxes,
    )


def _box(node: Node, left: float, top: float, critical: bool) -> SafeString:
    first, second = _two_lines(node.title)
    waits = _("waits for %(n)d") % {"n": node.waits} if node.waits else ""
    return format_html(
        '<g><title>{} {}: {}</title><rect class="g-box g-{}{}" x="{}" y="{}" width="{}" height="{}" rx="5"/>'
        '<text class="g-number" x="{}" y="{}">{}</text><text class="g-words" x="{}" y="{}" text-anchor="end">{}</text>'
        '<text class="g-title" x="{}" y="{}">{}</text><text class="g-title" x="{}" y="{}">{}</text></g>',
        node.number,
        node.title,
        node.words,
        node.shape,
        " g-critical" if critical else "",
        _n(left),
        _n(top),
        _BOX,
        _HIGH,
        _n(left + 8),
        _n(top + 16),
        ("◆ " if critical else "") + node.number,
        _n(left + _BOX - 8),
        _n(top + 16),
        waits or node.words,
        _n(left + 8),
        _n(top + 33),
        first,
        _n(left + 8),
        _n(top + 49),
        second,
    )


def _two_lines(title: str, wide: int = 33) -> tuple[str, str]:
    words = title.split()
    first = ""
    while words and len(first) + len(words[0]) + 1 <= wide:
        first = f"{first} {words.pop(0)}".strip()
    return first or _short(title, wide), _short(" ".join(words), wide) if first else ""
