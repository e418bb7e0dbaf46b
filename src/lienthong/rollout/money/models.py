"""Price references, needs, procurements with their stages and amounts, contracts."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lienthong.rollout.changes import Typed

MOST_VND = 10**14
INVENTED = _("Invented for the demonstration")


class Confidence(models.TextChoices):
    """How sure a price is."""

    A = "A", _("A: read in the contract or the decision")
    B = "B", _("B: published tender, or a report of it")
    C = "C", _("C: told, to be confirmed")


class PriceReference(Typed):
    """What somebody paid, or was asked for. ``amount`` in whole VND for ``quantity`` of the item's unit of measure."""

    THING = "price"
    LABEL = _("Price reference")
    item = models.CharField(_("Item"), max_length=30)
    buyer = models.CharField(_("Buyer"), max_length=160)
    scope = models.CharField(_("What the price covers"), max_length=300)
    amount = models.BigIntegerField(_("Amount, VND"), null=True, blank=True)
    quantity = models.DecimalField(_("Quantity"), max_digits=12, decimal_places=2, default=1)
    term = models.CharField(_("Term and conditions"), max_length=300, blank=True)
    day = models.DateField(_("Date of the price"), null=True, blank=True)
    year = models.PositiveSmallIntegerField(_("Year of the price"), null=True, blank=True)
    source = models.CharField(_("Source"), max_length=200)
    confidence = models.CharField(
        pgettext_lazy("price", "Confidence"), max_length=1, choices=Confidence.choices, default="B"
    )
    facility = models.CharField(_("Entered for the unit"), max_length=16, blank=True)
    ref = models.CharField(max_length=40, blank=True)
    invented = models.BooleanField(INVENTED, default=False)

    class Meta:
        ordering = ["item", "id"]


class Need(Typed):
    """A unit needs so much of an item in a year."""

    THING = "need"
    LABEL = _("Need")
    facility = models.CharField(_("Unit"), max_length=16)
    item = models.CharField(_("Item"), max_length=30)
    quantity = models.DecimalField(
        _("Quantity"), max_digits=10, decimal_places=2, validators=[MinValueValidator(0)]
    )
    year = models.PositiveSmallIntegerField(_("Year"))
    funding = models.CharField(_("Source of money"), max_length=20, blank=True)
    detail = models.CharField(_("Detail"), max_length=300, blank=True)
    invented = models.BooleanField(INVENTED, default=False)

    class Meta:
        ordering = ["facility", "-year", "id"]


class Procurement(Typed):
    """Something that a unit buys or rents, from the need to the end of the contract."""

    THING = "procurement"
    LABEL = _("Procurement")
    facility = models.CharField(_("Unit"), max_length=16)
    title = models.CharField(_("Name of the package"), max_length=200)
    item = models.CharField(_("Item"), max_length=30)
    quantity = models.DecimalField(
        _("Quantity"), max_digits=10, decimal_places=2, default=1, validators=[MinValueValidator(0)]
    )
    year = models.PositiveSmallIntegerField(_("Budget year"))
    funding = models.CharField(_("Source of money"), max_length=20, blank=True)
    note = models.CharField(pgettext_lazy("money", "Note"), max_length=500, blank=True)
    invented = models.BooleanField(INVENTED, default=False)

    class Meta:
        ordering = ["facility", "-year", "id"]


class ProcurementStep(Typed):
    """A stage that a procurement reached on a day, by a document."""

    THING = "procurement-step"
    LABEL = _("Stage of a procurement")
    procurement = models.ForeignKey(
        Procurement, on_delete=models.PROTECT, related_name="steps", verbose_name=_("Procurement")
    )
    stage = models.CharField(_("Stage"), max_length=20)
    day = models.DateField(_("Date"))
    document = models.CharField(_("Document"), max_length=120, blank=True)
    note = models.CharField(pgettext_lazy("money", "Note"), max_length=300, blank=True)

    class Meta:
        ordering = ["day", "id"]

    def unit_code(self) -> str:
        return self.procurement.facility


