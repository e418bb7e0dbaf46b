"""How grave a fault is: dated data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from lienthong.rollout.money import dated


@dataclass(frozen=True, slots=True)
class Severity:
    """A severity, the gravest first in the list."""

    id: str
    vi: str
    en: str
    text_vi: str
    text_en: str
    valid_from: date
    valid_to: date | None
    source: str
    confidence: str

    @property
    def name(self) -> str:
        """In the language of the page."""
        return dated.words(self.vi, self.en)

    @property
    def text(self) -> str:
        """What it means, in the language of the page."""
        return dated.words(self.text_vi, self.text_en)


@cache
def every() -> tuple[Severity, ...]:
    """The gravest first."""
    return tuple(Severity(**row) for row in dated.read(__package__, "severities.json"))


def severity(id: str) -> Severity | None:
    """One of them."""
    return next((one for one in every() if one.id == id), None)
