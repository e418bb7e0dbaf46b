"""The SQL of exchange, by name. The same text runs on SQLite and on PostgreSQL."""

from __future__ import annotations

# Sender
QUEUE = (
    "INSERT INTO exchange_message (direction, message, kind, loop, sender, receiver, created, jws, manifest,"
    " bytes, lane, seq, prev, state)"
    " VALUES ('out', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'queued') RETURNING number"
)
INSERT_PART = (
    "INSERT INTO exchange_part (number, place, sha256, size, role, type, priority, sealed, sealed_size)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
)
NEXT_LINK = (
    "INSERT INTO exchange_chain (direction, peer, seq, manifest) VALUES ('out', %s, 1, '')"
    " ON CONFLICT (direction, peer) DO UPDATE SET seq = exchange_chain.seq + 1 RETURNING seq, manifest"
)
LINK = "UPDATE exchange_chain SET manifest = %s WHERE direction = 'out' AND peer = %s"
HELD_THERE = (
    "SELECT DISTINCT p.sha256 FROM exchange_part p JOIN exchange_message m ON m.number = p.number"
    " WHERE p.sha256 IN ({marks}) AND m.state = 'stored'"
    " AND ((m.direction = 'out' AND m.receiver = %s) OR (m.direction = 'in' AND m.sender = %s))"
)
ARRIVED = (
    "SELECT p.sealed FROM exchange_part p JOIN exchange_message m ON m.number = p.number"
    " WHERE m.direction = 'out' AND m.message = %s AND p.sealed <> ''"
)
ACCEPTED = (
    "UPDATE exchange_message SET accepted_at = %s, day = %s, acceptance = %s, problem = '',"
    " claimed_by = '', claimed_until = '', state = CASE WHEN state = 'queued' THEN 'accepted' ELSE state END"
    " WHERE direction = 'out' AND message = %s AND acceptance = ''"
)
SENDER_MESSAGE = (
    "SELECT number, kind, loop, receiver, manifest, receipt_state FROM exchange_message"
    " WHERE direction = 'out' AND message = %s"
)
KEEP_RECEIPT = (
    "UPDATE exchange_message SET receipt = %s, receipt_at = %s, receipt_state = 'collected'"
    " WHERE direction = 'out' AND message = %s AND receipt_state = ''"
)
RECEIPTED = (
    "UPDATE exchange_message SET receipt_state = 'verified', state = %s, problem = %s, claimed_by = '',"
    " claimed_until = '' WHERE direction = 'out' AND message = %s AND receipt_state = 'collected' RETURNING number"
)
OPEN_RECEIPTS = (
    "SELECT message, receipt, receipt_at FROM exchange_message WHERE direction = 'out'"
    " AND receipt_state = 'collected' AND (next_try <= %s OR next_try > %s) ORDER BY number LIMIT 100"
)
FORGET_RECEIPT = (
    "UPDATE exchange_message SET receipt = '', receipt_at = '', receipt_state = '', problem = %s"
    " WHERE direction = 'out' AND message = %s AND receipt_state = 'collected'"
)
HOLD_RECEIPT = (
    "UPDATE exchange_message SET problem = %s, attempts = attempts + 1, next_try = %s"
    " WHERE direction = 'out' AND message = %s"
)

# Content of parts
KEEP_CONTENT = (
    "INSERT INTO exchange_content (sha256, size, zstd) VALUES (%s, %s, %s) ON CONFLICT (sha256) DO NOTHING"
)
CONTENTS = "SELECT sha256, zstd FROM exchange_content WHERE sha256 IN ({marks})"
CONTENT_SIZES = "SELECT sha256, size FROM exchange_content WHERE sha256 IN ({marks})"
KEEP_SEALED = "INSERT INTO exchange_sealed (sha256, age) VALUES (%s, %s) ON CONFLICT (sha256) DO NOTHING"
SEALED = "SELECT sha256, age FROM exchange_sealed WHERE sha256 IN ({marks})"
SEALED_LENGTHS = "SELECT sha256, LENGTH(age) FROM exchange_sealed WHERE sha256 IN ({marks})"
FORGET_SEALED = "DELETE FROM exchange_sealed WHERE sha256 IN ({marks})"

