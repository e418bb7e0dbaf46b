"""The schematic map of the province, drawn on the server: a shape, a name and words for every unit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, npgettext

_FILE = Path(__file__).with_name("data") / "province.json"
_GAP, _ROW, _COLUMNS, _HEAD = 16, 50, 3, 26
_SHAPES = {
    "ok": '<circle class="shape" cx="{x}" cy="{y}" r="6.5"/>',
    "wait": '<circle class="shape ring" cx="{x}" cy="{y}" r="5.5"/>',
    "warn": '<path class="shape" d="M{x} {top}l7.5 13h-15z"/>',
    "bad": '<rect class="shape" x="{left}" y="{top}" width="12" height="12"/>',
}
"""As the tags of the pages: disc, ring, triangle, square."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A unit on the map.

    Attributes:
        kind: ``ok``, ``wait``, ``warn`` or ``bad``: the shape, as in the tags of the pages.
        word: the state in a word or two, shown below the name.
        words: full name and reason, for pointing and for screen readers, after name and state.
    """

    code: str
    name: str
    kind: str
    word: str
    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Area:
    """A district-level area: its unit's code, "" for the city with its box, None where no unit bears its name."""

    name_vi: str
    name_en: str
    unit: str | None
    label: tuple[int, int]
    outline: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The data of the map: areas on a grid of ``width`` by ``height``; short names of the units in the city's box."""

    width: int
    height: int
    areas: tuple[Area, ...]
    city: Mapping[str, Mapping[str, str]]


@cache
def plan() -> Plan:
    """The data of the map, from ``data/province.json``."""
    told = json.loads(_FILE.read_text("utf-8"))
    corners = {name: (x, y) for name, (x, y) in told["corners"].items()}
    areas = tuple(
        Area(
            one["name_vi"],
            one["name_en"],
            one["unit"],
            (one["label"][0], one["label"][1]),
            tuple(corners[name] for name in one["outline"]),
        )
        for one in told["areas"]
    )
    city = {one["unit"]: {"vi": one["name_vi"], "en": one["name_en"]} for one in told["city"]}
    return Plan(told["width"], told["height"], areas, city)


def draw(spots: Sequence[Spot], *, title: str) -> SafeString:
    """The map as SVG.

    Args:
        spots: the units of the day, each drawn once: in the area that bears its name, or in the box of the city.
        title: what the map shows, in a sentence; read by screen readers.
    """
    drawn = plan()
    language = "en" if get_language() == "en" else "vi"
    found = {spot.code: spot for spot in spots}
    placed = {area.unit for area in drawn.areas if area.unit}
    order = list(drawn.city)
    boxed = sorted(
        (spot for spot in spots if spot.code not in placed),
        key=lambda spot: (order.index(spot.code) if spot.code in order else len(order), spot.name),
    )
    areas = [_area(area, found.get(area.unit or ""), boxed, language) for area in drawn.areas]
    rows = -(-len(boxed) // _COLUMNS)
    height = drawn.height + _GAP + _HEAD + rows * _ROW + 6
    shapes = SafeString("".join(areas)) + _box(boxed, drawn, height, language)
    return format_html(
        '<svg class="province" viewBox="0 0 {} {}" role="group" aria-label="{}">{}{}</svg>',
        drawn.width,
        height,
        title,
        _PATTERNS,
        shapes,
    )


_PATTERNS = SafeString(
    '<defs><pattern id="hatch-warn" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<path class="hatch" d="M0 0v9"/></pattern>'
    '<pattern id="hatch-bad" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<path class="hatch" d="M0 0v7M0 0h7"/></pattern></defs>'
)


def _area(area: Area, spot: Spot | None, boxed: Sequence[Spot], language: str) -> SafeString:
    name = area.name_en if language == "en" else area.name_vi
    path = _path(area.outline)
    x, y = area.label
    if area.unit == "":
        return format_html(
            '<g class="area city"><path class="ground" d="{}"/><text class="name" x="{}" y="{}">{}</text>{}</g>',
            path,
            x,
            y - 4,
            name,
            _many(boxed, x, y + 14),
        )
    if spot is None:
        return format_html(
            '<g class="area empty"><path class="ground" d="{}"/><text class="name" x="{}" y="{}">{}</text></g>',
            path,
            x,
            y + 5,
            name,
        )
    inside = format_html(
        '<path class="ground" d="{path}"/><path class="over" d="{path}"/>{shape}'
        '<text class="name" x="{x}" y="{y}">{name}</text><text class="word" x="{x}" y="{below}">{word}</text>',
        path=path,
        shape=_shape(spot.kind, x, y - 18),
        x=x,
        y=y + 5,
        name=name,
        below=y + 21,
        word=spot.word,
    )
    return _link(spot, "area", name, inside)


def _box(boxed: Sequence[Spot], drawn: Plan, height: int, language: str) -> SafeString:
    top = drawn.height + _GAP
    wide = (drawn.width - 4) / _COLUMNS
    cells = []
    for place, spot in enumerate(boxed):
        row, column = divmod(place, _COLUMNS)
        x, y = round(2 + column * wide), top + _HEAD + row * _ROW
        name = drawn.city[spot.code][language] if spot.code in drawn.city else spot.name
        inside = format_html(
            '<rect class="ground" x="{x}" y="{y}" width="{w}" height="{h}" rx="4"/>'
            '<rect class="over" x="{x}" y="{y}" width="{w}" height="{h}" rx="4"/>{shape}'
            '<text class="name start" x="{tx}" y="{first}">{name}</text>'
            '<text class="word start" x="{tx}" y="{second}">{word}</text>',
            x=x + 2,
            y=y,
            w=round(wide) - 4,
            h=_ROW - 5,
            shape=_shape(spot.kind, x + 15, y + 22),
            tx=x + 27,
            first=y + 20,
            name=name,
            second=y + 37,
            word=spot.word,
        )
        cells.append(_link(spot, "cell", name, inside))
    words = npgettext(
        "province",
        "The city and the provincial hospitals: %(n)d unit",
        "The city and the provincial hospitals: %(n)d units",
        len(boxed),
    ) % {"n": len(boxed)}
    return format_html(
        '<path class="lead" d="M222 {}V{}"/><rect class="box" x="1" y="{}" width="{}" height="{}" rx="6"/>'
        '<text class="head" x="8" y="{}">{}</text>{}',
        drawn.height - 6,
        top,
        top,
        drawn.width - 2,
        height - top - 1,
        top + 18,
        words,
        SafeString("".join(cells)),
    )


def _link(spot: Spot, place: str, name: str, inside: SafeString) -> SafeString:
    told = f"{name} {spot.word}: {spot.words}"
    return format_html(
        '<a class="{} {}" href="{}"><title>{}</title>{}</a>',
        place,
        spot.kind,
        spot.url,
        told,
        inside,
    )


def _many(spots: Sequence[Spot], x: int, y: int) -> SafeString:
    """The shapes of the units in the box, small, in rows of three; the box names them."""
    return format_html_join(
        "",
        '<g class="{}" aria-hidden="true">{}</g>',
        (
            (spot.kind, _shape(spot.kind, x - 22 + 22 * (place % 3), y + 20 * (place // 3)))
            for place, spot in enumerate(spots[:12])
        ),
    )


def _shape(kind: str, x: int, y: int) -> SafeString:
    return SafeString(_SHAPES[kind].format(x=x, y=y, left=x - 6, top=y - 6))


def _path(points: Sequence[tuple[int, int]]) -> str:
    return "M" + "L".join(f"{x} {y}" for x, y in points) + "Z"
