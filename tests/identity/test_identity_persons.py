"""Persons are a function of the events that count, and taking one back is exact."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_people import CLERK, MACHINE, person
from lienthong.identity import deciding, events, index, persons, problems, registering
from lienthong.identity.models import Event, Registration
from lienthong.identity.persons import Said

NUMBERS = range(1, 6)
PAIRS = st.tuples(st.sampled_from(NUMBERS), st.sampled_from(NUMBERS)).filter(lambda p: p[0] < p[1])
WORDS = st.lists(
    st.tuples(PAIRS, st.sampled_from(["", "24011", "01929"]), st.sampled_from([1, -1, 0]), st.integers(0, 9)),
    max_size=14,
)


def _said(words: list[tuple[tuple[int, int], str, int, int]]) -> list[Said]:
    """The program links or takes back its link; only people say that two are different."""
    return [
        Said(event, *pair, source, value if source else abs(value), float(bits))
        for event, (pair, source, value, bits) in enumerate(words, 1)
    ]


SAID = WORDS.map(_said)


@given(SAID, st.randoms(use_true_random=False))
def test_the_order_of_reading_does_not_matter(said: list[Said], chance: Any) -> None:
    mixed = list(said)
    chance.shuffle(mixed)
    assert persons.partition(NUMBERS, said) == persons.partition(reversed(NUMBERS), mixed)


@given(SAID)
def test_what_a_person_called_different_is_never_one_person(said: list[Said]) -> None:
    found = persons.partition(NUMBERS, said)
    for (first, second), by in persons.standing(said).items():
        if any(one.value < 0 for one in by.values()):
            assert found.person[first] != found.person[second]
        elif any(one.value > 0 for one in by.values()):
            same = found.person[first] == found.person[second]
            assert same or any(one.same in by.values() for one in found.contradictions)


@given(st.lists(st.integers(0, 8), max_size=8))
def test_an_undoing_can_be_undone(targets: list[int]) -> None:
    undoing = [(10 + n, target if target < 6 else 10 + n - 1) for n, target in enumerate(targets)]
    gone = persons.undone(undoing)
    for event, target in undoing:
        if event not in gone:
            assert target in gone


def _register(count: int) -> None:
    names = ("Thân Văn An", "Giáp Thị Bích", "Nông Đức Cường", "Vi Thị Dần", "Lương Văn Én", "Hà Thị Gấm")
    for n in range(count):
        registering.register(person(f"p{n}", names[n], f"19{60 + n}-03-1{n}"), "24011", MACHINE)


def _state() -> dict[int, int]:
    return dict(Registration.objects.values_list("id", "person"))


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["same", "different", "unknown", "unlink", "undo", "linked", "unlinked"]),
        st.integers(0, 4),
        st.integers(0, 4),
        st.sampled_from(["24011", "01929"]),
    ),
    max_size=12,
)


@pytest.mark.django_db
@given(steps=STEPS, data=st.data())
def test_undoing_gives_back_the_persons_of_before(
    steps: list[tuple[str, int, int, str]], data: st.DataObject
) -> None:
    Event.objects.all().delete()
    from lienthong.identity import models, sql

    for model in (models.Said, models.Registration, models.Key, models.Number, models.Question):
        model.objects.all().delete()
    assert sql.all_rows(sql.AFTER, (0, 1)) == []
    _register(5)
    ids = sorted(_state())
    for action, one, other, facility in steps:
        before = _state()
        made = _act(action, ids[one], ids[other], facility)
        if made is None:
            assert _state() == before
            continue
        after = _state()
        event = Event.objects.get(id=made)
        moved = {n for n in ids if before[n] != after[n]}
        assert {n for group in event.before for n in group} >= moved
        taken_back = deciding.undo(made, "nhầm", CLERK)
        assert _state() == before
        deciding.undo(taken_back, "không nhầm", CLERK)
        assert _state() == after
    _as_computed(ids)
    chosen = data.draw(st.sets(st.sampled_from(range(len(steps) or 1))))
    numbers = list(Event.objects.exclude(kind=events.UNDONE).order_by("id").values_list("id", flat=True))
    gone = [numbers[n] for n in chosen if n < len(numbers) and events.counts(numbers[n])]
    for number in gone:
        deciding.undo(number, "nhầm", CLERK)
    _as_computed(ids)


def _act(action: str, one: int, other: int, facility: str) -> int | None:
    pair = (min(one, other), max(one, other))
    try:
        if action == "undo":
            newest = Event.objects.order_by("-id").first()
            return deciding.undo(newest.id if newest else 0, "nhầm", CLERK)
        if action == "unlink":
            return deciding.unlink(one, "khác người", CLERK, facility=facility)
        if action in ("linked", "unlinked"):
            if one == other:
                return None
            value = int(action == "linked")
            return events.write(events.New(action, MACHINE, "score", pairs={pair: value}, bits=20.0 + one))
        return deciding.decide(pair, action, "đã xem giấy tờ", CLERK, facility=facility)  # type: ignore[arg-type]
    except problems.CannotDecide:
        return None


def _as_computed(ids: list[int]) -> None:
    """The stored persons are those that all standing words give when read at once."""
    known = events.Known.around(ids)
    assert persons.partition(ids, known.counting()).person == _state()


@pytest.mark.django_db
def test_a_decision_needs_two_registrations_and_a_reason() -> None:
    _register(2)
    first, second = sorted(_state())
    for bad in (lambda: deciding.decide((first, first), "same", "x", CLERK),
                lambda: deciding.decide((first, 999), "same", "x", CLERK),
                lambda: deciding.decide((first, second), "same", " ", CLERK),
                lambda: deciding.unlink(first, "x", CLERK),
                lambda: deciding.undo(999, "x", CLERK)):  # fmt: skip
        with pytest.raises(problems.CannotDecide):
            bad()
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_two_hospitals_that_differ_are_shown_and_different_stands() -> None:
    _register(2)
    first, second = sorted(_state())
    deciding.decide((first, second), "same", "đã xem căn cước", CLERK, facility="24011")
    assert index.person_of("24011", "p1") == first
    event = deciding.decide((first, second), "different", "hai anh em", CLERK, facility="01929")
    assert index.person_of("24011", "p1") == second
    (found,) = deciding.contradictions(first)
    assert (found.same.source, [one.source for one in found.different]) == ("24011", ["01929"])
    deciding.undo(event, "nhầm", CLERK)
    assert index.person_of("24011", "p1") == first
    assert deciding.contradictions(first) == []
    assert [e.kind for e in deciding.history(first)] == [events.SAME, events.DIFFERENT, events.UNDONE]
