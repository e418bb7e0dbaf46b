"""Other weights before a person: proposed on a page, previewed by the node's own thread, then put in use.

A preview takes about two milliseconds for each registration, so no page waits for it, and nobody who registers.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import transaction

from lienthong.access import audit
from lienthong.foundation import clock
from lienthong.identity import changing, index, weights
from lienthong.identity.changing import Kind, Preview, Since
from lienthong.identity.index import Registration
from lienthong.identity.models import Proposal

SAMPLES = 10
"""Examples of each kind of change that are kept."""


class Sample(NamedTuple):
    """An example of what would change; bits with the weights in use and with the proposed ones."""

    kind: Kind
    first: Registration
    second: Registration
    before: float
    after: float


def propose(content: bytes, actor: audit.Actor) -> Proposal:
    """Has a weights file previewed; it takes the place of an earlier proposal. Nothing else changes.

    Raises:
        BadWeights: the file cannot be used.
    """
    version = weights.read(content).version
    with transaction.atomic():
        Proposal.objects.all().delete()
        made = Proposal.objects.create(
            version=version[:40],
            content=content,
            author=actor.id[:150],
            author_name=actor.name[:150],
            at=clock.iso(clock.now()),
        )
        audit.record(actor, "identity-proposed", page="identity/rules", detail={"version": version})
    return made


def present() -> Proposal | None:
    """The proposal that is looked at."""
    return Proposal.objects.order_by("-id").first()


def withdraw() -> None:
    """Nothing is proposed any more."""
    Proposal.objects.all().delete()


_MAKING: dict[tuple[int, str], Iterator[Preview]] = {}
"""The preview that this process is making, by number and moment of the proposal."""


def work(seconds: float = math.inf) -> bool:
    """Makes the preview of what is proposed, where it is not made yet, for so long; whether none is waiting.

    Called again it goes on; a process that starts anew begins from the beginning.
    """
    until = time.monotonic() + seconds
    waiting = Proposal.objects.filter(state="").order_by("-id").first()
    if waiting is None:
        _MAKING.clear()
        return True
    key = (waiting.id, waiting.at)
    if key not in _MAKING:
        _MAKING.clear()
        _MAKING[key] = changing.previewing(bytes(waiting.content))
    made = None
    for made in _MAKING[key]:  # noqa: B007  (the last of them is wanted)
        if time.monotonic() >= until:
            break
    if made is not None:
        _keep(waiting, made)
    if done := made is None or bool(made.state):
        _MAKING.clear()
    return done


def _keep(waiting: Proposal, made: Preview) -> None:
    """Writes down how far a preview is, and all of it when it is done."""
    done = {"state": made.state, "done_at": clock.iso(clock.now())} if made.state else {}
    examples = [
        [kind, one.first.number, one.second.number, one.before, one.verdict.score.bits]
        for kind, some in made.examples.items()
        for one in some[:SAMPLES]
    ]
    Proposal.objects.filter(id=waiting.id).update(
        registrations=made.registrations, counts=dict(made.counts), samples=examples, **done
    )


def since(proposal: Proposal) -> Since | None:
    """What has come since the preview was begun; None when it says nothing any more."""
    return changing.since(proposal.state)


def samples(proposal: Proposal) -> list[Sample]:
    """The examples kept of a preview."""
    rows: list[Any] = proposal.samples
    known = {one.number: one for one in index.by_number(number for row in rows for number in row[1:3])}
    return [
        Sample(kind, known[first], known[second], before, after)
        for kind, first, second, before, after in rows
    ]


def apply(proposal: Proposal, why: str, actor: audit.Actor) -> int:
    """Puts previewed weights in use; the node's thread carries the change out. Returns the event.

    Raises:
        CannotDecide: no reason, or other weights are in use since the preview.
    """
    counts: Any = proposal.counts
    shown = Preview(
        content=bytes(proposal.content),
        version=proposal.version,
        registrations=proposal.registrations,
        counts=Counter(counts),
        state=proposal.state,
    )
    at_once = threading.Event()
    at_once.set()
    event = changing.apply(shown, why, actor, at_once)
    withdraw()
    return event
