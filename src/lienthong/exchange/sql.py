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
WITHDRAWN = (
    "UPDATE exchange_message SET withdrawn_by = %s WHERE number IN (SELECT number FROM exchange_message"
    " WHERE direction = 'out' AND state IN ('replaced', 'given-up') AND receiver = %s AND acceptance = ''"
    " AND withdrawn_by = '' ORDER BY number LIMIT 100) RETURNING seq, manifest"
)
WITHDRAWN_AGAIN = (
    "UPDATE exchange_message SET withdrawn_by = '' WHERE direction = 'out' AND withdrawn_by = %s"
)
HELD_THERE = (
    "SELECT DISTINCT p.sha256 FROM exchange_part p JOIN exchange_message m ON m.number = p.number"
    " WHERE p.sha256 IN ({marks}) AND m.state = 'stored'"
    " AND (%s = '' OR m.accepted_at > %s)"
    " AND ((m.direction = 'out' AND m.receiver = %s) OR (m.direction = 'in' AND m.sender = %s))"
)
ARRIVED = (
    "SELECT p.sealed FROM exchange_part p JOIN exchange_message m ON m.number = p.number"
    " WHERE m.direction = 'out' AND m.message = %s AND p.sealed <> ''"
)
ACCEPTED = (
    "UPDATE exchange_message SET accepted_at = %s, day = %s, acceptance = %s,"
    " problem = CASE WHEN state = 'queued' THEN '' ELSE problem END,"
    " claimed_by = '', claimed_until = '', state = CASE WHEN state = 'queued' THEN 'accepted' ELSE state END"
    " WHERE direction = 'out' AND message = %s AND acceptance = ''"
)
NOT_ACCEPTED = (
    "SELECT manifest FROM exchange_message WHERE direction = 'out' AND message = %s AND acceptance = ''"
)
SENDER_MESSAGE = (
    "SELECT number, kind, loop, receiver, manifest, receipt_state FROM exchange_message"
    " WHERE direction = 'out' AND message = %s"
)
KEEP_RECEIPT = (
    "UPDATE exchange_message SET receipt = %s, receipt_hash = %s, receipt_at = %s, receipt_state = 'collected'"
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
    "UPDATE exchange_message SET receipt = '', receipt_hash = '', receipt_at = '', receipt_state = '', problem = %s"
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
    "UPDATE exchange_message SET state = %s, receipt = %s, receipt_hash = %s, receipt_at = %s, receipt_state = 'due',"
    " problem = %s, claimed_by = '', claimed_until = '', next_try = '' WHERE number = %s"
)
DUE_RECEIPTS = (
    "SELECT number, message, receipt FROM exchange_message WHERE direction = 'in' AND receipt_state = 'due'"
    " AND (next_try <= %s OR next_try > %s) ORDER BY number LIMIT %s"
)
RECEIPT_LATER = "UPDATE exchange_message SET next_try = %s WHERE number = %s AND receipt_state = 'due'"
RECEIPT_SENT = (
    "UPDATE exchange_message SET receipt_state = %s, problem = CASE WHEN %s = '' THEN problem ELSE %s END"
    " WHERE number = %s AND receipt_state = 'due'"
)

