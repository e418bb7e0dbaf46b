"""Other weights or thresholds: what they would change, shown first; then the change, resumable.

Neither waits for the index to rest. A preview says how much has come since it was begun; the change goes over
everything as it is then, in short transactions, and what comes meanwhile is judged with the new weights as it comes.
"""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
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
"""Registrations of a preview read at once."""
AT_ONCE: Final = 25
"""Registrations judged anew in one transaction, which keeps others from writing for some tenths of a second."""


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
    begun with (:func:`since`)."""

    content: bytes
    version: str
    registrations: int
    counts: Counter[Kind] = field(default_factory=Counter)
    examples: dict[Kind, list[Change]] = field(default_factory=dict)
    state: str = ""


class Since(NamedTuple):
    """What has come since a preview was begun: registrations that are new, others that have changed, and events."""

    new: int
    changed: int
    events: int


def preview(content: bytes) -> Preview:
    """What a weights file would change if it were put in use now. Changes nothing.

    It compares every registration with its candidates: about two milliseconds each.

    Raises:
        BadWeights: the file cannot be used.
    """
    *_, last = previewing(content)
    return last


def previewing(content: bytes) -> Iterator[Preview]:
    """The same step by step: what is known of it so far, and at last the whole, which has a state.

    Raises:
        BadWeights: the file cannot be used.
    """
    new = weights.read(content)
    state = _state()
    found = Preview(content, new.version, 0)
    for step in _Walk(new, versions.active()).steps():
        for change in step.changes:
            found.counts[change.kind] += 1
            if found.counts[change.kind] <= EXAMPLES:
                found.examples.setdefault(change.kind, []).append(change)
        found = replace(found, registrations=found.registrations + step.looked)
        yield found
    yield replace(found, state=state)


def since(state: str) -> Since | None:
    """What has come since a preview was begun; None when other weights are in use since then, so that it says nothing
    any more."""
    used, *before = (int(part) if part.isdecimal() else -1 for part in state.split(":"))
    if used != _used() or len(before) != len(_LAST):
        return None
    return Since(
        *(int(sql.all_rows(count, (last,))[0][0]) for count, last in zip(_LAST, before, strict=True))
    )


_LAST: Final = (sql.NEW_SINCE, sql.CHANGED_SINCE, sql.EVENTS_SINCE)


def _used() -> int:
    return WeightsInUse.objects.order_by("-id").values_list("id", flat=True).first() or 0


def _state() -> str:
    (last,) = sql.all_rows(sql.STATE)
    return ":".join(str(number or 0) for number in (_used(), *last))


def with_thresholds(link: float, ask: float, version: str) -> bytes:
    """The weights file in use with other thresholds (bits) and a version of its own."""
    newest = WeightsInUse.objects.order_by("-id").first()
    value = json.loads(bytes(newest.content) if newest else weights.packaged_file())
    value |= {"thresholds": {"link": link, "ask": ask}, "version": version}
    return json.dumps(value)


def apply(shown: Preview, why: str, actor: audit.Actor, stop: threading.Event | None = None) -> int:
    """Puts previewed weights in use and carries the change out; returns the event.

    What came since the preview is judged as well. It goes step by step, each one transaction; what an interruption
    leaves, :func:`finish` does.

    Raises:
        CannotDecide: no reason, or other weights are in use since the preview.
    """
    if not why.strip():
        raise problems.no_reason()
    with transaction.atomic():
        events.lock()
        come = since(shown.state)
        if come is None:
            raise problems.preview_is_old()
        detail = {"version": shown.version, "counts": dict(shown.counts), "since": come._asdict()}
        event = events.write(
            events.New(events.RULE_CHANGED, actor, why, weights=shown.version, detail=detail)
        )
        WeightsInUse.objects.create(
            version=shown.version, content=shown.content, at=clock.iso(clock.now()), event=event
        )
        audit.record(actor, events.RULE_CHANGED, page="identity", why=why, detail={"event": event, **detail})
    finish(actor, stop or threading.Event())
    return event


def finish(actor: audit.Actor, stop: threading.Event, seconds: float = math.inf) -> bool:
    """Carries out what is left of a change of weights, until ``stop`` or so long; whether nothing is left."""
    until = time.monotonic() + seconds
    while not stop.is_set() and time.monotonic() < until:
        if not _go_on(actor):
            return True
    return False


def _go_on(actor: audit.Actor) -> bool:
    """Carries out the next step in one transaction; False when nothing is left."""
    if not _unfinished():
        return False
    with transaction.atomic():
        events.lock()
        newest = _unfinished()
        if newest is None:
            return False
        new = versions.active()
        walk = _Walk(new, new, carried_out=True)
        if some := _some(newest.parted, AT_ONCE):
            for change in walk.unlinks(some):
                _carry_out(change, new, actor)
            newest.parted = some[-1].number
        elif some := _some(newest.looked, AT_ONCE):
            for change in walk.others(some):
                _carry_out(change, new, actor)
            newest.looked = some[-1].number
        else:
            newest.done = True
        newest.save(update_fields=["parted", "looked", "done"])
    return True


def _unfinished() -> WeightsInUse | None:
    """The newest weights, where their change is not carried out yet; it goes over everything, so that no older one
    needs to be."""
    newest = WeightsInUse.objects.order_by("-id").first()
    return None if newest is None or newest.done else newest


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
    """``looked``: registrations for which links were looked for; none while links are taken back."""

    changes: list[Change]
    looked: int


class _Walk:
    """Goes over the registrations twice: first over the program's own links, then over all candidates.

    What it would join or part it remembers, so that it finds the same whether the changes are carried out or not; where
    they are carried out as they are found, it looks at the persons as they are.
    """

    def __init__(self, new: Weights, old: Weights, *, carried_out: bool = False) -> None:
        self.new, self.old, self.carried_out = new, old, carried_out
        self.parted: dict[int, int] = {}
        self.joined: dict[int, int] = {}

    def steps(self) -> Iterator[_Step]:
        for some in _registrations():
            yield _Step(list(self.unlinks(some)), 0)
        for some in _registrations():
            yield _Step(list(self.others(some)), len(some))

    def unlinks(self, some: list[Registration]) -> Iterator[Change]:
        mine = {one.number: one for one in some if not one.gone}
        linked = [p for p, by in events.words(mine).items() if p[1] in mine and "" in by and by[""].value > 0]
        others = {one.number: one for one in index.by_number(first for first, _ in linked)}
        gone: set[Pair] = set()
        for first, second in sorted(linked):
            if others[first].gone:
                continue
            change = self._change("unlink", others[first], mine[second])
            if change.verdict.outcome != "link":
                gone.add((first, second))
                yield change
        if gone and not self.carried_out:
            known = Known.around(one for p in gone for one in p)
            said = [s for s in known.counting() if s.source or (s.first, s.second) not in gone]
            self.parted |= partition(known.registrations, said).person

    def others(self, some: list[Registration]) -> Iterator[Change]:
        words = events.words(one.number for one in some)
        asked = {(first, second) for first, second in sql.among(sql.QUESTIONS, (one.number for one in some))}
        for each in some:
            if each.gone:
                continue
            one = each
            if self.carried_out:
                (one,) = index.by_number([each.number])
                self.joined.clear()
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


def _registrations() -> Iterator[list[Registration]]:
    after = 0
    while some := _some(after, STEP):
        after = some[-1].number
        yield some


def _some(after: int, most: int) -> list[Registration]:
    return [Registration(*row) for row in sql.all_rows(sql.AFTER, (after, most))]
