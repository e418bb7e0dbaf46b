from typing import Any

from django.db import migrations, models


def _all(apps: Any, _editor: Any) -> None:
    """The resources of every transfer that is here are made anew."""
    loops = apps.get_model("transfers", "Transfer").objects.order_by("changed_at", "loop")
    changed = apps.get_model("transfers", "Changed")
    rows = (changed(loop=loop) for loop in loops.values_list("loop", flat=True).iterator())
    changed.objects.bulk_create(rows, batch_size=500)


class Migration(migrations.Migration):
    dependencies = [
        ("transfers", "0009_mail_text"),
    ]

    operations = [
        migrations.CreateModel(
            name="Changed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("loop", models.CharField(max_length=32)),
            ],
        ),
        migrations.RunPython(_all, migrations.RunPython.noop),
    ]
