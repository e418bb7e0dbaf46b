"""Which results that came with a patient can be relied on, and which are repeated: a proposal with its reason.

Rules are dated rows of ``data/reliance.csv`` (sources in ``data/ORIGIN.md``). "May be relied on" is said only when a
rule covers the test and nothing speaks against it; the doctor decides in any case.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from importlib import resources
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from lienthong.foundation.text import fold
from lienthong.transfers.models import Urgency
from lienthong.web.record import fhir, moments, results

RELY, REPEAT, DECIDE = "rely", "repeat", "decide"
ORDER = (REPEAT, DECIDE, RELY)

GROUPS = {
    "blood-group": gettext_lazy("Blood group"),
    "blood-count": gettext_lazy("Blood count"),
    "coagulation": gettext_lazy("Coagulation"),
    "blood-gas": gettext_lazy("Blood gases"),
    "lactate": gettext_lazy("Lactate"),
    "troponin": gettext_lazy("Heart muscle"),
    "electrolytes": gettext_lazy("Electrolytes"),
    "glucose": gettext_lazy("Glucose"),
    "kidney": gettext_lazy("Kidney"),
    "liver": gettext_lazy("Liver"),
    "inflammation": gettext_lazy("Inflammation"),
    "pancreas": gettext_lazy("Pancreas"),
    "heart-failure": gettext_lazy("Heart failure"),
    "hba1c": gettext_lazy("HbA1c"),
    "lipids": gettext_lazy("Blood lipids"),
    "uric-acid": gettext_lazy("Uric acid"),
    "urine": gettext_lazy("Urine"),
    "virus-markers": gettext_lazy("Hepatitis markers"),
    "dengue": gettext_lazy("Dengue"),
    "tuberculosis": gettext_lazy("Tuberculosis"),
    "culture": gettext_lazy("Culture"),
    "tumour-markers": gettext_lazy("Tumour markers"),
}
_BLEEDING_WORDS = ("chay mau", "xuat huyet", "mat mau", "soc mat mau", "vo lach", "vo gan")
_BLEEDING_CODES = (
    "K92",
    "K25.0",
    "K25.4",
    "K26.0",
    "K26.4",
    "O44",
    "O45",
    "O46",
    "O67",
    "O72",
    "R58",
    "S27",
    "S36",
)
_CRITICAL = {"HH", "LL", "AA", "HU", "LU"}
_UNFIT = {"entered-in-error", "cancelled", "unknown"}
_EARLY = {"registered", "preliminary"}
_AHEAD = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Rule:
    """How long results of a group hold.

    Attributes:
        words: folded words of the test's name; units: those of the usual methods, none given: any.
        least, most: beyond these a figure is implausible.
        hours, hours_acute: how long it holds, and in the situations of ``acute``; 0: repeat always.
        acute: ``emergency``, ``bleeding`` or kinds of case.
        source, confidence, listed: for the reader.
    """

    group: str
    words: tuple[str, ...]
    units: frozenset[str]
    least: Decimal | None
    most: Decimal | None
    hours: int
    hours_acute: int
    acute: frozenset[str]
    valid_from: date
    listed: str
    source: str
    confidence: str


@dataclass(frozen=True, slots=True)
class Situation:
    """What of the patient and of the two laboratories decides; levels 1 to 5, None: not known."""

    now: datetime
    urgency: str = Urgency.PLANNED
    case: str = ""
    bleeding: bool = False
    laboratory: str = ""
    level: int | None = None
    own_level: int | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """One result: its value, what is proposed (``rely``, ``repeat``, ``decide``) and why, the weightiest first."""

    name: str
    group: str
    value: results.Value
    laboratory: str
    verdict: str
    reasons: tuple[str, ...]
    rule: Rule | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """All newest results of a transfer, those to repeat first, and how many of each."""

    rows: list[Judged]
    rely: int
    repeat: int
    decide: int
    level: int | None
    own_level: int | None


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """The rows of the table in their order."""
    text = resources.files("lienthong.web.record").joinpath("data/reliance.csv").read_text("utf-8")
    return tuple(
        Rule(
            group=row["group"],
            words=tuple(row["words"].split("|")),
            units=frozenset(_unit(u) for u in row["units"].split("|")) if row["units"] else frozenset(),
            least=Decimal(row["least"]) if row["least"] else None,
            most=Decimal(row["most"]) if row["most"] else None,
            hours=int(row["hours"]),
            hours_acute=int(row["hours_acute"]),
            acute=frozenset(filter(None, row["acute"].split("|"))),
            valid_from=date.fromisoformat(row["valid_from"]),
            listed=row["listed"],
            source=row["source"],
            confidence=row["confidence"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def rule_for(name: str, on: date) -> Rule | None:
    """The newest rule of the first group whose words the name of a test holds."""
    told = " " + re.sub(r"[^a-z0-9]+", " ", fold(name)) + " "
    found = [r for r in rules() if r.valid_from <= on and any(f" {word} " in told for word in r.words)]
    same = [r for r in found if r.group == found[0].group]
    return max(same, key=lambda r: r.valid_from, default=None)


def is_bleeding(diagnosis: str, code: str) -> bool:
    """Whether the diagnosis speaks of bleeding."""
    told = fold(diagnosis)
    return code.upper().startswith(_BLEEDING_CODES) or any(word in told for word in _BLEEDING_WORDS)


def judged(observation: Any, situation: Situation) -> Judged | None:
    """What is proposed for one Observation; None for what is no result with a value."""
    value = results.value(observation)
    name = fhir.words(fhir.at(observation, "code"))
    if not (value.text and name):
        return None
    moment = moments.parse(value.moment)
    rule = rule_for(name, (moment or situation.now).date())
    against = list(_repeat(observation, value, moment, rule, situation))
    verdict = REPEAT
    if not against:
        against = list(_undecided(value, moment, rule, situation))
        verdict = DECIDE
    if not against and rule is not None and moment is not None:
        verdict, against = RELY, [_holds(moment, rule, situation)]
    return Judged(
        name=name,
        group=str(GROUPS.get(rule.group, rule.group)) if rule else "",
        value=value,
        laboratory=situation.laboratory,
        verdict=verdict,
        reasons=tuple(against) or (_("No rule covers this test."),),
        rule=rule,
    )


def judge(observations: Iterable[Any], situation: Situation) -> Judgement:
    """The newest result of each test, judged."""
    newest: dict[str, tuple[str, Any]] = {}
    for one in observations:
        name = fold(fhir.words(fhir.at(one, "code")))
        at = moments.key(results.moment(one))
        if name and (name not in newest or at >= newest[name][0]):
            newest[name] = (at, one)
    rows = [row for _at, one in newest.values() if (row := judged(one, situation)) is not None]
    rows.sort(key=lambda row: (ORDER.index(row.verdict), row.group, row.name))
    counted = {verdict: sum(row.verdict == verdict for row in rows) for verdict in ORDER}
    return Judgement(
        rows, counted[RELY], counted[REPEAT], counted[DECIDE], situation.level, situation.own_level
    )


def of_form(row: Mapping[str, Any]) -> dict[str, Any]:
    """A key result of a transfer's form as an Observation."""
    flag = str(row.get("flag", "")).upper()
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": str(row.get("test", ""))},
        "effectiveDateTime": str(row.get("at", "")),
        **_said(str(row.get("value", "")), str(row.get("unit", ""))),
        "interpretation": [{"coding": [{"code": flag}]}] if flag else [],
        "referenceRange": [{"text": str(row["range"])}] if row.get("range") else [],
    }


