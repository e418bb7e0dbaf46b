"""Other systems that may call the FHIR door of this node: let in with a public key, changed, stopped."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from lienthong.access import accounts, grounds, rights, scopes, systems
from lienthong.access.doors import requires
from lienthong.access.models import System
from lienthong.records.api import ROOT
from lienthong.web.views.systems_form import (
    TEMPLATES,
    RightsForm,
    SystemForm,
    basis_words,
    of_system,
    of_template,
    summary,
)
from lienthong.web.words import named


@require_GET
@requires(*rights.SYSTEMS)
def listing(request: HttpRequest) -> HttpResponse:
    """``/it/systems``: every system with what it may do and when it last called."""
    found = [(one, summary(one.scopes)) for one in System.objects.all()]
    address = request.build_absolute_uri(ROOT)
    return render(request, "web/systems/list.html", {"systems": found, "address": address})


@require_http_methods(["GET", "POST"])
@requires(*rights.SYSTEMS)
def new(request: HttpRequest) -> HttpResponse:
    """``/it/systems/new``: lets a system in; ``?like=`` begins with what a typical system needs."""
    like = request.GET.get("like", "his")
    template = TEMPLATES.get(like) or TEMPLATES["his"]
    form = SystemForm(request.POST or None, initial=of_template(template))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        made = systems.register(given["name"], given["keys"], by=accounts.actor(request), **form.values())
        messages.success(request, _("The system may call. Give its makers the numbers below."))
        return redirect("system", made.id)
    page = {"form": form, "templates": TEMPLATES, "like": like, "advice": template.advice}
    return render(request, "web/systems/new.html", page, status=400 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@requires(*rights.SYSTEMS)
def one(request: HttpRequest, identifier: str) -> HttpResponse:
    """``/it/systems/<client_id>``: what its makers need; POST sets other rights and, where pasted, other keys."""
    system = get_object_or_404(System, id=identifier)
    form = RightsForm(request.POST or None, initial=of_system(system))
    form.fields["keys"].required = False
    form.fields["keys"].label = _("Other public key (JWK or JWK Set), in place of the present one")
    if request.method == "POST" and form.is_valid():
        keys = form.cleaned_data["keys"] or None
        systems.change(system.id, by=accounts.actor(request), keys=keys, **form.values())
        messages.success(request, _("Holds from now on; tokens given before follow at once."))
        return redirect("system", system.id)
    page: dict[str, Any] = {
        "system": system,
        "form": form,
        "scope": scopes.written(scopes.grants(system.scopes)),
        "address": request.build_absolute_uri(ROOT),
        "keys": [(key["kid"], _KINDS[key["kty"]]) for key in system.keys],
        "may": summary(system.scopes),
        **_grounds(system),
    }
    return render(request, "web/systems/one.html", page, status=400 if form.errors else 200)


def _grounds(system: System) -> dict[str, list[Any]]:
    """Purposes, bases with their law, and kinds of protected records of a system, in words."""
    table = grounds.table()
    purposes = {one.code: one for one in table.purposes}
    bases = {one.code: one for one in table.bases}
    today = grounds.bases()
    return {
        "purposes": [(code, named(purposes[code])) for code in system.purposes],
        "bases": [
            (code, named(bases[code]), basis_words(bases[code]), code in today) for code in system.bases
        ],
        "kinds": [named(one) for one in table.protected if one.code in system.kinds],
    }


_KINDS = {"OKP": "Ed25519 (EdDSA)", "EC": "EC P-384 (ES384)", "RSA": "RSA (RS384)"}


@require_POST
@requires(*rights.SYSTEMS)
def switch(request: HttpRequest, identifier: str, on: bool) -> HttpResponse:
    """``/it/systems/<client_id>/stop`` and ``/start``."""
    get_object_or_404(System, id=identifier)
    systems.change(identifier, by=accounts.actor(request), is_active=on)
    messages.success(request, _("The system may call again.") if on else _("The system may no longer call."))
    return redirect("system", identifier)
