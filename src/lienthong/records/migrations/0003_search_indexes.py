from django.db import migrations

INDEXES = {
    "link_resource": "records_link (resource)",
    "string_resource": "records_string (resource)",
    "date_resource": "records_date (resource)",
    "number_resource": "records_number (resource)",
    "date_long": "records_date (param, high) WHERE high - low > 86400000",
    "number_long": "records_number (param, high) WHERE high - low > 1",
    "pack_at": "records_pack (at)",
}


class Migration(migrations.Migration):
    """A search tests one resource against a condition (by ``resource``), finds the few intervals that are long (others
    are found by where they begin), and the packs of a time."""

    dependencies = [("records", "0002_index_rows")]

    operations = [
        migrations.RunSQL(f"CREATE INDEX {name} ON {columns}", f"DROP INDEX {name}")
        for name, columns in INDEXES.items()
    ]
