"""Which step may follow which: the one table of the loop's first states."""

from __future__ import annotations

from collections.abc import Set

from lienthong.transfers.models import State

ORDER: tuple[State, ...] = (
    State.SENT,
    State.RECEIVED,
    State.SEEN,
    State.ACCEPTED,
    State.ARRIVED,
    State.ANSWERED,
)

NEEDS: dict[State, frozenset[State]] = {
    State.SEEN: frozenset({State.RECEIVED}),
    State.ACCEPTED: frozenset({State.RECEIVED}),
    State.ARRIVED: frozenset({State.RECEIVED}),
    State.ANSWERED: frozenset({State.ACCEPTED, State.ARRIVED}),
}
"""What the receiving hospital may do once one of these states was reached; each step happens once.

An emergency arrives before anybody accepted it, so arrival does not wait for acceptance.
"""


def allowed(reached: Set[State]) -> list[State]:
    """The steps the receiving hospital may take now, in the loop's order."""
    return [state for state in ORDER if state not in reached and NEEDS.get(state, frozenset()) & reached]


def furthest(reached: Set[State]) -> State:
    """The state that a list shows."""
    return max(reached, key=ORDER.index)
