"""What a hospital offers patients who are sent to it, as dated data (see ``data/ORIGIN.md``)."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources

from django.utils.translation import get_language

from lienthong.foundation import clock


@dataclass(frozen=True, slots=True)
class Service:
    """A service of a facility.

    Attributes:
        cases: kinds of case that it takes, as :data:`lienthong.transfers.form.CASES` names them.
        confirmed: the facility itself has said so.
    """

    facility: str
    name_vi: str
    name_en: str
    cases: frozenset[str]
    valid_from: date
    valid_to: date | None
    confirmed: bool
    source: str

    @property
    def name(self) -> str:
        """In the language of the page."""
        return self.name_en if get_language() == "en" else self.name_vi


@lru_cache(maxsize=1)
def _every() -> tuple[Service, ...]:
    text = resources.files("lienthong.facilities").joinpath("data/services.csv").read_text("utf-8")
    return tuple(
        Service(
            facility=row["facility"],
            name_vi=row["name_vi"],
            name_en=row["name_en"],
            cases=frozenset(row["cases"].split(";")),
            valid_from=date.fromisoformat(row["valid_from"]),
            valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            confirmed=row["confirmed"] == "yes",
            source=row["source"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def of(facility: str, on: date | None = None) -> list[Service]:
    """The services of a facility on a day (today if none is given)."""
    day = on or clock.today()
    return [
        one
        for one in _every()
        if one.facility == facility
        and one.valid_from <= day
        and (one.valid_to is None or day <= one.valid_to)
    ]
