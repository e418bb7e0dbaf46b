"""Transfers to us and from us, one transfer and its steps."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from lienthong.access import accounts, audit, rights
from lienthong.access.doors import requires
from lienthong.facilities import directory, laboratories
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.transfers import desk, notices, outcome
from lienthong.transfers import worklist as worklists
from lienthong.transfers.models import State, Transfer
from lienthong.web import loops
from lienthong.web.record import gather, glance, reliance, returned, stepping, worklist
from lienthong.web.record import slip as slips

LONGEST_SEARCH = 100


@require_GET
@requires(*rights.TRANSFERS)
def incoming(request: HttpRequest) -> HttpResponse:
    """``/transfers/in?show=&q=&page=``: who is coming to us; ``&mark=`` of a page that looks again by itself."""
    return _list(request, to_us=True)


@require_GET
@requires(*rights.TRANSFERS)
def outgoing(request: HttpRequest) -> HttpResponse:
    """``/transfers/out?show=&q=&page=``: whom we sent, drafts first."""
    return _list(request, to_us=False)


_VIEWS = {
    worklists.OPEN: gettext_lazy("All open"),
    worklists.OURS: gettext_lazy("Waits for us"),
    worklists.COMING: gettext_lazy("On the way"),
    worklists.HERE: gettext_lazy("Here"),
    worklists.THEIRS: gettext_lazy("Waits for the other hospital"),
    worklists.ENDED: gettext_lazy("Ended"),
    worklists.ALL: gettext_lazy("All"),
}
_THERE = gettext_lazy("At the other hospital")
_STALE = timedelta(minutes=5)


def _list(request: HttpRequest, *, to_us: bool) -> HttpResponse:
    text = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
    view = request.GET.get("show", "")
    view = view if view in _VIEWS else worklists.ALL if text else worklists.OPEN
    number = request.GET.get("page", "1")
    wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1
    found = worklists.listed(to_us=to_us, view=view, text=text, page=wanted)
    now = clock.now()
    mark = _mark(worklists.mark(found), now)
    if request.GET.get("mark") == mark:
        return HttpResponse(status=204)  # nothing is shown that was not seen before
    audit.record(accounts.actor(request), "list", page=request.path, detail={"show": view, "text": text})
    counted = worklists.counts(to_us=to_us)
    page = {
        "to_us": to_us,
        "page": found,
        "lines": [worklist.line(t, incoming=to_us, now=now, name=directory.name) for t in found],
        "view": view,
        "text": text,
        "views": [
            (v, _THERE if v == worklists.HERE and not to_us else _VIEWS[v], counted[v])
            for v in (*worklists.VIEWS, worklists.ALL)
        ],
        "now": now,
        "mark": mark,
    }
    return render(request, "web/transfers/list.html", page)


def _mark(shown: str, now: datetime) -> str:
    """What a page shows, in short; another every five minutes, because spans of time grow."""
    round_ = int(now.timestamp() // _STALE.total_seconds())
    return hashlib.sha256(f"{round_} {shown}".encode()).hexdigest()[:16]


@require_GET
@requires(*rights.TRANSFERS)
def one(request: HttpRequest, loop: str) -> HttpResponse:
    """``/transfers/<loop>``: all about one transfer; the receiver's first look is the step ``seen``."""
    transfer = loops.here(loop)
    if request.GET.get("mark") == _mark(str(transfer.version), clock.now()):
        return HttpResponse(status=204)
    actor = accounts.actor(request)
    audit.record(actor, "read", patient=transfer.patient, page=request.path, why="treatment")
    notices.read(accounts.own(request), accounts.request_roles(request), loop)
    if State.SEEN in desk.allowed_steps(transfer):
        desk.take(loop, State.SEEN, actor=actor)
        transfer = loops.here(loop)
    return _show(request, transfer)


