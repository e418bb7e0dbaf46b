"""Registrations of an invented province: what seventeen units and the commune stations typed, and who it was."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import date
from enum import IntFlag, auto
from typing import Final, NamedTuple

from bench.identity.people import FIRST_DAY, LAST_DAY, Person, Population
from bench.identity.rates import rate
from lienthong.foundation.text import fold

UNITS: Final = 17
_MERGER: Final = date(2025, 7, 1).toordinal()
_OLD_CARDS_END: Final = date(2025, 1, 1).toordinal()
_OLD_SOFTWARE: Final = (5, 11)
_STATION_CARE: Final = 1.5
_LETTERS: Final = "abcdeghiklmnopqrstuvxy"


class Cause(IntFlag):
    """What went wrong, or is hard, in one registration."""

    TYPING = auto()
    MARKS = auto()
    TELEX = auto()
    LETTER_D = auto()
    ABBREVIATED = auto()
    ORDER = auto()
    NO_MIDDLE = auto()
    RENAMED = auto()
    YEAR_ONLY = auto()
    DAY_MONTH = auto()
    BIRTH_DIGIT = auto()
    OTHER_PAPERS = auto()
    SEX = auto()
    NO_CITIZEN = auto()
    OLD_CARD = auto()
    CITIZEN_DIGIT = auto()
    RELATIVE_NUMBER = auto()
    NO_INSURANCE = auto()
    INSURANCE_DIGIT = auto()
    RELATIVE_CARD = auto()
    NO_PHONE = auto()
    MOVED = auto()
    NEWBORN = auto()
    UNKNOWN = auto()
    FOREIGNER = auto()
    TWIN = auto()


class Registration(NamedTuple):
    """One registration, as text that somebody typed.

    Attributes:
        person: who it was: the label, never shown to a matcher; ``household`` likewise.
        day: ordinal day of the registration.
        facility, number: code of the facility, and the hospital number that it gave.
        birth: ``YYYY-MM-DD`` or ``YYYY``.
        sex: ``male``, ``female`` or ``unknown``.
        citizen: citizen number, old card or passport as typed; may be empty.
        insurance: card of 15 characters, 10 digits, or a citizen number; may be empty.
        commune: code of either edition; may be empty.
        causes: a ``Cause``.
    """

    person: int
    household: int
    day: int
    facility: str
    number: str
    name: str
    birth: str
    sex: str
    citizen: str
    insurance: str
    phone: str
    commune: str
    address: str
    causes: int


def registrations(seed: int, count: int) -> Iterator[Registration]:
    """``count`` registrations, those of a household one after the other; the same ones for the same seed."""
    population = Population(seed)
    desk = _Desk(population)
    made = 0
    for household in population.households():
        for person in household:
            for one in desk.of(person):
                yield one
                made += 1
                if made == count:
                    return


def arrivals(seed: int, count: int) -> list[Registration]:
    """The same registrations in the order in which they came in."""
    return sorted(registrations(seed, count), key=lambda one: (one.day, one.facility, one.number))


def _station(commune: str) -> str:
    """The invented code of a commune's station."""
    number = int(commune) // 3
    return f"24{'TUVX'[number // 100 % 4]}{number % 100:02d}"


