"""What the record filled into a draft, so that something newer can be offered."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("transfers", "0006_request_identifier"),)
    operations = (
        migrations.AddField(
            model_name="transfer",
            name="filled",
            field=models.JSONField(
                default=dict, help_text="field: what the record filled in, see filling.py"
            ),
        ),
    )
