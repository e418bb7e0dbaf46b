"""A transfer as both hospitals see it: one loop, its states with time and person."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    """The first states of the loop, in their usual order."""

    SENT = "sent", _("Sent")
    RECEIVED = "received", _("Received")
    SEEN = "seen", _("Seen")
    ACCEPTED = "accepted", _("Accepted")
    ARRIVED = "arrived", _("Patient arrived")
    ANSWERED = "answered", _("Answered")


class Transfer(models.Model):
    """One patient sent from one facility to another.

    ``loop`` is the same at both hospitals. A dossier that comes later joins by ``(sender, ma_lk)`` or
    ``(sender, slip, slip_year)``. ``state`` is the furthest state reached; every step is a :class:`Step`.
    """

    loop = models.CharField(max_length=32, primary_key=True)
    sender = models.CharField(max_length=16)
    receiver = models.CharField(max_length=16)
    ma_lk = models.CharField(max_length=100, blank=True)
    slip = models.CharField(max_length=50, blank=True)
    slip_year = models.PositiveSmallIntegerField(default=0)
    patient = models.CharField(max_length=64, help_text="FHIR id of the Patient at this node")
    patient_name = models.CharField(max_length=255)
    birth = models.CharField(max_length=10, blank=True)
    gender = models.CharField(max_length=10, blank=True)
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
    state = models.CharField(max_length=12, choices=State.choices)
    changed_at = models.DateTimeField()
    answer = models.TextField(blank=True)
    words = models.TextField(default="", help_text="folded text that the search box looks into")
    kept_back = models.PositiveIntegerField(
        default=0, help_text="specially protected entries that did not travel"
    )

    class Meta:
        indexes = [
            models.Index(fields=["sender", "ma_lk"], name="transfer_ma_lk"),
            models.Index(fields=["sender", "slip", "slip_year"], name="transfer_slip"),
            models.Index(fields=["state", "-changed_at"], name="transfer_state"),
            models.Index(fields=["-left_at"], name="transfer_left"),
        ]


class Step(models.Model):
    """One step of a transfer: which state, when, who, at which hospital, by which message the other side knows."""

    transfer = models.ForeignKey(Transfer, on_delete=models.CASCADE, related_name="steps")
    state = models.CharField(max_length=12, choices=State.choices)
    at = models.DateTimeField()
    person = models.CharField(max_length=120)
    facility = models.CharField(max_length=16)
    note = models.TextField(blank=True)
    message = models.CharField(max_length=32, blank=True)

    class Meta:
        ordering = ["at", "id"]
        constraints = [models.UniqueConstraint(fields=["transfer", "state"], name="one_step_per_state")]
