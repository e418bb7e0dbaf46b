"""Documents of the province: ask, fetch, open; publish and withdraw; what is published by itself; the hub's counts."""

from __future__ import annotations

import base64
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong import records
from lienthong.access import accounts, audit, rights
from lienthong.access.doors import requires
from lienthong.documents import desk
from lienthong.documents.desk import Fetch, Mode, Publication
from lienthong.facilities import directory
from lienthong.foundation.errors import LienThongError
from lienthong.records import Stored
from lienthong.web.record import person as people
from lienthong.web.record import province
from lienthong.web.words import hint, sentence

TREATMENT = "treatment"


class AskForm(forms.Form):
    """On which legal basis and for which purpose the province is asked."""

    basis = forms.ChoiceField(label=gettext_lazy("Legal basis"), choices=list(desk.BASES.items()))
    purpose = forms.ChoiceField(label=gettext_lazy("Purpose"), choices=list(desk.PURPOSES.items()))
    why = forms.CharField(
        label=gettext_lazy("Reason"), required=False, max_length=200, widget=forms.Textarea(attrs={"rows": 2})
    )


class PublishForm(forms.Form):
    """What is published, and what the province gets of it."""

    mode = forms.ChoiceField(
        label=gettext_lazy("What the province gets"),
        choices=Mode.choices,
        initial=Mode.ENTRY,
    )


