"""The tables of exchange. They are written and read by ``sql.py`` alone.

Times are texts as :func:`lienthong.foundation.clock.iso` writes them, so that they compare as text; empty means never.
"""

from __future__ import annotations

from django.db import models

_MOMENT = 24


class Message(models.Model):
    """A message at one node: ``out`` at its sender, ``relay`` at the hub, ``in`` at its receiver.

    ``manifest`` is the SHA-256 of the signed payload, ``bytes`` the size of all parts, ``position`` the number in the
    receiver's mailbox. ``state``: out ``queued accepted stored refused set-aside replaced given-up``, relay ``accepted
    stored refused returned``, in ``collected stored refused set-aside given-up``. ``receipt_state``: in ``due sent
    held``, out ``collected verified``. ``seq`` and ``prev`` chain the messages from one facility to another.
    """

    number = models.BigAutoField(primary_key=True)
    direction = models.CharField(max_length=5)
    message = models.CharField(max_length=32)
    kind = models.CharField(max_length=40)
    loop = models.CharField(max_length=64)
    sender = models.CharField(max_length=16)
    receiver = models.CharField(max_length=16)
    created = models.CharField(max_length=_MOMENT)
    jws = models.TextField()
    manifest = models.CharField(max_length=64)
    bytes = models.BigIntegerField()
    lane = models.SmallIntegerField(db_default=0)
    seq = models.BigIntegerField(db_default=0)
    prev = models.CharField(max_length=64, db_default="")
    state = models.CharField(max_length=12)
    position = models.BigIntegerField(null=True)
    accepted_at = models.CharField(max_length=_MOMENT, db_default="")
    acceptance = models.TextField(db_default="")
    day = models.CharField(max_length=10, db_default="", help_text="day of acceptance in Viet Nam")
    about = models.CharField(
        max_length=10, db_default="", help_text="relay: the day the sender counts it for"
    )
    receipt = models.TextField(db_default="")
    receipt_at = models.CharField(max_length=_MOMENT, db_default="")
    receipt_hash = models.CharField(max_length=64, db_default="", help_text="SHA-256 of its payload")
    receipt_state = models.CharField(max_length=10, db_default="")
    receipt_position = models.BigIntegerField(null=True, help_text="relay: number in the sender's mailbox")
    problem = models.TextField(db_default="", help_text="JSON of the problem that holds it up")
    replaced_by = models.CharField(
        max_length=32, db_default="", help_text="out: the message that stands for it"
    )
    withdrawn_by = models.CharField(
        max_length=32, db_default="", help_text="out: the message that tells that this one never comes"
    )
    attempts = models.IntegerField(db_default=0)
    next_try = models.CharField(max_length=_MOMENT, db_default="")
    claimed_by = models.CharField(max_length=32, db_default="")
    claimed_until = models.CharField(max_length=_MOMENT, db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["direction", "message"], name="exchange_message_once")]
        indexes = [
            models.Index(fields=["loop", "direction", "state", "lane"], name="exchange_in_loop"),
            models.Index(fields=["manifest"], name="exchange_manifest"),
            models.Index(fields=["day"], name="exchange_day"),
            models.Index(fields=["direction", "accepted_at"], name="exchange_accepted"),
            models.Index(fields=["direction", "receipt_at"], name="exchange_receipted"),
            models.Index(fields=["state", "direction", "lane", "number"], name="exchange_work"),
            models.Index(fields=["direction", "sender", "seq"], name="exchange_chained"),
            models.Index(fields=["receipt_state", "direction"], name="exchange_receipt_state"),
            models.Index(
                fields=["receipt_hash"], condition=~models.Q(receipt_hash=""), name="exchange_receipt_hash"
            ),
        ]


class Part(models.Model):
    """A part of a message, named by the SHA-256 of its content."""

    number = models.BigIntegerField(help_text="of the message at this node")
    place = models.IntegerField()
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    role = models.CharField(max_length=40)
    type = models.CharField(max_length=100)
    priority = models.SmallIntegerField(db_default=0)
    sealed = models.CharField(
        max_length=64, db_default="", help_text="SHA-256 of what travels; empty: nothing"
    )
    sealed_size = models.BigIntegerField(db_default=0)
    pk = models.CompositePrimaryKey("number", "place")

    class Meta:
        indexes = [
            models.Index(fields=["sha256"], name="exchange_part_content"),
            models.Index(fields=["sealed"], name="exchange_part_sealed"),
        ]


class Chain(models.Model):
    """The last link to (``out``) or from (``in``) another facility; at the receiver, the last without a gap."""

    direction = models.CharField(max_length=3)
    peer = models.CharField(max_length=16)
    seq = models.BigIntegerField()
    manifest = models.CharField(max_length=64)
    pk = models.CompositePrimaryKey("direction", "peer")


