"""The schematic map: areas that fit together, every unit drawn once, told by shape and words."""

from __future__ import annotations

import csv
from collections import Counter
from importlib import resources
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from django.utils import translation

from lienthong.web.board.drawing import Area, Spot, draw, plan

AREAS = plan().areas


def _edges(area: Area) -> list[frozenset[tuple[int, int]]]:
    ring = [*area.outline, area.outline[0]]
    return [frozenset(pair) for pair in pairwise(ring)]


def _size(area: Area) -> float:
    ring = [*area.outline, area.outline[0]]
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairwise(ring))) / 2


def _holds(area: Area, x: float, y: float) -> bool:
    ring = [*area.outline, area.outline[0]]
    crossed = 0
    for (ax, ay), (bx, by) in pairwise(ring):
        if (ay > y) != (by > y) and x < ax + (bx - ax) * (y - ay) / (by - ay):
            crossed += 1
    return crossed % 2 == 1


def _units() -> list[str]:
    text = resources.files("lienthong.facilities").joinpath("data", "facilities.csv").read_text("utf-8")
    return [row["code"] for row in csv.DictReader(text.splitlines()) if row["in_province"] == "yes"]


def _spots(codes: list[str]) -> list[Spot]:
    kinds = ["ok", "warn", "bad", "wait"]
    return [
        Spot(code, f"Unit {code}", kinds[n % 4], "word", f"Unit {code}: why", f"/board/units/{code}")
        for n, code in enumerate(codes)
    ]


def test_areas_share_their_borders_without_gap_or_overlap() -> None:
    counted = Counter(edge for area in AREAS for edge in _edges(area))
    assert set(counted.values()) <= {1, 2}
    outer = [edge for edge, times in counted.items() if times == 1]
    ends = Counter(corner for edge in outer for corner in edge)
    assert set(ends.values()) == {2}, "the province has one closed border"
    left = set(outer)
    ring = [next(iter(outer[0]))]
    while left:
        edge = next((one for one in left if ring[-1] in one), None)
        assert edge is not None, "the border falls into pieces"
        left.discard(edge)
        ring.append(next(corner for corner in edge if corner != ring[-1]))
    whole = Area("", "", None, (0, 0), tuple(ring[:-1]))
    assert _size(whole) == pytest.approx(sum(_size(area) for area in AREAS))


def test_every_label_stands_in_its_own_area() -> None:
    for area in AREAS:
        assert [one.name_vi for one in AREAS if _holds(one, *area.label)] == [area.name_vi]


@pytest.mark.parametrize(
    ("west", "east"),
    [
        ("Hiệp Hòa", "Tân Yên"),
        ("Việt Yên", "TP Bắc Giang"),
        ("Tân Yên", "Lạng Giang"),
        ("Lạng Giang", "Lục Nam"),
        ("Lục Nam", "Chũ"),
        ("Chũ", "Lục Ngạn"),
        ("Lục Ngạn", "Sơn Động"),
    ],
)
def test_neighbours_are_neighbours(west: str, east: str) -> None:
    found = {area.name_vi: area for area in AREAS}
    assert set(_edges(found[west])) & set(_edges(found[east]))
    assert found[west].label[0] <= found[east].label[0] + 1


def test_ten_areas_and_the_seventeen_units_each_once() -> None:
    units = _units()
    assert len(AREAS) == 10
    drawn = [area.unit for area in AREAS if area.unit] + list(plan().city)
    assert sorted(drawn) == sorted(units)
    with translation.override("en"):
        picture = ElementTree.fromstring(draw(_spots(units), title="The province"))
    links = picture.findall(".//{*}a") or picture.findall(".//a")
    assert len(links) == len(units) == 17
    assert sorted(str(link.get("href")) for link in links) == sorted(f"/board/units/{c}" for c in units)
    for link in links:
        texts = ["".join(one.itertext()) for one in link.iter() if one.tag.endswith("text")]
        assert len(texts) == 2
        assert "".join(next(iter(link)).itertext()).startswith(f"{texts[0]} {texts[1]}: Unit ")


def test_a_unit_that_the_map_does_not_know_is_added_to_the_box() -> None:
    text = draw(_spots(["NEW-1", "24011"]), title="The province")
    assert "Unit NEW-1: why" in text
    assert text.count("<a ") == 2


def test_names_are_escaped() -> None:
    spot = Spot("X", "<b>", "ok", "<i>", '"><script>', "/x")
    text = draw([spot], title="<u>")
    assert "<script>" not in text
    assert "<i>" not in text
    assert "<u>" not in text
