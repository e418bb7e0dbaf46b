"""What the hub counts of transfers: steps from manifests, what each loop comes to, how far was read."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("transfers", "0004_notices"),
    ]

    operations = [
        migrations.CreateModel(
            name="Loop",
            fields=[
                ("loop", models.CharField(max_length=32)),
                ("sender", models.CharField(max_length=16)),
                ("receiver", models.CharField(max_length=16)),
                ("urgency", models.CharField(max_length=10)),
                ("state", models.CharField(max_length=12)),
                ("since", models.DateTimeField()),
                ("owner", models.CharField(max_length=16)),
                ("role", models.CharField(max_length=12)),
                ("due", models.DateTimeField(null=True)),
                ("hub_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(null=True)),
                ("departed_at", models.DateTimeField(null=True)),
                ("arrived_at", models.DateTimeField(null=True)),
                ("outcome_at", models.DateTimeField(null=True)),
                ("complete", models.BooleanField()),
                ("declined", models.CharField(blank=True, max_length=20)),
                ("cancelled", models.CharField(blank=True, max_length=20)),
                ("late", models.BooleanField(help_text="a turn was taken after its time")),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "loop",
                        "sender",
                        "receiver",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LoopReading",
            fields=[
                ("name", models.CharField(max_length=4, primary_key=True, serialize=False)),
                ("positions", models.JSONField(default=dict)),
                ("skipped", models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="LoopStep",
            fields=[
                ("key", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("loop", models.CharField(max_length=32)),
                ("sender", models.CharField(max_length=16)),
                ("receiver", models.CharField(max_length=16)),
                ("step", models.CharField(help_text="id of the step", max_length=32)),
                ("kind", models.CharField(max_length=12)),
                ("at", models.DateTimeField()),
                ("place", models.PositiveIntegerField()),
                ("urgency", models.CharField(blank=True, max_length=10)),
                ("complete", models.BooleanField(default=False)),
                ("code", models.CharField(blank=True, max_length=20)),
                (
                    "until",
                    models.CharField(
                        blank=True, help_text="moment that the step promises the next for", max_length=27
                    ),
                ),
                ("number", models.BigIntegerField()),
                ("taken_at", models.DateTimeField()),
            ],
        ),
        migrations.AddIndex(
            model_name="step",
            index=models.Index(fields=["kind", "at"], name="transfer_step_kind"),
        ),
        migrations.AddIndex(
            model_name="loop",
            index=models.Index(fields=["sent_at"], name="transfer_loop_sent"),
        ),
        migrations.AddIndex(
            model_name="loop",
            index=models.Index(fields=["hub_at"], name="transfer_loop_hub"),
        ),
        migrations.AddIndex(
            model_name="loopstep",
            index=models.Index(fields=["loop", "sender", "receiver"], name="transfer_loopstep_loop"),
        ),
    ]
