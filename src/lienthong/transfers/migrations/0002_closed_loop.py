"""Steps get ids and places, so that the state of a transfer follows from the set of its steps."""

from __future__ import annotations

import hashlib
from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone

_STATES = [
    ("drafted", "Draft"),
    ("sent", "Sent"),
    ("received", "Received"),
    ("seen", "Seen"),
    ("asked", "More information asked"),
    ("told", "Information given"),
    ("accepted", "Accepted"),
    ("declined", "Declined"),
    ("bed", "Bed found"),
    ("appointment", "Appointment given"),
    ("stabilised", "Stabilised"),
    ("departed", "Departed"),
    ("no-show", "Did not arrive"),
    ("arrived", "Patient arrived"),
    ("admitted", "Admitted"),
    ("interim", "Interim report"),
    ("outcome", "Outcome came back"),
    ("closed", "Closed"),
    ("cancelled", "Cancelled"),
    ("note", "Note"),
]
_PLACES = {"sent": 1, "received": 2, "seen": 3, "accepted": 4, "arrived": 5, "answered": 6}
_OWNERS = {"sent": "sender", "answered": "sender"}


def _id(*parts: str) -> str:
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=16).hexdigest()


def carry_over(apps: Any, schema_editor: Any) -> None:
    """Brings the steps of the first states into their new form; an answer becomes the outcome."""
    transfers, steps = apps.get_model("transfers", "Transfer"), apps.get_model("transfers", "Step")
    for old in apps.get_model("transfers", "OldStep").objects.order_by("id").iterator():
        kind = "outcome" if old.state == "answered" else old.state
        steps.objects.create(
            id=_id(old.transfer_id, kind),
            transfer_id=old.transfer_id,
            kind=kind,
            at=old.at,
            place=_PLACES[old.state],
            person=old.person,
            facility=old.facility,
            data={"diagnosis": old.note} if kind == "outcome" else {"note": old.note} if old.note else {},
            message=old.message,
        )
    for one in transfers.objects.iterator():
        one.owner_side = _OWNERS.get(one.state, "receiver")
        one.state = "outcome" if one.state == "answered" else one.state
        one.begun_at = one.left_at or one.changed_at
        one.since = one.changed_at
        one.save()


class Migration(migrations.Migration):
    dependencies = [("transfers", "0001_initial")]

    operations = [
        migrations.RemoveConstraint("step", "one_step_per_state"),
        migrations.RenameModel("Step", "OldStep"),
        migrations.AlterField(
            "oldstep",
            "transfer",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="transfers.transfer",
            ),
        ),
        migrations.CreateModel(
            "Step",
            fields=[
                ("id", models.CharField(max_length=32, primary_key=True, serialize=False)),
                (
                    "transfer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="transfers.transfer",
                    ),
                ),
                ("kind", models.CharField(choices=_STATES, max_length=12)),
                ("at", models.DateTimeField()),
                ("place", models.PositiveIntegerField()),
                ("person", models.CharField(blank=True, max_length=120)),
                ("role", models.CharField(blank=True, default="", max_length=60)),
                ("facility", models.CharField(max_length=16)),
                ("data", models.JSONField(default=dict)),
                ("effect", models.BooleanField(default=True)),
                ("message", models.CharField(blank=True, max_length=32)),
            ],
            options={"ordering": ["place", "at", "id"]},
        ),
        migrations.AddField(
            model_name="transfer",
            name="begun_at",
            field=models.DateTimeField(default=timezone.now),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="transfer",
            name="case",
            field=models.CharField(blank=True, default="", max_length=12),
        ),
        migrations.AddField(
            model_name="transfer",
            name="citizen",
            field=models.CharField(blank=True, default="", help_text="citizen number (CCCD)", max_length=12),
        ),
        migrations.AddField(
            model_name="transfer",
            name="complete",
            field=models.BooleanField(default=False, help_text="the minimum safe set is whole"),
        ),
        migrations.AddField(
            model_name="transfer",
            name="due",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="transfer",
            name="encounter",
            field=models.CharField(blank=True, default="", help_text="FHIR id of the visit", max_length=64),
        ),
        migrations.AddField(
            model_name="transfer",
            name="follows",
            field=models.CharField(
                blank=True, default="", help_text="loop that this one goes on", max_length=32
            ),
        ),
        migrations.AddField(
            model_name="transfer",
            name="follows_why",
            field=models.CharField(blank=True, default="", help_text="redirected or back", max_length=12),
        ),
        migrations.AddField(
            model_name="transfer",
            name="form",
            field=models.JSONField(default=dict, help_text="the minimum safe set, see form.py"),
        ),
        migrations.AddField(
            model_name="transfer",
            name="form_log",
            field=models.JSONField(default=dict, help_text="field: version and person of its last change"),
        ),
        migrations.AddField(
            model_name="transfer",
            name="owner_role",
            field=models.CharField(default="doctor", max_length=12),
        ),
        migrations.AddField(
            model_name="transfer",
            name="owner_side",
            field=models.CharField(
                choices=[("sender", "Sending hospital"), ("receiver", "Receiving hospital")],
                default="sender",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="transfer",
            name="signed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="transfer",
            name="signed_by",
            field=models.CharField(blank=True, default="", max_length=120),
        ),
        migrations.AddField(
            model_name="transfer",
            name="since",
            field=models.DateTimeField(default=timezone.now),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="transfer",
            name="told_level",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="how far up this state was announced"
            ),
        ),
        migrations.AddField(
            model_name="transfer",
            name="urgency",
            field=models.CharField(
                choices=[("emergency", "Emergency"), ("urgent", "Urgent"), ("planned", "Planned")],
                default="planned",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="transfer",
            name="version",
            field=models.PositiveIntegerField(default=0, help_text="grows with every change"),
        ),
        migrations.AlterField(
            model_name="transfer",
            name="patient",
            field=models.CharField(
                blank=True, help_text="FHIR id of the Patient at this node", max_length=64
            ),
        ),
        migrations.AlterField(
            model_name="transfer",
            name="patient_name",
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AlterField(
            model_name="transfer",
            name="receiver",
            field=models.CharField(blank=True, max_length=16),
        ),
        migrations.AlterField(
            model_name="transfer",
            name="state",
            field=models.CharField(
                choices=[
                    ("drafted", "Draft"),
                    ("sent", "Sent"),
                    ("received", "Received"),
                    ("seen", "Seen"),
                    ("asked", "More information asked"),
                    ("told", "Information given"),
                    ("accepted", "Accepted"),
                    ("declined", "Declined"),
                    ("bed", "Bed found"),
                    ("appointment", "Appointment given"),
                    ("stabilised", "Stabilised"),
                    ("departed", "Departed"),
                    ("no-show", "Did not arrive"),
                    ("arrived", "Patient arrived"),
                    ("admitted", "Admitted"),
                    ("interim", "Interim report"),
                    ("outcome", "Outcome came back"),
                    ("closed", "Closed"),
                    ("cancelled", "Cancelled"),
                    ("note", "Note"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["due"], name="transfer_due"),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["citizen"], name="transfer_citizen"),
        ),
        migrations.AddIndex(
            model_name="transfer",
            index=models.Index(fields=["patient"], name="transfer_patient"),
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
        migrations.DeleteModel("OldStep"),
        migrations.RemoveField(
            model_name="transfer",
            name="answer",
        ),
    ]
