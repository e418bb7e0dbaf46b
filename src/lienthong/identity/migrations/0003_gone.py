from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("identity", "0002_clerk"),
    ]

    operations = [
        migrations.AddField(
            model_name="registration",
            name="gone",
            field=models.CharField(db_default="", default="", max_length=8),
        ),
        migrations.AddField(
            model_name="weightsinuse",
            name="parted",
            field=models.BigIntegerField(default=0),
        ),
    ]
