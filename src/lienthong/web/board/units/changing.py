"""What happens to units: renamed, of another kind or owner, merged, ended, founded; reorganisations by law."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from lienthong.access import rights
from lienthong.facilities import directory
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.rollout import changes, facts, scope, units
from lienthong.rollout.reorganisation import orders, steps
from lienthong.web.board.doors import opens
from lienthong.web.board.units import words
from lienthong.web.views.units import DayInput

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class _Dated(forms.Form):
    """Day and document of what happens."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["day"] = forms.DateField(label=gettext_lazy("From the day"), widget=DayInput)
        self.fields["source"] = forms.CharField(
            label=gettext_lazy("Document that ordered it"), max_length=200
        )

    def clean_day(self) -> Any:
        day = self.cleaned_data["day"]
        if not 2000 <= day.year <= clock.today().year + 1:
            raise ValidationError(_("Give a day from 2000 to the end of next year."))
        return day


class RenameForm(_Dated):
    """A new name."""

    name = forms.CharField(label=gettext_lazy("New name"), max_length=facts.LONGEST)
    name_en = forms.CharField(
        label=gettext_lazy("New name in English"), max_length=facts.LONGEST, required=False
    )


class ShapeForm(_Dated):
    """Another kind or owner."""

    kind = forms.ChoiceField(label=facts.KEYS["kind"].label, choices=facts.KINDS)
    owner = forms.CharField(label=facts.KEYS["owner"].label, max_length=facts.LONGEST, required=False)
    province = forms.CharField(label=facts.KEYS["province"].label, max_length=facts.LONGEST, required=False)


class MergeForm(_Dated):
    """Into which unit."""

    into = forms.ChoiceField(label=gettext_lazy("Becomes part of"))

    def __init__(self, *args: Any, code: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        into = self.fields["into"]
        assert isinstance(into, forms.ChoiceField)
        others = [(unit, directory.name(unit)) for unit in units.codes() if unit != code]
        into.choices = [("", _("Choose")), *others]


class NewForm(_Dated):
    """A unit that begins."""

    code = forms.CharField(
        label=gettext_lazy("Code of the unit"),
        max_length=16,
        help_text=gettext_lazy(
            "The facility's code of five digits; else capital letters, digits and hyphens."
        ),
    )
    name = forms.CharField(label=gettext_lazy("Name of the unit"), max_length=facts.LONGEST)
    name_en = forms.CharField(label=gettext_lazy("Name in English"), max_length=facts.LONGEST, required=False)
    kind = forms.ChoiceField(label=facts.KEYS["kind"].label, choices=facts.KINDS)


ACTS = {
    "rename": (gettext_lazy("Give it another name"), gettext_lazy("Rename")),
    "shape": (gettext_lazy("Change kind, owner or province"), gettext_lazy("Change")),
    "merge": (gettext_lazy("Merge it into another unit"), pgettext_lazy("unit", "Merge")),
    "end": (gettext_lazy("End the unit without a successor"), pgettext_lazy("unit", "End")),
}
"""What can happen to a unit: heading and button."""


def _forms(code: str, what: str, data: Any) -> dict[str, _Dated]:
    known = {key: fact.value for (unit, key), fact in facts.values().items() if unit == code}
    held = {"kind": words.known_unit(code).kind, **known}
    given = {act: data if act == what else None for act in ACTS}
    every: dict[str, _Dated] = {
        "rename": RenameForm(given["rename"], prefix="rename"),
        "shape": ShapeForm(given["shape"], prefix="shape", initial=held),
        "merge": MergeForm(given["merge"], prefix="merge", code=code),
        "end": _Dated(given["end"], prefix="end"),
    }
    return {"rename": every["rename"]} if code == facts.PROVINCE else every


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD_EDIT)
def change(request: HttpRequest, code: str) -> HttpResponse:
    """``/board/units/<code>/change``: what happens to a unit from a day on."""
    words.known_unit(code)
    person = scope.must_edit(request, code)
    what = request.POST.get("what", "")
    every = _forms(code, what, request.POST)
    form = every.get(what)
    if request.method == "POST" and form is None:
        raise Http404
    if form is not None and form.is_valid():
        try:
            with changes.batch(person.actor, "units", unit=code, page=request.path) as batch:
                _do(batch, code, what, form.cleaned_data)
        except LienThongError as error:
            form.add_error(None, words.said(error))
        else:
            done = _("Written. Earlier days keep what they were.")
            messages.success(request, done if batch.changes else _("Nothing was different."))
            return redirect("board-unit", code)
    page = {
        "about": code,
        "what": what,
        "acts": [(act, *ACTS[act], one) for act, one in every.items()],
    }
    return render(request, "web/board/units/change.html", page, status=400 if form else 200)


