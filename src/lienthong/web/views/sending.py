"""The sender's pages: begin a transfer, fill in its form, check, sign and send it."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from lienthong import records
from lienthong.access import accounts, audit, rights
from lienthong.access.doors import requires
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError, Problem
from lienthong.records import Stored
from lienthong.transfers import desk, drafts, filling, rules, steps
from lienthong.transfers import form as transfer_form
from lienthong.transfers.models import Side, State, Transfer, Urgency
from lienthong.transfers.validity.checks import checks, stops
from lienthong.web import loops
from lienthong.web.record import gather, moments
from lienthong.web.record import person as people
from lienthong.web.sending import layout, reading, showing

LONGEST_SEARCH = 300
FOUND = 20
PROVEN_SECONDS = 3600
"""After how long since the password was typed it is asked again before signing; never in an emergency."""

_SAME_DRAFT = timedelta(seconds=30)


class PersonForm(forms.Form):
    """Who it is, where no export of the HIS names the person yet."""

    name = forms.CharField(label=gettext_lazy("Full name"), max_length=200)
    birth = forms.CharField(label=gettext_lazy("Date or year of birth"), max_length=10)
    gender = forms.ChoiceField(label=gettext_lazy("Sex"), choices=layout.GENDERS, widget=forms.RadioSelect)
    citizen = forms.CharField(label=gettext_lazy("Citizen number"), max_length=15, required=False)
    card = forms.CharField(label=gettext_lazy("Insurance card"), max_length=20, required=False)
    address = forms.CharField(label=gettext_lazy("Address"), max_length=300, required=False)

    def clean_birth(self) -> str:
        """As FHIR writes it: a day or a year."""
        birth = reading.day(self.cleaned_data["birth"])
        try:
            transfer_form.cleaned("person", {"birth": birth})
        except LienThongError as error:
            raise forms.ValidationError(_("Write day/month/year, or the year alone.")) from error
        return birth


# Beginning


@require_http_methods(["GET", "POST"])
@requires(*rights.TRANSFERS)
def begin(request: HttpRequest) -> HttpResponse:
    """``/transfers/new``: finds the person by any number, by name, or by what a scanner reads from a citizen card.

    The search is posted, so that no name stays in the address, the browser's history or a log.
    """
    text = request.POST.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH]
    card = reading.card(text)
    found: list[dict[str, Any]] = []
    if text:
        kept = records.find_patients(card["citizen"] if card else text, limit=FOUND)
        audit.record(
            accounts.actor(request),
            "search",
            page=request.path,
            detail={"text": card["citizen"] if card else text, "found": len(kept)},
        )
        found = [
            {"person": people.person(one.resource), "id": one.id, "visit": _newest_visit(one)} for one in kept
        ]
    known = dict(card) if card else _guess(text)
    page = {"text": "" if card else text, "asked": bool(text), "found": found, "known": known, "card": card}
    return render(request, "web/sending/begin.html", page)


def _guess(text: str) -> dict[str, str]:
    """What was searched for, as a beginning of the person's data."""
    short = "".join(text.split())
    if short.isdigit() and len(short) == 12:
        return {"citizen": short}
    return {"card": short.upper()} if short[2:].isdigit() and len(short) in (10, 15) else {"name": text}


def _newest_visit(patient: Stored) -> dict[str, str] | None:
    """The newest visit of this hospital that may be shown."""
    for stored in records.for_patient(patient.id, ["Encounter"]):
        if stored.origin.startswith(f"his-xml/{directory.here()}/"):
            return {"id": stored.id, "moment": stored.moment}
    return None


@require_http_methods(["GET", "POST"])
@requires(*rights.TRANSFERS)
def from_visit(request: HttpRequest, encounter: str) -> HttpResponse:
    """``/transfers/new/<encounter>``: begins a transfer from a visit of ours."""
    kept = records.read("Encounter", encounter)
    patient = _patient_of(kept) if kept else None
    if kept is None or patient is None or kept.restricted or not kept.origin.startswith("his-xml/"):
        raise Http404
    return _start(request, patient, encounter=encounter)


@require_http_methods(["GET", "POST"])
@requires(*rights.TRANSFERS)
def from_person(request: HttpRequest, patient: str) -> HttpResponse:
    """``/transfers/new/person/<patient>``: for a person of the record without a visit here."""
    stored = records.read("Patient", patient)
    if stored is None:
        raise Http404
    return _start(request, stored)


