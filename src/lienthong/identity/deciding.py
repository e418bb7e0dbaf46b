"""What people say of pairs: the same, different, not known; and taking back what was said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from django.db import transaction

from lienthong.access import audit
from lienthong.facilities import directory
from lienthong.identity import events, explaining, index, leaving, problems, rules, sql, versions
from lienthong.identity.events import Known
from lienthong.identity.explaining import Line
from lienthong.identity.index import Registration
from lienthong.identity.models import Event
from lienthong.identity.persons import Contradiction, Pair
from lienthong.identity.rules import Verdict

Answer = Literal["same", "different", "unknown"]

_KINDS = {"same": events.SAME, "different": events.DIFFERENT, "unknown": events.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Question:
    """A pair that waits for a person's word, explained: ``lines`` one for each field that says something."""

    first: Registration
    second: Registration
    verdict: Verdict
    asked_at: str
    lines: tuple[Line, ...]


class Decided(NamedTuple):
    """A person's event, the pair it is about (None: an undoing), and whether it still counts."""

    event: Event
    pair: Pair | None
    counts: bool


def decide(pair: Pair, answer: Answer, why: str, actor: audit.Actor, *, facility: str = "") -> int:
    """Writes what a person says of a pair of registrations; returns the event.

    The last word of each facility on a pair counts. While one says ``different`` the two are not one person, whatever
    they score and whatever another facility says.

    Args:
        facility: whose word it is; this node's when empty.

    Raises:
        CannotDecide: no such registrations, one that is not in use any more, or no reason.
    """
    first, second = _two(pair)
    if not why.strip():
        raise problems.no_reason()
    verdict = rules.judge(first.fields, second.fields, versions.active())
    value = events.VALUES[_KINDS[answer]]
    pairs = {(first.number, second.number): value}
    return _write(_KINDS[answer], pairs, why, actor, facility, (first, second), verdict)


def link(pair: Pair, why: str, actor: audit.Actor, *, facility: str = "") -> int:
    """Links two registrations by a person's word: ``decide(pair, "same")``."""
    return decide(pair, "same", why, actor, facility=facility)


def unlink(registration: int, why: str, actor: audit.Actor, *, facility: str = "") -> int:
    """Takes a registration out of its person: it is different from each of the others; returns the event.

    Raises:
        CannotDecide: it has no others, or no reason is given.
    """
    one = _known([registration])[0]
    others = [other for other in index.registrations(one.person) if other.number != registration]
    if not others:
        raise problems.alone(registration)
    if not why.strip():
        raise problems.no_reason()
    pairs = {(min(registration, o.number), max(registration, o.number)): -1 for o in others}
    return _write(events.UNLINKED, pairs, why, actor, facility, (one, *others))


def undo(event: int, why: str, actor: audit.Actor) -> int:
    """Takes an event back, as if it had never been; returns the event that says so, which can be undone in turn.

    Raises:
        CannotDecide: there is no such event, it says nothing of a pair, or it is undone already.
    """
    if not why.strip():
        raise problems.no_reason()
    with transaction.atomic():
        events.lock()
        target = Event.objects.filter(id=event).first()
        if target is None or not _taken_back(target) or not events.counts(event):
            raise problems.cannot_undo(event)
        made = events.write(events.New(events.UNDONE, actor, why, directory.here(), undoes=event))
        audit.record(actor, events.UNDONE, page=f"identity/{event}", why=why, detail={"event": made})
    return made


def _taken_back(event: Event) -> bool:
    """Whether people may take an event back: not a change of rules, nor what a hospital's own record says of itself."""
    first: Event | None = event
    while first is not None and first.undoes:
        first = Event.objects.filter(id=first.undoes).first()
    return first is not None and first.kind not in (events.RULE_CHANGED, events.WITHDRAWN, events.REPLACED)


