"""The SQL of reconciling, by name. The same text runs on SQLite and on PostgreSQL."""

from __future__ import annotations

# Checking
MESSAGE = (
    "number, direction, message, kind, loop, sender, receiver, created, jws, manifest, bytes, lane, seq, prev, state,"
    " position, accepted_at, acceptance, day, receipt, receipt_at, receipt_state"
)
STEP = f"SELECT {MESSAGE} FROM exchange_message WHERE number > %s AND number <= %s ORDER BY number LIMIT %s"
NAMED = f"SELECT {MESSAGE} FROM exchange_message WHERE direction = %s AND message IN ({{marks}})"
ONE_BY_NUMBER = f"SELECT {MESSAGE} FROM exchange_message WHERE number = %s"
ONE = f"SELECT {MESSAGE} FROM exchange_message WHERE direction = %s AND message = %s"
BY_MANIFEST = f"SELECT {MESSAGE} FROM exchange_message WHERE manifest = %s AND direction = %s"
PARTS = (
    "SELECT number, place, sha256, size, role, type, priority, sealed, sealed_size FROM exchange_part"
    " WHERE number IN ({marks}) ORDER BY number, place"
)
SPAN = "SELECT COALESCE(MAX(number), 0), COUNT(*) FROM exchange_message"
NUMBERS = "SELECT number FROM exchange_message WHERE number > %s AND number <= %s ORDER BY number LIMIT %s"
BROKEN_LINKS = (
    "SELECT m.message, m.manifest, m.sender, m.receiver, m.prev, p.manifest FROM exchange_message m"
    " LEFT JOIN exchange_message p ON p.direction = m.direction AND p.sender = m.sender AND p.receiver = m.receiver"
    " AND p.seq = m.seq - 1 WHERE m.direction = %s AND m.seq > 1 AND m.number IN ({marks})"
    " AND (p.manifest IS NULL OR p.manifest <> m.prev)"
)
ENDS = (
    "SELECT c.peer, c.seq, c.manifest FROM exchange_chain c WHERE c.direction = 'out' AND NOT EXISTS ("
    "SELECT 1 FROM exchange_message m WHERE m.direction = 'out' AND m.sender = %s AND m.receiver = c.peer"
    " AND m.seq = c.seq)"
)

# Hub: mailboxes
POSITION = {"message": "position", "receipt": "receipt_position"}
"""Where a message keeps the number of its item of a kind."""
WITHOUT_ITEM = (
    "SELECT m.message, m.manifest, m.sender, m.receiver, m.receiver FROM exchange_message m"
    " WHERE m.direction = 'relay' AND m.number IN ({marks}) AND m.position IS NOT NULL AND NOT EXISTS ("
    "SELECT 1 FROM exchange_mailboxitem i WHERE i.facility = m.receiver AND i.number = m.position"
    " AND i.kind = 'message' AND i.message = m.message) UNION ALL"
    " SELECT m.message, m.manifest, m.sender, m.receiver, m.sender FROM exchange_message m"
    " WHERE m.direction = 'relay' AND m.number IN ({marks}) AND m.receipt_position IS NOT NULL AND NOT EXISTS ("
    "SELECT 1 FROM exchange_mailboxitem i WHERE i.facility = m.sender AND i.number = m.receipt_position"
    " AND i.kind = 'receipt' AND i.message = m.message)"
)
ORPHANS = (
    "SELECT i.kind, i.message FROM exchange_mailboxitem i WHERE i.facility = %s AND i.number > %s"
    " AND i.number <= %s AND i.kind IN ('message', 'receipt') AND NOT EXISTS (SELECT 1 FROM exchange_message m"
    " WHERE m.direction = 'relay' AND m.message = i.message)"
)
MAILBOXES = "SELECT facility, last FROM exchange_mailbox ORDER BY facility"
ITEM_AGAIN = (
    "INSERT INTO exchange_mailboxitem (facility, number, kind, message, at)"
    " SELECT %s, m.{position}, %s, m.message, %s FROM exchange_message m WHERE m.direction = 'relay' AND m.message = %s"
    " ON CONFLICT (facility, number) DO UPDATE SET kind = excluded.kind, message = excluded.message"
)

