"""Two arbitrary sets of messages: exactly what differs is found, in answers of bounded size."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.exchange.reconciling import comparing
from lienthong.exchange.reconciling.comparing import Answer, Comparison, Entry, Line

Rows = dict[str, tuple[str, Entry]]


class Memory:
    """A side in memory; ``waiting`` are its messages that are not out yet."""

    def __init__(self, rows: Rows, waiting: Rows | None = None) -> None:
        self.kept, self.waiting = rows, waiting or {}

    def days(self) -> list[Line]:
        found: dict[str, list[Entry]] = {}
        for at, entry in self.kept.values():
            found.setdefault(at[:10], []).append(entry)
        return [comparing.line(day, entries) for day, entries in sorted(found.items())]

    def rows(self, name: str) -> list[tuple[str, Entry]]:
        return [(at, entry) for at, entry in self.kept.values() if comparing.inside(name, at, entry.message)]

    def look(self, messages: Collection[str], /) -> Mapping[str, Entry]:
        known = self.kept | self.waiting
        return {message: known[message][1] for message in messages if message in known}


def compare(own: Memory, theirs: Memory) -> dict[str, str]:
    comparison, turns = Comparison(), 0
    while asked := comparison.question(own):
        answer = comparing.answer(theirs, asked)
        assert len(asked) <= comparing.MOST_ASKED
        assert size(answer) <= comparing.MOST_LINES + max(comparing.LISTED, len(theirs.days())) + 25
        comparison.take(own, answer, own.look)
        turns += 1
        assert turns < 1000
    return {message: difference.word for message, difference in comparison.differences.items()}


def size(answer: Answer) -> int:
    return len(answer.same) + sum(len(x) + 1 for x in (*answer.groups.values(), *answer.lists.values()))


def named(number: int, at: str, outcome: str = "stored", manifest: str = "a") -> tuple[str, Entry]:
    message = hashlib.sha256(str(number).encode()).hexdigest()[:32]
    stored = "f" * 64 if outcome == "stored" else ""
    return at, Entry(message, manifest * 64, outcome, stored)


HOURS = st.builds("2025-01-{:02}T{:02}:00:00.000Z".format, st.integers(1, 3), st.integers(0, 2))
STATES = st.sampled_from(
    ["both", "both", "both", "own", "theirs", "manifest", "outcome", "content", "due", "waiting", "moved"]
)


@given(plan=st.lists(st.tuples(HOURS, STATES), max_size=120), small=st.integers(1, 4))
def test_two_arbitrary_sets_differ_in_exactly_what_is_found(plan: list[tuple[str, str]], small: int) -> None:
    own, theirs, waiting, wanted = Rows(), Rows(), Rows(), dict[str, str]()
    for number, (at, state) in enumerate(plan):
        row = named(number, at)
        message = row[1].message
        if state == "theirs":
            theirs[message], wanted[message] = row, "missing-here"
            continue
        if state == "waiting":
            theirs[message], waiting[message] = named(number, at, comparing.DUE), named(number, at, "")
            continue
        own[message] = row
        if state == "own":
            wanted[message] = "missing-there"
        elif state == "manifest":
            theirs[message], wanted[message] = named(number, at, manifest="b"), "other-manifest"
        elif state == "outcome":
            theirs[message], wanted[message] = named(number, at, "refused"), "other-outcome"
        elif state == "content":
            theirs[message] = at, Entry(message, "a" * 64, "stored", "e" * 64)
            wanted[message] = "other-content"
        elif state == "moved":
            theirs[message] = named(number, f"2025-01-{number % 3 + 1:02}T07:00:00.000Z")
        elif state == "due":
            theirs[message] = named(number, at, comparing.DUE)
        else:
            theirs[message] = row
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparing, "LISTED", small)
        patch.setattr(comparing, "MOST_ASKED", small)
        patch.setattr(comparing, "MOST_LINES", small * 5)
        assert compare(Memory(own, waiting), Memory(theirs)) == wanted


@pytest.mark.parametrize("lost", ["own", "theirs"])
def test_a_side_that_lost_everything_is_told_all_of_it(lost: str) -> None:
    rows = {
        row[1].message: row
        for row in (named(n, f"2025-01-{n % 9 + 1:02}T05:00:00.000Z") for n in range(4000))
    }
    sides = (Memory({}), Memory(rows)) if lost == "own" else (Memory(rows), Memory({}))
    words = compare(*sides)
    assert words.keys() == rows.keys()
    assert set(words.values()) == {"missing-here" if lost == "own" else "missing-there"}


def test_the_same_is_settled_by_one_line() -> None:
    rows = {
        row[1].message: row
        for row in (named(n, f"2025-01-{n % 9 + 1:02}T05:00:00.000Z") for n in range(4000))
    }
    side = Memory(rows)
    asked = Comparison().question(side)
    assert asked == [comparing.whole(side)]
    assert comparing.answer(side, asked) == Answer([""], {}, {})


def test_a_message_taken_for_another_time_is_no_difference() -> None:
    moved = named(1, "2025-01-03T01:00:00.000Z")
    message = moved[1].message
    assert compare(Memory({message: named(1, "2025-01-01T01:00:00.000Z")}), Memory({message: moved})) == {}


def test_a_comparison_ends_at_its_bound() -> None:
    rows = {row[1].message: row for row in (named(n, "2025-01-01T05:00:00.000Z") for n in range(7000))}
    found = compare(Memory({}), Memory(rows))
    assert comparing.MOST_DIFFERENCES <= len(found) < len(rows)
