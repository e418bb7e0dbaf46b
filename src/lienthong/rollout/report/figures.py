"""The figures of reports: each with value, previous period, difference, target and the units that are missing.

A figure is a whole number counted from :class:`~.material.Material`. What is not known stays unknown: a unit without a
value is named, and a figure of which no unit has a value is None.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, partial
from importlib import resources
from typing import TypeVar

from lienthong.foundation import json
from lienthong.rollout.report.material import Material, UnitRow

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Count:
    """A number, None when nothing is known.

    Attributes:
        missing: codes of the units whose part is missing in it.
        doubtful: whether something in it was confirmed by nobody.
    """

    value: int | None
    missing: tuple[str, ...] = ()
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """What should be reached: ``value`` by the day ``by`` (ISO 8601, may be empty), ordered by ``source``."""

    value: int
    by: str
    source: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Definition:
    """How a figure is made.

    Attributes:
        part: the part of the report it stands in, e.g. ``II.1``.
        vi, en: its name.
        unit: unit of measure (Vietnamese); ``đồng`` is written as money.
        how_vi, how_en: how it is computed, in one sentence.
        page: name of the board's page where its source is seen.
        of: counts it.
        brief: whether it stands in the summary table of the text.
        period: counted within the period, not as of its last day.
    """

    name: str
    part: str
    vi: str
    en: str
    unit: str
    how_vi: str
    how_en: str
    page: str
    of: Callable[[Material], Count]
    brief: bool = True
    period: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of one report. ``missing`` are names of units; ``difference`` is None where one side is not known."""

    name: str
    part: str
    vi: str
    en: str
    unit: str
    value: int | None
    previous: int | None
    difference: int | None
    target: Target | None
    missing: tuple[str, ...]
    doubtful: bool
    page: str
    brief: bool


def state(key: str, *wanted: str) -> Callable[[Material], Count]:
    """Counts the units of which a declared state is one of the wanted codes."""
    return partial(_states, key, wanted)


def _states(key: str, wanted: Sequence[str], material: Material) -> Count:
    found = _counted(material, lambda unit: unit.states.get(key), lambda code: code in wanted)
    return replace(found, doubtful=_doubtful(key, material))


def given(key: str) -> Callable[[Material], Count]:
    """Counts the units of which a state is known at all."""
    return partial(_given, key)


def _given(key: str, material: Material) -> Count:
    missing = tuple(unit.code for unit in material.units if key not in unit.states)
    known = len(material.units) - len(missing)
    return Count(known if known else None, missing, _doubtful(key, material))


def _counted(material: Material, of: Callable[[UnitRow], _T | None], wanted: Callable[[_T], bool]) -> Count:
    found = [(unit.code, of(unit)) for unit in material.units]
    known = [value for _, value in found if value is not None]
    missing = tuple(code for code, value in found if value is None)
    return Count(sum(map(wanted, known)) if known else None, missing)


def total(key: str) -> Callable[[Material], Count]:
    """Adds a declared number up; where units are missing, the total declared for the province stands for it."""
    return partial(_total, key)


def _total(key: str, material: Material) -> Count:
    missing = tuple(unit.code for unit in material.units if key not in unit.counts)
    known = [unit.counts[key] for unit in material.units if key in unit.counts]
    if key in material.declared and (missing or sum(known) == material.declared[key]):
        return Count(material.declared[key], missing)
    return Count(sum(known) if known else None, missing, _doubtful(key, material))


def _doubtful(key: str, material: Material) -> bool:
    return any(key in unit.unconfirmed for unit in material.units)


def exchanged(name: str) -> Callable[[Material], Count]:
    """Adds a column of the exchange up; unknown when it was not computed."""
    return partial(_exchanged, name)


def _exchanged(name: str, material: Material) -> Count:
    rows = material.exchange
    return Count(sum(int(getattr(row, name)) for row in rows) if rows else None)


def connected(material: Material) -> Count:
    """Counts the units of which any transfer was received; unknown when the exchange was not computed."""
    rows = material.exchange
    return Count(sum(1 for row in rows if row.received) if rows else None)


def security(*wanted: str) -> Callable[[Material], Count]:
    """Counts the units by the state of their last security review; without one a unit is counted as ``none``."""
    return partial(_security, wanted)


def _security(wanted: Sequence[str], material: Material) -> Count:
    return Count(sum(1 for unit in material.units if unit.security in wanted) if material.units else None)


def money(name: str) -> Callable[[Material], Count]:
    """A total of the province's money."""
    return partial(_money, name)


def _money(name: str, material: Material) -> Count:
    value: int | None = getattr(material.totals, name)
    return Count(value)


def tasks(*wanted: str) -> Callable[[Material], Count]:
    """Counts tasks by state; all without one."""
    return partial(_tasks, wanted)


def _tasks(wanted: Sequence[str], material: Material) -> Count:
    found = [task for task in material.tasks if not wanted or task.state in wanted]
    return Count(len(found) if material.tasks else None)


def units(material: Material) -> Count:
    """Counts the units."""
    return Count(len(material.units))


def level(group: str, *wanted: str) -> Callable[[Material], Count]:
    """Counts the units whose level of a group of Circular 54/2017 is one of the wanted."""
    return partial(_levels, group, wanted)


def _levels(group: str, wanted: Sequence[str], material: Material) -> Count:
    return _counted(material, lambda unit: unit.levels.get(group), lambda found: found in wanted)


def overall(wanted: int) -> Callable[[Material], Count]:
    """Counts the units of an overall level."""
    return partial(_overall, wanted)


def _overall(wanted: int, material: Material) -> Count:
    return _counted(material, lambda unit: unit.overall, lambda found: found == wanted)


def make(
    definitions: Sequence[Definition],
    material: Material,
    before: Mapping[str, int | None],
) -> tuple[Figure, ...]:
    """The figures of a report.

    Args:
        before: value of each figure in the previous report; unknown ones may be absent.
    """
    counts = {one.name: one.of(material) for one in definitions}
    found = []
    for one in definitions:
        value, previous = counts[one.name].value, before.get(one.name)
        found.append(
            Figure(
                one.name,
                one.part,
                one.vi,
                one.en,
                one.unit,
                value,
                previous,
                None if value is None or previous is None else value - previous,
                _target(one.name, counts, material.last),
                tuple(material.name(code) for code in counts[one.name].missing),
                counts[one.name].doubtful,
                one.page,
                one.brief,
            )
        )
    return tuple(found)


def values(definitions: Sequence[Definition], material: Material) -> dict[str, int | None]:
    """The bare value of each figure."""
    return {one.name: one.of(material).value for one in definitions}


def _target(name: str, counts: Mapping[str, Count], on: date) -> Target | None:
    for row in _targets():
        if row["figure"] == name and row["from"] <= on.isoformat() <= (row["to"] or "9999"):
            other = counts.get(row["value"])
            if other is not None and other.value is not None:
                return Target(other.value, row["by"] or "", row["source"], row["confidence"] != "C")
    return None


@cache
def _targets() -> tuple[dict[str, str], ...]:
    text = resources.files("lienthong.rollout").joinpath("data", "targets.json").read_bytes()
    return tuple(json.loads(text))