@require_http_methods(["GET", "POST"])
@requires(*rights.TRANSFERS)
def by_hand(request: HttpRequest) -> HttpResponse:
    """``/transfers/new/by-hand``: for a person whom no export of the HIS has named yet."""
    return _start(request, None)


def _patient_of(encounter: Stored) -> Stored | None:
    return records.read("Patient", gather.patient_of(encounter.resource).removeprefix("Patient/"))


def _start(request: HttpRequest, patient: Stored | None, *, encounter: str = "") -> HttpResponse:
    actor = accounts.actor(request)
    identifier = patient.id if patient else ""
    audit.record(actor, "read", patient=identifier, page=request.path, why="treatment")
    found = filling.fill(patient=identifier, encounter=encounter)
    typed = {one.name: reading.value(one.name, request.POST) for one in layout.START if "do" in request.POST}
    known = {**request.POST.dict(), "birth": moments.show(request.POST.get("birth", ""))}
    form = PersonForm(request.POST if "do" in request.POST else None, initial=known)
    problems: dict[str, str] = {}
    problem: Problem | None = None
    if typed and (patient is not None or form.is_valid()):
        send = request.POST["do"] == "send"
        problems = _needed_at_once(typed, send=send)
        if not problems:
            try:
                transfer = _begun(identifier, encounter, typed, form, actor, send=send and _may_sign(request))
            except LienThongError as error:
                problem = error.problem
            else:
                return _after(request, transfer, sent=send)
    values = {
        one.name: typed.get(one.name, found[one.name].value if one.name in found else "")
        for one in layout.START
    }
    page = {
        "person": people.person(patient.resource) if patient else None,
        "form": form,
        "encounter": encounter,
        "fields": [
            showing.plain(one, values[one.name], problems.get(one.name, ""), found.get(one.name))
            for one in layout.START
        ],
        "offers": showing.offers(str(values["case"])),
        "drafts": _open_drafts(identifier, encounter) if patient else [],
        "problem": problem,
        "wrong": bool(problems) or (bool(typed) and patient is None and not form.is_valid()),
        "problems": [(name, layout.label(name), text) for name, text in problems.items()],
        "may_sign": _is_signer(request),
    }
    return render(request, "web/sending/start.html", page, status=400 if page["wrong"] or problem else 200)


def _needed_at_once(typed: dict[str, Any], *, send: bool) -> dict[str, str]:
    wanted = ("urgency", "receiver", "diagnosis", "condition") if send else ("urgency",)
    found = {name: _("Needed before anything can be sent.") for name in wanted if not typed[name].strip()}
    if not send and found:
        found = {"urgency": _("Choose how urgent it is.")}
    if send and typed["urgency"] != Urgency.EMERGENCY:
        found["urgency"] = _("Only an emergency is sent at once; otherwise go on to the form.")
    return found


def _begun(
    patient: str, encounter: str, typed: dict[str, Any], form: PersonForm, actor: audit.Actor, *, send: bool
) -> Transfer:
    """The draft, sent if wished; the one just made when the same button was pressed twice."""
    filled = {name: value for name, value in typed.items() if name != "receiver" and value}
    emergency = typed["urgency"] == Urgency.EMERGENCY
    filled["basis"] = desk.EMERGENCY if emergency else desk.REFERRAL_DUTY
    if not patient:
        filled["person"] = {name: value for name, value in form.cleaned_data.items() if value}
    with transaction.atomic():
        transfer = _just_begun(patient, encounter, actor, filled, typed["receiver"])
        if transfer is not None:
            return transfer
        transfer = desk.draft(patient=patient, encounter=encounter, form=filled, actor=actor)
        if typed["receiver"]:
            transfer = desk.save_field(
                transfer.loop, "receiver", typed["receiver"], version=transfer.version, actor=actor
            )
        if send:
            transfer = desk.send_draft(transfer.loop, version=transfer.version, actor=actor)
        return transfer


def _just_begun(
    patient: str, encounter: str, actor: audit.Actor, filled: dict[str, Any], receiver: str
) -> Transfer | None:
    """What the same person has begun with the very same answers a moment ago."""
    recent = Transfer.objects.filter(
        sender=directory.here(),
        started_by=actor.name,
        encounter=encounter,
        receiver=receiver,
        begun_at__gte=clock.now() - _SAME_DRAFT,
    )
    asked = {name: transfer_form.cleaned(name, value) for name, value in filled.items()}
    same = (t for t in recent if not patient or t.patient == patient)
    return next((t for t in same if asked.items() <= t.form.items()), None)


