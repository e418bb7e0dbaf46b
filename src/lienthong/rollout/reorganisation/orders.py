"""Reorganisations ordered by law, shipped as data: an officer looks at what one changes and applies it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources

from lienthong.access.audit import Actor
from lienthong.foundation import json
from lienthong.rollout import changes, facts, units


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact that an order brings; ``confidence`` A (official), B (published) or C (to be confirmed)."""

    unit: str
    key: str
    value: str
    since: date
    confidence: str
    source: str

    @property
    def confirmed(self) -> bool:
        return self.confidence != "C"


@dataclass(frozen=True, slots=True)
class Order:
    """A reorganisation: what it is in both languages, from which day, after which document."""

    id: str
    day: date
    title_vi: str
    title_en: str
    source: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """An entry beside what is known now."""

    entry: Entry
    before: str

    @property
    def done(self) -> bool:
        return self.before == self.entry.value


@lru_cache(maxsize=1)
def known() -> tuple[Order, ...]:
    """The orders of ``data/reorganisation.json``; ``unit`` may be ``*`` or ``kind:…``, see :func:`steps`."""
    text = resources.files("lienthong.rollout").joinpath("data/reorganisation.json").read_text("utf-8")
    return tuple(
        Order(
            row["id"],
            date.fromisoformat(row["day"]),
            row["title_vi"],
            row["title_en"],
            row["source"],
            tuple(
                Entry(
                    one["unit"],
                    one["key"],
                    one["value"],
                    date.fromisoformat(one.get("since", row["day"])),
                    one["confidence"],
                    one.get("source", row["source"]),
                )
                for one in row["facts"]
            ),
        )
        for row in json.loads(text)
    )


def order(id: str) -> Order | None:
    """The order with that name."""
    return next((one for one in known() if one.id == id), None)


def steps(wanted: Order) -> list[Step]:
    """What the order changes, unit by unit, beside what is known of that day."""
    found = [
        Entry(unit, one.key, one.value, one.since, one.confidence, one.source)
        for one in wanted.entries
        for unit in _meant(one, wanted.day)
    ]
    held = {day: facts.values(day) for day in {one.since for one in found}}
    return [
        Step(one, fact.value if (fact := held[one.since].get((one.unit, one.key))) else "") for one in found
    ]


def apply(wanted: Order, by: Actor, *, page: str = "") -> str:
    """Enters the order's facts in one batch and gives its id; empty when all are known already."""
    with changes.batch(by, "units", why=wanted.title_vi, page=page) as batch:
        for step in steps(wanted):
            if not step.done:
                one = step.entry
                facts.put(
                    batch, one.unit, one.key, one.value, one.since, source=one.source, confirmed=one.confirmed
                )
        return batch.id if batch.changes else ""


def _meant(entry: Entry, day: date) -> list[str]:
    """The units of an entry: one by code, ``*`` for all, or those of a kind."""
    if entry.unit == "*" or entry.unit.startswith("kind:"):
        kind = entry.unit.removeprefix("kind:")
        before = date.fromordinal(day.toordinal() - 1)
        return [unit.code for unit in units.listing(before) if entry.unit == "*" or unit.kind == kind]
    return [entry.unit]