# Mending
SET_FROM_MANIFEST = (
    "UPDATE exchange_message SET message = %s, kind = %s, loop = %s, sender = %s, receiver = %s, created = %s,"
    " manifest = %s, bytes = %s, lane = %s, seq = %s, prev = %s WHERE number = %s AND jws = %s"
)
SET_MANIFEST = "UPDATE exchange_message SET jws = %s WHERE number = %s"
SET_ACCEPTANCE = "UPDATE exchange_message SET acceptance = %s, accepted_at = %s WHERE number = %s"
SET_TIMES = "UPDATE exchange_message SET accepted_at = %s, day = %s WHERE number = %s"
SET_RECEIPT = (
    "UPDATE exchange_message SET receipt = %s, state = %s, receipt_state = %s,"
    " receipt_at = CASE WHEN receipt_at = '' THEN %s ELSE receipt_at END WHERE number = %s"
)
SET_STATE = "UPDATE exchange_message SET state = %s, receipt_state = %s WHERE number = %s"
DELETE_PARTS = "DELETE FROM exchange_part WHERE number = %s"
INSERT_PART = (
    "INSERT INTO exchange_part (number, place, sha256, size, role, type, priority, sealed, sealed_size)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
RESTORE = (
    "INSERT INTO exchange_message (direction, message, kind, loop, sender, receiver, created, jws, manifest, bytes,"
    " lane, seq, prev, state, position, accepted_at, acceptance, day, about, receipt, receipt_at, receipt_state)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (direction, message) DO NOTHING RETURNING number"
)
FORGET_ORPHAN_PARTS = (
    "DELETE FROM exchange_part WHERE sha256 IN ({marks}) AND NOT EXISTS ("
    "SELECT 1 FROM exchange_message m WHERE m.number = exchange_part.number)"
)
FRAME = "SELECT zstd FROM exchange_content WHERE sha256 = %s"
FORGET_CONTENT = "DELETE FROM exchange_content WHERE sha256 = %s"
SEALED = "SELECT age FROM exchange_sealed WHERE sha256 = %s"
FORGET_SEALED = "DELETE FROM exchange_sealed WHERE sha256 = %s"

# Discrepancies
_DISCREPANCY = (
    "key, direction, message, manifest, sender, receiver, what, place, finding, side, source, found_at, asked_at,"
    " mended_at, how"
)
FOUND = (
    "INSERT INTO exchange_discrepancy (key, direction, message, manifest, sender, receiver, what, place, finding, side,"
    " source, found_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (key) DO UPDATE SET"
    " found_at = CASE WHEN exchange_discrepancy.mended_at = '' THEN exchange_discrepancy.found_at"
    " ELSE excluded.found_at END,"
    " asked_at = CASE WHEN exchange_discrepancy.mended_at = '' THEN exchange_discrepancy.asked_at ELSE '' END,"
    " message = CASE WHEN excluded.message = '' THEN exchange_discrepancy.message ELSE excluded.message END,"
    " finding = excluded.finding, side = excluded.side, mended_at = '', how = ''"
)
MENDED = "UPDATE exchange_discrepancy SET mended_at = %s, how = %s WHERE mended_at = '' AND key IN ({marks})"
ASKED = "UPDATE exchange_discrepancy SET asked_at = %s WHERE mended_at = '' AND key IN ({marks})"
OPEN = f"SELECT {_DISCREPANCY} FROM exchange_discrepancy WHERE mended_at = '' ORDER BY found_at, key LIMIT %s"
OPEN_OF = f"SELECT {_DISCREPANCY} FROM exchange_discrepancy WHERE mended_at = '' AND (message = %s OR manifest = %s)"
NAME = "UPDATE exchange_discrepancy SET message = %s WHERE manifest = %s AND message = ''"
LATELY = (
    f"SELECT {_DISCREPANCY} FROM exchange_discrepancy WHERE direction = %s AND message = %s AND source = 'checking'"
    " AND found_at >= %s"
)
LATEST = f"SELECT {_DISCREPANCY} FROM exchange_discrepancy WHERE mended_at <> '' ORDER BY mended_at DESC, key LIMIT %s"
OPEN_OF_MESSAGES = (
    "SELECT key FROM exchange_discrepancy WHERE mended_at = '' AND source = 'checking' AND what <> 'chain'"
    " AND message IN ({marks})"
)
OPEN_CONTENTS = (
    "SELECT key FROM exchange_discrepancy WHERE mended_at = '' AND what = 'content' AND place IN ({marks})"
)
TRY_NOW = (
    "UPDATE exchange_message SET next_try = '' WHERE direction = 'in' AND state = 'collected' AND number IN ("
    "SELECT number FROM exchange_part WHERE sha256 IN ({marks}))"
)
OF_PAIR = (
    f"SELECT {_DISCREPANCY} FROM exchange_discrepancy WHERE mended_at = '' AND sender = %s AND receiver = %s"
    " ORDER BY found_at, key LIMIT %s"
)

# The work of this node
STATE = (
    "SELECT phase, wanted, position, last, checked, total, started_at, checked_at, ended_at, next_at"
    " FROM exchange_reconciliation WHERE name = 'node'"
)
MAKE_STATE = "INSERT INTO exchange_reconciliation (name) VALUES ('node') ON CONFLICT (name) DO NOTHING"
CLAIM = (
    "UPDATE exchange_reconciliation SET claimed_by = %s, claimed_until = %s WHERE name = 'node'"
    " AND (claimed_by = %s OR claimed_until < %s OR claimed_until > %s)"
)
UNCLAIM = (
    "UPDATE exchange_reconciliation SET claimed_by = '', claimed_until = ''"
    " WHERE name = 'node' AND claimed_by = %s"
)
WANT = "UPDATE exchange_reconciliation SET wanted = %s WHERE name = 'node' AND phase = ''"
PLAN = "UPDATE exchange_reconciliation SET next_at = %s WHERE name = 'node'"
BEGIN = (
    "UPDATE exchange_reconciliation SET phase = 'checking', position = 0, last = %s, checked = 0, total = %s,"
    " started_at = %s, checked_at = '', ended_at = '', next_at = %s WHERE name = 'node'"
)
MOVE = (
    "UPDATE exchange_reconciliation SET position = %s, checked = checked + %s, claimed_until = %s"
    " WHERE name = 'node'"
)
PHASE = "UPDATE exchange_reconciliation SET phase = %s, position = 0, checked_at = %s WHERE name = 'node'"
END = "UPDATE exchange_reconciliation SET phase = '', wanted = '', ended_at = %s WHERE name = 'node'"

# Comparing
PEERS = (
    "SELECT DISTINCT peer FROM exchange_chain WHERE direction = %s UNION"
    " SELECT {other} FROM exchange_comparison WHERE {own} = %s"
)
ENTRIES_AT_ONCE = 2000
HOUSEKEEPING = "'reconcile', 'reconcile-answer', 'reconcile-result', 'content-request', 'content'"
"""Kinds that are not compared: the messages of reconciling itself."""
NEWEST = "SELECT COALESCE(MAX(accepted_at), '') FROM exchange_message WHERE direction = %s"
ENTRIES = (
    "SELECT number, accepted_at, message, manifest, state, receipt_state, receipt FROM exchange_message"
    " WHERE direction = %s AND accepted_at >= %s AND accepted_at <= %s AND (accepted_at > %s OR number > %s)"
    f" AND sender = %s AND receiver = %s AND kind NOT IN ({HOUSEKEEPING}) ORDER BY accepted_at, number"
    f" LIMIT {ENTRIES_AT_ONCE}"
)
ENTRIES_NAMED = (
    "SELECT number, accepted_at, message, manifest, state, receipt_state, receipt FROM exchange_message"
    " WHERE direction = %s AND message IN ({marks}) AND sender = %s AND receiver = %s"
)
COMPARISON = "SELECT run, state, horizon, memory FROM exchange_comparison WHERE sender = %s AND receiver = %s"
ASK = (
    "INSERT INTO exchange_comparison (sender, receiver, run, state, horizon, asked_at, memory)"
    " VALUES (%s, %s, %s, 'asked', %s, %s, %s) ON CONFLICT (sender, receiver) DO UPDATE SET run = excluded.run,"
    " state = excluded.state, horizon = excluded.horizon, asked_at = excluded.asked_at, memory = excluded.memory"
)
COMPARED = (
    "INSERT INTO exchange_comparison (sender, receiver, run, state, horizon, compared_at, messages, differing,"
    " differences, seen) VALUES (%s, %s, %s, 'done', %s, %s, %s, %s, %s, %s) ON CONFLICT (sender, receiver)"
    " DO UPDATE SET run = excluded.run, state = excluded.state, horizon = excluded.horizon, memory = '',"
    " compared_at = excluded.compared_at, messages = excluded.messages, differing = excluded.differing,"
    " differences = excluded.differences, seen = excluded.seen"
)
PAIRS = (
    "SELECT sender, receiver, state, horizon, asked_at, compared_at, messages, differing, differences"
    " FROM exchange_comparison ORDER BY sender, receiver"
)
OPEN_COMPARED = (
    "SELECT key FROM exchange_discrepancy WHERE mended_at = '' AND source = 'comparing' AND sender = %s"
    " AND receiver = %s"
)
RESULTS = (
    "SELECT number, jws FROM exchange_message WHERE number > %s AND direction = 'relay' AND kind = %s"
    " ORDER BY number LIMIT 500"
)
RESULTS_SEEN = "SELECT COALESCE(MAX(seen), 0) FROM exchange_comparison"

# What others asked
INQUIRE = (
    "INSERT INTO exchange_inquiry (message, kind, peer, content, at) VALUES (%s, %s, %s, %s, %s)"
    " ON CONFLICT (message) DO NOTHING"
)
INQUIRIES = "SELECT message, kind, peer, content FROM exchange_inquiry ORDER BY at, message LIMIT 20"
INQUIRED = "DELETE FROM exchange_inquiry WHERE message = %s"

# Hub: asking again
WISH = (
    "INSERT INTO exchange_wish (message, jws, at) VALUES (%s, %s, %s)"
    " ON CONFLICT (message) DO UPDATE SET jws = excluded.jws, at = excluded.at"
)
POSITIONS_AGAIN = (
    "UPDATE exchange_message SET position = (SELECT MIN(i.number) FROM exchange_mailboxitem i"
    " WHERE i.facility = exchange_message.receiver AND i.kind = 'message' AND i.message = exchange_message.message),"
    " receipt_position = (SELECT MIN(i.number) FROM exchange_mailboxitem i"
    " WHERE i.facility = exchange_message.sender AND i.kind = 'receipt' AND i.message = exchange_message.message)"
    " WHERE direction = 'relay' AND message = %s"
)

# Pages
MESSAGES_OF_PAIR = (
    "SELECT seq, message, direction, kind, loop, sender, receiver, created, state, bytes, receipt_at, problem"
    " FROM exchange_message WHERE direction IN ({marks}) AND sender = %s AND receiver = %s AND seq < %s"
    f" AND kind NOT IN ({HOUSEKEEPING})"
    " ORDER BY seq DESC LIMIT %s"
)
