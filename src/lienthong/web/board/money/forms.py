"""What is typed about money."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.rollout.money import amounts, catalogue
from lienthong.rollout.money.models import Contract, Need, PriceReference, Procurement
from lienthong.rollout.vendors.models import Product
from lienthong.web.board.money.showing import grouped
from lienthong.web.words import hint, sentence

YEARS = (2010, 2100)


class VndField(forms.CharField):
    """An amount as people write it, whole VND when cleaned; None when it may be empty and is."""

    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=40, **more)

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return amounts.read(text)
        except LienThongError as error:
            raise ValidationError(f"{sentence(error.problem)} {hint(error.problem)}") from error


class DayInput(forms.DateInput):
    """A day, chosen in the browser's calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class YearField(forms.IntegerField):
    """A year that can be meant."""

    def __init__(self, **more: Any) -> None:
        super().__init__(min_value=YEARS[0], max_value=YEARS[1], **more)


def items() -> list[tuple[str, str]]:
    """Items that may be chosen today."""
    return [(one.id, f"{one.name} ({one.measure})") for one in catalogue.items(clock.today())]


def fundings() -> list[tuple[str, str]]:
    """Sources of money of today and of the years that budgets reach back to."""
    return [("", _("not known yet")), *((one.id, one.name) for one in catalogue.all_fundings())]


def stages() -> list[tuple[str, str]]:
    """Stages by the law of today."""
    return [(one.id, one.name) for one in catalogue.stages(clock.today())]


class PriceForm(forms.ModelForm):  # type: ignore[type-arg]
    """One price reference of an item."""

    amount = VndField(label=gettext_lazy("Amount (whole sum)"), required=False)
    day = forms.DateField(label=gettext_lazy("Date of the price"), required=False, widget=DayInput())
    year = YearField(label=gettext_lazy("Year, if the date is not known"), required=False)

    class Meta:
        model = PriceReference
        fields = ("buyer", "scope", "amount", "quantity", "term", "day", "year", "source", "confidence")

    def clean_quantity(self) -> Any:
        quantity = self.cleaned_data["quantity"]
        if quantity <= 0:
            raise ValidationError(_("The quantity must be more than 0."))
        return quantity

    def clean_day(self) -> date | None:
        return _not_ahead(self.cleaned_data["day"])


class NeedForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a unit needs."""

    item = forms.ChoiceField(label=gettext_lazy("Item"), choices=items)
    year = YearField(label=gettext_lazy("Year"))
    funding = forms.ChoiceField(label=gettext_lazy("Source of money"), choices=fundings, required=False)

    class Meta:
        model = Need
        fields = ("item", "quantity", "year", "funding", "detail")


class ProcurementForm(forms.ModelForm):  # type: ignore[type-arg]
    """Something that a unit buys or rents."""

    item = forms.ChoiceField(label=gettext_lazy("Item"), choices=items)
    year = YearField(label=gettext_lazy("Budget year"))
    funding = forms.ChoiceField(label=gettext_lazy("Source of money"), choices=fundings, required=False)

    class Meta:
        model = Procurement
        fields = ("title", "item", "quantity", "year", "funding", "note")


class StepForm(forms.Form):
    """A stage reached, with the amount that goes with it."""

    stage = forms.ChoiceField(label=gettext_lazy("Stage"), choices=stages)
    day = forms.DateField(label=gettext_lazy("Date"), widget=DayInput())
    amount = VndField(label=gettext_lazy("Amount, where the stage has one"), required=False)
    document = forms.CharField(label=gettext_lazy("Number of the document"), max_length=120, required=False)
    note = forms.CharField(label=pgettext_lazy("money", "Note"), max_length=300, required=False)

    def clean_day(self) -> date | None:
        return _not_ahead(self.cleaned_data["day"])


class AmountForm(forms.Form):
    """An amount of its own: a payment, a corrected estimate."""

    kind = forms.ChoiceField(label=gettext_lazy("What kind of amount"))
    amount = VndField(label=gettext_lazy("Amount"))
    day = forms.DateField(label=gettext_lazy("Date"), widget=DayInput())
    document = forms.CharField(label=gettext_lazy("Number of the document"), max_length=120, required=False)

    def __init__(self, kinds: list[tuple[str, Any]], *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]

    def clean_day(self) -> date | None:
        return _not_ahead(self.cleaned_data["day"])


class ContractForm(forms.ModelForm):  # type: ignore[type-arg]
    """A contract with a vendor and the times that it promises."""

    value = VndField(label=gettext_lazy("Value"), required=False)
    products = forms.MultipleChoiceField(
        label=gettext_lazy("Products that it covers"), required=False, widget=forms.CheckboxSelectMultiple
    )
    valid_from = forms.DateField(label=gettext_lazy("In force from"), widget=DayInput())
    valid_to = forms.DateField(label=gettext_lazy("Ends on"), widget=DayInput())
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Contract
        fields = (
            "vendor",
            "number",
            "covers",
            "products",
            "valid_from",
            "valid_to",
            "value",
            "procurement",
            "counting",
            "response_critical",
            "repair_critical",
            "response_major",
            "repair_major",
            "response_minor",
            "repair_minor",
            "data_clause",
            "note",
        )

    def __init__(self, unit: str, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        known = Product.objects.select_related("vendor").order_by("vendor__name", "kind")
        self.fields["products"].choices = [(str(p.pk), f"{p.name} ({p.vendor.name})") for p in known]  # type: ignore[attr-defined]
        self.fields["procurement"].queryset = Procurement.objects.filter(facility=unit)  # type: ignore[attr-defined]
        self.fields["procurement"].label_from_instance = lambda row: f"{row.title} ({row.year})"  # type: ignore[attr-defined]
        self.fields["vendor"].label_from_instance = lambda row: row.name  # type: ignore[attr-defined]
        if self.instance.pk:
            value = self.instance.value
            self.initial["value"] = "" if value is None else grouped(value)
            self.initial["seen"] = self.instance.seen()

    def clean_products(self) -> list[int]:
        return sorted(int(key) for key in self.cleaned_data["products"])

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        first, last, vendor = found.get("valid_from"), found.get("valid_to"), found.get("vendor")
        if first and last and last < first:
            self.add_error("valid_to", _("A contract cannot end before it begins."))
        if (
            vendor
            and Product.objects.filter(pk__in=found.get("products", [])).exclude(vendor=vendor).exists()
        ):
            self.add_error("products", _("Choose products of this vendor only."))
        for name in [field for field in self.fields if field.startswith(("response_", "repair_"))]:
            if (found.get(name) or 0) > 2000:
                self.add_error(name, _("At most 2000 hours."))
        return found


def _not_ahead(day: date | None) -> date | None:
    if day is not None and day > clock.today():
        raise ValidationError(_("This day has not come yet."))
    return day
