"""The patient at the door, the return letter, and the outcome on paper."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong.access import accounts, audit, rights
from lienthong.access.doors import requires
from lienthong.facilities import directory
from lienthong.facilities.models import Facility
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.transfers import desk, outcome, stay
from lienthong.transfers import worklist as worklists
from lienthong.transfers.models import ReturnLetter, Side, State, Transfer
from lienthong.transfers.steps import RESULTS
from lienthong.web import loops
from lienthong.web.record import gather, returned, stepping, worklist

LONGEST_NUMBER = 400
MEDICINES = ("name", "dose", "frequency", "days")
_BLANK_ROWS = 3
_MOST_ROWS = 60
AGREED = {
    "yes": gettext_lazy("Agrees"),
    "partly": gettext_lazy("Agrees in part"),
    "no": gettext_lazy("Does not agree"),
}


class LetterForm(forms.Form):
    """The return letter but for its medicines."""

    diagnosis = stepping.text(gettext_lazy("Diagnosis at discharge"), required=True)
    diagnosis_code = stepping.line(gettext_lazy("ICD-10 code"))
    result = stepping.coded(gettext_lazy("Result of the treatment"), RESULTS, required=False)
    admitted_at = stepping.Moment(label=gettext_lazy("Came in"), required=False)
    discharged_at = stepping.Moment(label=gettext_lazy("Discharged"), required=False)
    course = stepping.text(gettext_lazy("Course"), rows=4)
    treatment = stepping.text(gettext_lazy("Treatment"), rows=3)
    condition = stepping.text(gettext_lazy("Condition at discharge"))
    advice = stepping.text(gettext_lazy("Advice for further care"), rows=3)
    appointment_at = stepping.Moment(label=gettext_lazy("Next appointment"), required=False)
    appointment_ward = stepping.line(gettext_lazy("Clinic of the appointment"))
    appointment_number = stepping.line(gettext_lazy("Number of the appointment slip"))
    return_to = forms.ChoiceField(label=gettext_lazy("Who goes on with the treatment"), required=False)
    agreed = stepping.coded(gettext_lazy("Diagnosis of the sending hospital"), AGREED, required=False)
    remarks = stepping.text(gettext_lazy("Remarks on the transfer itself"))
    sure = forms.BooleanField(
        label=gettext_lazy("The patient has died: I have checked this, and the family knows"),
        required=False,
    )
    with_protected = forms.BooleanField(
        label=gettext_lazy("Send the specially protected papers too: they are needed for further care"),
        required=False,
    )

    def __init__(self, transfer: Transfer, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["return_to"]
        assert isinstance(chosen, forms.ChoiceField)
        chosen.choices = [("", directory.name(transfer.sender))] + [
            (f.code, directory.name(f.code)) for f in Facility.objects.all() if f.code != transfer.sender
        ]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("result") == stay.DIED and not found.get("sure"):
            self.add_error("sure", _("Tick this to confirm."))
        return found

    def said(self) -> dict[str, Any]:
        """Members of the outcome that were filled in."""
        held = {k: v for k, v in self.cleaned_data.items() if k not in ("sure", "with_protected")}
        return {name: value for name, value in held.items() if value}


@require_http_methods(["GET", "POST"])
@requires(*rights.TRANSFERS)
def door(request: HttpRequest) -> HttpResponse:
    """``/transfers/door``: finds the transfer of a patient who stands at the door, by a number or a scanned card."""
    text = request.POST.get("number", "").replace("\0", "").strip()[:LONGEST_NUMBER]
    found = worklists.at_door(text)
    if text:
        audit.record(
            accounts.actor(request),
            "search",
            page=request.path,
            detail={"text": text.partition("|")[0][:40], "found": len(found.expected)},
        )
    if len(found.expected) == 1:
        how = "citizen" if "".join(text.partition("|")[0].split()).isdigit() else "list"
        loop = found.expected[0].loop
        return redirect(f"{reverse('transfer', args=[loop])}?do=arrived&at={how}#do")
    now = clock.now()
    page = {
        "text": text.partition("|")[0],
        "now": now,
        "lines": [
            worklist.line(t, incoming=True, now=now, name=directory.name)
            for t in (*found.expected, *found.others)
        ],
        "expected": len(found.expected),
    }
    return render(request, "web/transfers/door.html", page)


@require_http_methods(["GET", "POST"])
@requires(*rights.TRANSFERS)
def letter(request: HttpRequest, loop: str, number: int) -> HttpResponse:
    """``/transfers/<loop>/return/<number>``: the return letter: look, change, keep, sign and send, set aside."""
    transfer = loops.here(loop, Side.RECEIVER)
    kept = ReturnLetter.objects.filter(pk=number, transfer=transfer).first()
    if kept is None or kept.stage == ReturnLetter.Stage.DISMISSED:
        raise Http404
    actor = accounts.actor(request)
    audit.record(actor, "read", patient=transfer.patient, page=request.path, why="treatment")
    if request.method != "POST":
        return _write(
            request, transfer, kept, LetterForm(transfer, initial=kept.data), kept.data.get("medicines", [])
        )
    if not accounts.request_roles(request) & set(rights.SIGN_OUTCOME):
        return _write(
            request, transfer, kept, LetterForm(transfer, request.POST), _medicines(request), refused=True
        )
    version, wanted = request.POST.get("version", ""), request.POST.get("do", "")
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise Http404
    try:
        if wanted in ("joins", "aside"):
            outcome.decide(number, belongs=wanted == "joins", version=int(version), actor=actor)
            messages.success(
                request, _("The stay belongs to this transfer.") if wanted == "joins" else _("Set aside.")
            )
            return redirect("transfer", loop)
        form = LetterForm(transfer, request.POST)
        if not form.is_valid():
            return _write(request, transfer, kept, form, _medicines(request))
        data = form.said() | ({"medicines": found} if (found := _medicines(request)) else {})
        if wanted == "keep":
            outcome.save(number, data, version=int(version), actor=actor)
            messages.success(request, _("Kept. It is not sent yet."))
            return redirect("return-letter", loop, number)
        outcome.sign(
            number,
            data,
            version=int(version),
            actor=actor,
            with_protected=form.cleaned_data["with_protected"],
        )
    except LienThongError as error:
        again = LetterForm(transfer, request.POST)
        return _write(request, transfer, kept, again, _medicines(request), problem=error.problem)
    messages.success(request, _("Signed and sent. The sending hospital is told."))
    return redirect("transfer", loop)


@require_POST
@requires(*rights.SIGN_OUTCOME)
def by_hand(request: HttpRequest, loop: str) -> HttpResponse:
    """``/transfers/<loop>/return``: begins a return letter by hand, or goes on with it."""
    transfer = loops.here(loop, Side.RECEIVER)
    kept = outcome.by_hand(transfer.loop, actor=accounts.actor(request))
    return redirect("return-letter", loop, kept.pk)


@require_GET
@requires(*rights.TRANSFERS)
def paper(request: HttpRequest, loop: str) -> HttpResponse:
    """``/transfers/<loop>/outcome``: the return letter as it was sent, in Vietnamese, made for A4."""
    transfer = loops.here(loop)
    sent = returned.letter(transfer, language="vi")
    if sent is None:
        raise Http404
    audit.record(
        accounts.actor(request), "read", patient=transfer.patient, page=request.path, why="treatment"
    )
    page = {
        "transfer": transfer,
        "letter": sent,
        "agreed": returned.AGREED.get(str(sent.data.get("agreed") or ""), ""),
        "person": gather.dossier(transfer).person,
    }
    return render(request, "web/transfers/outcome.html", page)


def _write(
    request: HttpRequest,
    transfer: Transfer,
    kept: ReturnLetter,
    form: LetterForm,
    medicines: list[dict[str, str]],
    *,
    problem: Problem | None = None,
    refused: bool = False,
) -> HttpResponse:
    rows = [*medicines, *({} for _blank in range(_BLANK_ROWS))]
    person = gather.dossier(transfer).person
    page = {
        "transfer": transfer,
        "kept": kept,
        "form": form,
        "rows": [(n, [(name, row.get(name, "")) for name in MEDICINES]) for n, row in enumerate(rows)],
        "person": person,
        "sender": directory.name(transfer.sender),
        "died": (form.data if form.is_bound else form.initial).get("result") == stay.DIED,
        "may_sign": bool(accounts.request_roles(request) & set(rights.SIGN_OUTCOME)),
        "possible": State.OUTCOME in desk.allowed_steps(transfer),
        "problem": problem,
        "refused": refused,
    }
    status = 403 if refused else 400 if problem or form.errors else 200
    return render(request, "web/transfers/return.html", page, status=status)


def _medicines(request: HttpRequest) -> list[dict[str, str]]:
    found = []
    for number in range(_MOST_ROWS):
        row = {name: request.POST.get(f"medicine-{number}-{name}", "").strip()[:200] for name in MEDICINES}
        if row["name"]:
            found.append(row)
    return found