# Receiver
COLLECT = (
    "INSERT INTO exchange_message (direction, message, kind, loop, sender, receiver, created, jws, manifest, bytes,"
    " lane, seq, prev, position, accepted_at, acceptance, state)"
    " VALUES ('in', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'collected')"
    " ON CONFLICT (direction, message) DO NOTHING RETURNING number"
)
RECEIPT_AGAIN = (
    "UPDATE exchange_message SET receipt_state = 'due' WHERE direction = 'in' AND message = %s AND manifest = %s"
    " AND state IN ('stored', 'refused')"
)
REPLACE_SET_ASIDE = (
    "UPDATE exchange_message SET kind = %s, loop = %s, sender = %s, receiver = %s, created = %s, jws = %s,"
    " manifest = %s, bytes = %s, lane = %s, seq = %s, prev = %s, position = %s, accepted_at = %s, acceptance = %s,"
    " state = 'collected', problem = '', next_try = ''"
    " WHERE direction = 'in' AND message = %s AND state = 'set-aside' AND jws <> %s RETURNING number"
)
DELETE_PARTS = "DELETE FROM exchange_part WHERE number = %s"
TAKE = "UPDATE exchange_message SET attempts = attempts + 1 WHERE number = %s AND state = 'collected' RETURNING number"
HANDLED = (
    "UPDATE exchange_message SET state = %s, receipt = %s, receipt_at = %s, receipt_state = 'due', problem = %s,"
    " claimed_by = '', claimed_until = '' WHERE number = %s"
)
DUE_RECEIPTS = (
    "SELECT number, message, receipt FROM exchange_message WHERE direction = 'in' AND receipt_state = 'due'"
    " ORDER BY number LIMIT %s"
)
RECEIPT_SENT = (
    "UPDATE exchange_message SET receipt_state = %s, problem = CASE WHEN %s = '' THEN problem ELSE %s END"
    " WHERE number = %s AND receipt_state = 'due'"
)

CHAIN = "SELECT seq, manifest FROM exchange_chain WHERE direction = 'in' AND peer = %s"
FOLLOWING = (
    "SELECT seq, prev, manifest FROM exchange_message WHERE direction = 'in' AND sender = %s AND seq > %s"
    " AND state IN ('stored', 'refused') ORDER BY seq LIMIT 1000"
)
SENDERS = "SELECT DISTINCT sender FROM exchange_message WHERE direction = 'in'"
AFTER = (
    "SELECT DISTINCT seq FROM exchange_message WHERE direction = 'in' AND sender = %s AND seq > %s"
    " ORDER BY seq LIMIT 1000"
)
MOVE_CHAIN = (
    "INSERT INTO exchange_chain (direction, peer, seq, manifest) VALUES ('in', %s, %s, %s)"
    " ON CONFLICT (direction, peer) DO UPDATE SET seq = excluded.seq, manifest = excluded.manifest"
)

# Sender and receiver. A claim or a pause that ends implausibly late was made by a clock that has since been put right.
_DUE = "m.next_try <= %s OR m.next_try > %s"
_FREE = "claimed_until < %s OR claimed_until > %s"
CLAIM = (
    "UPDATE exchange_message SET claimed_by = %s, claimed_until = %s WHERE ({free}) AND number IN ("
    "SELECT m.number FROM exchange_message m WHERE m.direction = %s AND m.state = {state} AND ({due})"
    " AND ({free}) AND NOT EXISTS (SELECT 1 FROM exchange_message e WHERE e.loop = m.loop"
    " AND e.direction = m.direction AND e.state = m.state AND e.lane <= m.lane AND e.{order} < m.{order})"
    " ORDER BY m.lane, m.{order} LIMIT %s)"
    " RETURNING number, message, jws, manifest, attempts, lane, position, accepted_at, acceptance"
)
CLAIM_QUEUED = CLAIM.format(state="'queued'", order="number", free=_FREE, due=_DUE)
CLAIM_COLLECTED = CLAIM.format(state="'collected'", order="position", free=_FREE, due=_DUE)
ANY_OPEN = (
    f"SELECT 1 FROM exchange_message m WHERE direction = %s AND state = %s AND ({_DUE}) AND ({_FREE}) LIMIT 1"
)
RENEW = "UPDATE exchange_message SET claimed_until = %s WHERE claimed_by = %s AND number IN ({marks})"
RELEASE = (
    "UPDATE exchange_message SET claimed_by = '', claimed_until = ''"
    " WHERE claimed_by = %s AND number IN ({marks})"
)
TRY_AGAIN = (
    "UPDATE exchange_message SET problem = %s, attempts = attempts + 1, next_try = %s, claimed_by = '',"
    " claimed_until = '' WHERE number = %s AND state IN ('queued', 'collected')"
)
SET_ASIDE = (
    "UPDATE exchange_message SET state = 'set-aside', problem = %s, claimed_by = '', claimed_until = ''"
    " WHERE number = %s AND state IN ('queued', 'collected')"
)
LINE = "SELECT position, contact_at, problem, clock_off FROM exchange_line WHERE name = 'hub'"
ADVANCE = (
    "INSERT INTO exchange_line (name, position, contact_at) VALUES ('hub', %s, %s) ON CONFLICT (name) DO UPDATE SET"
    " contact_at = excluded.contact_at, problem = '', position = CASE WHEN exchange_line.position < excluded.position"
    " THEN excluded.position ELSE exchange_line.position END"
)
CONTACT = (
    "INSERT INTO exchange_line (name, contact_at) VALUES ('hub', %s)"
    " ON CONFLICT (name) DO UPDATE SET contact_at = excluded.contact_at, problem = ''"
)
CLOCK = (
    "INSERT INTO exchange_line (name, clock_off) VALUES ('hub', %s)"
    " ON CONFLICT (name) DO UPDATE SET clock_off = excluded.clock_off"
)
TROUBLE = (
    "INSERT INTO exchange_line (name, problem) VALUES ('hub', %s)"
    " ON CONFLICT (name) DO UPDATE SET problem = excluded.problem"
)

