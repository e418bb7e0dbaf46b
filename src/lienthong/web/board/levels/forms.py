"""One assessment: the unit answers criterion by criterion, the department reviews, both see how it went."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_POST

from lienthong.access import rights
from lienthong.access.models import Role
from lienthong.foundation import clock
from lienthong.rollout import files, scope
from lienthong.rollout.levels import assessments, criteria, filled, problems, words
from lienthong.rollout.levels.book import Criterion, Group
from lienthong.rollout.levels.filled import Filled
from lienthong.rollout.levels.models import Assessment, AssessmentFile, Opinion, State, Value
from lienthong.rollout.scope import Person
from lienthong.web.board import attached
from lienthong.web.board.doors import opens
from lienthong.web.board.levels import asked, shown

VALUE_SHAPES = {"met": "ok", "not-met": "bad", "na": "info", "": "wait"}
OPINION_SHAPES = {"agree": "ok", "disagree": "bad", "again": "warn"}


@require_GET
@opens(*rights.BOARD)
def form(request: HttpRequest, id: int) -> HttpResponse:
    """``/board/levels/forms/<id>``: progress by group, levels as they stand, the next step, what happened."""
    found = filled.read(asked.assessment(request, id))
    return render(request, "web/board/levels/form.html", _overall(found, scope.person(request)))


def _overall(found: Filled, person: Person) -> dict[str, Any]:
    one, today = found.assessment, clock.today()
    reviewed = one.state in (State.SUBMITTED, State.DECIDED)
    outcome = found.outcome(one.day or today, reviewed=False)
    agreed = found.outcome(one.day or today, reviewed=True) if reviewed else None
    in_use = criteria.in_use(one.set, today)
    known = {two.id for two in found.book.criteria}
    return {
        "one": one,
        "law": found.book,
        "title": words.title(found.book),
        "shape": shown.SHAPES[State(one.state)],
        "groups": [_progress(found, group, outcome, agreed) for group in found.groups(today)],
        "overall": shown.overall(outcome),
        "why": words.why(outcome),
        "agreed": shown.overall(agreed),
        "agreed_why": words.why(agreed) if agreed else "",
        "reviewed": reviewed,
        "left": len(found.left(today)),
        "stale": [two for two in found.book.criteria if found.stale(two)],
        "gone": sorted(key for key in found.answers if key not in known),
        "unreviewed": len(found.unreviewed(today)),
        "again": sum(1 for verdict in found.verdicts.values() if verdict.value == Opinion.AGAIN),
        "newer": in_use if in_use.number > one.version.number and one.state != State.DECIDED else None,
        "may_answer": one.facility in person.units and one.state in (State.OPEN, State.RETURNED),
        "may_review": Role.DEPARTMENT in person.roles and one.state == State.SUBMITTED,
        "stages": [
            (stage, State(stage.state).label, shown.SHAPES[State(stage.state)]) for stage in one.stages.all()
        ],
        "documents": shown.document(one),
        "today": today,
    }


def _progress(
    found: Filled, group: Group, outcome: filled.Outcome, agreed: filled.Outcome | None
) -> dict[str, Any]:
    done, every = found.progress(group.id)
    return {
        "id": group.id,
        "name": words.text(group),
        "sure": found.book.confirmed(group.id),
        "done": done,
        "every": every,
        "cell": shown.cell(outcome, group.id),
        "agreed": shown.cell(agreed, group.id),
        "open": sum(1 for one in found.unreviewed(clock.today()) if one.group == group.id),
        "files": sum(len(found.files.get(one.id, ())) for one in found.book.of(group.id)),
    }


@require_GET
@opens(*rights.BOARD)
def group(request: HttpRequest, id: int, name: str) -> HttpResponse:
    """``/board/levels/forms/<id>/groups/<group>``: the criteria of a group, level by level."""
    one = asked.assessment(request, id)
    found, person, today = filled.read(one), scope.person(request), clock.today()
    groups = found.groups(today)
    here = next((group for group in groups if group.id == name), None)
    if here is None:
        raise Http404
    place = groups.index(here)
    may_answer = one.facility in person.units and one.state in (State.OPEN, State.RETURNED)
    levels = [
        (
            rung,
            words.rung(rung),
            [_shown(found, two, may_answer) for two in found.book.of(name) if two.level == rung],
        )
        for rung in here.rungs[1:]
    ]
    done, every = found.progress(name)
    page = {
        "one": one,
        "law": found.book,
        "title": words.title(found.book),
        "group": here,
        "name": words.text(here),
        "sure": found.book.confirmed(name),
        "levels": [level for level in levels if level[2]],
        "done": done,
        "every": every,
        "cell": shown.cell(found.outcome(one.day or today, reviewed=one.state == State.DECIDED), name),
        "before": groups[place - 1] if place else None,
        "after": groups[place + 1] if place + 1 < len(groups) else None,
        "may_answer": may_answer,
        "may_review": Role.DEPARTMENT in person.roles and one.state == State.SUBMITTED,
        "unseen": sum(1 for two in found.book.of(name) if found.value(two) and not found.opinion(two)),
        "most": files.MOST,
    }
    return render(request, "web/board/levels/group.html", page)


def _shown(found: Filled, one: Criterion, may_answer: bool) -> dict[str, Any]:
    answer, verdict = found.answers.get(one.id), found.verdicts.get(one.id)
    value, opinion = found.value(one), found.opinion(one)
    return {
        "one": one,
        "text": words.text(one),
        "note": words.note(one),
        "value": value,
        "shape": VALUE_SHAPES[value],
        "label": Value(value).label if value else pgettext("criterion", "Not answered"),
        "answer": answer,
        "stale": found.stale(one),
        "files": found.files.get(one.id, []),
        "verdict": verdict,
        "opinion_shape": OPINION_SHAPES.get(opinion, ""),
        "opinion_label": Opinion(opinion).label if opinion else "",
        "editable": may_answer and found.editable(one),
    }


@require_GET
@opens(*rights.BOARD)
def on_paper(request: HttpRequest, id: int) -> HttpResponse:
    """``/board/levels/forms/<id>/paper``: the whole assessment as one table for A4."""
    found = filled.read(asked.assessment(request, id))
    page = _overall(found, scope.person(request))
    page["tables"] = [
        (
            group,
            words.text(group),
            found.book.confirmed(group.id),
            [_shown(found, one, False) for one in found.book.of(group.id)],
        )
        for group in found.groups(clock.today())
    ]
    return render(request, "web/board/levels/paper.html", page)


def _back(one: Assessment, key: str = "") -> HttpResponseRedirect:
    """To the criterion that was worked on, else to the assessment."""
    found = criteria.book_of(one.version).criterion(key) if key else None
    if found is None:
        return HttpResponseRedirect(reverse("board-levels-form", args=[one.pk]))
    return HttpResponseRedirect(f"{reverse('board-levels-group', args=[one.pk, found.group])}#{key}")


@require_POST
@opens(*rights.LEVELS_ANSWER)
def answer(request: HttpRequest, id: int) -> HttpResponse:
    """``/board/levels/forms/<id>/answer``: one criterion (``key``, ``value``, ``reason``, ``note``).

    An empty ``value`` keeps the answer and writes the note alone.
    """
    one = asked.assessment(request, id)
    person = scope.must_edit(request, one.facility)
    sent, key = request.POST, request.POST.get("key", "")
    kept = one.answers.filter(key=key).first()
    value = sent.get("value") or (kept.value if kept else "")
    if value not in Value.values:
        asked.done(request, lambda: _refuse(problems.answer_first(key)))
        return _back(one, key)
    reason = sent.get("reason", "") or (kept.reason if kept else "")
    asked.done(
        request,
        lambda: assessments.answer(
            person.actor, one, key, Value(value), reason=reason, note=sent.get("note"), page=request.path
        ),
    )
    return _back(one, key)


def _refuse(error: Exception) -> None:
    raise error


@require_POST
@opens(*rights.LEVELS_ANSWER)
def attach(request: HttpRequest, id: int) -> HttpResponse:
    """``/board/levels/forms/<id>/files``: a file as evidence for a criterion (``key``, ``file``)."""
    one = asked.assessment(request, id)
    person = scope.must_edit(request, one.facility)
    key = request.POST.get("key", "")
    asked.done(
        request,
        lambda: assessments.attach(person.actor, one, key, *attached.taken(request), page=request.path),
        _("The file is kept as evidence."),
    )
    return _back(one, key)


@require_GET
@opens(*rights.BOARD)
def file(request: HttpRequest, id: int) -> HttpResponse:
    """``/board/levels/files/<id>``: the file, to keep."""
    found = get_object_or_404(AssessmentFile.objects.select_related("assessment"), pk=id)
    scope.must_see(request, found.assessment.facility)
    return attached.given(request, found)


@require_POST
@opens(*rights.LEVELS_ANSWER)
def detach(request: HttpRequest, id: int) -> HttpResponse:
    """``/board/levels/files/<id>/remove``: takes it off the criterion."""
    found = get_object_or_404(AssessmentFile.objects.select_related("assessment__version"), pk=id)
    person = scope.must_edit(request, found.assessment.facility)
    one, key = found.assessment, found.key
    asked.done(
        request,
        lambda: assessments.detach(person.actor, found, page=request.path),
        pgettext("file", "The file was taken off."),
    )
    return _back(one, key)


@require_POST
@opens(*rights.BOARD_EDIT)
def review(request: HttpRequest, id: int) -> HttpResponse:
    """``/board/levels/forms/<id>/review``: the department's opinion of one answer (``key``, ``value``, ``why``)."""
    one = asked.assessment(request, id)
    key, value, why = (request.POST.get(name, "") for name in ("key", "value", "why"))
    if value in Opinion.values:
        person = scope.person(request)
        asked.done(
            request,
            lambda: assessments.review(person.actor, one, key, Opinion(value), why, page=request.path),
        )
    return _back(one, key)


