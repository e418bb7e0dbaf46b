"""What a unit has published, asked for and received; at the hub, what was published to it.

The documents themselves, their DocumentReference and their List are resources of the store (``records``).
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class Mode(models.TextChoices):
    """What the hub gets."""

    COPY = "copy", _("The document itself")
    ENTRY = "entry", _("Only the entry; the document stays here")


class Status(models.TextChoices):
    """What a document counts as (FHIR R4 document-reference-status)."""

    CURRENT = "current", _("In force")
    SUPERSEDED = "superseded", _("Replaced by a newer one")
    ERROR = "entered-in-error", _("Withdrawn")


class Publication(models.Model):
    """Site: a document that this unit published to the province. ``id`` is that of its DocumentReference.

    ``kind`` is the LOINC code of its type, ``source`` the ``Type/id`` of what it was made of, ``refused`` why the hub
    did not take it.
    """

    id = models.CharField(max_length=32, primary_key=True)
    kind = models.CharField(max_length=20)
    title = models.CharField(max_length=200)
    patient = models.CharField(max_length=64, db_index=True)
    encounter = models.CharField(max_length=64, blank=True)
    source = models.CharField(max_length=100)
    mode = models.CharField(max_length=5, choices=Mode.choices)
    status = models.CharField(max_length=16, choices=Status.choices, default=Status.CURRENT)
    automatic = models.BooleanField(default=False)
    media = models.CharField(max_length=80)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    replaces = models.CharField(max_length=32, blank=True)
    by = models.CharField(max_length=120)
    at = models.DateTimeField(db_index=True)
    published_at = models.DateTimeField(null=True)
    refused: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-id"]


class Outgoing(models.Model):
    """Site: what is to be told to the hub about a publication, in the order of ``id``; removed when the hub has it.

    ``body`` is the Provide Document Bundle (ITI-65), zstd.
    """

    id = models.BigAutoField(primary_key=True)
    publication = models.ForeignKey(Publication, on_delete=models.CASCADE, related_name="outgoing")
    body = models.BinaryField()
    at = models.DateTimeField()
    refused = models.BooleanField(default=False)


class Asking(models.Model):
    """Who asks, why, and on which legal basis."""

    id = models.CharField(max_length=32, primary_key=True)
    patient = models.CharField(max_length=64, db_index=True)
    purpose = models.CharField(max_length=10)
    basis = models.CharField(max_length=20)
    why = models.CharField(max_length=200, blank=True)
    account = models.CharField(max_length=60)
    person = models.CharField(max_length=120)
    at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    refused: models.JSONField[dict[str, Any], dict[str, Any]] = models.JSONField(default=dict)

    class Meta:
        abstract = True
        ordering = ["-at", "-id"]


class Search(Asking):
    """Site: a question to the hub which documents of a patient the province knows; waits for the line.

    ``found`` is the JSON of a list of DocumentReferences, ``left_out`` how many were not to be trusted.
    """

    found = models.TextField(default="[]")
    left_out = models.PositiveIntegerField(default=0)


class Fetch(Asking):
    """Site: a document asked for, from the hub's copy or from the hospital that keeps it.

    ``entry`` is the JSON of the DocumentReference as the hub gave it, ``document`` its number (``urn:uuid:…``),
    ``received`` the id of the DocumentReference under which it is kept here, ``seen_at`` when who asked opened it.
    """

    document = models.CharField(max_length=64)
    facility = models.CharField(max_length=16)
    title = models.CharField(max_length=200)
    mode = models.CharField(max_length=5, choices=Mode.choices)
    entry = models.TextField()
    message = models.CharField(max_length=32, blank=True)
    received = models.CharField(max_length=64, blank=True)
    seen_at = models.DateTimeField(null=True)


class Rule(models.Model):
    """Site: whether documents of a kind are published by themselves when a stay ends. Without a row: no."""

    kind = models.CharField(max_length=20, primary_key=True)
    on = models.BooleanField(default=False)
    mode = models.CharField(max_length=5, choices=Mode.choices, default=Mode.ENTRY)
    by = models.CharField(max_length=120)
    at = models.DateTimeField()


class Watched(models.Model):
    """Site: up to which arrival of the store ended stays were looked at."""

    name = models.CharField(max_length=10, primary_key=True, default="stays")
    position = models.BigIntegerField(default=0)


class Held(models.Model):
    """A document that was provided to this node by somebody else (ITI-65).

    ``id`` is that of its DocumentReference here, ``number`` its masterIdentifier, ``publisher`` the facility (at the
    hub) or the system (at a site) that provided it, ``digest`` the SHA-256 of what was provided.
    """

    id = models.CharField(max_length=32, primary_key=True)
    publisher = models.CharField(max_length=64)
    number = models.CharField(max_length=200)
    kind = models.CharField(max_length=40, blank=True)
    mode = models.CharField(max_length=5, choices=Mode.choices)
    status = models.CharField(max_length=16, choices=Status.choices)
    patient = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["publisher", "status"], name="documents_held_by")]