def _show(
    request: HttpRequest,
    transfer: Transfer,
    *,
    wrong: stepping.StepForm | None = None,
    problem: Problem | None = None,
) -> HttpResponse:
    dossier = gather.dossier(transfer)
    here = directory.here()
    to_us = transfer.receiver == here
    now = clock.now()
    kinds = stepping.offered(desk.allowed_steps(transfer), State(transfer.state))
    forms_ = [wrong if wrong and wrong.kind == k else stepping.blank(k, transfer) for k in kinds]
    page = {
        "transfer": transfer,
        "line": worklist.line(transfer, incoming=to_us, now=now, name=directory.name),
        "now": now,
        "mark": _mark(str(transfer.version), now),
        "to_us": to_us,
        "sender": directory.name(transfer.sender),
        "receiver": directory.name(transfer.receiver),
        "reason": worklist.reason(transfer.reason),
        "glance": glance.glance(transfer, incoming=to_us),
        "stages": worklist.stages(transfer, directory.name),
        "conversation": worklist.conversation(transfer, directory.name, here),
        "dossier": dossier,
        "reliance": _reliance(transfer, dossier, now) if to_us else None,
        "slip": slips.slip(dossier.slip, dossier.request, transfer.form),
        "person": dossier.person,
        "evidence": worklist.evidence(transfer, directory.name),
        "may_take_evidence": bool(accounts.request_roles(request) & set(rights.EVIDENCE)),
        "acts": [f for f in forms_ if f.kind != State.NOTE],
        "say": next((f for f in forms_ if f.kind == State.NOTE), None),
        "opened": wrong.kind.value if wrong else request.GET.get("do", ""),
        "natural": stepping.NATURAL.get(State(transfer.state)),
        "at_door": request.GET.get("at", ""),
        "letters": outcome.letters(transfer) if to_us else [],
        "may_write": to_us and State.OUTCOME in desk.allowed_steps(transfer),
        "may_sign": bool(accounts.request_roles(request) & set(rights.SIGN_OUTCOME)),
        "outcome": returned.letter(transfer),
        "linked": desk.linked(transfer),
        "problem": problem,
    }
    bad = problem is not None or wrong is not None
    return render(request, "web/transfers/one.html", page, status=400 if bad else 200)


def _reliance(transfer: Transfer, dossier: gather.Dossier, now: datetime) -> reliance.Judgement:
    """Results of the dossier, or those of the form while no dossier is here."""
    tests = dossier.tests or [reliance.of_form(row) for row in transfer.form.get("key_results", ())]
    situation = reliance.Situation(
        now=now,
        urgency=transfer.urgency,
        case=transfer.case,
        bleeding=reliance.is_bleeding(transfer.diagnosis, transfer.diagnosis_code),
        laboratory=directory.name(transfer.sender),
        level=laboratories.level(transfer.sender),
        own_level=laboratories.level(transfer.receiver),
    )
    return reliance.judge(tests, situation)


@require_POST
@requires(*rights.TRANSFERS)
def step(request: HttpRequest, loop: str) -> HttpResponse:
    """``/transfers/<loop>/steps``: any step of this hospital; the fields are those of its kind."""
    transfer = loops.here(loop)
    wanted, version = request.POST.get("state", ""), request.POST.get("version", "")
    if wanted not in stepping.KINDS or not (version.isascii() and version.isdigit() and len(version) < 10):
        raise Http404
    kind, actor = State(wanted), accounts.actor(request)
    form = stepping.StepForm(kind, request.POST)
    problem = None
    if form.is_valid():
        said = form.said()
        if kind is State.ARRIVED and request.POST.get("how") in stepping.HOW:
            said["how"] = request.POST["how"]
        try:
            desk.take(loop, kind, actor=actor, data=said, version=int(version))
        except LienThongError as error:
            problem = error.problem
        else:
            messages.success(request, _("Done. The other hospital is told."))
            return redirect("transfer", loop)
    audit.record(actor, "read", patient=transfer.patient, page=request.path, why="treatment")
    return _show(request, loops.here(loop), wrong=form, problem=problem)


def _opened(request: HttpRequest, loop: str) -> Transfer:
    """The transfer, with the look written into the trail; its notices count as read."""
    transfer = loops.here(loop)
    audit.record(
        accounts.actor(request), "read", patient=transfer.patient, page=request.path, why="treatment"
    )
    notices.read(accounts.own(request), accounts.request_roles(request), loop)
    return transfer