def pending(limit: int = 50, offset: int = 0, facility: str = "") -> list[Question]:
    """Pairs that wait for a person's word, the likeliest first, explained with the weights in use.

    Args:
        facility: only pairs with a registration of this facility.
    """
    rows = sql.all_rows(sql.PENDING, (facility, facility, facility, limit, offset))
    found = {one.number: one for one in index.by_number(n for row in rows for n in row[:2])}
    return [question((found[first], found[second]), at) for first, second, _, _, at in rows]


def count_pending(facility: str = "") -> int:
    """How many pairs wait."""
    return int(sql.all_rows(sql.PENDING_COUNT, (facility, facility, facility))[0][0])


def latest(limit: int = 20, author: str = "") -> list[Decided]:
    """What people decided last, the newest first; ``author``: only what this account decided."""
    found = Event.objects.exclude(source="").exclude(kind=events.REPLACED)
    if author:
        found = found.filter(author=author)
    events_found = list(found.order_by("-id")[:limit])
    said = sql.among(sql.SAID_BY, (one.id for one in events_found))
    pairs: dict[int, Pair] = {event: (first, second) for event, first, second, *_ in said}
    return [Decided(one, pairs.get(one.id), events.counts(one.id)) for one in events_found]


def question(pair: tuple[Registration, Registration], asked_at: str = "") -> Question:
    """Two registrations side by side, explained."""
    weights = versions.active()
    verdict = rules.judge(pair[0].fields, pair[1].fields, weights)
    return Question(*pair, verdict, asked_at, explaining.lines(*pair, verdict, weights))


def contradictions(person: int) -> list[Contradiction]:
    """Words that cannot all be true, around a person: somebody (or the score) says same, somebody different."""
    known = Known.around(one.number for one in index.registrations(person))
    return events.contradictions(known)


def history(person: int) -> list[Event]:
    """The events on the registrations of a person, in their order, those that are undone too."""
    known = Known.around(one.number for one in index.registrations(person))
    numbers = {one.event for one in known.said} | {event for event, _ in known.undoing}
    return list(Event.objects.filter(id__in=numbers).order_by("id"))


def of_pair(pair: Pair) -> list[Event]:
    """The events that say something of a pair, and those that took them back, in their order."""
    known = Known.around(pair)
    own = {one.event for one in known.said if (one.first, one.second) == pair}
    while fresh := {event for event, target in known.undoing if target in own} - own:
        own |= fresh
    return list(Event.objects.filter(id__in=own).order_by("id"))


def _write(
    kind: str,
    pairs: dict[Pair, int],
    why: str,
    actor: audit.Actor,
    facility: str,
    about: tuple[Registration, ...],
    verdict: Verdict | None = None,
) -> int:
    weights = versions.active()
    parts = weights.parts(verdict.score) if verdict else ()
    new = events.New(
        kind,
        actor,
        why.strip(),
        facility or directory.here(),
        pairs,
        verdict.score.bits if verdict else None,
        weights.version,
        {"fields": [[p.field, p.level, round(p.bits, 3)] for p in parts]} if verdict else {},
    )
    with transaction.atomic():
        made = events.write(new)
        detail = {"event": made, "registrations": [f"{one.facility}/{one.fhir_id}" for one in about]}
        told = (audit.Wanted(actor, kind, one.fhir_id, "identity", why, detail) for one in about)
        audit.record_many(list(told))
    return made


def _two(pair: Pair) -> tuple[Registration, Registration]:
    if pair[0] == pair[1]:
        raise problems.same_registration()
    first, second = _known(pair)
    for one in (first, second):
        if one.gone in (leaving.DELETED, leaving.INACTIVE):
            raise problems.not_in_use(one.number)
    return first, second


def _known(numbers: tuple[int, ...] | list[int]) -> list[Registration]:
    found = index.by_number(numbers)
    have = {one.number for one in found}
    for number in numbers:
        if number not in have:
            raise problems.unknown(number)
    return found