CHAIN = "SELECT seq, manifest FROM exchange_chain WHERE direction = 'in' AND peer = %s"
FOLLOWING = (
    "SELECT seq, prev, manifest FROM exchange_message WHERE direction = 'in' AND sender = %s AND seq > %s"
    " AND state IN ('stored', 'refused')"
    " UNION ALL SELECT seq, '', manifest FROM exchange_withdrawn WHERE sender = %s AND seq > %s"
    " ORDER BY seq LIMIT 1000"
)
SENDERS = "SELECT DISTINCT sender FROM exchange_message WHERE direction = 'in'"
AFTER = (
    "SELECT seq FROM exchange_message WHERE direction = 'in' AND sender = %s AND seq > %s"
    " UNION SELECT seq FROM exchange_withdrawn WHERE sender = %s AND seq > %s ORDER BY seq LIMIT 1000"
)
NEVER_COMES = (
    "INSERT INTO exchange_withdrawn (sender, seq, manifest) VALUES (%s, %s, %s)"
    " ON CONFLICT (sender, seq) DO NOTHING"
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
    "SELECT m.number FROM exchange_message m WHERE m.direction = %s AND m.state = {state} AND m.lane IN ({lanes})"
    " AND ({due})"
    " AND ({free}) AND NOT EXISTS (SELECT 1 FROM exchange_message e WHERE e.loop = m.loop"
    " AND e.direction = m.direction AND e.state = m.state AND e.lane <= m.lane AND e.{order} < m.{order})"
    " ORDER BY m.lane, m.{order} LIMIT %s)"
    " RETURNING number, message, jws, manifest, attempts, lane, position, accepted_at, acceptance"
)
CLAIM_QUEUED = CLAIM.format(state="'queued'", order="number", free=_FREE, due=_DUE, lanes="{lanes}")
CLAIM_COLLECTED = CLAIM.format(state="'collected'", order="position", free=_FREE, due=_DUE, lanes="{lanes}")
ANY_OPEN = (
    "SELECT 1 FROM exchange_message m WHERE direction = %s AND state = %s AND lane IN ({lanes})"
    f" AND ({_DUE}) AND ({_FREE}) LIMIT 1"
)
RENEW = "UPDATE exchange_message SET claimed_until = %s WHERE claimed_by = %s AND number = %s"
RELEASE = (
    "UPDATE exchange_message SET claimed_by = '', claimed_until = '' WHERE claimed_by = %s AND number = %s"
)
TRY_AGAIN = (
    "UPDATE exchange_message SET problem = %s, attempts = attempts + 1, next_try = %s, claimed_by = '',"
    " claimed_until = '' WHERE number = %s AND state IN ('queued', 'collected')"
)
PAUSE = (
    "UPDATE exchange_message SET next_try = %s, claimed_by = '', claimed_until = ''"
    " WHERE number = %s AND state IN ('queued', 'collected')"
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
    "SELECT message, sender, receiver, manifest, acceptance, receipt FROM exchange_message"
    " WHERE direction = 'relay' AND message IN ({marks})"
)
RELAY = (
    "INSERT INTO exchange_message (direction, message, kind, loop, sender, receiver, created, jws, manifest, bytes,"
    " lane, seq, prev, state, position, accepted_at, acceptance, day, about) VALUES {rows}"
    " ON CONFLICT (direction, message) DO NOTHING RETURNING message, number"
)
RELAY_ROW = "('relay', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'accepted', %s, %s, %s, %s, %s)"
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
    " CASE i.kind WHEN 'message' THEN m.jws WHEN 'receipt' THEN m.receipt WHEN 'again' THEN w.jws END, m.acceptance"
    " FROM exchange_mailboxitem i LEFT JOIN exchange_message m ON m.direction = 'relay' AND m.message = i.message"
    " LEFT JOIN exchange_wish w ON i.kind = 'again' AND w.message = i.message"
    " WHERE i.facility = %s AND i.number > %s AND (i.kind NOT IN ('message', 'receipt') OR m.message IS NOT NULL)"
    " AND (i.kind <> 'message' OR m.state <> 'returned') ORDER BY i.number LIMIT %s"
)
RECEIPT_ITEMS = (
    "SELECT i.number, i.kind, i.at, i.handed_at, i.message, m.receipt, ''"
    " FROM exchange_mailboxitem i JOIN exchange_message m ON m.direction = 'relay' AND m.message = i.message"
    " WHERE i.facility = %s AND i.number > %s AND i.kind = 'receipt' ORDER BY i.number LIMIT %s"
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
    "UPDATE exchange_message SET receipt = %s, receipt_hash = %s, receipt_at = %s, receipt_state = 'sent', state = %s"
    " WHERE direction = 'relay' AND message = %s AND receipt = '' RETURNING number"
)
TRAFFIC = (
    "SELECT about, day, sender, receiver, COUNT(*), SUM(stored) FROM (SELECT MIN(about) AS about, MIN(day) AS day,"
    " sender, receiver, MAX(CASE WHEN state = 'stored' THEN 1 ELSE 0 END) AS stored FROM exchange_message"
    " WHERE direction = 'relay' AND accepted_at >= %s AND kind = %s GROUP BY sender, receiver, loop) AS loops"
    " GROUP BY about, day, sender, receiver ORDER BY about, day, sender, receiver"
)

