"""Three classes of what goes wrong with a message, and so what is done about it.

``network``: line, hub or disk cannot now; it is tried again, with growing pauses, for as long as it takes. ``refused``:
hub or receiver will not take it. ``content``: the message itself is bad, or the receiver's software cannot digest it.
These two are set aside with one alert, at once or, when a retry may help, after :data:`TRIES`; what follows goes on.
"""

from __future__ import annotations

from typing import Literal

from lienthong.foundation.errors import Problem

Fault = Literal["network", "refused", "content"]

TRIES = 12
"""About 40 minutes, with pauses that double up to ten minutes."""

NETWORK = {
    "exchange-no-line",
    "exchange-hub-fault",
    "exchange-hub-full",
    "exchange-busy",
    "exchange-too-often",
    "exchange-not-allowed",
    "exchange-queue-full",
    "exchange-disk-full",
    "exchange-disk-failed",
    "exchange-no-such-upload",
    "exchange-other-offset",
    "exchange-upload-locked",
    "exchange-too-many-uploads",
    "http-cut-short",
}
"""Codes of line, hub and disk."""

CONTENT = {
    "exchange-bad-manifest",
    "exchange-bad-signature",
    "exchange-bad-receipt",
    "exchange-id-taken",
    "exchange-part-lost",
    "exchange-part-damaged",
    "exchange-wrong-part",
    "exchange-missing-parts",
    "exchange-content-awaited",
    "exchange-cannot-open",
    "exchange-not-understood",
    "exchange-upload-too-large",
    "exchange-no-handler",
    "exchange-handler-failed",
    "http-too-large",
    "http-not-json",
}
"""Codes of messages that are bad themselves, or that the receiver's software cannot digest. The rest is refused."""


def fault_of(problem: Problem) -> Fault:
    """The class of a problem."""
    if problem.code in NETWORK:
        return "network"
    return "content" if problem.code in CONTENT else "refused"


def goes_on(problem: Problem, attempts: int) -> bool:
    """Whether a message is tried again after so many attempts; else it is set aside."""
    return problem.code in NETWORK or (problem.retry and attempts < TRIES)