class _Desk:
    """Types what people show at a registration desk."""

    def __init__(self, population: Population) -> None:
        self._population = population
        self._chance = population.chance
        self._roll = population.chance.random
        self._numbers: dict[str, int] = {}
        self._upper = [self._roll() < rate("upper") for _ in range(UNITS)]

    def of(self, person: Person) -> Iterator[Registration]:
        roll = self._roll
        renamed = 0
        if roll() < rate("renamed") and not person.foreign:
            renamed = self._chance.randrange(FIRST_DAY, LAST_DAY)
        former = person.words
        first = max(FIRST_DAY, person.birth)
        if person.birth > FIRST_DAY and roll() < rate("newborn"):
            yield self._newborn(person)
        for day in sorted(first + int((LAST_DAY - first) * roll()) for _ in range(self._how_many(person))):
            if renamed and day >= renamed and person.words is former:
                person.words = [*former[:-1], "An" if former[-1] != "An" else "Bình"]
            yield (
                self._unknown(person, day)
                if roll() < rate("unknown")
                else self._typed(person, day, Cause.RENAMED if renamed and day >= renamed else Cause(0))
            )

    def _how_many(self, person: Person) -> int:
        age = person.age(LAST_DAY)
        if self._roll() < 0.12:
            return 0
        more = 0.47 if 6 <= age < 40 else 0.57 if age < 60 else 0.67
        count = 1
        while count < 30 and self._roll() < more:
            count += 1
        return count

    def _typed(self, person: Person, day: int, causes: Cause) -> Registration:
        roll, year = self._roll, date.fromordinal(day).year - 2022
        home = person.home(day)
        station = roll() < 0.30
        unit = home.commune.district if roll() < 0.62 else 10 + int(roll() * 7)
        facility = _station(home.commune.code) if station else f"240{unit + 1:02d}"
        hospital_scan = rate("scanned-hospital") + 0.07 * year
        scanned = roll() < (rate("scanned-station") + 0.04 * year if station else hospital_scan)
        care = 0.0 if scanned else _STATION_CARE if station else 1.0
        upper = not station and self._upper[unit]
        if home.since:
            causes |= Cause.MOVED
        if person.foreign:
            causes |= Cause.FOREIGNER
        if any(other.birth == person.birth for other in person.others):
            causes |= Cause.TWIN
        name, wrong = self._name(person.words, care, not station and unit in _OLD_SOFTWARE)
        causes |= wrong
        citizen, wrong = self._citizen(person, day, care, station, scanned)
        causes |= wrong
        insurance, wrong = self._insurance(person, day, care)
        causes |= wrong
        shown = person.papers
        if person.card != person.papers and insurance and roll() < 0.5:
            shown, causes = person.card, causes | Cause.OTHER_PAPERS
        birth, wrong = self._birth(shown, person.birth, care)
        causes |= wrong
        phone, wrong = self._phone(person, day)
        causes |= wrong
        female = person.female
        if roll() < rate("sex") * care:
            female, causes = not female, causes | Cause.SEX
        return Registration(
            person.number,
            person.household,
            day,
            facility,
            self._number(facility),
            name.upper() if upper else name,
            birth,
            "female" if female else "male",
            citizen,
            insurance,
            phone,
            self._commune(person, day),
            home.village if roll() < 0.8 else "",
            int(causes),
        )

    def _number(self, facility: str) -> str:
        number = self._numbers.get(facility, 0) + 1
        self._numbers[facility] = number
        return f"{number:08d}"

    def _name(self, words: list[str], care: float, old_software: bool) -> tuple[str, Cause]:
        roll, causes = self._roll, Cause(0)
        words = list(words)
        if care:
            if roll() < rate("no-middle") * care and len(words) > 2:
                del words[1]
                causes |= Cause.NO_MIDDLE
            if roll() < rate("abbreviated") * care:
                words, causes = self._abbreviated(words), causes | Cause.ABBREVIATED
            if roll() < rate("order") * care and len(words) > 1:
                words, causes = [words[-1], *words[:-1]], causes | Cause.ORDER
            if roll() < rate("typing") * care:
                place = int(roll() * len(words))
                words[place] = self._mistyped(words[place])
                causes |= Cause.TYPING
            if roll() < rate("mark") * care:
                place = int(roll() * len(words))
                words[place] = self._marked(words[place])
                causes |= Cause.MARKS
            if roll() < rate("telex") * care:
                place = int(roll() * len(words))
                words[place], causes = telex(words[place]), causes | Cause.TELEX
            if "Đ" in "".join(words) and roll() < rate("letter-d") * 10 * care:
                letter = "D" if roll() < 0.7 else "Ð"
                words, causes = [word.replace("Đ", letter) for word in words], causes | Cause.LETTER_D
        name = " ".join(words)
        if roll() < (rate("no-marks-old") if old_software else rate("no-marks") * care):
            name, causes = fold(name).title(), causes | Cause.MARKS
        if roll() < rate("decomposed"):
            name = unicodedata.normalize("NFD", name)
        return name, causes

    def _abbreviated(self, words: list[str]) -> list[str]:
        place = int(self._roll() * (len(words) - 1))
        short = "Ng." if words[place] == "Nguyễn" and self._roll() < 0.5 else words[place][:1] + "."
        return [*words[:place], short, *words[place + 1 :]]

    def _mistyped(self, word: str) -> str:
        kind, place = int(self._roll() * 4), int(self._roll() * len(word))
        if kind == 0:
            return word[:place] + _LETTERS[int(self._roll() * len(_LETTERS))] + word[place + 1 :]
        if kind == 1 and len(word) > 1:
            return word[:place] + word[place + 1 :]
        if kind == 2:
            return word[:place] + word[place] + word[place:]
        return word[:place] + word[place : place + 2][::-1] + word[place + 2 :]

    def _marked(self, word: str) -> str:
        letters = unicodedata.normalize("NFD", word)
        bare = "".join(c for c in letters if c not in "\u0300\u0301\u0303\u0309\u0323")
        if bare != letters and self._roll() < 0.5:
            return unicodedata.normalize("NFC", bare)
        place = next((i for i, c in enumerate(bare) if c.lower() in "aeiouy"), 0)
        while place + 1 < len(bare) and unicodedata.combining(bare[place + 1]):
            place += 1
        mark = "\u0300\u0301\u0303\u0309\u0323"[int(self._roll() * 5)]
        return unicodedata.normalize("NFC", bare[: place + 1] + mark + bare[place + 1 :])

    def _birth(self, shown: date, birth: int, care: float) -> tuple[str, Cause]:
        roll = self._roll
        year_only = rate("year-only-old") if shown.year < 1965 else rate("year-only")
        if roll() < year_only * (care or 0.1):
            return (f"{shown.year}" if roll() < 0.5 else f"{shown.year}-01-01"), Cause.YEAR_ONLY
        if care and shown.day <= 12 and shown.day != shown.month and roll() < rate("day-month") * care:
            return f"{shown.year}-{shown.day:02d}-{shown.month:02d}", Cause.DAY_MONTH
        if roll() < rate("birth-digit") * care:
            return self._other_day(shown).isoformat(), Cause.BIRTH_DIGIT
        return shown.isoformat(), Cause(0)

    def _other_day(self, day: date) -> date:
        part, roll = int(self._roll() * 3), self._roll
        if part == 0:
            return day.replace(year=day.year - day.year % 10 + int(roll() * 10), day=min(day.day, 28))
        if part == 1:
            return day.replace(month=1 + int(roll() * 12), day=min(day.day, 28))
        return day.replace(day=1 + int(roll() * 28))

    def _citizen(
        self, person: Person, day: int, care: float, station: bool, scanned: bool
    ) -> tuple[str, Cause]:
        roll, age, year = self._roll, person.age(day), date.fromordinal(day).year - 2022
        if person.foreign:
            return (
                person.old_card if day < person.changed else person.citizen
            ) if roll() < 0.8 else "", Cause(0)
        if age < 6:
            missing = rate("citizen-missing-child")
        elif age < 14:
            missing = 0.45
        elif station:
            missing = rate("citizen-missing-station") - 0.04 * year
        else:
            missing = rate("citizen-missing-hospital") - 0.025 * year
        if scanned and age >= 14:
            missing /= 4
        if roll() < missing:
            return "", Cause.NO_CITIZEN
        if care and age < 14 and roll() < rate("parent-number"):
            parent = person.mother or person.father
            if parent is not None:
                return parent.citizen, Cause.RELATIVE_NUMBER
        if care and person.others and roll() < rate("relative-number") * care:
            other = person.others[int(roll() * len(person.others))]
            return other.citizen, Cause.RELATIVE_NUMBER
        causes = Cause(0)
        number = person.citizen
        if person.old_card and day < min(person.changed, _OLD_CARDS_END):
            number, causes = person.old_card, Cause.OLD_CARD
        if roll() < rate("citizen-digit") * care:
            return self._wrong_digits(number), causes | Cause.CITIZEN_DIGIT
        if number[0] == "0" and roll() < rate("citizen-zero") * care:
            return number[1:], causes | Cause.CITIZEN_DIGIT
        return number, causes

    def _insurance(self, person: Person, day: int, care: float) -> tuple[str, Cause]:
        roll = self._roll
        if person.foreign or roll() < rate("uninsured"):
            return "", Cause.NO_INSURANCE
        number, causes = person.insurance, Cause(0)
        if person.others and roll() < rate("relative-card") * care:
            number = person.others[int(roll() * len(person.others))].insurance
            causes = Cause.RELATIVE_CARD
        elif roll() < rate("insurance-digit") * care:
            number, causes = self._wrong_digits(number), Cause.INSURANCE_DIGIT
        if day >= _MERGER and not causes and roll() < rate("citizen-as-insurance"):
            return person.citizen, causes
        if roll() < 0.25:
            return number, causes
        group = "TE" if person.age(day) < 6 else person.group
        return f"{group}{'1' if group == 'TE' else '4'}24{number}", causes

    def _wrong_digits(self, number: str) -> str:
        place = int(self._roll() * (len(number) - 1))
        if self._roll() < 0.4 and number[place] != number[place + 1]:
            return number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        digit = str((int(number[place]) + 1 + int(self._roll() * 9)) % 10)
        return number[:place] + digit + number[place + 1 :]

    def _phone(self, person: Person, day: int) -> tuple[str, Cause]:
        roll = self._roll
        if roll() < rate("phone-missing"):
            return "", Cause.NO_PHONE
        phone = person.phone(day)
        if not phone or roll() < rate("phone-family"):
            asked = person.mother or person.father or (person.others[0] if person.others else None)
            phone = (asked.phone(day) if asked else "") or phone
        if phone and roll() < rate("phone-digit"):
            phone = self._wrong_digits(phone)
        return phone, Cause(0) if phone else Cause.NO_PHONE

    def _commune(self, person: Person, day: int) -> str:
        roll, commune = self._roll, person.home(day).commune
        if roll() < rate("commune-missing"):
            return ""
        if roll() < rate("commune-wrong"):
            near = self._population.neighbours[commune.district]
            commune = near[int(roll() * len(near))]
        old = 1.0 if day < _MERGER else 0.5 if day < _MERGER + 184 else rate("commune-old")
        return commune.code if roll() < old else commune.new_code

    def _newborn(self, person: Person) -> Registration:
        roll, mother, day = self._roll, person.mother, min(LAST_DAY, person.birth + int(self._roll() * 6))
        facility = f"240{person.home(day).commune.district + 1:02d}" if roll() < 0.6 else "24016"
        name = " ".join(mother.words) if mother else ""
        citizen = mother.citizen if mother and roll() < rate("newborn-mother-number") else ""
        return Registration(
            person.number,
            person.household,
            day,
            facility,
            self._number(facility),
            f"CON BÀ {name}".strip().upper(),
            date.fromordinal(person.birth).isoformat(),
            "female" if person.female else "male",
            citizen,
            f"TE124{self._chance.randrange(10**9):010d}" if roll() < 0.3 else "",
            (mother.phone(day) if mother else "") if roll() < 0.6 else "",
            self._commune(person, day),
            "",
            int(Cause.NEWBORN),
        )

    def _unknown(self, person: Person, day: int) -> Registration:
        roll = self._roll
        name = ("KHÔNG RÕ TÊN", "VÔ DANH", "BỆNH NHÂN CHƯA RÕ DANH TÍNH", "VÔ DANH NAM", "VÔ DANH NỮ")[
            int(roll() * 5)
        ]
        year = date.fromordinal(person.birth).year + int(roll() * 20) - 10
        return Registration(
            person.number,
            person.household,
            day,
            "24011",
            self._number("24011"),
            name,
            f"{min(year, 2026)}" if roll() < 0.5 else f"{min(year, 2026)}-01-01",
            "female" if person.female else "male",
            *("", "", "", "", ""),
            int(Cause.UNKNOWN),
        )


_TONES: Final = {"\u0300": "f", "\u0301": "s", "\u0303": "x", "\u0309": "r", "\u0323": "j"}
_SHAPES: Final = {"\u0302": "", "\u0306": "w", "\u031b": "w"}


def telex(word: str) -> str:
    """A word as its keys are hit under TELEX: ``"Nguyễn"`` becomes ``"Nguyeenx"``."""
    typed, tone = "", ""
    for letter in unicodedata.normalize("NFD", word):
        if letter in _TONES:
            tone = _TONES[letter]
        elif letter in _SHAPES:
            typed += _SHAPES[letter] or typed[-1].lower()
        else:
            typed += {"Đ": "Dd", "đ": "dd"}.get(letter, letter)
    return typed + tone
