"""Three classes of what goes wrong with a message, and so what is done about it.

``network``: line, hub or disk cannot now; it is tried again, with growing pauses, for as long as it takes. ``refused``:
hub or receiver will not take it. ``content``: the message itself is bad. These two are set aside with one alert, and
what follows goes on.
"""

from __future__ import annotations

from typing import Literal

from lienthong.foundation.errors import Problem

Fault = Literal["network", "refused", "content"]

CONTENT = {
    "exchange-bad-manifest",
    "exchange-bad-signature",
    "exchange-id-taken",
    "exchange-part-lost",
    "exchange-part-damaged",
    "exchange-wrong-part",
    "exchange-not-understood",
    "exchange-no-handler",
    "exchange-handler-failed",
    "http-too-large",
    "http-not-json",
}
"""Codes of messages that are bad themselves, or that the receiver's software cannot digest."""


def fault_of(problem: Problem) -> Fault:
    """The class of a problem: ``network`` whenever trying again can help."""
    if problem.retry:
        return "network"
    return "content" if problem.code in CONTENT else "refused"
