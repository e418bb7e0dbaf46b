"""A transfer as both hospitals see it: one loop, and the steps that were taken in it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from lienthong.access.models import Account


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
    filled = models.JSONField(default=dict, help_text="field: what the record filled in, see filling.py")
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
        indexes = [models.Index(fields=["kind", "at"], name="transfer_step_kind")]


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


class SlipUse(models.Model):
    """One visit at which a slip or an appointment slip was shown; never changed.

    ``loop`` names the slip's transfer, ``appointment`` the appointment slip, which is used once: the FHIR id of the
    Appointment, or the id of the outcome step that gave it. ``category`` is MA_DOITUONG_KCB of the visit.
    """

    id = models.CharField(max_length=32, primary_key=True)
    loop = models.CharField(max_length=32, blank=True)
    appointment = models.CharField(max_length=64, blank=True)
    patient = models.CharField(max_length=64, blank=True, help_text="FHIR id of the Patient at this node")
    at = models.DateTimeField()
    facility = models.CharField(max_length=16)
    person = models.CharField(max_length=120)
    how = models.CharField(max_length=8, help_text="card, typed or scanned")
    category = models.CharField(max_length=4)
    why = models.CharField(max_length=200, blank=True, help_text="why a slip was used again")

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["loop"], name="slip_use_loop")]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"], condition=~models.Q(appointment=""), name="appointment_used_once"
            )
        ]


class Call(models.Model):
    """A notice: people of this unit are told something about a loop (``transfers/notices``).

    ``about`` tells notices of one reason apart and is shown nowhere. ``roles``: ``,doctor,nurse,``; ``person``: full
    name of somebody who is told too. ``other``: the other facility. ``closed_at``: when it was settled for everybody.
    """

    id = models.CharField(max_length=32, primary_key=True)
    loop = models.CharField(max_length=32)
    reason = models.CharField(max_length=24)
    about = models.CharField(max_length=64, blank=True)
    roles = models.CharField(max_length=80)
    person = models.CharField(max_length=120, blank=True)
    urgency = models.CharField(max_length=12)
    other = models.CharField(max_length=16)
    to_us = models.BooleanField()
    sounds = models.BooleanField()
    at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["loop", "reason", "about"], name="one_call")]
        indexes = [
            models.Index(fields=["at"], condition=models.Q(closed_at=None), name="call_open"),
            models.Index(fields=["-at"], name="call_at"),
        ]


class CallRead(models.Model):
    """That a person has read a notice."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="reads")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "call"], name="one_read")]


class MailAddress(models.Model):
    """Where a person gets notices by mail, and which: ``groups`` is ``,emergency,overdue,``.

    ``verified_at`` is empty until the code that was mailed at ``asked_at`` was typed in. ``refused``: what the mail
    server said when it refused the address for good.
    """

    account = models.OneToOneField(Account, on_delete=models.CASCADE, primary_key=True, related_name="+")
    address = models.CharField(max_length=254)
    asked_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    verified_at = models.DateTimeField(null=True)
    refused = models.CharField(max_length=300, blank=True)
    groups = models.CharField(max_length=120, blank=True)
    own_only = models.BooleanField(default=False)


class Delivery(models.Model):
    """Something on its way out: tried again until it is done or a day old. ``fault``: why the last try failed."""

    id = models.CharField(max_length=32, primary_key=True)
    made_at = models.DateTimeField()
    next_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=8, default="waiting", help_text="waiting, done or given-up")
    fault = models.CharField(max_length=20, blank=True)
    answer = models.CharField(max_length=300, blank=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


class Mail(Delivery):
    """A mail to one person; ``id`` is in its Message-ID.

    ``kind``: ``calls``, ``plan``, or ``code`` to verify the address, whose text stands nowhere.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    address = models.CharField(max_length=254)
    kind = models.CharField(max_length=8)
    subject = models.CharField(max_length=400, blank=True, default="")
    body = models.TextField(blank=True, default="")
    urgent = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(state="waiting"), name="mail_waiting"),
            models.Index(fields=["account", "-made_at"], name="mail_account"),
        ]


class MailLine(models.Model):
    """A notice that a person gets by mail; ``mail`` is empty until one was made."""

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    mail = models.ForeignKey(Mail, on_delete=models.CASCADE, null=True, related_name="lines")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "account"], name="one_mail_line")]
        indexes = [models.Index(fields=["account"], condition=models.Q(mail=None), name="mail_line_waiting")]


class Hook(models.Model):
    """An address of the unit's own messenger that is told notices. Its secret is derived, see ``notices/hooks.py``."""

    id = models.CharField(max_length=32, primary_key=True)
    name = models.CharField(max_length=60)
    url = models.CharField(max_length=500)
    groups = models.CharField(max_length=120, blank=True)
    generation = models.PositiveIntegerField(default=1)
    made_by = models.CharField(max_length=120)
    made_at = models.DateTimeField()


class HookCall(Delivery):
    """One delivery to a hook; ``id`` stays the same at every try, and so does ``body``."""

    hook = models.ForeignKey(Hook, on_delete=models.CASCADE, related_name="deliveries")
    reason = models.CharField(max_length=24)
    body = models.TextField()
    status = models.PositiveSmallIntegerField(default=0, help_text="HTTP status of the last answer")

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(state="waiting"), name="hook_waiting"),
            models.Index(fields=["hook", "-made_at"], name="hook_log"),
        ]


