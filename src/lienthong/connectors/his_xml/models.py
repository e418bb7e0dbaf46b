"""What became of each export file and each dossier."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Export(models.Model):
    """A file from the watched folder. ``sha256`` names its kept bytes; the same content is taken once."""

    class State(models.TextChoices):
        READING = "reading", _("Being read")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Refused")

    sha256 = models.CharField(max_length=64, primary_key=True)
    name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    taken_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=State.choices)
    position = models.PositiveIntegerField(default=0, help_text="dossiers of the file already committed")
    stored = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    warnings = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["-taken_at"], name="export_taken")]


class DossierVersion(models.Model):
    """A dossier (facility, MA_LK) as one file brought it; the newest version wins."""

    facility = models.CharField(max_length=16)
    ma_lk = models.CharField(max_length=100)
    number = models.PositiveIntegerField()
    export = models.ForeignKey(Export, on_delete=models.PROTECT, related_name="dossiers")
    position = models.PositiveIntegerField()
    start = models.BigIntegerField()
    length = models.PositiveIntegerField()
    content = models.CharField(max_length=64, help_text="SHA-256 of the dossier's tables")
    warnings = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["facility", "ma_lk", "number"], name="one_dossier_number")
        ]


class Finding(models.Model):
    """A problem of a file or a dossier: an error set it aside, a warning let it pass.

    ``position`` is the dossier in the file, 0 for the file itself. ``problem`` is :meth:`Problem.as_dict`.
    """

    export = models.ForeignKey(Export, on_delete=models.CASCADE, related_name="findings")
    position = models.PositiveIntegerField()
    ma_lk = models.CharField(max_length=100, blank=True)
    severity = models.CharField(max_length=8)
    code = models.CharField(max_length=60)
    problem = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["severity", "-id"], name="finding_severity")]


class SlipFile(models.Model):
    """The newest version of a transfer's dossier that was written into the folder out."""

    loop = models.CharField(max_length=32, primary_key=True)
    version = models.PositiveIntegerField()
    at = models.DateTimeField()
