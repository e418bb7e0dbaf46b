"""A small form for each step: only its own fields; the grave ones ask to be confirmed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lienthong.foundation import clock
from lienthong.transfers import form as transfer_form
from lienthong.transfers.models import State, Transfer
from lienthong.transfers.steps import CANCELLED, DECLINED, NO_SHOW

GRAVE = frozenset({State.DECLINED, State.CANCELLED, State.NO_SHOW})
PLAIN = frozenset({State.ACCEPTED, State.ARRIVED, State.STABILISED, State.CLOSED})
"""Taken with one button; what may be said beside is folded away."""
BUTTONS = {
    State.ASKED: gettext_lazy("Ask for information"),
    State.TOLD: gettext_lazy("Answer"),
    State.ACCEPTED: gettext_lazy("Accept"),
    State.DECLINED: gettext_lazy("Decline"),
    State.BED: gettext_lazy("Give a bed"),
    State.APPOINTMENT: gettext_lazy("Give an appointment"),
    State.STABILISED: gettext_lazy("Patient is stable for transport"),
    State.DEPARTED: gettext_lazy("Patient has left"),
    State.NO_SHOW: gettext_lazy("Patient did not come"),
    State.ARRIVED: gettext_lazy("Patient is here"),
    State.ADMITTED: gettext_lazy("Admit"),
    State.INTERIM: gettext_lazy("Interim report"),
    State.CLOSED: gettext_lazy("Take note and close"),
    State.CANCELLED: gettext_lazy("Cancel the transfer"),
}


class Moment(forms.CharField):
    """A time as the browser's own field gives it, in Viet Nam; cleaned to ISO 8601 UTC."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            widget=forms.DateTimeInput(attrs={"type": "datetime-local"}), max_length=40, **kwargs
        )

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str) and value.endswith("Z"):
            return f"{clock.from_iso(value).astimezone(clock.VIETNAM):%Y-%m-%dT%H:%M}"
        return value

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return ""
        try:
            return clock.iso(datetime.fromisoformat(text).replace(tzinfo=clock.VIETNAM))
        except (ValueError, OverflowError) as error:
            raise ValidationError(_("Enter a day and an hour.")) from error


def line(label: Any, *, required: bool = False) -> forms.CharField:
    """A field of one line."""
    return forms.CharField(label=label, max_length=200, required=required)


def text(label: Any, *, required: bool = False, rows: int = 2) -> forms.CharField:
    """A field of several lines."""
    return forms.CharField(
        label=label, max_length=4000, required=required, widget=forms.Textarea(attrs={"rows": rows})
    )


def coded(label: Any, codes: Mapping[str, Any], *, required: bool = True) -> forms.ChoiceField:
    """A field with a list of codes."""
    return forms.ChoiceField(
        label=label, choices=[("", gettext_lazy("Choose")), *codes.items()], required=required
    )


NATURAL = {
    State.RECEIVED: State.ACCEPTED,
    State.SEEN: State.ACCEPTED,
    State.ASKED: State.TOLD,
    State.TOLD: State.ACCEPTED,
    State.ACCEPTED: State.BED,
    State.BED: State.DEPARTED,
    State.APPOINTMENT: State.DEPARTED,
    State.STABILISED: State.DEPARTED,
    State.DEPARTED: State.ARRIVED,
    State.ARRIVED: State.ADMITTED,
    State.ADMITTED: State.INTERIM,
    State.OUTCOME: State.CLOSED,
}
"""The step that usually follows a state: it stands first and open."""

_NO_MORE = {
    State.ACCEPTED: (State.ARRIVED, State.ADMITTED, State.INTERIM),
    State.ADMITTED: (State.INTERIM,),
}
"""Steps that a late message may still bring, but that nobody needs to take by hand any more."""

KINDS = frozenset({*BUTTONS, State.NOTE})
"""Steps that a person takes with one of these forms; the outcome has pages of its own."""

HOW = ("list", "letter", "citizen")
"""Ways in which an arrival is noticed by a person."""

_NOTE = gettext_lazy("Remark")


