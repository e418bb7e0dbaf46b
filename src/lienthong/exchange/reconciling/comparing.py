"""Finding where two facilities differ over the messages from one to the other: counts and hashes of ranges, then items.

The sender of the messages asks about ranges and judges; the receiver answers out of its own rows and remembers nothing.
A range is everything (``""``), a day, an hour (``2025-01-12T05``, both of the hub's acceptance, UTC), or those of an
hour whose message ids end in some digits, written backwards (``2025-01-12T05/3a``: the last digit is 3, before it a).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, Protocol

from msgspec import Meta, Struct

from lienthong.exchange.manifest import Id, Sha256

LISTED = 200
"""A range with at most so many messages is answered by their names."""
MOST_ASKED, MOST_LINES = 500, 2000
"""Ranges in a question; lines and names in an answer (one range may go beyond)."""
MOST_DIFFERENCES = 5000
"""After so many a comparison ends; the next one goes on when these are mended."""
DUE = "due"
"""Outcome of a message whose receipt is on its way: no difference yet."""

Range = Annotated[str, Meta(pattern=r"^(\d{4}-\d\d-\d\d(T\d\d(/[0-9a-f]{1,32})?)?)?$", max_length=46)]
Word = Literal["missing-here", "missing-there", "other-manifest", "other-outcome", "other-content"]
"""A difference as the sender of the message sees it."""
MIRRORED: dict[str, Word] = {
    "missing-here": "missing-there",
    "missing-there": "missing-here",
    "other-manifest": "other-manifest",
    "other-outcome": "other-outcome",
    "other-content": "other-content",
}
"""The same difference as its receiver sees it."""


class Entry(Struct, frozen=True, array_like=True, order=True):
    """What is compared of a message: its id, its manifest's hash, ``stored``, ``refused``, ``set-aside``, ``due`` or
    nothing yet, and the hash that the receipt says was stored."""

    message: Id
    manifest: Sha256
    outcome: Annotated[str, Meta(max_length=10)]
    stored: Annotated[str, Meta(max_length=128)]


class Line(Struct, frozen=True, array_like=True):
    """How many messages a range has, and one hash over them."""

    name: Range
    messages: Annotated[int, Meta(ge=0, lt=1 << 53)]
    hash: Sha256


class Answer(Struct):
    """Ranges that are the same; ranges opened into the next smaller ones that are not empty; ranges item by item."""

    same: list[Range]
    groups: dict[Range, list[Line]]
    lists: dict[Range, list[Entry]]


@dataclass(frozen=True, slots=True)
class Difference:
    """A message over which the two sides differ, with what each has of it."""

    word: Word
    message: str
    own: Entry | None
    theirs: Entry | None


class Side(Protocol):
    """What one facility has of the messages from one to the other, up to the horizon."""

    def days(self) -> list[Line]:
        """A line for each day that has messages, in order."""

    def rows(self, name: str) -> list[tuple[str, Entry]]:
        """Time of the hub's acceptance and entry of each message in a range that is a day or smaller."""


def line(name: str, entries: Iterable[Entry]) -> Line:
    """The line of a day or a smaller range: SHA-256 over sorted ``message manifest outcome stored`` and line feeds."""
    digest, count = hashlib.sha256(), 0
    for entry in sorted(entries):
        digest.update(f"{entry.message} {entry.manifest} {entry.outcome} {entry.stored}\n".encode())
        count += 1
    return Line(name, count, digest.hexdigest())


def whole(side: Side) -> Line:
    """The line of everything: SHA-256 over ``day messages hash`` and a line feed for each day, in order."""
    digest, count = hashlib.sha256(), 0
    for day in side.days():
        digest.update(f"{day.name} {day.messages} {day.hash}\n".encode())
        count += day.messages
    return Line("", count, digest.hexdigest())


def inside(name: str, at: str, message: str) -> bool:
    """Whether a message accepted at a time belongs to a range."""
    time, _, digits = name.partition("/")
    return at.startswith(time) and message[::-1].startswith(digits)


def _child(name: str, at: str, message: str) -> str:
    if len(name) < 13:
        return at[: 13 if name else 10]
    time, _, digits = name.partition("/")
    return f"{time}/{message[::-1][: len(digits) + 1]}"


