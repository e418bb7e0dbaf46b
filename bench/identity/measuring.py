"""Precision and recall of links, by pairs and by persons, with confidence."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_GROUPS = 200
_DRAWS = 400


class Interval(NamedTuple):
    """A share with its 95 % interval, and the counts it is of."""

    share: float
    low: float
    high: float
    hits: int
    of: int

    def __str__(self) -> str:
        return f"{self.share:.4%} ({self.low:.4%} to {self.high:.4%})"


class Result(NamedTuple):
    """What a set of links is worth.

    Attributes:
        links: precision of the links themselves.
        precision, recall: of all pairs that end in one person, links of links included.
        whole: people all of whose registrations, and no others, became one person.
        mixed: persons that hold registrations of two people or more.
    """

    links: Interval
    precision: Interval
    recall: Interval
    whole: Interval
    mixed: int
    persons: int


class Joined:
    """Sets that grow together (union-find)."""

    def __init__(self, size: int) -> None:
        self._up = list(range(size))

    def root(self, one: int) -> int:
        up = self._up
        while up[one] != one:
            up[one] = one = up[up[one]]
        return one

    def join(self, one: int, other: int) -> None:
        a, b = self.root(one), self.root(other)
        if a != b:
            self._up[max(a, b)] = min(a, b)


def measure(people: Sequence[int], links: Iterable[tuple[int, int]]) -> tuple[Result, Joined]:
    """Measures links between registrations; ``people[i]`` is who registration ``i`` was."""
    joined = Joined(len(people))
    right, wrong = [0] * _GROUPS, [0] * _GROUPS
    for one, other in links:
        joined.join(one, other)
        (right if people[one] == people[other] else wrong)[_group(people[one])] += 1
    in_both: Counter[tuple[int, int]] = Counter()
    of_root: Counter[int] = Counter()
    of_person: Counter[int] = Counter(people)
    for number, person in enumerate(people):
        root = joined.root(number)
        in_both[root, person] += 1
        of_root[root] += 1
    together, true, linked = [0] * _GROUPS, [0] * _GROUPS, [0] * _GROUPS
    whole = 0
    kinds: Counter[int] = Counter()
    for (root, person), count in in_both.items():
        together[_group(person)] += _pairs(count)
        kinds[root] += 1
        whole += count == of_person[person] == of_root[root]
    for person, count in of_person.items():
        true[_group(person)] += _pairs(count)
    for root, count in of_root.items():
        linked[_group(people[root])] += _pairs(count)
    return (
        Result(
            _ratio(right, [r + w for r, w in zip(right, wrong, strict=True)]),
            _ratio(together, linked),
            _ratio(together, true),
            wilson(whole, len(of_person)),
            sum(number > 1 for number in kinds.values()),
            len(of_root),
        ),
        joined,
    )


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def _group(person: int) -> int:
    """Neighbours (a household) fall into one group, so that what they share does not pass for more evidence."""
    return person // 32 % _GROUPS


def _ratio(hits: list[int], of: list[int]) -> Interval:
    """A ratio of sums; its interval by resampling the groups, or Wilson's where nothing at all was wrong."""
    total, all_ = sum(hits), sum(of)
    if not all_ or total == all_:
        return wilson(total, all_)
    draw = random.Random(1)  # noqa: S311
    shares = []
    for _ in range(_DRAWS):
        chosen = draw.choices(range(_GROUPS), k=_GROUPS)
        shares.append(sum(hits[g] for g in chosen) / max(1, sum(of[g] for g in chosen)))
    shares.sort()
    edge = int(_DRAWS * 0.025)
    return Interval(total / all_, shares[edge], min(1.0, shares[-1 - edge]), total, all_)


def wilson(hits: int, of: int) -> Interval:
    """Wilson's interval of a share."""
    if not of:
        return Interval(1.0, 0.0, 1.0, 0, 0)
    z, share = 1.96, hits / of
    middle = (share + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    return Interval(share, middle - half, min(1.0, middle + half), hits, of)
