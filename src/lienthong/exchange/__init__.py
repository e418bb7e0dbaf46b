"""Store and forward: manifest, outbox, mailbox, delivery, receipts, trace. ``put`` is the only way out of a node."""

from __future__ import annotations

from lienthong.exchange.inbox import Handler, Incoming, ReceiptHandler
from lienthong.exchange.manifest import Receipt
from lienthong.exchange.outbox import Part, Ready, prepare, put
from lienthong.exchange.problems import Refused
from lienthong.exchange.reading import (
    DayCount,
    Flow,
    MessageRow,
    find,
    flow,
    messages_of,
    recent,
    traffic,
)
from lienthong.exchange.trace import TraceStep, journey

__all__ = [
    "DayCount",
    "Flow",
    "Handler",
    "Incoming",
    "MessageRow",
    "Part",
    "Ready",
    "Receipt",
    "ReceiptHandler",
    "Refused",
    "TraceStep",
    "find",
    "flow",
    "journey",
    "messages_of",
    "prepare",
    "put",
    "recent",
    "traffic",
]
