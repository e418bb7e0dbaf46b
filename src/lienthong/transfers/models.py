"""A transfer as both hospitals see it: one loop, and the steps that were taken in it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """The states of the loop in their usual order, and the kinds of step that lead to them."""

    DRAFTED = "drafted", _("Draft")
    SENT = "sent", _("Sent")
    RECEIVED = "received", _("Received")
    SEEN = "seen", _("Seen")
    ASKED = "asked", _("More information asked")
    TOLD = "told", _("Information given")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    BED = "bed", _("Bed found")
    APPOINTMENT = "appointment", _("Appointment given")
    STABILISED = "stabilised", _("Stabilised")
    DEPARTED = "departed", _("Departed")
    NO_SHOW = "no-show", _("Did not arrive")
    ARRIVED = "arrived", _("Patient arrived")
    ADMITTED = "admitted", _("Admitted")
    INTERIM = "interim", _("Interim report")
    OUTCOME = "outcome", _("Outcome came back")
    CLOSED = "closed", _("Closed")
    CANCELLED = "cancelled", _("Cancelled")
    NOTE = "note", _("Note")
    """A word in the conversation; no transfer is ever in this state."""


class Side(models.TextChoices):
    """The two ends of a transfer."""

    SENDER = "sender", _("Sending hospital")
    RECEIVER = "receiver", _("Receiving hospital")


class Urgency(models.TextChoices):
    """How urgent a transfer is; decides the clocks."""

    EMERGENCY = "emergency", _("Emergency")
    URGENT = "urgent", _("Urgent")
    PLANNED = "planned", _("Planned")


class Transfer(models.Model):
    """One patient sent from one facility to another.

    ``loop`` is the same at both hospitals. A dossier that comes later joins by ``(sender, ma_lk)``,
    ``(sender, slip, slip_year)`` or the patient. ``state``, ``owner_side``, ``owner_role``, ``since`` and ``due`` are
    what :func:`lienthong.transfers.rules.standing` makes of the steps.
    """

    loop = models.CharField(max_length=32, primary_key=True)
    sender = models.CharField(max_length=16)
    receiver = models.CharField(max_length=16, blank=True)
    ma_lk = models.CharField(max_length=100, blank=True)
    slip = models.CharField(max_length=50, blank=True)
    slip_year = models.PositiveSmallIntegerField(default=0)
    patient = models.CharField(max_length=64, blank=True, help_text="FHIR id of the Patient at this node")
    patient_name = models.CharField(max_length=255, blank=True)
    birth = models.CharField(max_length=10, blank=True)
    gender = models.CharField(max_length=10, blank=True)
    citizen = models.CharField(max_length=12, blank=True, default="", help_text="citizen number (CCCD)")
    diagnosis = models.TextField(blank=True)
    diagnosis_code = models.CharField(max_length=20, blank=True)
    reason = models.CharField(max_length=10, blank=True, help_text="MA_LYDO_CT")
    condition = models.TextField(blank=True, help_text="state of the patient at transfer")
    left_at = models.DateTimeField(null=True, help_text="when the patient left the sender")
    started_by = models.CharField(max_length=120)
    by_hand = models.BooleanField(default=False)
    dossier_version = models.PositiveIntegerField(
        default=0, help_text="how often the dossier was sent or received"
    )
    kept_back = models.PositiveIntegerField(
        default=0, help_text="specially protected entries that did not travel"
    )
    urgency = models.CharField(max_length=10, choices=Urgency.choices, default=Urgency.PLANNED)
    case = models.CharField(max_length=12, blank=True, default="")
    complete = models.BooleanField(default=False, help_text="the minimum safe set is whole")
    form = models.JSONField(default=dict, help_text="the minimum safe set, see form.py")
    form_log = models.JSONField(default=dict, help_text="field: version and person of its last change")
    encounter = models.CharField(max_length=64, blank=True, default="", help_text="FHIR id of the visit")
    follows = models.CharField(max_length=32, blank=True, default="", help_text="loop that this one goes on")
    follows_why = models.CharField(max_length=12, blank=True, default="", help_text="redirected or back")
    signed_at = models.DateTimeField(null=True)
    signed_by = models.CharField(max_length=120, blank=True, default="")
    begun_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices)
    owner_side = models.CharField(max_length=8, choices=Side.choices, default=Side.SENDER)
    owner_role = models.CharField(max_length=12, default="doctor")
    since = models.DateTimeField()
    due = models.DateTimeField(null=True)
    told_level = models.PositiveSmallIntegerField(default=0, help_text="how far up this state was announced")
    version = models.PositiveIntegerField(default=0, help_text="grows with every change")
    changed_at = models.DateTimeField()
    words = models.TextField(default="", help_text="folded text that the search box looks into")

    class Meta:
        indexes = [
            models.Index(fields=["sender", "ma_lk"], name="transfer_ma_lk"),
            models.Index(fields=["sender", "slip", "slip_year"], name="transfer_slip"),
            models.Index(fields=["state", "-changed_at"], name="transfer_state"),
            models.Index(fields=["-left_at"], name="transfer_left"),
            models.Index(fields=["due"], name="transfer_due"),
            models.Index(fields=["citizen"], name="transfer_citizen"),
            models.Index(fields=["patient"], name="transfer_patient"),
        ]

    @property
    def owner(self) -> str:
        """Code of the facility whose turn it is."""
        return self.sender if self.owner_side == Side.SENDER or not self.receiver else self.receiver


class Step(models.Model):
    """One step of a transfer, taken once at one hospital and known to the other by a message; never changed.

    ``place`` is one more than the largest that its taker knew (Lamport); ``data`` is what :mod:`.steps` says of its
    kind; ``effect``: whether it counted when the transfer was last looked at.
    """

    id = models.CharField(max_length=32, primary_key=True)
    transfer = models.ForeignKey(Transfer, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=12, choices=State.choices)
    at = models.DateTimeField()
    place = models.PositiveIntegerField()
    person = models.CharField(max_length=120, blank=True)
    role = models.CharField(max_length=60, blank=True, default="")
    facility = models.CharField(max_length=16)
    data: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    effect = models.BooleanField(default=True)
    message = models.CharField(max_length=32, blank=True)

    class Meta:
        ordering = ["place", "at", "id"]


class ReturnLetter(models.Model):
    """The answer to a transfer as it is being written at the receiver: one for each stay that may belong to it.

    ``origin`` names the stay in the store; a letter written by hand has none. ``found`` is what the HIS says,
    ``written`` what a doctor put in its place; both are members of :class:`.steps.Outcome`.
    """

    class Stage(models.TextChoices):
        """How far it is."""

        UNSURE = "unsure", _("Does this stay belong to the transfer?")
        STAYS = "stays", _("The patient is still in hospital")
        READY = "ready", _("Ready to sign")
        SIGNED = "signed", _("Signed and sent")
        DISMISSED = "dismissed", _("Set aside")

    transfer = models.ForeignKey(Transfer, on_delete=models.CASCADE, related_name="letters")
    origin = models.CharField(max_length=160, blank=True, default="")
    stage = models.CharField(max_length=10, choices=Stage.choices)
    matched = models.CharField(max_length=12, blank=True, default="", help_text="slip or person")
    found: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    written: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)
    kept_back = models.PositiveIntegerField(default=0, help_text="specially protected entries left out")
    corrects = models.BooleanField(default=False, help_text="one for this stay was sent before")
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=120)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["transfer", "origin"], name="transfer_letter_once")]

    @property
    def data(self) -> dict[str, Any]:
        """The letter as it stands."""
        return {**self.found, **self.written}
