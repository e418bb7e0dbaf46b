"""Store and forward: manifest, outbox, mailbox, delivery, receipts, trace. ``put`` is the only way out of a node."""

from __future__ import annotations

from lienthong.exchange.inbox import Handler, Incoming, ReceiptHandler
from lienthong.exchange.manifest import Receipt
from lienthong.exchange.outbox import Part, Ready, prepare, put
from lienthong.exchange.problems import Refused
from lienthong.exchange.reading import (
    DayCount,
    Exchanged,
    First,
    Flow,
    MessageRow,
    exchanged,
    find,
    first_sent,
    first_stored,
    flow,
    messages_of,
    recent,
    signed_manifest,
    traffic,
)
from lienthong.exchange.relayed import Relayed, bodies, mailboxes, relayed
from lienthong.exchange.remaining import LineState, LoopBytes, bytes_of, latest, line_state, under_way
from lienthong.exchange.trace import TraceStep, journey

__all__ = [
    "DayCount",
    "Exchanged",
    "First",
    "Flow",
    "Handler",
    "Incoming",
    "LineState",
    "LoopBytes",
    "MessageRow",
    "Part",
    "Ready",
    "Receipt",
    "ReceiptHandler",
    "Refused",
    "Relayed",
    "TraceStep",
    "bodies",
    "bytes_of",
    "exchanged",
    "find",
    "first_sent",
    "first_stored",
    "flow",
    "journey",
    "latest",
    "line_state",
    "mailboxes",
    "messages_of",
    "prepare",
    "put",
    "recent",
    "relayed",
    "signed_manifest",
    "traffic",
    "under_way",
]
