"""What is typed about vendors: the vendor, its products, faults, requests, answers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from lienthong.foundation.errors import LienThongError
from lienthong.rollout.vendors import severity
from lienthong.rollout.vendors.models import Product, RequestState, Vendor
from lienthong.rollout.vendors.privacy import check
from lienthong.web.board.money.forms import DayInput
from lienthong.web.words import hint, sentence


class SafeText(forms.CharField):
    """A text that goes to a vendor: numbers that name a person are refused."""

    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        try:
            check("", text)
        except LienThongError as error:
            raise ValidationError(f"{sentence(error.problem)} {hint(error.problem)}") from error
        return text


class VendorForm(forms.ModelForm):  # type: ignore[type-arg]
    """A vendor."""

    class Meta:
        model = Vendor
        fields = ("code", "name", "contact", "telephone", "email", "note")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if self.instance.changed_by:
            del self.fields["code"]


class ProductForm(forms.ModelForm):  # type: ignore[type-arg]
    """A product of a vendor."""

    class Meta:
        model = Product
        fields = ("name", "kind")


def severities() -> list[tuple[str, SafeString]]:
    """The severities with what they mean."""
    return [(one.id, format_html("<strong>{}</strong>: {}", one.name, one.text)) for one in severity.every()]


def _products(products: Iterable[Product]) -> list[tuple[str, str]]:
    return [(str(one.pk), f"{one.name} ({one.vendor.name})") for one in products]


class LetterForm(forms.Form):
    """Something about one of the products that a unit uses; where there is one only, it is chosen."""

    product = forms.ChoiceField(label=gettext_lazy("Which software or service"), widget=forms.RadioSelect)

    def __init__(self, products: Iterable[Product], *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        choices = _products(products)
        self.fields["product"].choices = choices  # type: ignore[attr-defined]
        if len(choices) == 1:
            self.fields["product"].initial = choices[0][0]


class TicketForm(LetterForm):
    """A fault: of which product, how grave, what happens."""

    severity = forms.ChoiceField(
        label=gettext_lazy("How grave"), choices=severities, widget=forms.RadioSelect, initial="major"
    )
    subject = SafeText(label=gettext_lazy("In one line"), max_length=160)
    text = SafeText(
        label=gettext_lazy("What happens, since when, where"),
        max_length=4000,
        widget=forms.Textarea({"rows": 5}),
    )


class RequestForm(LetterForm):
    """A change that a unit asks for."""

    subject = SafeText(label=gettext_lazy("In one line"), max_length=160)
    text = SafeText(
        label=gettext_lazy("What should be different, and why"),
        max_length=4000,
        widget=forms.Textarea({"rows": 5}),
    )


class MessageForm(forms.Form):
    """One thing said."""

    text = SafeText(
        label=gettext_lazy("Write to the other side"), max_length=2000, widget=forms.Textarea({"rows": 3})
    )


class AnswerForm(forms.Form):
    """The vendor's answer to a request."""

    state = forms.ChoiceField(
        label=gettext_lazy("State"),
        choices=[one for one in RequestState.choices if one[0] != RequestState.ASKED],
    )
    planned_on = forms.DateField(label=gettext_lazy("Planned for"), required=False, widget=DayInput())
    answer = SafeText(
        label=gettext_lazy("Answer of the vendor"), max_length=2000, widget=forms.Textarea({"rows": 3})
    )

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        planned: date | None = found.get("planned_on")
        if found.get("state") == RequestState.PLANNED and planned is None:
            self.add_error("planned_on", _("Say for when it is planned."))
        return found
