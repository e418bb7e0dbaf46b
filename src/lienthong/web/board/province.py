"""The province on a page: lights, figures, map, what changed, deadlines, and a table of every unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.http import urlencode
from django.utils.translation import npgettext, pgettext, pgettext_lazy
from django.views.decorators.http import require_GET

from lienthong.access import audit, rights
from lienthong.foundation import clock
from lienthong.rollout import changed, facts, lights, overview, scope
from lienthong.rollout.overview import Overview, Standing
from lienthong.rollout.scope import Person
from lienthong.web import days
from lienthong.web.board import figures, security
from lienthong.web.board.doors import opens
from lienthong.web.board.drawing import Spot, draw
from lienthong.web.board.sources import Sources

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

BEGAN = date(2025, 1, 1)
"""The first day the page can be asked for: the year in which the roll-out began."""
WEEK = timedelta(days=7)
LEVEL_SOURCES: dict[str, StrOrPromise] = {
    "declared": pgettext_lazy("province", "declared"),
    "assessed": pgettext_lazy("province", "assessed by the unit"),
    "reviewed": pgettext_lazy("province", "reviewed"),
}
SHOWN = 6
"""Changes of a kind that need no click."""
REASONS = 3
"""Reasons of a unit that need no click."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the table; ``tag``: shape of a tag."""

    label: StrOrPromise
    text: str
    small: str = ""
    url: str = ""
    tag: str = ""
    number: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A reason or a change in words, with where to look it up."""

    words: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A unit of the table."""

    code: str
    name: str
    url: str
    reasons: list[Said]
    rest: list[Said]
    more: str
    cells: list[Cell]


@dataclass(frozen=True, slots=True)
class Column:
    """A head of the table; ``url`` sorts by it."""

    label: StrOrPromise
    url: str = ""
    sorted: bool = False
    number: bool = False


@require_GET
@opens(*rights.BOARD)
def province(request: HttpRequest) -> HttpResponse:
    """``/board``: today, or as of a past day (``on``); the table in the order of ``sort``.

    A person of one unit alone is led to the page of that unit.
    """
    person = scope.person(request)
    if not person.all_units and len(person.units) == 1:
        return redirect("board-unit", code=next(iter(person.units)))
    today = clock.today()
    on, sort = _day(request.GET.get("on", ""), today), request.GET.get("sort", "")
    sort = sort if sort in SORTS else "light"
    now, before = overview.look(on), overview.look(on - WEEK)
    seen = [one for one in now.standings if person.sees(one.unit.code)]
    sources = Sources(person, None if on == today else on)
    audit.record(person.actor, "board", page=request.path, detail={"on": on.isoformat()})
    query = {"on": on.isoformat()} if on != today else {}
    page = {
        "on": on,
        "today": today,
        "past": on != today,
        "sort": sort,
        "days": _days(on, today, now),
        "lights": _lights(seen),
        "figures": figures.figures(now, sources) if person.all_units else [],
        "map": draw(
            [_spot(one, sources) for one in seen],
            title=pgettext("province", "Map of the units, each with its light"),
        ),
        "ended": on >= date(2025, 7, 1),
        "deadlines": figures.deadlines(now, sources),
        "before": before.day,
        "groups": _groups(before, now, person, sources),
        "columns": _columns(sort, query),
        "rows": [_row(one, sources) for one in sorted(seen, key=SORTS[sort])],
        "rules": [
            {"kind": rule.light.value, "light": lights.WORDS[rule.light], "words": rule.words}
            for rule in lights.RULES
        ],
    }
    return render(request, "web/board/province/province.html", page)


def _day(text: str, today: date) -> date:
    return min(max(days.read(text) or today, BEGAN), today)


def _days(on: date, today: date, now: Overview) -> list[tuple[date, str]]:
    """Days that are asked for often: today, a week before, the newest days from which facts hold."""
    told = sorted({fact.valid_from for fact in now.facts.values()}, reverse=True)[:2]
    found = {today: pgettext("province", "today"), on - WEEK: pgettext("province", "a week earlier")}
    for day in told:
        found.setdefault(day, pgettext("province", "figures of %(day)s") % {"day": day.strftime("%d/%m/%Y")})
    return [(day, words) for day, words in found.items() if BEGAN <= day <= today]


def _lights(seen: Sequence[Standing]) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for light in lights.ORDER:
        count = sum(one.light is light for one in seen)
        name = lights.WORDS[light]
        first = next((one.unit.code for one in seen if one.light is light), "")
        found.append(
            {
                "kind": light.value,
                "name": name,
                "meaning": lights.MEANINGS[light],
                "count": count,
                "words": f"{name}: {count}",
                "url": f"#unit-{first}",
            }
        )
    return found


def _spot(one: Standing, sources: Sources) -> Spot:
    name, word = changed.name(one.unit), str(lights.WORDS[one.light])
    words = ". ".join([name, *(reason.words for reason in one.verdict.reasons[:1])])
    return Spot(one.unit.code, name, one.light.value, word, words, sources("unit", one.unit.code))


def _groups(before: Overview, now: Overview, person: Person, sources: Sources) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for group in changed.groups(before, now):
        own = [one for one in group.sentences if person.all_units or one.unit in person.units]
        if own:
            found.append(
                {
                    "title": group.title,
                    "lines": [Said(one.words, sources(one.source, one.unit)) for one in own[:SHOWN]],
                    "rest": [Said(one.words, sources(one.source, one.unit)) for one in own[SHOWN:]],
                }
            )
    return found


