"""Site: other systems of the unit that may call the FHIR door. Let in with a public key, changed, stopped."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong.access import accounts, rights, scopes, systems
from lienthong.access.doors import requires
from lienthong.access.models import System
from lienthong.facilities import directory
from lienthong.foundation.errors import LienThongError
from lienthong.records.api import ROOT
from lienthong.transfers.fhir import tokens
from lienthong.web.words import hint, sentence

SCOPES = {
    "begin": gettext_lazy("Begin, fill in and send transfers"),
    "read": gettext_lazy("Read transfers, where they stand, and their outcome"),
    "step": gettext_lazy("Take steps: accept, give a bed, arrival, outcome …"),
}
"""The words for each of :data:`lienthong.transfers.fhir.tokens.SCOPES`."""


class RightsForm(forms.Form):
    """What a system may do, and by which keys it is known."""

    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"),
        choices=list(SCOPES.items()),
        widget=forms.CheckboxSelectMultiple,
    )
    keys = forms.CharField(
        label=gettext_lazy("Public key (JWK or JWK Set)"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_keys(self) -> list[dict[str, str]]:
        """The keys themselves."""
        text = str(self.cleaned_data["keys"])
        try:
            return systems.read_keys(text) if text else []
        except LienThongError as error:
            raise forms.ValidationError(f"{sentence(error.problem)} {hint(error.problem)}") from error

    def wanted(self) -> list[str]:
        """The scopes that the ticked boxes stand for."""
        return sorted({scope for name in self.cleaned_data["scopes"] for scope in tokens.SCOPES[name]})


class SystemForm(RightsForm):
    """A new system."""

    name = forms.CharField(label=gettext_lazy("Name of the system"), max_length=120)
    field_order = ("name", "scopes", "keys")


@require_GET
@requires(*rights.SYSTEMS)
def listing(request: HttpRequest) -> HttpResponse:
    """``/it/systems``: every system with what it may do and when it last called."""
    _site()
    found = [(one, [SCOPES[name] for name in _granted(one.scopes)]) for one in System.objects.all()]
    address = request.build_absolute_uri(ROOT)
    return render(request, "web/systems/list.html", {"systems": found, "address": address})


@require_http_methods(["GET", "POST"])
@requires(*rights.SYSTEMS)
def new(request: HttpRequest) -> HttpResponse:
    """``/it/systems/new``: lets a system in."""
    _site()
    form = SystemForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = systems.register(
            form.cleaned_data["name"], form.cleaned_data["keys"], form.wanted(), by=accounts.actor(request)
        )
        messages.success(request, _("The system may call. Give its makers the numbers below."))
        return redirect("system", made.id)
    return render(request, "web/systems/new.html", {"form": form}, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(*rights.SYSTEMS)
def one(request: HttpRequest, identifier: str) -> HttpResponse:
    """``/it/systems/<client_id>``: what its makers need; POST sets other rights and, where pasted, other keys."""
    _site()
    system = get_object_or_404(System, id=identifier)
    form = RightsForm(request.POST or None, initial={"scopes": _granted(system.scopes)})
    form.fields["keys"].required = False
    form.fields["keys"].label = _("Other public key (JWK or JWK Set), in place of the present one")
    if request.method == "POST" and form.is_valid():
        keys = form.cleaned_data["keys"] or None
        systems.change(system.id, by=accounts.actor(request), scopes=form.wanted(), keys=keys)
        messages.success(request, _("Holds from now on; tokens given before follow at once."))
        return redirect("system", system.id)
    page: dict[str, Any] = {
        "system": system,
        "form": form,
        "scope": scopes.written(scopes.grants(system.scopes)),
        "address": request.build_absolute_uri(ROOT),
        "keys": [(key["kid"], _KINDS[key["kty"]]) for key in system.keys],
    }
    return render(request, "web/systems/one.html", page, status=400 if form.errors else 200)


def _granted(held: list[str]) -> list[str]:
    """Which of :data:`SCOPES` a system holds."""
    own = scopes.grants(held)
    return [
        name
        for name, some in tokens.SCOPES.items()
        if scopes.both(own, scopes.grants(some)) == scopes.grants(some)
    ]


_KINDS = {"OKP": "Ed25519 (EdDSA)", "EC": "EC P-384 (ES384)", "RSA": "RSA (RS384)"}


@require_POST
@requires(*rights.SYSTEMS)
def switch(request: HttpRequest, identifier: str, on: bool) -> HttpResponse:
    """``/it/systems/<client_id>/stop`` and ``/start``."""
    _site()
    get_object_or_404(System, id=identifier)
    systems.change(identifier, by=accounts.actor(request), is_active=on)
    messages.success(request, _("The system may call again.") if on else _("The system may no longer call."))
    return redirect("system", identifier)


def _site() -> None:
    if directory.is_hub():
        raise Http404
