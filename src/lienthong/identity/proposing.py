"""Other weights before a person: proposed on a page, previewed by the node's own thread, then put in use.

A preview takes about two milliseconds for each registration, so no page waits for it.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any, NamedTuple

from django.db import transaction

from lienthong.access import audit
from lienthong.foundation import clock
from lienthong.identity import changing, index, weights
from lienthong.identity.changing import Kind, Preview
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


def work() -> None:
    """Makes the preview of what is proposed, where it is not made yet."""
    waiting = Proposal.objects.filter(state="").order_by("-id").first()
    if waiting is None:
        return
    made = changing.preview(bytes(waiting.content))
    examples = [
        [kind, one.first.number, one.second.number, one.before, one.verdict.score.bits]
        for kind, some in made.examples.items()
        for one in some[:SAMPLES]
    ]
    Proposal.objects.filter(id=waiting.id).update(
        registrations=made.registrations,
        counts=dict(made.counts),
        samples=examples,
        state=made.state,
        done_at=clock.iso(clock.now()),
    )


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
        CannotDecide: no reason, or something has changed since the preview.
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
