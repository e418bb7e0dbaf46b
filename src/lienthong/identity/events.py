"""Writing events, and the persons that follow from them, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from lienthong.access import audit
from lienthong.foundation import clock
from lienthong.identity import persons, sql
from lienthong.identity.models import Event, Question
from lienthong.identity.persons import Contradiction, Pair, Partition, Said

LINKED, UNLINKED, UNDONE, RULE_CHANGED = "linked", "unlinked", "undone", "rule-changed"
WITHDRAWN, REPLACED = "withdrawn", "replaced"
"""What a hospital said of its registration, not of two: not in use any more; used in place of it is another."""
SAME, DIFFERENT, UNKNOWN = "decided-same", "decided-different", "decided-unknown"
VALUES = {SAME: 1, DIFFERENT: -1, UNKNOWN: 0}
_NEXT = 1 << 62


@dataclass(frozen=True, slots=True)
class New:
    """An event to be written. ``pairs``: what it says; ``undoes``: the event that it takes back."""

    kind: str
    actor: audit.Actor
    why: str
    source: str = ""
    pairs: dict[Pair, int] = field(default_factory=dict)
    bits: float | None = None
    weights: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    undoes: int | None = None


def lock() -> None:
    """Lets one writer in at a time until the end of the transaction."""
    sql.run(sql.LOCK)


def write(new: New) -> int:
    """Writes an event and moves registrations to the persons that follow; returns its number."""
    with transaction.atomic():
        lock()
        known = Known.around([one for pair in _pairs(new) for one in pair])
        before = known.partition()
        after = known.partition(new)
        moved = {one for one in before.person if before.person[one] != after.person[one]}
        event = Event.objects.create(
            at=clock.iso(clock.now()),
            kind=new.kind,
            source=new.source,
            author=new.actor.id[:150],
            author_name=new.actor.name[:150],
            why=new.why[:500],
            bits=new.bits,
            weights=new.weights,
            detail=new.detail,
            before=[group for group in before.sets() if group not in after.sets()],
            after=[group for group in after.sets() if group not in before.sets()],
            undoes=new.undoes,
        )
        rows = [(event.id, *pair, new.source, value, new.bits or 0.0) for pair, value in new.pairs.items()]
        sql.many(sql.INSERT_SAID, rows)
        sql.many(sql.MOVE, [(after.person[one], one) for one in sorted(moved)])
        if new.source or new.undoes:
            _settle(_pairs(new))
    return event.id


def _pairs(new: New) -> list[Pair]:
    """The pairs of an event; of an undoing, those of the event that it takes back in the end."""
    target = new.undoes
    while target is not None and (
        further := Event.objects.filter(id=target).values_list("undoes", flat=True).first()
    ):
        target = further
    if target is None:
        return list(new.pairs)
    return [(first, second) for _, first, second, *_ in sql.among(sql.SAID_BY, [target])]


def _settle(pairs: Sequence[Pair]) -> None:
    """A question is closed while a person's word on its pair counts."""
    said = words(one for pair in pairs for one in pair)
    for first, second in pairs:
        answered = any(source for source in said.get((first, second), ()))
        Question.objects.filter(first=first, second=second).update(open=not answered)


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that was ever said around some registrations. ``undoing``: events and what they undo."""

    registrations: frozenset[int]
    said: tuple[Said, ...]
    undoing: tuple[tuple[int, int], ...]

    @classmethod
    def around(cls, registrations: Iterable[int]) -> Known:
        """Reads the words on the registrations and on all that were ever said to be one with them, and so on."""
        seen: set[int] = set()
        fresh = set(registrations)
        said: set[Said] = set()
        while fresh:
            seen |= fresh
            rows = {Said._make(row) for row in sql.among(sql.SAID_OF, fresh, lists=2)}
            said |= rows
            fresh = {end for one in rows if one.value > 0 for end in (one.first, one.second)} - seen
        inside = tuple(one for one in said if one.first in seen and one.second in seen)
        return cls(frozenset(seen), inside, _undoing({one.event for one in inside}))

    def counting(self, *further: tuple[int, int]) -> list[Said]:
        """What still counts; ``further``: an undoing that is not yet written."""
        gone = persons.undone([*self.undoing, *further])
        return [one for one in self.said if one.event not in gone]

    def partition(self, new: New | None = None) -> Partition:
        """The persons, as they are or as they would be after an event."""
        said = self.counting(*([(_NEXT, new.undoes)] if new and new.undoes else ()))
        if new:
            said += [
                Said(_NEXT, *pair, new.source, value, new.bits or 0.0) for pair, value in new.pairs.items()
            ]
        return persons.partition(self.registrations, said)


def words(registrations: Iterable[int]) -> dict[Pair, dict[str, Said]]:
    """What still counts of what was said of pairs that some of these registrations are in."""
    said = [Said._make(row) for row in sql.among(sql.SAID_OF, registrations, lists=2)]
    gone = persons.undone(_undoing({one.event for one in said}))
    return persons.standing({one for one in said if one.event not in gone})


def counts(event: int) -> bool:
    """Whether an event is not undone."""
    return event not in persons.undone(_undoing({event}))


def contradictions(known: Known) -> list[Contradiction]:
    """Words that stand against each other: those that keep a join from being made, and both said of one pair."""
    said = known.counting()
    found = {one.same: one for one in persons.partition(known.registrations, said).contradictions}
    for by in persons.standing(said).values():
        different = tuple(one for one in by.values() if one.value < 0)
        for one in by.values():
            if one.value > 0 and different:
                found.setdefault(one, Contradiction(one, different))
    return list(found.values())


def _undoing(events: set[int]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    fresh = events
    while fresh:
        rows = [(event, target) for event, target in sql.among(sql.UNDOING, fresh)]
        found += rows
        fresh = {event for event, _ in rows}
    return tuple(found)