_RELAYED_OF = "direction = 'relay' AND kind = %s"
FIRST_SENT = (
    "SELECT sender, receiver, message, loop, accepted_at FROM exchange_message WHERE number IN ("
    f"SELECT MIN(number) FROM exchange_message WHERE {_RELAYED_OF} AND accepted_at < %s GROUP BY sender)"
)
FIRST_STORED = (
    "SELECT m.sender, m.receiver, m.message, m.loop, m.receipt_at FROM exchange_message m JOIN ("
    f"SELECT sender, MIN(receipt_at) AS first FROM exchange_message WHERE {_RELAYED_OF} AND state = 'stored'"
    " AND receipt_at <> '' AND receipt_at < %s GROUP BY sender) f ON f.sender = m.sender AND f.first = m.receipt_at"
    " WHERE m.direction = 'relay' AND m.kind = %s AND m.state = 'stored' ORDER BY m.number DESC"
)
EXCHANGED = (
    "SELECT sender, COUNT(*), SUM(stored), SUM(CASE WHEN stored = 0 THEN refused ELSE 0 END) FROM ("
    "SELECT sender, MIN(about) AS about, MAX(CASE WHEN state = 'stored' THEN 1 ELSE 0 END) AS stored,"
    " MAX(CASE WHEN state IN ('refused', 'returned') THEN 1 ELSE 0 END) AS refused FROM exchange_message"
    f" WHERE {_RELAYED_OF} GROUP BY sender, receiver, loop) AS loops"
    " WHERE about >= %s AND about <= %s GROUP BY sender"
)
NOT_STORED = (
    f"SELECT sender, problem, receipt FROM exchange_message WHERE {_RELAYED_OF}"
    " AND state IN ('refused', 'returned') AND about >= %s AND about <= %s"
)

MAILBOXES = "SELECT facility, last FROM exchange_mailbox"
RELAYED_ITEMS = (
    "SELECT i.number, i.kind, i.at, i.message, m.kind, m.loop, m.sender, m.receiver,"
    " CASE i.kind WHEN 'message' THEN m.jws ELSE m.receipt END FROM exchange_mailboxitem i"
    " LEFT JOIN exchange_message m ON m.direction = 'relay' AND m.message = i.message"
    " AND i.kind IN ('message', 'receipt') WHERE i.facility = %s AND i.number > %s ORDER BY i.number LIMIT %s"
)
MANIFESTS_OF = (
    "SELECT message, jws FROM exchange_message"
    " WHERE direction IN ('in', 'out', 'relay') AND message IN ({marks})"
)

