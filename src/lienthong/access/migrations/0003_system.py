from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0002_audit_batch"),
    ]

    operations = [
        migrations.CreateModel(
            name="System",
            fields=[
                (
                    "id",
                    models.CharField(help_text="client_id", max_length=32, primary_key=True, serialize=False),
                ),
                ("name", models.CharField(max_length=120)),
                (
                    "keys",
                    models.JSONField(default=list, help_text="public keys (JWK), each with its kid"),
                ),
                ("scopes", models.JSONField(default=list)),
                ("is_active", models.BooleanField(default=True)),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(max_length=120)),
                ("used_at", models.DateTimeField(help_text="when a token of it was last shown", null=True)),
            ],
            options={"ordering": ["name"]},
        ),
    ]
