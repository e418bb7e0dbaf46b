"""A strip of hours: one row for each day, one square for each hour, darker the more came. SVG, with a table beside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from lienthong.rollout.feeds.usual import Usual, day_start
from lienthong.rollout.feeds.words import number

LEVELS = 5
_LEFT, _TOP, _SIDE, _STEP = 54, 22, 17, 19
_WIDTH = _LEFT + 24 * _STEP + 4
_MISSED = 3.0
"""An hour that usually brings so many and brought none is crossed."""


@dataclass(frozen=True, slots=True)
class Square:
    """One hour: what came (None where it is not known), and whether something usual is missing."""

    hour: datetime
    count: int | None
    missed: bool


def squares(
    days: Sequence[date],
    hours: Mapping[datetime, int],
    known: tuple[datetime, datetime],
    learned: Usual | None,
) -> dict[date, list[Square]]:
    """Every hour of some days.

    Args:
        known: from when to when it is known what came.
    """
    found: dict[date, list[Square]] = {}
    for day in days:
        row = []
        for place in range(24):
            begin = day_start(day) + timedelta(hours=place)
            ends = begin + timedelta(hours=1)
            count = hours.get(begin)
            if count is None and begin >= known[0] and ends <= known[1]:
                count = 0
            usual = learned.of_hour(begin) if learned else 0.0
            row.append(Square(begin, count, count == 0 and usual >= _MISSED))
        found[day] = row
    return found


def strip(rows: Mapping[date, Sequence[Square]], title: str, items: str) -> SafeString:
    """The squares as a picture, with a table of the days."""
    most = max((one.count or 0 for row in rows.values() for one in row), default=0)
    shapes: list[SafeString] = []
    for line, (day, row) in enumerate(rows.items()):
        y = _TOP + line * _STEP
        shapes.append(
            format_html(
                '<text class="axis" x="{}" y="{}" text-anchor="end">{}</text>',
                _LEFT - 6,
                y + 13,
                day.strftime("%d/%m"),
            )
        )
        shapes += [_square(place, y, one, most, items) for place, one in enumerate(row)]
    heads = format_html_join(
        "",
        '<text class="axis" x="{}" y="15">{}</text>',
        ((_LEFT + place * _STEP + 2, f"{place}h") for place in range(0, 24, 3)),
    )
    height = _TOP + len(rows) * _STEP + 2
    return format_html(
        '<figure class="chart heat"><figcaption>{}</figcaption><svg viewBox="0 0 {} {}" role="img"'
        ' aria-label="{}">{}{}</svg>{}'
        "<details><summary>{}</summary>{}</details></figure>",
        title,
        _WIDTH,
        height,
        title,
        heads,
        SafeString("".join(shapes)),
        _legend(most),
        _("As a table"),
        _table(rows, title, items),
    )


def _square(place: int, y: int, one: Square, most: int, items: str) -> SafeString:
    x = _LEFT + place * _STEP
    words = pgettext("feed", "not known") if one.count is None else f"{number(one.count)} {items}"
    level = "none" if one.count is None else str(level_of(one.count, most))
    drawn = format_html(
        '<rect class="heat-{}" x="{}" y="{}" width="{}" height="{}"><title>{}: {}</title></rect>',
        level,
        x,
        y,
        _SIDE,
        _SIDE,
        one.hour.strftime("%H:00 %d/%m/%Y"),
        words,
    )
    if not one.missed:
        return drawn
    ends = (x + 5, y + 5, x + _SIDE - 5, y + _SIDE - 5)
    return drawn + format_html(
        '<path class="heat-missed" d="M{} {}L{} {}M{} {}L{} {}"/>', *ends, *_other(ends)
    )


def _other(ends: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    return ends[2], ends[1], ends[0], ends[3]


def level_of(count: int, most: int) -> int:
    """0 for nothing, else 1 to 5, each a fifth of the way to the most, by the root so that few still show."""
    if not count or not most:
        return 0
    return max(1, math.ceil(LEVELS * math.sqrt(count / most)))


def _legend(most: int) -> SafeString:
    steps = format_html_join(
        "", '<span class="heat-key heat-key-{}"></span>', ((level,) for level in range(LEVELS + 1))
    )
    return format_html(
        '<p class="small heat-legend">0 {} {} · <span class="heat-key heat-key-none"></span> {} ·'
        ' <b aria-hidden="true">×</b> {}</p>',
        steps,
        number(most),
        pgettext("feed", "not known"),
        _("nothing came though something usually does"),
    )


def _table(rows: Mapping[date, Sequence[Square]], title: str, items: str) -> SafeString:
    lines = []
    for day, row in rows.items():
        known = [one.count for one in row if one.count is not None]
        busy = [f"{one.hour:%H}h ({number(one.count)})" for one in row if one.count]
        missed = [f"{one.hour:%H}h" for one in row if one.missed]
        total = number(sum(known)) if known else pgettext("feed", "not known")
        lines.append((day.strftime("%d/%m/%Y"), total, ", ".join(busy) or "–", ", ".join(missed) or "–"))
    return format_html(
        '<div class="scroll" tabindex="0" role="region" aria-label="{}"><table class="plain"><caption>{}</caption>'
        '<thead><tr><th scope="col">{}</th>'
        '<th scope="col" class="number">{}</th><th scope="col">{}</th><th scope="col">{}</th></tr></thead>'
        "<tbody>{}</tbody></table></div>",
        title,
        title,
        _("Day"),
        items,
        pgettext("feed", "By hour"),
        _("Missing hours"),
        format_html_join("", '<tr><td>{}</td><td class="number">{}</td><td>{}</td><td>{}</td></tr>', lines),
    )