# Trust
WITHDRAW = (
    "UPDATE exchange_message SET state = 'returned', problem = %s"
    " WHERE direction = 'relay' AND receiver = %s AND state = 'accepted' RETURNING message"
)
UNDELIVERED = (
    "SELECT COUNT(*) FROM exchange_message WHERE direction = 'relay' AND receiver = %s AND state = 'accepted'"
)
CUT_OFF = (
    "UPDATE exchange_message SET state = 'set-aside', problem = %s, claimed_by = '', claimed_until = ''"
    " WHERE direction = 'out' AND receiver = %s AND created < %s AND state IN ('queued', 'accepted')"
    " RETURNING message"
)
LAST_POSITION = "SELECT last FROM exchange_mailbox WHERE facility = %s"
BEGIN_AT = (
    "INSERT INTO exchange_line (name, position) VALUES ('hub', %s) ON CONFLICT (name) DO UPDATE SET"
    " position = CASE WHEN exchange_line.position = 0 THEN excluded.position ELSE exchange_line.position END"
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
BY_ID = _ROW + " WHERE direction IN ('in', 'out', 'relay') AND message = %s"
OF_LOOP = _ROW + " WHERE loop = %s ORDER BY number"
FIND = (  # constants and placeholders only
    _ROW
    + " WHERE number IN (SELECT number FROM exchange_message WHERE loop = %s OR (manifest >= %s AND manifest < %s)"
    " OR (direction IN ('in', 'out', 'relay') AND message >= %s AND message < %s)"
    " UNION SELECT number FROM exchange_part WHERE sha256 >= %s AND sha256 < %s"
    " UNION SELECT number FROM exchange_part WHERE sealed >= %s AND sealed < %s"
    " UNION SELECT number FROM exchange_message WHERE receipt_hash <> '' AND receipt_hash >= %s AND receipt_hash < %s)"
    " ORDER BY number DESC LIMIT 50"
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
ALERTS_OF = "SELECT about, problem FROM exchange_alert WHERE code = %s AND closed_at = ''"
RENEW_ALERT = "UPDATE exchange_alert SET problem = %s, last = %s WHERE code = %s AND about = %s"
CLOSE_ALERT = "UPDATE exchange_alert SET closed_at = %s WHERE code = %s AND about = %s"
COUNT_ALERTS = "SELECT COUNT(*) FROM exchange_alert WHERE closed_at = ''"
OPEN_ALERTS = "SELECT about, problem, since, last, times FROM exchange_alert WHERE closed_at = '' LIMIT 1000"

# Room
QUEUED_SIZE = (
    "SELECT COUNT(*), COALESCE(SUM(bytes), 0) FROM exchange_message"
    " WHERE direction = 'out' AND state = 'queued'"
)

# What is looked for
UNCONFIRMED = (
    "SELECT receiver, COUNT(*), MIN(accepted_at) FROM exchange_message WHERE direction = 'out'"
    " AND state = 'accepted' AND accepted_at < %s GROUP BY receiver"
)
CLOSE_MESSAGE_ALERTS = (
    "UPDATE exchange_alert SET closed_at = %s WHERE closed_at = '' AND code IN ('exchange-set-aside',"
    " 'exchange-refused') AND NOT EXISTS (SELECT 1 FROM exchange_message m WHERE m.message = exchange_alert.about"
    " AND (m.state = 'set-aside' OR (m.state = 'refused' AND m.direction = 'out')))"
)

# The way of a message
PAPERS = (
    "SELECT manifest, accepted_at, receipt, receipt_at, replaced_by FROM exchange_message"
    " WHERE direction = %s AND message = %s"
)

# Sending again
OPEN_MESSAGES = (
    "SELECT message FROM exchange_message WHERE (direction IN ('in', 'out') AND state = 'set-aside')"
    " OR (direction = 'out' AND state = 'refused') ORDER BY number"
)
JWS_OF = "SELECT jws FROM exchange_message WHERE direction = %s AND message = %s"
CLOSE_MESSAGE = (
    "UPDATE exchange_message SET state = %s, replaced_by = %s WHERE direction = %s AND message = %s"
    " AND state IN ('set-aside', 'refused')"
)
REPLACED_BY = "UPDATE exchange_message SET replaced_by = %s WHERE direction = 'out' AND message = %s"
COLLECTED_AGAIN = (
    "UPDATE exchange_message SET state = 'collected', problem = '', attempts = 0, next_try = '', claimed_by = '',"
    " claimed_until = '' WHERE direction = 'in' AND message = %s AND state = 'set-aside'"
)
NEWER = (
    "SELECT 1 FROM exchange_message n JOIN exchange_message o ON o.direction = 'out' AND n.number > o.number"
    " WHERE n.direction = 'out' AND n.loop = %s AND n.kind = %s AND n.receiver = %s AND o.message = %s"
    " AND n.state IN ('queued', 'accepted', 'stored') LIMIT 1"
)
CLAIMED_ROW = (
    "SELECT number, message, jws, manifest, attempts, lane, position, accepted_at, acceptance FROM exchange_message"
    " WHERE direction = 'in' AND message = %s"
)
_STANDS = (
    "FROM exchange_message n WHERE n.direction = 'out' AND n.loop = exchange_message.loop"
    " AND n.kind = exchange_message.kind AND n.receiver = exchange_message.receiver"
    " AND n.number > exchange_message.number AND n.state = 'stored'"
)
SUPERSEDED = (
    f"UPDATE exchange_message SET state = 'replaced', replaced_by = (SELECT n.message {_STANDS}"
    " ORDER BY n.number DESC LIMIT 1) WHERE direction = 'out' AND state IN ('set-aside', 'refused')"
    f" AND kind IN ({{marks}}) AND EXISTS (SELECT 1 {_STANDS})"
)
SET_ASIDE_IN = "SELECT number, problem FROM exchange_message WHERE direction = 'in' AND state = 'set-aside'"
RESUME = (
    "UPDATE exchange_message SET state = 'collected', attempts = %s, next_try = ''"
    " WHERE number = %s AND state = 'set-aside'"
)
OVERTAKEN = (
    "SELECT 1 FROM exchange_message WHERE direction = 'in' AND loop = %s AND kind = %s AND sender = %s"
    " AND position > %s AND seq > %s AND state = 'stored' LIMIT 1"
)

# Hub: uploads in pieces
OWN_SEALED = "SELECT 1 FROM exchange_upload WHERE facility = %s AND sha256 = %s AND size = %s"
OPEN_UPLOADS = (
    "SELECT COUNT(*), COALESCE(SUM(size), 0) FROM exchange_tusupload WHERE facility = %s AND done_at = ''"
)
BEGIN_UPLOAD = (
    "INSERT INTO exchange_tusupload (id, facility, sha256, size, metadata, created, expires, done_at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)
UPLOAD = (
    "SELECT id, facility, sha256, size, metadata, expires, done_at FROM exchange_tusupload"
    " WHERE id = %s AND facility = %s AND expires > %s"
)
UPLOADS_OF = "SELECT id FROM exchange_tusupload WHERE facility = %s AND sha256 = %s AND done_at = ''"
TAKE_UPLOAD = "UPDATE exchange_tusupload SET writer = %s, expires = %s WHERE id = %s"
UPLOAD_WRITER = "SELECT writer FROM exchange_tusupload WHERE id = %s"
UPLOAD_DONE = "UPDATE exchange_tusupload SET done_at = %s WHERE id = %s AND done_at = ''"
END_UPLOAD = "DELETE FROM exchange_tusupload WHERE id = %s"
EXPIRED_UPLOADS = "SELECT id, facility, sha256 FROM exchange_tusupload WHERE expires <= %s LIMIT 20"
UNUSED_CONTENT = (
    "DELETE FROM exchange_upload WHERE facility = %s AND sha256 = %s AND NOT EXISTS ("
    "SELECT 1 FROM exchange_part p JOIN exchange_message m ON m.number = p.number"
    " WHERE p.sealed = exchange_upload.sha256 AND m.direction = 'relay') AND NOT EXISTS ("
    "SELECT 1 FROM exchange_tusupload t WHERE t.facility = exchange_upload.facility"
    " AND t.sha256 = exchange_upload.sha256 AND t.done_at <> '') RETURNING sha256"
)

# Site: large content on its way
RUNNING_ADDRESS = "SELECT address FROM exchange_running WHERE direction = 'up' AND sha256 = %s"
RUNNING = (
    "INSERT INTO exchange_running (direction, sha256, size, done, address, at) VALUES (%s, %s, %s, %s, %s, %s)"
    " ON CONFLICT (direction, sha256) DO UPDATE SET size = excluded.size, done = excluded.done,"
    " address = excluded.address, at = excluded.at"
)
RUNNING_AT = "UPDATE exchange_running SET done = %s, at = %s WHERE direction = %s AND sha256 = %s"
END_RUNNING = "DELETE FROM exchange_running WHERE direction = %s AND sha256 = %s"
LINE_RATES = (
    "INSERT INTO exchange_line (name, up_rate, down_rate, contact_at) VALUES ('hub', %s, %s, %s)"
    " ON CONFLICT (name) DO UPDATE SET up_rate = CASE WHEN excluded.up_rate > 0 THEN excluded.up_rate"
    " ELSE exchange_line.up_rate END, down_rate = CASE WHEN excluded.down_rate > 0 THEN excluded.down_rate"
    " ELSE exchange_line.down_rate END, contact_at = excluded.contact_at, problem = ''"
)
RATES = "SELECT up_rate, down_rate FROM exchange_line WHERE name = 'hub'"
_SEALED_LEFT = (
    " FROM exchange_message m LEFT JOIN exchange_part p ON p.number = m.number AND p.sealed <> ''"
    " LEFT JOIN exchange_running r ON r.direction = 'up' AND r.sha256 = p.sealed"
)
WAITING_LANES = (
    "SELECT m.lane, COUNT(DISTINCT m.number), COALESCE(SUM(p.sealed_size - COALESCE(r.done, 0)), 0)"
    + _SEALED_LEFT
    + " WHERE m.direction = 'out' AND m.state = 'queued' GROUP BY m.lane"
)
WAITING_FIRST = (
    "SELECT m.message, m.kind, m.loop, m.receiver, m.lane, COALESCE(SUM(p.sealed_size), 0),"
    " COALESCE(SUM(r.done), 0)"
    + _SEALED_LEFT
    + " WHERE m.number IN (SELECT number FROM exchange_message WHERE direction = 'out' AND state = 'queued'"
    " ORDER BY lane, number LIMIT %s)"
    " GROUP BY m.number, m.message, m.kind, m.loop, m.receiver, m.lane ORDER BY m.lane, m.number"
)
FETCHING = "SELECT size, done FROM exchange_running WHERE direction = 'down' ORDER BY at"

# Hub: bytes of uploads and transfers
UNFINISHED_UPLOADS = (
    "SELECT id, facility, size, expires FROM exchange_tusupload WHERE done_at = '' AND expires > %s"
    " ORDER BY expires DESC LIMIT %s"
)
_LOOP_BYTES = (
    "SELECT m.loop, f.sender, f.receiver, f.created, COUNT(*), SUM(LENGTH(m.jws)), MAX(m.lane),"
    " SUM(CASE WHEN m.state = 'stored' THEN 1 ELSE 0 END), COALESCE((SELECT SUM(p.sealed_size)"
    " FROM exchange_part p JOIN exchange_message q ON q.number = p.number WHERE q.loop = m.loop), 0)"
    " FROM (SELECT loop, MIN(number) AS number FROM exchange_message WHERE loop IN ({loops}) GROUP BY loop) l"
    " JOIN exchange_message f ON f.number = l.number JOIN exchange_message m ON m.loop = l.loop"
    " GROUP BY m.loop, f.number, f.sender, f.receiver, f.created ORDER BY f.number DESC"
)
LOOP_BYTES = _LOOP_BYTES.format(loops="%s")
LATEST_LOOPS = _LOOP_BYTES.format(
    loops="SELECT loop FROM (SELECT loop, MAX(number) AS latest FROM exchange_message WHERE direction = 'relay'"
    " AND sender = %s GROUP BY loop ORDER BY latest DESC LIMIT %s) AS recent"
)

# Retention at the hub
_NEEDED = (
    "NOT EXISTS (SELECT 1 FROM exchange_part q JOIN exchange_message n ON n.number = q.number"
    " WHERE q.sealed = p.sealed AND n.direction = 'relay' AND (n.receipt_at = '' OR n.receipt_at >= %s))"
)
ARRIVED_SEALED = (
    "SELECT DISTINCT p.sealed FROM exchange_part p JOIN exchange_message m ON m.number = p.number"
    " WHERE m.direction = 'relay' AND m.receipt_at <> '' AND m.receipt_at < %s AND p.sealed <> ''"
    " AND (EXISTS (SELECT 1 FROM exchange_sealed s WHERE s.sha256 = p.sealed)"
    f" OR EXISTS (SELECT 1 FROM exchange_upload u WHERE u.sha256 = p.sealed)) AND {_NEEDED} LIMIT %s"
)
FORGET_UPLOADS = "DELETE FROM exchange_upload WHERE sha256 IN ({marks})"
