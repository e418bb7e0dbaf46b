"""Facilities with dated names, and the nodes that speak for them."""

from __future__ import annotations

from django.db import models


class Facility(models.Model):
    """A hospital, medical centre or authority.

    ``code`` is MA_CSKCB where it is known (the public list is incomplete), else a short name of our own.
    """

    code = models.CharField(max_length=16, primary_key=True)
    kind = models.CharField(max_length=40)
    code_confirmed = models.BooleanField(default=True)
    in_province = models.BooleanField(default=False)
    place = models.PositiveSmallIntegerField(default=0, help_text="order on lists")

    class Meta:
        ordering = ["place", "code"]


class FacilityName(models.Model):
    """What a facility was called from one day to another (units merge and are renamed)."""

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE, related_name="names")
    name_vi = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    source = models.CharField(max_length=200)

    class Meta:
        ordering = ["valid_from"]


class Node(models.Model):
    """A running ``lienthong`` of a facility, named by the thumbprint of its key (RFC 7638)."""

    kid = models.CharField(max_length=43, primary_key=True)
    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, related_name="nodes")
    role = models.CharField(max_length=4, choices=[("hub", "hub"), ("site", "site")])
    jwk = models.JSONField()
    age = models.CharField(max_length=100, db_default="", help_text="recipient to which content is sealed")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, help_text="until when it signs; set when it was replaced")
    revoked_at = models.DateTimeField(null=True)
    revoked_why = models.CharField(max_length=400, db_default="")
    last_seen = models.DateTimeField(null=True)