def _said(value: str, unit: str) -> dict[str, Any]:
    figure = value.strip().replace(",", ".")
    if re.fullmatch(r"-?\d{1,12}(\.\d{1,6})?", figure, re.ASCII):
        return {"valueQuantity": {"value": Decimal(figure), "unit": unit}}
    return {"valueString": f"{value} {unit}".strip()}


def _repeat(
    observation: Any, value: results.Value, moment: datetime | None, rule: Rule | None, situation: Situation
) -> Iterable[str]:
    status = fhir.text(observation, "status")
    if status in _UNFIT:
        yield _("The laboratory has withdrawn it.")
    if status in _EARLY:
        yield _("It was preliminary when it was sent.")
    if rule and value.number is not None and _implausible(value.number, rule):
        yield _("The figure is not plausible.")
    if _marks(observation) & _CRITICAL:
        yield _("It was critical: see how it is now.")
    if moment and moment > situation.now + _AHEAD:
        yield _("Its time lies ahead of now.")
    if rule is None:
        return
    if rule.group == "blood-group":
        yield _("Blood group is determined here before any transfusion.")
    elif _hours(rule, situation) == 0:
        yield _("It changes within minutes or hours.")
    elif rule.group in ("blood-count", "coagulation") and situation.bleeding:
        yield _("The patient bleeds: it changes within hours.")
    elif moment and situation.now - moment > timedelta(hours=_hours(rule, situation)):
        yield _("%(age)s old; it holds for %(limit)s.") % {
            "age": _span(situation.now - moment),
            "limit": _span(timedelta(hours=_hours(rule, situation))),
        }


def _undecided(
    value: results.Value, moment: datetime | None, rule: Rule | None, situation: Situation
) -> Iterable[str]:
    if rule is None:
        yield _("No rule covers this test.")
        return
    if moment is None or len(value.moment) <= 10:
        yield _("Its time is not known.")
    if rule.units and value.number is not None and _unit(value.unit) not in rule.units:
        yield _("The unit %(unit)s is not the usual one.") % {"unit": value.unit or "—"}
    if rule.least is not None and value.number is None:
        yield _("It is told in words, not as a figure.")
    if value.mark:
        yield _("It was out of range.")
    if not situation.laboratory:
        yield _("The laboratory is not known.")
    elif situation.level is None:
        yield _("Within its time, but the quality level of the laboratory is not known here.")
    elif situation.own_level is None:
        yield _("Within its time, but the quality level of our own laboratory is not known here.")
    elif situation.level < situation.own_level:
        yield _("The laboratory has level %(level)d, ours %(own)d.") % {
            "level": situation.level,
            "own": situation.own_level,
        }


def _holds(moment: datetime, rule: Rule, situation: Situation) -> str:
    return _("%(age)s old; it holds for %(limit)s. Laboratory of level %(level)d.") % {
        "age": _span(situation.now - moment),
        "limit": _span(timedelta(hours=_hours(rule, situation))),
        "level": situation.level,
    }


def _hours(rule: Rule, situation: Situation) -> int:
    now = {situation.case}
    if situation.urgency == Urgency.EMERGENCY:
        now.add("emergency")
    if situation.bleeding:
        now.add("bleeding")
    return rule.hours_acute if now & rule.acute else rule.hours


def _implausible(number: Decimal, rule: Rule) -> bool:
    return (rule.least is not None and number < rule.least) or (rule.most is not None and number > rule.most)


def _marks(observation: Any) -> set[str]:
    return {
        code for entry in fhir.items(observation, "interpretation") for _s, code, _d in fhir.codings(entry)
    }


def _unit(text: str) -> str:
    return text.strip().replace("μ", "µ").casefold()


def _span(length: timedelta) -> str:
    hours = max(0, int(length.total_seconds() // 3600))
    if hours < 1:
        return _("less than an hour")
    if hours < 48:
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    return ngettext("%(n)d day", "%(n)d days", hours // 24) % {"n": hours // 24}
