"""Money of the province, or of the own unit: sums, stages, what ends soon."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from lienthong.access import audit, rights
from lienthong.facilities import directory
from lienthong.rollout import scope, units
from lienthong.rollout.money import catalogue, contracts, summary
from lienthong.rollout.money.catalogue import Stage
from lienthong.rollout.money.procurements import Standing, standings
from lienthong.web.board.doors import opens
from lienthong.web.board.money import drawn, showing


@dataclass(frozen=True, slots=True)
class Line:
    """A unit with its sums."""

    code: str
    name: str
    totals: summary.Totals
    number: int


def shape(stage: Stage | None) -> str:
    """The shape of the tag of a stage."""
    if stage is None:
        return "wait"
    if stage.id == "cancelled":
        return "bad"
    return "ok" if stage.id in ("contract", "acceptance", "settlement") else "info"


def heads() -> list[str]:
    """The four sums, in order."""
    return [
        pgettext("money", "Asked"),
        pgettext("money", "Granted"),
        pgettext("money", "Contracted"),
        pgettext("money", "Spent"),
    ]


@require_GET
@opens(*rights.BOARD)
def overview(request: HttpRequest) -> HttpResponse:
    """``/board/money``: as of a day (``on``); a unit sees its own."""
    person = scope.person(request)
    on = showing.day_asked(request)
    seen = [one for one in units.listing(on) if person.sees(one.code)]
    codes = [one.code for one in seen]
    found = standings(on, codes)
    by_unit: dict[str, list[Standing]] = defaultdict(list)
    by_stage: dict[str, list[Standing]] = defaultdict(list)
    for one in found:
        by_unit[one.row.facility].append(one)
        if one.stage:
            by_stage[one.stage.id].append(one)
    totals = summary.of(found)
    sums = (totals.asked, totals.granted, totals.contracted, totals.spent)
    running = contracts.running(on, codes)
    lines = [
        Line(
            unit.code, directory.name(unit.code, on), summary.of(by_unit[unit.code]), len(by_unit[unit.code])
        )
        for unit in seen
    ]
    audit.record(person.actor, "board", page=request.path)
    page = {
        "on": on,
        "heads": heads(),
        "sums": list(zip(heads(), sums, strict=True)),
        "picture": drawn.bars(
            list(zip(heads(), sums, strict=True)), _("Money asked, granted, contracted and spent")
        ),
        "any": bool(found),
        "lines": [line for line in lines if line.number],
        "without": [line for line in lines if not line.number],
        "stages": [(stage, shape(stage), by_stage[stage.id]) for stage in catalogue.stages(on)],
        "found": [(one, shape(one.stage)) for one in found],
        "ending": contracts.ending(on, codes),
        "soon": contracts.SOON.days,
        "without_clause": contracts.without_clause(running),
        "running": len(running),
        "invented": any(one.row.invented for one in found),
    }
    return render(request, "web/board/money/overview.html", page)
