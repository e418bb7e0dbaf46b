"""Invented people: names by ethnic group, sex and generation, numbers by the rules of their issuers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from random import Random
from typing import Any

from lienthong.connectors.his_xml.make.lists import Weighted, code_list, load
from lienthong.foundation.ids import stable_id

MERGER = date(2025, 7, 1)
"""From this day: no districts, Bắc Giang is part of the province Bắc Ninh (Resolution 202/2025/QH15)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person lives, in both administrative editions."""

    hamlet: str
    commune: str
    commune_code: str
    district: str
    district_code: str
    province: str
    province_code: str
    new_commune: str
    new_commune_code: str
    new_province: str

    def address(self, day: date) -> str:
        if day >= MERGER:
            return f"{self.hamlet}, {_lower_first(self.new_commune)}, {_lower_first(self.new_province)}"
        parts = (self.commune, self.district, self.province)
        return ", ".join((self.hamlet, *(_lower_first(part) for part in parts)))

    def codes(self, day: date) -> tuple[str, str, str]:
        """Province, district, commune code on that day; the district is empty after the merger."""
        if day >= MERGER:
            return self.province_code, "", self.new_commune_code
        return self.province_code, self.district_code, self.commune_code


@dataclass(slots=True)
class Person:
    """One invented patient.

    Attributes:
        sex: 1 male, 2 female.
        born: with the real time for newborns only.
        year_only: only the year of birth is known.
        card_group: first three characters of the insurance card, empty without insurance.
        registered: facility of primary registration.
        record_numbers: facility to the patient's number there (MA_BN).
    """

    name: str
    sex: str
    born: datetime
    year_only: bool
    citizen_number: str
    social_number: str
    ethnic: str
    occupation: str
    place: Place
    phone: str
    card_group: str
    registered: str
    weight: float
    height: int
    blood: str
    employer: str
    father: str = ""
    mother: str = ""
    temporary_card: str = ""
    record_numbers: dict[str, str] = field(default_factory=dict)

    def age(self, day: date) -> int:
        return day.year - self.born.year

    def birth(self) -> str:
        if self.year_only:
            return f"{self.born.year}00000000"
        return self.born.strftime("%Y%m%d%H%M")

    def card(self) -> str:
        if self.temporary_card:
            return self.temporary_card
        return self.card_group + "24" + self.social_number if self.card_group else ""


def citizen_number(province: str, sex: str, year: int, serial: int) -> str:
    """12 digits: province of birth, sex and century, year, six digits (Decree 137/2015/ND-CP, article 13)."""
    century = (year - 1900) // 100 * 2 + (sex == "2")
    return f"0{province}{century}{year % 100:02d}{serial % 1_000_000:06d}"


class People:
    """Makes people who share no number with each other.

    Args:
        seed: the same seed gives the same people in the same order.
        facility: whose catchment area they live in.
        first: those of one seed share no number as long as their places (below 1,000,000) differ.
    """

    def __init__(self, seed: str, facility: str, first: int = 0) -> None:
        self._start = int(stable_id("people", seed)[:8], 16) % 1_000_000
        self._made = first
        profiles = load("places.json")["facilities"]
        self.facility = facility
        self._profile = profiles.get(facility) or profiles["24011"]
        self._districts = Weighted(self._profile["districts"])

    def _serial(self) -> int:
        self._made += 1
        return (self._start + self._made * 387_421) % 1_000_000

    def make(self, rng: Random, age: tuple[int, int], sex: str, day: date) -> Person:
        """A person of that age in years on ``day``; ``sex`` 1, 2 or empty for either."""
        sex = sex or ("1" if rng.random() < 0.5 else "2")
        years = rng.randint(*age)
        born = datetime(day.year - years, 1, 1) + timedelta(days=rng.randrange(365))  # noqa: DTZ001
        if born.date() >= day:
            born = datetime(day.year, day.month, 1) - timedelta(days=20 + rng.randrange(300))  # noqa: DTZ001
        district = self._districts.draw(rng)
        ethnic = _ethnic(district).draw(rng)
        place = _place(rng, self._profile["province"], district)
        serial = self._serial()
        occupation, group, employer = _work(rng, years, district, ethnic)
        child = years < 16
        weight, height = _body(rng, years, sex)
        young = day.year - years >= 1980
        surname = surnames(ethnic).draw(rng)
        return Person(
            name=f"{surname} {given_names(rng, sex, young)}".upper(),
            sex=sex,
            born=born,
            year_only=years > 72 and rng.random() < 0.12,
            citizen_number=citizen_number(_birth_province(rng, self._profile), sex, born.year, serial),
            social_number=f"24{(serial * 97 + 20_000_003) % 100_000_000:08d}",
            ethnic=ethnic,
            occupation=occupation,
            place=place,
            phone=f"09000{rng.randrange(100_000):05d}" if rng.random() < 0.93 else "",
            card_group=group,
            registered=self._registered(rng, district),
            weight=weight,
            height=height,
            blood=rng.choice(("O+", "O+", "O+", "B+", "B+", "A+", "A+", "AB+")) if rng.random() < 0.3 else "",
            employer=employer,
            father=f"{surname} {given_names(rng, '1', True)}".upper() if child else "",
            mother=f"{surnames(ethnic).draw(rng)} {given_names(rng, '2', True)}".upper() if child else "",
        )

    def newborn(self, rng: Random, born: datetime) -> Person:
        """A baby of known hour, without own citizen number, under the mother's name (Decision 3176, XML1)."""
        baby = self.make(rng, (0, 0), "", born.date())
        baby.born, baby.citizen_number = born, ""
        baby.mother = f"{surnames(baby.ethnic).draw(rng)} {given_names(rng, '2', True)}".upper()
        baby.name = baby.mother
        baby.weight, baby.height, baby.blood = round(rng.uniform(1.5, 2.3), 2), rng.randint(41, 46), ""
        baby.temporary_card = "TE124" + baby.social_number
        baby.registered = "24000"
        return baby

    def _registered(self, rng: Random, district: str) -> str:
        near = str(self._profile["from"].get(district, self.facility))
        return self.facility if rng.random() < 0.35 else near


