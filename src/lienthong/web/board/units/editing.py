"""Facts of one group of a unit in one form, from a day on, with their source."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_http_methods

from lienthong.access import rights
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.rollout import changes, facts, scope
from lienthong.rollout.facts import Fact, Key
from lienthong.web.board.doors import opens
from lienthong.web.board.units import words
from lienthong.web.board.units.one import SHAPED
from lienthong.web.views.units import DayInput


class FactsForm(forms.Form):
    """A field for each fact of a group, then day, source and whether they are confirmed."""

    def __init__(self, *args: Any, keys: list[Key], held: dict[str, Fact], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys = keys
        for key in keys:
            self.fields[key.name] = _field(key, held.get(key.name))
        if any(not fact.confirmed for fact in held.values()):
            self.fields["confirm"] = forms.BooleanField(
                label=gettext_lazy("The figures marked * are right as they stand: confirm them"),
                required=False,
            )
        self.fields["since"] = forms.DateField(
            label=gettext_lazy("New values hold from"), widget=DayInput, initial=clock.today
        )
        self.fields["source"] = forms.CharField(
            label=gettext_lazy("Source: document, count, who told it"), max_length=200, required=False
        )
        self.fields["unsure"] = forms.BooleanField(
            label=gettext_lazy("New values still have to be confirmed"), required=False
        )
        self.fields["seen"] = forms.CharField(widget=forms.HiddenInput, required=False, initial=_seen(held))

    def clean_since(self) -> Any:
        since = self.cleaned_data["since"]
        if not 2000 <= since.year <= clock.today().year + 1:
            raise ValidationError(_("Give a day from 2000 to the end of next year."))
        return since

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for key in self.keys:
            try:
                cleaned[key.name] = facts.normal(key.name, str(cleaned.get(key.name, "")))
            except LienThongError as error:
                self.add_error(key.name, words.said(error))
        return cleaned

    def write(self, batch: changes.Batch, code: str, held: dict[str, Fact]) -> None:
        """Enters what differs from what the form showed."""
        given = self.cleaned_data
        if given["seen"] != _seen(held):
            raise _Overtaken
        if given.get("confirm"):
            for fact in held.values():
                if not fact.confirmed and fact.key not in self.changed_data:
                    facts.put(batch, code, fact.key, fact.value, fact.valid_from, source=fact.source)
        for key in self.keys:
            if key.name in self.changed_data:
                facts.put(
                    batch,
                    code,
                    key.name,
                    given[key.name],
                    given["since"],
                    source=given["source"],
                    confirmed=not given["unsure"],
                )


class _Overtaken(Exception):
    """Somebody else wrote a fact of the group since the form was opened."""


def _seen(held: dict[str, Fact]) -> str:
    return max((clock.iso(fact.changed_at) for fact in held.values()), default="")


def _field(key: Key, fact: Fact | None) -> forms.Field:
    label = f"{key.label} ({key.unit})" if key.unit else str(key.label)
    if fact is not None and not fact.confirmed:
        label += " *"
    initial = words.typed(key, fact)
    if key.kind in ("choice", "yes"):
        nothing = pgettext("fact", "no figure yet")
        return forms.ChoiceField(
            label=label, choices=[("", nothing), *key.choices], required=False, initial=initial
        )
    field = forms.CharField(label=label, max_length=facts.LONGEST, required=False, initial=initial)
    if key.kind == "day":
        field.widget = DayInput()
    elif key.kind in ("number", "decimal"):
        field.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}
    return field


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD_UNIT)
def edit(request: HttpRequest, code: str, group: str) -> HttpResponse:
    """``/board/units/<code>/edit/<group>``: changes the facts of a group from a day on."""
    words.known_unit(code)
    person = scope.must_edit(request, code)
    province = code == facts.PROVINCE
    keys = [
        key
        for key in facts.KEYS.values()
        if key.group == group and key.name not in SHAPED and (key.summed or not province)
    ]
    if not keys:
        raise Http404
    known = facts.values(keys=[key.name for key in keys])
    held = {key: fact for (unit, key), fact in known.items() if unit == code}
    form = FactsForm(request.POST if request.method == "POST" else None, keys=keys, held=held)
    if request.method == "POST" and form.is_valid():
        try:
            with changes.batch(person.actor, "facts", unit=code, page=request.path) as batch:
                form.write(batch, code, held)
        except _Overtaken:
            form.add_error(
                None,
                _("Somebody changed these facts while the form was open. Open it again, then type anew."),
            )
        else:
            messages.success(request, _("Written.") if batch.changes else _("Nothing was different."))
            return redirect("board-unit", code)
    page = {"about": code, "province": province, "group": facts.GROUPS[group], "form": form, "keys": keys}
    page |= {"facts": [form[key.name] for key in keys]}
    page |= {"rest": [form[name] for name in ("confirm", "since", "source", "unsure") if name in form.fields]}
    return render(request, "web/board/units/edit.html", page, status=400 if form.errors else 200)
