"""A trend so small that it fits a table cell; the figures stand beside it in the table."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.utils.html import format_html
from django.utils.safestring import SafeString

from lienthong.web.record import moments

_WIDTH, _HEIGHT, _EDGE = 96, 24, 3
_LARGEST = 10**15


def sparkline(trend: Sequence[tuple[str, Decimal]]) -> SafeString:
    """An SVG line through ``(sortable moment, value)`` pairs in order of time; nothing for fewer than two."""
    points = [
        (at.timestamp(), float(value))
        for text, value in trend
        if abs(value) < _LARGEST and (at := moments.parse(text)) is not None
    ]
    if len(points) < 2:
        return SafeString("")
    first, last = points[0][0], points[-1][0]
    low, high = min(v for _t, v in points), max(v for _t, v in points)

    def x(time: float) -> float:
        return _EDGE + (_WIDTH - 2 * _EDGE) * ((time - first) / (last - first) if last > first else 0.5)

    def y(value: float) -> float:
        return _EDGE + (_HEIGHT - 2 * _EDGE) * ((high - value) / (high - low) if high > low else 0.5)

    path = " ".join(f"{x(time):.1f},{y(value):.1f}" for time, value in points)
    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" aria-hidden="true"><polyline points="{}"/>'
        '<circle cx="{}" cy="{}" r="2.5"/></svg>',
        _WIDTH,
        _HEIGHT,
        path,
        f"{x(last):.1f}",
        f"{y(points[-1][1]):.1f}",
    )
