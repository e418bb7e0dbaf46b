"""Charts drawn on the server as SVG, without script or inline style; each has a title and a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lienthong.foundation import clock

_WIDTH, _HEIGHT = 720, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 12, 26


@dataclass(frozen=True, slots=True)
class Column:
    """One bar: label below it, its words in the table and when pointed at, its height; None where nothing is drawn."""

    label: str
    name: str
    text: str
    height: Decimal | None


def bars_by_day(days: Sequence[tuple[date, int]], title: str, column: str) -> SafeString:
    """One bar for each day.

    Args:
        days: in order of time, without gaps.
        title: what the chart shows, in a sentence; read by screen readers.
        column: head of the number column of the table.
    """
    bars = [
        Column(
            when.strftime("%d/%m"), when.strftime("%d/%m/%Y"), str(count), Decimal(count) if count else None
        )
        for when, count in days
    ]
    return columns(bars, title=title, first=_("Day"), second=column)


def columns(
    bars: Sequence[Column], *, title: str, first: str, second: str, most: Decimal | None = None
) -> SafeString:
    """Bars side by side.

    Args:
        title: what the chart shows, in a sentence; read by screen readers.
        first, second: heads of the columns of the table.
        most: height of the chart, if not that of the highest bar.
    """
    drawn = [bar.height for bar in bars if bar.height is not None]
    if not drawn:
        return format_html('<p class="none">{}</p>', _("Nothing yet."))
    top = most or max(drawn) or Decimal(1)
    step = (_WIDTH - _LEFT - _RIGHT) / len(bars)
    room = _HEIGHT - _TOP - _BOTTOM
    shapes = format_html_join(
        "",
        '<rect class="bar" x="{}" y="{}" width="{}" height="{}"><title>{}: {}</title></rect>',
        (
            (
                _n(_LEFT + place * step + step * 0.12),
                _n(_TOP + room * (1 - float(bar.height / top))),
                _n(step * 0.76),
                _n(room * float(bar.height / top)),
                bar.name,
                bar.text,
            )
            for place, bar in enumerate(bars)
            if bar.height is not None
        ),
    )
    every = max(1, -(-len(bars) // 8))
    labels = format_html_join(
        "",
        '<text class="axis" x="{}" y="{}" text-anchor="middle">{}</text>',
        (
            (_n(_LEFT + (place + 0.5) * step), _HEIGHT - 8, bar.label)
            for place, bar in enumerate(bars)
            if place % every == 0
        ),
    )
    scale = _scale([(top, _TOP), (Decimal(0), _HEIGHT - _BOTTOM)])
    rows = [(bar.name, bar.text) for bar in bars]
    return _figure(title, SafeString(scale + shapes + labels), first, second, rows)


def trend_line(
    points: Sequence[tuple[datetime, Decimal]],
    *,
    low: Decimal | None = None,
    high: Decimal | None = None,
    unit: str = "",
    title: str = "",
) -> SafeString:
    """A line through values in time, each with its point; the source's range as a band.

    Args:
        points: time and value, in any order.
        low, high: bounds that the source itself gave; None where it gave none.
        title: what is shown, e.g. the name of the test; read by screen readers.
    """
    ordered = sorted(points)
    if not ordered:
        return format_html('<p class="none">{}</p>', _("Nothing yet."))
    values = [value for _at, value in ordered] + [bound for bound in (low, high) if bound is not None]
    bottom, top = min(values), max(values)
    if bottom == top:
        pad = abs(bottom) / 10 or Decimal(1)
        bottom, top = bottom - pad, top + pad
    first, last = ordered[0][0], ordered[-1][0]
    span = (last - first).total_seconds() or 1.0

    def x(at: datetime) -> float:
        share = (at - first).total_seconds() / span if last > first else 0.5
        return _LEFT + 8 + share * (_WIDTH - _LEFT - _RIGHT - 16)

    def y(value: Decimal) -> float:
        return _TOP + float((top - value) / (top - bottom)) * (_HEIGHT - _TOP - _BOTTOM)

    band = SafeString("")
    if low is not None or high is not None:
        upper, lower = y(high if high is not None else top), y(low if low is not None else bottom)
        band = format_html(
            '<rect class="range" x="{}" y="{}" width="{}" height="{}"/>',
            _LEFT,
            _n(upper),
            _WIDTH - _LEFT - _RIGHT,
            _n(lower - upper),
        )
    path = " ".join(f"{_n(x(at))},{_n(y(value))}" for at, value in ordered)
    line = format_html('<polyline class="line" points="{}"/>', path)
    dots = format_html_join(
        "",
        '<circle class="{}" cx="{}" cy="{}" r="4"><title>{}: {} {}</title></circle>',
        (
            (
                "dot out" if _outside(value, low, high) else "dot",
                _n(x(at)),
                _n(y(value)),
                _at(at),
                value,
                unit,
            )
            for at, value in ordered
        ),
    )
    ends = [(first, "start")] + ([(last, "end")] if last > first else [])
    labels = format_html_join(
        "",
        '<text class="axis" x="{}" y="{}" text-anchor="{}">{}</text>',
        (
            (_n(x(at)), _HEIGHT - 8, anchor, at.astimezone(clock.VIETNAM).strftime("%d/%m/%Y"))
            for at, anchor in ends
        ),
    )
    scale = _scale([(top, _TOP), (bottom, _HEIGHT - _BOTTOM)])
    rows = [(_at(at), f"{value} {unit}".strip()) for at, value in ordered]
    return _figure(
        title or _("Values in time"),
        SafeString(scale + band + line + dots + labels),
        _("Time"),
        _("Value"),
        rows,
    )


def _outside(value: Decimal, low: Decimal | None, high: Decimal | None) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)


def _scale(marks: Sequence[tuple[Decimal, int]]) -> SafeString:
    return format_html_join(
        "",
        '<line class="grid" x1="{}" y1="{}" x2="{}" y2="{}"/>'
        '<text class="axis" x="{}" y="{}" text-anchor="end">{}</text>',
        (
            (_LEFT, at, _WIDTH - _RIGHT, at, _LEFT - 6, at + 4, f"{value.normalize():f}")
            for value, at in marks
        ),
    )


def _figure(
    title: str, drawing: SafeString, first: str, second: str, rows: Sequence[tuple[str, str]]
) -> SafeString:
    return format_html(
        '<figure class="chart"><svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>'
        '<details><summary>{}</summary><table class="plain"><caption>{}</caption><thead><tr>'
        '<th scope="col">{}</th><th scope="col" class="number">{}</th></tr></thead><tbody>{}</tbody>'
        "</table></details></figure>",
        _WIDTH,
        _HEIGHT,
        title,
        drawing,
        _("As a table"),
        title,
        first,
        second,
        format_html_join("", '<tr><td>{}</td><td class="number">{}</td></tr>', rows),
    )


def _n(value: float) -> str:
    return f"{value:.1f}"


def _at(at: datetime) -> str:
    return at.astimezone(clock.VIETNAM).strftime("%d/%m/%Y %H:%M")