def _own_line(side: Side, name: str) -> Line:
    return line(name, (entry for _, entry in side.rows(name))) if name else whole(side)


def _children(side: Side, name: str) -> list[Line]:
    if not name:
        return side.days()
    found: dict[str, list[Entry]] = {}
    for at, entry in side.rows(name):
        found.setdefault(_child(name, at, entry.message), []).append(entry)
    return [line(child, entries) for child, entries in sorted(found.items())]


def answer(side: Side, asked: Iterable[Line]) -> Answer:
    """The receiver's answer to as many of the ranges as fit; the others are asked about again."""
    given = Answer([], {}, {})
    left = MOST_LINES
    for one in asked:
        if left <= 0:
            break
        own = _own_line(side, one.name)
        if own == one:
            given.same.append(one.name)
            left -= 1
        elif one.name and (own.messages <= LISTED or len(one.name) >= 46):
            given.lists[one.name] = [entry for _, entry in side.rows(one.name)]
            left -= own.messages + 1
        else:
            given.groups[one.name] = _children(side, one.name)
            left -= len(given.groups[one.name]) + 1
    return given


@dataclass(slots=True)
class Comparison:
    """The sender's part: which ranges are still open, and what was found.

    Attributes:
        open: ranges to ask about; differences: what was judged, by message id.
        moved: messages that the other side has in another range.
    """

    open: list[str] = field(default_factory=lambda: [""])
    differences: dict[str, Difference] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)

    def question(self, side: Side) -> list[Line]:
        """What to ask next; nothing when the comparison is at its end."""
        if len(self.differences) >= MOST_DIFFERENCES:
            self.open.clear()
        return [_own_line(side, name) for name in self.open[:MOST_ASKED]]

    def take(self, side: Side, given: Answer, look: Lookup) -> None:
        """Takes an answer in; ranges that were not asked about are passed over."""
        asked = set(self.open[:MOST_ASKED])
        done = (set(given.same) | set(given.groups) | set(given.lists)) & asked
        more: list[str] = []
        for name in sorted(asked & set(given.groups)):
            more += self._descend(side, name, given.groups[name], look)
        for name in sorted(asked & set(given.lists)):
            own = {entry.message: entry for _, entry in side.rows(name)}
            self._judge(own, {entry.message: entry for entry in given.lists[name]}, look)
        self.open = [name for name in self.open if name not in done] + more

    def _descend(self, side: Side, name: str, group: list[Line], look: Lookup) -> list[str]:
        own = {one.name: one for one in _children(side, name)}
        theirs = {one.name: one for one in group}
        more = []
        for child in sorted(own.keys() | theirs.keys()):
            if len(child) <= len(name) or not child.startswith(name):
                continue
            if child not in theirs:
                self._judge({entry.message: entry for _, entry in side.rows(child)}, {}, look)
            elif own.get(child) != theirs[child]:
                more.append(child)
        return more

    def _judge(self, own: Mapping[str, Entry], theirs: Mapping[str, Entry], look: Lookup) -> None:
        elsewhere = look(theirs.keys() - own.keys())
        self.moved |= elsewhere.keys()
        for message in sorted((own.keys() | theirs.keys()) - (self.moved - theirs.keys())):
            here, there = own.get(message) or elsewhere.get(message), theirs.get(message)
            word = judged(here, there)
            if word:
                self.differences[message] = Difference(word, message, here, there)
            else:
                self.differences.pop(message, None)


class Lookup(Protocol):
    """Finds messages by their ids among all that this side sent, also those that are still waiting to go out."""

    def __call__(self, messages: Collection[str], /) -> Mapping[str, Entry]: ...


def judged(own: Entry | None, theirs: Entry | None) -> Word | None:
    """The sender's judgement of one message; None when both have the same or when it is on its way."""
    if own is None:
        return "missing-here"
    if theirs is None:
        return "missing-there"
    if own.manifest != theirs.manifest:
        return "other-manifest"
    if DUE in (own.outcome, theirs.outcome):
        return None
    if own.outcome != theirs.outcome:
        return "other-outcome"
    return "other-content" if own.stored != theirs.stored else None
