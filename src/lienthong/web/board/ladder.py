"""The evidence ladder, the feeds, and declarations beside proofs: computed from traffic, never typed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy
from django.views.decorators.http import require_GET

from lienthong.access import audit, rights
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.rollout import facts, scope, units
from lienthong.rollout.feeds import reading, states, usual
from lienthong.rollout.feeds import words as feed_words
from lienthong.rollout.feeds.fields import FEEDS
from lienthong.rollout.feeds.states import State
from lienthong.rollout.feeds.words import number
from lienthong.rollout.ladder import comparing, rungs, summary, words
from lienthong.rollout.ladder.comparing import Found
from lienthong.rollout.ladder.daily import WANTED
from lienthong.rollout.ladder.rungs import Evidence
from lienthong.web import days
from lienthong.web.board import heat
from lienthong.web.board.doors import opens
from lienthong.web.charts import Column, bars_by_day, columns

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SHAPES = {"ok": "ok", "silent": "bad", "drift": "warn", "unknown": "wait"}
STATES: Mapping[str, StrOrPromise] = {
    "ok": pgettext_lazy("feed", "As usual"),
    "silent": pgettext_lazy("feed", "Silent"),
    "drift": pgettext_lazy("feed", "Drifting"),
    "unknown": pgettext_lazy("feed", "Not known"),
}
STRIP_DAYS, SHORTEST_STRIP = 14, 3
WEEKS = 8
_ORDER = ("silent", "drift", "unknown", "ok")


@dataclass(frozen=True, slots=True)
class Step:
    """A rung ready to show.

    Attributes:
        later: neither reached nor the next one.
        url: leads to its proof; empty where whoever looks may not follow it.
    """

    name: str
    label: str
    reached: bool
    later: bool
    at: str
    short: str
    detail: str
    url: str


@dataclass(frozen=True, slots=True)
class FeedCell:
    """A feed ready to show: shape and word, the figures, the sentence."""

    name: str
    state: str
    shape: str
    word: str
    usual: str
    now: str
    words: str


@dataclass(frozen=True, slots=True)
class FeedTag:
    """Feeds in the same state, in one tag."""

    names: str
    shape: str
    word: str


@dataclass(frozen=True, slots=True)
class Line:
    """A unit of the ladder."""

    code: str
    name: str
    steps: list[Step]
    reached: int
    feeds: list[FeedTag]


@dataclass(frozen=True, slots=True)
class FieldLine:
    """The filling of a field: its usual share, the share now, and that of each week; texts."""

    label: str
    usual: str
    now: str
    fell: bool
    weeks: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class FeedSection:
    """One feed of one unit with its strip and fields."""

    cell: FeedCell
    strip: SafeString | None
    hours: SafeString | None
    fields: list[FieldLine]


def _steps(found: Sequence[Evidence], *, follows: bool) -> list[Step]:
    missing = [one.name for one in found if one.at is None]
    return [
        Step(
            one.name,
            str(words.NAMES[one.name]),
            one.at is not None,
            one.name in missing[1:],
            words.moment(one.at),
            _short(one),
            words.detail(one),
            reverse("message", args=[one.message]) if follows and one.message else "",
        )
        for one in found
    ]


def _short(one: Evidence) -> str:
    """What stands in the table: the day, or how far it is."""
    if one.at is not None:
        return words.day(one.at.astimezone(clock.VIETNAM).date())
    if one.run is not None:
        return _("%(n)s of %(wanted)s days") % {"n": one.run.days, "wanted": WANTED}
    return pgettext("rung", "not yet")


def _cell(state: State) -> FeedCell:
    return FeedCell(
        state.feed,
        state.state,
        SHAPES[state.state],
        str(STATES[state.state]),
        number(state.usual) if state.usual is not None else "–",
        number(state.today) if state.known_to else "–",
        feed_words.sentence(state),
    )


def _tags(judged: Sequence[State]) -> list[FeedTag]:
    alike: dict[str, list[str]] = defaultdict(list)
    for one in judged:
        alike[one.state].append(one.feed)
    return [
        FeedTag(", ".join(alike[state]), SHAPES[state], str(STATES[state]))
        for state in _ORDER
        if state in alike
    ]


def _seen(request: HttpRequest, on: date | None = None) -> tuple[scope.Person, list[units.Unit]]:
    """Whoever asks and the units he may see, with the trace that looking leaves."""
    person = scope.person(request)
    audit.record(person.actor, "board", page=request.path)
    return person, [one for one in units.listing(on) if person.sees(one.code)]


def _day(request: HttpRequest) -> date | None:
    return days.read(request.GET.get("on", ""), date(2000, 1, 1), clock.today() - timedelta(days=1))


@require_GET
@opens(*rights.BOARD)
def ladder(request: HttpRequest) -> HttpResponse:
    """``/board/ladder``: every unit and how far it has come; ``on`` names a past day."""
    on = _day(request)
    person, seen = _seen(request, on)
    codes = [one.code for one in seen]
    moment = min(clock.now(), reading.end_of(on)) if on else clock.now()
    found = rungs.of_units(codes, on)
    feeds = states.of_units(codes, moment)
    follows = bool(person.roles & set(rights.JOURNEY))
    lines = [
        Line(
            code,
            directory.name(code, on),
            _steps(found[code], follows=follows),
            sum(one.at is not None for one in found[code]),
            _tags(feeds[code]),
        )
        for code in codes
    ]
    lines.sort(key=lambda line: -line.reached)
    reached = [(label, sum(line.steps[n].reached for line in lines)) for n, label in _labels()]
    page = {
        "lines": lines,
        "reached": reached,
        "labels": [label for _n, label in _labels()],
        "on": on,
        "now": moment,
        "demo": settings.NODE.demo,
        "differences": len(comparing.compare(codes, on, ladder=found, feeds=feeds)),
        "troubled": sum(one.state in ("silent", "drift") for held in feeds.values() for one in held),
    }
    return render(request, "web/board/ladder/ladder.html", page)


def _labels() -> list[tuple[int, str]]:
    return [(n, str(words.NAMES[name])) for n, name in enumerate(rungs.NAMES)]


@require_GET
@opens(*rights.BOARD)
def unit(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/ladder/units/<code>``: one unit's rungs with their proofs, its feeds by hour, fields and days."""
    person = scope.must_see(request, code)
    if code not in units.codes():
        raise Http404
    audit.record(person.actor, "board", page=request.path)
    now = clock.now()
    found = rungs.of_units([code])[code]
    judged = states.of_units([code], now)[code]
    record = next(one for one in found if one.name == rungs.RECORD)
    days = reading.by_data_day(code, rungs.FEED, now) if record.span else {}
    month = found[-1].run
    page = {
        "code": code,
        "steps": _steps(found, follows=bool(person.roles & set(rights.JOURNEY))),
        "reached": sum(one.at is not None for one in found),
        "sections": _sections(code, judged),
        "data": _data_chart(days),
        "span": record.span,
        "run": month,
        "gaps": [(words.day(gap.day), words.why(gap)) for gap in reversed(month.gaps[-10:])] if month else [],
        "differences": [
            _shown(one) for one in comparing.compare([code], ladder={code: found}, feeds={code: judged})
        ],
        "told": reading.reported([code]).get(code),
        "now": now,
        "demo": settings.NODE.demo,
    }
    return render(request, "web/board/ladder/unit.html", page)