class Sealed(models.Model):
    """Small sealed content on its way; large is in the node's folder of sealed content."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    age = models.BinaryField()


class Content(models.Model):
    """Content of parts whose compressed form is small; larger content is in the node's blob folder."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    size = models.BigIntegerField(help_text="of the content, not compressed")
    zstd = models.BinaryField(help_text="one zstd frame, as its sender made it")


class Upload(models.Model):
    """Hub: large sealed content that a facility has put."""

    facility = models.CharField(max_length=16)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    at = models.CharField(max_length=_MOMENT)
    pk = models.CompositePrimaryKey("facility", "sha256")


class Mailbox(models.Model):
    """Hub: the last number given in a facility's mailbox."""

    facility = models.CharField(max_length=16, primary_key=True)
    last = models.BigIntegerField()


class MailboxItem(models.Model):
    """Hub: a message for its receiver, or a receipt for the sender of the message."""

    facility = models.CharField(max_length=16)
    number = models.BigIntegerField()
    kind = models.CharField(max_length=12)
    message = models.CharField(max_length=32)
    at = models.CharField(max_length=_MOMENT)
    handed_at = models.CharField(max_length=_MOMENT, db_default="")
    done_at = models.CharField(max_length=_MOMENT, db_default="")
    pk = models.CompositePrimaryKey("facility", "number")


class Line(models.Model):
    """Site: how far the mailbox was collected, and how the line to the hub is."""

    name = models.CharField(max_length=16, primary_key=True)
    position = models.BigIntegerField(db_default=0)
    contact_at = models.CharField(max_length=_MOMENT, db_default="")
    clock_off = models.IntegerField(
        db_default=0, help_text="seconds by which the hub's clock is ahead of ours"
    )
    up_rate = models.BigIntegerField(db_default=0, help_text="bytes a second, lately")
    down_rate = models.BigIntegerField(db_default=0)
    problem = models.TextField(db_default="")


class Trace(models.Model):
    """One step of a message's journey, as this node saw it or as another node signed it."""

    number = models.BigAutoField(primary_key=True)
    message = models.CharField(max_length=32)
    at = models.CharField(max_length=_MOMENT)
    place = models.CharField(max_length=16)
    step = models.CharField(max_length=20)
    detail = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(fields=["message", "at"], name="exchange_trace_message")]


class Withdrawn(models.Model):
    """Receiver: a place in a sender's chain whose message, as the sender says, never comes."""

    sender = models.CharField(max_length=16)
    seq = models.BigIntegerField()
    manifest = models.CharField(max_length=64)
    pk = models.CompositePrimaryKey("sender", "seq")


# Trust


class JoinCode(models.Model):
    """Hub: a code by which a unit joins, and the request of whoever used it.

    ``key`` (hexadecimal) is derived from the code's secret and is emptied when the code has ended. ``state``: ``open``,
    ``waiting``, ``approved``, ``refused``, ``withdrawn``. ``position``: the number in the unit's mailbox after which
    its mail begins, once approved.
    """

    name = models.CharField(max_length=8, primary_key=True)
    facility = models.CharField(max_length=16)
    key = models.CharField(max_length=64)
    state = models.CharField(max_length=9)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=120)
    expires_at = models.DateTimeField()
    request = models.TextField(default="", help_text="JWS of the unit")
    request_hash = models.CharField(max_length=64, default="")
    asked_at = models.DateTimeField(null=True)
    address = models.CharField(max_length=45, default="")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=120, default="")
    position = models.BigIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["facility", "state"], name="exchange_joincode_facility")]


# Alerts


class Alert(models.Model):
    """What a person must see to: one row for each cause, open until ``closed_at`` is set; raised again, it opens."""

    code = models.CharField(max_length=60)
    about = models.CharField(max_length=80)
    problem = models.TextField(help_text="JSON of the problem, without patient data")
    since = models.CharField(max_length=_MOMENT)
    last = models.CharField(max_length=_MOMENT)
    times = models.IntegerField()
    closed_at = models.CharField(max_length=_MOMENT, db_default="")
    pk = models.CompositePrimaryKey("code", "about")

    class Meta:
        indexes = [models.Index(fields=["closed_at"], name="exchange_alert_open")]


class TusUpload(models.Model):
    """Hub: content that a facility sends in pieces; what has come is a file below ``NODE.sealed``."""

    id = models.CharField(max_length=32, primary_key=True)
    facility = models.CharField(max_length=16)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    metadata = models.CharField(max_length=1000)
    created = models.CharField(max_length=_MOMENT)
    expires = models.CharField(max_length=_MOMENT)
    done_at = models.CharField(max_length=_MOMENT, db_default="")
    writer = models.CharField(max_length=32, db_default="", help_text="the call that may write now")

    class Meta:
        indexes = [
            models.Index(fields=["facility", "sha256"], name="exchange_tus_content"),
            models.Index(fields=["expires"], name="exchange_tus_expires"),
        ]


