"""How grave a fault is: dated data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from lienthong.rollout.money import dated
from lienthong.rollout.money.dated import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Severity(Entry):
    """A severity, the gravest first in the list."""

    text_vi: str
    text_en: str

    @property
    def text(self) -> str:
        """What it means, in the language of the page."""
        return dated.words(self.text_vi, self.text_en)


@cache
def every() -> tuple[Severity, ...]:
    """The gravest first."""
    return dated.entries(Severity, __package__, "severities.json")


def severity(id: str) -> Severity | None:
    """One of them."""
    return dated.by_id(every(), id)
