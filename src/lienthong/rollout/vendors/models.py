"""Vendors with their products, faults reported to them, requests for change."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from lienthong.rollout.changes import Typed
from lienthong.rollout.money.models import INVENTED, Contract


class Vendor(Typed):
    """A company that sells or runs software, servers or lines for units. ``code`` is the scope of its accounts."""

    THING = "vendor"
    LABEL = _("Vendor")
    code = models.SlugField(_("Code"), max_length=16, primary_key=True)
    name = models.CharField(_("Name"), max_length=160)
    contact = models.CharField(_("Person to contact"), max_length=120, blank=True)
    telephone = models.CharField(_("Telephone"), max_length=40, blank=True)
    email = models.EmailField(_("E-mail"), blank=True)
    note = models.CharField(pgettext_lazy("money", "Note"), max_length=500, blank=True)
    invented = models.BooleanField(INVENTED, default=False)

    class Meta:
        ordering = ["name"]


class ProductKind(models.TextChoices):
    """What a product does."""

    HIS = "his", "HIS"
    LIS = "lis", "LIS"
    PACS = "pacs", "RIS-PACS"
    EMR = "emr", pgettext_lazy("product", "EMR")
    SIGNATURE = "signature", pgettext_lazy("product", "Digital signature")
    HOSTING = "hosting", pgettext_lazy("product", "Rented server")
    LINE = "line", pgettext_lazy("product", "Data line")
    OTHER = "other", pgettext_lazy("product", "Other")


class Product(Typed):
    """Something a vendor delivers."""

    THING = "product"
    LABEL = _("Product")
    vendor = models.ForeignKey(
        Vendor, on_delete=models.PROTECT, related_name="products", verbose_name=_("Vendor")
    )
    name = models.CharField(_("Name"), max_length=120)
    kind = models.CharField(pgettext_lazy("product", "Kind"), max_length=10, choices=ProductKind.choices)

    class Meta:
        ordering = ["kind", "name"]


class Ticket(Typed):
    """A fault that a unit reported to a vendor; what it says holds nothing of a patient."""

    THING = "ticket"
    LABEL = _("Fault")
    facility = models.CharField(_("Unit"), max_length=16)
    vendor = models.ForeignKey(
        Vendor, on_delete=models.PROTECT, related_name="tickets", verbose_name=_("Vendor")
    )
    product = models.ForeignKey(
        Product, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("Product")
    )
    contract = models.ForeignKey(
        Contract, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("Contract")
    )
    severity = models.CharField(_("Severity"), max_length=10)
    subject = models.CharField(_("In one line"), max_length=160)
    text = models.CharField(_("What happens"), max_length=4000)
    reported_at = models.DateTimeField(_("Reported"))
    reported_by = models.CharField(_("Reported by"), max_length=120)
    responded_at = models.DateTimeField(_("Responded"), null=True)
    responded_by = models.CharField(_("Responded by"), max_length=120, blank=True)
    repaired_at = models.DateTimeField(_("Repaired"), null=True)
    repaired_by = models.CharField(_("Repaired by"), max_length=120, blank=True)
    closed_at = models.DateTimeField(_("Closed"), null=True)
    closed_by = models.CharField(_("Closed by"), max_length=120, blank=True)
    invented = models.BooleanField(INVENTED, default=False)

    class Meta:
        ordering = ["-reported_at", "-id"]
        indexes = [
            models.Index(fields=["vendor", "reported_at"], name="rollout_ticket_vendor"),
            models.Index(fields=["facility", "reported_at"], name="rollout_ticket_unit"),
        ]

    @property
    def number(self) -> str:
        """As people say it: ``SC-00012``."""
        return f"SC-{self.pk:05d}"


class Side(models.TextChoices):
    """For whom somebody writes."""

    UNIT = "unit", pgettext_lazy("side", "Unit")
    VENDOR = "vendor", pgettext_lazy("side", "Vendor")
    DEPARTMENT = "department", pgettext_lazy("side", "Department of Health")


class TicketMessage(Typed):
    """One thing said about a fault."""

    THING = "ticket-message"
    LABEL = _("Message about a fault")
    ticket = models.ForeignKey(
        Ticket, on_delete=models.PROTECT, related_name="messages", verbose_name=_("Fault")
    )
    at = models.DateTimeField(_("Time"))
    by = models.CharField(pgettext_lazy("person", "By"), max_length=120)
    side = models.CharField(_("For whom"), max_length=10, choices=Side.choices)
    text = models.CharField(_("Text"), max_length=2000)

    class Meta:
        ordering = ["at", "id"]

    def unit_code(self) -> str:
        return self.ticket.facility


class RequestState(models.TextChoices):
    """How far a request for change is."""

    ASKED = "asked", pgettext_lazy("request", "Asked")
    ACCEPTED = "accepted", pgettext_lazy("request", "Accepted")
    PLANNED = "planned", pgettext_lazy("request", "Planned")
    DELIVERED = "delivered", pgettext_lazy("request", "Delivered")
    DECLINED = "declined", pgettext_lazy("request", "Declined")


class ChangeRequest(Typed):
    """A unit asks a vendor to change software."""

    THING = "change-request"
    LABEL = _("Request for change")
    facility = models.CharField(_("Unit"), max_length=16)
    vendor = models.ForeignKey(
        Vendor, on_delete=models.PROTECT, related_name="requests", verbose_name=_("Vendor")
    )
    product = models.ForeignKey(Product, on_delete=models.PROTECT, verbose_name=_("Product"))
    subject = models.CharField(_("In one line"), max_length=160)
    text = models.CharField(_("What should be different, and why"), max_length=4000)
    raised_at = models.DateTimeField(_("Asked on"))
    raised_by = models.CharField(_("Asked by"), max_length=120)
    state = models.CharField(
        _("State"), max_length=10, choices=RequestState.choices, default=RequestState.ASKED
    )
    planned_on = models.DateField(_("Planned for"), null=True, blank=True)
    answer = models.CharField(_("Answer of the vendor"), max_length=2000, blank=True)
    answered_at = models.DateTimeField(_("Answered"), null=True)
    answered_by = models.CharField(_("Answered by"), max_length=120, blank=True)
    invented = models.BooleanField(INVENTED, default=False)

    class Meta:
        ordering = ["-raised_at", "-id"]

    @property
    def number(self) -> str:
        """As people say it: ``YC-00012``."""
        return f"YC-{self.pk:05d}"


class RequestVote(Typed):
    """Another unit with the same software needs a change too."""

    THING = "request-vote"
    LABEL = _("Also needs the change")
    request = models.ForeignKey(
        ChangeRequest, on_delete=models.PROTECT, related_name="votes", verbose_name=_("Request for change")
    )
    facility = models.CharField(_("Unit"), max_length=16)
    at = models.DateTimeField(_("Time"))
    by = models.CharField(pgettext_lazy("person", "By"), max_length=120)

    class Meta:
        ordering = ["at", "id"]
        constraints = [models.UniqueConstraint(fields=["request", "facility"], name="rollout_vote_once")]