# Hub
FORGET_ASSERTIONS = "DELETE FROM exchange_assertion WHERE expires < %s"
USE_ASSERTION = (
    "INSERT INTO exchange_assertion (jti, expires) VALUES (%s, %s) ON CONFLICT (jti) DO NOTHING RETURNING jti"
)
UPLOADED = (
    "INSERT INTO exchange_upload (facility, sha256, size, at) VALUES (%s, %s, %s, %s)"
    " ON CONFLICT (facility, sha256) DO NOTHING"
)
OWN_UPLOAD = "SELECT size FROM exchange_upload WHERE facility = %s AND sha256 = %s"
OWN_CONTENTS = (
    "SELECT sha256, size FROM exchange_upload WHERE facility = %s AND sha256 IN ({marks}) UNION"
    " SELECT p.sealed, p.sealed_size FROM exchange_part p JOIN exchange_message m ON m.number = p.number"
    " WHERE m.direction = 'relay' AND m.sender = %s AND p.sealed IN ({marks})"
)
MAY_FETCH = (
    "SELECT p.sealed_size FROM exchange_part p JOIN exchange_message m ON m.number = p.number"
    " WHERE p.sealed = %s AND m.direction = 'relay' AND (m.sender = %s OR m.receiver = %s) LIMIT 1"
)
RELAYED = (
    "SELECT sender, receiver, manifest, acceptance, receipt FROM exchange_message"
    " WHERE direction = 'relay' AND message = %s"
)
RELAY = (
    "INSERT INTO exchange_message (direction, message, kind, loop, sender, receiver, created, jws, manifest, bytes,"
    " lane, seq, prev, state, accepted_at, acceptance, day, about)"
    " VALUES ('relay', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'accepted', %s, %s, %s, %s)"
    " ON CONFLICT (direction, message) DO NOTHING RETURNING number"
)
RELAY_POSITION = "UPDATE exchange_message SET position = %s WHERE direction = 'relay' AND message = %s"
RECEIPT_POSITION = (
    "UPDATE exchange_message SET receipt_position = %s WHERE direction = 'relay' AND message = %s"
)
NEXT_POSITIONS = (
    "INSERT INTO exchange_mailbox (facility, last) VALUES (%s, %s)"
    " ON CONFLICT (facility) DO UPDATE SET last = exchange_mailbox.last + excluded.last RETURNING last"
)
INSERT_ITEM = (
    "INSERT INTO exchange_mailboxitem (facility, number, kind, message, at) VALUES (%s, %s, %s, %s, %s)"
)
ITEMS = (
    "SELECT i.number, i.kind, i.at, i.handed_at, i.message,"
    " CASE i.kind WHEN 'message' THEN m.jws WHEN 'receipt' THEN m.receipt ELSE w.jws END, COALESCE(m.acceptance, '')"
    " FROM exchange_mailboxitem i LEFT JOIN exchange_message m ON m.direction = 'relay' AND m.message = i.message"
    " LEFT JOIN exchange_wish w ON i.kind = 'again' AND w.message = i.message WHERE i.facility = %s AND i.number > %s"
    " AND (w.message IS NOT NULL OR m.message IS NOT NULL) ORDER BY i.number LIMIT %s"
)
ITEM_PARTS = (
    "SELECT m.message, p.sealed, LENGTH(s.age) FROM exchange_message m JOIN exchange_part p ON p.number = m.number"
    " JOIN exchange_sealed s ON s.sha256 = p.sealed WHERE m.direction = 'relay' AND m.message IN ({marks})"
    " ORDER BY m.position, p.place"
)
HANDED = (
    "UPDATE exchange_mailboxitem SET handed_at = %s WHERE facility = %s AND handed_at = '' AND number IN ({marks})"
    " RETURNING number, kind"
)
DONE = (
    "UPDATE exchange_mailboxitem SET done_at = %s WHERE facility = %s AND kind = 'receipt' AND done_at = ''"
    " AND number <= %s"
)
RELAY_RECEIPT = (
    "UPDATE exchange_message SET receipt = %s, receipt_at = %s, receipt_state = 'sent', state = %s"
    " WHERE direction = 'relay' AND message = %s AND receipt = '' RETURNING number"
)
TRAFFIC = (
    "SELECT about, day, sender, receiver, COUNT(*), SUM(stored) FROM (SELECT MIN(about) AS about, MIN(day) AS day,"
    " sender, receiver, MAX(CASE WHEN state = 'stored' THEN 1 ELSE 0 END) AS stored FROM exchange_message"
    " WHERE direction = 'relay' AND accepted_at >= %s AND kind = %s GROUP BY sender, receiver, loop) AS loops"
    " GROUP BY about, day, sender, receiver ORDER BY about, day, sender, receiver"
)

