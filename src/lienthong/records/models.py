"""The tables of the store. They are written and read by ``sql.py`` alone."""

from __future__ import annotations

from django.db import models


class Origin(models.Model):
    """Where a set of resources comes from and is replaced as a whole, e.g. ``his-xml/24011/LK0001``."""

    key = models.CharField(max_length=200, unique=True)


class Pack(models.Model):
    """The JSON of all resources of one transaction, one after the other, compressed with zstd. Never changed."""

    id = models.BigAutoField(primary_key=True)
    at = models.CharField(max_length=24)
    body = models.BinaryField()


class Resource(models.Model):
    """The current version of a resource.

    ``ref`` is ``Type/id``, ``key`` its number (:func:`.keys.ref_key`); ``patient`` the key of the Patient it belongs
    to; ``moment`` its clinical time (UTC, ``yyyy-MM-ddTHH:mm:ssZ``); ``start`` and ``length`` the place of its JSON in
    the pack.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.BigIntegerField(unique=True)
    ref = models.CharField(max_length=100)
    type = models.CharField(max_length=40)
    patient = models.BigIntegerField(null=True)
    moment = models.CharField(max_length=20, default="")
    origin = models.BigIntegerField(null=True)
    restricted = models.SmallIntegerField(default=0)
    version = models.IntegerField()
    pack = models.BigIntegerField()
    start = models.IntegerField()
    length = models.IntegerField()
    hash = models.BinaryField()
    deleted = models.SmallIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(fields=["patient", "type", "moment"], name="resource_patient"),
            models.Index(fields=["origin"], name="resource_origin"),
            models.Index(fields=["type", "id"], name="resource_type"),
            models.Index(fields=["pack"], name="resource_pack"),
        ]


class Version(models.Model):
    """A version that a newer one has replaced."""

    pk = models.CompositePrimaryKey("resource", "version")
    resource = models.BigIntegerField()
    version = models.IntegerField()
    pack = models.BigIntegerField()
    start = models.IntegerField()
    length = models.IntegerField()
    hash = models.BinaryField()
    deleted = models.SmallIntegerField()

    class Meta:
        indexes = [models.Index(fields=["pack"], name="version_pack")]


class Token(models.Model):
    """A code, identifier, address or truth value of a resource: numbers of parameter, value and system."""

    pk = models.CompositePrimaryKey("param", "value", "system", "resource")
    param = models.IntegerField()
    value = models.BigIntegerField()
    system = models.IntegerField()
    resource = models.BigIntegerField()


class Link(models.Model):
    """A reference of a resource: ``target`` is the key of ``Type/id`` or the number of another address."""

    pk = models.CompositePrimaryKey("target", "param", "resource")
    target = models.BigIntegerField()
    param = models.IntegerField()
    resource = models.BigIntegerField()


class String(models.Model):
    """A folded text of a resource, whole or one of its words."""

    pk = models.CompositePrimaryKey("param", "value", "resource")
    param = models.IntegerField()
    value = models.CharField(max_length=120)
    resource = models.BigIntegerField()


class Date(models.Model):
    """A time of a resource as an interval of milliseconds since 1970, both ends included."""

    pk = models.CompositePrimaryKey("param", "low", "high", "resource")
    param = models.IntegerField()
    low = models.BigIntegerField()
    high = models.BigIntegerField()
    resource = models.BigIntegerField()


class Number(models.Model):
    """A number or quantity of a resource as the interval of its precision; ``unit`` is the number of the unit."""

    pk = models.CompositePrimaryKey("param", "low", "high", "unit", "resource")
    param = models.IntegerField()
    low = models.FloatField()
    high = models.FloatField()
    unit = models.IntegerField()
    resource = models.BigIntegerField()


class Counter(models.Model):
    """The last number given to a ``resource`` or ``pack``; under ``index`` the rules that the index rows follow."""

    name = models.CharField(max_length=20, primary_key=True)
    last = models.BigIntegerField()


class Export(models.Model):
    """A bulk export that a system asked for (``$export``), and how far it is.

    ``types`` are written one after the other; ``place`` counts those that are done, ``after`` is the number of the
    last resource written of the next one, ``size`` the bytes of its file then: after an interruption the file is cut
    to that and the work goes on. ``counts`` and ``sizes`` by type.
    """

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    id = models.CharField(max_length=32, primary_key=True)
    caller = models.CharField(max_length=120)
    caller_name = models.CharField(max_length=200)
    request = models.TextField()
    base = models.CharField(max_length=300)
    types = models.JSONField()
    grants = models.JSONField()
    kinds = models.JSONField()
    since = models.CharField(max_length=24, blank=True)
    until = models.CharField(max_length=24)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    place = models.IntegerField(default=0)
    after = models.BigIntegerField(default=0)
    size = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    problem = models.JSONField(null=True)
    made_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state"], name="export_state")]
