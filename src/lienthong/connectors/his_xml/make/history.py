"""One patient seen again and again: diabetes and hypertension over years."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from lienthong.connectors.his_xml.dossier import Edition
from lienthong.connectors.his_xml.envelope import MadeDossier
from lienthong.connectors.his_xml.make.dossiers import Site, finish, make_episode
from lienthong.connectors.his_xml.make.people import People, Person
from lienthong.connectors.his_xml.make.scenario import Scenario, scenarios

STAYS = ("viem_phoi", "tieu_chay", "suy_tim", "ban_chan_dai_thao_duong")
EVERY_STAY = 19


def _scenario(number: int, share: float) -> Scenario:
    """What the patient comes for at a visit; ``share`` of the years have passed."""
    if number % EVERY_STAY == EVERY_STAY - 1:
        return scenarios()[STAYS[number // EVERY_STAY % len(STAYS)]]
    base = scenarios()["dai_thao_duong" if number % 2 == 0 else "tang_huyet_ap"]
    sugar = 7.4 + 2.6 * share if share < 0.6 else 9.0 - 3.4 * (share - 0.6)
    creatinine = 78 + 62 * share**2
    values = dict(base.values)
    values |= {
        "GLU": [sugar * 1.15] * 2,
        "CREA": [creatinine] * 2,
        "URE": [5.1 + 5 * share**2] * 2,
    }
    if base.id == "dai_thao_duong":
        values |= {"A1C": [sugar] * 2, "U-PRO": ["1+", "1+"] if share > 0.5 else ["Âm tính", "Âm tính"]}
    always = ("I10", *(("N18.3",) if share > 0.75 else ())) if base.id == "dai_thao_duong" else ("E11.9",)
    return replace(base, values=values, always=always, comorbid=("E78.2",))


def person_visits(
    site: Site, person: Person, count: int, first: date, last: date, rng: Random, edition: Edition | None
) -> Iterator[MadeDossier]:
    """``count`` visits of a person between two days, in order."""
    step = (last - first).days / max(1, count - 1)
    free = None
    for number in range(count):
        share = number / max(1, count - 1)
        day = first + timedelta(days=round(number * step))
        if free and day <= free.date():
            day = free.date() + timedelta(days=1)
        scenario = _scenario(number, share)
        episode = make_episode(site, person, scenario, day, rng, edition=edition, not_before=free)
        free = episode.left + timedelta(hours=8)
        yield finish(episode)


def long_history(visits: int = 200, seed: int = 1, *, facility: str = "24011") -> Iterator[MadeDossier]:
    """The visits of one patient over twelve years, up to February 2025, in order."""
    rng = Random(f"history {seed}")  # noqa: S311
    last = date(2025, 2, 10)
    first = last - timedelta(days=12 * 365)
    person = People(f"history {seed}", facility).make(rng, (52, 58), "", first)
    site = Site(facility, f"history {seed}")
    yield from person_visits(site, person, visits, first, last, rng, None)
