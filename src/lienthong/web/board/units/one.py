"""One unit: every fact with its source; one fact through time, as a table, a drawing, and what was typed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from lienthong.access import audit, rights
from lienthong.access.models import Role
from lienthong.facilities import directory
from lienthong.facilities.models import FacilityName
from lienthong.foundation import clock
from lienthong.rollout import changes, facts, scope
from lienthong.rollout.facts import Fact, Key
from lienthong.rollout.reorganisation import steps
from lienthong.web.board.doors import opens
from lienthong.web.board.units import words
from lienthong.web.charts import trend_line

FIELDS = ("value", "source", "confirmed")


@dataclass(frozen=True, slots=True)
class Line:
    """A fact in words; ``fact`` None: nothing is known."""

    key: Key
    fact: Fact | None
    text: str


@dataclass(frozen=True, slots=True)
class Spell:
    """A value from one day to the day before the next; ``last`` None: until now."""

    fact: Fact
    text: str
    last: date | None


@dataclass(frozen=True, slots=True)
class Typing:
    """What was typed into a fact: before and after in words."""

    change: changes.Change
    since: date
    field: str
    before: str
    after: str


@require_GET
@opens(*rights.BOARD)
def unit_page(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/units/<code>``: every fact by group, as it is on a day (``on``)."""
    unit = words.known_unit(code)
    person = scope.must_see(request, code)
    on = words.on_day(request)
    known = facts.values(on)
    province = code == facts.PROVINCE
    groups = []
    for name, label in facts.GROUPS.items():
        keys = [key for key in facts.KEYS.values() if key.group == name and (key.summed or not province)]
        lines = [_line(key, known.get((code, key.name))) for key in keys]
        if name == "unit":
            lines = [line for line in lines if line.fact or line.key.name in ("owner", "area")]
        if lines:
            groups.append((name, label, lines))
    audit.record(person.actor, "board", page=request.path)
    page = {
        "unit": unit,
        "about": code,
        "name": _("Whole province: declared totals") if province else directory.name(code, on),
        "kind": facts.KEYS["kind"].words(_value(known, code, "kind") or unit.kind),
        "merged_into": _value(known, code, "merged_into"),
        "ended": _value(known, code, "ended") == "yes",
        "merged_here": steps.merged_here(code, on),
        "names": list(FacilityName.objects.filter(facility=unit)),
        "groups": groups,
        "on": on,
        "is_today": on == clock.today(),
        "province": province,
        "may_edit": person.edits(code) and bool(person.roles & set(rights.BOARD_UNIT)),
        "department": Role.DEPARTMENT in person.roles,
    }
    return render(request, "web/board/units/one.html", page)


@require_GET
@opens(*rights.BOARD)
def fact_page(request: HttpRequest, code: str, key: str) -> HttpResponse:
    """``/board/units/<code>/fact/<key>``: one fact through time and everything typed into it."""
    words.known_unit(code)
    person = scope.must_see(request, code)
    about = facts.KEYS.get(key)
    if about is None:
        raise Http404
    history = facts.history(code, key)
    spells = [
        Spell(fact, words.shown(about, fact.value), None if following is None else _before(following))
        for fact, following in zip(history, [*history[1:], None], strict=False)
    ]
    typings = [one for fact in history for one in _typings(about, fact)]
    audit.record(person.actor, "board", page=request.path)
    page = {
        "about": code,
        "province": code == facts.PROVINCE,
        "key": about,
        "spells": list(reversed(spells)),
        "typings": sorted(typings, key=lambda one: one.change.pk, reverse=True),
        "chart": _chart(about, history),
        "editable": about.name not in SHAPED,
        "may_edit": person.edits(code) and bool(person.roles & set(rights.BOARD_UNIT)),
    }
    return render(request, "web/board/units/fact.html", page)


SHAPED = frozenset(("name", "name_en", "kind", "province", "merged_into", "ended"))
"""Facts that are entered by what happened to the unit, not field by field."""


def _value(known: dict[tuple[str, str], Fact], code: str, key: str) -> str:
    fact = known.get((code, key))
    return fact.value if fact else ""


def _line(key: Key, fact: Fact | None) -> Line:
    return Line(key, fact, words.shown(key, fact.value) if fact else "")


def _before(fact: Fact) -> date:
    return date.fromordinal(fact.valid_from.toordinal() - 1)


def _typings(key: Key, fact: Fact) -> list[Typing]:
    labels = {"value": "", "source": _("Source"), "confirmed": _("Confirmed")}
    found = []
    for change in changes.of(fact):
        if change.field not in FIELDS or (change.kind == "made" and change.field != "value"):
            continue
        before, after = (_typed(key, change.field, text or "") for text in (change.before, change.after))
        found.append(Typing(change, fact.valid_from, labels[change.field], before, after))
    return found


def _typed(key: Key, field: str, text: str) -> str:
    if field == "value":
        return words.shown(key, text)
    return {"True": _("Yes"), "False": _("No")}.get(text, text) if field == "confirmed" else text


def _chart(key: Key, history: list[Fact]) -> SafeString | None:
    if key.kind not in ("number", "decimal") or len([fact for fact in history if fact.value]) < 2:
        return None
    points = [
        (datetime.combine(fact.valid_from, datetime.min.time(), clock.VIETNAM), Decimal(fact.value))
        for fact in history
        if fact.value
    ]
    return trend_line(points, unit=str(key.unit), title=str(key.label))
