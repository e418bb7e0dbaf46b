"""Rows of the audit trail of calls that only read; those that come at the same moment share a commit."""

from __future__ import annotations

from collections.abc import Sequence

from lienthong.access import audit
from lienthong.foundation.turns import Turns


def note(events: Sequence[audit.Wanted]) -> None:
    """Adds events to the trail; returns when they are durable."""
    if events:
        _turns.do(events)


def _together(calls: Sequence[Sequence[audit.Wanted]]) -> list[None]:
    audit.append([event for events in calls for event in events])
    return [None for _ in calls]


_turns: Turns[Sequence[audit.Wanted], None] = Turns(_together)
