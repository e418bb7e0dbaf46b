"""Counts of what came: at a site its own, at the hub those that sites told."""

from __future__ import annotations

from django.db import models


class FeedHour(models.Model):
    """What one feed of a facility brought in one hour.

    ``feed``: ``HIS``, ``LIS``, ``PACS``, or ``NODE`` for the program itself, whose ``fresh`` counts its
    looks, about one a minute. ``days``: day of the data in Viet Nam (``yyyy-MM-dd``) to fresh items of that day.
    ``fields``: name of :mod:`.fields` to ``[filled, of]``. ``demo``: told by a node that runs as a demonstration.
    """

    facility = models.CharField(max_length=16)
    feed = models.CharField(max_length=8)
    hour = models.DateTimeField(help_text="when it began")
    fresh = models.PositiveIntegerField(default=0, help_text="items that came for the first time")
    again = models.PositiveIntegerField(default=0, help_text="items that came with other content")
    first_at = models.DateTimeField(null=True)
    last_at = models.DateTimeField(null=True)
    days: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField(default=dict)
    fields: models.JSONField[dict[str, list[int]], dict[str, list[int]]] = models.JSONField(default=dict)
    demo = models.BooleanField(default=False)
    change = models.PositiveBigIntegerField(
        default=0, help_text="site: number of its last change, of no other row"
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["facility", "hour", "feed"], name="rollout_feed_hour")]
        indexes = [
            models.Index(fields=["change"], condition=models.Q(change__gt=0), name="rollout_feed_change"),
            models.Index(fields=["feed", "facility", "hour"], name="rollout_feed_facility"),
        ]


class FeedCounting(models.Model):
    """Site: how far it has counted and told; one row, which whoever counts locks.

    ``position``: the last arrival counted; ``counted_to``: everything that came before is counted; ``change``: the
    number of the last change; ``told``: changes up to this one are at the hub ``hub``.
    """

    name = models.CharField(max_length=4, primary_key=True)
    position = models.PositiveBigIntegerField(default=0)
    counted_to = models.DateTimeField(null=True)
    change = models.PositiveBigIntegerField(default=0)
    told = models.PositiveBigIntegerField(default=0)
    hub = models.CharField(max_length=200, default="")


class FeedReport(models.Model):
    """Hub: until when a facility has told what came; after that nothing is known, before it what is missing is zero."""

    facility = models.CharField(max_length=16, primary_key=True)
    counted_to = models.DateTimeField()
    told_at = models.DateTimeField()
    demo = models.BooleanField()