class AmountKind(models.TextChoices):
    """What an amount of a procurement is."""

    ESTIMATE = "estimate", pgettext_lazy("money", "Estimate")
    GRANTED = "granted", pgettext_lazy("money", "Granted")
    CONTRACT = "contract", pgettext_lazy("money", "Contract value")
    SPENT = "spent", pgettext_lazy("money", "Spent")


class ProcurementAmount(Typed):
    """An amount in whole VND from a day on; of ``spent`` each row is one payment, of the others the newest counts."""

    THING = "procurement-amount"
    LABEL = _("Amount of a procurement")
    procurement = models.ForeignKey(
        Procurement, on_delete=models.PROTECT, related_name="amounts", verbose_name=_("Procurement")
    )
    kind = models.CharField(pgettext_lazy("money", "Kind"), max_length=8, choices=AmountKind.choices)
    amount = models.BigIntegerField(_("Amount, VND"))
    day = models.DateField(_("Date"))
    document = models.CharField(_("Document"), max_length=120, blank=True)

    class Meta:
        ordering = ["day", "id"]

    def unit_code(self) -> str:
        return self.procurement.facility


class Counting(models.TextChoices):
    """How a contract counts hours."""

    ALWAYS = "always", _("Round the clock (24/7)")
    WORKING = "working", _("Working hours on working days")


class DataClause(models.TextChoices):
    """Whether the contract has a clause on processing personal data."""

    YES = "yes", pgettext_lazy("clause", "Yes")
    NO = "no", pgettext_lazy("clause", "No")
    UNKNOWN = "", pgettext_lazy("clause", "Not known")


class Contract(Typed):
    """A contract of a unit with a vendor, what it covers and which times it promises.

    ``products``: ids of the vendor's products that it covers. Hours by severity; None: nothing agreed. The clause on
    processing personal data must be there before the vendor receives any (Law 91/2025/QH15 article 37).
    """

    THING = "contract"
    LABEL = _("Contract")
    facility = models.CharField(_("Unit"), max_length=16)
    vendor = models.ForeignKey(
        "rollout.Vendor", on_delete=models.PROTECT, related_name="contracts", verbose_name=_("Vendor")
    )
    number = models.CharField(_("Contract number"), max_length=60)
    covers = models.CharField(_("What it covers"), max_length=400)
    products = models.JSONField(_("Products"), default=list, blank=True)
    valid_from = models.DateField(pgettext_lazy("contract", "From"))
    valid_to = models.DateField(pgettext_lazy("contract", "To"))
    value = models.BigIntegerField(_("Value, VND"), null=True, blank=True)
    procurement = models.ForeignKey(
        Procurement,
        on_delete=models.PROTECT,
        related_name="contracts",
        null=True,
        blank=True,
        verbose_name=_("Procurement"),
    )
    counting = models.CharField(
        _("How hours are counted"), max_length=7, choices=Counting.choices, default=Counting.WORKING
    )
    response_critical = models.PositiveSmallIntegerField(
        _("Critical: hours to respond"), null=True, blank=True
    )
    repair_critical = models.PositiveSmallIntegerField(_("Critical: hours to repair"), null=True, blank=True)
    response_major = models.PositiveSmallIntegerField(_("Major: hours to respond"), null=True, blank=True)
    repair_major = models.PositiveSmallIntegerField(_("Major: hours to repair"), null=True, blank=True)
    response_minor = models.PositiveSmallIntegerField(_("Minor: hours to respond"), null=True, blank=True)
    repair_minor = models.PositiveSmallIntegerField(_("Minor: hours to repair"), null=True, blank=True)
    data_clause = models.CharField(
        _("Clause on processing personal data"), max_length=3, choices=DataClause.choices, blank=True
    )
    note = models.CharField(pgettext_lazy("money", "Note"), max_length=500, blank=True)
    invented = models.BooleanField(INVENTED, default=False)

    class Meta:
        ordering = ["facility", "valid_to", "id"]
