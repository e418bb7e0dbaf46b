"""Persons as a function of what was said of pairs. Nothing here touches the database.

Of each pair and each source (a facility's people, or the program) the last word counts. Pairs said to be the same are
joined one after the other: people's words first in their order, then the program's from the highest score down. A pair
is not joined when that would bring together two registrations that somebody said are different: this contradiction is
kept for people to see. So the result depends on the standing words alone, not on the way to them.

A registration that is not in use (said to differ from itself) is joined with none; what was said of it stands and
counts again when it comes back.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

Pair = tuple[int, int]


class Said(NamedTuple):
    """What an event said of a pair (``first`` < ``second``): ``value`` 1 the same, -1 different, 0 nothing any more;
    of a registration itself (``first`` = ``second``) -1, it is not in use.

    ``source`` is the facility of the person who said it, empty for the program.
    """

    event: int
    first: int
    second: int
    source: str
    value: int
    bits: float = 0.0


class Contradiction(NamedTuple):
    """Somebody said that two are the same (``same``), somebody that two are different (``different``); the events."""

    same: Said
    different: tuple[Said, ...]


class Partition(NamedTuple):
    """``person``: registration to the smallest registration of its person."""

    person: dict[int, int]
    contradictions: tuple[Contradiction, ...]

    def sets(self) -> list[list[int]]:
        """The persons as sorted lists."""
        found: dict[int, list[int]] = {}
        for one in sorted(self.person):
            found.setdefault(self.person[one], []).append(one)
        return list(found.values())


def standing(said: Iterable[Said]) -> dict[Pair, dict[str, Said]]:
    """The last word of each source on each pair."""
    found: dict[Pair, dict[str, Said]] = {}
    for one in sorted(said):
        found.setdefault((one.first, one.second), {})[one.source] = one
    return found


def partition(registrations: Iterable[int], said: Iterable[Said]) -> Partition:
    """The persons among registrations, with everything that was said of their pairs and still counts."""
    words = standing(said)
    apart = {
        pair: tuple(one for one in by.values() if one.value < 0)
        for pair, by in words.items()
        if any(one.value < 0 for one in by.values())
    }
    out = {first for first, second in apart if first == second}
    joins = [
        one
        for pair, by in words.items()
        if not out.intersection(pair)
        for one in by.values()
        if one.value > 0
    ]
    joins.sort(
        key=lambda one: (one.source == "", one.event if one.source else -one.bits, one.first, one.second)
    )
    members = {one: {one} for one in registrations}
    against: dict[int, set[int]] = {}
    for first, second in apart:
        against.setdefault(first, set()).add(second)
        against.setdefault(second, set()).add(first)
    contradictions = []
    for one in joins:
        mine, other = members[one.first], members[one.second]
        if mine is other:
            continue
        between = [
            pair
            for a in mine & against.keys()
            for b in against[a] & other
            if (pair := (min(a, b), max(a, b))) in apart
        ]
        if between:
            different = tuple(word for pair in sorted(between) for word in apart[pair])
            contradictions.append(Contradiction(one, different))
            continue
        mine |= other
        for each in other:
            members[each] = mine
    return Partition({one: min(group) for one, group in members.items()}, tuple(contradictions))


def undone(undoing: Iterable[tuple[int, int]]) -> set[int]:
    """The events that do not count, of ``(event, event that it undoes)``; an undoing can itself be undone."""
    by: dict[int, list[int]] = {}
    for event, target in undoing:
        by.setdefault(target, []).append(event)

    def counts(event: int) -> bool:
        return not any(counts(one) for one in by.get(event, ()))

    return {target for target in by if not counts(target)}
