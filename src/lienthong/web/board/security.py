"""Security checklists: the police reviewer fills them in and concludes; the Department then enters the decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from lienthong.access import audit, rights
from lienthong.access.models import Role
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.rollout import changes, scope, units
from lienthong.rollout.security import checks, summary
from lienthong.rollout.security.models import Answer, Conclusion, Finding, SecurityCheck
from lienthong.web.board.doors import opens
from lienthong.web.words import hint, sentence

STATES = {
    "passed": ("ok", gettext_lazy("Security level approved")),
    "under-way": ("wait", gettext_lazy("Review under way")),
    "failed": ("bad", gettext_lazy("Review not passed")),
    "none": ("warn", gettext_lazy("No review yet")),
}
"""States of a unit's review: shape of the tag and words."""
CONCLUSIONS = {"passed": "ok", "conditions": "warn", "failed": "bad"}
ANSWERS = {"met": "ok", "partly": "warn", "not-met": "bad", "not-here": "wait"}


@dataclass(frozen=True, slots=True)
class Line:
    """A unit on the overview."""

    code: str
    name: str
    shape: str
    words: str
    review: summary.ReviewLine
    check: SecurityCheck | None
    answered: int
    asked: int


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement with what was found."""

    asked: checks.Requirement
    finding: Finding | None
    shape: str


class ConclusionForm(forms.Form):
    """How the check ended."""

    conclusion = forms.ChoiceField(
        label=gettext_lazy("Conclusion"), choices=Conclusion.choices, widget=forms.RadioSelect
    )
    day = forms.DateField(
        label=gettext_lazy("Date of the minutes"), widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    document = forms.CharField(label=gettext_lazy("Number of the minutes"), max_length=80)
    note = forms.CharField(
        label=gettext_lazy("What must be done, by when"),
        max_length=1000,
        required=False,
        widget=forms.Textarea({"rows": 3}),
    )


@require_GET
@opens(*rights.SECURITY_SEE)
def overview(request: HttpRequest) -> HttpResponse:
    """``/board/security``: how the review of each unit stands."""
    person = scope.person(request)
    reviews = summary.reviews()
    lines = []
    for unit in units.listing():
        if not person.sees(unit.code):
            continue
        review, check = reviews[unit.code], checks.latest(unit.code)
        shape, words = STATES[review.state]
        counted = checks.progress(check) if check else None
        lines.append(
            Line(
                unit.code,
                directory.name(unit.code),
                shape,
                str(words),
                review,
                check,
                counted.total() - counted[""] if counted else 0,
                counted.total() if counted else 0,
            )
        )
    audit.record(person.actor, "board", page=request.path)
    page = {
        "lines": lines,
        "passed": sum(line.review.state == "passed" for line in lines),
        "police": Role.POLICE in person.roles,
        "department": Role.DEPARTMENT in person.roles,
    }
    return render(request, "web/board/security/list.html", page)


def _unit(request: HttpRequest, code: str) -> scope.Person:
    if code not in units.codes():
        raise Http404
    return scope.must_see(request, code)


@require_GET
@opens(*rights.SECURITY_SEE)
def one(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/security/<code>``: the unit's newest check; ``?check=`` an earlier one."""
    person = _unit(request, code)
    audit.record(person.actor, "board", page=request.path)
    return _page(request, person, code)