def _fields(kind: State) -> dict[str, forms.Field]:
    if kind in (State.ASKED, State.TOLD, State.NOTE):
        label = {
            State.ASKED: gettext_lazy("What do you need to know?"),
            State.TOLD: gettext_lazy("Answer"),
            State.NOTE: gettext_lazy("Message to the other hospital"),
        }[kind]
        return {"text": text(label, required=True)}
    if kind == State.DECLINED:
        return {
            "code": coded(gettext_lazy("Reason"), DECLINED),
            "advice": text(gettext_lazy("Advice: what the sending hospital can do now")),
        }
    if kind == State.CANCELLED:
        return {"code": coded(gettext_lazy("Reason"), CANCELLED), "note": text(_NOTE)}
    if kind == State.NO_SHOW:
        return {"code": coded(gettext_lazy("What is known"), NO_SHOW), "note": text(_NOTE)}
    if kind == State.BED:
        return {
            "ward": line(gettext_lazy("Ward"), required=True),
            "bed": line(gettext_lazy("Bed")),
            "contact": line(gettext_lazy("Whom to call, telephone")),
        }
    if kind == State.APPOINTMENT:
        return {
            "at": Moment(label=gettext_lazy("Day and hour")),
            "ward": line(gettext_lazy("Ward")),
            "contact": line(gettext_lazy("Whom to call, telephone")),
        }
    if kind == State.DEPARTED:
        return {
            "transport": coded(gettext_lazy("Transport"), transfer_form.TRANSPORT),
            "escort_name": line(gettext_lazy("Escort")),
            "escort_title": line(gettext_lazy("Title of the escort")),
            "contact": line(gettext_lazy("Telephone on the way")),
            "arrives_at": Moment(label=gettext_lazy("Expected at"), required=False),
            "condition": text(gettext_lazy("Condition at departure")),
        }
    if kind == State.ARRIVED:
        return {"condition": text(gettext_lazy("Condition on arrival")), "note": text(_NOTE)}
    if kind == State.ADMITTED:
        return {
            "ward": line(gettext_lazy("Ward"), required=True),
            "bed": line(gettext_lazy("Bed")),
            "doctor": line(gettext_lazy("Treating doctor")),
            "diagnosis": text(gettext_lazy("Diagnosis on admission")),
        }
    if kind == State.INTERIM:
        return {
            "text": text(gettext_lazy("How it goes"), required=True, rows=3),
            "diagnosis": text(gettext_lazy("Diagnosis now")),
            "condition": text(gettext_lazy("Condition now")),
        }
    return {"note": text(_NOTE)}


class StepForm(forms.Form):
    """The fields of one kind of step."""

    def __init__(
        self, kind: State, data: Mapping[str, Any] | None = None, *, initial: dict[str, Any] | None = None
    ) -> None:
        super().__init__(data, initial=initial, auto_id=f"{kind.value}_%s")
        self.kind = kind
        self.fields.update(_fields(kind))
        if kind in GRAVE:
            self.fields["sure"] = forms.BooleanField(
                label=gettext_lazy("I have checked this; the other hospital is told at once")
            )

    @property
    def button(self) -> str:
        """What the button says."""
        return str(BUTTONS.get(self.kind, self.kind.label))

    @property
    def grave(self) -> bool:
        """Whether it asks to be confirmed."""
        return self.kind in GRAVE

    @property
    def plain(self) -> bool:
        """Whether one button is enough."""
        return self.kind in PLAIN

    def said(self) -> dict[str, Any]:
        """The data of the step."""
        return {name: value for name, value in self.cleaned_data.items() if name != "sure"}


def offered(allowed: Iterable[State], state: State) -> list[State]:
    """The steps of the page, in its order: the natural one, those of one button, the others, the grave ones."""
    kinds = [k for k in allowed if k in KINDS and state not in _NO_MORE.get(k, ())]
    return sorted(kinds, key=lambda k: (k != NATURAL.get(state), k in GRAVE, k not in PLAIN))


def blank(kind: State, transfer: Transfer) -> StepForm:
    """A form with what is known already."""
    known = transfer.form
    initial = {
        State.DEPARTED: {
            name: known.get(name, "") for name in ("transport", "escort_name", "escort_title", "arrives_at")
        }
    }
    return StepForm(kind, initial=initial.get(kind))
