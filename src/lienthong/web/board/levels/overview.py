"""All units and groups on one page, one unit, the rule explained, the December tables."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from lienthong.access import rights
from lienthong.foundation import clock
from lienthong.rollout import scope, units
from lienthong.rollout.levels import assessments, book, criteria, filled, sheet, standing, summary, words
from lienthong.rollout.levels.book import Book, Group
from lienthong.rollout.levels.models import Assessment, State
from lienthong.rollout.levels.standing import Standing
from lienthong.rollout.units import Unit
from lienthong.web.board.doors import opens
from lienthong.web.board.levels import asked, shown

EXAMPLE = {
    "I": "5",
    "II": "basic",
    "III": "6",
    "IV": "advanced",
    "V": "advanced",
    "VI": "basic",
    "VII": "basic",
    "VIII": "basic",
}
"""The invented hospital of the explanation: HIS at level 6, and yet overall level 4."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _law(request: HttpRequest) -> Book:
    return criteria.book_of(criteria.in_use(summary.TT54, asked.on(request)))


def _seen(request: HttpRequest) -> list[Unit]:
    person = scope.person(request)
    return [unit for unit in units.listing(asked.on(request)) if person.sees(unit.code)]


@require_GET
@opens(*rights.BOARD)
def overview(request: HttpRequest) -> HttpResponse:
    """``/board/levels``: every unit with its levels by group, declared beside assessed and reviewed (``on``: day)."""
    day, law = asked.on(request), _law(request)
    known = standing.standings(day)
    open_now = _open_now() if day >= clock.today() else {}
    rows = []
    for unit in _seen(request):
        sides = shown.sides(known.get(unit.code, Standing()), law, day)
        said = [side for side in sides if side.name == "declared" or side.told]
        rows.append((unit, said, _state(open_now.get(unit.code), known.get(unit.code))))
    groups = law.in_force(day)
    page = {
        "on": day,
        "today": clock.today(),
        "groups": [_head(group, law) for group in groups],
        "ended": [(group, words.ended(group)) for group in law.groups if group not in groups],
        "rows": rows,
        "law": law,
        "counts": _counts([row[2] for row in rows]),
    }
    return render(request, "web/board/levels/overview.html", page)


def _open_now() -> dict[str, Assessment]:
    """Facility to its unfinished assessment by Circular 54."""
    rows = Assessment.objects.filter(set=summary.TT54).exclude(state=State.DECIDED)
    return {one.facility: one for one in rows.select_related("version")}


def _head(group: Group, law: Book) -> tuple[Group, str, bool, str]:
    """A column: the group, its name, whether its criteria are confirmed, its short name."""
    return group, words.text(group), law.confirmed(group.id), words.brief(group)


def _state(open_one: Assessment | None, known: Standing | None) -> tuple[str, str]:
    """Shape and words of where a unit is with Circular 54."""
    if open_one is not None:
        state = State(open_one.state)
        if state == State.OPEN:
            form = filled.read(open_one)
            parts = [form.progress(group.id) for group in form.groups(clock.today())]
            done, all_of = (sum(part) for part in zip(*parts, strict=True))
            return "wait", _("Being filled in: %(n)d of %(all)d") % {"n": done, "all": all_of}
        return shown.SHAPES[state], str(state.label)
    told = known.reviewed.get(summary.TT54) if known else None
    if told:
        return "ok", _("Reviewed %(day)s") % {"day": told.stage.on.strftime("%d/%m/%Y")}
    return "none", pgettext("levels", "Not begun")


def _counts(states: list[tuple[str, str]]) -> list[tuple[str, str, int]]:
    kinds = (
        ("ok", pgettext("levels", "Reviewed")),
        ("info", pgettext("levels", "Wait for review")),
        ("warn", pgettext("levels", "Returned to the unit")),
        ("wait", pgettext("levels", "Being filled in")),
        ("none", pgettext("levels", "Not begun")),
    )
    return [(shape, label, sum(1 for one, _ in states if one == shape)) for shape, label in kinds]


@require_GET
@opens(*rights.BOARD)
def taken(request: HttpRequest) -> HttpResponse:
    """``/board/levels/sheet``: the same as Excel; what is to be confirmed says so in its cell."""
    day, law = asked.on(request), _law(request)
    known = standing.standings(day)
    groups = law.in_force(day)
    head = [_("Code"), _("Unit"), pgettext("levels", "Source")]
    head += [_mark(f"{group.id}. {words.text(group)}", law.confirmed(group.id)) for group in groups]
    head += [
        pgettext("levels", "Overall level"),
        pgettext("levels", "Why not one higher"),
        pgettext("levels", "Ready for Circular 13/2025"),
        _("Document"),
    ]
    rows = [head]
    for unit in _seen(request):
        name = unit.name_en if words.english() else unit.name
        for side in shown.sides(known.get(unit.code, Standing()), law, day):
            cells = [_mark(cell.text, cell.sure) for cell in (*side.cells, side.overall)]
            told = shown.document(side.told.assessment) if side.told else ""
            rows.append([unit.code, name, side.label, *cells, side.why, side.ready.text, told])
    widths = [12, 36, 14, *[14] * (len(groups) + 1), 50, 14, 24]
    content = sheet.table(pgettext("levels", "Levels"), rows, widths)
    return attachment(content, XLSX, f"levels-{day}.xlsx")


def _mark(text: str, sure: bool) -> str:
    if not text:
        return pgettext("levels", "no figures yet")
    return text if sure else f"{text} ({words.unconfirmed()})"


