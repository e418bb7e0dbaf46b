"""The ladder, the exchange and the differences, for the pages and the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from lienthong import exchange as messages
from lienthong.foundation import clock
from lienthong.foundation.errors import Problem
from lienthong.rollout import facts, units
from lienthong.rollout.feeds.states import State
from lienthong.rollout.feeds.words import number
from lienthong.rollout.ladder import comparing, words
from lienthong.rollout.ladder import rungs as evidence
from lienthong.rollout.ladder.comparing import Found
from lienthong.rollout.ladder.rules import PROOFS
from lienthong.rollout.ladder.rungs import Evidence
from lienthong.transfers import desk

BEGIN = date(2025, 1, 12)
"""From this day on transfers are cumulated: the trial with Bạch Mai Hospital began (the case of 18 February 2025)."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One rung: a name of :data:`.rungs.NAMES`, when it was reached, and what proves it or what is missing."""

    name: str
    at: datetime | None
    detail: str

    @property
    def label(self) -> str:
        """Its name for people."""
        return str(words.NAMES[self.name])


@dataclass(frozen=True, slots=True)
class ExchangeLine:
    """What a unit exchanged in a period.

    Attributes:
        connected_since: day on which its first node was entered at the hub; None when none was by the last day.
        sent, accepted, rejected: transfers of the period, by the day for which the sender counts them: of how many a
            receipt says stored; of how many none does and one says refused.
        top_error: the most frequent reason of a refusal, in words; empty when nothing was refused.
        cumulated: transfers from :data:`BEGIN` to the end of the period.
    """

    unit: str
    connected_since: date | None
    sent: int
    accepted: int
    rejected: int
    top_error: str
    cumulated: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a declaration and the traffic do not fit: what was declared of what, what is proven, and why it matters."""

    unit: str
    what: str
    declared: str
    proven: str
    words: str


def rungs(on: date | None = None) -> dict[str, list[Rung]]:
    """Unit to its rungs, as proven by the end of a day (now if none is given)."""
    return told(evidence.of_units(units.codes(on), on))


def told(found: Mapping[str, list[Evidence]]) -> dict[str, list[Rung]]:
    """The rungs with their evidence in words."""
    return {
        code: [Rung(one.name, one.at, words.detail(one)) for one in steps] for code, steps in found.items()
    }


def exchange(first: date, last: date) -> list[ExchangeLine]:
    """Every unit's transfers out, of the days from ``first`` to ``last``."""
    period = messages.exchanged(desk.TRANSFER, first, last)
    ever = messages.exchanged(desk.TRANSFER, BEGIN, last)
    joined = {code: steps[0].at for code, steps in evidence.of_units(units.codes(last), last).items()}
    return [_line(code, joined[code], period.get(code), ever.get(code)) for code in units.codes(last)]


def _line(
    code: str,
    joined: datetime | None,
    period: messages.Exchanged | None,
    ever: messages.Exchanged | None,
) -> ExchangeLine:
    problems = period.problems if period else ()
    return ExchangeLine(
        unit=code,
        connected_since=joined.astimezone(clock.VIETNAM).date() if joined else None,
        sent=period.sent if period else 0,
        accepted=period.stored if period else 0,
        rejected=period.refused if period else 0,
        top_error=_sentence(problems[0][0]) if problems else "",
        cumulated=ever.sent if ever else 0,
    )


def _sentence(problem: Problem) -> str:
    return problem.vi if get_language() == "vi" else problem.en


def differences(
    on: date | None = None,
    *,
    ladder: Mapping[str, list[Evidence]] | None = None,
    feeds: Mapping[str, list[State]] | None = None,
) -> list[Difference]:
    """Where declarations and traffic do not fit, unit by unit, as of the end of a day (now if none is given).

    Args:
        ladder, feeds: of the units in question, where the caller has them; else every unit.
    """
    codes = units.codes(on) if ladder is None else list(ladder)
    return [_difference(one) for one in comparing.compare(codes, on, ladder=ladder, feeds=feeds)]


def _difference(found: Found) -> Difference:
    key = facts.KEYS[found.fact.key]
    return Difference(
        found.unit, str(key.label), key.words(found.fact.value), proven(found), str(found.rule.words)
    )


def proven(found: Found) -> str:
    """What is proven in place of what was declared, in a few words."""
    what, proof = found.rule.proven, found.proven
    if what in ("installed", "receipt"):
        there = proof.installed if what == "installed" else proof.receipted
        word = pgettext("proven", "yes") if there else pgettext("proven", "no")
        return f"{PROOFS[what]}: {word}"
    if what == "coded":
        return f"{round((proof.coded or 0) * 100)}% {PROOFS[what]}"
    told = f"{number(proof.came(what))} {PROOFS[what]}"
    last = proof.last.get(what)
    if last is None:
        return told
    latest = _("the last on %(day)s") % {"day": words.day(last)}
    return f"{told}; {latest}"