def _open_drafts(patient: str, encounter: str) -> list[Transfer]:
    open_ones = Transfer.objects.filter(sender=directory.here(), state=State.DRAFTED, patient=patient)
    return list(open_ones.filter(encounter=encounter).order_by("-begun_at")[:5])


# The form


@require_http_methods(["GET", "POST"])
@requires(*rights.TRANSFERS)
def form(request: HttpRequest, loop: str) -> HttpResponse:
    """``/transfers/<loop>/form``: the whole form; a post saves what was changed and does what its button says."""
    transfer = _opened(request, loop)
    if request.method == "GET":
        return _form(request, transfer)
    do, _dot, name = request.POST.get("do", "save").partition(".")
    if do == "give-up":
        return _give_up(request, transfer)
    posted = request.POST.copy()
    if do == "theirs":
        posted.pop(f"was.{name}", None)
    kept = _save_all(transfer, posted, accounts.actor(request))
    if do in ("take", "keep"):
        kept = _decide(loop, do, name, kept, accounts.actor(request))
    transfer = loops.here(loop, Side.SENDER)
    if kept.errors:
        return _form(request, transfer, kept)
    if do == "check":
        return redirect("transfer-check", loop)
    if do == "send":
        return _send_now(request, transfer)
    target = reverse("transfer-form", args=[loop]) + (f"#f-{name}" if name in layout.FIELDS else "")
    if do == "save":
        messages.success(request, _("Saved."))
    return redirect(target)


def _give_up(request: HttpRequest, transfer: Transfer) -> HttpResponse:
    """Ends a draft that nobody has sent; nobody else knows of it."""
    version, said = request.POST.get("version", ""), {"code": request.POST.get("code", "")}
    if transfer.state != State.DRAFTED or not (version.isascii() and version.isdigit() and len(version) < 9):
        raise Http404
    try:
        desk.take(
            transfer.loop, State.CANCELLED, actor=accounts.actor(request), data=said, version=int(version)
        )
    except LienThongError as error:
        return _form(request, loops.here(transfer.loop, Side.SENDER), problem=error.problem)
    messages.success(request, _("The draft is given up; nothing of it was sent."))
    return redirect("transfers-out")


def _form(
    request: HttpRequest, transfer: Transfer, kept: showing.Kept | None = None, problem: Problem | None = None
) -> HttpResponse:
    kept = kept or showing.Kept()
    sections = showing.sections(transfer, kept)
    page = {
        "transfer": transfer,
        "sections": sections,
        "meter": showing.meter(transfer),
        "offers": showing.offers(str(transfer.form.get("case", ""))),
        "wanted": showing.wanted_services(transfer.receiver),
        "wrong": [s for section in sections for s in section.fields if s.error or s.theirs],
        "problem": problem,
        "who": _who(transfer),
        "saved": _last_saved(transfer),
        "draft": transfer.state == State.DRAFTED,
        "may_sign": _is_signer(request),
        "reasons": list(steps.CANCELLED.items()),
    }
    wrong = bool(page["wrong"]) or problem is not None
    return render(request, "web/sending/form.html", page, status=409 if wrong else 200)


def _save_all(transfer: Transfer, posted: QueryDict, actor: audit.Actor) -> showing.Kept:
    """Saves each field that the page shows otherwise than it was sent out; returns what was not taken."""
    typed: dict[str, Any] = {}
    errors: dict[str, Problem] = {}
    for name in layout.FIELDS:
        if f"was.{name}" not in posted:
            continue
        value = reading.value(name, posted)
        try:
            new = value if name == "receiver" else transfer_form.cleaned(name, value)
            if reading.mark(name, new) != posted[f"was.{name}"]:
                drafts.save_field(transfer.loop, name, value, version=_seen(posted, name), actor=actor)
        except LienThongError as error:
            typed[name], errors[name] = value, error.problem
    return showing.Kept(typed, errors)


