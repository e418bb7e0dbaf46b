"""The SQL of the store, by name. The same text runs on SQLite and on PostgreSQL."""

from __future__ import annotations

NEXT_NUMBERS = (
    "INSERT INTO records_counter (name, last) VALUES (%s, %s), (%s, %s)"
    " ON CONFLICT (name) DO UPDATE SET last = records_counter.last + excluded.last RETURNING name, last"
)
COUNTER = "SELECT last FROM records_counter WHERE name = %s"
SET_COUNTER = (
    "INSERT INTO records_counter (name, last) VALUES (%s, %s)"
    " ON CONFLICT (name) DO UPDATE SET last = excluded.last"
)
PLACES_AFTER = (
    "SELECT id, pack, start, length FROM records_resource WHERE id > %s AND deleted = 0 ORDER BY id LIMIT %s"
)
ORIGIN = "INSERT INTO records_origin (key) VALUES (%s) ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING id"
ORIGIN_NUMBERS = "SELECT key, id FROM records_origin WHERE key IN ({marks})"
KEEP_VERSION = (
    "INSERT INTO records_version (resource, version, pack, start, length, hash, deleted)"
    " SELECT id, version, pack, start, length, hash, deleted FROM records_resource WHERE id = %s"
)
UPDATE_RESOURCE = (
    "UPDATE records_resource SET patient = %s, moment = %s, origin = %s, restricted = %s, version = version + 1,"
    " pack = %s, start = %s, length = %s, hash = %s, deleted = %s WHERE id = %s"
)
PACK_AT = "SELECT at FROM records_pack WHERE id = %s"
PACKS = "SELECT id, body FROM records_pack WHERE id IN ({marks})"
PACKS_AFTER = "SELECT id, at, body FROM records_pack WHERE id > %s ORDER BY id LIMIT %s"
ORIGINS = (
    "SELECT r.ref, o.key, CASE WHEN r.version = 1 THEN r.pack ELSE (SELECT v.pack FROM records_version v"
    " WHERE v.resource = r.id AND v.version = 1) END FROM records_resource r"
    " JOIN records_origin o ON o.id = r.origin WHERE r.key IN ({marks})"
)

# What a row refers to is looked up row by row: PostgreSQL would rather read the whole table for a few hundred of them.
_AT = "(SELECT p.at FROM records_pack p WHERE p.id = {of}.pack)"
_ORIGIN_KEY = "(SELECT o.key FROM records_origin o WHERE o.id = r.origin)"
_STORED = _AT.format(of="r")
_COLUMNS = (
    f"r.type, r.ref, r.version, {_STORED}, r.moment, {_ORIGIN_KEY}, r.restricted, r.deleted, r.pack, r.start,"
    " r.length, r.id"
)
READ = f"SELECT {_COLUMNS} FROM records_resource r"
READ_THOSE = f"SELECT {{more}}, {_COLUMNS} FROM ({{those}}) m CROSS JOIN records_resource r WHERE r.id = m.id"
READ_REFS = READ + " WHERE r.key IN ({marks})"
CURRENT_VERSIONS = READ + " WHERE r.id > 0{more} ORDER BY r.pack DESC, r.id DESC LIMIT %s"
READ_IDS = READ + " WHERE r.id IN ({marks})"
READ_ORIGIN = READ + " WHERE r.origin = (SELECT id FROM records_origin WHERE key = %s) AND r.deleted = 0"
READ_PATIENT = (
    READ + " WHERE r.patient = %s AND r.deleted = 0"
    "{types} AND r.moment >= %s AND r.moment <= %s{open} ORDER BY r.moment DESC, r.id LIMIT %s"
)
OF_PATIENT = (
    READ + " WHERE r.patient = %s AND r.deleted = 0 AND r.id > %s AND r.type IN ({types})"
    f" AND (r.moment = '' OR (r.moment >= %s AND r.moment <= %s)) AND {_STORED} >= %s ORDER BY r.id LIMIT %s"
)
AFTER_OF_TYPE = (
    f"{READ} WHERE r.type = %s AND r.id > %s AND r.deleted = 0 AND {_STORED} >= %s AND {_STORED} <= %s"
    " ORDER BY r.id LIMIT %s"
)
WITH_CODE = (
    READ + " JOIN records_token v ON v.resource = r.id AND v.param = %s AND v.value = %s AND v.system = %s"
    " WHERE r.patient = %s AND r.type = %s AND r.deleted = 0"
    " AND r.restricted = 0 ORDER BY r.moment DESC LIMIT %s"
)
APPOINTED = (
    READ + " JOIN records_string v ON v.resource = r.id AND v.param = %s AND v.value >= %s AND v.value <= %s"
    " WHERE r.deleted = 0 AND r.restricted = 0 ORDER BY v.value, r.id LIMIT %s"
)
NUMBERED = "SELECT DISTINCT resource FROM records_token WHERE param = %s AND value = %s LIMIT %s"
_FORMER = (
    f"SELECT r.type, r.ref, v.version, {_AT.format(of='v')}, r.moment, {_ORIGIN_KEY}, r.restricted, v.deleted,"
    " v.pack, v.start, v.length, r.id FROM records_resource r JOIN records_version v ON v.resource = r.id"
)
HISTORY = _FORMER + " WHERE r.key = %s ORDER BY v.version DESC"
READ_VERSION = _FORMER + " WHERE r.key = %s AND v.version = %s"
FORMER_VERSIONS = (
    _FORMER + " WHERE v.version > 0{more} ORDER BY v.pack DESC, r.id DESC, v.version DESC LIMIT %s"
)
WRITERS_TURN = "UPDATE records_counter SET last = last WHERE name = 'pack'"
REFERRING = (
    "SELECT r.ref FROM records_link l JOIN records_resource r ON r.id = l.resource WHERE l.target = %s"
    " AND r.deleted = 0 LIMIT %s"
)
EXISTING = (
    f"SELECT r.id, r.ref, r.hash, r.moment, r.origin, {_ORIGIN_KEY}, r.deleted, r.version, r.pack, r.start,"
    " r.length, r.restricted FROM records_resource r WHERE r.key IN ({marks})"
)
EXISTING_OF_ORIGIN = (
    "SELECT id, ref, version, pack, start, length, restricted FROM records_resource"
    " WHERE origin = %s AND deleted = 0"
)
REMOVED = "SELECT ref FROM records_resource WHERE pack > %s AND pack <= %s AND type = %s AND deleted = 1"
COUNT = "SELECT COUNT(*) FROM records_resource WHERE type = %s AND deleted = 0"
COUNT_RESTRICTED = (
    "SELECT COUNT(*) FROM records_resource WHERE patient = %s AND deleted = 0 AND restricted <> 0"
)


def marks(count: int) -> str:
    """``%s, %s, %s`` for an IN list."""
    return ", ".join(["%s"] * count)
