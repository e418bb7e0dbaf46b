"""Other weights or thresholds: what they would change, shown first; then the change, resumable."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, Literal, NamedTuple

from django.db import transaction

from lienthong.access import audit
from lienthong.foundation import clock, json
from lienthong.identity import events, index, problems, registering, rules, sql, versions, weights
from lienthong.identity.events import Known
from lienthong.identity.index import Match, Registration
from lienthong.identity.models import WeightsInUse
from lienthong.identity.persons import Pair, Said, partition
from lienthong.identity.registering import pair
from lienthong.identity.rules import Verdict
from lienthong.identity.weights import Weights

Kind = Literal["link", "unlink", "ask", "drop"]

EXAMPLES: Final = 20
STEP: Final = 200
"""Registrations looked at in one transaction."""


class Change(NamedTuple):
    """What a change of rules does to a pair: the program links it or takes its link back, a clerk is asked or is asked
    no more. ``before``: the bits with the weights in use."""

    kind: Kind
    first: Registration
    second: Registration
    before: float
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Preview:
    """What other weights would change. ``counts`` by kind; the first ``examples`` of each kind; ``state``: what it was
    made of."""

    content: bytes
    version: str
    registrations: int
    counts: Counter[Kind] = field(default_factory=Counter)
    examples: dict[Kind, list[Change]] = field(default_factory=dict)
    state: str = ""


def preview(content: bytes) -> Preview:
    """What a weights file would change if it were put in use now. Changes nothing.

    It compares every registration with its candidates: about two milliseconds each.

    Raises:
        BadWeights: the file cannot be used.
    """
    new = weights.read(content)
    state = _state(content)
    counts: Counter[Kind] = Counter()
    examples: dict[Kind, list[Change]] = {}
    looked = 0
    for step in _Walk(new, versions.active()).steps(0):
        looked += step.looked
        for change in step.changes:
            counts[change.kind] += 1
            if counts[change.kind] <= EXAMPLES:
                examples.setdefault(change.kind, []).append(change)
    return Preview(content, new.version, looked, counts, examples, state)


def with_thresholds(link: float, ask: float, version: str) -> bytes:
    """The weights file in use with other thresholds (bits) and a version of its own."""
    newest = WeightsInUse.objects.order_by("-id").first()
    value = json.loads(bytes(newest.content) if newest else weights.packaged_file())
    value |= {"thresholds": {"link": link, "ask": ask}, "version": version}
    return json.dumps(value)


def apply(shown: Preview, why: str, actor: audit.Actor, stop: threading.Event | None = None) -> int:
    """Puts previewed weights in use and carries the change out; returns the event.

    It goes step by step, each one transaction; what an interruption leaves, :func:`finish` does.

    Raises:
        CannotDecide: no reason, or something has changed since the preview.
    """
    if not why.strip():
        raise problems.no_reason()
    with transaction.atomic():
        events.lock()
        if shown.state != _state(shown.content):
            raise problems.preview_is_old()
        detail = {"version": shown.version, "counts": dict(shown.counts)}
        event = events.write(
            events.New(events.RULE_CHANGED, actor, why, weights=shown.version, detail=detail)
        )
        WeightsInUse.objects.create(
            version=shown.version, content=shown.content, at=clock.iso(clock.now()), event=event
        )
        audit.record(actor, events.RULE_CHANGED, page="identity", why=why, detail={"event": event, **detail})
    finish(actor, stop or threading.Event())
    return event


def finish(actor: audit.Actor, stop: threading.Event) -> None:
    """Carries out what is left of a change of weights."""
    newest = WeightsInUse.objects.order_by("-id").first()
    if newest is None or newest.done:
        return
    new = versions.active()
    for step in _Walk(new, new).steps(newest.looked):
        with transaction.atomic():
            events.lock()
            for change in step.changes:
                _carry_out(change, new, actor)
            newest.looked = max(newest.looked, step.last)
            newest.save(update_fields=["looked"])
        if stop.is_set():
            return
    newest.done = True
    newest.save(update_fields=["done"])


def _carry_out(change: Change, new: Weights, actor: audit.Actor) -> None:
    one, other, verdict = change.first, change.second, change.verdict
    if change.kind == "link":
        registering.link(one, other, verdict, new, actor)
    elif change.kind == "unlink":
        registering.unlink(one, other, verdict, new, actor, new.version)
    elif change.kind == "ask":
        registering.ask(pair(one, other), verdict)
    else:
        sql.run(sql.FORGET, pair(one, other))


class _Step(NamedTuple):
    """``last``: the registration up to which links were looked for; 0 while links are taken back."""

    changes: list[Change]
    looked: int
    last: int


class _Walk:
    """Goes over the registrations twice: first over the program's own links, then over all candidates.

    What it would join or part it remembers, so that it finds the same whether the changes are carried out or not.
    """

    def __init__(self, new: Weights, old: Weights) -> None:
        self.new, self.old = new, old
        self.parted: dict[int, int] = {}
        self.joined: dict[int, int] = {}

    def steps(self, after: int) -> Iterator[_Step]:
        for some in _registrations(0):
            if changes := list(self._unlinks(some)):
                yield _Step(changes, 0, 0)
        for some in _registrations(after):
            yield _Step(list(self._others(some)), len(some), some[-1].number)

    def _unlinks(self, some: list[Registration]) -> Iterator[Change]:
        mine = {one.number: one for one in some}
        linked = [p for p, by in events.words(mine).items() if p[1] in mine and "" in by and by[""].value > 0]
        others = {one.number: one for one in index.by_number(first for first, _ in linked)}
        gone: set[Pair] = set()
        for first, second in sorted(linked):
            change = self._change("unlink", others[first], mine[second])
            if change.verdict.outcome != "link":
                gone.add((first, second))
                yield change
        if gone:
            known = Known.around(one for p in gone for one in p)
            said = [s for s in known.counting() if s.source or (s.first, s.second) not in gone]
            self.parted |= partition(known.registrations, said).person

    def _others(self, some: list[Registration]) -> Iterator[Change]:
        words = events.words(one.number for one in some)
        asked = {(first, second) for first, second in sql.among(sql.QUESTIONS, (one.number for one in some))}
        for one in some:
            found = [c for c in index.candidates(one.fields) if c.number < one.number]
            matches = index.judged(one.fields, found, self.new)
            kept = {pair(one, m.registration) for m in matches if m.verdict.outcome == "ask"}
            for match in matches:
                change = self._matched(one, match, words.get(pair(one, match.registration), {}), asked)
                if change:
                    yield change
            left = [p for p in asked if p[1] == one.number and p not in kept]
            for other in index.by_number(first for first, _ in left):
                yield self._change("drop", other, one)

    def _matched(
        self, one: Registration, match: Match, said: Mapping[str, Said], asked: set[Pair]
    ) -> Change | None:
        other = match.registration
        mine, its = self._person(one), self._person(other)
        if mine == its:
            return None
        if match.verdict.outcome == "link":
            if any(word.value for word in said.values()):
                return None
            self.joined[max(mine, its)] = min(mine, its)
            return self._change("link", other, one)
        people_spoke = any(said)  # their source is not empty
        return None if people_spoke or pair(one, other) in asked else self._change("ask", other, one)

    def _change(self, kind: Kind, one: Registration, other: Registration) -> Change:
        verdict = rules.judge(one.fields, other.fields, self.new)
        before = self.old.score(one.fields, other.fields).bits
        return Change(kind, one, other, before, verdict)

    def _person(self, one: Registration) -> int:
        person = self.parted.get(one.number, one.person)
        while person in self.joined:
            person = self.joined[person]
        return person


def _registrations(after: int) -> Iterator[list[Registration]]:
    while rows := sql.all_rows(sql.AFTER, (after, STEP)):
        some = [Registration(*row) for row in rows]
        after = some[-1].number
        yield some


def _state(content: bytes) -> str:
    return sha256(repr((content, sql.all_rows(sql.STATE))).encode()).hexdigest()
