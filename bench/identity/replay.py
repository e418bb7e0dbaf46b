"""Arrivals one after the other through the product's own blocks, comparing, weights and rules, without a database.

Does what the index does with each new registration (:mod:`lienthong.identity`): looks up its blocks, compares,
judges, links. Keys and packed fields are kept in memory, so that two million arrivals take minutes.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from lienthong.identity import blocks as looking
from lienthong.identity.fields import Fields
from lienthong.identity.rules import judge
from lienthong.identity.weights import Weights


class Judged(NamedTuple):
    """A pair (``first`` came before ``second``), and what was said of it."""

    first: int
    second: int
    outcome: str
    rule: str
    guard: str
    bits: float


class Index:
    """Blocks in memory."""

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._blocks: dict[int, array[int]] = {}
        self._fields: list[Fields] = []
        self.compared = 0
        self.full = Counter[str]()

    def arrive(self, fields: Fields) -> Iterator[Judged]:
        """The pairs of a new registration that are not ``no``; it gets the next number."""
        number = len(self._fields)
        self._fields.append(fields)
        shared: dict[int, int] = {}
        for key, kind in looking.looked_up(fields).items():
            block = self._blocks.get(key, ())
            if len(block) > looking.MOST and kind in looking.WIDE:
                self.full[kind] += 1
                continue
            worth = 100 if kind == looking.NUMBER else 1
            for other in block[: looking.MOST]:
                shared[other] = shared.get(other, 0) + worth
        for _, key in looking.blocks(fields):
            kept = self._blocks.setdefault(key, array("i"))
            if len(kept) <= looking.MOST:
                kept.append(number)
        candidates = list(shared)
        if len(candidates) > looking.COMPARED:
            candidates = sorted(shared, key=lambda one: (-shared[one], one))[: looking.COMPARED]
        self.compared += len(candidates)
        for other in candidates:
            said = judge(self._fields[other], fields, self._weights)
            if said.outcome != "no":
                yield Judged(other, number, said.outcome, said.rule, said.guard, said.score.bits)
