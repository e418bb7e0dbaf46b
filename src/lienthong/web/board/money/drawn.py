"""Pictures of money: sums as bars, prices on a line. Server-made SVG; the table stands beside on the page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from lienthong.rollout.money.prices import Point, Spread
from lienthong.web.board.money import showing

_WIDTH = 720
_LEFT, _RIGHT = 150, 140
_ROW = 38


def bars(rows: Sequence[tuple[str, int | None]], title: str) -> SafeString:
    """One bar for each sum; where no figure is, the words for that.

    Args:
        rows: label and VND.
        title: what it shows, in a sentence.
    """
    most = max((amount for _label, amount in rows if amount), default=0) or 1
    room = _WIDTH - _LEFT - _RIGHT
    shapes = format_html_join(
        "",
        '<text class="axis" x="0" y="{}">{}</text><rect class="bar bar-{}" x="{}" y="{}" width="{}" height="20"/>'
        '<text class="axis" x="{}" y="{}">{}</text>',
        (
            (
                place * _ROW + 23,
                label,
                place,
                _LEFT,
                place * _ROW + 8,
                _n(room * (amount or 0) / most),
                _n(_LEFT + room * (amount or 0) / most + 8),
                place * _ROW + 23,
                showing.short(amount),
            )
            for place, (label, amount) in enumerate(rows)
        ),
    )
    return _svg(shapes, len(rows) * _ROW, title)


def line_of_prices(points: Sequence[Point], spread: Spread, on: date, title: str) -> SafeString:
    """Every price as a dot on a line of VND for one, with the range and the median; empty without prices."""
    priced = [(each, one) for one in points if (each := one.each) is not None]
    if not priced or spread.low is None or spread.high is None or spread.middle is None:
        return SafeString("")
    values = [each for each, _one in priced]
    low, high = min(values), max(values)
    margin = max((high - low) // 10, high // 20, 1)
    bottom, top = max(0, low - margin), high + margin

    def x(value: int) -> float:
        return 20 + (value - bottom) / (top - bottom) * (_WIDTH - 40)

    band = format_html(
        '<rect class="range" x="{}" y="30" width="{}" height="36"/><line class="grid" x1="20" y1="48" x2="{}" y2="48"/>'
        '<line class="middle" x1="{}" y1="24" x2="{}" y2="72"/>'
        '<text class="axis" x="{}" y="16" text-anchor="{}">{}</text>',
        _n(x(spread.low) - 4),
        _n(x(spread.high) - x(spread.low) + 8),
        _WIDTH - 20,
        _n(x(spread.middle)),
        _n(x(spread.middle)),
        _n(x(spread.middle)),
        _anchor(x(spread.middle)),
        _("median %(amount)s") % {"amount": showing.short(spread.middle)},
    )
    dots = format_html_join(
        "",
        '<circle class="{}" cx="{}" cy="48" r="7"><title>{}: {}</title></circle>',
        ((_kind(one, spread, on), _n(x(each)), one.buyer, showing.short(each)) for each, one in priced),
    )
    ends = {spread.low: "start", spread.high: "end"} if spread.low != spread.high else {}
    labels = format_html_join(
        "",
        '<text class="axis" x="{}" y="90" text-anchor="{}">{}</text>',
        ((_n(x(value)), anchor, showing.short(value)) for value, anchor in ends.items()),
    )
    return _svg(SafeString(band + dots + labels), 98, title)


def _kind(one: Point, spread: Spread, on: date) -> str:
    if one.key in spread.outliers:
        return "dot out"
    return "dot old" if one.old(on) else "dot"


def _anchor(at: float) -> str:
    return "start" if at < 140 else "end" if at > _WIDTH - 140 else "middle"


def _svg(shapes: SafeString, height: int, title: str) -> SafeString:
    return format_html(
        '<svg class="money-chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>',
        _WIDTH,
        height,
        title,
        shapes,
    )


def _n(value: float) -> str:
    return f"{value:.1f}"
