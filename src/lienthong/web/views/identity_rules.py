"""The rules for one person: weights and thresholds in use, others previewed and applied; and what the hub is told."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from lienthong.access import accounts, audit, rights
from lienthong.access.doors import requires
from lienthong.facilities import directory
from lienthong.foundation.errors import LienThongError
from lienthong.identity import changing, feeding, proposing, versions
from lienthong.web.record import pairs
from lienthong.web.uploads import LARGEST_WEIGHTS
from lienthong.web.words import hint, sentence

KINDS = {
    "link": gettext_lazy("would be linked"),
    "unlink": gettext_lazy("would be taken apart"),
    "ask": gettext_lazy("would wait for a clerk"),
    "drop": gettext_lazy("would wait no more"),
}


class ThresholdForm(forms.Form):
    """Other thresholds with the same weights."""

    link = forms.FloatField(label=gettext_lazy("Links by itself from (bits)"), min_value=-50, max_value=100)
    ask = forms.FloatField(label=gettext_lazy("Asks a clerk from (bits)"), min_value=-50, max_value=100)
    version = forms.CharField(label=gettext_lazy("Name of the new version"), max_length=40)

    def clean(self) -> dict[str, Any]:
        """What asks must not lie above what links."""
        given = super().clean() or {}
        if "link" in given and "ask" in given and given["link"] < given["ask"]:
            raise forms.ValidationError(_("The threshold for linking must not be below that for asking."))
        return given


@require_http_methods(["GET", "POST"])
@requires(*rights.IDENTITY_RULES)
def rules(request: HttpRequest) -> HttpResponse:
    """``/identity/rules``: the version in use; POST proposes thresholds (``what=thresholds``) or a file."""
    active = versions.active()
    posted = request.method == "POST"
    thresholds = posted and request.POST.get("what") == "thresholds"
    form = ThresholdForm(
        request.POST if thresholds else None, initial={"link": active.link, "ask": active.ask, "version": ""}
    )
    error = ""
    if posted and (not thresholds or form.is_valid()):
        try:
            content = changing.with_thresholds(**form.cleaned_data) if thresholds else _file(request)
            proposing.propose(content, accounts.actor(request))
            messages.success(request, _("The effect is being worked out; nothing has changed yet."))
            return redirect("identity-rules")
        except LienThongError as problem:
            error = f"{sentence(problem.problem)} {hint(problem.problem)}"
        except ValueError as problem:
            error = str(problem)
    proposal = proposing.present()
    found = proposing.samples(proposal) if proposal and proposal.state else []
    _audit(request, found)
    page = {
        "active": active,
        "link": pairs.meaning(active.link),
        "ask": pairs.meaning(active.ask),
        "fields": [
            (pairs.field_name(field), max(table.values()), min(table.values()))
            for field, table in active.bits.items()
        ],
        "form": form,
        "error": error,
        "proposal": proposal,
        "come": proposing.since(proposal) if proposal and proposal.state else None,
        "counts": [(KINDS[kind], proposal.counts.get(kind, 0)) for kind in KINDS] if proposal else [],
        "samples": [(one, KINDS[one.kind]) for one in found],
    }
    return render(request, "web/identity/rules.html", page, status=400 if error or form.errors else 200)


def _file(request: HttpRequest) -> bytes:
    given = request.FILES.get("file")
    if given is None or getattr(request, "upload_stopped", False):
        raise ValueError(_("Choose a weights file (JSON) of at most 4 MB."))
    content: bytes = given.read(LARGEST_WEIGHTS)
    return content


def _audit(request: HttpRequest, found: list[proposing.Sample]) -> None:
    some = {one.number: one for each in found for one in (each.first, each.second)}
    actor = accounts.actor(request)
    audit.record_many(
        [
            audit.Wanted(
                actor, "identity-listed", one.fhir_id, request.path, "identity", {"facility": one.facility}
            )
            for one in some.values()
        ]
    )


@require_POST
@requires(*rights.IDENTITY_RULES)
def apply(request: HttpRequest) -> HttpResponse:
    """``/identity/rules/apply``: puts in use what was previewed, or (``what=withdraw``) forgets it."""
    proposal = proposing.present()
    if proposal is None:
        raise Http404
    if request.POST.get("what") == "withdraw":
        proposing.withdraw()
        return redirect("identity-rules")
    why = " ".join(request.POST.get("why", "").replace("\0", "").split())[:500]
    try:
        proposing.apply(proposal, why, accounts.actor(request))
        messages.success(request, _("In use. Links are made and taken back in the background."))
    except LienThongError as problem:
        messages.error(request, f"{sentence(problem.problem)} {hint(problem.problem)}")
    return redirect("identity-rules")


@require_http_methods(["GET", "POST"])
@requires(*rights.IDENTITY_RULES)
def feed(request: HttpRequest) -> HttpResponse:
    """``/identity/feed``: at a site: whether the hub is told who is registered here; POST switches it."""
    if directory.is_hub():
        raise Http404
    if request.method == "POST":
        on = request.POST.get("on") == "1"
        if on and not request.POST.get("basis"):
            messages.error(request, _("Confirm the legal basis first."))
        else:
            feeding.switch(on, accounts.actor(request))
            messages.success(request, _("Switched on.") if on else _("Switched off."))
        return redirect("identity-feed")
    page = {"feed": feeding.state(), "refused": feeding.refused()}
    return render(request, "web/identity/feed.html", page)
