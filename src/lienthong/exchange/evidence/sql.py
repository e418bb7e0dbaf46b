"""What an evidence package is made from."""

from __future__ import annotations

_ROW = "SELECT number, message, loop, jws, created, accepted_at, acceptance, receipt, receipt_at FROM exchange_message"
OF_MESSAGE = f"{_ROW} WHERE direction IN ('in', 'out', 'relay') AND message = %s ORDER BY number"
OF_LOOP = f"{_ROW} WHERE loop = %s ORDER BY number LIMIT %s"
PARTS = "SELECT sha256, size FROM exchange_part WHERE number = %s ORDER BY place"
