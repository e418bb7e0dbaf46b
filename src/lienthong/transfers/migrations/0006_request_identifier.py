import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("transfers", "0005_measures"),
    ]

    operations = [
        migrations.CreateModel(
            name="RequestIdentifier",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("system", models.CharField(max_length=255)),
                ("value", models.CharField(max_length=255)),
                ("content", models.CharField(blank=True, default="", max_length=64)),
                (
                    "transfer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="identifiers",
                        to="transfers.transfer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("system", "value"), name="one_request_identifier")
                ]
            },
        ),
    ]
