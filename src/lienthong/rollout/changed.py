"""What changed in the province between two days, in sentences; nothing here asks the database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.formats import number_format
from django.utils.translation import get_language, npgettext, pgettext, pgettext_lazy

from lienthong.rollout import facts, lights
from lienthong.rollout.facts import Key
from lienthong.rollout.lights import Light
from lienthong.rollout.overview import Overview, Standing
from lienthong.rollout.units import Unit

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

FEW = 3
"""From so many units on, first figures of one kind are told in one sentence."""
SINGLE = 5
"""Up to so many units are named when their lights change in the same way."""
_FIRST = ("his_level", "emr", "emr_state", "hosting", "line_down", "line_up")
"""Facts that are told before the others."""
_HELD = ("line_measured_on", "name", "name_en")
"""Facts that say nothing by themselves: they come with others."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One thing that changed; ``unit`` is empty where it is about several; ``source``: the part of the board."""

    words: str
    source: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Sentences of one kind, the most important first."""

    title: StrOrPromise
    sentences: tuple[Sentence, ...]


def groups(before: Overview, after: Overview) -> list[Group]:
    """What changed from one day to another, kinds without a change left out."""
    pairs = _pairs(before, after)
    told = (
        (pgettext_lazy("changed", "Units"), list(_units(before, after))),
        (pgettext_lazy("changed", "Lights"), list(_lights(pairs))),
        (pgettext_lazy("changed", "Proven by traffic"), list(_rungs(before, after))),
        (pgettext_lazy("changed", "Security reviews"), list(_reviews(pairs))),
        (pgettext_lazy("changed", "Tasks"), list(_tasks(before, after))),
        (pgettext_lazy("changed", "Declared"), list(_declared(before, after))),
    )
    return [Group(title, tuple(found)) for title, found in told if found]


def _units(before: Overview, after: Overview) -> Iterator[Sentence]:
    old, new = ({one.unit.code: one.unit for one in side.standings} for side in (before, after))
    for code, unit in new.items():
        if code not in old:
            yield Sentence(pgettext("changed", "New unit: %(unit)s") % {"unit": name(unit)}, "unit", code)
    for code, unit in old.items():
        if code not in new:
            text = pgettext("changed", "No longer a unit of its own: %(unit)s")
            yield Sentence(text % {"unit": name(unit)}, "unit", code)


def _pairs(before: Overview, after: Overview) -> list[tuple[Standing, Standing]]:
    earlier = {one.unit.code: one for one in before.standings}
    return [(earlier[one.unit.code], one) for one in after.standings if one.unit.code in earlier]


def _lights(pairs: list[tuple[Standing, Standing]]) -> Iterator[Sentence]:
    moved: dict[tuple[Light, Light], list[Unit]] = {}
    for old, new in pairs:
        if old.light != new.light:
            moved.setdefault((new.light, old.light), []).append(new.unit)
    for (new_light, old_light), units in sorted(
        moved.items(), key=lambda item: [lights.ORDER.index(light) for light in item[0]]
    ):
        words = f"{lights.WORDS[old_light]} → {lights.WORDS[new_light]}"
        if len(units) > SINGLE:
            text = npgettext("changed", "%(n)d unit: %(words)s", "%(n)d units: %(words)s", len(units))
            yield Sentence(text % {"n": len(units), "words": words}, "unit")
        else:
            for unit in units:
                yield Sentence(f"{name(unit)}: {words}", "unit", unit.code)


def _rungs(before: Overview, after: Overview) -> Iterator[Sentence]:
    for standing in after.standings:
        code = standing.unit.code
        held = before.rungs.get(code, {})
        for key, rung in after.rungs.get(code, {}).items():
            if key not in held and rung.at is not None:
                yield Sentence(f"{name(standing.unit)}: {rung.label}", "ladder", code)


def _reviews(pairs: list[tuple[Standing, Standing]]) -> Iterator[Sentence]:
    for old, new in pairs:
        if old.seen.review != new.seen.review:
            text = {
                "passed": pgettext("province", "%(unit)s: security level approved"),
                "failed": pgettext("province", "%(unit)s: security review not passed"),
                "under-way": pgettext("province", "%(unit)s: security review begun"),
                "none": pgettext("province", "%(unit)s: the security review was withdrawn"),
            }[new.seen.review]
            yield Sentence(text % {"unit": name(new.unit)}, "security", new.unit.code)


def _tasks(before: Overview, after: Overview) -> Iterator[Sentence]:
    units = {one.unit.code: name(one.unit) for one in after.standings}
    for number, item in after.plan.items.items():
        old = before.plan.items.get(number)
        about = {"number": number, "title": item.task.words}
        if item.done and not (old and old.done):
            text = pgettext("province", "Done: %(number)s, %(title)s")
        elif item.late and not item.done and not (old and old.late):
            text = pgettext("province", "Overdue: %(number)s, %(title)s")
        elif old is None:
            text = pgettext("province", "New: %(number)s, %(title)s")
        else:
            continue
        unit = units.get(item.task.unit, "")
        yield Sentence(f"{unit}: {text % about}" if unit else text % about, "plan", item.task.unit)


def _declared(before: Overview, after: Overview) -> Iterator[Sentence]:
    others = [name for name in facts.KEYS if name not in (*_FIRST, *_HELD)]
    for key in (facts.KEYS[name] for name in (*_FIRST, *others)):
        moved = [
            (one.unit, before.facts.get((one.unit.code, key.name)), fact)
            for one in after.standings
            if (fact := after.facts.get((one.unit.code, key.name)))
            and (before.facts.get((one.unit.code, key.name)) or fact).value != fact.value
        ]
        fresh = [
            (one.unit, fact)
            for one in after.standings
            if (fact := after.facts.get((one.unit.code, key.name)))
            and (one.unit.code, key.name) not in before.facts
        ]
        if key.summed and len(moved) >= FEW:
            yield _summed(key, before, after, len(moved))
        else:
            for unit, old, new in moved:
                was = shown(key, old.value) if old else ""
                yield Sentence(
                    f"{name(unit)}: {key.label} {was} → {shown(key, new.value)}", "facts", unit.code
                )
        if len(fresh) >= FEW:
            text = npgettext(
                "province",
                "%(what)s: first figures of %(n)d unit",
                "%(what)s: first figures of %(n)d units",
                len(fresh),
            )
            yield Sentence(text % {"what": key.label, "n": len(fresh)}, "facts")
        else:
            for unit, fact in fresh:
                yield Sentence(f"{name(unit)}: {key.label} {shown(key, fact.value)}", "facts", unit.code)


def _summed(key: Key, before: Overview, after: Overview, count: int) -> Sentence:
    text = npgettext(
        "province",
        "%(what)s: %(old)s → %(new)s (%(n)d unit)",
        "%(what)s: %(old)s → %(new)s (%(n)d units)",
        count,
    )
    old, new = (shown(key, str(total(key.name, one)[0])) for one in (before, after))
    return Sentence(text % {"what": key.label, "old": old, "new": new, "n": count}, "facts")


def total(key: str, overview: Overview) -> tuple[int, int, date | None]:
    """Sum of a number over the units that told it, how many did, and the newest day it is of."""
    told = [f for one in overview.standings if (f := overview.facts.get((one.unit.code, key)))]
    return sum(int(f.value) for f in told), len(told), max((f.valid_from for f in told), default=None)


def name(unit: Unit) -> str:
    """The unit's name in the language of the page."""
    return unit.name_en if get_language() == "en" else unit.name


def shown(key: Key, value: str) -> str:
    """A fact's value for people."""
    if key.kind == "number":
        return str(number_format(int(value), 0, force_grouping=True))
    if key.kind == "decimal":
        places = -int(Decimal(value).as_tuple().exponent)
        return f"{number_format(Decimal(value), max(0, places))} {key.unit}"
    if key.kind == "day":
        return date.fromisoformat(value).strftime("%d/%m/%Y")
    return key.words(value)