def _do(batch: changes.Batch, code: str, what: str, given: dict[str, Any]) -> None:
    day, source = given["day"], given["source"]
    if what == "rename":
        steps.rename(batch, code, given["name"], given["name_en"], day, source=source)
    elif what == "shape":
        for key in ("kind", "owner", "province"):
            if given[key]:
                facts.put(batch, code, key, given[key], day, source=source)
    elif what == "merge":
        steps.merge(batch, code, given["into"], day, source=source)
    else:
        steps.end(batch, code, day, source=source)


@require_GET
@opens(*rights.BOARD_EDIT)
def orders_page(request: HttpRequest) -> HttpResponse:
    """``/board/units/reorganisation``: reorganisations by law that are known, and the way to a new unit."""
    known = [
        (one, _title(one), all(step.done for step in orders.steps(one))) for one in reversed(orders.known())
    ]
    return render(request, "web/board/units/orders.html", {"orders": known})


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD_EDIT)
def order_page(request: HttpRequest, id: str) -> HttpResponse:
    """``/board/units/reorganisation/<id>``: what a reorganisation changes; POST enters it."""
    wanted = orders.order(id)
    if wanted is None:
        raise Http404
    if request.method == "POST":
        if orders.apply(wanted, scope.person(request).actor, page=request.path):
            messages.success(request, _("Written. Earlier days keep what they were."))
        else:
            messages.info(request, _("Nothing was different."))
        return redirect("board-units-order", id)
    found = orders.steps(wanted)
    page = {
        "order": wanted,
        "title": _title(wanted),
        "lines": _lines(found),
        "open": sum(not step.done for step in found),
    }
    return render(request, "web/board/units/order.html", page)


@dataclass(frozen=True, slots=True)
class Line:
    """The same step at one or several units, in words."""

    entry: orders.Entry
    label: StrOrPromise
    before: str
    after: str
    units: list[str]


def _lines(found: list[orders.Step]) -> list[Line]:
    lines: dict[tuple[str, ...], Line] = {}
    for step in found:
        one = step.entry
        key = facts.KEYS[one.key]
        before, after = (words.shown(key, value) for value in (_before(step), one.value))
        place = (one.key, before, after, one.since.isoformat(), one.source)
        lines.setdefault(place, Line(one, key.label, before, after, [])).units.append(
            directory.name(one.unit, _eve(one.since))
        )
    return list(lines.values())


def _before(step: orders.Step) -> str:
    """What is known, or what the directory says where no fact does."""
    one = step.entry
    if step.before:
        return step.before
    if one.key in ("name", "name_en"):
        return directory.name(one.unit, _eve(one.since), "en" if one.key == "name_en" else "vi")
    return words.known_unit(one.unit).kind if one.key == "kind" else ""


def _eve(day: date) -> date:
    return date.fromordinal(day.toordinal() - 1)


def _title(wanted: orders.Order) -> str:
    return wanted.title_en if get_language() == "en" else wanted.title_vi


@require_http_methods(["GET", "POST"])
@opens(*rights.BOARD_EDIT)
def new_unit(request: HttpRequest) -> HttpResponse:
    """``/board/units/reorganisation/new``: a unit that begins on a day."""
    person = scope.person(request)
    form = NewForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        code = given["code"].strip().upper()
        try:
            with changes.batch(person.actor, "units", unit=code[:16], page=request.path) as batch:
                steps.found(
                    batch,
                    code,
                    given["name"],
                    given["name_en"],
                    given["kind"],
                    given["day"],
                    source=given["source"],
                )
        except LienThongError as error:
            form.add_error(None, words.said(error))
        else:
            messages.success(request, _("Written."))
            return redirect("board-unit", code)
    return render(request, "web/board/units/new.html", {"form": form}, status=400 if form.errors else 200)