def _data_chart(days: Mapping[date, int]) -> SafeString | None:
    """Records by the day of their data, the last sixty such days."""
    if not days:
        return None
    last = max(days)
    first = max(min(days), last - timedelta(days=59))
    shown = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    title = _("Dossiers by the day of their data, not the day they came")
    return bars_by_day([(day, days.get(day, 0)) for day in shown], title, _("Dossiers"))


def _sections(code: str, judged: Sequence[State]) -> list[FeedSection]:
    known_to = judged[0].known_to
    if known_to is None:
        return [FeedSection(_cell(state), None, None, []) for state in judged]
    today = known_to.astimezone(clock.VIETNAM).date()
    since = usual.day_start(today - timedelta(weeks=WEEKS))
    told = reading.told({code: (since, known_to)})[code]
    hours, shares = told.hours, told.shares
    begin = reading.began()[code]
    first = begin.astimezone(clock.VIETNAM).date()
    known = min(STRIP_DAYS, max(SHORTEST_STRIP, (today - first).days + 1))
    days = [today - timedelta(days=back) for back in range(known)]
    sections = []
    for state in judged:
        items = str(FEEDS[state.feed].items)
        rows = heat.squares(
            days, hours.get(state.feed, reading.Hours()).items, (begin, known_to), state.learned
        )
        title = _("%(feed)s by hour of arrival, the last %(days)s days") % {
            "feed": state.feed,
            "days": len(days),
        }
        came = state.last_at is not None
        sections.append(
            FeedSection(
                _cell(state),
                heat.strip(rows, title, items) if came else None,
                _usual_hours(state, items) if state.learned else None,
                _fields(state, shares.get(state.feed, {}), today),
            )
        )
    return sections


