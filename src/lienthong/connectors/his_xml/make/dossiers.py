"""Making dossiers: one site's counters, one episode, its documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from lienthong.connectors.his_xml.dossier import Edition
from lienthong.connectors.his_xml.envelope import MadeDossier
from lienthong.connectors.his_xml.layout import document
from lienthong.connectors.his_xml.make import papers, programmes
from lienthong.connectors.his_xml.make.clinic import treat
from lienthong.connectors.his_xml.make.episode import Episode
from lienthong.connectors.his_xml.make.lists import icd_names, load
from lienthong.connectors.his_xml.make.people import People, Person
from lienthong.connectors.his_xml.make.scenario import Scenario, draw
from lienthong.connectors.his_xml.make.staff import staff
from lienthong.foundation.clock import VIETNAM
from lienthong.foundation.ids import stable_id

BENEFIT = {"1": 100, "2": 100, "3": 95, "4": 80, "5": 100}


@dataclass(frozen=True, slots=True)
class Incoming:
    """A transfer that brought the patient: facility and slip number."""

    facility: str
    slip: str


class Site:
    """A facility's counters; the same seed counts the same."""

    def __init__(self, facility: str, seed: str) -> None:
        self.facility = facility
        self._base = int(stable_id("site", facility, seed)[:8], 16) % 8_000_000 + 1_000_000
        self._visits = 0
        self._slips: dict[int, int] = {}
        self._first_slip = int(stable_id("slips", facility, seed)[:4], 16) % 700 + 1

    def visit(self, day: datetime) -> tuple[str, str]:
        """MA_LK and record number of the next visit."""
        self._visits += 1
        number = self._base + self._visits
        return f"{day:%y%m%d}{number}", f"{day:%y}.{number % 1_000_000:06d}"

    def patient(self) -> str:
        return f"BN{self._base * 3 % 1_000_000:06d}{self._visits:05d}"

    def slip(self, day: datetime) -> tuple[str, str]:
        """Slip number and number in the transfer register."""
        number = self._slips.get(day.year, self._first_slip) + 1
        self._slips[day.year] = number
        return f"{number:05d}/{day.year}/PCCSKBCB", f"{number}/{day:%y}"


def edition_on(day: date, rng: Random) -> Edition:
    """The edition usual on a day: 4750 from 2024-07-01, both in early 2025, then 3176."""
    if day < date(2024, 7, 1):
        return "130"
    if day < date(2025, 1, 1):
        return "4750"
    if day < date(2025, 4, 1):
        return "3176" if rng.random() < 0.55 else "4750"
    return "3176"


def _times(
    scenario: Scenario, day: date, send: bool, rng: Random
) -> tuple[datetime, datetime | None, datetime]:
    """Arrival, admission, end."""
    if not scenario.inpatient:
        arrived = datetime.combine(day, time(7, 0)) + timedelta(minutes=rng.randrange(420))
        usual = (115, 175) if scenario.panels or scenario.imaging else (25, 60)
        stay = timedelta(minutes=rng.randint(*(scenario.minutes if any(scenario.minutes) else usual)))
        return arrived, None, arrived + stay
    nights = rng.randint(*(scenario.before_transfer if send else scenario.stay))
    first = day - timedelta(days=nights)
    if nights == 0:
        arrived = datetime.combine(first, time(5, 30)) + timedelta(minutes=rng.randrange(660))
        admitted = arrived + timedelta(minutes=rng.randint(15, 40))
        return arrived, admitted, arrived + timedelta(minutes=rng.randint(270, 400))
    hours = (2, 5, 7, 7, 8, 8, 8, 9, 9, 10, 10, 13, 14, 15, 16, 18, 20)
    arrived = datetime.combine(first, time(rng.choice(hours), rng.randrange(60)))
    admitted = arrived + timedelta(minutes=rng.randint(20, 95))
    left = datetime.combine(
        day, time(rng.randint(10, 21) if send else rng.randint(10, 16), rng.randrange(60))
    )
    return arrived, admitted, left


def _category(
    scenario: Scenario, person: Person, facility: str, incoming: Incoming | None, rng: Random
) -> str:
    if not person.card():
        return "9"
    if scenario.newborn:
        return "1.7"
    if incoming:
        return "1.3"
    if scenario.inpatient and rng.random() < 0.6:
        return "2"
    return "1.1" if person.registered == facility else "2" if scenario.inpatient else "1.5"


def _diagnoses(scenario: Scenario, rng: Random) -> tuple[tuple[str, ...], str]:
    some = [code for code in scenario.comorbid if rng.random() < 0.45][:4]
    codes = tuple(dict.fromkeys((scenario.main, *scenario.always, *some)))
    names = icd_names()
    return codes, "; ".join((scenario.final, *(names[code] for code in codes[1:])))


def make_person(people: People, scenario: Scenario, rng: Random, day: date) -> Person:
    """A patient for whom the scenario is plausible."""
    if scenario.newborn:
        hour = timedelta(hours=rng.randint(1, 22), minutes=rng.randrange(60))
        return people.newborn(rng, datetime.combine(day - timedelta(days=1), time()) + hour)
    return people.make(rng, scenario.age, scenario.sex, day)