def _lower_first(text: str) -> str:
    for word in ("Xã", "Phường", "Thị trấn", "Huyện", "Thành phố", "Thị Xã", "Thị xã", "Tỉnh", "Quận"):
        if text.startswith(word + " "):
            return word.lower() + text[len(word) :]
    return text


@cache
def _ethnic(district: str) -> Weighted:
    lists = load("places.json")["ethnic"]
    return Weighted(lists.get(district, lists["*"]))


@cache
def surnames(ethnic: str) -> Weighted:
    return Weighted(load("names.json")["surnames"][ethnic])


@cache
def _words(kind: str, sex: str, age: str) -> Weighted:
    return Weighted(load("names.json")[f"{kind}_{'male' if sex == '1' else 'female'}"][age])


def given_names(rng: Random, sex: str, young: bool) -> str:
    age = "young" if young else "old"
    middle = _words("middle", sex, age).draw(rng)
    given = _words("given", sex, age).draw(rng)
    while given == middle:
        given = _words("given", sex, age).draw(rng)
    return f"{middle} {given}"


@cache
def _communes(province: str, district: str) -> tuple[dict[str, str], ...]:
    rows = code_list("admin_units_2024_three_level.csv")
    return tuple(r for r in rows if r["province_code"] == province and r["district_code"] == district)


@cache
def _new_communes(province: str, district_name: str) -> tuple[tuple[str, str], ...]:
    if province == "24":
        return tuple(
            (row["commune_code"], row["commune_name_2026"])
            for row in code_list("admin_province24_2026_with_origin.csv")
            if row["district_before_merge"] == district_name
        )
    rows = code_list("admin_units_2026_two_level.csv")
    return tuple((r["commune_code"], r["commune_name"]) for r in rows if r["province_code"] == province)


@cache
def _hamlets() -> dict[str, list[str]]:
    names = load("names.json")
    return {key: list(names[key]) for key in ("hamlets", "upland_hamlets", "street_groups")}


def _place(rng: Random, province: str, district: str) -> Place:
    row = rng.choice(_communes(province, district))
    new_code, new_name = rng.choice(_new_communes(province, row["district_name"]))
    if not row["commune_name"].startswith("Xã"):
        kind = "street_groups"
    else:
        kind = "upland_hamlets" if district in ("219", "220", "215") else "hamlets"
    return Place(
        hamlet=rng.choice(_hamlets()[kind]),
        commune=row["commune_name"],
        commune_code=row["commune_code"],
        district=row["district_name"],
        district_code=district,
        province=row["province_name"],
        province_code=province,
        new_commune=new_name,
        new_commune_code=new_code,
        new_province="Tỉnh Bắc Ninh" if province == "24" else row["province_name"],
    )


def _birth_province(rng: Random, profile: dict[str, Any]) -> str:
    return (
        str(profile["province"]) if rng.random() < 0.9 else rng.choice(("20", "27", "19", "22", "01", "30"))
    )


_FACTORY = ("213", "222", "221", "223", "217")


def _work(rng: Random, years: int, district: str, ethnic: str) -> tuple[str, str, str]:
    """Occupation (level 2), first three characters of the card (empty 3 %), employer."""
    if years < 6:
        return "00", "TE1", ""
    if rng.random() < 0.03:
        return ("63" if years >= 18 else "00"), "", ""
    upland = district in ("219", "220", "215")
    if upland and ethnic != "01" and rng.random() < 0.7:
        return ("63" if 16 <= years < 75 else "00"), rng.choice(("DT2", "DT2", "DT2", "HN2", "CN3")), ""
    if years < 18:
        return "00", "HS4", ""
    if years < 23 and rng.random() < 0.3:
        return "00", "SV4", ""
    if years >= 80:
        return "00", rng.choice(("BT2", "BT2", "HT3")), ""
    if years >= 61:
        return (
            ("00", "HT3", "") if rng.random() < 0.4 else ("63", rng.choice(("GD4", "GD4", "CN3", "CB2")), "")
        )
    if rng.random() < (0.45 if district in _FACTORY else 0.12):
        employers = load("names.json")["employers"]
        return rng.choice(("81", "82", "75", "33", "41", "83")), "DN4", rng.choice(employers)
    if rng.random() < 0.1:
        return rng.choice(("23", "22", "14", "36")), "HC4", "Trường Tiểu học Ví Dụ"
    return rng.choice(("63", "61", "71", "52", "63")), rng.choice(("GD4", "GD4", "GD4", "HN2", "CN3")), ""


def _body(rng: Random, years: int, sex: str) -> tuple[float, int]:
    """Weight in kg and height in cm."""
    if years == 0:
        return round(rng.uniform(5.5, 9.0), 1), rng.randint(60, 74)
    if years < 16:
        return round(8.5 + years * 2.4 + rng.uniform(-1.5, 3), 1), round(75 + years * 6 + rng.uniform(-3, 3))
    height = rng.gauss(164, 5.5) if sex == "1" else rng.gauss(154, 5)
    return round(max(36.0, (height / 100) ** 2 * rng.gauss(21.6, 2.4)), 1), round(height)