# Trace and pages
INSERT_TRACE = "INSERT INTO exchange_trace (message, at, place, step, detail) VALUES (%s, %s, %s, %s, %s)"
JOURNEY = "SELECT at, place, step, detail FROM exchange_trace WHERE message = %s ORDER BY at, number"
RELAY_JOURNEY = (
    "SELECT m.sender, m.receiver, m.accepted_at, m.position, m.receipt_at, m.state,"
    " (SELECT i.handed_at FROM exchange_mailboxitem i WHERE i.facility = m.receiver AND i.number = m.position),"
    " (SELECT i.done_at FROM exchange_mailboxitem i WHERE i.facility = m.sender AND i.number = m.receipt_position)"
    " FROM exchange_message m WHERE m.direction = 'relay' AND m.message = %s"
)
_ROW = (
    "SELECT message, direction, kind, loop, sender, receiver, created, state, bytes, receipt_at, problem"
    " FROM exchange_message"
)
OF_LOOP = _ROW + " WHERE loop = %s ORDER BY number"
FIND = (  # constants and placeholders only
    _ROW
    + " WHERE number IN (SELECT number FROM exchange_message WHERE loop = %s OR (manifest >= %s AND manifest < %s)"
    " OR (direction IN ('in', 'out', 'relay') AND message >= %s AND message < %s)"
    " UNION SELECT number FROM exchange_part WHERE sha256 >= %s AND sha256 < %s"
    " UNION SELECT number FROM exchange_part WHERE sealed >= %s AND sealed < %s) ORDER BY number DESC LIMIT 50"
)
RECENT = _ROW + " ORDER BY number DESC LIMIT %s"
STUCK = _ROW + " WHERE state IN ('queued', 'refused', 'set-aside') ORDER BY number DESC LIMIT %s"
WAITING = "SELECT COUNT(*), MIN(created) FROM exchange_message WHERE direction = 'out' AND state = 'queued'"
SET_ASIDE_COUNT = (
    "SELECT COUNT(*) FROM exchange_message WHERE direction IN ('in', 'out') AND state = 'set-aside'"
)
SENT_SINCE = "SELECT COUNT(*) FROM exchange_message WHERE direction = 'out' AND accepted_at >= %s"
RECEIPTS_SINCE = (
    "SELECT COUNT(*) FROM exchange_message WHERE direction = 'out'"
    " AND receipt_at >= %s AND receipt_state = 'verified'"
)

# Alerts
RAISE_ALERT = (
    "INSERT INTO exchange_alert (code, about, problem, since, last, times) VALUES (%s, %s, %s, %s, %s, 1)"
    " ON CONFLICT (code, about) DO UPDATE SET problem = excluded.problem, last = excluded.last, closed_at = '',"
    " since = CASE WHEN exchange_alert.closed_at = '' THEN exchange_alert.since ELSE excluded.since END,"
    " times = CASE WHEN exchange_alert.closed_at = '' THEN exchange_alert.times + 1 ELSE 1 END"
)
CLEAR_ALERT = (
    "UPDATE exchange_alert SET closed_at = %s WHERE code = %s AND (about = %s OR %s = '') AND closed_at = ''"
)
OPEN_ALERTS = "SELECT about, problem, since, last, times FROM exchange_alert WHERE closed_at = '' LIMIT 1000"