def make_episode(
    site: Site,
    person: Person,
    scenario: Scenario,
    day: date,
    rng: Random,
    *,
    edition: Edition | None = None,
    send_to: str = "",
    incoming: Incoming | None = None,
    not_before: datetime | None = None,
) -> Episode:
    """An episode that ends on ``day`` with everything ordered, found, given and written.

    Args:
        not_before: the patient cannot have arrived earlier (end of the stay before).
    """
    arrived, admitted, left = _times(scenario, day, bool(send_to), rng)
    earliest = person.born + timedelta(minutes=20) if scenario.newborn else not_before
    if earliest and arrived < earliest:
        admitted = admitted and max(admitted, earliest + timedelta(minutes=30))
        arrived = earliest
        left = max(left, earliest + timedelta(hours=6))
    edition = edition or edition_on(left.date(), rng)
    ma_lk, record = site.visit(arrived)
    person.record_numbers.setdefault(site.facility, site.patient())
    slip, register = site.slip(left) if send_to else ("", "")
    codes, text = _diagnoses(scenario, rng)
    members = staff(site.facility)
    doctors = members.doctors[scenario.dept]
    card = person.card()
    episode = Episode(
        rng=rng,
        facility=site.facility,
        edition=edition,
        scenario=scenario,
        person=person,
        staff=members,
        doctor=rng.choice(doctors),
        chief=doctors[2],
        ma_lk=ma_lk,
        record_number=record,
        arrived=arrived,
        admitted=admitted,
        left=left,
        days=(left.date() - (admitted or arrived).date()).days,
        diagnoses=codes,
        diagnosis_text=text,
        category=_category(scenario, person, site.facility, incoming, rng),
        benefit=BENEFIT[card[2]] if card else 0,
        ill_days=rng.randint(*scenario.since),
        came_from=incoming.facility if incoming else "",
        slip_in=incoming.slip if incoming else "",
        send_to=send_to,
        slip_out=slip,
        register=register,
    )
    treat(episode)
    return episode


def finish(episode: Episode) -> MadeDossier:
    """The documents of an episode; the same again when it is finished twice."""
    episode.rng = Random(episode.ma_lk)  # noqa: S311
    edition, scenario = episode.edition, episode.scenario
    leave = scenario.papers
    slip = bool(episode.send_to) and edition != "130"
    rows = [
        ("XML1", [papers.summary(episode)]),
        ("XML2", episode.drugs),
        ("XML3", episode.services),
        ("XML4", episode.results),
        ("XML5", episode.course),
        ("XML6", [programmes.hiv(episode)] if "XML6" in leave else []),
        ("XML7", [papers.discharge_paper(episode)] if scenario.inpatient and not episode.send_to else []),
        ("XML8", [papers.record_summary(episode)] if scenario.inpatient else []),
        ("XML9", [papers.birth_certificate(episode)] if "XML9" in leave and not episode.send_to else []),
        ("XML10", [papers.pregnancy_leave(episode)] if "XML10" in leave and not episode.send_to else []),
        ("XML11", [papers.sick_leave(episode)] if "XML11" in leave and episode.person.employer else []),
        ("XML13", [papers.transfer_slip(episode)] if slip else []),
    ]
    documents = [(name, document(name, edition, table)) for name, table in rows if table]
    if edition != "130":
        documents += [
            ("XML14", document("XML14", edition, [row])) for row in papers.appointment_slips(episode)
        ]
        if "XML15" in leave:
            documents.append(("XML15", document("XML15", edition, [programmes.tuberculosis(episode)])))
    return MadeDossier(
        facility=episode.facility,
        ma_lk=episode.ma_lk,
        edition=edition,
        documents=documents,
        is_transfer=bool(episode.send_to),
        discharged=episode.left.replace(tzinfo=VIETNAM),
    )


def incoming_for(person: Person, facility: str, rng: Random, year: int) -> Incoming | None:
    """A slip from the district's own centre, for some of those who live where another facility is near."""
    near = load("places.json")["facilities"].get(facility, {}).get("from", {}).get(person.place.district_code)
    if not near or near == facility or not person.card() or rng.random() < 0.5:
        return None
    return Incoming(near, f"{rng.randint(1, 2400):05d}/{year}/PCCSKBCB")


def make_dossiers(
    count: int,
    seed: int,
    *,
    facility: str = "24011",
    start: date,
    end: date,
    edition: Edition | None = None,
    transfers: int = 0,
    destination: str = "01929",
) -> Iterator[MadeDossier]:
    """Invented dossiers of one facility in order of discharge.

    Args:
        start, end: first and last day of discharge.
        edition: None for what is usual on the day.
        transfers: how many of ``count`` are sent on to ``destination``.
    """
    rng = Random(f"{seed} {facility}")  # noqa: S311
    site, people = Site(facility, str(seed)), People(f"{seed} {facility}", facility)
    sent = set(rng.sample(range(count), transfers))
    span = (end - start).days + 1
    for number in range(count):
        day = start + timedelta(days=number * span // count)
        send = number in sent
        scenario = draw(rng, facility, send)
        person = make_person(people, scenario, rng, day)
        incoming = None if scenario.newborn else incoming_for(person, facility, rng, day.year)
        send_to = destination if send else ""
        yield finish(
            make_episode(
                site, person, scenario, day, rng, edition=edition, send_to=send_to, incoming=incoming
            )
        )
