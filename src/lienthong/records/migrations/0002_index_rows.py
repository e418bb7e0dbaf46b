from hashlib import blake2b

from django.db import migrations, models

TABLES = {
    "token": "param integer NOT NULL, value bigint NOT NULL, system integer NOT NULL, resource bigint NOT NULL,"
    " PRIMARY KEY (param, value, system, resource)",
    "link": "target bigint NOT NULL, param integer NOT NULL, resource bigint NOT NULL,"
    " PRIMARY KEY (target, param, resource)",
    "string": "param integer NOT NULL, value varchar(120){collation} NOT NULL, resource bigint NOT NULL,"
    " PRIMARY KEY (param, value, resource)",
    "date": "param integer NOT NULL, low bigint NOT NULL, high bigint NOT NULL, resource bigint NOT NULL,"
    " PRIMARY KEY (param, low, high, resource)",
    "number": "param integer NOT NULL, low {double} NOT NULL, high {double} NOT NULL, unit integer NOT NULL,"
    " resource bigint NOT NULL, PRIMARY KEY (param, low, high, unit, resource)",
}


def create_tables(apps, schema_editor):
    """On SQLite one B-tree that is the table itself; text compared byte by byte, so that prefixes are ranges."""
    sqlite = schema_editor.connection.vendor == "sqlite"
    words = (
        {"collation": "", "double": "real"}
        if sqlite
        else {"collation": ' COLLATE "C"', "double": "double precision"}
    )
    for name, columns in TABLES.items():
        option = " WITHOUT ROWID" if sqlite else ""
        schema_editor.execute(f"CREATE TABLE records_{name} ({columns.format(**words)}){option}")
    schema_editor.execute("DROP TABLE records_searchvalue")


def fill_keys(apps, schema_editor):
    """Index rows themselves are made anew when the node starts (:mod:`lienthong.records.reindexing`)."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT id, ref FROM records_resource")
        rows = [
            (int.from_bytes(blake2b(ref.encode(), digest_size=8).digest(), "big", signed=True), id)
            for id, ref in cursor.fetchall()
        ]
        cursor.executemany("UPDATE records_resource SET key = %s WHERE id = %s", rows)
        cursor.execute(
            "UPDATE records_resource SET patient ="
            " (SELECT p.key FROM records_resource p WHERE p.id = records_resource.patient)"
        )


def composite(*names):
    return models.CompositePrimaryKey(*names, blank=True, editable=False, primary_key=True, serialize=False)


INTEGER, BIG, FLOAT = models.IntegerField, models.BigIntegerField, models.FloatField


class Migration(migrations.Migration):
    dependencies = [("records", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(create_tables)],
            state_operations=[
                migrations.DeleteModel("SearchValue"),
                migrations.CreateModel(
                    name="Token",
                    fields=[
                        ("pk", composite("param", "value", "system", "resource")),
                        ("param", INTEGER()),
                        ("value", BIG()),
                        ("system", INTEGER()),
                        ("resource", BIG()),
                    ],
                ),
                migrations.CreateModel(
                    name="Link",
                    fields=[
                        ("pk", composite("target", "param", "resource")),
                        ("target", BIG()),
                        ("param", INTEGER()),
                        ("resource", BIG()),
                    ],
                ),
                migrations.CreateModel(
                    name="String",
                    fields=[
                        ("pk", composite("param", "value", "resource")),
                        ("param", INTEGER()),
                        ("value", models.CharField(max_length=120)),
                        ("resource", BIG()),
                    ],
                ),
                migrations.CreateModel(
                    name="Date",
                    fields=[
                        ("pk", composite("param", "low", "high", "resource")),
                        ("param", INTEGER()),
                        ("low", BIG()),
                        ("high", BIG()),
                        ("resource", BIG()),
                    ],
                ),
                migrations.CreateModel(
                    name="Number",
                    fields=[
                        ("pk", composite("param", "low", "high", "unit", "resource")),
                        ("param", INTEGER()),
                        ("low", FLOAT()),
                        ("high", FLOAT()),
                        ("unit", INTEGER()),
                        ("resource", BIG()),
                    ],
                ),
            ],
        ),
        migrations.AddField("resource", "key", models.BigIntegerField(null=True)),
        migrations.RunPython(fill_keys, migrations.RunPython.noop),
        migrations.AlterField("resource", "key", models.BigIntegerField(unique=True)),
        migrations.AlterField("resource", "ref", models.CharField(max_length=100)),
        migrations.AddIndex("resource", models.Index(fields=["type", "id"], name="resource_type")),
        migrations.AddIndex("resource", models.Index(fields=["pack"], name="resource_pack")),
        migrations.AddIndex("version", models.Index(fields=["pack"], name="version_pack")),
    ]