class WithdrawForm(forms.Form):
    """Why a document is withdrawn."""

    why = forms.CharField(
        label=gettext_lazy("Reason for withdrawing"),
        min_length=10,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


def _site() -> None:
    if directory.is_hub():
        raise Http404


def _person(identifier: str) -> Stored:
    _site()
    stored = records.read("Patient", identifier)
    if stored is None:
        raise Http404
    return stored


def _say(request: HttpRequest, error: LienThongError) -> None:
    messages.error(request, f"{sentence(error.problem)} {hint(error.problem)}")


@require_http_methods(["GET", "POST"])
@requires(*rights.RECORDS)
def of_patient(request: HttpRequest, identifier: str) -> HttpResponse:
    """``/patients/<id>/province``: asks the province; what it knows, what was asked for, what we published."""
    stored, actor = _person(identifier), accounts.actor(request)
    form = AskForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            desk.search_province(identifier, actor=actor, **form.cleaned_data)
            return redirect("patient-province", identifier)
        except LienThongError as error:
            form.add_error("why" if error.problem.code == "document-reason" else None, _words(error))
    if request.method == "GET" and "Lienthong-Automatic" not in request.headers:
        audit.record(actor, "read", patient=identifier, page=request.path, why=TREATMENT)
    search, wishes = desk.last_search(identifier, actor.id), desk.fetches(identifier)
    page = {
        "person": people.person(stored.resource),
        "form": form,
        "search": search,
        "known": province.known(search, wishes) if search else [],
        "wishes": [(wish, *province.wish_state(wish)) for wish in wishes],
        "bases": desk.BASES,
        "waiting": bool(search and search.answered_at is None)
        or any(wish.answered_at is None for wish in wishes),
        "publications": _publications(identifier),
        "may_publish": bool(accounts.request_roles(request) & set(rights.PUBLISH)),
    }
    return render(request, "web/documents/patient.html", page, status=400 if form.errors else 200)


def _words(error: LienThongError) -> str:
    return f"{sentence(error.problem)} {hint(error.problem)}"


def _publications(patient: str = "") -> list[tuple[Publication, str, str]]:
    waiting = desk.waiting()
    return [(one, *province.publication_state(one, one.id in waiting)) for one in desk.publications(patient)]


@require_POST
@requires(*rights.RECORDS)
def fetch(request: HttpRequest, identifier: str) -> HttpResponse:
    """``/patients/<id>/province/fetch``: asks for one of the documents that a question found."""
    _person(identifier)
    try:
        search, number = request.POST.get("search", "")[:32], request.POST.get("number", "")[:200]
        wish = desk.fetch(search, number, actor=accounts.actor(request))
        if wish.patient != identifier:
            raise Http404
        if wish.answered_at is None:
            name = directory.name(wish.facility)
            messages.info(
                request,
                _("Asked. The document comes from %(hospital)s as soon as it is online.") % {"hospital": name}
                if wish.mode == Mode.ENTRY
                else _("Asked. The copy comes from the province as soon as the line works."),
            )
    except LienThongError as error:
        _say(request, error)
    return redirect("patient-province", identifier)


@require_GET
@requires(*rights.RECORDS)
def came(request: HttpRequest) -> HttpResponse:
    """``/documents/came``: what came for the one who asks, and what was refused."""
    _site()
    actor = accounts.actor(request)
    wishes = [(wish, *province.wish_state(wish)) for wish in desk.mine(actor.id)]
    return render(request, "web/documents/came.html", {"wishes": wishes, "bases": desk.BASES})


@require_GET
@requires(*rights.RECORDS)
def received(request: HttpRequest, identifier: str) -> HttpResponse:
    """``/documents/received/<id>``: a document that came, for reading."""
    wish, stored, content = _received(identifier)
    desk.seen(wish, actor=accounts.actor(request))
    word = desk.word_of(stored.resource)
    page = {
        "wish": wish,
        "bases": desk.BASES,
        "person": people.person(_person(wish.patient).resource),
        "parts": province.parts(word.media, content),
        "word": word,
    }
    return render(request, "web/documents/received.html", page)


@require_GET
@requires(*rights.RECORDS)
def received_file(request: HttpRequest, identifier: str) -> HttpResponse:
    """``/documents/received/<id>/file``: the same as a file, byte for byte."""
    wish, stored, content = _received(identifier)
    desk.seen(wish, actor=accounts.actor(request))
    media = desk.word_of(stored.resource).media
    response = HttpResponse(content, content_type=media)
    name = content_disposition_header(as_attachment=True, filename=province.file_name(wish.title, media))
    response.headers["Content-Disposition"] = str(name)
    return response


def _received(identifier: str) -> tuple[Fetch, Stored, bytes]:
    _site()
    wish = get_object_or_404(Fetch, id=identifier)
    entry = records.read("DocumentReference", wish.received) if wish.received else None
    binary = records.read("Binary", wish.received) if entry else None
    if entry is None or binary is None or entry.restricted:
        raise Http404
    return wish, entry, base64.b64decode(binary.resource.get("data", ""))


@require_http_methods(["GET", "POST"])
@requires(*rights.PUBLISH)
def publish(request: HttpRequest, identifier: str) -> HttpResponse:
    """``/patients/<id>/province/publish?source=&stay=``: shows what would be published, then publishes it."""
    stored, actor = _person(identifier), accounts.actor(request)
    source = request.GET.get("source", "")[:100].replace("\0", "")
    stay = request.GET.get("stay", "")[:64].replace("\0", "")
    form = PublishForm(request.POST or None)
    page: dict[str, Any] = {
        "person": people.person(stored.resource),
        "form": form,
        "sources": province.readable(identifier),
        "source": source,
    }
    try:
        if request.method == "POST" and form.is_valid():
            desk.publish(
                identifier,
                mode=Mode(form.cleaned_data["mode"]),
                actor=actor,
                source=source,
                encounter=stay,
                why=TREATMENT,
            )
            messages.success(request, _("Published. It goes to the province as soon as the line works."))
            return redirect("patient-province", identifier)
        audit.record(actor, "read", patient=identifier, page=request.path, why=TREATMENT)
        made = desk.draft(identifier, source=source, encounter=stay)
        page |= {
            "draft": made,
            "size": len(made.content),
            "parts": province.parts(made.media, made.content),
        }
    except LienThongError as error:
        page["problem"] = error.problem.as_dict()
    return render(request, "web/documents/publish.html", page, status=400 if "problem" in page else 200)


@require_http_methods(["GET", "POST"])
@requires(*rights.PUBLISH)
def withdraw(request: HttpRequest, identifier: str) -> HttpResponse:
    """``/documents/published/<id>/withdraw``: asks why, then withdraws a publication."""
    _site()
    one = get_object_or_404(Publication, id=identifier)
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            desk.withdraw(one.id, actor=accounts.actor(request), why=form.cleaned_data["why"])
            messages.success(request, _("Withdrawn. The province is told as soon as the line works."))
        except LienThongError as error:
            _say(request, error)
        return redirect("patient-province", one.patient)
    page = {"form": form, "publication": one}
    return render(request, "web/documents/withdraw.html", page, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(*rights.PUBLICATIONS)
def published(request: HttpRequest) -> HttpResponse:
    """``/documents/published``: what this unit has published; the head of the unit sets what is published by itself."""
    _site()
    roles = accounts.request_roles(request)
    may_rule = bool(roles & set(rights.PUBLISH_RULES))
    if request.method == "POST":
        if not may_rule:
            audit.record(accounts.actor(request), "refused", page=request.path, why="role")
            return HttpResponse(status=403)
        with transaction.atomic():
            for kind in desk.KINDS:
                mode = request.POST.get(f"mode-{kind}", "")
                desk.set_rule(
                    kind,
                    on=f"on-{kind}" in request.POST,
                    mode=Mode(mode) if mode in Mode.values else Mode.ENTRY,
                    actor=accounts.actor(request),
                )
        messages.success(request, _("Holds for stays that end from now on."))
        return redirect("documents-published")
    page = {
        "publications": _publications(),
        "rules": [(kind, desk.KINDS[kind], rule) for kind, rule in desk.rules().items()],
        "modes": Mode.choices,
        "may_rule": may_rule,
        "may_read": bool(roles & set(rights.RECORDS)),
        "may_publish": bool(roles & set(rights.PUBLISH)),
    }
    return render(request, "web/documents/published.html", page)


@require_GET
@requires(*rights.PROVINCE)
def counts(request: HttpRequest) -> HttpResponse:
    """``/province/documents`` at the hub: how many documents units have published; never what is in them."""
    if not directory.is_hub():
        raise Http404
    rows = [
        {
            **row,
            "kind": desk.KINDS.get(row["kind"], row["kind"]),
            "mode": Mode(row["mode"]),
            "status": desk.Status(row["status"]),
        }
        for row in desk.counts()
    ]
    total = sum(row["count"] for row in rows)
    return render(request, "web/documents/counts.html", {"rows": rows, "total": total})
