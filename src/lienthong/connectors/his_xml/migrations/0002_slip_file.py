from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("his_xml", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="SlipFile",
            fields=[
                ("loop", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("version", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
            ],
        ),
    ]
