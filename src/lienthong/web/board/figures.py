"""The headline figures of the province and its deadlines, each with its source and the day it is of."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.utils.formats import number_format
from django.utils.translation import npgettext, pgettext, pgettext_lazy

from lienthong.rollout import changed, facts
from lienthong.rollout.ladder.summary import BEGIN, exchange
from lienthong.rollout.lights import EMR_DONE
from lienthong.rollout.money.summary import totals
from lienthong.rollout.overview import Overview, Target, targets
from lienthong.transfers.measures import before as told
from lienthong.web.board.money.showing import short
from lienthong.web.board.sources import Sources

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


AHEAD = 6
"""Deadlines ahead that are shown."""
SOON = 30
_UNITS = pgettext_lazy("province", "Facts of the units")


@dataclass(frozen=True, slots=True)
class Figure:
    """A headline figure: label, the figure, lines below it, the page it comes from."""

    label: StrOrPromise
    text: str
    lines: tuple[str, ...]
    url: str
    source: StrOrPromise


def figures(now: Overview, sources: Sources) -> list[Figure]:
    """The figures of the day, declared and proven told apart; what nobody told is named, never shown as 0."""
    return [
        _emr(now, sources),
        _link(now, sources),
        _transfers(now, sources),
        _security(now, sources),
        _his(now, sources),
        *(_machines(now, sources, key) for key in ("servers", "computers", "printers")),
        _tasks(now, sources),
        _faults(now, sources),
        _signatures(now, sources),
        _money(now, sources),
    ]


def _of(part: int, now: Overview) -> str:
    return f"{part}/{len(now.standings)}"


def _as_of(day: date | None) -> tuple[str, ...]:
    return (pgettext("province", "of %(day)s") % {"day": day.strftime("%d/%m/%Y")},) if day else ()


def _newest(now: Overview, *keys: str) -> date | None:
    """The newest day from which a fact of these keys holds at any unit."""
    days = [
        f.valid_from for one in now.standings for key in keys if (f := now.facts.get((one.unit.code, key)))
    ]
    return max(days, default=None)


def _unknown(count: int) -> tuple[str, ...]:
    text = npgettext("province", "%(n)d unit: no figures yet", "%(n)d units: no figures yet", count)
    return (text % {"n": count},) if count else ()


def _doubtful(now: Overview, key: str) -> tuple[str, ...]:
    found = [
        one for one in now.standings if (fact := now.facts.get((one.unit.code, key))) and not fact.confirmed
    ]
    text = npgettext("province", "%(n)d unit: to be confirmed", "%(n)d units: to be confirmed", len(found))
    return (text % {"n": len(found)},) if found else ()


def _emr(now: Overview, sources: Sources) -> Figure:
    known = [one.seen.on_emr for one in now.standings]
    decided = sum(one.seen.emr_state in EMR_DONE for one in now.standings)
    lines = (
        pgettext("province", "declared; %(n)d with a decision to replace paper") % {"n": decided},
        *_unknown(known.count(None)),
        *_as_of(_newest(now, "emr", "emr_state")),
    )
    return Figure(
        pgettext("province", "Units on the EMR"),
        _of(known.count(True), now),
        lines,
        sources("facts"),
        _UNITS,
    )


def _link(now: Overview, sources: Sources) -> Figure:
    linked = sum(one.seen.linked for one in now.standings)
    installed = sum("installed" in (one.seen.reached or {}) for one in now.standings)
    lines = (
        pgettext("province", "proven by a signed receipt; %(n)d joined to the hub") % {"n": installed},
        *_as_of(now.day),
    )
    return Figure(
        pgettext("province", "Units connected"),
        _of(linked, now),
        lines,
        sources("ladder"),
        pgettext("province", "Evidence ladder"),
    )


def _transfers(now: Overview, sources: Sources) -> Figure:
    found = exchange(BEGIN, now.day)
    lines = [
        pgettext("province", "counted from traffic; %(n)s with a receipt")
        % {"n": _count(sum(one.accepted for one in found))}
    ]
    lines += [
        pgettext("province", "declared before: %(n)s (%(first)s – %(last)s)")
        % {
            "n": _count(one.transfers),
            "first": one.first.strftime("%d/%m/%Y"),
            "last": one.last.strftime("%d/%m/%Y"),
        }
        for one in told.rows()
        if one.told <= now.day
    ]
    return Figure(
        pgettext("province", "Transfers sent"),
        _count(sum(one.sent for one in found)),
        (*lines, *_as_of(now.day)),
        sources("transfers"),
        pgettext("province", "How transfers go"),
    )


def _security(now: Overview, sources: Sources) -> Figure:
    states = [one.seen.review for one in now.standings]
    lines = (
        pgettext("province", "%(way)d under way, %(failed)d not passed")
        % {"way": states.count("under-way"), "failed": states.count("failed")},
        *_as_of(now.day),
    )
    return Figure(
        pgettext("province", "Security level approved"),
        _of(states.count("passed"), now),
        lines,
        sources("security"),
        pgettext("province", "Security reviews"),
    )


def _his(now: Overview, sources: Sources) -> Figure:
    levels = Counter(one.seen.his_level for one in now.standings)
    missing = levels.pop("", 0)
    ordered = sorted(levels.items(), reverse=True)
    lines = tuple(
        npgettext("province", "level %(level)s: %(n)d unit", "level %(level)s: %(n)d units", n)
        % {"level": level, "n": n}
        for level, n in ordered
    )
    return Figure(
        pgettext("province", "Units with a HIS level"),
        _of(sum(levels.values()), now),
        (", ".join(lines), *_unknown(missing), *_as_of(_newest(now, "his_level"))),
        sources("levels"),
        pgettext("province", "Levels"),
    )


def _machines(now: Overview, sources: Sources, key: str) -> Figure:
    """The sum over the units; the total told for the whole province beside it, or in its place while no unit told."""
    about = facts.KEYS[key]
    amount, units, day = changed.total(key, now)
    whole = now.facts.get((facts.PROVINCE, key))
    lines = []
    if units:
        lines.append(pgettext("province", "sum of %(n)d units, %(day)s") % {"n": units, "day": _written(day)})
        lines += _unknown(len(now.standings) - units)
    lines += _doubtful(now, key)
    if whole:
        shown = {"n": changed.shown(about, whole.value), "day": _written(whole.valid_from)}
        lines.append(pgettext("province", "published for the province: %(n)s, %(day)s") % shown)
        if not units:
            lines.append(pgettext("province", "no figures of single units yet"))
        elif int(whole.value) != amount and units == len(now.standings):
            lines.append(pgettext("province", "differs by %(n)s") % {"n": f"{amount - int(whole.value):+d}"})
    if units:
        figure = _count(amount)
    else:
        figure = changed.shown(about, whole.value) if whole else pgettext("province", "no figures yet")
    return Figure(about.label, figure, tuple(lines), sources("facts"), _UNITS)


def _tasks(now: Overview, sources: Sources) -> Figure:
    still = [item for item in now.plan.items.values() if not item.done]
    late = sum(bool(item.late) for item in still)
    lines = (pgettext("province", "of %(n)s open tasks") % {"n": _count(len(still))}, *_as_of(now.day))
    return Figure(
        pgettext("province", "Tasks overdue"),
        _count(late),
        lines,
        sources("plan"),
        pgettext("province", "Plan"),
    )


def _faults(now: Overview, sources: Sources) -> Figure:
    units = sum(one.seen.faults > 0 for one in now.standings)
    lines = (pgettext("province", "reported to vendors; at %(n)d units") % {"n": units}, *_as_of(now.day))
    return Figure(
        pgettext("province", "Faults open"),
        _count(sum(one.seen.faults for one in now.standings)),
        lines,
        sources("vendors"),
        pgettext("province", "Vendors"),
    )


def _signatures(now: Overview, sources: Sources) -> Figure:
    issued, units, day = changed.total("signatures_issued", now)
    needed, asked, _day = changed.total("signatures_needed", now)
    lines: list[str] = []
    if asked:
        lines.append(pgettext("province", "of %(n)s needed") % {"n": _count(needed)})
    lines += (*_unknown(len(now.standings) - units), *_doubtful(now, "signatures_issued"), *_as_of(day))
    return Figure(
        facts.KEYS["signatures_issued"].label,
        _count(issued) if units else pgettext("province", "no figures yet"),
        tuple(lines),
        sources("facts"),
        _UNITS,
    )


def _money(now: Overview, sources: Sources) -> Figure:
    sums = totals(now.day)
    lines = (
        pgettext("province", "asked for: %(asked)s; spent: %(spent)s")
        % {"asked": short(sums.asked), "spent": short(sums.spent)},
        *_as_of(now.day),
    )
    return Figure(
        pgettext("province", "Money granted"),
        short(sums.granted),
        lines,
        sources("money"),
        pgettext("province", "Money and tenders"),
    )


def _count(value: int) -> str:
    return str(number_format(value, 0, force_grouping=True))


def _written(day: date | None) -> str:
    return day.strftime("%d/%m/%Y") if day else ""


@dataclass(frozen=True, slots=True)
class DeadlineSaid:
    """A deadline in words; ``kind``: shape of the tag of ``left``; ``state``: how many units are there."""

    day: date
    words: str
    who: str
    left: str
    kind: str
    state: str
    url: str


def deadlines(now: Overview, sources: Sources) -> list[DeadlineSaid]:
    """Deadlines that units missed, then those ahead."""
    found = targets(now)
    gone = [one for one in found if one.day < now.day]
    ahead = [one for one in found if one.day >= now.day]
    return [_said(one, now.day, sources) for one in (*gone, *ahead[:AHEAD])]


def _said(one: Target, on: date, sources: Sources) -> DeadlineSaid:
    days = (one.day - on).days
    if days < 0:
        text = npgettext("province", "%(n)d day late", "%(n)d days late", -days) % {"n": -days}
    elif days == 0:
        text = pgettext("province", "today")
    else:
        text = npgettext("province", "%(n)d day left", "%(n)d days left", days) % {"n": days}
    state = ""
    if one.met is not None:
        text_met = npgettext(
            "province", "%(met)d of %(n)d unit there", "%(met)d of %(n)d units there", one.of
        )
        state = text_met % {"met": one.met, "n": one.of}
    kind = "bad" if days < 0 else "warn" if days <= SOON and one.met != one.of else "info"
    words = one.words if one.confidence != "C" else f"{one.words} ({pgettext('province', 'to be confirmed')})"
    return DeadlineSaid(one.day, words, one.who, text, kind, state, sources("deadlines"))
