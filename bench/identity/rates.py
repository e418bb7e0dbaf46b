"""How often what goes wrong at a registration desk, each with where the figure is from.

Shares are of typed registrations unless said otherwise; what is read from the code on a card has none of the
errors of typing. No hospital's own figures are published for most; those are our assumption, and on the high side.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Rate(NamedTuple):
    share: float
    what: str
    source: str = "our assumption"


RATES: Final[dict[str, Rate]] = {
    "scanned-hospital": Rate(
        0.35, "registrations at a hospital that read the code on the card (2022; +7 points a year)"
    ),
    "scanned-station": Rate(0.15, "the same at a commune station (2022; +4 points a year)"),
    "upper": Rate(0.45, "units whose software stores names in capitals"),
    "typing": Rate(0.015, "one letter of the name wrong, missing, doubled or changed places"),
    "mark": Rate(0.025, "one word of the name with a wrong or missing mark"),
    "no-marks": Rate(0.010, "all marks of the name missing"),
    "no-marks-old": Rate(0.080, "the same at the two units with old software"),
    "telex": Rate(0.004, "marks left as typed (Nguyeenx)"),
    "letter-d": Rate(0.006, "Đ typed as D, or as the Icelandic Ð of old fonts"),
    "decomposed": Rate(0.020, "marks as separate code points (Unicode NFD)"),
    "abbreviated": Rate(0.006, "a word of the name shortened (Ng., T.)"),
    "order": Rate(0.0015, "given name first"),
    "no-middle": Rate(0.007, "middle name left out"),
    "renamed": Rate(0.0015, "people whose name was changed officially (share of people)"),
    "first-of-january": Rate(0.20, "people born before 1960 whose papers say 1 January (share of people)"),
    "year-only-old": Rate(0.12, "born before 1965, only the year entered (half of them stored as 1 January)"),
    "year-only": Rate(0.008, "others, only the year entered (half of them stored as 1 January)"),
    "day-month": Rate(0.004, "day and month changed places (where that is a date)"),
    "birth-digit": Rate(0.006, "one digit of the birth date wrong"),
    "other-papers": Rate(
        0.006, "people whose insurance card and identity card state other birth dates (share of people)"
    ),
    "sex": Rate(0.004, "wrong sex"),
    "citizen-missing-hospital": Rate(
        0.14, "adults without citizen number at a hospital (2022; -2.5 points a year)"
    ),
    "citizen-missing-station": Rate(0.32, "the same at a commune station (2022; -4 points a year)"),
    "citizen-missing-child": Rate(0.62, "children under 6 without citizen number (6 to 13: 0.45)"),
    "citizen-digit": Rate(0.007, "citizen number with a wrong digit or two digits changed places"),
    "citizen-zero": Rate(0.005, "leading zero lost (spreadsheets)"),
    "relative-number": Rate(0.004, "an adult under the citizen number of a relative"),
    "parent-number": Rate(0.030, "a child under the citizen number of a parent"),
    "uninsured": Rate(
        0.09,
        "visits without an insurance card (Vietnam Social Security: 93 to 94 % insured in 2023 to 2024, "
        "and some do not show the card)",
        "Vietnam Social Security, yearly coverage",
    ),
    "insurance-digit": Rate(0.003, "insurance number with a wrong digit (the portal refuses most)"),
    "relative-card": Rate(0.0012, "own name under the insurance card of a relative"),
    "citizen-as-insurance": Rate(0.25, "from July 2025, the citizen number in place of the insurance number"),
    "phone-missing": Rate(0.30, "no phone number"),
    "phone-digit": Rate(0.008, "wrong digit in the phone number"),
    "phone-family": Rate(0.25, "an adult who gives the phone of another in the household"),
    "phone-changed": Rate(0.07, "changes the phone number in a year (share of people)"),
    "moved": Rate(0.025, "moves to another commune in a year (share of households)"),
    "commune-missing": Rate(0.03, "no commune code"),
    "commune-wrong": Rate(0.015, "code of a neighbouring commune"),
    "commune-old": Rate(0.15, "old commune code still used after 1 July 2025 (in the first half year: 0.5)"),
    "twins": Rate(
        0.011, "births that are twins", "Monden, Pison and Smits (2021): 12 per 1,000 deliveries worldwide"
    ),
    "clan": Rate(0.35, "households that bear one of the three surnames of their commune's old families"),
    "alike-child": Rate(
        0.02, "children whose given name differs from a parent's of that sex in marks or one letter"
    ),
    "newborn": Rate(
        0.10, "children born since 2022 with a registration as CON BÀ + mother's name (share of children)"
    ),
    "newborn-mother-number": Rate(0.25, "of those, under the mother's citizen number"),
    "unknown": Rate(0.0003, "unconscious or unknown patients"),
    "foreigner": Rate(0.003, "foreigners, mostly workers of the industrial parks (share of people)"),
}


_RAISED: Final = (
    "typing mark no-marks no-marks-old telex letter-d abbreviated order no-middle renamed year-only-old year-only"
    " day-month birth-digit other-papers sex citizen-digit citizen-zero relative-number parent-number insurance-digit"
    " relative-card phone-digit commune-wrong twins alike-child newborn unknown"
)
FAULTS: Final = frozenset(_RAISED.split())
"""What goes wrong, and the people who are hard to tell apart: the rates that :func:`make_worse` raises."""

_worse = {"faults": 1.0}


def make_worse(times: float) -> None:
    """Raises every rate of :data:`FAULTS` for this process, to see how much hangs on what we assumed."""
    _worse["faults"] = times


def rate(name: str) -> float:
    """The share of a rate."""
    return RATES[name].share * (_worse["faults"] if name in FAULTS else 1.0)


def table() -> str:
    """The rates as a table in Markdown."""
    lines = ["| What | Rate | Source |", "|---|---|---|"]
    lines += [f"| {one.what} | {one.share:.2%} | {one.source} |" for one in RATES.values()]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
