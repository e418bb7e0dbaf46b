"""Which of these messages is handled by what; ``config/handlers.py`` takes it in."""

from __future__ import annotations

from lienthong.exchange.reconciling import asking, conversation, giving, taking

HANDLERS = {
    conversation.QUESTION: conversation.take,
    conversation.ANSWER: conversation.take,
    conversation.RESULT: conversation.take,
    asking.REQUEST: giving.take_request,
    giving.CONTENT: taking.take_content,
}
"""Kind of message to handler."""
