"""Who handles which message: the one table through which a lower part reaches a higher one."""

from __future__ import annotations

from lienthong.documents import desk as documents
from lienthong.exchange.reconciling import handlers as reconciling
from lienthong.transfers import desk

HANDLERS = {
    desk.TRANSFER: desk.take_dossier,
    desk.STEP: desk.take_step,
    documents.REQUEST: documents.take_request,
    documents.ANSWER: documents.take_answer,
    **reconciling.HANDLERS,
}
"""Kind of message to what the receiving site does with it, inside its transaction; returns the hash of what was
stored."""

RECEIPT_HANDLERS = {
    desk.TRANSFER: desk.receipt_came,
    documents.REQUEST: documents.request_receipted,
}
"""Kind of message to what the sending site does when the receiver's verified receipt is stored."""

NEWEST_STANDS = frozenset({desk.TRANSFER})
"""Kinds whose newest message of a loop holds all that earlier ones held."""
