"""What was typed into the board: who, when, before and after; and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import BooleanField, Count, DateField, DateTimeField, Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from lienthong.access import accounts, audit, rights
from lienthong.access.models import Role
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.rollout import changes, facts, scope, units
from lienthong.rollout.changes import BatchRow, Change
from lienthong.rollout.facts import Fact
from lienthong.web.board.doors import opens
from lienthong.web.words import hint, sentence

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PAGE = 40
SHOWN = 400
SEED = gettext_lazy("the program, from published data")
WHAT: dict[str, StrOrPromise] = {
    "seed": gettext_lazy("Figures of 18 February 2025 entered"),
    "seed-demo": gettext_lazy("Invented figures for the demonstration"),
    "facts": gettext_lazy("Facts of a unit"),
    "import": gettext_lazy("Excel sheet taken in"),
    "units": gettext_lazy("Units renamed, merged or founded"),
    "undo": gettext_lazy("Undone"),
    "security": gettext_lazy("Security checklist"),
    "price": gettext_lazy("Price reference"),
    "need": gettext_lazy("Need"),
    "procurement": gettext_lazy("Procurement"),
    "contract": gettext_lazy("Contract"),
    "vendor": gettext_lazy("Vendor"),
    "ticket": gettext_lazy("Fault"),
    "change-request": gettext_lazy("Request for change"),
    "criteria": gettext_lazy("Criteria of levels"),
    "levels-begin": gettext_lazy("Assessment begun"),
    "levels-version": gettext_lazy("Assessment moved to a new version"),
    "levels-answer": gettext_lazy("Criterion answered"),
    "levels-file": gettext_lazy("Evidence file of a criterion"),
    "levels-submit": gettext_lazy("Assessment sent"),
    "levels-review": gettext_lazy("Assessment reviewed"),
    "levels-return": gettext_lazy("Assessment returned"),
    "levels-decide": gettext_lazy("Levels decided"),
    "task": gettext_lazy("Task given, corrected or removed"),
    "task-progress": gettext_lazy("Progress of a task"),
    "task-due": gettext_lazy("Change of a due date"),
    "task-need": gettext_lazy("What a task waits for"),
    "task-comment": gettext_lazy("Comment on a task"),
    "plan-file": gettext_lazy("File of a task, document or meeting"),
    "meeting": gettext_lazy("Meeting or conclusion"),
    "difficulty": pgettext_lazy("plan", "Difficulty"),
    "document": gettext_lazy("Document of the register"),
    "deadline": gettext_lazy("Deadline of the register"),
    "template": gettext_lazy("Template applied or corrected"),
}
"""What a batch was, in words; each part of the board adds its own."""
KIND: dict[str, StrOrPromise] = {
    "made": pgettext_lazy("change", "new"),
    "changed": pgettext_lazy("change", "changed"),
    "removed": pgettext_lazy("change", "removed"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A field before and after, in words."""

    thing: str
    unit: str
    kind: str
    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A batch in words; ``rows``: how many it touches, ``more``: how many of them are not listed."""

    row: BatchRow
    by: str
    what: str
    lines: list[Line]
    rows: int
    more: int
    can_undo: bool


@require_GET
@opens(*rights.BOARD)
def history(request: HttpRequest) -> HttpResponse:
    """``/board/history``: newest first; ``unit``, ``what`` and ``days`` choose."""
    person = scope.person(request)
    unit, what = request.GET.get("unit", ""), request.GET.get("what", "")
    found = BatchRow.objects.all()
    if unit:
        scope.must_see(request, unit)
    if unit or not person.all_units:
        wanted = [unit] if unit else sorted(person.units)
        touching = Change.objects.filter(batch=OuterRef("pk"), unit__in=wanted)
        found = found.filter(Q(unit__in=wanted) | Exists(touching))
    if what:
        found = found.filter(what=what)
    days = request.GET.get("days", "")
    if days.isascii() and days.isdigit() and len(days) < 5:
        found = found.filter(at__gt=clock.now() - timedelta(days=int(days)))
    page: Page[BatchRow] = Paginator(found, PAGE).get_page(request.GET.get("page"))
    batches = _all_shown(list(page), person, unit)
    audit.record(person.actor, "board", page=request.path)
    return render(
        request,
        "web/board/history.html",
        {
            "page": page,
            "batches": batches,
            "units": [one for one in units.listing() if person.sees(one.code)],
            "unit": unit,
            "what": what,
            "whats": sorted(WHAT.items(), key=lambda pair: str(pair[1])),
            "days": days,
        },
    )


@require_POST
@opens(*rights.BOARD_UNIT)
def undo(request: HttpRequest, id: str) -> HttpResponse:
    """``/board/history/<id>/undo``: takes a batch back."""
    row = get_object_or_404(BatchRow, pk=id)
    person = scope.person(request)
    if not _may_undo(row, person):
        audit.record(accounts.actor(request), "refused", page=request.path, why="unit")
        raise PermissionDenied
    try:
        conflicts = changes.undo(id, person.actor, page=request.path)
    except LienThongError as error:
        messages.error(request, f"{sentence(error.problem)} {hint(error.problem)}")
        return redirect("board-history")
    if conflicts:
        about = "; ".join(sorted({_thing(one.thing, one.field) for one in conflicts if one.thing})[:5])
        messages.error(
            request,
            _("Nothing was undone: it was changed again since, or something else needs it.") + f" {about}",
        )
    else:
        messages.success(request, _("Undone. The history keeps both."))
    return redirect("board-history")


def _may_undo(row: BatchRow, person: scope.Person) -> bool:
    """The Department whatever was typed, a unit what it typed itself; what the program entered stays."""
    if row.by.startswith("system:"):
        return False
    return Role.DEPARTMENT in person.roles or (row.by == person.actor.id and person.edits(row.unit))


def _all_shown(batches: list[BatchRow], person: scope.Person, unit: str) -> list[Shown]:
    """Some batches in words: three queries for all of them, and two more for each that is too large to list."""
    every = Change.objects.filter(batch__in=batches)
    if unit:
        every = every.filter(unit=unit)
    elif not person.all_units:
        every = every.filter(unit__in=person.units)
    counts = dict(every.order_by().values_list("batch").annotate(Count("pk")))
    large = {id for id, count in counts.items() if count > SHOWN}
    held: dict[str, list[Change]] = {}
    for change in every.exclude(batch__in=large):
        held.setdefault(change.batch_id, []).append(change)
    rows = {id: len({(one.thing, one.row) for one in found}) for id, found in held.items()}
    for id in large:
        own = every.filter(batch=id)
        held[id] = list(own[:SHOWN])
        rows[id] = own.values("thing", "row").distinct().order_by().count()
    wanted = {one.row for found in held.values() for one in found if one.thing == Fact.THING}
    known = {str(fact.pk): fact for fact in Fact.objects.filter(pk__in=wanted)}
    return [_shown(row, person, held.get(row.id, []), rows.get(row.id, 0), known) for row in batches]


def _shown(
    row: BatchRow, person: scope.Person, some: list[Change], rows: int, known: dict[str, Fact]
) -> Shown:
    more = rows - len({(change.thing, change.row) for change in some})
    lines = [line for change in some if (line := _line(change, known))]
    can = not row.undone_by and _may_undo(row, person)
    by = str(SEED) if row.by.startswith("system:") else row.by_name
    return Shown(row, by, str(WHAT.get(row.what, row.what)), lines, rows, more, can)


def _line(change: Change, known: dict[str, Fact]) -> Line | None:
    unit = change.unit
    fact = known.get(change.row) if change.thing == Fact.THING else None
    if fact is not None:
        if change.kind == "made" and change.field != "value":
            return None
        key = facts.KEYS[fact.key]
        if change.field == "value":
            label = str(key.label)
            before, after = (key.words(text or "") for text in (change.before, change.after))
            return Line(label, unit, str(KIND[change.kind]), "", before, after)
        return Line(
            str(key.label),
            unit,
            str(KIND[change.kind]),
            _field(change.thing, change.field),
            change.before or "",
            change.after or "",
        )
    if (change.kind == "made" and change.after in (None, "")) or _silent(change):
        return None
    thing = _thing(change.thing, "")
    return Line(
        thing,
        unit,
        str(KIND[change.kind]),
        _field(change.thing, change.field),
        _words(change, change.before),
        _words(change, change.after),
    )


def _silent(change: Change) -> bool:
    """Whether a field says nothing to people: a link to another row, or what its table calls so."""
    model = changes.models_by_thing().get(change.thing)
    links = {field.attname for field in model._meta.concrete_fields if field.is_relation} if model else set()
    return model is not None and (change.field in links or change.field in model.SILENT)


def _words(change: Change, value: str | None) -> str:
    """The words of a choice, yes and no, a day as people write it; any other value as it is."""
    model = changes.models_by_thing().get(change.thing)
    fields = {field.attname: field for field in model._meta.concrete_fields} if model else {}
    field = fields.get(change.field)
    if not value or field is None:
        return value or ""
    if isinstance(field, BooleanField):
        return str(dict(facts.YES_NO)["yes" if value == "True" else "no"])
    if isinstance(field, DateField) and not isinstance(field, DateTimeField):
        return date.fromisoformat(value).strftime("%d/%m/%Y")
    return str(dict(field.flatchoices).get(value, value))


def _thing(thing: str, field: str) -> str:
    model = changes.models_by_thing().get(thing)
    label = str(model.LABEL) if model else thing
    return f"{label}: {_field(thing, field)}" if field else label


def _field(thing: str, field: str) -> str:
    """The name of a field for people: the ``verbose_name`` of the model."""
    model = changes.models_by_thing().get(thing)
    for one in model._meta.concrete_fields if model else ():
        if one.attname == field:
            return str(one.verbose_name)
    return field


urlpatterns = [
    path("board/history", history, name="board-history"),
    path("board/history/<slug:id>/undo", undo, name="board-undo"),
]
