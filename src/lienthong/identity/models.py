"""The tables of the index. The hot ones are read and written by ``sql.py`` alone."""

from __future__ import annotations

from django.db import models


class Registration(models.Model):
    """One Patient as one facility knows it.

    ``fields``: :func:`.fields.pack`; ``shown``: name and address as they are written, separated by U+001F;
    ``person``: the number of the first registration of its person; ``gone``: why it is not in use any more
    (:data:`.leaving.REASONS`), empty while it is.
    """

    id = models.BigAutoField(primary_key=True)
    facility = models.CharField(max_length=16)
    fhir_id = models.CharField(max_length=64)
    person = models.BigIntegerField()
    fields = models.TextField()
    shown = models.TextField()
    gone = models.CharField(max_length=8, default="", db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["fhir_id", "facility"], name="identity_registered")]
        indexes = [models.Index(fields=["person"], name="identity_person")]


class Number(models.Model):
    """A number that a registration has or had. ``key``: of its normal form; ``system`` and ``value`` as written;
    ``since`` and ``until``: days as the hospital gave them, or the day on which it was first and last seen."""

    id = models.BigAutoField(primary_key=True)
    key = models.BigIntegerField()
    registration = models.BigIntegerField(db_index=True)
    system = models.CharField(max_length=200)
    value = models.CharField(max_length=120)
    since = models.CharField(max_length=10)
    until = models.CharField(max_length=10, default="")

    class Meta:
        indexes = [models.Index(fields=["key"], name="identity_number_key")]


class Key(models.Model):
    """A block (:mod:`.blocks`) and a registration in it."""

    pk = models.CompositePrimaryKey("block", "registration")
    block = models.BigIntegerField()
    registration = models.BigIntegerField()


class Past(models.Model):
    """Fields of a registration until ``at``, when others came."""

    id = models.BigAutoField(primary_key=True)
    registration = models.BigIntegerField(db_index=True)
    at = models.CharField(max_length=24)
    fields = models.TextField()
    shown = models.TextField()


class Event(models.Model):
    """What was said of one or more pairs. Never changed, never removed.

    ``kind``: ``linked``, ``unlinked``, ``decided-same``, ``decided-different``, ``decided-unknown``, ``undone``,
    ``rule-changed``, ``withdrawn``, ``replaced``. ``source``: facility of the person who said it, empty for the
    program. ``bits`` and ``detail``: the score and what made it. ``before``, ``after``: persons (lists of
    registrations) that the event changed.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.CharField(max_length=24)
    kind = models.CharField(max_length=20)
    source = models.CharField(max_length=16, default="")
    author = models.CharField(max_length=150)
    author_name = models.CharField(max_length=150)
    why = models.CharField(max_length=500)
    bits = models.FloatField(null=True)
    weights = models.CharField(max_length=40, default="")
    detail: models.JSONField[dict[str, object], dict[str, object]] = models.JSONField(default=dict)
    before: models.JSONField[list[list[int]], list[list[int]]] = models.JSONField(default=list)
    after: models.JSONField[list[list[int]], list[list[int]]] = models.JSONField(default=list)
    undoes = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["undoes"], condition=models.Q(undoes__isnull=False), name="identity_undoes")
        ]


class Said(models.Model):
    """What an event says of one pair (``first`` < ``second``): 1 the same, -1 different, 0 nothing any more.

    ``first`` = ``second`` with -1: this registration is one with no other, because it is not in use.
    """

    id = models.BigAutoField(primary_key=True)
    event = models.BigIntegerField(db_index=True)
    first = models.BigIntegerField(db_index=True)
    second = models.BigIntegerField(db_index=True)
    source = models.CharField(max_length=16)
    value = models.SmallIntegerField()
    bits = models.FloatField()


class Question(models.Model):
    """A pair that waits for a person's word. ``open`` is false while some person's word on it counts."""

    id = models.BigAutoField(primary_key=True)
    first = models.BigIntegerField()
    second = models.BigIntegerField(db_index=True)
    bits = models.FloatField()
    reason = models.CharField(max_length=20)
    at = models.CharField(max_length=24)
    open = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["first", "second"], name="identity_asked")]
        indexes = [models.Index(fields=["-bits"], condition=models.Q(open=True), name="identity_open")]


class WeightsInUse(models.Model):
    """A version of the weights that was put in use; the newest counts. ``content``: the file. ``parted``: up to
    which registration the program's links were judged anew; ``looked``: up to which links were looked for."""

    id = models.BigAutoField(primary_key=True)
    version = models.CharField(max_length=40)
    content = models.BinaryField()
    at = models.CharField(max_length=24)
    event = models.BigIntegerField()
    parted = models.BigIntegerField(default=0)
    looked = models.BigIntegerField(default=0)
    done = models.BooleanField(default=False)


class Progress(models.Model):
    """One row, which whoever writes locks. ``position``: the last arrival of ``records`` that was followed."""

    name = models.CharField(max_length=8, primary_key=True)
    position = models.BigIntegerField(default=0)


class Proposal(models.Model):
    """Other weights that somebody wants to see the effect of. One at a time: a newer one takes its place.

    ``counts``: kind of change to how many; ``samples``: ``[kind, first, second, bits before, bits after]``; ``state``:
    what the preview was made of, empty until it is done.
    """

    id = models.BigAutoField(primary_key=True)
    version = models.CharField(max_length=40)
    content = models.BinaryField()
    author = models.CharField(max_length=150)
    author_name = models.CharField(max_length=150)
    at = models.CharField(max_length=24)
    done_at = models.CharField(max_length=24, default="")
    registrations = models.BigIntegerField(default=0)
    counts: models.JSONField[dict[str, int], dict[str, int]] = models.JSONField(default=dict)
    samples: models.JSONField[list[list[object]], list[list[object]]] = models.JSONField(default=list)
    state = models.CharField(max_length=64, default="")


class Feed(models.Model):
    """Site: whether the hub is told who is registered here, who said so, and how far it has been told.

    One row. ``position``: the last arrival of ``records`` told to the hub at ``hub``.
    """

    name = models.CharField(max_length=4, primary_key=True)
    on = models.BooleanField(default=False)
    by = models.CharField(max_length=150, default="")
    at = models.CharField(max_length=24, default="")
    position = models.BigIntegerField(default=0)
    hub = models.CharField(max_length=200, default="")
    told = models.BigIntegerField(default=0)
    told_at = models.CharField(max_length=24, default="")


class NotTold(models.Model):
    """Site: a Patient that the hub did not take. ``problem``: what it said."""

    patient = models.CharField(max_length=64, primary_key=True)
    at = models.CharField(max_length=24)
    problem: models.JSONField[dict[str, object], dict[str, object]] = models.JSONField(default=dict)
