"""Accounts with dated roles. The audit trail is plain SQL (``audit.py``); its tables are declared here."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person does at a unit."""

    DOCTOR = "doctor", _("Doctor")
    NURSE = "nurse", _("Nurse")
    IT = "it", _("IT")
    HEAD = "head", _("Head of unit")
    PROTECTION = "protection", _("Data protection officer")
    DEPARTMENT = "department", _("Department of Health officer")
    DIVISION = "division", _("Head of division")
    DIRECTOR = "director", _("Director who signs reports")
    CLERK = "clerk", _("Records clerk")
    LEADER = "leader", _("Provincial leader")
    POLICE = "police", _("Security reviewer (police)")
    UNIT = "unit", _("Roll-out team of a unit")
    VENDOR = "vendor", _("Vendor")


SCOPED = (Role.UNIT, Role.VENDOR)
"""Roles that are given for something: a unit of the province, a vendor."""


class AccountManager(BaseUserManager["Account"]):
    """Looks accounts up by name, whatever the case."""

    def get_by_natural_key(self, username: str | None) -> Account:
        return self.get(username__iexact=username)


class Account(AbstractBaseUser):
    """A person who signs in at this node."""

    username = models.CharField(_("User name"), max_length=60, unique=True)
    full_name = models.CharField(_("Full name"), max_length=120)
    licence = models.CharField(_("Practice licence"), max_length=60, blank=True)
    language = models.CharField(max_length=2, default="vi")
    is_active = models.BooleanField(default=True)
    must_change_password = models.BooleanField(default=False)
    password_changed_at = models.DateTimeField(null=True)
    failed_attempts = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True)

    objects: ClassVar[AccountManager] = AccountManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    class Meta:
        ordering = ["full_name"]


class RoleGrant(models.Model):
    """A role of an account at a unit, from one moment to another; who gave it.

    ``scope``: for roles of :data:`SCOPED` the code of the unit or vendor, else empty.
    """

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=12, choices=Role.choices)
    facility = models.CharField(max_length=16)
    scope = models.CharField(max_length=16, db_default="")
    granted_at = models.DateTimeField()
    granted_by = models.CharField(max_length=120)
    ended_at = models.DateTimeField(null=True)


class AuditHead(models.Model):
    """The end of the audit chain: one row, locked by whoever writes the next event."""

    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)


class AuditEvent(models.Model):
    """One link of the audit chain. Rows are only ever added."""

    seq = models.BigIntegerField(primary_key=True)
    at = models.CharField(max_length=24)
    person = models.CharField(max_length=60)
    person_name = models.CharField(max_length=120)
    role = models.CharField(max_length=60)
    address = models.CharField(max_length=45)
    action = models.CharField(max_length=40)
    page = models.CharField(max_length=200)
    patient = models.CharField(max_length=64)
    why = models.CharField(max_length=200)
    detail = models.TextField()
    hash = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(fields=["patient", "seq"], name="audit_patient"),
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["seq"], name="audit_emergency", condition=models.Q(why="ETREAT")),
        ]


class AuditBatch(models.Model):
    """Events ``first`` to ``last`` of the audit chain under one Merkle root, and the time-stamp over it.

    ``head`` is the hash of the last event. ``answer`` is the service's TimeStampResp (RFC 3161), NULL while it waits;
    ``stamped_at`` the service's time. ``checked_at`` is set when a check of the chain has passed over the batch.
    """

    number = models.BigIntegerField(primary_key=True)
    facility = models.CharField(max_length=16)
    first = models.BigIntegerField(unique=True)
    last = models.BigIntegerField()
    root = models.CharField(max_length=64)
    head = models.CharField(max_length=64)
    made_at = models.CharField(max_length=24)
    answer = models.BinaryField(null=True)
    stamped_at = models.CharField(max_length=24, db_default="")
    stamped_by = models.CharField(max_length=300, db_default="")
    checked_at = models.CharField(max_length=24, db_default="")

    class Meta:
        indexes = [models.Index(fields=["stamped_at"], name="audit_batch_stamped")]


class AddressFailures(models.Model):
    """Failed sign-ins from one network address in the last minutes."""

    address = models.CharField(max_length=45, primary_key=True)
    failures = models.PositiveIntegerField()
    last_at = models.DateTimeField()


class Assertion(models.Model):
    """Client assertions already used (RFC 7523: ``jti`` counts once)."""

    jti = models.CharField(max_length=100, primary_key=True, help_text="name of the key or caller, and jti")
    expires = models.CharField(max_length=24)


class System(models.Model):
    """Another program of the unit (HIS and the like) that may call this node's doors; its rights are scopes."""

    id = models.CharField(max_length=32, primary_key=True, help_text="client_id")
    name = models.CharField(max_length=120)
    keys: models.JSONField[list[dict[str, str]], list[dict[str, str]]] = models.JSONField(
        default=list, help_text="public keys (JWK), each with its kid"
    )
    scopes: models.JSONField[list[str], list[str]] = models.JSONField(default=list)
    purposes: models.JSONField[list[str], list[str]] = models.JSONField(
        default=list, help_text="purposes of use that it may call for, the usual one first"
    )
    bases: models.JSONField[list[str], list[str]] = models.JSONField(
        default=list, help_text="legal bases that it may act under, the usual one first"
    )
    kinds: models.JSONField[list[str], list[str]] = models.JSONField(
        default=list, help_text="kinds of specially protected records that it may see"
    )
    edition = models.PositiveIntegerField(default=1, help_text="grows with every change")
    is_active = models.BooleanField(default=True)
    made_at = models.DateTimeField()
    made_by = models.CharField(max_length=120)
    used_at = models.DateTimeField(null=True, help_text="when a token of it was last shown")

    class Meta:
        ordering = ["name"]
