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

    ``ref`` is ``Type/id``; ``patient`` the number of the Patient it belongs to; ``moment`` its clinical time
    (UTC, ``yyyy-MM-ddTHH:mm:ssZ``); ``start`` and ``length`` the place of its JSON in the pack.
    """

    id = models.BigAutoField(primary_key=True)
    ref = models.CharField(max_length=100, unique=True)
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


class SearchValue(models.Model):
    """A value under which a resource is found: parameter number, value, resource number."""

    pk = models.CompositePrimaryKey("param", "value", "resource")
    param = models.SmallIntegerField()
    value = models.CharField(max_length=300)
    resource = models.BigIntegerField()


class Counter(models.Model):
    """The last number given to a ``resource`` or ``pack``."""

    name = models.CharField(max_length=20, primary_key=True)
    last = models.BigIntegerField()
