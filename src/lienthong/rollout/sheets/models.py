"""Workbooks that were brought and looked at, until they are applied."""

from __future__ import annotations

from django.db import models


class SheetUpload(models.Model):
    """One workbook, kept by its hash, and what it would change as its bringer was shown it.

    ``shown``: a list of ``cell unit key before after since``; ``batch`` names the batch that applied it.
    """

    id = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=60)
    name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    shown: models.JSONField[list[dict[str, str]], list[dict[str, str]]] = models.JSONField(default=list)
    held = models.PositiveSmallIntegerField(default=0, help_text="rows with a fault, which are not applied")
    batch = models.CharField(max_length=32, db_default="")

    class Meta:
        ordering = ["-at", "-id"]
