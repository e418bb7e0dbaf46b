"""The plan in time: calendar, Gantt chart; and what blocks what."""

from __future__ import annotations

import calendar as months
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from lienthong.access import audit, rights
from lienthong.rollout.plan import graph, readers
from lienthong.rollout.plan.models import Deadline, Meeting
from lienthong.rollout.plan.overview import Item, Plan, plan
from lienthong.rollout.plan.schedule import Schedule
from lienthong.transfers.validity import working_days
from lienthong.transfers.validity.working_days import Day
from lienthong.web import days
from lienthong.web.board.doors import opens
from lienthong.web.board.plan import asked as asking
from lienthong.web.board.plan.asked import Asked
from lienthong.web.board.plan.drawing import Bar, Mark, Node, waiting
from lienthong.web.board.plan.drawing import gantt as chart

DAY = timedelta(days=1)
MOST_BARS, MOST_BOXES = 60, 60
LONGEST = 1100
"""Days that a chart spans at most."""
NOTHING = Schedule({}, None, ())


@dataclass(frozen=True, slots=True)
class Event:
    """What a day of the calendar holds; ``number`` of a task, ``code`` of a meeting."""

    shape: str
    words: str
    number: str = ""
    code: str = ""
    unconfirmed: bool = False


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day of the calendar; ``special`` is what is not as its place in the week says."""

    day: date
    inside: bool
    today: bool
    special: str
    off: bool
    events: list[Event]


@require_GET
@opens(*rights.BOARD)
def calendar(request: HttpRequest) -> HttpResponse:
    """``/board/plan/calendar``: a month (``month=2025-03``) with due dates, meetings, deadlines and holidays."""
    want = asking.asked(request)
    found = plan(want.day)
    first = _month(request.GET.get("month", "")) or want.day.replace(day=1)
    events = _events(found, want)
    special = working_days.calendar().days
    weeks = [
        (
            week[0].isocalendar().week,
            [
                CalendarDay(
                    day,
                    day.month == first.month,
                    day == want.day,
                    _special(special.get(day)),
                    _off(day, special.get(day)),
                    events.get(day, []),
                )
                for day in week
            ],
        )
        for week in months.Calendar(0).monthdatescalendar(first.year, first.month)
    ]
    audit.record(want.person.actor, "board", page=request.path)
    names = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
    page = {
        **asking.page(request, want, found),
        "weeks": weeks,
        "names": names,
        "first": first,
        "before": f"{first - DAY:%Y-%m}",
        "after": f"{first + 31 * DAY:%Y-%m}",
        "title": f"{first:%m/%Y}",
    }
    return render(request, "web/board/plan/calendar.html", page)


def _month(text: str) -> date | None:
    return days.read(f"{text[:7]}-01", date(2001, 1, 1), date(2099, 12, 31))


def _special(one: Day | None) -> str:
    if one is None:
        return ""
    name = one.name_en if get_language() == "en" else one.name_vi
    return name if one.confirmed else f"{name} ({_('to be confirmed')})"


def _off(day: date, one: Day | None) -> bool:
    return day.weekday() > 4 if one is None or not one.confirmed else one.off


def _events(found: Plan, want: Asked) -> dict[date, list[Event]]:
    events: dict[date, list[Event]] = {}
    if want.person.roles & set(rights.PLAN_REGISTERS):
        for deadline in Deadline.objects.filter(known_from__lte=want.day).exclude(ended_on__lte=want.day):
            mark = Event("diamond", deadline.words, unconfirmed=deadline.unconfirmed)
            events.setdefault(deadline.day, []).append(mark)
        for meeting in Meeting.objects.filter(day__lte=want.day + 366 * DAY):
            one = Event("meeting", f"{meeting.get_kind_display()}: {meeting.words}", code=meeting.code)
            events.setdefault(meeting.day, []).append(one)
    for item in asking.chosen(found, want):
        day = item.facts.done if item.done else item.due
        if day:
            words = f"{item.task.number} {item.task.words}"
            events.setdefault(day, []).append(Event(item.shape, words, item.task.number))
    return events


@require_GET
@opens(*rights.BOARD)
def gantt(request: HttpRequest) -> HttpResponse:
    """``/board/plan/gantt``: bars, arrows, the line of today, the critical chain; the same as a table."""
    want = asking.asked(request)
    found = plan(want.day)
    every = asking.chosen(found, want)
    items = sorted(every, key=lambda item: (item.task.unit, item.begin, item.task.number))[:MOST_BARS]
    schedule = found.schedule(item.task.number for item in items) or NOTHING
    bars = [_bar(item, schedule) for item in items]
    marks = _marks(want)
    audit.record(want.person.actor, "board", page=request.path)
    page = {
        **asking.page(request, want, found),
        "drawing": chart(bars, found.needs, want.day, _span(bars, want.day), marks) if bars else "",
        "rows": [
            (item, schedule.forecasts.get(item.task.number), bar)
            for item, bar in zip(items, bars, strict=True)
        ],
        "critical": _read(found, schedule.critical, want),
        "end": schedule.end,
        "unknown": [item for item in items if item.task.days is None and not item.done],
        "more": len(every) - len(items),
        "marks": marks,
    }
    return render(request, "web/board/plan/gantt.html", page)


def _read(found: Plan, numbers: Sequence[str], want: Asked) -> list[Item]:
    """Of some tasks those that whoever asks may read."""
    items = (found.items[number] for number in numbers)
    return [item for item in items if readers.reads(want.person, item.task)]


def _marks(want: Asked) -> list[Mark]:
    found = Deadline.objects.filter(known_from__lte=want.day).exclude(ended_on__lte=want.day)
    return [Mark(one.day, one.words) for one in found]


def _bar(item: Item, schedule: Schedule) -> Bar:
    forecast = schedule.forecasts.get(item.task.number)
    return Bar(
        item.task.number,
        item.task.words,
        item.shape,
        str(item.state.label),
        item.begin,
        item.due,
        item.facts.done if item.done else None,
        (forecast.start, forecast.finish) if forecast else None,
        item.task.number in schedule.critical and len(schedule.critical) > 1,
    )


def _span(bars: list[Bar], today: date) -> tuple[date, date]:
    ends = [bar.done or bar.due or bar.begin for bar in bars]
    ends += [bar.forecast[1] for bar in bars if bar.forecast]
    first = min([today, *(bar.begin for bar in bars)]) - 3 * DAY
    last = max([today, *ends]) + 6 * DAY
    first = max(first, today - LONGEST * DAY)
    return first, min(max(last, first + 28 * DAY), first + 2 * LONGEST * DAY)


@require_GET
@opens(*rights.BOARD)
def blocking(request: HttpRequest) -> HttpResponse:
    """``/board/plan/blocking``: what waits for what as a picture and as a table, what holds up most first."""
    want = asking.asked(request)
    found = plan(want.day)
    picked = {item.task.number for item in asking.chosen(found, want)}
    needs = {task: set(before) for task, before in found.needs.items() if task in picked}
    inside = {number for task, before in needs.items() for number in (task, *before)}
    inside |= {number for number in picked if number in graph.turned(found.needs)}
    read = [item for item in found.items.values() if readers.reads(want.person, item.task)]
    items = [item for item in read if item.task.number in inside]
    schedule = found.schedule(item.task.number for item in items) or NOTHING
    critical = schedule.critical if len(schedule.critical) > 1 else ()
    nodes = [
        Node(item.task.number, item.task.words, item.shape, str(item.state.label), len(item.blockers))
        for item in items
    ]
    audit.record(want.person.actor, "board", page=request.path)
    open_items = [item for item in items if not item.done]
    page = {
        **asking.page(request, want, found),
        "drawing": waiting(nodes, found.needs, critical) if nodes and len(nodes) <= MOST_BOXES else "",
        "too_many": len(nodes) > MOST_BOXES,
        "rows": sorted(open_items, key=lambda item: (-len(item.holds_up), item.task.number)),
        "free": [item for item in open_items if item.holds_up and not item.blockers],
        "critical": _read(found, critical, want),
        "whole": pgettext("plan", "Whole province"),
    }
    return render(request, "web/board/plan/blocking.html", page)
