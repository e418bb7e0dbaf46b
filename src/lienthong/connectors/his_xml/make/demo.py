"""The files of the demo province: what the hospitals' systems export from 12 January to 16 February 2025."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random

from lienthong.connectors.his_xml.envelope import NORMAL, MadeDossier, Style, envelope
from lienthong.connectors.his_xml.make.dossiers import (
    Incoming,
    Site,
    finish,
    incoming_for,
    make_episode,
    make_person,
)
from lienthong.connectors.his_xml.make.episode import Episode, add_service, stamp
from lienthong.connectors.his_xml.make.exports import batch_name
from lienthong.connectors.his_xml.make.history import person_visits
from lienthong.connectors.his_xml.make.people import People
from lienthong.connectors.his_xml.make.scenario import draw, scenarios
from lienthong.foundation.clock import VIETNAM

FIRST_DAY = date(2025, 1, 12)
DAYS = 36
HUB_HOSPITAL = "01929"
EVENING = time(23, 45, tzinfo=VIETNAM)
RESENT_AFTER = timedelta(days=3)
HISTORY_VISITS = 24
REGULAR_SENT_ON = 19
BACK_HOME = 8


@dataclass(frozen=True, slots=True)
class Export:
    """A file as the HIS drops it: name within the folder, bytes, moment (aware, Viet Nam's time)."""

    name: str
    data: bytes
    moment: datetime


@dataclass(frozen=True, slots=True)
class Expected:
    """What a site must count after it has read everything.

    Attributes:
        dossiers: distinct readable dossiers (facility and MA_LK).
        versions: readable dossiers with those sent again.
        transfers: distinct dossiers sent on to 01929.
        refused: dossiers, and whole files that cannot be read.
    """

    files: int
    dossiers: int
    versions: int
    transfers: int
    refused: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a sending site fills the five weeks; ``bad`` days are counted from 0."""

    ordinary: int
    transfers: int
    first_person: int
    resent_days: tuple[int, ...]
    damaged_days: tuple[int, ...] = ()
    wrong_encoding_days: tuple[int, ...] = ()
    doctype_days: tuple[int, ...] = ()
    history: int = 0
    """Earlier visits of one regular patient, who is then among the transferred."""


_PLANS = {
    "24011": _Plan(
        ordinary=430,
        transfers=262,
        first_person=0,
        resent_days=(2, 5, 9, 14, 20, 27),
        damaged_days=(6, 22),
        wrong_encoding_days=(11,),
        history=HISTORY_VISITS,
    ),
    "24004": _Plan(
        ordinary=110,
        transfers=42,
        first_person=300_000,
        resent_days=(4, 17),
        doctype_days=(13,),
    ),
}
_HUB_ORDINARY = 28


@dataclass(slots=True)
class Demo:
    """The demo province.

    Attributes:
        expected: facility to what it must count.
    """

    seed: int
    expected: dict[str, Expected] = field(default_factory=dict)

    def exports(self, facility: str) -> Iterator[Export]:
        """The files of a facility in order of time; made anew at every call, always the same."""
        if facility == HUB_HOSPITAL:
            return _receiver(self.seed)
        return _sender(self.seed, facility)


def demo_exports(seed: int) -> Demo:
    """The demo of a seed: 304 transfers from 24011 and 24004 to 01929, and its own visits."""
    demo = Demo(seed)
    for facility, plan in _PLANS.items():
        bad_files = len(plan.wrong_encoding_days) + len(plan.doctype_days)
        dossiers = plan.ordinary + plan.transfers + plan.history
        singles = sum(1 for number in range(plan.transfers) if number % 3)
        demo.expected[facility] = Expected(
            files=DAYS + singles + len(plan.resent_days) + bad_files + (1 if plan.history else 0),
            dossiers=dossiers,
            versions=dossiers + len(plan.resent_days),
            transfers=plan.transfers,
            refused=len(plan.damaged_days) + bad_files,
        )
    count = _HUB_ORDINARY + BACK_HOME
    demo.expected[HUB_HOSPITAL] = Expected(-(-count // 12), count, count, 0, 0)
    return demo


def _day_numbers(total: int, day: int) -> range:
    return range(total * day // DAYS, total * (day + 1) // DAYS)


class _Sender:
    """Draws the episodes of one sending site, day by day."""

    def __init__(self, seed: int, facility: str) -> None:
        self.facility = facility
        self.plan = _PLANS[facility]
        self.rng = Random(f"demo {seed} {facility}")  # noqa: S311
        self.site = Site(facility, f"demo {seed}")
        self.people = People(f"demo {seed}", facility, self.plan.first_person)
        self.regular = self.people.make(self.rng, (61, 66), "2", FIRST_DAY) if self.plan.history else None

    def episode(self, day: date, send: bool) -> Episode:
        scenario = draw(self.rng, self.facility, send)
        person = make_person(self.people, scenario, self.rng, day)
        incoming = None if scenario.newborn else incoming_for(person, self.facility, self.rng, day.year)
        send_to = HUB_HOSPITAL if send else ""
        return make_episode(self.site, person, scenario, day, self.rng, send_to=send_to, incoming=incoming)

    def transfers(self, number_of_day: int) -> list[Episode]:
        day = FIRST_DAY + timedelta(days=number_of_day)
        episodes = []
        for position, _ in enumerate(_day_numbers(self.plan.transfers, number_of_day)):
            if self.regular and number_of_day == REGULAR_SENT_ON and position == 0:
                scenario = scenarios()["suy_tim"]
                episodes.append(
                    make_episode(self.site, self.regular, scenario, day, self.rng, send_to=HUB_HOSPITAL)
                )
            else:
                episodes.append(self.episode(day, True))
        return episodes

    def history(self) -> list[MadeDossier]:
        """The regular patient's earlier visits, exported together before the exchange began."""
        if self.regular is None:
            return []
        first, last = date(2023, 2, 20), FIRST_DAY - timedelta(days=3)
        count = self.plan.history
        return list(person_visits(self.site, self.regular, count, first, last, self.rng, None))


def _pending_culture(episode: Episode) -> None:
    """A blood culture without result yet."""
    ordered = episode.arrived + timedelta(minutes=25)
    begun = ordered + timedelta(minutes=8)
    row = add_service(episode, "cay_mau", ordered, begun, begun, episode.staff.laboratory[0])
    row["NGAY_KQ"] = ""


def _culture_result(episode: Episode) -> None:
    """The result that came after the patient had left (Decision 3176: the dossier is sent again)."""
    row = episode.services[-1]
    row["NGAY_KQ"] = stamp(episode.left + timedelta(days=2, hours=3))
    episode.results.append(
        {
            "MA_LK": episode.ma_lk,
            "STT": str(len(episode.results) + 1),
            "MA_DICH_VU": row["MA_DICH_VU"],
            "MA_CHI_SO": "CAYMAU",
            "TEN_CHI_SO": "Cấy máu",
            "GIA_TRI": "Mọc Klebsiella pneumoniae, nhạy Meropenem, Amikacin; kháng Ceftriaxon",
            "NGAY_KQ": row["NGAY_KQ"],
            "MA_BS_DOC_KQ": episode.staff.laboratory[0].code(episode.edition),
        }
    )


def _damaged(dossier: MadeDossier) -> MadeDossier:
    """Cut off in the middle, as after a full disk."""
    text = dossier.tables["XML1"]
    dossier.documents = [("XML1", text[: len(text) // 2]), *dossier.documents[1:]]
    return dossier


def _sender(seed: int, facility: str) -> Iterator[Export]:
    maker = _Sender(seed, facility)
    plan = maker.plan
    sent = 0
    late: list[Export] = []
    transfers_of = [maker.transfers(day) for day in range(DAYS)]
    if plan.history:
        moment = datetime.combine(FIRST_DAY, time(6, 30, tzinfo=VIETNAM))
        yield Export(batch_name(moment), envelope(maker.history(), moment.date()), moment)
    for number in range(DAYS):
        day = FIRST_DAY + timedelta(days=number)
        evening = datetime.combine(day, EVENING)
        today: list[Export] = []
        batch = []
        for position, episode in enumerate(transfers_of[number]):
            again = number in plan.resent_days and position == 0
            if again:
                _pending_culture(episode)
            dossier = finish(episode)
            if sent % 3:
                moment = dossier.discharged + timedelta(minutes=20)
                today.append(Export(f"{dossier.ma_lk}.xml", envelope([dossier], day), moment))
            else:
                batch.append(dossier)
            sent += 1
            if again:
                _culture_result(episode)
                moment = evening + RESENT_AFTER - timedelta(hours=13)
                name = f"{dossier.ma_lk}_bosung.xml"
                late.append(Export(name, envelope([finish(episode)], moment.date()), moment))
        batch += [finish(maker.episode(day, False)) for _ in _day_numbers(plan.ordinary, number)]
        if number in plan.damaged_days:
            batch.insert(len(batch) // 2, _damaged(finish(maker.episode(day, False))))
        for style, days in (
            (Style(content="cdata", encoding="windows-1258"), plan.wrong_encoding_days),
            (Style(doctype=True), plan.doctype_days),
        ):
            if number in days:
                moment = evening - timedelta(hours=6)
                bad = [finish(maker.episode(day, False))]
                today.append(Export(f"{bad[0].ma_lk}_cu.xml", envelope(bad, day, style=style), moment))
        today.append(Export(batch_name(evening), envelope(batch, day, style=_usual(number)), evening))
        due = [export for export in late if export.moment <= evening]
        late = [export for export in late if export.moment > evening]
        yield from sorted(today + due, key=lambda export: (export.moment, export.name))
    yield from late


def _usual(number: int) -> Style:
    """Exports vary a little from day to day, as systems and their versions do."""
    return (NORMAL, NORMAL, Style(bom=True), Style(content="wrapped"), Style(shuffled=True))[number % 5]


def _receiver(seed: int) -> Iterator[Export]:
    """Bạch Mai: its own patients, and some who were sent there and went home."""
    rng = Random(f"demo {seed} {HUB_HOSPITAL}")  # noqa: S311
    site = Site(HUB_HOSPITAL, f"demo {seed}")
    people = People(f"demo {seed}", HUB_HOSPITAL, 600_000)
    episodes = []
    for number in range(_HUB_ORDINARY):
        day = FIRST_DAY + timedelta(days=number * DAYS // _HUB_ORDINARY)
        scenario = draw(rng, HUB_HOSPITAL, False)
        person = make_person(people, scenario, rng, day)
        episodes.append(make_episode(site, person, scenario, day, rng))
    maker = _Sender(seed, "24011")
    for episode in [episode for day in range(3) for episode in maker.transfers(day)][1:][:BACK_HOME]:
        day = episode.left.date() + timedelta(days=rng.randint(6, 14))
        slip = Incoming(episode.facility, episode.slip_out)
        arrived = episode.left + timedelta(hours=2)
        stay = scenarios()[episode.scenario.id]
        episodes.append(make_episode(site, episode.person, stay, day, rng, incoming=slip, not_before=arrived))
    dossiers = sorted((finish(episode) for episode in episodes), key=lambda d: (d.discharged, d.ma_lk))
    for start in range(0, len(dossiers), 12):
        group = dossiers[start : start + 12]
        moment = datetime.combine(group[-1].discharged.date(), EVENING)
        yield Export(batch_name(moment), envelope(group, moment.date()), moment)
