"""Who leads or takes part: organisations by code, with the name of a day; facilities by the directory's names."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from django.utils.translation import get_language

from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.rollout import units

BETWEEN = ";"
"""Stands between the partners of a task."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation under one name, from one day to another."""

    code: str
    name_vi: str
    name_en: str
    valid_from: date
    valid_to: date | None
    source: str
    confidence: str


@cache
def known() -> tuple[Organisation, ...]:
    """The shipped list, in order."""
    text = files("lienthong.rollout.plan").joinpath("data/organisations.csv").read_text("utf-8")
    return tuple(
        Organisation(
            row["code"],
            row["name_vi"],
            row["name_en"],
            date.fromisoformat(row["valid_from"]),
            date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            row["source"],
            row["confidence"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def name(code: str, on: date | None = None) -> str:
    """What a code is called on a day (today if none is given), in the language of the page; a free text stays."""
    day = on or clock.today()
    named = [one for one in known() if one.code == code]
    if not named:
        return directory.name(code, day)
    valid = [one for one in named if one.valid_from <= day and (one.valid_to is None or day <= one.valid_to)]
    chosen = (valid or named)[-1]
    return chosen.name_en if get_language() == "en" else chosen.name_vi


def names(codes: str, on: date | None = None) -> str:
    """The names of several, as ``partners`` keeps them."""
    return ", ".join(name(code.strip(), on) for code in codes.split(BETWEEN) if code.strip())


def choices(on: date | None = None) -> list[tuple[str, str]]:
    """Code and name of everybody who may lead on a day: the Department, other bodies, the units."""
    day = on or clock.today()
    bodies = [one.code for one in known() if one.valid_to is None or day <= one.valid_to]
    bodies = list(dict.fromkeys(["SYT-24", *bodies]))
    return [(code, name(code, day)) for code in bodies] + [
        (unit.code, name(unit.code, day)) for unit in units.listing(day)
    ]
