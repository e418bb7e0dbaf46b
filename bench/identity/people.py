"""The people of the invented province, household by household."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Final

from bench.identity import names
from bench.identity.places import Commune, communes
from bench.identity.rates import rate

FIRST_DAY: Final = date(2022, 1, 1).toordinal()
LAST_DAY: Final = date(2026, 10, 31).toordinal()
_THIS_YEAR: Final = 2026
_VILLAGE_NAMES: Final = (
    "Đông Tây Nam Bắc Trung Thượng Hạ Chùa Đình Giữa Mới Cầu Chợ Đồng Rừng Núi Ngòi Hồ Bến Làng Tân Lập Hòa"
)
_VILLAGES: Final = _VILLAGE_NAMES.split()
_MOBILE: Final = (
    "032 033 034 035 036 037 038 039 086 096 097 098 070 076 077 078 081 082 083 084 085 088 091 094"
)
_PREFIXES: Final = _MOBILE.split()
_GROUPS: Final = ("TE", "HS", "GD", "DN", "HT")


@dataclass(slots=True)
class Home:
    """Where a household lives, and from when; its shared phone."""

    commune: Commune
    village: str
    since: int = 0


@dataclass(slots=True)
class Person:
    """A person as the papers would have it if nobody ever mistyped.

    Attributes:
        number: unique in the population: the label that accuracy is measured with; ``household`` likewise.
        birth: day of birth (ordinal); ``papers`` what the identity card says, ``card`` what the insurance card says.
        citizen: 12 digits; ``old_card`` the 9 digits of before ``changed`` (ordinal; 0 for nobody who had one).
        insurance: 10 digits; ``group`` the first letters of the card.
        phones: ``(number, first day)`` in order; empty for those who have none of their own.
        mother, father: of a child of this household.
    """

    number: int
    household: int
    words: list[str]
    female: bool
    birth: int
    papers: date
    card: date
    citizen: str
    old_card: str
    changed: int
    insurance: str
    group: str
    phones: list[tuple[str, int]]
    homes: list[Home]
    foreign: bool = False
    mother: Person | None = None
    father: Person | None = None
    others: list[Person] = field(default_factory=list, repr=False)

    def age(self, day: int) -> int:
        return (day - self.birth) // 365

    def home(self, day: int) -> Home:
        return next((home for home in reversed(self.homes) if home.since <= day), self.homes[0])

    def phone(self, day: int) -> str:
        return next((phone for phone, since in reversed(self.phones) if since <= day), "")


class Population:
    """Households without end, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(f"lienthong population {seed}")  # noqa: S311 - invented people
        self._count = self._households = 0
        self._insurance = 0
        self._given = set[str]()
        self._places = communes()
        by_district: dict[int, list[Commune]] = {}
        for one in self._places:
            by_district.setdefault(one.district, []).append(one)
        self.neighbours = by_district
        roll = self.chance.random
        self._clans = {one.code: [names.surname(roll()) for _ in range(3)] for one in self._places}

    def households(self) -> Iterator[list[Person]]:
        while True:
            household = self._household()
            for person in household:
                person.others = [other for other in household if other is not person]
            yield household

    def _household(self) -> list[Person]:
        roll = self.chance.random
        homes = self._homes()
        self._households += 1
        self._insurance = self.chance.randrange(100_000_000, 9_999_000_000)
        if roll() < rate("foreigner") * 3:
            return [self._foreigner(homes)]
        family, kind = names.surname(roll()), roll()
        if roll() < rate("clan"):
            family = self._clans[homes[0].commune.code][int(roll() * 3)]
        if kind < 0.10:
            return [self._adult(names.surname(roll()), roll() < 0.5, int(18 + roll() * 50), homes)]
        age = int(62 + roll() * 28) if kind < 0.24 else int(23 + roll() * 40)
        father = self._adult(family, False, age, homes)
        mother = self._adult(names.surname(roll()), True, max(19, int(age - 6 + roll() * 9)), homes)
        couple = [father, mother] if kind > 0.30 else [mother]
        household = list(couple)
        if kind >= 0.24:
            household += self._children(family, father if father in couple else None, mother, homes)
        if kind > 0.80 and age < 50:
            eldest = age + 21 + int(roll() * 9)
            household.append(self._adult(names.surname(roll()), True, eldest, homes))
            if roll() < 0.6:
                household.append(self._adult(family, False, eldest + int(roll() * 5), homes))
        return household

    def _children(
        self, family: str, father: Person | None, mother: Person, homes: list[Home]
    ) -> list[Person]:
        roll, children = self.chance.random, list[Person]()
        age = mother.age(LAST_DAY) - 20 - int(roll() * 7)
        wanted = (0, 1, 2, 2, 2, 3)[int(roll() * 6)]
        while age >= 0 and len(children) < wanted:
            if age < 33:
                birth = self._birth(age)
                twins = roll() < rate("twins")
                for _ in range(2 if twins else 1):
                    before = children[-1] if twins and children and children[-1].birth == birth else None
                    children.append(self._child(family, father, mother, birth, before, homes))
            age -= 2 + int(roll() * 5)
        return children

    def _child(
        self,
        family: str,
        father: Person | None,
        mother: Person,
        birth: int,
        twin: Person | None,
        homes: list[Home],
    ) -> Person:
        roll = self.chance.random
        female = roll() < 0.475 if twin is None or roll() < 0.35 else twin.female
        words = names.words(family, female, date.fromordinal(birth).year, roll)
        if twin is not None and twin.female == female:
            words = [
                *twin.words[:-1],
                _similar(twin.words[-1], female, roll()) if roll() < 0.25 else words[-1],
            ]
        parent = mother if female else father
        if parent is not None and roll() < rate("alike-child"):
            given = _similar(parent.words[-1], female, roll())
            words = [*parent.words[:-1], given] if parent.words[0] == family else [*words[:-1], given]
        if twin is not None and words == twin.words:
            words = [*words[:-1], "An" if words[-1] != "An" else "Bình"]
        child = self._person(words, female, birth, homes)
        child.mother, child.father = mother, father
        if twin is not None:
            following = f"{int(twin.citizen) + 1:012d}"
            if roll() < 0.7 and following not in self._given:
                child.citizen = following
                self._given.add(following)
            child.insurance = f"{(int(twin.insurance) + 1) % 10**10:010d}"
        return child

    def _adult(self, family: str, female: bool, age: int, homes: list[Home]) -> Person:
        birth = self._birth(age)
        words = names.words(family, female, date.fromordinal(birth).year, self.chance.random)
        return self._person(words, female, birth, homes)

    def _foreigner(self, homes: list[Home]) -> Person:
        pick, roll = self.chance.choice, self.chance.random
        words = [pick(names.FOREIGN_SURNAMES), pick(names.FOREIGN_GIVEN)]
        person = self._person(words, roll() < 0.3, self._birth(int(22 + roll() * 30)), homes)
        letter = "EGM"[int(roll() * 3)]
        person.foreign, person.old_card = True, f"{letter}{self.chance.randrange(10**7, 10**8)}"
        person.citizen, person.changed = f"{letter}{self.chance.randrange(10**7, 10**8)}", FIRST_DAY
        if roll() < 0.2:
            person.changed = self.chance.randrange(FIRST_DAY, LAST_DAY)
        return person

    def _person(self, words: list[str], female: bool, birth: int, homes: list[Home]) -> Person:
        roll, day = self.chance.random, date.fromordinal(birth)
        papers = day.replace(month=1, day=1) if day.year < 1960 and roll() < rate("first-of-january") else day
        card = papers
        if roll() < rate("other-papers"):
            card = date.fromordinal(papers.toordinal() + int(roll() * 800) - 400)
        self._count += 1
        self._insurance += 1 if roll() < 0.6 else 1 + self.chance.randrange(40_000_000)
        age = _THIS_YEAR - day.year
        province = "024" if roll() < 0.84 else f"{self.chance.randrange(1, 97):03d}"
        citizen = self._unused(f"{province}{2 * (day.year >= 2000) + female}{papers.year % 100:02d}")
        had_old = day.year < 2006
        group = _GROUPS[
            0 if age < 6 else 1 if age < 18 else 4 if age > 60 and roll() < 0.4 else 2 + (roll() < 0.4)
        ]
        return Person(
            number=self._count,
            household=self._households,
            words=words,
            female=female,
            birth=birth,
            papers=papers,
            card=card,
            citizen=citizen,
            old_card=f"12{int(roll() * 10**7):07d}" if had_old else "",
            changed=FIRST_DAY - 365 + int(roll() ** 2 * 1400) if had_old else 0,
            insurance=f"{self._insurance % 10**10:010d}",
            group=group,
            phones=self._phones(age),
            homes=homes,
        )

    def _unused(self, start: str) -> str:
        """A citizen number that nobody has yet."""
        while (number := f"{start}{int(self.chance.random() * 10**6):06d}") in self._given:
            pass
        self._given.add(number)
        return number

    def _phones(self, age: int) -> list[tuple[str, int]]:
        roll = self.chance.random
        if age < 14 or (age > 72 and roll() < 0.6):
            return []
        phones = [(self._phone(), 0)]
        while len(phones) < 4 and roll() < rate("phone-changed") * 4.8:
            phones.append(
                (self._phone(), max(phones[-1][1], int(FIRST_DAY + roll() * (LAST_DAY - FIRST_DAY))))
            )
        return phones

    def _phone(self) -> str:
        return (
            f"{_PREFIXES[int(self.chance.random() * len(_PREFIXES))]}{int(self.chance.random() * 10**7):07d}"
        )

    def _homes(self) -> list[Home]:
        homes = [self._home(0)]
        if self.chance.random() < rate("moved") * 4.8:
            homes.append(self._home(self.chance.randrange(FIRST_DAY, LAST_DAY)))
        return homes

    def _home(self, since: int) -> Home:
        roll = self.chance.random
        commune = self._places[int(roll() * len(self._places))]
        kind = "Tổ dân phố" if commune.name.startswith(("Phường", "Thị trấn")) else "Thôn"
        return Home(commune, f"{kind} {_VILLAGES[int(roll() * len(_VILLAGES))]}", since)

    def _birth(self, age: int) -> int:
        return date(_THIS_YEAR - age, 1, 1).toordinal() + int(
            self.chance.random() * (303 if age == 0 else 365)
        )


def _similar(word: str, female: bool, number: float) -> str:
    near = _near(word, female)
    return near[int(number * len(near))] if near else word


@cache
def _near(word: str, female: bool) -> tuple[str, ...]:
    return tuple(names.alike(word, names.GIVEN[female]))
