"""Transfers to us and from us, one transfer and its steps."""

from __future__ import annotations

from typing import Any

import msgspec
from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong import records
from lienthong.access import accounts, audit, rights
from lienthong.access.doors import requires
from lienthong.facilities import directory
from lienthong.facilities.models import Facility
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.transfers import desk, notices, steps
from lienthong.transfers import form as transfer_form
from lienthong.transfers.models import State, Transfer
from lienthong.web.record import gather, worklist
from lienthong.web.record import person as people
from lienthong.web.record import slip as slips

LONGEST_SEARCH = 100


class BeginForm(forms.Form):
    """What a transfer begun by hand needs beside the visit."""

    receiver = forms.ChoiceField(label=gettext_lazy("Receiving hospital"))
    reason = forms.ChoiceField(
        label=gettext_lazy("Reason for the transfer"),
        choices=[(code, worklist.reason(code)) for code in transfer_form.REASONS],
    )
    diagnosis = forms.CharField(label=gettext_lazy("Diagnosis"), max_length=2000)
    condition = forms.CharField(
        label=gettext_lazy("Condition of the patient now"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        receiver = self.fields["receiver"]
        assert isinstance(receiver, forms.ChoiceField)
        receiver.choices = [("", _("Choose a hospital"))] + [
            (f.code, directory.name(f.code))
            for f in Facility.objects.all()
            if f.code != directory.here() and directory.connected(f.code)
        ]


@require_GET
@requires(*rights.TRANSFERS)
def incoming(request: HttpRequest) -> HttpResponse:
    """``/transfers/in?state=&q=&page=``: who is coming to us."""
    return _list(request, to_us=True)


@require_GET
@requires(*rights.TRANSFERS)
def outgoing(request: HttpRequest) -> HttpResponse:
    """``/transfers/out?state=&q=&page=``: whom we sent, and whether the receipt came."""
    return _list(request, to_us=False)


def _list(request: HttpRequest, *, to_us: bool) -> HttpResponse:
    state = request.GET.get("state", "")
    state = state if state in State.values else ""
    text = request.GET.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
    number = request.GET.get("page", "1")
    wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1
    audit.record(accounts.actor(request), "list", page=request.path, detail={"state": state, "text": text})
    found = (desk.incoming if to_us else desk.outgoing)(state, text, wanted)
    counts = desk.counts(to_us=to_us)
    now = clock.now()
    page = {
        "to_us": to_us,
        "page": found,
        "lines": [worklist.line(t, incoming=to_us, now=now, name=directory.name) for t in found],
        "state": state,
        "text": text,
        "states": [(s.value, s.label, counts.by_state.get(s.value, 0)) for s in State],
        "total": counts.total,
    }
    return render(request, "web/transfers/list.html", page)


@require_GET
@requires(*rights.TRANSFERS)
def one(request: HttpRequest, loop: str) -> HttpResponse:
    """``/transfers/<loop>``: all about one transfer; the receiver's first look is the step ``seen``."""
    transfer = _opened(request, loop)
    actor = accounts.actor(request)
    if State.SEEN in desk.allowed_steps(transfer):
        desk.take(loop, State.SEEN, actor=actor)
        transfer = _transfer(loop)
    return _show(request, transfer)


def _show(
    request: HttpRequest,
    transfer: Transfer,
    *,
    said: dict[str, str] | None = None,
    problem: Problem | None = None,
) -> HttpResponse:
    dossier = gather.dossier(transfer)
    to_us = transfer.receiver == directory.here()
    page = {
        "transfer": transfer,
        "line": worklist.line(transfer, incoming=to_us, now=clock.now(), name=directory.name),
        "to_us": to_us,
        "sender": directory.name(transfer.sender),
        "receiver": directory.name(transfer.receiver),
        "reason": worklist.reason(transfer.reason),
        "stages": worklist.stages(transfer.steps.all(), directory.name),
        "dossier": dossier,
        "slip": slips.slip(dossier.slip, dossier.request, transfer.form),
        "person": dossier.person,
        "evidence": worklist.evidence(transfer, directory.name),
        "may_take_evidence": bool(accounts.request_roles(request) & set(rights.EVIDENCE)),
        "steps": [s for s in desk.allowed_steps(transfer) if s is not State.SEEN],
        "said": said or {},
        "outcome": next((s.data for s in reversed(transfer.steps.all()) if s.kind == State.OUTCOME), None),
        "problem": problem,
    }
    return render(request, "web/transfers/one.html", page, status=400 if problem else 200)


@require_POST
@requires(*rights.TRANSFERS)
def step(request: HttpRequest, loop: str) -> HttpResponse:
    """``/transfers/<loop>/steps``: any step of this hospital; the fields are those of its kind."""
    transfer = _transfer(loop)
    wanted, version = request.POST.get("state", ""), request.POST.get("version", "")
    if wanted not in State.values or not (version.isascii() and version.isdigit() and len(version) < 10):
        raise Http404
    names = {field.name for field in msgspec.structs.fields(steps.KINDS[State(wanted)])}
    data = {name: request.POST[name] for name in sorted(names & request.POST.keys())}
    try:
        desk.take(loop, State(wanted), actor=accounts.actor(request), data=data, version=int(version))
    except LienThongError as error:
        audit.record(
            accounts.actor(request),
            "read",
            patient=transfer.patient,
            page=request.path,
            why="treatment",
        )
        return _show(request, _transfer(loop), said=data, problem=error.problem)
    messages.success(request, _("Done. The other hospital is told."))
    return redirect("transfer", loop)


@require_http_methods(["GET", "POST"])
@requires(*rights.TRANSFERS)
def begin(request: HttpRequest, encounter: str) -> HttpResponse:
    """``/transfers/new/<encounter>``: begins a transfer from a visit of ours."""
    kept = records.read("Encounter", encounter)
    patient = (
        records.read("Patient", gather.patient_of(kept.resource).removeprefix("Patient/")) if kept else None
    )
    if kept is None or patient is None or kept.restricted or not kept.origin.startswith("his-xml/"):
        raise Http404
    actor = accounts.actor(request)
    audit.record(actor, "read", patient=patient.id, page=request.path, why="treatment")
    form, problem = BeginForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            with transaction.atomic():
                draft = desk.draft(
                    encounter=encounter,
                    patient=patient.id,
                    receiver=values["receiver"],
                    form={
                        "urgency": "emergency",
                        "basis": "emergency",
                        "reason": values["reason"],
                        "condition": values["condition"],
                        "diagnosis": values["diagnosis"],
                    },
                    actor=actor,
                )
                transfer = desk.send_draft(draft.loop, version=draft.version, actor=actor)
        except LienThongError as error:
            problem = error.problem
        else:
            messages.success(request, _("The transfer is on its way."))
            return redirect("transfer", transfer.loop)
    page = {
        "form": form,
        "problem": problem,
        "person": people.person(patient.resource),
        "shown": gather.visit(kept),
    }
    return render(request, "web/transfers/begin.html", page, status=400 if form.errors or problem else 200)


def _transfer(loop: str) -> Transfer:
    transfer = desk.get(loop)
    if transfer is None or directory.here() not in (transfer.sender, transfer.receiver):
        raise Http404
    return transfer


def _opened(request: HttpRequest, loop: str) -> Transfer:
    """The transfer, with the look written into the trail; its notices count as read."""
    transfer = _transfer(loop)
    audit.record(
        accounts.actor(request), "read", patient=transfer.patient, page=request.path, why="treatment"
    )
    notices.read(accounts.own(request), accounts.request_roles(request), loop)
    return transfer
