"""Gathers the material of a period from the other parts of the roll-out, as it stood on the last day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.utils import translation

from lienthong.facilities import directory
from lienthong.rollout import facts, units
from lienthong.rollout.facts import Fact
from lienthong.rollout.ladder import summary as ladder
from lienthong.rollout.levels import summary as levels
from lienthong.rollout.money import summary as money
from lienthong.rollout.plan import summary as plan
from lienthong.rollout.report import issuers
from lienthong.rollout.report.material import (
    CriterionRow,
    Deadline,
    DifficultyRow,
    Direction,
    ExchangeRow,
    Material,
    MoneyRow,
    MoneyTotals,
    TaskRow,
    Told,
    UnitRow,
)
from lienthong.rollout.security import summary as security
from lienthong.transfers.measures import before

STATES = (
    "infrastructure_level",
    "his_level",
    "lis",
    "ris_pacs",
    "emr",
    "emr_state",
    "emr_planned_on",
    "hosting",
    "line_down",
    "backup_line",
)
COUNTS = (
    "servers",
    "computers",
    "printers",
    "scanners",
    "tablets",
    "signatures_issued",
    "signatures_needed",
    "staff",
    "it_staff",
    "beds",
)


OWN = "Sở Y tế"
"""What the issuer calls itself."""
AHEAD = 366
"""Deadlines further away than so many days are not told."""


def gather(kind: str, first: date, last: date, *, on: date | None = None) -> Material:
    """The material of a period.

    Args:
        kind: a code of kinds; criteria are gathered for ``levels`` alone.
        on: the day of states and declared numbers, ``last`` if none is given.
    """
    day, own = on or last, issuers.of(last).name
    with translation.override("vi"):
        known = facts.values(day, (*STATES, *COUNTS))
        rows = _units(day, known)
        names = {row.code: row.name for row in rows}
        return Material(
            first=first,
            last=last,
            units=rows,
            declared={
                key: int(fact.value)
                for key in COUNTS
                if (fact := known.get((facts.PROVINCE, key))) is not None
            },
            exchange=_exchange(first, last, names),
            told=_told(last),
            tasks=tuple(_task(line, own) for line in plan.tasks(first, last) if not line.unit),
            next_tasks=tuple(_task(line, own) for line in plan.next_tasks(last)),
            deadlines=tuple(
                Deadline(line.day.isoformat(), line.what)
                for line in plan.deadlines(last)
                if line.days <= AHEAD
            ),
            direction=tuple(
                Direction(line.kind, line.number, line.day.isoformat(), line.issuer, _title(line.title))
                for line in plan.direction(first, last)
            ),
            money=_money(day, names),
            totals=_totals(day),
            difficulties=tuple(_difficulty(line, names) for line in plan.difficulties(last)),
            criteria=_criteria(last) if kind == "levels" else (),
        )


def _units(day: date, known: Mapping[tuple[str, str], Fact]) -> tuple[UnitRow, ...]:
    levelled, reviewed = levels.levels(day), security.reviews(day)
    decided = {line.code: line for line in levels.december(day).facilities}
    rows = []
    for unit in units.listing(day):
        own = {key: fact for (code, key), fact in known.items() if code == unit.code}
        level, review, line = levelled.get(unit.code), reviewed.get(unit.code), decided.get(unit.code)
        met, asked = level.ready13 if level else (0, 0)
        rows.append(
            UnitRow(
                code=unit.code,
                name=unit.name,
                kind=unit.kind,
                states={key: own[key].value for key in STATES if key in own},
                counts={key: int(own[key].value) for key in COUNTS if key in own},
                unconfirmed=tuple(key for key, fact in own.items() if not fact.confirmed),
                levels={group: one.value for group, one in level.groups.items()} if level else {},
                overall=level.overall if level else None,
                met=met if asked else None,
                asked=asked or None,
                tier=line.tier if line else "",
                level_document=line.document if line else "",
                level_day=line.day.isoformat() if line and line.day else "",
                security=review.state if review else "none",
                conditions=bool(review and review.conclusion == "conditions"),
            )
        )
    return tuple(rows)


def _exchange(first: date, last: date, names: Mapping[str, str]) -> tuple[ExchangeRow, ...]:
    begun = date.fromisoformat(issuers.of(last).exchange_since)
    received = {line.unit: line.accepted for line in ladder.exchange(begun, last)}
    return tuple(
        ExchangeRow(
            line.unit,
            names.get(line.unit, directory.name(line.unit, last, "vi")),
            line.connected_since.isoformat() if line.connected_since else "",
            line.sent,
            line.accepted,
            line.rejected,
            line.sent - line.accepted - line.rejected,
            line.top_error,
            line.cumulated,
            received[line.unit],
        )
        for line in ladder.exchange(first, last)
    )


def _told(last: date) -> tuple[Told, ...]:
    """What was told of whole spans; a span within another of the same hospitals is part of it."""
    rows = [one for one in before.rows() if one.last <= last]
    return tuple(
        Told(
            one.first.isoformat(),
            one.last.isoformat(),
            directory.name(one.sender, one.last, "vi"),
            one.transfers,
            one.source,
            one.told.isoformat(),
        )
        for one in rows
        if not any(_within(one, other) for other in rows)
    )


def _within(one: before.Before, other: before.Before) -> bool:
    same = (one.sender, one.receiver) == (other.sender, other.receiver) and one is not other
    return same and other.first <= one.first and one.last <= other.last


def _title(text: str) -> str:
    """``Kết luận: Kết luận tại hội nghị`` says its kind once."""
    kind, _, rest = text.partition(": ")
    return rest if rest.casefold().startswith(kind.casefold()) else text


def _task(line: plan.TaskLine, own: str) -> TaskRow:
    return TaskRow(
        line.number,
        line.title,
        line.document,
        line.lead.replace(own, OWN),
        line.partners.replace(own, OWN),
        line.due.isoformat() if line.due else "",
        str(line.state),
        line.result,
        line.reason_late,
    )


def _difficulty(line: plan.DifficultyLine, names: Mapping[str, str]) -> DifficultyRow:
    return DifficultyRow(
        line.unit,
        names.get(line.unit, line.unit),
        line.content,
        line.cause,
        line.proposal,
        line.to_whom,
        line.answer,
    )


def _money(day: date, names: Mapping[str, str]) -> tuple[MoneyRow, ...]:
    return tuple(
        MoneyRow(
            line.unit,
            names.get(line.unit, line.unit),
            line.item,
            line.estimate,
            line.funding,
            line.stage,
            line.contractor,
            line.contract_end.isoformat() if line.contract_end else "",
            line.open_faults,
        )
        for line in money.lines(day)
    )


def _totals(day: date) -> MoneyTotals:
    found = money.totals(day)
    return MoneyTotals(found.asked, found.granted, found.spent, tuple(found.tenders.items()))


def _criteria(day: date) -> tuple[CriterionRow, ...]:
    return tuple(
        CriterionRow(table.group, row.legal_no, row.text, row.level, row.met, row.of, row.confirmed)
        for table in levels.december(day).shares
        for row in table.rows
    )