def _seen(posted: QueryDict, name: str) -> int:
    text = posted.get(f"seen.{name}", "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _decide(loop: str, do: str, name: str, kept: showing.Kept, actor: audit.Actor) -> showing.Kept:
    """Takes over what the record says of a field by now, or keeps what stands there and asks no more."""
    with transaction.atomic():
        transfer = loops.here(loop, Side.SENDER)
        found = filling.of_transfer(transfer).get(name)
        if found is None:
            return kept
        if do == "take":
            transfer = drafts.save_field(loop, name, found.value, version=transfer.version, actor=actor)
        filling.note(transfer, name, found)
        transfer.save(update_fields=["filled"])
    return kept


@require_POST
@requires(*rights.TRANSFERS)
def field(request: HttpRequest, loop: str) -> HttpResponse:
    """``/transfers/<loop>/field``: saves one field as soon as it was entered; answers with JSON.

    ``do``: ``save``, ``theirs``, ``take``, ``keep``. The answer holds ``version``, ``was``, ``saved`` (hour), the meter
    and, where the field must be shown anew, its HTML under ``field``; 409 where another person changed it meanwhile.
    """
    transfer = loops.here(loop, Side.SENDER)
    name, do = request.POST.get("field", ""), request.POST.get("do", "save")
    if name not in layout.FIELDS:
        raise Http404
    actor, kept = accounts.actor(request), showing.Kept()
    if do == "save":
        only = QueryDict(mutable=True)
        for key, values in request.POST.lists():
            if key.split(".")[0] == name or key in (f"was.{name}", f"seen.{name}"):
                only.setlist(key, values)
        kept = _save_all(transfer, only, actor)
    elif do in ("take", "keep"):
        kept = _decide(loop, do, name, kept, actor)
    transfer = loops.here(loop, Side.SENDER)
    shown = showing.one(transfer, name, kept)
    answer: dict[str, Any] = {
        "version": transfer.version,
        "was": shown.was,
        "saved": f"{clock.now().astimezone(clock.VIETNAM):%H:%M}",
        "missing": shown.missing,
        "meter": render_to_string(
            "web/sending/meter.html", {"meter": showing.meter(transfer), "transfer": transfer}, request
        ),
    }
    if kept.errors or do != "save":
        page = {"shown": shown, "offers": _offers_for(name, transfer), "transfer": transfer}
        answer["field"] = render_to_string("web/sending/field.html", page, request)
    changed = any(problem.code == "transfer-changed" for problem in kept.errors.values())
    return JsonResponse(answer, status=409 if changed else 400 if kept.errors else 200)


def _offers_for(name: str, transfer: Transfer) -> list[showing.Offer]:
    return showing.offers(str(transfer.form.get("case", ""))) if name == "receiver" else []


# Check, sign, send


@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
@requires(*rights.TRANSFERS)
def check(request: HttpRequest, loop: str) -> HttpResponse:
    """``/transfers/<loop>/check``: everything in the order of the legal form, what is noticed about it, and signing."""
    transfer = _opened(request, loop)
    if State(transfer.state) in rules.ENDED:
        return redirect("transfer", loop)
    if request.method == "GET":
        return _check(request, transfer)
    _may_sign(request)
    wrong = _unproven(request, transfer)
    version = request.POST.get("version", "")
    if wrong or stops(checks(transfer)) or not (version.isascii() and version.isdigit() and len(version) < 9):
        return _check(request, transfer, wrong=wrong)
    try:
        transfer = _send(transfer, int(version), accounts.actor(request))
    except LienThongError as error:
        return _check(request, loops.here(loop, Side.SENDER), problem=error.problem)
    return _after(request, transfer, sent=True)


def _check(
    request: HttpRequest, transfer: Transfer, *, wrong: str = "", problem: Problem | None = None
) -> HttpResponse:
    noticed, missing = checks(transfer), {name.partition(".")[0] for name in showing.gaps(transfer)}
    page = {
        "transfer": transfer,
        "who": _who(transfer),
        "lines": list(showing.legal_order(transfer)),
        "meter": showing.meter(transfer),
        "account": accounts.own(request),
        "facility_name": directory.name(directory.here()),
        "receiver": directory.name(transfer.receiver) if transfer.receiver else "",
        "may_sign": _is_signer(request),
        "ask_password": transfer.urgency != Urgency.EMERGENCY and not _proven(request),
        "ready": _ready(transfer),
        "stopped": stops(noticed),
        "found": [one for one in noticed if one.field.partition(".")[0] not in missing],
        "draft": transfer.state == State.DRAFTED,
        "wrong": wrong,
        "problem": problem,
    }
    return render(request, "web/sending/check.html", page, status=400 if wrong or problem else 200)


def _ready(transfer: Transfer) -> bool:
    try:
        drafts.ready(transfer)
    except LienThongError:
        return False
    return True


def _send(transfer: Transfer, version: int, actor: audit.Actor) -> Transfer:
    """Sends a draft; the transfer that it goes on after a decline ends with it, in the same commit."""
    with transaction.atomic():
        sent = desk.send_draft(transfer.loop, version=version, actor=actor)
        before = desk.get(sent.follows) if sent.follows_why == "redirected" else None
        if before is not None and State.CANCELLED in desk.allowed_steps(before):
            desk.take(before.loop, State.CANCELLED, actor=actor, data={"code": "other-hospital"})
        return sent


def _send_now(request: HttpRequest, transfer: Transfer) -> HttpResponse:
    """The one button of an emergency: no check page, no password."""
    _may_sign(request)
    gaps = transfer_form.missing_at_once(drafts.whole(transfer), transfer.receiver)
    if transfer.urgency != Urgency.EMERGENCY or gaps:
        return redirect("transfer-check", transfer.loop)
    try:
        transfer = _send(transfer, transfer.version, accounts.actor(request))
    except LienThongError as error:
        return _form(request, loops.here(transfer.loop, Side.SENDER), problem=error.problem)
    return _after(request, transfer, sent=True)


def _after(request: HttpRequest, transfer: Transfer, *, sent: bool) -> HttpResponse:
    if not sent:
        return redirect("transfer-form", transfer.loop)
    messages.success(
        request, _("Signed. The transfer is in the outbox and leaves as soon as the line is there.")
    )
    return redirect("transfer", transfer.loop)


def _is_signer(request: HttpRequest) -> bool:
    return bool(accounts.request_roles(request) & set(rights.SIGN))


def _may_sign(request: HttpRequest) -> bool:
    """Always true; whoever may not sign is refused, with a trace.

    Raises:
        PermissionDenied: the role does not sign.
    """
    if not _is_signer(request):
        audit.record(accounts.actor(request), "refused", page=request.path, why="role")
        raise PermissionDenied
    return True


def _proven(request: HttpRequest) -> bool:
    """Whether the password was typed in this session not long ago."""
    last = max(request.session.get("started", 0), request.session.get("proven", 0))
    return bool(time.time() - last < PROVEN_SECONDS)


def _unproven(request: HttpRequest, transfer: Transfer) -> str:
    """Why the person cannot sign as things stand; empty when nothing is missing."""
    if not request.POST.get("confirm"):
        return _("Tick that you have checked the answers and sign them.")
    if transfer.urgency == Urgency.EMERGENCY or _proven(request):
        return ""
    who = accounts.actor(request)
    try:
        account = accounts.authenticate(who.id, request.POST.get("password", ""), who.address)
    except accounts.TooFast as error:
        return _("Too many failures from this computer. Wait %(s)d seconds.") % {"s": error.seconds}
    if account is None:
        return _("This is not your password, or the account is locked.")
    request.session["proven"] = int(time.time())
    return ""


# After a decline


@require_POST
@requires(*rights.TRANSFERS)
def to_another(request: HttpRequest, loop: str) -> HttpResponse:
    """``/transfers/<loop>/redirect``: a second transfer after a decline, with everything filled in but the receiver."""
    declined = _opened(request, loop)
    if declined.state != State.DECLINED:
        raise Http404
    begun = Transfer.objects.filter(follows=loop, follows_why="redirected").exclude(state=State.CANCELLED)
    again = begun.order_by("-begun_at").first()
    if again is None:
        again = desk.draft(
            patient=declined.patient,
            encounter=filling.visit_of(declined),
            form=_of_declined(declined),
            follows=loop,
            follows_why="redirected",
            actor=accounts.actor(request),
        )
    return redirect("transfer-form" if again.state == State.DRAFTED else "transfer", again.loop)


def _of_declined(declined: Transfer) -> dict[str, Any]:
    """What stood in the form; what only the declined hospital could have given stays behind."""
    copied = {name: value for name, value in declined.form.items() if name != "service"}
    return {**copied, "urgency": str(declined.urgency)}


# Common


def _opened(request: HttpRequest, loop: str) -> Transfer:
    """A transfer of this hospital, with the look written into the trail."""
    transfer = loops.here(loop, Side.SENDER)
    audit.record(
        accounts.actor(request), "read", patient=transfer.patient, page=request.path, why="treatment"
    )
    return transfer


def _who(transfer: Transfer) -> dict[str, str]:
    """The person in a line: name in capitals, birth, age, sex."""
    person = drafts.whole(transfer)["person"]
    birth = person.get("birth", "")
    return {
        "name": person.get("name", "").upper(),
        "about": ", ".join(
            filter(
                None,
                (moments.show(birth), people.age_words(birth), people.sex(person.get("gender", ""))),
            )
        ),
        "patient": transfer.patient if records.read("Patient", transfer.patient) else "",
        "citizen": person.get("citizen", ""),
    }


def _last_saved(transfer: Transfer) -> str:
    return f"{transfer.changed_at.astimezone(clock.VIETNAM):%H:%M}"
