"""The invented province that accuracy is measured with, and the measuring itself."""

from itertools import combinations, islice

from bench.identity import learn, measuring
from bench.identity.model import LEARNED, SQL, fields
from bench.identity.names import FOREIGN_GIVEN, FOREIGN_SURNAMES
from bench.identity.people import Population
from bench.identity.registrations import Cause, registrations
from bench.identity.replay import Index
from hypothesis import given
from hypothesis import strategies as st

from lienthong.identity import numbers, weights
from lienthong.identity.comparing import LEVELS


@given(st.integers(0, 10**6))
def test_a_seed_always_gives_the_same_people(seed: int) -> None:
    assert list(registrations(seed, 20)) == list(registrations(seed, 20))
    assert list(registrations(seed, 20)) != list(registrations(seed + 1, 20))


@given(st.integers(0, 10**6))
def test_people_have_numbers_that_fit_them_and_households_that_hold_together(seed: int) -> None:
    for household in islice(Population(seed).households(), 12):
        for one in household:
            if one.foreign:
                assert {*one.words} <= {*FOREIGN_SURNAMES, *FOREIGN_GIVEN}
                continue
            twin = any(other.birth == one.birth for other in one.others)
            assert numbers.citizen(one.citizen)
            sex = "female" if one.female else "male"
            assert twin or numbers.fits(one.citizen, one.papers.isoformat(), sex)
            assert numbers.social(one.insurance)
            for parent in (one.mother, one.father):
                assert parent is None or parent.birth + 15 * 365 < one.birth


def test_no_citizen_number_is_given_twice() -> None:
    people = [
        one for household in islice(Population(1).households(), 9000) for one in household if not one.foreign
    ]
    assert len({one.citizen for one in people}) == len(people)


def test_what_was_typed_without_fault_reads_as_the_person() -> None:
    clean = [one for one in registrations(3, 4000) if not one.causes]
    assert len(clean) > 1000
    for one in clean:
        read = fields(one)
        assert read.words
        assert read.citizen
        assert read.social or numbers.citizen(one.insurance)
        assert read.born == one.birth
        assert not read.kind


def test_newborns_and_unknown_patients_are_read_as_such() -> None:
    hard = [one for one in registrations(4, 12000) if one.causes & (Cause.NEWBORN | Cause.UNKNOWN)]
    kinds = {(bool(one.causes & Cause.NEWBORN), fields(one).kind) for one in hard}
    assert kinds == {(True, "newborn"), (False, "unknown")}


PEOPLE = st.lists(st.integers(0, 4), min_size=2, max_size=9)


@given(PEOPLE, st.data())
def test_precision_and_recall_are_those_of_counting_all_pairs(people: list[int], data: st.DataObject) -> None:
    pairs = list(combinations(range(len(people)), 2))
    links = data.draw(st.lists(st.sampled_from(pairs), unique=True))
    found, joined = measuring.measure(people, links)
    ended = {pair for pair in pairs if joined.root(pair[0]) == joined.root(pair[1])}
    true = {pair for pair in pairs if people[pair[0]] == people[pair[1]]}
    assert set(links) <= ended
    assert (found.precision.hits, found.precision.of) == (len(ended & true), len(ended))
    assert (found.recall.hits, found.recall.of) == (len(ended & true), len(true))
    assert found.links.hits == len(set(links) & true)


def test_sql_names_only_levels_that_exist() -> None:
    for field in SQL:
        assert set(SQL[field]) < set(LEVELS[field])
    assert set(LEARNED) <= set(SQL)


def test_arrivals_of_a_small_province_are_linked_almost_all_and_almost_never_wrongly() -> None:
    made = list(registrations(6, 3000))
    index = Index(weights.packaged())
    links = [
        (said.first, said.second)
        for one in made
        for said in index.arrive(fields(one))
        if said.outcome == "link"
    ]
    found, _ = measuring.measure([one.person for one in made], links)
    assert found.precision.share > 0.999
    assert found.recall.share > 0.96


def test_levels_that_were_never_seen_keep_what_was_assumed() -> None:
    assumed = {
        "same": {"m": 0.9, "u": 0.001},
        "near": {"m": 0.05, "u": 0.01},
        "other": {"m": 0.05, "u": 0.989},
    }
    made = learn.both(assumed, {"same": (0.8, 0.002), "near": (None, None), "other": (0.2, 0.99)})
    for which in "mu":
        assert abs(sum(pair[which] for pair in made.values()) - 1) < 1e-4
    assert abs(made["near"]["m"] / made["near"]["u"] - 5) < 0.5