# The table


def _emr_rank(one: Standing) -> int:
    states = [code for code, _words in facts.EMR_STATES]
    if one.seen.emr_state in states:
        return 10 + states.index(one.seen.emr_state)
    software = [code for code, _words in facts.BASIC_ADVANCED]
    return software.index(one.seen.emr) if one.seen.emr in software else -1


REVIEWS = ("failed", "none", "under-way", "passed")
SORTS: dict[str, Callable[[Standing], tuple[Any, ...]]] = {
    "unit": lambda one: (one.unit.place,),
    "light": lambda one: (lights.ORDER.index(one.light), one.unit.place),
    "his": lambda one: (one.seen.his_level, one.unit.place),
    "emr": lambda one: (_emr_rank(one), one.unit.place),
    "proven": lambda one: (len(one.seen.reached or {}), one.unit.place),
    "link": lambda one: (one.seen.linked, one.unit.place),
    "security": lambda one: (REVIEWS.index(one.seen.review), one.unit.place),
    "late": lambda one: (-len(one.seen.late), one.unit.place),
    "next": lambda one: (one.next.day if one.next else date.max, one.unit.place),
}
"""Orders of the table, in that of the columns: what lags behind stands first."""
HEADS: dict[str, StrOrPromise] = {
    "unit": pgettext_lazy("province", "Unit"),
    "light": pgettext_lazy("light", "Light"),
    "his": pgettext_lazy("province", "HIS level"),
    "emr": pgettext_lazy("province", "EMR, declared"),
    "proven": pgettext_lazy("province", "Proven by traffic"),
    "link": pgettext_lazy("province", "Link with Bạch Mai"),
    "security": pgettext_lazy("province", "Security review"),
    "late": pgettext_lazy("province", "Tasks overdue"),
    "next": pgettext_lazy("province", "Next date"),
}


def _columns(sort: str, query: dict[str, str]) -> list[Column]:
    return [
        Column(head, f"?{urlencode({**query, 'sort': name})}#units", name == sort, name == "late")
        for name, head in HEADS.items()
    ]


def _row(one: Standing, sources: Sources) -> Row:
    code = one.unit.code
    said = [Said(reason.words, sources(reason.source, code)) for reason in one.verdict.reasons]
    more = len(said) - REASONS
    text = (
        npgettext("province", "%(n)d more reason", "%(n)d more reasons", more) % {"n": more}
        if more > 0
        else ""
    )
    return Row(
        code,
        changed.name(one.unit),
        sources("unit", code),
        said[:REASONS],
        said[REASONS:],
        text,
        [
            Cell(HEADS["light"], str(lights.WORDS[one.light]), "", sources("unit", code), one.light.value),
            _his(one, sources),
            _emr(one, sources),
            _proven(one, sources),
            _link(one, sources),
            _security(one, sources),
            Cell(HEADS["late"], str(len(one.seen.late)), url=sources("plan", code), number=True),
            _next(one, sources),
        ],
    )


def _his(one: Standing, sources: Sources) -> Cell:
    level = one.levels.groups.get("III")
    if level is None:
        return Cell(
            HEADS["his"], pgettext("province", "no figures yet"), url=sources("levels", one.unit.code)
        )
    small = str(LEVEL_SOURCES[level.source])
    if not level.confirmed:
        small += ", " + pgettext("province", "to be confirmed")
    return Cell(HEADS["his"], level.value, small, sources("levels", one.unit.code))


def _emr(one: Standing, sources: Sources) -> Cell:
    seen, url = one.seen, sources("facts", one.unit.code)
    software = facts.KEYS["emr"].words(seen.emr) if seen.emr else ""
    if seen.emr_state:
        small = pgettext("province", "software: %(level)s") % {"level": software} if software else ""
        return Cell(HEADS["emr"], facts.KEYS["emr_state"].words(seen.emr_state), small, url)
    return Cell(HEADS["emr"], software or pgettext("province", "no figures yet"), url=url)


def _proven(one: Standing, sources: Sources) -> Cell:
    url = sources("ladder", one.unit.code)
    if one.rung is None or one.rung.at is None:
        return Cell(HEADS["proven"], pgettext("province", "nothing yet"), url=url)
    return Cell(HEADS["proven"], one.rung.label, _short(one.rung.at), url)


def _link(one: Standing, sources: Sources) -> Cell:
    url = sources("ladder", one.unit.code)
    if one.seen.linked and one.seen.reached:
        when = one.seen.reached[lights.LINKED].strftime("%d/%m/%Y")
        return Cell(HEADS["link"], pgettext("province", "Proven"), when, url, "ok")
    return Cell(HEADS["link"], pgettext("province", "Not yet"), "", url, "wait")


def _security(one: Standing, sources: Sources) -> Cell:
    shape, words = security.STATES[one.seen.review]
    day = one.review.day if one.review else None
    when = day.strftime("%d/%m/%Y") if day else ""
    return Cell(HEADS["security"], str(words), when, sources("security", one.unit.code), shape)


def _next(one: Standing, sources: Sources) -> Cell:
    if one.next is None:
        return Cell(HEADS["next"], "–")
    return Cell(
        HEADS["next"],
        one.next.day.strftime("%d/%m/%Y"),
        one.next.words,
        sources(one.next.source, one.unit.code),
    )


def _short(moment: datetime) -> str:
    return moment.astimezone(clock.VIETNAM).strftime("%d/%m/%Y")


urlpatterns = [path("board", province, name="board-province")]
