"""Files of tasks, documents and meetings."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("rollout", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="PlanFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("changed_at", models.DateTimeField()),
                ("changed_by", models.CharField(max_length=120)),
                ("name", models.CharField(max_length=120, verbose_name="File name")),
                ("kind", models.CharField(max_length=8, verbose_name="Kind of file")),
                ("size", models.PositiveIntegerField(verbose_name="Bytes")),
                ("sha256", models.CharField(max_length=64, verbose_name="SHA-256")),
                (
                    "document",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="rollout.document",
                    ),
                ),
                (
                    "meeting",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="rollout.meeting",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="rollout.task",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("document", None), ("meeting", None), ("task__isnull", False)),
                            models.Q(("document__isnull", False), ("meeting", None), ("task", None)),
                            models.Q(("document", None), ("meeting__isnull", False), ("task", None)),
                            _connector="OR",
                        ),
                        name="rollout_plan_file_of_one",
                    )
                ],
            },
        ),
    ]
