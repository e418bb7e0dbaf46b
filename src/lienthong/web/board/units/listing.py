"""The units with the facts of chosen groups, and the province's totals beside what was declared."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from lienthong.access import audit, rights
from lienthong.access.models import Role
from lienthong.foundation.text import fold
from lienthong.rollout import facts, scope, units
from lienthong.rollout.facts import Fact, Key
from lienthong.rollout.units import Unit
from lienthong.web.board.doors import opens
from lienthong.web.board.units import words

Known = dict[tuple[str, str], Fact]


@dataclass(frozen=True, slots=True)
class Cell:
    """A fact in words; empty when nothing is known."""

    key: Key
    text: str
    unconfirmed: bool


@dataclass(frozen=True, slots=True)
class Total:
    """A line of the province: sum or how often each choice, how many units say nothing, what was declared."""

    key: Key
    known: int
    missing: int
    total: str
    counts: tuple[tuple[str, int], ...]
    declared: str
    declared_since: date | None
    difference: str


@require_GET
@opens(*rights.BOARD)
def units_page(request: HttpRequest) -> HttpResponse:
    """``/board/units``: ``q`` finds by name or code, ``group`` chooses columns, ``on`` the day."""
    person = scope.person(request)
    on = words.on_day(request)
    wanted = [name for name in words.GROUPS if name in request.GET.getlist("group")] or ["equipment"]
    every = [unit for unit in units.listing(on) if person.sees(unit.code)]
    text = request.GET.get("q", "")[:100]
    asked = fold(text)
    listed = [unit for unit in every if asked in fold(f"{unit.code} {unit.name} {unit.name_en}")]
    known = facts.values(on)
    columns = [key for key in facts.KEYS.values() if key.group in wanted]
    audit.record(person.actor, "board", page=request.path)
    page = {
        "on": on,
        "text": text,
        "groups": [(name, label, name in wanted) for name, label in words.GROUPS.items()],
        "columns": columns,
        "lines": [(unit, [_cell(unit, key, known) for key in columns]) for unit in listed],
        "count": len(every),
        "totals": totals(every, columns, known) if person.all_units else [],
        "may_edit": bool(person.roles & set(rights.BOARD_UNIT)),
        "department": Role.DEPARTMENT in person.roles,
        "province": facts.PROVINCE,
    }
    return render(request, "web/board/units/list.html", page)


def _cell(unit: Unit, key: Key, known: Known) -> Cell:
    fact = known.get((unit.code, key.name))
    return Cell(key, words.shown(key, fact.value) if fact else "", bool(fact and not fact.confirmed))


def totals(every: list[Unit], columns: list[Key], known: Known) -> list[Total]:
    """The province's lines for the facts that add up or can be counted."""
    return [_total(every, key, known) for key in columns if key.summed or key.choices]


def _total(every: list[Unit], key: Key, known: Known) -> Total:
    told = [fact.value for unit in every if (fact := known.get((unit.code, key.name)))]
    total = sum((Decimal(value) for value in told), Decimal(0)) if key.summed else Decimal(0)
    counted = Counter(told)
    counts = tuple((str(label), counted[code]) for code, label in reversed(key.choices) if counted[code])
    declared = known.get((facts.PROVINCE, key.name))
    difference = total - Decimal(declared.value) if declared and key.summed and told else None
    return Total(
        key,
        len(told),
        len(every) - len(told),
        words.amount(total) if key.summed and told else "",
        counts,
        words.shown(key, declared.value) if declared else "",
        declared.valid_from if declared else None,
        "" if difference is None else _signed(difference),
    )


def _signed(difference: Decimal) -> str:
    sign = "+" if difference > 0 else "−" if difference < 0 else ""
    return f"{sign}{words.amount(abs(difference))}"
