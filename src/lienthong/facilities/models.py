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
    doubtful_from = models.DateTimeField(
        null=True, help_text="revoked: others may have had the key since then"
    )
    last_seen = models.DateTimeField(null=True)


class Statement(models.Model):
    """What the hub signed about the directory: at the hub all of them, at a site those that reached it.

    ``epoch`` counts how often a site has joined a hub that it did not know before; ``at`` is the hub's time as
    :func:`lienthong.foundation.clock.iso` writes it, ``hash`` the SHA-256 of the payload. Rows are only ever added:
    they prove which key was valid when.
    """

    epoch = models.IntegerField(default=0)
    number = models.BigIntegerField()
    at = models.CharField(max_length=24)
    hash = models.CharField(max_length=64)
    jws = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["epoch", "number"], name="facilities_statement_once")]


class SecurityReview(models.Model):
    """The approved security level of a facility's systems, as the document says. The newest row counts."""

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE, related_name="reviews")
    document = models.CharField(max_length=80, help_text="number of the decision")
    day = models.DateField(help_text="of the decision")
    level = models.PositiveSmallIntegerField(help_text="1 to 5, Decree 85/2016 or Decree 331/2026")
    approved_by = models.CharField(max_length=160)
    entered_at = models.DateTimeField()
    entered_by = models.CharField(max_length=120)

    class Meta:
        ordering = ["entered_at", "id"]


class LaboratoryLevel(models.Model):
    """The quality level of a facility's laboratory (Decision 2429/QD-BYT of 2017), as its paper says."""

    facility = models.ForeignKey(Facility, on_delete=models.CASCADE, related_name="laboratory_levels")
    level = models.PositiveSmallIntegerField(help_text="1 to 5, 5 the best")
    document = models.CharField(max_length=120, help_text="number of the paper")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    entered_at = models.DateTimeField()
    entered_by = models.CharField(max_length=120)

    class Meta:
        ordering = ["valid_from", "id"]
