from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("access", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditBatch",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("facility", models.CharField(max_length=16)),
                ("first", models.BigIntegerField(unique=True)),
                ("last", models.BigIntegerField()),
                ("root", models.CharField(max_length=64)),
                ("head", models.CharField(max_length=64)),
                ("made_at", models.CharField(max_length=24)),
                ("answer", models.BinaryField(null=True)),
                ("stamped_at", models.CharField(db_default="", max_length=24)),
                ("stamped_by", models.CharField(db_default="", max_length=300)),
                ("checked_at", models.CharField(db_default="", max_length=24)),
            ],
        ),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["at"], name="audit_at"),
        ),
        migrations.AddIndex(
            model_name="auditbatch",
            index=models.Index(fields=["stamped_at"], name="audit_batch_stamped"),
        ),
    ]
