"""What a page of the plan was asked for, and what whoever asks may see and do there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from lienthong.access import accounts, audit, rights
from lienthong.access.models import Role
from lienthong.foundation import clock
from lienthong.rollout import scope, units
from lienthong.rollout.plan import organisations
from lienthong.rollout.plan.models import Area, Task
from lienthong.rollout.plan.overview import Item, Plan, plan
from lienthong.rollout.plan.readers import only_security, reads, reads_all
from lienthong.rollout.plan.states import State
from lienthong.rollout.scope import Person
from lienthong.web import days

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PROVINCE, EVERYTHING = "province", "all"
WHEN: dict[str, StrOrPromise] = {
    "late": pgettext_lazy("plan", "overdue"),
    "7": gettext_lazy("within 7 days"),
    "14": gettext_lazy("within 14 days"),
    "30": gettext_lazy("within 30 days"),
    "none": gettext_lazy("without a date"),
}
_WITH_FILTERS = (
    "board-plan",
    "board-plan-board",
    "board-plan-gantt",
    "board-plan-blocking",
    "board-plan-calendar",
)
VIEWS: tuple[tuple[str, StrOrPromise], ...] = (
    ("board-plan", pgettext_lazy("plan", "List")),
    ("board-plan-board", pgettext_lazy("plan", "Board")),
    ("board-plan-calendar", pgettext_lazy("plan", "Calendar")),
    ("board-plan-gantt", gettext_lazy("Gantt chart")),
    ("board-plan-blocking", gettext_lazy("What blocks what")),
    ("board-plan-meetings", pgettext_lazy("plan", "Meetings")),
    ("board-plan-difficulties", pgettext_lazy("plan", "Difficulties")),
    ("board-plan-documents", pgettext_lazy("plan", "Documents")),
    ("board-plan-templates", pgettext_lazy("plan", "Templates")),
    ("board-plan-deadlines", pgettext_lazy("plan", "Deadlines")),
)
"""The pages of the plan, in the order of their bar."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Filters of the pages with tasks.

    Attributes:
        day: as of when; past: whether that is not today, so that nothing is typed.
        unit: ``province``, ``all`` or a facility code.
    """

    person: Person
    day: date
    past: bool
    unit: str
    lead: str
    state: str
    when: str
    area: str

    @property
    def query(self) -> str:
        """The filters as part of an address."""
        given = {
            "unit": self.unit,
            "lead": self.lead,
            "state": self.state,
            "due": self.when,
            "area": self.area,
            "on": self.day.isoformat() if self.past else "",
        }
        return urlencode({name: value for name, value in given.items() if value})


def asked(request: HttpRequest) -> Asked:
    """Reads the filters; what makes no sense counts as not given."""
    person = scope.person(request)
    day = _day(request.GET.get("on", "")) or clock.today()
    wanted = request.GET.get("unit", "")
    own = sorted(person.units)
    if wanted not in (PROVINCE, EVERYTHING, *units.codes(day)):
        wanted = own[0] if own and not reads_all(person) else PROVINCE
    if only_security(person):
        wanted = wanted if request.GET.get("unit") else EVERYTHING
    if wanted not in (PROVINCE, EVERYTHING) and not person.sees(wanted):
        refuse(request)
    return Asked(
        person,
        day,
        day != clock.today(),
        wanted,
        request.GET.get("lead", "")[:120],
        _among(request.GET.get("state", ""), State.values),
        _among(request.GET.get("due", ""), WHEN),
        _among(request.GET.get("area", ""), Area.values),
    )


def _among(value: str, allowed: object) -> str:
    return value if value in allowed else ""  # type: ignore[operator]


def _day(text: str) -> date | None:
    return days.read(text[:10], date(2000, 1, 1), date(2100, 12, 31))


def day_of(request: HttpRequest, name: str = "on") -> date:
    """The day a page is asked for; today if none."""
    return _day(request.GET.get(name, "")) or clock.today()


# Who may what


def directs(person: Person) -> bool:
    """Whether he gives tasks: the Department."""
    return Role.DEPARTMENT in person.roles


def works_on(person: Person, task: Task) -> bool:
    """Whether he types the progress of a task: the Department, a unit at its own."""
    return person.edits(task.unit)


def refuse(request: HttpRequest) -> None:
    """Leaves a trace of a refusal.

    Raises:
        PermissionDenied: always.
    """
    audit.record(accounts.actor(request), "refused", page=request.path, why="unit")
    raise PermissionDenied


def must_direct(request: HttpRequest) -> Person:
    """Whoever asks, if he gives tasks."""
    person = scope.person(request)
    if not directs(person):
        refuse(request)
    return person


def task_of(request: HttpRequest, number: str) -> tuple[Person, Task]:
    """A task and whoever asks, if he may read it.

    Raises:
        Http404: there is none.
        PermissionDenied: he may not.
    """
    person = scope.person(request)
    task = Task.objects.select_related("document", "evidence", "part_of").filter(number=number).first()
    if task is None:
        raise Http404
    if not reads(person, task):
        refuse(request)
    return person, task


def task_to_work_on(request: HttpRequest, number: str) -> tuple[Person, Task]:
    """The same for typing its progress."""
    person, task = task_of(request, number)
    if not works_on(person, task):
        refuse(request)
    return person, task


# Choosing


def chosen(found: Plan, want: Asked) -> list[Item]:
    """The tasks that whoever asks may read and wants to see, in the order of units and numbers."""
    return [item for item in found.items.values() if reads(want.person, item.task) and _matches(item, want)]


def _matches(item: Item, want: Asked) -> bool:
    task = item.task
    if want.unit == PROVINCE and task.unit:
        return False
    if want.unit not in (PROVINCE, EVERYTHING) and task.unit != want.unit:
        return False
    if want.lead and task.lead != want.lead:
        return False
    if want.state and item.state != want.state:
        return False
    if want.area and task.area != want.area:
        return False
    return not want.when or _due(item, want)


def _due(item: Item, want: Asked) -> bool:
    if want.when == "none":
        return item.due is None
    if item.done:
        return False
    if want.when == "late":
        return item.late > 0
    until = want.day + timedelta(days=int(want.when))
    return item.due is not None and want.day <= item.due <= until


def page(request: HttpRequest, want: Asked, found: Plan | None = None) -> dict[str, Any]:
    """What every page with tasks shows: the bar, the filters, who may what."""
    found = found or plan(want.day)
    mine = [item for item in found.items.values() if reads(want.person, item.task)]
    leads = {item.task.lead for item in mine}
    told = [(code, organisations.name(code, want.day)) for code in leads]
    seen = [unit for unit in units.listing(want.day) if want.person.sees(unit.code)]
    return {
        **bar(request, want.query),
        "asked": want,
        "units": [
            (PROVINCE, _("Tasks of the province")),
            (EVERYTHING, _("All tasks")),
            *((unit.code, organisations.name(unit.code, want.day)) for unit in seen),
        ],
        "leads": sorted(told, key=lambda pair: pair[1]),
        "states": State.choices,
        "whens": WHEN.items(),
        "areas": Area.choices,
        "directs": directs(want.person) and not want.past,
        "today": clock.today(),
    }


def bar(request: HttpRequest, query: str = "") -> dict[str, Any]:
    """The bar of the pages of the plan, for those who may open them."""
    held = accounts.request_roles(request)
    every = bool(held & set(rights.PLAN_REGISTERS))
    match = request.resolver_match
    here = match.url_name or "" if match else ""
    links = []
    for name, label in VIEWS:
        if name in _WITH_FILTERS or every:
            url = reverse(name) + (f"?{query}" if query and name in _WITH_FILTERS else "")
            links.append({"url": url, "label": label, "current": name == _current(here)})
    return {"views": links, "directs": Role.DEPARTMENT in held}


def _current(name: str) -> str:
    names = [view for view, _label in VIEWS if view != "board-plan"]
    inside = [
        view for view in names if name == view or name.startswith(view.removesuffix("s").removesuffix("ie"))
    ]
    return inside[0] if inside else "board-plan"


def unit_words(code: str, day: date | None = None) -> str:
    """The unit's name, or that it is the whole province."""
    return organisations.name(code, day) if code else pgettext("plan", "Whole province")
