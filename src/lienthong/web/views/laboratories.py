"""Quality levels of laboratories: entered from a paper, so that results can be relied on."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from lienthong.access import accounts, audit, rights
from lienthong.access.doors import requires
from lienthong.facilities import directory, laboratories
from lienthong.facilities.models import Facility


class LevelForm(forms.Form):
    """A level as its paper says it."""

    facility = forms.ChoiceField(label=gettext_lazy("Hospital"))
    level = forms.TypedChoiceField(
        label=gettext_lazy("Quality level"),
        coerce=int,
        choices=[(number, str(number)) for number in laboratories.LEVELS],
    )
    document = forms.CharField(label=gettext_lazy("Number of the paper"), max_length=120)
    valid_from = forms.DateField(
        label=gettext_lazy("Valid from"), widget=forms.DateInput(attrs={"type": "date"})
    )
    valid_to = forms.DateField(
        label=gettext_lazy("Valid until"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["facility"]
        assert isinstance(chosen, forms.ChoiceField)
        chosen.choices = [("", _("Choose a hospital"))] + [
            (f.code, directory.name(f.code)) for f in Facility.objects.exclude(kind="authority")
        ]


@require_http_methods(["GET", "POST"])
@requires(*rights.LABORATORIES)
def levels(request: HttpRequest) -> HttpResponse:
    """``/laboratories``: which laboratory has which level, since when and by which paper."""
    form = LevelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        actor, said = accounts.actor(request), form.cleaned_data
        laboratories.enter(
            said["facility"],
            said["level"],
            said["document"],
            said["valid_from"],
            said["valid_to"],
            by=actor.name,
        )
        audit.record(
            actor, "laboratory-level", page=request.path, detail={k: str(v) for k, v in said.items()}
        )
        messages.success(request, _("Entered."))
        return redirect("laboratories")
    page = {"form": form, "levels": laboratories.listing()}
    return render(request, "web/transfers/laboratories.html", page, status=400 if form.errors else 200)
