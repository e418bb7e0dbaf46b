"""Writes of calls that come at the same moment share one transaction; each is answered after its commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection, transaction

from lienthong.access import audit
from lienthong.foundation.errors import LienThongError
from lienthong.foundation.turns import Turns
from lienthong.foundation.wsgi import HttpError
from lienthong.records import keys, reading, sql
from lienthong.records.api import problems
from lienthong.records.api.references import where
from lienthong.records.writing import Done, Entry, Known, Writer

_OWN = "fhir/"
"""Origins of what came through the door; what others hold is changed by those others."""


@dataclass(slots=True)
class Plan:
    """What one call writes, all of it or nothing.

    Attributes:
        entries: each ``Type/id`` once.
        events: rows of the audit trail, made when it is known what became of the entries.
        versions: version that a resource must have now, 0 for none.
        once: ``Type/id`` of new resources that a repeated call would give again; where they are here, all of it was
            done, and nothing is written.
        refers: ``Type/id`` that must be here, with an entry that names it and where that stands; entries count as here.
        may: raises what a caller is told who may not change what an entry would replace or remove.
        shown: those of some ``Type/id`` that the caller may be told of.
        again: run first in the transaction; gives the plan anew where what it was made from has changed.
    """

    entries: Sequence[Entry]
    events: Callable[[Sequence[Done]], Sequence[audit.Wanted]]
    versions: Mapping[str, int] = field(default_factory=dict)
    once: frozenset[str] = frozenset()
    refers: Mapping[str, tuple[Entry, str]] = field(default_factory=dict)
    may: Callable[[Entry, Known], None] | None = None
    shown: Callable[[list[str]], list[str]] = list
    again: Callable[[], Plan] | None = None


def commit(plan: Plan) -> list[Done]:
    """Writes a plan; returns after it is durable.

    Raises:
        HttpError: 409, 412, 422: nothing of it was written.
    """
    return _turns.do(plan)


def _together(plans: Sequence[Plan]) -> list[list[Done] | Exception]:
    try:
        with transaction.atomic():
            found = [_write(batch) for batch in _batches(plans)]
            return [result for batch in found for result in batch]
    except Exception as error:
        if len(plans) == 1:
            return [error]
    return [result for plan in plans for result in _together([plan])]


def _batches(plans: Sequence[Plan]) -> list[list[Plan]]:
    """Plans that are written one batch after the other: no two of a batch touch or look for the same."""
    batches: list[list[Plan]] = []
    touched: set[str] = set()
    for plan in plans:
        refs = {entry.ref for entry in plan.entries}
        if not batches or plan.again or batches[-1][-1].again or touched & (refs | plan.refers.keys()):
            batches.append([])
            touched = set()
        batches[-1].append(plan)
        touched |= refs
    return batches


def _write(plans: Sequence[Plan]) -> list[list[Done] | Exception]:
    with connection.cursor() as cursor:
        cursor.execute(sql.WRITERS_TURN)
    plans = [plan.again() if plan.again else plan for plan in plans]
    write = Writer()
    write.find(list({ref for p in plans for ref in (*(e.ref for e in p.entries), *p.refers)}))
    results: list[list[Done] | Exception] = []
    events: list[audit.Wanted] = []
    good: list[Plan] = []
    for plan in plans:
        try:
            repeated = _repeated(plan, write.known)
            if repeated:
                results.append(repeated)
                continue
            _check(plan, write.known)
        except LienThongError as error:
            if plan.again or len(plans) == 1:
                raise
            results.append(error)
            continue
        for entry in plan.entries:
            write.put(entry)
        good.append(plan)
        done = [write.done[entry.ref] for entry in plan.entries]
        results.append(done)
        events += plan.events(done)
    write.flush()
    _nothing_dangles([(entry.ref, plan) for plan in good for entry in plan.entries if entry.resource is None])
    audit.record_many(events)
    return results


def _repeated(plan: Plan, known: Mapping[str, Known]) -> list[Done]:
    """What an earlier call with the same Idempotency-Key made; empty where there was none."""
    if plan.once.isdisjoint(known):
        return []
    done = []
    for entry in plan.entries:
        if entry.ref in plan.once:
            first = reading.version(entry.ref, 1)
            if first is None or first.body != entry.body:
                raise HttpError(409, problems.key_differs(entry.ref))
            done.append(Done(entry.ref, 1, first.updated, "unchanged"))
        else:
            held = known.get(entry.ref)
            at = reading.stored_at(held.place[0]) if held else ""
            done.append(Done(entry.ref, held.version if held else 0, at, "unchanged"))
    return done


def _check(plan: Plan, known: Mapping[str, Known]) -> None:
    for entry in plan.entries:
        if plan.may and entry.ref in known:
            plan.may(entry, known[entry.ref])
    for ref, version in plan.versions.items():
        held = known.get(ref)
        now = held.version if held else 0
        if now != version:
            raise HttpError(412, problems.changed(ref, now))
    for entry in plan.entries:
        held = known.get(entry.ref)
        if held is None:
            continue
        if held.source and not held.source.startswith(_OWN) and not held.deleted:
            raise HttpError(409, problems.of_an_export(entry.ref, held.source))
    own = {entry.ref for entry in plan.entries if entry.resource is not None}
    for ref, (entry, path) in plan.refers.items():
        held = known.get(ref)
        if ref not in own and (held is None or held.deleted):
            raise HttpError(422, problems.dangling(where(entry.resource, ref, path), ref))


def _nothing_dangles(gone: Sequence[tuple[str, Plan]]) -> None:
    """After deletions: nothing that is here refers to what is gone."""
    with connection.cursor() as cursor:
        for ref, plan in gone:
            cursor.execute(sql.REFERRING, (keys.ref_key(ref), 5))
            by = [row[0] for row in cursor.fetchall()]
            if by:
                raise HttpError(409, problems.referred_to(ref, plan.shown(by)))


def origin(caller_id: str) -> str:
    """The set under which the door keeps what a caller writes; sets with other names are changed by those who hold
    them."""
    return f"{_OWN}{caller_id}"


_turns: Turns[Plan, list[Done]] = Turns(_together)