class Running(models.Model):
    """Site: large sealed content on its way ``up`` or ``down``, how far it came, and the address of its upload."""

    direction = models.CharField(max_length=4)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    done = models.BigIntegerField(db_default=0)
    address = models.CharField(max_length=200, db_default="")
    at = models.CharField(max_length=_MOMENT)
    pk = models.CompositePrimaryKey("direction", "sha256")


# Reconciling


class Discrepancy(models.Model):
    """A thing that is not as it was signed, or that two facilities do not have alike; one row for each, however often.

    ``side``: ``here`` when this node must mend it, ``there`` when the other one must. ``what`` and ``finding`` are
    words of ``reconciling/words.py``; ``place`` is the SHA-256 of content or the facility of a mailbox.
    """

    key = models.CharField(max_length=32, primary_key=True)
    direction = models.CharField(max_length=5)
    message = models.CharField(max_length=32, help_text="empty while only its manifest's hash is known")
    manifest = models.CharField(max_length=64)
    sender = models.CharField(max_length=16)
    receiver = models.CharField(max_length=16)
    what = models.CharField(max_length=12)
    place = models.CharField(max_length=64, db_default="")
    finding = models.CharField(max_length=12)
    side = models.CharField(max_length=5, db_default="here")
    source = models.CharField(max_length=10, help_text="checking or comparing")
    found_at = models.CharField(max_length=_MOMENT)
    asked_at = models.CharField(max_length=_MOMENT, db_default="")
    mended_at = models.CharField(max_length=_MOMENT, db_default="")
    how = models.CharField(max_length=12, db_default="")

    class Meta:
        indexes = [
            models.Index(fields=["mended_at", "found_at"], name="exchange_discrepancy_open"),
            models.Index(fields=["message"], name="exchange_discrepancy_message"),
        ]


class Reconciliation(models.Model):
    """The nightly work of this node and how far it is: one row. A worker holds it by ``claimed_until``."""

    name = models.CharField(max_length=4, primary_key=True)
    phase = models.CharField(max_length=10, db_default="", help_text="checking, comparing, or empty")
    wanted = models.CharField(max_length=_MOMENT, db_default="", help_text="since when a person waits for it")
    position = models.BigIntegerField(db_default=0)
    last = models.BigIntegerField(db_default=0)
    checked = models.BigIntegerField(db_default=0)
    total = models.BigIntegerField(db_default=0)
    started_at = models.CharField(max_length=_MOMENT, db_default="")
    checked_at = models.CharField(max_length=_MOMENT, db_default="")
    ended_at = models.CharField(max_length=_MOMENT, db_default="")
    next_at = models.CharField(max_length=_MOMENT, db_default="")
    claimed_by = models.CharField(max_length=32, db_default="")
    claimed_until = models.CharField(max_length=_MOMENT, db_default="")


class Comparison(models.Model):
    """The messages from one facility to another, compared by the two; at the hub as their results say.

    ``state``: ``asked`` while it goes on, ``done``. ``memory`` holds what the asking side must remember meanwhile,
    ``differences`` the ids and words of the last result, ``seen`` the hub's number of the message that brought it.
    """

    sender = models.CharField(max_length=16)
    receiver = models.CharField(max_length=16)
    run = models.CharField(max_length=32, db_default="")
    state = models.CharField(max_length=8, db_default="")
    horizon = models.CharField(max_length=_MOMENT, db_default="")
    asked_at = models.CharField(max_length=_MOMENT, db_default="")
    compared_at = models.CharField(max_length=_MOMENT, db_default="")
    messages = models.BigIntegerField(db_default=0)
    differing = models.BigIntegerField(db_default=0)
    memory = models.TextField(db_default="")
    differences = models.TextField(db_default="")
    seen = models.BigIntegerField(db_default=0)
    pk = models.CompositePrimaryKey("sender", "receiver")


class Inquiry(models.Model):
    """What another facility asked and this one has still to answer."""

    message = models.CharField(max_length=32, primary_key=True)
    kind = models.CharField(max_length=40)
    peer = models.CharField(max_length=16)
    content = models.TextField()
    at = models.CharField(max_length=_MOMENT)


class Wish(models.Model):
    """Hub: what it asks sites to bring again of a damaged message, signed."""

    message = models.CharField(max_length=32, primary_key=True)
    jws = models.TextField()
    at = models.CharField(max_length=_MOMENT)