def attachment(content: bytes | str, kind: str, name: str) -> HttpResponse:
    """A file to keep, never shown in place."""
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_GET
@opens(*rights.BOARD)
def one(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/levels/unit/<code>``: the three sources side by side, what is missing for a level, history."""
    unit, day, law = asked.unit(request, code), asked.on(request), _law(request)
    known = standing.standings(day).get(code, Standing())
    newest = Assessment.objects.filter(facility=code, set=summary.TT54).select_related("version").first()
    form = filled.read(newest) if newest else None
    live = form.outcome(day, reviewed=newest.state == State.DECIDED) if form and newest else None
    wanted = _wanted(request.GET.get("level", ""), (live.overall or 0) if live else 0)
    page = {
        "unit": unit,
        "on": day,
        "groups": [_head(group, law) for group in law.in_force(day)],
        "sides": shown.sides(known, law, day),
        "sets": [_set(code, set) for set in book.SETS],
        "newest": newest,
        "live": live,
        "live_cell": shown.overall(live),
        "why": words.why(live) if live else "",
        "picture": shown.picture(law, live.groups, day) if live else None,
        "wanted": wanted,
        "choices": range(1, 8),
        "missing": _missing(form, wanted, request) if form else None,
        "may_answer": code in scope.person(request).units,
    }
    return render(request, "web/board/levels/unit.html", page)


def _wanted(text: str, reached: int) -> int:
    return int(text) if text in tuple("1234567") else min(reached + 1, 7)


def _missing(
    form: filled.Filled, level: int, request: HttpRequest
) -> list[tuple[str, str, list[summary.Missing]]]:
    """Group, the rung it needs, and its missing criteria."""
    found: dict[tuple[str, str], list[summary.Missing]] = {}
    for one in summary.lacking(form, level, asked.on(request)):
        found.setdefault((one.group, words.rung(one.needs)), []).append(one)
    return [(group, needs, some) for (group, needs), some in found.items()]


def _set(code: str, set: str) -> dict[str, object]:
    """A set at a unit: what is under way, what was before, whether one can begin."""
    every = list(
        Assessment.objects.filter(facility=code, set=set).select_related("version").prefetch_related("stages")
    )
    law = criteria.book_of(criteria.in_use(set))
    return {
        "set": set,
        "title": words.title(law),
        "every": [(one, shown.SHAPES[State(one.state)], shown.document(one)) for one in every],
        "open": any(one.state != State.DECIDED for one in every),
        "available": assessments.available(set, clock.today()),
        "ended": law.in_force_to,
    }


@require_POST
@opens(*rights.LEVELS_ANSWER)
def begin(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/levels/unit/<code>/begin``: the unit begins an assessment by a set (``set``)."""
    unit = asked.unit(request, code)
    person, set = scope.must_edit(request, code), request.POST.get("set", "")
    made: list[Assessment] = []
    if set in book.SETS and asked.done(
        request, lambda: made.append(assessments.begin(person.actor, unit.code, set, page=request.path))
    ):
        return redirect("board-levels-form", made[0].pk)
    return redirect("board-levels-unit", code)


@require_GET
@opens(*rights.BOARD)
def explained(request: HttpRequest) -> HttpResponse:
    """``/board/levels/rule``: how criteria come to group levels and these to the overall level, with a picture."""
    day, law = asked.on(request), _law(request)
    page = {
        "on": day,
        "law": law,
        "rule": law.head["rule"],
        "principle": law.head["rule"]["en" if words.english() else "vi"],
        "procedure": law.head["procedure"],
        "groups": [(group, words.text(group)) for group in law.in_force(day)],
        "ended": [(group, words.ended(group)) for group in law.groups if not group.in_force(day)],
        "steps": [
            (step, words.text(step), [(words.text(extra), extra.confidence) for extra in step.extras])
            for step in law.steps
        ],
        "picture": shown.picture(law, EXAMPLE, day),
    }
    return render(request, "web/board/levels/rule.html", page)


@require_GET
@opens(*rights.BOARD)
def december(request: HttpRequest) -> HttpResponse:
    """``/board/levels/december``: the tables of the yearly level report as of a day; for those who see all units."""
    scope.must_see(request, "")
    day = asked.on(request)
    tables = summary.december(day)
    groups = [group.id for group in _law(request).in_force(day)]
    page = {
        "on": day,
        "tables": tables,
        "tiers": [(shown.tier(name), count) for name, count in tables.tiers.items()],
        "reached": [(words.rung(value), count) for value, count in tables.reached.items()],
        "groups": groups,
        "groups_reached": [
            (group, [(words.rung(value), count) for value, count in sorted(counts.items(), reverse=True)])
            for group, counts in tables.groups_reached.items()
        ],
        "facilities": [
            (
                line,
                shown.tier(line.tier),
                [_level(line.levels, group) for group in groups],
                _overall(line.levels),
            )
            for line in tables.facilities
        ],
        "shares": [
            (table, [(row, words.rung(row.level), _percent(row)) for row in table.rows])
            for table in tables.shares
        ],
    }
    return render(request, "web/board/levels/december.html", page)


def _level(levels: summary.UnitLevels, group: str) -> shown.Cell:
    found = levels.groups.get(group)
    return shown.Cell(words.short(found.value), found.confirmed) if found else shown.Cell("")


def _overall(levels: summary.UnitLevels) -> shown.Cell:
    return shown.Cell("" if levels.overall is None else str(levels.overall), levels.overall_confirmed)


def _percent(row: summary.Share) -> str:
    return f"{round(100 * row.met / row.of)}%" if row.of else ""