def _page(request: HttpRequest, person: scope.Person, code: str, **more: Any) -> HttpResponse:
    every = list(SecurityCheck.objects.filter(facility=code).order_by("-begun_on", "-id"))
    wanted = request.GET.get("check", "")
    check = next((c for c in every if str(c.pk) == wanted), every[0] if every else None)
    groups: list[tuple[str, list[Row]]] = []
    if check:
        found = {row.item: row for row in check.findings.all()}
        asked = checks.requirements(check.edition)
        for group, label in checks.GROUPS.items():
            rows = [_row(one, found.get(one.id)) for one in asked if one.group == group]
            if rows:
                groups.append((str(label), rows))
    shape, words = STATES[summary.reviews()[code].state]
    counted = checks.progress(check) if check else None
    page = {
        "code": code,
        "shape": shape,
        "words": words,
        "check": check,
        "shape_of_conclusion": CONCLUSIONS.get(check.conclusion, "wait") if check else "",
        "checks": every,
        "groups": groups,
        "answered": counted.total() - counted[""] if counted else 0,
        "asked": counted.total() if counted else 0,
        "answers": Answer.choices,
        "counts": [(ANSWERS[a.value], a.label, counted[a.value]) for a in Answer] if counted else [],
        "may_write": Role.POLICE in person.roles and check is not None and not check.conclusion,
        "may_begin": Role.POLICE in person.roles and (check is None or bool(check.conclusion)),
        "department": Role.DEPARTMENT in person.roles,
        "conclusion_form": ConclusionForm(initial={"day": clock.today()}),
        **more,
    }
    return render(request, "web/board/security/one.html", page, status=400 if more else 200)


def _row(asked: checks.Requirement, finding: Finding | None) -> Row:
    return Row(asked, finding, ANSWERS.get(finding.answer, "wait") if finding else "wait")


@require_POST
@opens(*rights.SECURITY)
def begin(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/security/<code>/begin``: begins a check with today's requirements."""
    person = _unit(request, code)
    try:
        with changes.batch(person.actor, "security", unit=code, page=request.path) as batch:
            checks.begin(batch, code, clock.today())
    except LienThongError as error:
        messages.error(request, f"{sentence(error.problem)} {hint(error.problem)}")
    return redirect("board-security-unit", code)


def _open_check(code: str) -> SecurityCheck:
    return get_object_or_404(SecurityCheck, facility=code, conclusion="")


@require_POST
@opens(*rights.SECURITY)
def answers(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/security/<code>/answers``: writes what was found; what cannot be taken is named, the rest is kept."""
    person, check = _unit(request, code), _open_check(code)
    refused, written = [], 0
    with changes.batch(person.actor, "security", unit=code, page=request.path) as batch:
        for asked in checks.requirements(check.edition):
            found = request.POST.get(f"answer-{asked.id}", "")
            if found not in Answer.values:
                continue
            note = " ".join(request.POST.get(f"note-{asked.id}", "").split())[:600]
            try:
                written += checks.answer(batch, check, asked.id, found, note)
            except LienThongError as error:
                refused.append(sentence(error.problem))
    if written:
        messages.success(request, _("Written."))
    for text in refused:
        messages.error(request, text)
    return redirect("board-security-unit", code)


@require_POST
@opens(*rights.SECURITY)
def conclude(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/security/<code>/conclude``: ends the check."""
    person, check = _unit(request, code), _open_check(code)
    form = ConclusionForm(request.POST)
    if form.is_valid() and form.cleaned_data["day"] > clock.today():
        form.add_error("day", _("The document cannot be of a day to come."))
    if form.is_valid():
        said = form.cleaned_data
        try:
            with changes.batch(person.actor, "security", unit=code, page=request.path) as batch:
                checks.conclude(batch, check, said["conclusion"], said["day"], said["document"], said["note"])
            messages.success(request, _("The check is concluded."))
            return redirect("board-security-unit", code)
        except LienThongError as error:
            check.refresh_from_db()
            form.add_error(None, f"{sentence(error.problem)} {hint(error.problem)}")
    return _page(request, person, code, conclusion_form=form)


urlpatterns = [
    path("board/security", overview, name="board-security"),
    path("board/security/<slug:code>", one, name="board-security-unit"),
    path("board/security/<slug:code>/begin", begin, name="board-security-begin"),
    path("board/security/<slug:code>/answers", answers, name="board-security-answers"),
    path("board/security/<slug:code>/conclude", conclude, name="board-security-conclude"),
]