def _usual_hours(state: State, items: str) -> SafeString | None:
    """What a working day usually brings, by hour."""
    learned = state.learned
    if learned is None or not state.usual:
        return None
    means = [state.usual * learned.shares[2][hour] for hour in range(24)]
    bars = [
        Column(f"{hour}h", f"{hour}:00", number(round(mean)), Decimal(round(mean)) or None)
        for hour, mean in enumerate(means)
    ]
    title = _("%(feed)s: usual on a working day, by hour") % {"feed": state.feed}
    return columns(bars, title=title, first=pgettext("feed", "Hour"), second=items)


def _fields(state: State, shares: Mapping[str, usual.Shares], today: date) -> list[FieldLine]:
    found = []
    monday = today - timedelta(days=today.weekday())
    began = min((day for days in shares.values() for day in days), default=today)
    known = min(WEEKS, (monday - began).days // 7 + 2)
    starts = [monday - timedelta(weeks=back) for back in reversed(range(known))]
    for name, label in FEEDS[state.feed].fields.items():
        days = shares.get(name, {})
        if not any(of for _filled, of in days.values()):
            continue
        weeks: dict[date, list[int]] = defaultdict(lambda: [0, 0])
        for day, (filled, of) in days.items():
            held = weeks[day - timedelta(days=day.weekday())]
            held[0] += filled
            held[1] += of
        fell = state.fallen.get(name)
        latest = weeks[max(weeks)]
        found.append(
            FieldLine(
                str(label),
                _percent(fell.usual) if fell else "",
                _percent(fell.now if fell else latest[0] / latest[1]) if latest[1] else "–",
                fell is not None,
                [
                    (start.strftime("%d/%m"), _percent(weeks[start][0] / weeks[start][1]))
                    if start in weeks and weeks[start][1]
                    else (start.strftime("%d/%m"), "–")
                    for start in starts
                ],
            )
        )
    return found


def _percent(share: float) -> str:
    return f"{round(share * 100)}%"


@require_GET
@opens(*rights.BOARD)
def feeds(request: HttpRequest) -> HttpResponse:
    """``/board/ladder/feeds``: what is missing now, and every feed of every unit."""
    _person, seen = _seen(request)
    codes = [one.code for one in seen]
    now = clock.now()
    judged = states.of_units(codes, now)
    lines = [(code, [_cell(state) for state in judged[code]]) for code in codes]
    wrong = [(code, cell) for code, cells in lines for cell in cells if cell.state in ("silent", "drift")]
    wrong.sort(key=lambda pair: _ORDER.index(pair[1].state))
    reports = reading.reported(codes)
    lines.sort(key=lambda line: line[0] not in reports)
    page = {
        "wrong": wrong,
        "lines": [(code, cells, reports.get(code)) for code, cells in lines],
        "names": list(FEEDS),
        "now": now,
    }
    return render(request, "web/board/ladder/feeds.html", page)


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """A difference ready to show."""

    unit: str
    what: str
    declared: str
    since: date
    source: str
    confirmed: bool
    proven: str
    words: str
    hint: str
    bad: bool


def _shown(found: Found) -> DifferenceLine:
    key = facts.KEYS[found.fact.key]
    return DifferenceLine(
        found.unit,
        str(key.label),
        key.words(found.fact.value),
        found.fact.valid_from,
        found.fact.source,
        found.fact.confirmed,
        summary.proven(found),
        str(found.rule.words),
        str(found.rule.hint),
        found.rule.severity == "bad",
    )


@require_GET
@opens(*rights.BOARD)
def differences(request: HttpRequest) -> HttpResponse:
    """``/board/ladder/differences``: where declarations and traffic do not fit; ``on`` names a past day."""
    on = _day(request)
    _person, seen = _seen(request, on)
    codes = [one.code for one in seen]
    found = [_shown(one) for one in comparing.compare(codes, on)]
    told = reading.reported(codes)
    page = {
        "rows": found,
        "bad": sum(one.bad for one in found),
        "silent": [code for code in codes if code not in told],
        "units": len(codes),
        "on": on,
        "now": clock.now(),
    }
    return render(request, "web/board/ladder/differences.html", page)


urlpatterns = [
    path("board/ladder", ladder, name="board-ladder"),
    path("board/ladder/feeds", feeds, name="board-ladder-feeds"),
    path("board/ladder/differences", differences, name="board-ladder-differences"),
    path("board/ladder/units/<slug:code>", unit, name="board-ladder-unit"),
]