# Measures


class LoopStep(models.Model):
    """Hub: a step as the manifest of its message, or a receipt, tells it; nothing of a patient. Rows are only added.

    ``key`` is the message's id, or made of it where this is its receipt; ``number`` the place in the mailbox, which
    orders what one side said; ``taken_at`` the hub's time.
    """

    key = models.CharField(max_length=32, primary_key=True)
    loop = models.CharField(max_length=32)
    sender = models.CharField(max_length=16)
    receiver = models.CharField(max_length=16)
    step = models.CharField(max_length=32, help_text="id of the step")
    kind = models.CharField(max_length=12)
    at = models.DateTimeField()
    place = models.PositiveIntegerField()
    urgency = models.CharField(max_length=10, blank=True)
    complete = models.BooleanField(default=False)
    code = models.CharField(max_length=20, blank=True)
    until = models.CharField(
        max_length=27, blank=True, help_text="moment that the step promises the next for"
    )
    number = models.BigIntegerField()
    taken_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["loop", "sender", "receiver"], name="transfer_loopstep_loop")]


class Loop(models.Model):
    """Hub: what the steps of a loop that was sent come to; made of :class:`LoopStep` alone, whenever one comes.

    ``owner`` is the facility whose turn it is; ``hub_at`` when a turn not taken is the hub's to see to.
    """

    loop = models.CharField(max_length=32)
    sender = models.CharField(max_length=16)
    receiver = models.CharField(max_length=16)
    urgency = models.CharField(max_length=10)
    state = models.CharField(max_length=12)
    since = models.DateTimeField()
    owner = models.CharField(max_length=16)
    role = models.CharField(max_length=12)
    due = models.DateTimeField(null=True)
    hub_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    departed_at = models.DateTimeField(null=True)
    arrived_at = models.DateTimeField(null=True)
    outcome_at = models.DateTimeField(null=True)
    complete = models.BooleanField()
    declined = models.CharField(max_length=20, blank=True)
    cancelled = models.CharField(max_length=20, blank=True)
    late = models.BooleanField(help_text="a turn was taken after its time")
    pk = models.CompositePrimaryKey("loop", "sender", "receiver")

    class Meta:
        indexes = [
            models.Index(fields=["sent_at"], name="transfer_loop_sent"),
            models.Index(fields=["hub_at"], name="transfer_loop_hub"),
        ]


class LoopReading(models.Model):
    """Hub: how far the mailboxes were read (facility to number), and how many steps could not be; one row, which
    whoever reads locks."""

    name = models.CharField(max_length=4, primary_key=True)
    positions = models.JSONField(default=dict)
    skipped = models.PositiveBigIntegerField(default=0)


class Changed(models.Model):
    """That a transfer changed and its resources in the store do not say so yet (``transfers/fhir/keeping.py``)."""

    loop = models.CharField(max_length=32)


class RequestIdentifier(models.Model):
    """What a hospital's own system calls a transfer that it began, so that a repeated call begins no second one.

    ``content`` is the SHA-256 of the call's resources in canonical JSON; empty where only the identifier counts.
    """

    transfer = models.ForeignKey(Transfer, on_delete=models.CASCADE, related_name="identifiers")
    system = models.CharField(max_length=255)
    value = models.CharField(max_length=255)
    content = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["system", "value"], name="one_request_identifier")]
