"""The text of a mail stands in its row; mails that still wait are bundled anew."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models


def _bundle_anew(apps: Any, schema: Any) -> None:
    waiting = apps.get_model("transfers", "Mail").objects.filter(kind="calls", state="waiting")
    apps.get_model("transfers", "MailLine").objects.filter(mail__in=waiting).update(mail=None)
    waiting.delete()


class Migration(migrations.Migration):
    dependencies = [("transfers", "0008_return_letter")]

    operations = [
        migrations.AddField("mail", "subject", models.CharField(max_length=400, blank=True, default="")),
        migrations.AddField("mail", "body", models.TextField(blank=True, default="")),
        migrations.RunPython(_bundle_anew, migrations.RunPython.noop),
    ]