@require_POST
@opens(*rights.BOARD_EDIT)
def agree(request: HttpRequest, id: int) -> HttpResponse:
    """``/board/levels/forms/<id>/agree``: agrees to everything in a group that was not looked at yet (``group``)."""
    one, name = asked.assessment(request, id), request.POST.get("group", "")
    person = scope.person(request)
    asked.done(request, lambda: assessments.agree_rest(person.actor, one, name, page=request.path))
    if name in {group.id for group in criteria.book_of(one.version).groups}:
        return redirect("board-levels-group", id, name)
    return redirect("board-levels-form", id)


@require_POST
@opens(*rights.BOARD_UNIT)
def step(request: HttpRequest, id: int, what: str) -> HttpResponse:
    """``/board/levels/forms/<id>/submit|move`` for the unit, ``return|decide`` for the department."""
    one, person, sent = asked.assessment(request, id), scope.person(request), request.POST
    by = person.actor
    number, day, note = sent.get("document", ""), asked.day(sent.get("day", "")), sent.get("note", "")
    if not (one.facility in person.units if what in ("submit", "move") else Role.DEPARTMENT in person.roles):
        raise PermissionDenied
    if what == "submit":
        asked.done(
            request,
            lambda: assessments.submit(by, one, number, day, page=request.path),
            _("The assessment was sent to the Department of Health."),
        )
    elif what == "move":
        asked.done(
            request,
            lambda: assessments.move(by, one, page=request.path),
            _("The assessment now follows the version in use. Look at what needs a new answer."),
        )
    elif what == "return":
        asked.done(
            request,
            lambda: assessments.give_back(by, one, note, page=request.path),
            _("The assessment was returned to the unit."),
        )
    else:
        asked.done(
            request,
            lambda: assessments.decide(by, one, number, day, note, page=request.path),
            _("The decision is recorded; the assessment is closed."),
        )
    return _back(one)
